//! The Test Anything Protocol: `1..5`, `ok 1 - adds`, `not ok 2 - wrong sum`.
//!
//! Sub-tests are indented, and a test that has some says only what they came to, before them or behind them: it is not counted. What is
//! yet to be done is skipped, whatever came of it.

use super::items::number_of;
use super::tally::{Tally, Verdict};
use super::{Reader, TestRun};

#[derive(Default)]
pub(super) struct Tap {
    tally: Tally,
    /// A version or a plan was seen. Other programs say `ok`, too.
    is_tap: bool,
    /// How far the last test was indented.
    depth: usize,
    /// How far the explanation that is open is indented.
    explained: Option<usize>,
    /// How many tests were announced, and how many of them said what they came to.
    planned: Option<u64>,
    told: u64,
}

impl Reader for Tap {
    fn line(&mut self, line: &str) {
        let words = line.trim_start_matches(' ');
        let depth = line.len() - words.len();
        let words = words.trim_end();
        if self.explained.is_some() {
            self.explained = self.explained.filter(|open| words != "..." || *open != depth);
            return;
        }
        match words {
            "---" if depth > self.depth && self.is_tap => self.explained = Some(depth),
            // The sub-tests of a test that was told before them are over.
            "}" => self.depth = self.depth.min(depth),
            _ => self.words(words, depth),
        }
    }

    fn finish(mut self: Box<Self>) -> Option<TestRun> {
        // Who was announced and said nothing did not pass.
        let missing = self.planned.unwrap_or(0).saturating_sub(self.told).min(1_000_000);
        (0..missing).for_each(|_| self.tally.add_one(Verdict::Failed));
        self.tally.finish("TAP").filter(|_| self.is_tap)
    }
}

impl Tap {
    fn words(&mut self, words: &str, depth: usize) {
        if depth == 0 && is_beginning(words) {
            self.is_tap = true;
            self.planned = plan_of(words).or(self.planned);
            return;
        }
        if depth == 0 && words.starts_with("Bail out!") && self.is_tap {
            self.tally.add_one(Verdict::Failed);
            self.tally.name(words);
            self.planned = None;
            return;
        }
        let Some((verdict, name)) = point(words) else {
            return;
        };
        self.told += u64::from(depth == 0);
        let has_sub_tests = self.depth > depth || words.ends_with(" {");
        self.depth = depth;
        if has_sub_tests {
            return;
        }
        self.tally.add_one(verdict);
        if verdict == Verdict::Failed {
            self.tally.name(name);
        }
    }
}

/// `TAP version 13`, `1..5`
fn is_beginning(words: &str) -> bool {
    words.starts_with("TAP version ") || plan_of(words).is_some()
}

/// Returns how many tests a plan announces.
fn plan_of(words: &str) -> Option<u64> {
    let plan = words.split_once(" #").map_or(words, |(plan, _)| plan).trim_end();
    plan.strip_prefix("1..").and_then(number_of).map(u64::from)
}

fn point(words: &str) -> Option<(Verdict, &str)> {
    let (is_ok, rest) = match words.strip_prefix("not ok") {
        Some(rest) => (false, rest),
        None => (true, words.strip_prefix("ok")?),
    };
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    let (name, comment) = rest.split_once(" # ").unwrap_or((rest, ""));
    let directive = comment.split([' ', ':']).next().unwrap_or_default();
    let is_skipped = ["skip", "skipped", "todo"].iter().any(|word| directive.eq_ignore_ascii_case(word));
    let verdict = match is_ok {
        _ if is_skipped => Verdict::Skipped,
        true => Verdict::Passed,
        false => Verdict::Failed,
    };
    Some((verdict, without_number(name.trim())))
}

fn without_number(name: &str) -> &str {
    let rest = name.trim_start_matches(|digit: char| digit.is_ascii_digit()).trim_start();
    let title = rest.strip_prefix("- ").unwrap_or(rest);
    if title.is_empty() { name } else { title }
}
