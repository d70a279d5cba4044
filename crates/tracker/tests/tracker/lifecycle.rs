//! Starting, ending, reopening, tagging, working.

use testkit::{Home, StuckDice};
use tracker::session::{SessionId, Status, WorkStatus};
use tracker::{Access, Config, EndError, Environment, Listing, Note, Start, StartError, StatsView, Tracker};

fn described(text: &str) -> Start {
    Start { description: Some(text.to_owned()), ..Start::default() }
}

#[test]
fn ids_show_local_time_and_numbers_have_no_gaps() {
    let home = Home::new();
    let mut tracker = home.tracker();
    for number in 1..=3 {
        let session = tracker.start(&described("work")).unwrap();
        assert!(session.id.as_str().starts_with("SESSION-20260216-173003-"), "{}", session.id);
        assert_eq!(session.number.value, Some(number));
    }
}

#[test]
fn a_refused_start_leaves_no_gap() {
    let home = Home::new();
    let mut tracker = home.tracker();
    let first = tracker.start(&Start { number: Some(1), ..described("one") }).unwrap();
    let again = tracker.start(&Start { number: Some(1), ..described("again") });
    assert!(matches!(again, Err(StartError::NumberTaken { number: 1, ref id, status: Status::Active }) if *id == first.id), "{again:?}");
    assert!(matches!(tracker.start(&Start { number: Some(0), ..described("none") }), Err(StartError::NumberOutOfRange { number: 0 })));
    assert!(matches!(tracker.start(&Start { tags: vec!["two words".into()], ..described("bad") }), Err(StartError::BadTag { .. })));
    assert_eq!(tracker.start(&described("two")).unwrap().number.value, Some(2));
}

#[test]
fn a_new_number_is_above_those_of_the_documents_in_the_worktree() {
    let home = Home::new();
    let documents = home.project().join("archive/sessions");
    std::fs::create_dir_all(&documents).unwrap();
    for name in ["SESSION-00007-LOG.md", "SESSION-00041-FILES.txt", "SESSION-x-LOG.md", "SESSION-99999999999-LOG.md", "README.md"] {
        std::fs::write(documents.join(name), "").unwrap();
    }
    let mut tracker = home.tracker();
    assert_eq!(tracker.start(&described("next")).unwrap().number.value, Some(42));
    let documented = tracker.start(&Start { number: Some(7), ..described("theirs") });
    assert!(matches!(documented, Err(StartError::NumberDocumented { number: 7 })), "{documented:?}");
    assert_eq!(tracker.start(&Start { number: Some(3), ..described("chosen") }).unwrap().number.value, Some(3));
    assert_eq!(tracker.start(&described("after")).unwrap().number.value, Some(43));
}

#[test]
fn behind_the_last_number_the_first_free_one_is_given() {
    let home = Home::new();
    let mut tracker = home.tracker();
    tracker.start(&Start { number: Some(999_999_999), ..described("last") }).unwrap();
    assert_eq!(tracker.start(&described("more")).unwrap().number.value, Some(1));
    for number in [Some(1_000_000_000), Some(u32::MAX)] {
        assert!(matches!(tracker.start(&Start { number, ..described("beyond") }), Err(StartError::NumberOutOfRange { .. })), "{number:?}");
    }
}

#[test]
fn d8_the_same_draw_again_and_again_still_gives_distinct_ids() {
    let home = Home::new();
    let below = [("HOME", ""), ("RUTTER_HOME", "store"), ("RUTTER_MIRROR", "mirror"), ("RUTTER_MARKER_DIR", "markers")];
    let paths = below.map(|(name, below)| (name, home.path(below)));
    let config = Config::load(&Environment::of(paths)).unwrap();
    let dice = Box::new(StuckDice::default());
    let mut tracker = Tracker::open(config, &home.project(), Access::Write, Box::new(home.clock.clone()), dice).unwrap();
    let ids: Vec<SessionId> = (0..8).map(|_| tracker.start(&described("stuck")).unwrap().id).collect();
    let lengths: Vec<_> = ids.iter().map(|id| id.as_str().rsplit('-').next().unwrap().len()).collect();
    assert_eq!(lengths, [4, 5, 6, 7, 8, 9, 10, 11]);
}

#[test]
fn a_session_that_nobody_described_says_when_it_began() {
    let home = Home::new();
    let session = home.tracker().start(&Start::default()).unwrap();
    assert_eq!(session.description.unwrap().text.as_str(), "Session started at 2026-02-16 17:30:03");
}

#[test]
fn durations_follow_the_boot_clock_when_the_wall_clock_jumps() {
    let home = Home::new();
    let mut tracker = home.tracker();
    let session = tracker.start(&described("jump")).unwrap();
    home.clock.pass(5_133);
    home.clock.jump_to("1970-01-01T00:00:00Z");
    let ended = tracker.end(Some(session.id.as_str()), Status::Completed, None).unwrap();
    assert_eq!(StatsView::of(tracker.view(&ended).unwrap()).duration_formatted, "1:25:33");
}

#[test]
fn what_is_dated_by_hand_keeps_both_times() {
    let home = Home::new();
    let mut tracker = home.tracker();
    let at = tracker::parse_moment("13:45", tracker.clock()).unwrap();
    let session = tracker.start(&Start { at: Some(at), ..described("earlier") }).unwrap();
    assert!(session.id.as_str().starts_with("SESSION-20260216-134500-"), "{}", session.id);
    assert_eq!(session.started.moment.to_string(), "2026-02-16T13:45:00.000000+01:00");
    let exported = tracker.export(&[session.id.to_string()], &Listing::default()).unwrap();
    let recorded = &exported["sessions"][0]["events"][0]["recorded_at"];
    assert_eq!(recorded.to_string(), "[1771259403123456,3600]");
}

#[test]
fn an_end_is_said_once_and_undone_by_reopening() {
    let home = Home::new();
    let mut tracker = home.tracker();
    let id = tracker.start(&described("end")).unwrap().id.to_string();
    tracker.end(Some(&id), Status::Failed, None).unwrap();
    tracker.end(Some(&id), Status::Failed, None).unwrap();
    assert!(matches!(tracker.take_notes()[..], [Note::AlreadySo { .. }]));
    assert!(matches!(tracker.end(Some(&id), Status::Completed, None), Err(EndError::EndedOtherwise { .. })));
    assert_eq!(tracker.reopen(&id, None).unwrap().status(), Status::Active);
    tracker.end(Some(&id), Status::Completed, None).unwrap();
    let log: Vec<_> =
        home.mirrored("logs/sessions.log").lines().map(|line| line.split(" | ").skip(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(log, ["CREATED end", "ENDED FAILED", "REOPENED ACTIVE", "ENDED COMPLETED"]);
}

#[test]
fn tags_are_put_on_and_taken_off_all_or_none() {
    let home = Home::new();
    let mut tracker = home.tracker();
    let id = tracker.start(&Start { tags: vec!["draft".into()], ..described("tags") }).unwrap().id.to_string();
    let tags = |session: &tracker::session::Session| session.current_tags().map(ToString::to_string).collect::<Vec<_>>();
    let session = tracker.tag(Some(&id), &["release".into()], &["draft".into()]).unwrap();
    assert_eq!(tags(&session), ["release"]);
    assert!(tracker.tag(Some(&id), &["good".into(), "not good".into()], &[]).is_err());
    assert_eq!(tags(&tracker.resolve(Some(&id), tracker::Purpose::Reading).unwrap()), ["release"]);
}

#[test]
fn work_items_are_counted_by_where_they_stand() {
    let home = Home::new();
    let mut tracker = home.tracker();
    let id = tracker.start(&described("work")).unwrap().id.to_string();
    let prefix = "IMPL".parse().unwrap();
    let work: Vec<_> =
        (0..8).map(|number| tracker.add_work(None, &prefix, &format!("item {number}"), &[], None).unwrap().id.to_string()).collect();
    for work in &work[..6] {
        tracker.mark_work(None, work, &WorkStatus::completed(), None).unwrap();
    }
    tracker.mark_work(None, &work[0], &WorkStatus::completed(), None).unwrap();
    assert!(matches!(tracker.take_notes()[..], [Note::AlreadySo { .. }]));
    tracker.mark_work(None, &work[5], &"FAILED".parse().unwrap(), None).unwrap();
    let session = tracker.stats(Some(&id)).unwrap();
    assert_eq!((session.work.total, session.work.completed, session.work.in_progress), (8, 5, 2));
    let (_, listed) = tracker.list_work(None).unwrap();
    assert_eq!(listed.iter().map(|item| item.id.to_string()).collect::<Vec<_>>(), work);
}

#[test]
fn what_comes_after_the_end_is_recorded_with_it_and_said() {
    let home = Home::new();
    let mut tracker = home.tracker();
    let id = tracker.start(&described("late")).unwrap().id.to_string();
    tracker.end(Some(&id), Status::Completed, None).unwrap();
    tracker.add_work(Some(&id), &"DOC".parse().unwrap(), "afterwards", &[], None).unwrap();
    assert!(matches!(tracker.take_notes()[..], [Note::RecordedWithEnded { .. }]));
    assert_eq!(tracker.stats(Some(&id)).unwrap().status(), Status::Completed);
}

#[test]
fn s10_secrets_are_masked_before_anything_is_stored() {
    let home = Home::new();
    let secret = format!("ghp_{}", "a1B2".repeat(9));
    let mut tracker = home.tracker();
    let metadata = vec![("token".to_owned(), serde_json::json!({"nested": [secret]}))];
    tracker.start(&Start { tags: vec![secret.clone()], metadata: metadata.clone(), ..described(&format!("use {secret}")) }).unwrap();
    tracker.add_work(None, &"IMPL".parse().unwrap(), &secret, &metadata, None).unwrap();
    for directory in ["store", "mirror", "mirror/sessions", "mirror/logs"] {
        for file in std::fs::read_dir(home.path(directory)).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{}", file.display());
        }
    }
}
