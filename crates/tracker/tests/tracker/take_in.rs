//! What other scripts left in the files is taken in first and never overwritten.

use std::fs;

use testkit::Home;
use tracker::session::{Status, WorkStatus};
use tracker::{Listing, Note, Purpose, Start};

const THEIRS: &str = r#"{
    "session_id": "SESSION-20260215-091500-B3X7",
    "type": "SESSION",
    "description": "Bug investigation",
    "start_time": "2026-02-15T09:15:00.5",
    "end_time": null,
    "status": "ACTIVE",
    "metadata": {"priority": "high", "n": 3},
    "tasks": ["a task"],
    "work_items": [
        {"work_id": "IMPL-20260215-091600-K2N4", "type": "IMPL", "description": "Look", "started_at": "2026-02-15T09:16:00",
         "completed_at": "2026-02-15T09:20:00", "status": "COMPLETED", "metadata": {}, "extra": 1}
    ],
    "theirs": {"kept": true}
}"#;
const ID: &str = "SESSION-20260215-091500-B3X7";
const LOG: &str = "2026-02-15T09:15:00.500000 | SESSION-20260215-091500-B3X7 | CREATED | Bug investigation\nnot a line of ours\n";

/// A home in which other scripts have worked.
fn inherited() -> Home {
    let home = Home::new();
    fs::create_dir_all(home.path("mirror/sessions")).unwrap();
    fs::create_dir_all(home.path("mirror/logs")).unwrap();
    fs::write(home.path("mirror/sessions").join(format!("{ID}.json")), THEIRS).unwrap();
    fs::write(home.path("mirror/sessions/SESSION-20260215-091500-XXXX.json"), "{ broken").unwrap();
    fs::write(home.path("mirror/logs/sessions.log"), LOG).unwrap();
    home
}

fn file(home: &Home) -> String {
    home.mirrored(&format!("sessions/{ID}.json"))
}

#[test]
fn a_session_of_another_script_is_listed_and_its_files_stay_as_they_are() {
    let home = inherited();
    let mut tracker = home.tracker();
    tracker.prepare_mirror();
    assert_eq!(tracker.take_notes(), [Note::TakenIn { sessions: 1, lines: 2 }]);
    let session = tracker.resolve(Some(ID), Purpose::Reading).unwrap();
    let view = tracker.view(&session).unwrap();
    assert_eq!((view.started_at.as_str(), view.number, view.project), ("2026-02-15T09:15:00.500000+01:00", None, None));
    assert_eq!((view.work_items.total, view.work_items.completed), (1, 1));
    assert_eq!(serde_json::Value::from(view.metadata), serde_json::json!({"priority": "high", "n": 3}));
    tracker.start(&Start { description: Some("ours".into()), ..Start::default() }).unwrap();
    assert_eq!(tracker.list(&Listing::default()).unwrap().len(), 2);
    tracker.rebuild(&mut |_, _| {}).unwrap();
    assert_eq!(file(&home), THEIRS);
    let log = home.mirrored("logs/sessions.log");
    assert!(log.starts_with(LOG) && log.lines().count() == 3, "{log}");
}

#[test]
fn taking_in_again_changes_nothing() {
    let home = inherited();
    home.tracker().prepare_mirror();
    // A line has no name of its own: its event is drawn, all others follow from the files.
    let export = |home: &Home| {
        let mut file = home.tracker().export(&[ID.to_owned()], &Listing::default()).unwrap();
        file["sessions"][0]["events"].as_array_mut().unwrap().retain(|event| event["change"]["kind"] != "line_found");
        file
    };
    let before = export(&home);
    // Another store finds the same files.
    fs::rename(home.path("store"), home.path("old-store")).unwrap();
    home.tracker().prepare_mirror();
    assert_eq!(export(&home), before, "the events and their ids follow from the files");
}

#[test]
fn the_session_that_their_marker_names_is_current() {
    let home = inherited();
    let later = THEIRS
        .replace(ID, "SESSION-20260216-080000-LATE")
        .replace("2026-02-15T09:15:00.5", "2026-02-16T08:00:00")
        .replace("IMPL-20260215", "IMPL-20260216");
    fs::write(home.path("mirror/sessions/SESSION-20260216-080000-LATE.json"), later).unwrap();
    let marker = format!(r#"{{"current_session_id": "{ID}", "started_at": "2026-02-15T09:15:00.5"}}"#);
    fs::write(home.path("mirror/.current-session.json"), &marker).unwrap();
    let empty = home.try_tracker(&home.project(), tracker::Access::Read).unwrap();
    assert_eq!(empty.list(&Listing::default()).unwrap(), []);
    assert!(matches!(empty.take_notes()[..], [Note::FilesWait { .. }]));
    home.tracker().prepare_mirror();
    assert_eq!(home.tracker().resolve(None, Purpose::Reading).unwrap().id.as_str(), ID);
    assert_eq!(home.mirrored(".current-session.json"), marker, "it says so already");
}

#[test]
fn our_changes_are_laid_over_what_is_there() {
    let home = inherited();
    let mut tracker = home.tracker();
    tracker.prepare_mirror();
    tracker.end(Some(ID), Status::Completed, None).unwrap();
    let written: serde_json::Value = serde_json::from_str(&file(&home)).unwrap();
    let mut expected: serde_json::Value = serde_json::from_str(THEIRS).unwrap();
    expected["status"] = "COMPLETED".into();
    expected["end_time"] = "2026-02-16T17:30:03.123456".into();
    assert_eq!(written, expected);
}

#[test]
fn what_a_script_adds_to_a_session_of_ours_is_taken_in() {
    let home = Home::new();
    let mut tracker = home.tracker();
    let id = tracker.start(&Start { description: Some("ours".into()), ..Start::default() }).unwrap().id.to_string();
    let ours = tracker.add_work(None, &"IMPL".parse().unwrap(), "ours", &[], None).unwrap().id.to_string();
    let path = home.path("mirror/sessions").join(format!("{id}.json"));
    let mut file: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    file["work_items"][0]["status"] = "COMPLETED".into();
    file["work_items"][0]["completed_at"] = "2026-02-16T17:31:00".into();
    let theirs =
        serde_json::json!({"work_id": "TEST-20260216-173100-AAAA", "type": "TEST", "description": "theirs", "status": "IN_PROGRESS"});
    file["work_items"].as_array_mut().unwrap().push(theirs);
    fs::write(&path, file.to_string()).unwrap();
    tracker.mark_work(None, &ours, &WorkStatus::completed(), None).unwrap();
    let session = tracker.stats(Some(&id)).unwrap();
    assert_eq!((session.work.total, session.work.completed), (2, 1));
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.contains("TEST-20260216-173100-AAAA") && written.contains("theirs"), "{written}");
}

#[test]
fn an_end_or_a_description_that_a_script_gave_a_session_of_ours_is_taken_in() {
    let home = Home::new();
    let mut tracker = home.tracker();
    let id = tracker.start(&Start { description: Some("ours".into()), ..Start::default() }).unwrap().id.to_string();
    let path = home.path("mirror/sessions").join(format!("{id}.json"));
    let text = fs::read_to_string(&path).unwrap();
    let theirs = text.replace("\"ours\"", "\"theirs\"").replace("\"ACTIVE\"", "\"FAILED\"");
    fs::write(&path, theirs.replace("\"end_time\": null", "\"end_time\": \"2026-02-16T17:31:00.25\"")).unwrap();
    tracker.add_work(Some(&id), &"IMPL".parse().unwrap(), "more", &[], None).unwrap();
    let session = tracker.stats(Some(&id)).unwrap();
    assert_eq!((session.status(), session.description.clone().unwrap().text.as_str()), (Status::Failed, "theirs"));
    assert_eq!(session.ended().unwrap().moment.to_string(), "2026-02-16T17:31:00.250000+01:00");
    tracker.reopen(&id, None).unwrap();
    tracker.end(Some(&id), Status::Completed, None).unwrap();
    tracker.reopen(&id, None).unwrap();
    assert_eq!(tracker.stats(Some(&id)).unwrap().status(), Status::Active, "an older file is no news");
    assert!(file_of(&path).contains("\"theirs\""));
}

fn file_of(path: &std::path::Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn lines_that_others_write_between_ours_are_kept_also_by_a_rebuild() {
    let home = Home::new();
    let mut tracker = home.tracker();
    tracker.start(&Start { description: Some("ours".into()), ..Start::default() }).unwrap();
    let log = home.path("mirror/logs/sessions.log");
    let mut text = fs::read_to_string(&log).unwrap();
    text.push_str("2026-02-16T17:30:04.000000 | SESSION-20260216-173004-AAAA | CREATED | theirs\n");
    fs::write(&log, &text).unwrap();
    tracker.end(None, Status::Completed, None).unwrap();
    let whole = fs::read_to_string(&log).unwrap();
    assert!(whole.starts_with(&text) && whole.lines().count() == 3, "{whole}");
    fs::remove_file(&log).unwrap();
    tracker.rebuild(&mut |_, _| {}).unwrap();
    let mut again: Vec<_> = fs::read_to_string(&log).unwrap().lines().map(str::to_owned).collect();
    let mut expected: Vec<_> = whole.lines().map(str::to_owned).collect();
    again.sort();
    expected.sort();
    assert_eq!(again, expected);
}
