//! Works in one frozen second: `frozen HOME start N` starts N sessions, `frozen HOME work N ID` adds N work items to one.
//!
//! Prints each id when it has been acknowledged. Started many times at once, it shows what parallel agents do to a store.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for tests")]

use std::path::Path;

use testkit::StillClock;
use tracker::{Access, Config, Environment, Note, Start, SystemDice, Tracker};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (home, what, times) = (Path::new(&arguments[1]), &arguments[2], arguments[3].parse::<usize>().unwrap());
    for _ in 0..times {
        // A tracker of its own each time, as if each were a process of its own.
        let mut tracker = open(home);
        match what.as_str() {
            "start" => {
                let start = Start { description: Some("frozen".into()), ..Start::default() };
                println!("{}", tracker.start(&start).unwrap().id);
            }
            "work" => {
                let item = tracker.add_work(Some(&arguments[4]), &"IMPL".parse().unwrap(), "frozen", &[], None).unwrap();
                println!("{}", item.id);
            }
            other => panic!("`{other}` is nothing to do"),
        }
        let trouble: Vec<_> = tracker.take_notes().into_iter().filter(|note| !matches!(note, Note::StillRunning { .. })).collect();
        assert!(trouble.is_empty(), "{trouble:?}");
    }
}

fn open(home: &Path) -> Tracker {
    let below = [("HOME", ""), ("RUTTER_HOME", "store"), ("RUTTER_MIRROR", "mirror"), ("RUTTER_MARKER_DIR", "markers")];
    let paths = below.map(|(name, below)| (name, home.join(below)));
    let patience = ("RUTTER_STORE_WAIT_SECONDS", "120".into());
    let config = Config::load(&Environment::of(paths.into_iter().chain([patience]))).unwrap();
    let clock = StillClock::at("2026-02-16T16:30:03.123456Z");
    Tracker::open(config, home, Access::Write, Box::new(clock), Box::new(SystemDice)).unwrap()
}
