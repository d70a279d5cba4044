//! D10: a head moves by compare and set; who loses is a visible side branch, and no move is lost.

#![expect(clippy::print_stdout, reason = "a figure for people")]
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use tracker::{Access, Config, Environment, SystemDice, Tracker, TransitionView, WantedChain};

const PROCESSES: usize = 32;

/// Whether workers say which head they saw.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Comparing,
    Blind,
}

/// A move as its worker tells of it: whether it won, the new agent session, and the head it had seen.
type Told = (bool, String, Option<String>);

/// Lets so many workers move the head at once, and returns what they were told.
fn race(home: &Path, each: usize, way: Way) -> Vec<Told> {
    let spawn = |worker: usize| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_moves"));
        command.arg(home).arg(each.to_string()).arg(format!("w{worker}")).env_clear();
        command.args((way == Way::Blind).then_some("blind"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = (0..PROCESSES).map(spawn).collect();
    let mut told = Vec::new();
    // Read side by side: a full pipe would stop a worker.
    let readers: Vec<_> = children.into_iter().map(|child| std::thread::spawn(move || child.wait_with_output().unwrap())).collect();
    for reader in readers {
        let output = reader.join().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        told.extend(String::from_utf8(output.stdout).unwrap().lines().map(read));
    }
    told
}

fn read(line: &str) -> Told {
    let mut words = line.split(' ');
    let (outcome, new, seen) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    (outcome == "moved", new.to_owned(), (seen != "-").then(|| seen.to_owned()))
}

fn tracker(home: &Path) -> Tracker {
    let paths = [("HOME", home.to_path_buf()), ("RUTTER_HOME", home.join("store")), ("RUTTER_MARKER_DIR", home.join("markers"))];
    let config = Config::load(&Environment::of(paths.into_iter().chain([("RUTTER_MIRROR", "off".into())]))).unwrap();
    let clock = testkit::StillClock::at("2026-02-16T16:30:03.123456Z");
    Tracker::open(config, home, Access::Write, Box::new(clock), Box::new(SystemDice)).unwrap()
}

/// Follows what was replaced from the head back, and returns how many moves are reached.
fn reachable(old: &BTreeMap<String, Option<String>>, head: Option<String>) -> usize {
    let mut reached = BTreeSet::new();
    let mut next = head;
    while let Some(at) = next.take().filter(|at| reached.insert(at.clone())) {
        next = old.get(&at).cloned().flatten();
    }
    reached.len()
}

/// Lets workers race, and returns what is wrong with what came of it: who was told what is not recorded, and how many moves cannot be reached
/// from the head by what each worker replaced as it saw it.
fn faults(each: usize, way: Way) -> Vec<String> {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("markers")).unwrap();
    let told = race(home.path(), each, way);
    assert_eq!(told.len(), PROCESSES * each);

    let mut tracker = tracker(home.path());
    let chain = tracker.chain(&WantedChain::default()).unwrap();
    let rows: BTreeMap<_, &TransitionView> = chain.iter().map(|row| (row.new.clone(), row)).collect();
    assert_eq!((chain.len(), rows.len()), (told.len(), told.len()));
    let mut faults = Vec::new();
    for (has_won, new, seen) in &told {
        let row = rows[new];
        // What a worker was told is what is recorded: who won replaced exactly the head it had seen, who lost did not.
        assert_eq!((row.moved, row.side_branch), (*has_won, !has_won), "{new}");
        assert!(way == Way::Blind || row.from == *seen, "{new}");
        if (row.old == *seen) != *has_won {
            faults.push(format!("{new} saw {seen:?} and replaced {:?}", row.old));
        }
    }
    let lost = told.iter().filter(|(has_won, ..)| !has_won).count();
    assert_eq!(chain.iter().filter(|row| row.side_branch).count(), lost);
    // What a worker replaced is the head it saw: of what the store adds by itself, nothing is taken.
    let old: BTreeMap<_, _> = told.iter().filter(|(has_won, ..)| *has_won).map(|(_, new, seen)| (new.clone(), seen.clone())).collect();
    let reached = reachable(&old, tracker.head(None).unwrap().head);
    if reached < told.len() - lost {
        faults.push(format!("of {} moves, {reached} are reachable", told.len() - lost));
    }
    let status = tracker.sync_status().unwrap();
    assert!(status.rate >= 1.0 && status.is_chain_intact);
    assert!(tracker.rebuild(&mut |_, _| {}).unwrap().rows.identical);
    let words = if way == Way::Blind { " without comparing" } else { "" };
    println!("{} moves{words}: {reached} reachable, {lost} side branches", told.len());
    assert!(way == Way::Blind || lost > 0, "nobody raced anybody");
    faults
}

#[test]
fn d10_32_processes_x_100_moves_lose_none() {
    assert_eq!(faults(100, Way::Comparing), [""; 0]);
}

#[test]
fn d10_workers_that_compare_nothing_fail_the_same_check() {
    let faults = faults(100, Way::Blind);
    assert!(faults.last().is_some_and(|fault| fault.contains("reachable")), "{faults:?}");
}

#[test]
#[ignore = "takes minutes: 32,000 moves"]
fn d10_32_processes_x_1_000_moves_lose_none() {
    assert_eq!(faults(1_000, Way::Comparing), [""; 0]);
}
