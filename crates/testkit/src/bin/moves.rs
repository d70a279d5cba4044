//! Moves a head: `moves HOME N NAME` reports N transitions, each from the head it has just read, as a worker called NAME. With a fourth
//! word it is blind: it continues the head it has read, and moves whatever is the head by then.
//!
//! Prints `moved|lost NEW SEEN` for each when it has been acknowledged. Started many times at once, it shows what workers do to a chain.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for tests")]

use std::path::Path;

use testkit::StillClock;
use tracker::{Access, Config, Environment, NewTransition, Outcome, SystemDice, Tracker};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (home, times, name) = (Path::new(&arguments[1]), arguments[2].parse::<usize>().unwrap(), &arguments[3]);
    let is_blind = arguments.len() > 4;
    let mut tracker = open(home);
    for number in 0..times {
        let seen = tracker.head(None).unwrap().head;
        let new = format!("{name}-{number}");
        // Nothing is continued by nobody; the first of all has seen no head.
        let expect = Some(seen.clone().unwrap_or_default());
        let transition = NewTransition { new: new.clone(), old: seen.clone(), expect, source: "build".into(), ..NewTransition::default() };
        let blind = NewTransition { old: None, expect: None, ..transition.clone() };
        let said = tracker.report_transition(if is_blind { &blind } else { &transition }).unwrap();
        let outcome = if said.outcome == Outcome::Moved { "moved" } else { "lost" };
        println!("{outcome} {new} {}", seen.as_deref().unwrap_or("-"));
    }
}

fn open(home: &Path) -> Tracker {
    let paths = [("HOME", home.to_path_buf()), ("RUTTER_HOME", home.join("store")), ("RUTTER_MIRROR", "off".into())];
    let own = [("RUTTER_STORE_WAIT_SECONDS", "120".into()), ("RUTTER_MARKER_DIR", home.join("markers"))];
    let config = Config::load(&Environment::of(paths.into_iter().chain(own))).unwrap();
    let clock = StillClock::at("2026-02-16T16:30:03.123456Z");
    Tracker::open(config, home, Access::Write, Box::new(clock), Box::new(SystemDice)).unwrap()
}
