//! A state that a cut left, looked at as the next command would.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::time::{Duration, Instant};

use store::{SqliteStore, Store};
use testkit::{SeededDice, StillClock, TestEnv};
use tracker::{Access, Config, Environment, Listing, Note, Tracker, WantedEvents};

use crate::disk::{Change, Disk, Luck, Order, below};
use crate::work::{Desk, Step, has_strace};

/// The event that comes when the power is back.
const NEXT: &str = "PreToolUse";

/// Lets programs work, then lets the power go so many times, spread over everything they changed, and looks at what is left.
#[expect(clippy::print_stdout, reason = "a figure is what this is for")]
pub(crate) fn replay(seed: u64, order: Order, states: usize) {
    if !has_strace() {
        return;
    }
    let began = Instant::now();
    let mut desk = Desk::new(seed);
    desk.work();
    desk.hook("next", NEXT, &serde_json::json!({"tool_name": "Bash", "tool_use_id": "the next one"}));
    let Desk { env, mut steps, .. } = desk;
    let next = steps.pop().unwrap();
    let worked = began.elapsed();
    fs::remove_dir_all(env.home()).unwrap();
    let changes: Vec<_> =
        steps.iter().enumerate().flat_map(|(number, step)| step.changes.iter().map(move |change| (number, change))).collect();
    assert!(is_of_interest(&steps), "checkpoints and syncs of the store have to be among it");
    let (mut disk, mut figures, mut taken) = (Disk::new(), Figures::default(), 0);
    for state in 0..states {
        // The last state is that behind everything.
        let cut = (state + 1) * changes.len() / states;
        changes[taken..cut].iter().for_each(|(_, change)| disk.take(change));
        taken = cut;
        let done = changes.get(cut).map_or(steps.len(), |(number, _)| *number);
        let mut dice = SeededDice::new(seed << 32 | state as u64);
        let luck = Luck::drawn(&mut dice);
        disk.leave(&env.home(), order, luck, &mut dice);
        let before = changes.get(cut).map_or_else(|| "nothing".to_owned(), |(step, change)| format!("step {step}, {}", change.in_words()));
        let at = format!("seed {seed}, state {state} of {states}, {order:?}, {luck:?}, cut before {before}");
        let cut = Cut { env: &env, steps: &steps, done, next: &next, order, at };
        cut.look(&mut dice, &mut figures);
        fs::remove_dir_all(env.home()).unwrap();
    }
    let shown: BTreeSet<_> = steps.iter().filter(|step| step.event.is_some()).flat_map(|step| &step.shown).collect();
    println!(
        "{states} states of {} changes by {} calls ({} ids shown by hooks), made in {:.1} s and looked at in {:.1} s: {figures:?}",
        changes.len(),
        steps.len(),
        shown.len(),
        worked.as_secs_f64(),
        (began.elapsed() - worked).as_secs_f64()
    );
    assert!(figures.missing > states / 10 && figures.torn > 0, "the cuts have to take something: {figures:?}");
}

/// Reports whether the work was such that a cut can harm it.
fn is_of_interest(steps: &[Step]) -> bool {
    let has = |wanted: &dyn Fn(&Change) -> bool| steps.iter().flat_map(|step| &step.changes).any(wanted);
    let is_cut = |change: &Change| matches!(change, Change::Length(path, 0) if path.ends_with("rutter.db-wal"));
    let is_synced = |change: &Change| matches!(change, Change::Sync(path) if path.ends_with("rutter.db-wal"));
    let hooks = steps.iter().filter(|step| step.event.is_some()).count();
    let recorded = steps.iter().filter(|step| step.is_recorded()).count();
    has(&is_cut) && has(&is_synced) && recorded * 10 > hooks * 9
}

/// What was found in all states.
#[derive(Debug, Default)]
struct Figures {
    /// Events that were said and are gone.
    missing: usize,
    /// Runs of bytes that are no record.
    torn: u64,
    /// Events that only the inbox had still.
    taken_in: u64,
    /// States of which all rows were derived again.
    rebuilt: usize,
}

/// A cut: what had been said, and what is left.
struct Cut<'s> {
    env: &'s TestEnv,
    steps: &'s [Step],
    /// How many of the steps were over.
    done: usize,
    next: &'s Step,
    order: Order,
    at: String,
}

impl Cut<'_> {
    fn look(&self, dice: &mut SeededDice, figures: &mut Figures) {
        let at = &self.at;
        // The next one comes before anybody looks, or after.
        let comes_first = below(dice, 2) == 0;
        if comes_first {
            self.go_on();
        }
        let tracker = self.open();
        let found = self.numbers(&tracker);
        figures.missing += (0..self.done).filter(|number| self.steps[*number].is_recorded() && !found.contains(number)).count();
        self.check_events(&found);
        self.check_sessions(&tracker);
        drop(tracker);
        if !comes_first {
            self.go_on();
        }
        let mut tracker = self.open();
        let again = self.numbers(&tracker);
        let next = self.steps.len();
        assert!(again.contains(&next), "{at}: the next one is lost");
        assert_eq!(
            again.iter().filter(|number| **number != next).collect::<Vec<_>>(),
            found.iter().filter(|number| **number != next).collect::<Vec<_>>(),
            "{at}"
        );
        if below(dice, 32) == 0 {
            let report = tracker.rebuild(&mut |_, _| ()).unwrap();
            assert!(report.rows.identical, "{at}: {report:?}");
            figures.rebuilt += 1;
        }
        drop(tracker);
        let store = SqliteStore::open(&self.store(), Access::Read, Duration::ZERO).unwrap();
        assert_eq!(store.check().unwrap(), Vec::<String>::new(), "{at}");
        for (_, position) in store.reads().inbox_positions().unwrap() {
            figures.torn += position.torn;
            figures.taken_in += position.events;
        }
    }

    fn store(&self) -> std::path::PathBuf {
        self.env.path(".local/share/rutter")
    }

    /// Opens the store as a command does, which takes in what waits.
    fn open(&self) -> Tracker {
        let home = self.env.home().to_string_lossy().into_owned();
        let environment = Environment::of([("HOME".to_owned(), home), ("USER".to_owned(), "ada".to_owned())]);
        let clock = Box::new(StillClock::at("2026-02-16T16:30:03.123456Z"));
        let tracker =
            Tracker::open(Config::load(&environment).unwrap(), &self.env.project(), Access::Write, clock, Box::new(SeededDice::new(0)));
        let tracker = tracker.unwrap_or_else(|error| panic!("{}: {error}", self.at));
        let notes: Vec<Note> = tracker.take_notes();
        // Where a disk keeps no order, holes in the log of people look like lines of somebody else.
        let is_quiet = |note: &Note| self.order == Order::None && matches!(note, Note::TakenIn { .. });
        assert!(notes.iter().all(is_quiet), "{}: {notes:?}", self.at);
        tracker
    }

    /// Appends what the hook left when the next one came.
    fn go_on(&self) {
        let (path, record) = self.next.record().unwrap();
        let segment = self.env.home().join(path);
        fs::create_dir_all(segment.parent().unwrap()).unwrap();
        OpenOptions::new().append(true).create(true).open(segment).unwrap().write_all(record).unwrap();
    }

    /// Returns the numbers of the events in the store; none is there twice.
    fn numbers(&self, tracker: &Tracker) -> BTreeSet<usize> {
        let (events, _) = tracker.events(&WantedEvents { all_projects: true, ..WantedEvents::default() }).unwrap();
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for data in events.into_iter().filter_map(|event| event.data) {
            *counts.entry(data["number"].as_u64().unwrap() as usize).or_default() += 1;
        }
        assert!(counts.values().all(|count| *count == 1), "{}: doubled: {counts:?}", self.at);
        counts.into_keys().collect()
    }

    /// What was said before the last boundary is there, and what is missing is the end.
    fn check_events(&self, found: &BTreeSet<usize>) {
        let recorded = || (0..self.steps.len()).filter(|number| self.steps[*number].is_recorded());
        let boundary = (0..self.done).rev().find(|number| self.steps[*number].is_boundary());
        let promised = boundary.map_or(0, |boundary| boundary + 1);
        let lost: Vec<_> = recorded().take_while(|number| *number < promised).filter(|number| !found.contains(number)).collect();
        assert!(lost.is_empty(), "{}: {lost:?} are lost, and {boundary:?} was acknowledged", self.at);
        if self.order == Order::OfAppends {
            let missing = recorded().find(|number| !found.contains(number)).unwrap_or(usize::MAX);
            let behind: Vec<_> = found.iter().filter(|number| **number > missing && **number != self.steps.len()).collect();
            assert!(behind.is_empty(), "{}: {missing} is missing, and {behind:?} are there", self.at);
        }
    }

    /// No session that somebody was shown is gone, and what somebody ended is over.
    fn check_sessions(&self, tracker: &Tracker) {
        let all = Listing { all_projects: true, with_empty: true, limit: None, ..Listing::default() };
        let sessions = tracker.list(&all).unwrap();
        let known: BTreeMap<_, _> = sessions.iter().map(|session| (session.id.to_string(), session)).collect();
        for (number, step) in self.steps[..self.done].iter().enumerate() {
            for id in &step.shown {
                assert!(known.contains_key(id), "{}: {id} was shown by {number} and is gone: {:?}", self.at, known.keys());
            }
            let is_over = step.ended.as_ref().is_none_or(|id| known[id].status().is_ended());
            assert!(is_over, "{}: {:?} was ended by {number}", self.at, step.ended);
        }
    }
}
