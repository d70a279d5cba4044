//! The vault after a cut: what was copied before is there, and everything it says is whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use testkit::{SeededDice, StillClock};
use tracker::{Access, Config, Environment, RestoreFrom, Restoring, Tracker};

use crate::disk::{Change, Disk, Luck, Order};
use crate::work::{Desk, has_strace};

/// Lets transcripts be copied as they come, grow and are written anew, then lets the power go so many times.
#[expect(clippy::print_stdout, reason = "a figure is what this is for")]
pub(crate) fn replay_vault(seed: u64, order: Order, states: usize) {
    if !has_strace() {
        return;
    }
    let mut desk = Desk::new(seed);
    let projects = desk.env.path(".claude/projects/-p");
    let (mut changes, mut copied) = (Vec::<Change>::new(), Vec::new());
    // What each file was, round by round.
    let mut ever = BTreeMap::<PathBuf, Vec<(usize, Vec<u8>)>>::new();
    for round in 0..5_usize {
        for number in 0..=round {
            let folder = projects.join(format!("c{number}/tool-results"));
            fs::create_dir_all(&folder).unwrap();
            // One grows, another one is written anew, each in pieces that no other file has.
            let lines: String = (0..20 + round * 10).map(|line| format!("{{\"of\":{number},\"line\":{line}}}\n")).collect();
            for (path, content) in
                [(projects.join(format!("c{number}.jsonl")), lines.clone()), (folder.join("out.txt"), format!("{round} {lines}"))]
            {
                fs::write(&path, &content).unwrap();
                ever.entry(path).or_default().push((round, content.into_bytes()));
            }
        }
        changes.extend(desk.traced(&["vault", "copy"]));
        copied.push((changes.len(), round as u64 + 1));
    }
    let env = desk.env;
    fs::remove_dir_all(env.home()).unwrap();
    let (mut disk, mut taken, mut ahead, mut compared) = (Disk::new(), 0, 0, 0);
    for state in 0..states {
        let cut = (state + 1) * changes.len() / states;
        changes[taken..cut].iter().for_each(|change| disk.take(change));
        taken = cut;
        let mut dice = SeededDice::new(seed << 32 | state as u64);
        let luck = Luck::drawn(&mut dice);
        disk.leave(&env.home(), order, luck, &mut dice);
        let before = changes.get(cut).map_or_else(|| "nothing".to_owned(), Change::in_words);
        let at = format!("seed {seed}, state {state} of {states}, {order:?}, {luck:?}, cut before {before}");
        let home = env.home().to_string_lossy().into_owned();
        let config = Config::load(&Environment::of([("HOME".to_owned(), home), ("USER".to_owned(), "ada".to_owned())])).unwrap();
        let clock = Box::new(StillClock::at("2026-02-16T16:30:03.123456Z"));
        let tracker = Tracker::open(config, &env.project(), Access::Read, clock, Box::new(SeededDice::new(0)));
        let tracker = tracker.unwrap_or_else(|error| panic!("{at}: {error}"));
        let view = tracker.verify_vault(&mut |_, _| {}).unwrap();
        let promised = copied.iter().filter(|(end, _)| *end <= cut).map(|(_, conversations)| *conversations).max().unwrap_or(0);
        assert!(view.damaged.is_empty() && view.conversations >= promised, "{at}: {promised} {view:?}");
        ahead += usize::from(view.conversations > promised);
        compared += compare(&tracker, promised, &ever, &at);
        fs::remove_dir_all(env.home()).unwrap();
    }
    println!(
        "{states} states of {} changes by {} copies: whole each time, {ahead} times with more than was promised; {compared} files as copied",
        changes.len(),
        copied.len()
    );
    assert!(ahead > 0, "the cuts have to come in the middle of something");
    assert!(compared > states, "something has to be compared");
}

/// Puts everything back that was promised after so many copies, and holds it to what each file was then or later. Returns how many there are.
fn compare(tracker: &Tracker, copies: u64, ever: &BTreeMap<PathBuf, Vec<(usize, Vec<u8>)>>, at: &str) -> usize {
    let Some(last) = usize::try_from(copies).unwrap().checked_sub(1) else { return 0 };
    for number in 0..=last {
        let how = Restoring { from: Some(RestoreFrom::Vault), ..Restoring::default() };
        tracker.restore(&format!("c{number}"), &how).unwrap_or_else(|error| panic!("{at}: {error}"));
    }
    let promised: Vec<_> = ever.iter().filter(|(_, contents)| contents[0].0 <= last).collect();
    for (path, contents) in &promised {
        let content = fs::read(path).unwrap_or_else(|error| panic!("{at}: {}: {error}", path.display()));
        let is_one = contents.iter().any(|(round, held)| *round >= last && *held == content);
        assert!(is_one, "{at}: {} is not what was copied", path.display());
    }
    promised.len()
}
