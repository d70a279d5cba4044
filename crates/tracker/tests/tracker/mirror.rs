//! The files of record: their form, and that no line of the log is lost or doubled.

use std::fs;

use testkit::Home;
use tracker::session::{Status, WorkStatus};
use tracker::{Note, Start};

fn worked(home: &Home) -> String {
    let mut tracker = home.tracker();
    let metadata = vec![("project".into(), "demo".into()), ("a".into(), serde_json::json!({"nested": [1, null]}))];
    let id =
        tracker.start(&Start { description: Some("Feature implementation".into()), metadata, ..Start::default() }).unwrap().id.to_string();
    home.clock.pass(62);
    let work = tracker.add_work(None, &"IMPL".parse().unwrap(), "Implement authentication logic", &[], None).unwrap().id.to_string();
    home.clock.pass(857);
    tracker.mark_work(None, &work, &WorkStatus::completed(), None).unwrap();
    home.clock.pass(4_214);
    tracker.end(None, Status::Completed, None).unwrap();
    assert_eq!(tracker.take_notes(), []);
    id
}

/// Replaces the parts of ids that are drawn.
fn comparable(home: &Home, text: &str) -> String {
    testkit::TestEnv::new("").comparable(text).replace(&*home.path("").to_string_lossy(), "")
}

#[test]
fn the_files_are_what_scripts_of_the_first_format_expect() {
    let home = Home::new();
    let id = worked(&home);
    let log = home.mirrored("logs/sessions.log").replace(&id, "SESSION-ID");
    let (added, work) = (log.lines().nth(1).unwrap(), log.lines().nth(2).unwrap().rsplit(' ').next().unwrap());
    assert_eq!(added, "2026-02-16T17:31:05.123456 | SESSION-ID | WORK_ADDED | IMPL: Implement authentication logic");
    insta::assert_snapshot!(log.replace(work, "WORK-ID"), @r"
    2026-02-16T17:30:03.123456 | SESSION-ID | CREATED | Feature implementation
    2026-02-16T17:31:05.123456 | SESSION-ID | WORK_ADDED | IMPL: Implement authentication logic
    2026-02-16T17:45:22.123456 | SESSION-ID | WORK_COMPLETED | WORK-ID
    2026-02-16T18:55:36.123456 | SESSION-ID | ENDED | COMPLETED
    ");
    insta::assert_snapshot!(home.mirrored(&format!("sessions/{id}.json")).replace(&id, "SESSION-ID").replace(work, "WORK-ID"), @r#"
    {
      "session_id": "SESSION-ID",
      "type": "SESSION",
      "description": "Feature implementation",
      "start_time": "2026-02-16T17:30:03.123456",
      "end_time": "2026-02-16T18:55:36.123456",
      "status": "COMPLETED",
      "metadata": {
        "project": "demo",
        "a": {
          "nested": [
            1,
            null
          ]
        }
      },
      "tasks": [],
      "work_items": [
        {
          "work_id": "WORK-ID",
          "type": "IMPL",
          "description": "Implement authentication logic",
          "started_at": "2026-02-16T17:31:05.123456",
          "completed_at": "2026-02-16T17:45:22.123456",
          "status": "COMPLETED",
          "metadata": {}
        }
      ]
    }
    "#);
}

#[test]
fn the_marker_names_the_session_started_last_while_it_runs() {
    let home = Home::new();
    let mut tracker = home.tracker();
    let marker = home.path("mirror/.current-session.json");
    let id = tracker.start(&Start { description: Some("x".into()), ..Start::default() }).unwrap().id.to_string();
    insta::assert_snapshot!(fs::read_to_string(&marker).unwrap().replace(&id, "SESSION-ID"), @r#"
    {
      "current_session_id": "SESSION-ID",
      "started_at": "2026-02-16T17:30:03.123456"
    }
    "#);
    tracker.end(None, Status::Completed, None).unwrap();
    assert!(!marker.exists());
}

#[test]
fn a_rebuild_gives_identical_files_from_nothing() {
    let home = Home::new();
    let id = worked(&home);
    let files = [format!("sessions/{id}.json"), "logs/sessions.log".to_owned()];
    let before: Vec<_> = files.iter().map(|file| home.mirrored(file)).collect();
    fs::remove_dir_all(home.path("mirror")).unwrap();
    let report = home.tracker().rebuild(&mut |_, _| {}).unwrap();
    assert!(report.rows.identical && report.mirror);
    assert_eq!(files.iter().map(|file| home.mirrored(file)).collect::<Vec<_>>(), before);
    home.tracker().rebuild(&mut |_, _| {}).unwrap();
    assert_eq!(files.iter().map(|file| home.mirrored(file)).collect::<Vec<_>>(), before, "a second rebuild doubles no line");
}

#[test]
fn lines_that_a_killed_writer_left_are_neither_lost_nor_doubled() {
    let whole = {
        let home = Home::new();
        worked(&home);
        home.mirrored("logs/sessions.log")
    };
    // Whatever of the last lines reached the log: the position says that none did.
    for cut in (0..=whole.len()).step_by(7) {
        let home = Home::new();
        worked(&home);
        let log = home.mirrored("logs/sessions.log");
        fs::write(home.path("mirror/logs/sessions.log"), &log.as_bytes()[..cut.min(log.len())]).unwrap();
        home.tracker().rebuild(&mut |_, _| {}).unwrap();
        assert_eq!(home.mirrored("logs/sessions.log"), log, "cut at {cut}");
    }
}

#[test]
fn a_log_that_was_lost_is_written_again_in_its_order() {
    for left in [0, 40] {
        let home = Home::new();
        let id = worked(&home);
        let log = home.mirrored("logs/sessions.log");
        fs::write(home.path("mirror/logs/sessions.log"), &log[..left]).unwrap();
        home.tracker().reopen(&id, None).unwrap();
        let again = home.mirrored("logs/sessions.log");
        assert!(again.starts_with(&log) && again.lines().count() == 5, "{again}");
    }
}

#[test]
fn d3_zeros_that_a_power_cut_left_in_the_log_are_no_line_of_anybody() {
    let home = Home::new();
    worked(&home);
    let (path, whole) = (home.path("mirror/logs/sessions.log"), home.mirrored("logs/sessions.log"));
    for kept in [whole.len() - 12, 100, 0] {
        let zeros = "\0".repeat(whole.len() - kept);
        fs::write(&path, whole[..kept].to_owned() + &zeros).unwrap();
        let mut tracker = home.tracker();
        tracker.prepare_mirror();
        assert_eq!((tracker.take_notes(), home.mirrored("logs/sessions.log")), (vec![], whole.clone()), "{kept} bytes were kept");
    }
}

#[test]
fn a_mirror_that_cannot_be_written_is_said_and_caught_up_later() {
    let home = Home::new();
    fs::write(home.path("mirror"), "a file").unwrap();
    let mut tracker = home.tracker();
    let id = tracker.start(&Start { description: Some("x".into()), ..Start::default() }).unwrap().id;
    assert!(matches!(tracker.take_notes()[..], [Note::MirrorBehind { .. }]));
    fs::remove_file(home.path("mirror")).unwrap();
    tracker.end(None, Status::Completed, None).unwrap();
    assert_eq!(home.mirrored("logs/sessions.log").lines().count(), 2);
    assert!(home.mirrored(&format!("sessions/{id}.json")).contains("COMPLETED"));
}

#[test]
fn s1_what_is_no_file_is_neither_waited_for_nor_written() {
    let home = Home::new();
    let id = worked(&home);
    for below in ["logs/sessions.log".to_owned(), format!("sessions/{id}.json")] {
        let path = home.path("mirror").join(below);
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let mut tracker = home.tracker();
        tracker.add_work(Some(&id), &"IMPL".parse().unwrap(), "more", &[], None).unwrap();
        assert!(tracker.take_notes().iter().any(|note| matches!(note, Note::MirrorBehind { .. })));
        fs::remove_file(&path).unwrap();
    }
    home.tracker().rebuild(&mut |_, _| {}).unwrap();
    assert_eq!(home.mirrored("logs/sessions.log").lines().count(), 6);
}

#[test]
fn a_mirror_that_is_off_is_not_made() {
    let mut home = Home::new();
    home.set("RUTTER_MIRROR", "off");
    home.tracker().start(&Start::default()).unwrap();
    assert!(!home.path("mirror").exists());
}

#[test]
fn a_description_of_many_lines_is_one_line_of_the_log() {
    let home = Home::new();
    let text = "one\ntwo | three\u{1b}[31m\r\u{0} é 🆔";
    let id = home.tracker().start(&Start { description: Some(text.into()), ..Start::default() }).unwrap().id.to_string();
    let log = home.mirrored("logs/sessions.log");
    assert_eq!(log.split_once("CREATED | ").unwrap().1, "one\\ntwo | three\\u{1b}[31m\\r\\u{0} é 🆔\n");
    let file: serde_json::Value = serde_json::from_str(&home.mirrored(&format!("sessions/{id}.json"))).unwrap();
    assert_eq!(file["description"], text);
    assert!(comparable(&home, &log).contains("SESSION-#1"));
}
