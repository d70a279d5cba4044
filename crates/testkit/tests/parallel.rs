//! D1, D8: parallel processes in one frozen second lose, double and tear nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tracker::{Access, Config, Environment, Listing, Purpose, SystemDice, Tracker};

const PROCESSES: usize = 64;
const EACH: usize = 100;

fn spawn(home: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_frozen")).arg(home).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Runs so many processes at once and returns what they acknowledged.
fn storm(home: &Path, arguments: &[&str]) -> Vec<String> {
    let children: Vec<_> = (0..PROCESSES).map(|_| spawn(home, arguments)).collect();
    let mut acknowledged = Vec::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        acknowledged.extend(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned));
    }
    acknowledged
}

fn tracker(home: &Path) -> Tracker {
    let below = [("HOME", ""), ("RUTTER_HOME", "store"), ("RUTTER_MIRROR", "mirror"), ("RUTTER_MARKER_DIR", "markers")];
    let paths = below.map(|(name, below)| (name, home.join(below)));
    let config = Config::load(&Environment::of(paths)).unwrap();
    let clock = testkit::StillClock::at("2026-02-16T16:30:03.123456Z");
    Tracker::open(config, home, Access::Write, Box::new(clock), Box::new(SystemDice)).unwrap()
}

fn log(home: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(home.join("mirror/logs/sessions.log")).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| line.split(" | ").map(str::to_owned).collect()).collect()
}

#[test]
fn d8_6400_starts_in_one_second_have_distinct_ids_numbers_files_and_lines() {
    let home = tempfile::tempdir().unwrap();
    let acknowledged = storm(home.path(), &["start", &EACH.to_string()]);
    let all = PROCESSES * EACH;
    let ids: BTreeSet<_> = acknowledged.iter().collect();
    assert_eq!((acknowledged.len(), ids.len()), (all, all));

    let mut tracker = tracker(home.path());
    let sessions = tracker.list(&Listing { all_projects: true, ..Listing::default() }).unwrap();
    assert_eq!(sessions.iter().map(|session| session.id.to_string()).collect::<BTreeSet<_>>().iter().collect::<BTreeSet<_>>(), ids);
    let numbers: BTreeSet<_> = sessions.iter().filter_map(|session| session.number.value).collect();
    assert_eq!((sessions.len(), numbers.len(), numbers.first(), numbers.last()), (all, all, Some(&1), Some(&6_400)));

    for id in &ids {
        let file: serde_json::Value =
            serde_json::from_slice(&std::fs::read(home.path().join(format!("mirror/sessions/{id}.json"))).unwrap()).unwrap();
        assert_eq!(file["session_id"], id.as_str());
    }
    assert_eq!(std::fs::read_dir(home.path().join("mirror/sessions")).unwrap().count(), all);
    let lines = log(home.path());
    assert!(lines.iter().all(|line| line.len() == 4 && line[2] == "CREATED"));
    assert_eq!((lines.len(), lines.iter().map(|line| &line[1]).collect::<BTreeSet<_>>()), (all, ids));
    assert!(tracker.rebuild(&mut |_, _| {}).unwrap().rows.identical);
}

#[test]
fn d1_work_items_added_to_one_session_by_64_processes_are_all_there() {
    let home = tempfile::tempdir().unwrap();
    let started = spawn(home.path(), &["start", "1"]).wait_with_output().unwrap();
    let session = String::from_utf8(started.stdout).unwrap().trim().to_owned();
    let acknowledged = storm(home.path(), &["work", &EACH.to_string(), &session]);
    let all = PROCESSES * EACH;
    let ids: BTreeSet<_> = acknowledged.iter().cloned().collect();
    assert_eq!((acknowledged.len(), ids.len()), (all, all));

    let mut tracker = tracker(home.path());
    let (row, items) = tracker.list_work(Some(&session)).unwrap();
    assert_eq!((row.work.total as usize, items.len()), (all, all));
    let file: serde_json::Value =
        serde_json::from_slice(&std::fs::read(home.path().join(format!("mirror/sessions/{session}.json"))).unwrap()).unwrap();
    let in_file: BTreeSet<_> =
        file["work_items"].as_array().unwrap().iter().map(|item| item["work_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(in_file, ids);
    let added = log(home.path()).iter().filter(|line| line[2] == "WORK_ADDED").count();
    assert_eq!(added, all);
    assert!(tracker.rebuild(&mut |_, _| {}).unwrap().rows.identical);
    assert_eq!(tracker.resolve(Some(&session), Purpose::Reading).unwrap().work.total as usize, all);
}
