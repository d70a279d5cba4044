//! Files that grow, and are read in parts: what comes of all of them together is what one pass finds.

use agents::TranscriptBuffers;
use agents::transcripts::{Agent, Carried, Pass, Wanted};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use session::transcript::{Facts, Ledger};

use super::{captures_of, contents, ledger, read};

/// Those whose files are lines.
const OF_LINES: [Agent; 4] = [Agent::ClaudeCode, Agent::Codex, Agent::Gemini, Agent::Copilot];

fn whole(agent: Agent, bytes: &[u8]) -> Pass {
    read(agent, bytes, &Carried::default())
}

/// Reads a file that was so long at some moments, each time from where the last pass ended, with what it carried on.
fn passes(agent: Agent, bytes: &[u8], mut lengths: Vec<usize>) -> Vec<Pass> {
    lengths.push(bytes.len());
    lengths.sort_unstable();
    let (mut place, mut carried) = (0, Carried::default());
    let mut next = |length: usize| {
        let pass = read(agent, &bytes[place..length], &carried);
        assert_eq!(place + (pass.length + pass.unfinished) as usize, length);
        place += pass.length as usize;
        // As somebody keeps it.
        carried = Carried::from_bytes(pass.carried.as_bytes().to_vec());
        assert!(agent.can_go_on(&carried));
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
    for agent in OF_LINES {
        let captures = captures_of(agent);
        let of_claude_code = |name: &str| name.starts_with("killed-and-resumed/") || name.starts_with("forked-by-flag/");
        let wanted = captures.iter().filter(|(name, _)| agent != Agent::ClaudeCode || of_claude_code(name));
        for (name, bytes) in wanted {
            let bytes = if agent == Agent::ClaudeCode { &bytes[..bytes.len().min(20 << 10)] } else { bytes };
            cut_anywhere(agent, name, bytes);
        }
    }
}

/// Cuts a file at every byte of its last 4 KiB.
fn cut_anywhere(agent: Agent, name: &str, bytes: &[u8]) {
    let mut buffers = TranscriptBuffers::default();
    let all = whole(agent, bytes);
    // A last line that is whole is taken; what comes of a cut changes only there.
    let mut known: Option<(usize, bool, Facts)> = None;
    for length in bytes.len().saturating_sub(4 << 10)..=bytes.len() {
        let end = bytes[..length].iter().rposition(|&byte| byte == b'\n').map_or(0, |feed| feed + 1);
        let is_whole = serde_json::from_slice::<Value>(&bytes[end..length]).is_ok_and(|value| value.is_object());
        let found = agent.read(&mut &bytes[..length], Wanted::Everything, &Carried::default(), &mut buffers).unwrap();
        let taken = if is_whole { length } else { end };
        assert_eq!((found.length, found.unfinished), (taken as u64, (length - taken) as u64), "{name} {length}");
        if known.as_ref().is_none_or(|(held, was_whole, _)| (*held, *was_whole) != (end, is_whole)) {
            let lines = [&bytes[..taken], if is_whole { b"\n" } else { b"" }].concat();
            let facts = whole(agent, &lines).facts;
            let rest = read(agent, &bytes[taken..], &found.carried);
            assert_eq!(rest.carried, all.carried, "{name} {length}");
            let parts = vec![Pass { facts: facts.clone(), ..found.clone() }, rest];
            assert_eq!(tidied(appended(parts)), tidied(all.facts.clone()), "{name} {length}");
            known = Some((end, is_whole, facts));
        }
        assert_eq!(Some(&found.facts), known.as_ref().map(|(_, _, facts)| facts), "{name} {length}");
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
    fn passes_of_whatever_length_find_what_one_finds(
        agent in prop::sample::select(&OF_LINES[..]), which: Index, cuts in prop::collection::vec(any::<Index>(), 0..9),
    ) {
        let captures = captures_of(agent);
        let (name, bytes) = which.get(&captures);
        let parts = passes(agent, bytes, cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect());
        let Pass { facts: whole, carried, .. } = whole(agent, bytes);
        prop_assert_eq!(parts.last().map(|part| &part.carried), Some(&carried));
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
        agent in prop::sample::select(&OF_LINES[..]),
        cuts in prop::collection::vec((any::<Index>(), any::<Index>()), 0..20),
        again in prop::collection::vec(any::<Index>(), 0..20),
        seed: u64,
    ) {
        let captures = captures_of(agent);
        let mut lengths = vec![Vec::new(); captures.len()];
        for (which, cut) in cuts {
            let which = which.index(captures.len());
            lengths[which].push(cut.index(captures[which].1.len() + 1));
        }
        let of_file = |((_, bytes), lengths): (&(String, Vec<u8>), Vec<usize>)| appended(passes(agent, bytes, lengths));
        let files: Vec<Facts> = captures.iter().zip(lengths).map(of_file).collect();
        let wanted = contents(&ledger(&files));
        let mut parts: Vec<Facts> = again.iter().map(|which| which.get(&files).clone()).collect();
        parts.extend(files.iter().flat_map(|file| <[Facts; 2]>::from(file.clone().split_usage())));
        let mut dice = crate::varied::Dice::new(seed);
        (1..parts.len()).rev().for_each(|place| parts.swap(place, dice.below(place + 1)));
        prop_assert_eq!(contents(&ledger(&parts)), wanted);
    }
}
