//! `mocha`: `1 passing (13ms)`, `2 pending`, `2 failing`, and then the failures, numbered, each with its suites on lines of their own.

use super::items::{is_duration, item};
use super::tally::Tally;
use super::{Reader, TestRun};

/// How many lines the name of one test may have.
const MOST_LINES: usize = 20;

#[derive(Default)]
pub(super) struct Mocha {
    tally: Tally,
    part: Part,
    /// How many failures were listed.
    listed: u32,
    name: Vec<String>,
}

/// What the next line may be.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Part {
    #[default]
    Tests,
    Numbers,
    Failures,
}

impl Reader for Mocha {
    fn line(&mut self, line: &str) {
        if self.part == Part::Failures && self.failure(line) {
            return;
        }
        match line.strip_prefix("  ").filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit())).and_then(item) {
            Some((number, words)) if is_result(words) => {
                self.tally.add(number, 0, 0);
                self.part = Part::Numbers;
            }
            Some((number, "pending")) if self.part == Part::Numbers => self.tally.add(0, 0, number),
            Some((number, "failing")) if self.part == Part::Numbers => {
                self.tally.add(0, number, 0);
                (self.part, self.listed) = (Part::Failures, 0);
            }
            _ => {}
        }
    }

    fn finish(self: Box<Self>) -> Option<TestRun> {
        self.tally.finish("mocha")
    }
}

impl Mocha {
    /// Takes a line of a failure's name, if it is one: they end with a colon.
    fn failure(&mut self, line: &str) -> bool {
        let words = match line.strip_prefix(&format!("  {}) ", self.listed.saturating_add(1))) {
            Some(first) => {
                self.listed = self.listed.saturating_add(1);
                self.name.clear();
                first
            }
            None if self.name.is_empty() => return false,
            None => line.trim(),
        };
        let is_last = words.ends_with(':') || self.name.len() + 1 >= MOST_LINES;
        self.name.push(words.trim_end_matches(':').chars().take(300).collect());
        if is_last {
            self.tally.name(&self.name.join(" "));
            self.name.clear();
        }
        true
    }
}

/// `passing (13ms)`
fn is_result(words: &str) -> bool {
    words.strip_prefix("passing (").and_then(|time| time.strip_suffix(')')).is_some_and(is_duration)
}
