//! `cargo nextest`: a word in the first twelve columns of each of its own lines, and a summary.
//!
//! From its first line to the summary everything else is what tests printed. Those are programs of `cargo test`, and print what it prints.

use super::items::{item, items, sum};
use super::tally::{Names, Tally};
use super::{Reader, TestRun};

#[derive(Default)]
pub(super) struct Nextest {
    tally: Tally,
    is_running: bool,
    failed: Names,
    /// What the last summary left to be told: its failures are named once more behind it.
    is_summed_up: bool,
}

impl Reader for Nextest {
    fn line(&mut self, line: &str) {
        let Some((word, rest)) = columns(line) else {
            return;
        };
        match word {
            "Nextest run" | "Starting" => self.begin(word, rest),
            "Summary" => self.summary(rest),
            _ => self.status(word, rest),
        }
    }

    fn holds(&self) -> bool {
        self.is_running
    }

    fn finish(mut self: Box<Self>) -> Option<TestRun> {
        if self.is_summed_up {
            self.tally.names(self.failed.take());
        }
        self.tally.finish("cargo nextest")
    }
}

impl Nextest {
    fn begin(&mut self, word: &str, rest: &str) {
        let is_first = if word == "Starting" { rest.contains(" across ") } else { rest.starts_with("ID ") };
        if is_first && !self.is_running {
            self.is_running = true;
            let before = self.failed.take();
            if std::mem::take(&mut self.is_summed_up) {
                self.tally.names(before);
            }
        }
    }

    /// `[   4.875s] 7 tests run: 4 passed (1 flaky), 2 failed, 1 timed out, 1 skipped`
    fn summary(&mut self, rest: &str) {
        let Some((_, numbers)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) else {
            return;
        };
        let Some((run, numbers)) = numbers.split_once(" run: ") else {
            return;
        };
        let is_of_tests = run.ends_with(" tests") || run.ends_with(" test");
        let Some(items) = items(&without_parentheses(numbers), ",").filter(|_| is_of_tests).map(|items| counts(&items)) else {
            return;
        };
        let [passed, failed, skipped] = items;
        self.tally.add(passed, failed, skipped);
        self.is_running = false;
        self.is_summed_up = true;
    }

    /// `FAIL [   0.213s] (2/7) shop tests::deep::wrong_sum`; a test that passed when tried again did not fail.
    fn status(&mut self, word: &str, rest: &str) {
        let Some((_, test)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) else {
            return;
        };
        let test = test.strip_prefix('(').and_then(|place| place.split_once(") ")).map_or(test, |(_, test)| test);
        match word.rsplit(' ').next() {
            Some("PASS" | "LEAK" | "FLAKY") => self.failed.remove(test),
            Some(status) if is_failure(status) => self.failed.add(test),
            _ => {}
        }
    }
}

fn counts(items: &[(u32, &str)]) -> [u32; 3] {
    [sum(items, &["passed"]), sum(items, &["failed", "timed out", "exec failed", "errored"]), sum(items, &["skipped"])]
}

fn is_failure(status: &str) -> bool {
    status.ends_with("FAIL") || status.starts_with("SIG") || matches!(status, "TMT" | "TIMEOUT" | "ABORT" | "FLKY-FL" | "XFAIL")
}

/// Returns the word in the first twelve columns, aligned at their right, and what follows it. Tests' own output is indented differently.
fn columns(line: &str) -> Option<(&str, &str)> {
    let (word, rest) = line.split_at_checked(12)?;
    let is_aligned = !word.ends_with(' ') && word.trim_start().starts_with(|first: char| first.is_ascii_uppercase());
    Some((word.trim_start(), rest.strip_prefix(' ').filter(|_| is_aligned)?))
}

/// What is in parentheses counts what was counted before them.
fn without_parentheses(numbers: &str) -> String {
    let mut depth = 0_usize;
    let outside = numbers.chars().filter(|letter| {
        depth = depth.saturating_add(usize::from(*letter == '('));
        let is_outside = depth == 0;
        depth = depth.saturating_sub(usize::from(*letter == ')'));
        is_outside
    });
    let kept: String = outside.collect();
    kept.split(',').filter(|part| item(part).is_some()).map(str::trim).collect::<Vec<_>>().join(",")
}
