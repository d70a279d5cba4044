//! Markers for other people's scripts: what is in them, when they are gone, and what is never touched.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use session::ConversationKey;
use testkit::{Home, HookCall, StillClock};
use tracker::{Found, Markers, Note};

const DAY: Duration = Duration::from_secs(86_400);
const NOBODY: u32 = 65_534;
const FRESH: &str = "theirs\n2026-02-16T17:00:00.000001\n";

fn uid() -> u32 {
    fs::metadata("/proc/self").unwrap().uid()
}

/// Says that the rest needs to give files to others.
#[expect(clippy::print_stderr, reason = "a test that did nothing must not look like one that passed")]
fn is_root() -> bool {
    let is_root = uid() == 0;
    if !is_root {
        eprintln!("SKIPPED: only root can give files to others");
    }
    is_root
}

fn markers(home: &Home) -> Markers<'_> {
    Markers::new(home.path("markers"), DAY, uid(), &home.clock)
}

fn file(home: &Home, name: &str) -> PathBuf {
    home.path("markers").join(name)
}

/// Returns everything in the directory, by name.
fn names(home: &Home) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(home.path("markers")).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn write(home: &Home, name: &str, text: &str) -> PathBuf {
    let file = file(home, name);
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    file
}

#[test]
fn a_marker_is_two_lines_that_nobody_else_can_read() {
    let home = Home::new();
    let markers = markers(&home);
    assert!(markers.store_session_id("5f0c9d1e", "My Project"));
    let file = file(&home, "claude_session_My Project");
    assert_eq!(fs::read_to_string(&file).unwrap(), "5f0c9d1e\n2026-02-16T17:30:03.123456\n");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(markers.get_stored_session_id("My Project"), "5f0c9d1e");
    assert!(markers.store_session_id("another", "My Project"));
    assert_eq!((markers.get_stored_session_id("My Project"), names(&home).len()), ("another".into(), 1));
    assert_eq!((markers.cleanup_stale_sessions(), markers.take_notes()), (0, vec![]));
}

#[test]
fn each_project_has_a_marker_of_its_own_whatever_it_is_called() {
    let home = Home::new();
    let markers = markers(&home);
    let projects: Vec<&[u8]> = vec![b"a", b"a/b", b"a_b", b"../a", b"..", b"/etc/passwd", b"a\n", b"a\0", b"\xff", b"\xfe", b"~", b" "];
    for (number, project) in projects.iter().enumerate() {
        assert!(markers.store_session_id(&format!("id-{number}"), OsStr::from_bytes(project)), "{project:?}");
    }
    for (number, project) in projects.iter().enumerate() {
        assert_eq!(markers.get_stored_session_id(OsStr::from_bytes(project)), format!("id-{number}"), "{project:?}");
    }
    assert_eq!(names(&home).len(), projects.len());
    assert!(names(&home).iter().all(|name| name.starts_with("claude_session_")), "{:?}", names(&home));
}

#[test]
fn where_there_is_no_file_it_is_unknown_and_nothing_is_said() {
    let home = Home::new();
    assert_eq!(markers(&home).get_stored_session_id("demo"), "unknown");
    fs::remove_dir(home.path("markers")).unwrap();
    let markers = markers(&home);
    assert_eq!((markers.get_stored_session_id("demo"), markers.cleanup_stale_sessions()), ("unknown".into(), 0));
    assert_eq!(markers.take_notes(), []);
    assert!(!home.path("markers").exists());
    assert!(markers.store_session_id("abc", "demo"), "the directory is made");
    assert_eq!(fs::metadata(home.path("markers")).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn what_cannot_be_stored_is_false_and_a_note() {
    let home = Home::new();
    let said = |markers: &Markers<'_>| match &markers.take_notes()[..] {
        [Note::NoMarker { reason }] => reason.replace(home.path("").to_str().unwrap(), "/"),
        other => panic!("{other:?}"),
    };
    let refused = |directory: PathBuf, id: &str, project: &str| {
        let markers = Markers::new(directory, DAY, uid(), &home.clock);
        assert!(!markers.store_session_id(id, project));
        said(&markers)
    };
    assert_eq!(refused(home.path("markers"), "abc", ""), "the project has no name");
    let torn = "the id cannot stand in a marker: it has a line break or another control character";
    assert_eq!(refused(home.path("markers"), "abc\n2026-02-16T17:30:03", "demo"), torn);
    write(&home, "file", "");
    let reason = refused(file(&home, "file"), "abc", "demo");
    assert!(reason.starts_with("cannot keep markers in `/markers/file`: it cannot be opened: "), "{reason}");
    assert_eq!(names(&home), ["file"], "nothing is left");
    // Nobody can make files there, root neither.
    let reason = refused("/proc".into(), "abc", "demo");
    assert!(reason.starts_with("cannot use the marker `/proc/claude_session_demo`: "), "{reason}");
}

#[test]
fn a_file_that_cannot_be_read_is_unknown_and_a_note() {
    let home = Home::new();
    markers(&home).store("abc", "demo").unwrap();
    // To user 1 the directory belongs to somebody else, or the file does.
    let theirs = Markers::new(home.path("markers"), DAY, 1, &home.clock);
    assert_eq!((theirs.get_stored_session_id("demo"), theirs.store_session_id("x", "demo"), theirs.cleanup_stale_sessions()), {
        ("unknown".into(), false, 0)
    });
    assert!(theirs.take_notes().iter().filter(|note| matches!(note, Note::NoMarker { .. })).count() >= 2);
    assert_eq!(markers(&home).get_stored_session_id("demo"), "abc");
}

#[test]
fn a_stale_marker_is_unknown_and_removed() {
    let home = Home::new();
    let markers = markers(&home);
    markers.store("abc", "demo").unwrap();
    home.clock.pass(86_399);
    assert_eq!(markers.get_stored_session_id("demo"), "abc");
    home.clock.pass(1);
    assert_eq!((markers.get_stored_session_id("demo"), names(&home)), ("unknown".into(), vec![]));
    let removed = Note::MarkerRemoved { file: file(&home, "claude_session_demo"), why: "it was stale" };
    assert_eq!(markers.take_notes(), [removed]);
}

#[test]
fn a_marker_of_a_future_that_is_too_far_away_is_stale() {
    let home = Home::new();
    let markers = markers(&home);
    markers.store("abc", "demo").unwrap();
    home.clock.jump_to("2026-02-15T16:30:04Z");
    assert_eq!(markers.get_stored_session_id("demo"), "abc");
    home.clock.jump_to("2026-02-14T16:30:03Z");
    assert_eq!((markers.get_stored_session_id("demo"), names(&home)), ("unknown".into(), vec![]));
}

#[test]
fn a_corrupt_marker_is_unknown_and_removed() {
    let home = Home::new();
    let markers = markers(&home);
    for text in ["", "abc", "abc\nnever\n", "\n2026-02-16T17:00:00\n", "abc\n2026-02-16T17:00:00\nmore\n"] {
        write(&home, "claude_session_demo", text);
        assert_eq!((markers.get_stored_session_id("demo"), names(&home)), ("unknown".into(), vec![]), "{text:?}");
    }
    // Others could have written it.
    let open = write(&home, "claude_session_demo", FRESH);
    fs::set_permissions(open, Permissions::from_mode(0o666)).unwrap();
    assert_eq!((markers.look("demo").unwrap(), names(&home).len()), (Found::Corrupt, 1), "looking removes nothing");
    assert_eq!((markers.get_stored_session_id("demo"), names(&home)), ("unknown".into(), vec![]));
}

#[test]
fn cleaning_removes_stale_and_corrupt_ones_and_counts_them() {
    let home = Home::new();
    let markers = markers(&home);
    for number in 0..11 {
        markers.store("abc", format!("old-{number}")).unwrap();
    }
    home.clock.pass(90_000);
    markers.store("abc", "new").unwrap();
    write(&home, "claude_session", FRESH);
    write(&home, "not_claude_session_x", "");
    assert_eq!(markers.cleanup_stale_sessions(), 11);
    assert_eq!(markers.take_notes(), [Note::ManyMarkers { cleaned: 11, directory: home.path("markers") }]);
    write(&home, "claude_session_corrupt", "?");
    assert_eq!((markers.cleanup_stale_sessions(), markers.take_notes()), (1, vec![]));
    assert_eq!(names(&home), ["claude_session", "claude_session_new", "not_claude_session_x"]);
}

#[test]
fn cleaning_removes_what_killed_writers_left() {
    let home = Home::new();
    let left = write(&home, ".rutter-marker-00", "abc\n");
    let changed = i64::try_from(fs::metadata(&left).unwrap().mtime().unsigned_abs()).unwrap();
    let since = |seconds| StillClock::at(&jiff_instant(changed + seconds));
    for (seconds, is_there) in [(3_000, true), (4_000, false)] {
        let clock = since(seconds);
        assert_eq!(Markers::new(home.path("markers"), DAY, uid(), &clock).cleanup_stale_sessions(), 0);
        assert_eq!(left.exists(), is_there);
    }
}

fn jiff_instant(second: i64) -> String {
    tracker::session::Moment::from_micros(second * 1_000_000, 0).unwrap().timestamp().to_string()
}

/// Puts something in the place of the marker; nothing is read, written or removed.
fn check_foreign(home: &Home, what: &str) {
    let before = fs::symlink_metadata(file(home, "claude_session_demo")).unwrap();
    let markers = markers(home);
    assert_eq!(markers.get_stored_session_id("demo"), "unknown", "{what}");
    assert!(!markers.store_session_id("ours", "demo"), "{what}");
    home.clock.pass(900_000);
    assert_eq!((markers.cleanup_stale_sessions(), markers.get_stored_session_id("demo")), (0, "unknown".into()), "{what}");
    home.clock.pass(-900_000);
    let after = fs::symlink_metadata(file(home, "claude_session_demo")).unwrap();
    assert_eq!((before.ino(), before.len(), before.mtime_nsec()), (after.ino(), after.len(), after.mtime_nsec()), "{what}");
    let notes = markers.take_notes();
    assert!(notes.len() == 3 && notes.iter().all(|note| note.to_string().contains(what)), "{what}: {notes:?}");
}

#[test]
fn s2_what_is_no_marker_of_ours_is_neither_read_nor_written_nor_removed() {
    let home = Home::new();
    let (place, fresh) = (file(&home, "claude_session_demo"), write(&home, "other", FRESH));
    symlink(&fresh, &place).unwrap();
    check_foreign(&home, "a link");
    fs::remove_file(&place).unwrap();
    symlink(home.path("nowhere"), &place).unwrap();
    check_foreign(&home, "a link");
    assert!(!home.path("nowhere").exists());
    fs::remove_file(&place).unwrap();
    fs::hard_link(&fresh, &place).unwrap();
    check_foreign(&home, "a file with further names");
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    check_foreign(&home, "something that is no file");
    fs::remove_dir(&place).unwrap();
    write(&home, "claude_session_demo", &format!("{}\n2026-02-16T17:00:00\n", "x".repeat(4_096)));
    check_foreign(&home, "a file that is too long for a marker");
    fs::remove_file(&place).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&place).status().unwrap().success());
    check_foreign(&home, "something that is no file");
    assert_eq!(fs::read_to_string(fresh).unwrap(), FRESH);
}

#[test]
fn s2_what_belongs_to_another_user_is_neither_read_nor_written_nor_removed() {
    if !is_root() {
        return;
    }
    let home = Home::new();
    for mode in [0o600, 0o666] {
        let theirs = write(&home, "claude_session_demo", FRESH);
        fs::set_permissions(&theirs, Permissions::from_mode(mode)).unwrap();
        chown(&theirs, Some(NOBODY), None).unwrap();
        check_foreign(&home, "something that belongs to user 65534");
        assert_eq!(fs::read_to_string(&theirs).unwrap(), FRESH);
    }
}

#[test]
fn s2_a_directory_in_which_others_can_rename_is_not_used() {
    let home = Home::new();
    let directory = home.path("markers");
    markers(&home).store("abc", "demo").unwrap();
    let check = |is_used: bool, what: &str| {
        let markers = markers(&home);
        assert_eq!(markers.get_stored_session_id("demo"), if is_used { "abc" } else { "unknown" }, "{what}");
        assert_eq!(markers.store_session_id("abc", "demo"), is_used, "{what}");
        home.clock.pass(90_000);
        assert_eq!(markers.cleanup_stale_sessions(), usize::from(is_used), "{what}");
        home.clock.pass(-90_000);
        if is_used {
            markers.store("abc", "demo").unwrap();
        }
        assert_eq!(names(&home), ["claude_session_demo"], "{what}");
    };
    for (mode, is_used) in [(0o700, true), (0o755, true), (0o777, false), (0o770, false), (0o702, false), (0o1777, true)] {
        fs::set_permissions(&directory, Permissions::from_mode(mode)).unwrap();
        check(is_used, &format!("{mode:o}"));
    }
    if is_root() {
        chown(&directory, Some(NOBODY), None).unwrap();
        check(false, "theirs");
    }
}

#[test]
fn writers_at_once_never_tear_a_marker_and_readers_see_one_or_another() {
    let home = Home::new();
    let id = |writer: usize, round: usize| format!("{writer}-{round}-{}", "x".repeat(writer * 97));
    markers(&home).store(&id(0, 0), "demo").unwrap();
    let is_over = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let home = &home;
        let write = move |writer| (0..100).for_each(|round| drop(markers(home).store(&id(writer, round), "demo").unwrap()));
        let writers: Vec<_> = (0..6).map(|writer| scope.spawn(move || write(writer))).collect();
        let reader = scope.spawn(|| {
            let mut seen = 0;
            while !is_over.load(Ordering::Relaxed) {
                let read = markers(home).get_stored_session_id("demo");
                let mut parts = read.splitn(3, '-').map(str::to_owned);
                let [writer, round] = [parts.next().unwrap(), parts.next().unwrap()].map(|part| part.parse::<usize>().unwrap());
                assert_eq!(read, id(writer, round));
                seen += 1;
            }
            seen
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        is_over.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    assert!(seen > 0);
    assert_eq!(names(&home), ["claude_session_demo"], "nothing else is left");
}

#[test]
fn the_project_is_named_as_it_was_recorded_or_would_be() {
    let mut home = Home::new();
    assert_eq!(home.tracker().marker_project(), "project");
    home.tracker().start(&tracker::Start::default()).unwrap();
    let below = home.path("project/src/deep");
    fs::create_dir_all(&below).unwrap();
    assert_eq!(home.tracker_in(&below).marker_project(), "project");
    home.set("RUTTER_PROJECT", "shop");
    assert_eq!(home.tracker().marker_project(), "shop");
    home.set("RUTTER_PROJECT", home.path("elsewhere/there").to_str().unwrap());
    assert_eq!(home.tracker().marker_project(), "there");
}

/// Leaves what an agent says in the inbox, three seconds after what was said before.
fn says(home: &Home, conversation: &str, event: &str) -> HookCall {
    home.clock.pass(3);
    let payload = json!({"session_id": conversation, "cwd": home.project(), "hook_event_name": event, "source": "startup", "prompt": "x"});
    let call = HookCall { process: Some(HookCall::process(7)), ..HookCall::new(home, 7, payload) };
    call.leave(home);
    call
}

fn said_in(home: &Home) -> Option<String> {
    fs::read_to_string(file(home, "claude_session_project")).ok()
}

#[test]
fn the_marker_names_the_conversation_that_was_heard_last() {
    let home = Home::new();
    says(&home, "one", "SessionStart");
    says(&home, "two", "SessionStart");
    says(&home, "one", "UserPromptSubmit");
    let last = says(&home, "two", "Stop");
    says(&home, "one", "SessionEnd");
    drop(home.tracker());
    let expected = format!("two\n{}\n", last.at.moment.local().strftime("%Y-%m-%dT%H:%M:%S.%6f"));
    assert_eq!(said_in(&home), Some(expected));
}

#[test]
fn a_marker_that_says_so_already_is_written_again_after_a_minute() {
    let home = Home::new();
    let changed = |seconds: i64| {
        let before = said_in(&home);
        home.clock.pass(seconds - 3);
        says(&home, "one", "Stop");
        drop(home.tracker());
        before != said_in(&home)
    };
    assert_eq!([3, 30, 29, 1].map(changed), [true, false, false, true]);
}

#[test]
fn what_is_delivered_again_or_was_known_before_moves_no_marker() {
    let home = Home::new();
    let first = says(&home, "one", "SessionStart");
    drop(home.tracker());
    home.clock.pass(60);
    markers(&home).store("theirs", "project").unwrap();
    first.leave(&home);
    drop(home.tracker());
    assert!(said_in(&home).unwrap().starts_with("theirs\n"));
    // Said before somebody else wrote the marker, taken in after.
    let call = says(&home, "one", "Stop");
    markers(&home).store("theirs", "project").unwrap();
    assert!(call.at.moment <= home.tracker().now().moment);
    assert!(said_in(&home).unwrap().starts_with("theirs\n"));
}

#[test]
fn what_waited_for_too_long_is_no_news() {
    let home = Home::new();
    says(&home, "one", "SessionStart");
    home.clock.pass(90_000);
    drop(home.tracker());
    assert_eq!(said_in(&home), None);
}

#[test]
fn markers_are_not_written_where_that_is_not_wanted_or_cannot_be_done() {
    let mut home = Home::new();
    home.set("RUTTER_MARKER_REFRESH", "off");
    says(&home, "one", "SessionStart");
    drop(home.tracker());
    assert_eq!((said_in(&home), home.path("store/markers-cleaned").exists()), (None, false));
    home.set("RUTTER_MARKER_REFRESH", "on");
    symlink("/etc/passwd", file(&home, "claude_session_project")).unwrap();
    says(&home, "one", "Stop");
    let tracker = home.tracker();
    let notes: Vec<_> = tracker.take_notes().iter().map(ToString::to_string).collect();
    assert_eq!(names(&home), ["claude_session_project"]);
    assert!(notes.len() == 1 && notes[0].ends_with("claude_session_project` is a link"), "{notes:?}");
}

#[test]
fn doctor_s_hint_can_be_typed_whatever_the_directory_is_called() {
    let mut home = Home::new();
    let directory = home.path("it's ours");
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, Permissions::from_mode(0o777)).unwrap();
    home.set("RUTTER_MARKER_DIR", directory.to_str().unwrap());
    let findings = home.tracker().doctor().unwrap();
    let hint = findings.into_iter().find(|finding| finding.check == "marker").unwrap().hint.unwrap();
    assert!(hint.contains(r"/it'\''s ours', or"), "{hint}");
}

#[test]
fn who_only_reads_is_not_told_that_a_marker_could_not_be_written() {
    let home = Home::new();
    drop(home.tracker());
    symlink("/etc/passwd", file(&home, "claude_session_project")).unwrap();
    says(&home, "one", "SessionStart");
    let tracker = home.try_tracker(&home.project(), tracker::Access::Read).unwrap();
    assert_eq!(tracker.take_notes(), []);
}

#[test]
fn who_answers_a_start_writes_the_marker_before() {
    let home = Home::new();
    says(&home, "one", "SessionStart");
    drop(home.tracker_to_answer(ConversationKey::of("claude-code", "one")));
    assert!(said_in(&home).unwrap().starts_with("one\n"));
}

#[test]
fn stale_markers_are_cleaned_once_in_an_interval() {
    let mut home = Home::new();
    home.set("RUTTER_MARKER_CLEAN_INTERVAL", "2h");
    let old = || (0..11).for_each(|number| drop(write(&home, &format!("claude_session_{number}"), "x\n2026-01-01T00:00:00\n")));
    old();
    let many = Note::ManyMarkers { cleaned: 11, directory: home.path("markers") };
    assert_eq!((home.tracker().take_notes(), names(&home).len()), (vec![many.clone()], 0));
    old();
    home.clock.pass(7_199);
    assert_eq!((home.tracker().take_notes(), names(&home).len()), (vec![], 11));
    home.clock.pass(1);
    assert_eq!((home.tracker().take_notes(), names(&home).len()), (vec![many], 0));
}
