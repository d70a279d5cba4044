//! Files that grow, and are read in parts: what comes of all of them together is what one pass finds.

use agents::TranscriptBuffers;
use agents::claude_code::transcript::{Pass, Wanted, read};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use session::transcript::{Facts, Ledger};

use super::{capture, captures, contents, ledger, pass};

/// Reads a file that was so long at some moments, each time from where the last pass ended.
fn passes(bytes: &[u8], mut lengths: Vec<usize>) -> Vec<Pass> {
    lengths.push(bytes.len());
    lengths.sort_unstable();
    let mut place = 0;
    let mut next = |length: usize| {
        let pass = pass(&bytes[place..length]);
        assert_eq!(place + (pass.length + pass.unfinished) as usize, length);
        place += pass.length as usize;
        pass
    };
    lengths.into_iter().map(&mut next).collect()
}

/// Returns facts with their strings in the order in which they are used: a title that was replaced leaves one behind.
fn tidied(facts: Facts) -> (Facts, Facts) {
    facts.split_usage()
}

fn appended(passes: Vec<Pass>) -> Facts {
    let parts = passes.into_iter().map(|pass| pass.facts);
    parts
        .reduce(|mut whole, next| {
            whole.append(next);
            whole
        })
        .unwrap()
}

#[test]
fn a_file_cut_anywhere_is_its_whole_lines_and_goes_on_from_there() {
    let mut buffers = TranscriptBuffers::default();
    for run in ["killed-and-resumed", "forked-by-flag"] {
        let bytes = capture(run);
        let bytes = &bytes[..bytes.len().min(20 << 10)];
        let whole = pass(bytes).facts;
        // A last line that is whole is taken; what comes of a cut changes only there.
        let mut known: Option<(usize, bool, Facts)> = None;
        for length in bytes.len().saturating_sub(4 << 10)..=bytes.len() {
            let end = bytes[..length].iter().rposition(|&byte| byte == b'\n').map_or(0, |feed| feed + 1);
            let is_whole = serde_json::from_slice::<Value>(&bytes[end..length]).is_ok_and(|value| value.is_object());
            let found = read(&mut &bytes[..length], Wanted::Everything, &mut buffers).unwrap();
            let taken = if is_whole { length } else { end };
            assert_eq!((found.length, found.unfinished), (taken as u64, (length - taken) as u64), "{run} {length}");
            if known.as_ref().is_none_or(|(held, was_whole, _)| (*held, *was_whole) != (end, is_whole)) {
                let lines = [&bytes[..taken], if is_whole { b"\n" } else { b"" }].concat();
                let facts = pass(&lines).facts;
                let parts = vec![Pass { facts: facts.clone(), ..found.clone() }, pass(&bytes[taken..])];
                assert_eq!(tidied(appended(parts)), tidied(whole.clone()), "{run} {length}");
                known = Some((end, is_whole, facts));
            }
            assert_eq!(Some(&found.facts), known.as_ref().map(|(_, _, facts)| facts), "{run} {length}");
        }
    }
}

/// Returns what a ledger holds, less whose prompts are: that only a copied response tells which stands behind them.
fn without_owners_of_turns(ledger: &Ledger) -> Vec<String> {
    let turns = ledger.turns().map(|turn| format!("turn {}", turn.record));
    let mut all: Vec<String> = contents(ledger).into_iter().filter(|line| !line.starts_with("turn")).chain(turns).collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn passes_of_whatever_length_find_what_one_finds(which: Index, cuts in prop::collection::vec(any::<Index>(), 0..9)) {
        let captures = captures();
        let (name, bytes) = which.get(&captures);
        let parts = passes(bytes, cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect());
        let whole = pass(bytes).facts;
        let laid = ledger(parts.iter().map(|part| &part.facts));
        if name.starts_with("forked-by-flag/") {
            prop_assert_eq!(without_owners_of_turns(&laid), without_owners_of_turns(&ledger([&whole])));
        } else {
            prop_assert_eq!(contents(&laid), contents(&ledger([&whole])));
        }
        let halves: Vec<Facts> = parts.iter().flat_map(|part| <[Facts; 2]>::from(part.facts.clone().split_usage())).collect();
        prop_assert_eq!(contents(&ledger(&halves)), contents(&laid));
        prop_assert_eq!(tidied(appended(parts)), tidied(whole));
    }

    #[test]
    fn parts_of_many_files_in_any_order_and_more_than_once_say_the_same(
        cuts in prop::collection::vec((any::<Index>(), any::<Index>()), 0..20),
        again in prop::collection::vec(any::<Index>(), 0..20),
        seed: u64,
    ) {
        let captures = captures();
        let mut lengths = vec![Vec::new(); captures.len()];
        for (which, cut) in cuts {
            let which = which.index(captures.len());
            lengths[which].push(cut.index(captures[which].1.len() + 1));
        }
        let of_file = |((_, bytes), lengths): (&(String, Vec<u8>), Vec<usize>)| appended(passes(bytes, lengths));
        let files: Vec<Facts> = captures.iter().zip(lengths).map(of_file).collect();
        let wanted = contents(&ledger(&files));
        let mut parts: Vec<Facts> = again.iter().map(|which| which.get(&files).clone()).collect();
        parts.extend(files.iter().flat_map(|file| <[Facts; 2]>::from(file.clone().split_usage())));
        let mut dice = crate::varied::Dice::new(seed);
        (1..parts.len()).rev().for_each(|place| parts.swap(place, dice.below(place + 1)));
        prop_assert_eq!(contents(&ledger(&parts)), wanted);
    }
}
