//! What the client of the pinned version wrote, from the first line to the last.

use std::collections::BTreeSet;
use std::fmt::Write;

use session::transcript::{Facts, Ledger, Usage};

use super::plain::Plain;
use super::{captures, contents, ledger, pass, total};

#[test]
fn a_plain_reader_finds_the_same_in_every_capture() {
    for (name, bytes) in captures() {
        let pass = pass(&bytes);
        assert_eq!((pass.length, pass.unfinished), (bytes.len() as u64, 0), "{name}");
        assert_eq!(Plain::of(&pass), Plain::read(&bytes), "{name}");
    }
}

/// One line for a file: what a person would ask of it.
fn line(name: &str, bytes: &[u8]) -> String {
    let pass = pass(bytes);
    let facts = &pass.facts;
    let (ledger, mut own) = (ledger([facts]), Usage::default());
    facts.own_totals.iter().for_each(|total| own.add(&total.usage));
    let (run, file) = name.rsplit_once('/').unwrap();
    let name = if file.starts_with("agent-") { format!("{} {}", run.split('/').next().unwrap(), &file[..10]) } else { run.to_owned() };
    let answers = |wanted: fn(&session::transcript::Answer) -> bool| facts.answers.iter().filter(|answer| wanted(answer)).count();
    let copied =
        facts.responses.iter().filter(|response| response.is_copied).count() + facts.turns.iter().filter(|turn| turn.is_copied).count();
    let mut text = format!("{name}: {} turns, {} responses of {}", facts.turns.len(), facts.responses.len(), tokens(&total(&ledger)));
    for (count, what) in [
        (facts.calls.len(), "calls"),
        (answers(|answer| answer.is_error), "errors"),
        (answers(|answer| answer.refusal.is_some()), "refused"),
        (facts.counts.sidechain as usize, "sidechain"),
        (facts.counts.synthetic as usize, "synthetic"),
        (facts.compactions.len(), "compactions"),
        (facts.responses.iter().filter(|response| !response.is_final).count(), "at least"),
        (copied, "copied"),
        (facts.counts.broken as usize, "broken"),
    ] {
        if count > 0 {
            write!(text, ", {count} {what}").unwrap();
        }
    }
    if own != Usage::default() {
        write!(text, "; own {}", if own == classes(&total(&ledger)) { "the same".to_owned() } else { tokens(&own) }).unwrap();
    }
    text
}

fn tokens(usage: &Usage) -> String {
    format!("{}+{}+{}+{}", usage.input, usage.output, usage.cache_write, usage.cache_read)
}

/// Returns the classes of which the client gives totals.
fn classes(usage: &Usage) -> Usage {
    let Usage { input, output, cache_write, cache_read, searches, .. } = *usage;
    Usage { input, output, cache_write, cache_read, searches, ..Usage::default() }
}

/// Tokens are input, output, written to a cache, read from a cache.
#[test]
fn every_capture_says_what_happened_in_it() {
    let lines: Vec<String> = captures().iter().map(|(name, bytes)| line(name, bytes)).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    api-error-400: 1 turns, 0 responses of 0+0+0+0, 1 synthetic
    api-error-401-retries: 1 turns, 0 responses of 0+0+0+0
    api-error-429: 1 turns, 0 responses of 0+0+0+0, 1 synthetic
    api-retry-529: 1 turns, 1 responses of 7+13+1500+0; own the same
    background-session: 1 turns, 4 responses of 34+231+1860+4860, 4 calls, 2 errors; own the same
    bash-background: 1 turns, 3 responses of 24+76+1740+3120, 1 calls; own the same
    branched-and-rewound/branch: 6 turns, 9 responses of 100+280+2460+15480, 4 calls, 2 errors, 2 refused, 1 synthetic, 13 copied; own 16+8+120+2460
    branched-and-rewound/original: 6 turns, 9 responses of 97+280+2460+15120, 4 calls, 2 errors, 2 refused, 1 synthetic; own the same
    cd: 1 turns, 3 responses of 24+87+1740+3120, 2 calls; own the same
    chosen-session-id: 1 turns, 1 responses of 7+8+1500+0; own the same
    cleared/after: 1 turns, 3 responses of 24+92+1740+3120, 2 calls, 2 errors, 1 compactions; own 33+150+1860+4740
    cleared/before: 1 turns, 4 responses of 34+231+1860+4860, 4 calls; own the same
    compacted-auto: 2 turns, 8 responses of 82+349+22220+159840, 7 calls, 1 compactions; own 93+407+22340+161700
    compacted-manual-and-resumed: 4 turns, 7 responses of 65+251+2220+10200, 4 calls, 1 compactions; own 78+309+2340+12300
    concurrent-processes: 5 turns, 6 responses of 55+80+2100+8460, 1 calls; own 34+64+1860+4860
    forked-by-flag: 4 turns, 7 responses of 70+251+2220+10800, 4 calls, 9 copied; own the same
    interactive-api-errors: 5 turns, 2 responses of 15+14+1620+1500, 4 synthetic; own 15+23+1620+1500
    interactive-errors-and-escape: 4 turns, 4 responses of 34+121+1860+4860, 2 calls, 2 errors, 1 refused, 1 synthetic, 1 at least; own 34+129+1860+4860
    killed-and-resumed: 2 turns, 2 responses of 16+67+1620+1620, 1 calls, 1 errors, 1 refused, 1 synthetic; own 9+8+120+1620
    killed-during-stream: 1 turns, 0 responses of 0+0+0+0
    killed-during-tool: 1 turns, 1 responses of 7+59+1500+0, 1 calls
    max-tokens: 1 turns, 2 responses of 15+24+1620+1500; own the same
    new: 1 turns, 4 responses of 34+227+1860+4860, 4 calls; own the same
    permission-denied: 1 turns, 2 responses of 15+57+1620+1500, 1 calls, 1 errors, 1 refused; own the same
    prompt-too-long: 1 turns, 0 responses of 0+0+0+0, 1 synthetic
    queued-mid-turn: 1 turns, 2 responses of 15+54+1620+1500, 1 calls; own the same
    refusal: 1 turns, 2 responses of 15+21+1620+1500; own the same
    resumed-and-continued: 3 turns, 6 responses of 57+243+2100+8700, 4 calls; own the same
    sigint: 1 turns, 1 responses of 7+59+1500+0, 1 calls, 1 errors, 1 refused; own the same
    sigterm: 1 turns, 1 responses of 7+59+1500+0, 1 calls, 1 errors; own the same
    subagent agent-a87e: 0 turns, 2 responses of 15+48+1620+1500, 1 calls, 15 sidechain
    subagent: 1 turns, 2 responses of 15+86+1620+1500, 1 calls; own 30+134+3240+3000
    subagent-background agent-a4d3: 0 turns, 2 responses of 15+48+1620+1500, 1 calls, 15 sidechain
    subagent-background: 1 turns, 3 responses of 24+87+1740+3120, 1 calls; own 39+135+3360+4620
    subagents-parallel agent-a21a: 0 turns, 2 responses of 15+48+1620+1500, 1 calls, 13 sidechain
    subagents-parallel agent-aec6: 0 turns, 2 responses of 15+48+1620+1500, 1 calls, 15 sidechain
    subagents-parallel: 1 turns, 2 responses of 15+116+1620+1500, 2 calls; own 45+212+4860+4500
    tasks: 1 turns, 4 responses of 34+180+1860+4860, 4 calls; own the same
    tool-failures: 1 turns, 3 responses of 24+92+1740+3120, 2 calls, 2 errors; own the same
    worktree-exited-after-resume: 2 turns, 5 responses of 45+117+1980+6720, 3 calls; own the same
    worktree-moved: 1 turns, 3 responses of 24+75+1740+3120, 2 calls; own the same
    ");
}

fn facts_of(runs: &[&str]) -> Vec<Facts> {
    let is_of = |name: &str| runs.iter().any(|run| name.starts_with(&format!("{run}/")));
    captures().iter().filter(|(name, _)| is_of(name)).map(|(_, bytes)| pass(bytes).facts).collect()
}

fn laid(runs: &[&str]) -> Ledger {
    ledger(&facts_of(runs))
}

/// Turns, responses, tokens.
fn sum(ledger: &Ledger) -> String {
    format!("{} turns, {} responses of {}", ledger.turns().count(), ledger.responses().count(), tokens(&total(ledger)))
}

#[test]
fn a_file_that_grew_counts_once_however_often_it_was_kept() {
    // The earlier ones are the beginning of the last one.
    for runs in [
        &["new", "resumed-and-continued", "compacted-manual-and-resumed"][..],
        &["killed-during-tool", "killed-and-resumed"],
        &["worktree-moved", "worktree-exited-after-resume"],
    ] {
        assert_eq!(contents(&laid(runs)), contents(&laid(&runs[runs.len() - 1..])), "{runs:?}");
    }
}

#[test]
fn what_was_forked_counts_once_and_belongs_to_the_original() {
    // One prompt and its response are new: 13+8+120+2100 more than the original.
    assert_eq!(sum(&laid(&["resumed-and-continued"])), "3 turns, 6 responses of 57+243+2100+8700");
    assert_eq!(sum(&laid(&["resumed-and-continued", "forked-by-flag"])), "4 turns, 7 responses of 70+251+2220+10800");
    // A branch, and then a prompt in each: 16+8+120+2460 is the branch's.
    assert_eq!(sum(&laid(&["branched-and-rewound/original"])), "6 turns, 9 responses of 97+280+2460+15120");
    assert_eq!(sum(&laid(&["branched-and-rewound"])), "7 turns, 10 responses of 113+288+2580+17580");
    for runs in [&["resumed-and-continued", "forked-by-flag"][..], &["branched-and-rewound"]] {
        let ledger = laid(runs);
        let turns = ledger.turns().filter(|turn| turn.is_copied).count();
        let calls = ledger.calls().filter(|(call, _)| call.is_copied).count();
        assert_eq!((ledger.responses().filter(|response| response.is_copied).count(), turns, calls), (0, 0, 0), "{runs:?}");
    }
}

#[test]
fn a_fork_alone_says_what_it_was_copied_from() {
    let facts = &facts_of(&["forked-by-flag"])[0];
    let origins: Vec<_> = facts.origins.iter().filter_map(|origin| facts.name(*origin)).collect();
    assert_eq!(origins, ["ec51036c-1976-4d78-a5d7-331869a23fc0"]);
    let whose = |is_copied: bool| -> BTreeSet<_> {
        let own = facts.responses.iter().filter(|response| response.is_copied == is_copied);
        own.filter_map(|response| facts.name(response.conversation)).collect()
    };
    assert_eq!(whose(true), origins.into_iter().collect());
    assert_eq!(whose(false), ["f3baaa70-678a-4c4b-a049-ed5df5865bf9"].into());
    // Prompts have no mark: they are copied because a copied response stands behind them.
    assert_eq!(facts.turns.iter().map(|turn| turn.is_copied).collect::<Vec<_>>(), [true, true, true, false]);
}

#[test]
fn all_captures_together_hold_every_token_once() {
    let files: Vec<_> = captures().into_iter().map(|(_, bytes)| bytes).collect();
    let facts: Vec<_> = files.iter().map(|bytes| pass(bytes).facts).collect();
    let together = ledger(&facts);
    // Less 4+6+3+1 responses of four files that are the beginning of others, and 6+8 that two forks have copied.
    let each: usize = facts.iter().map(|facts| facts.responses.len()).sum();
    assert_eq!((each, together.responses().count()), (124, 96));
    assert_eq!(sum(&together), "55 turns, 96 responses of 838+3060+72800+258060");
    let mut plain: Vec<Plain> = files.iter().map(|bytes| Plain::read(bytes)).collect();
    let first = plain.remove(0);
    let used = plain.into_iter().fold(first, Plain::and).used();
    let total = total(&together);
    assert_eq!([total.input, total.output, total.cache_write, total.cache_read], used);
    facts.iter().for_each(|facts| assert!(super::total(&ledger([facts])).total() <= total.total()));
}
