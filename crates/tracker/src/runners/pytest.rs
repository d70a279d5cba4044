//! `pytest`: a last line with all numbers, between `=` or, with `-q`, bare; and names in the short summary before it.
//!
//! What could not be collected or set up failed, too. An expected failure is a test that says nothing, hence skipped; one that passed all
//! the same passed.

use super::items::{is_duration, items, sum};
use super::tally::{Names, Tally};
use super::{Reader, TestRun};

#[derive(Default)]
pub(super) struct Pytest {
    tally: Tally,
    names: Names,
    part: Part,
}

/// Which part of the report the next line is in.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Part {
    #[default]
    Start,
    /// What failed tests printed is shown.
    Printed,
    Summary,
}

impl Reader for Pytest {
    fn line(&mut self, line: &str) {
        if line.starts_with('=') {
            self.heading(line.trim_matches(['=', ' ']));
        } else if line.starts_with(|first: char| first.is_ascii_digit() || first == 'n') {
            self.result(line, false);
        } else if self.part != Part::Printed
            && let Some(name) = failure(line, self.part == Part::Summary)
        {
            self.names.add(name);
        }
    }

    fn holds(&self) -> bool {
        self.part == Part::Printed
    }

    fn finish(self: Box<Self>) -> Option<TestRun> {
        self.tally.finish("pytest")
    }
}

impl Pytest {
    fn heading(&mut self, words: &str) {
        match words {
            "FAILURES" | "ERRORS" | "PASSES" | "XPASSES" | "XFAILURES" => self.part = Part::Printed,
            "short test summary info" => {
                self.part = Part::Summary;
                self.names = Names::default();
            }
            _ => self.result(words, true),
        }
    }

    /// `3 failed, 5 passed in 0.12s`
    fn result(&mut self, line: &str, is_heading: bool) {
        let Some([passed, failed, skipped]) = result(line, is_heading) else {
            return;
        };
        self.tally.add(passed, failed, skipped);
        self.part = Part::Start;
        let names = self.names.take();
        if failed > 0 {
            self.tally.names(names);
        }
    }
}

fn result(line: &str, is_heading: bool) -> Option<[u32; 3]> {
    let (numbers, time) = line.trim_end().rsplit_once(" in ")?;
    let (seconds, clock) = time.split_once(' ').unwrap_or((time, ""));
    let is_clock = clock.is_empty() || clock == "seconds" || (clock.starts_with('(') && clock.ends_with(')'));
    let is_time = is_clock && (is_duration(seconds) || (clock == "seconds" && seconds.parse::<f64>().is_ok()));
    if !is_time {
        return None;
    }
    if numbers == "no tests ran" {
        return Some([0, 0, 0]);
    }
    let items = items(numbers, ",")?;
    let is_result = |(_, word): &(u32, &str)| WORDS.contains(word);
    let is_sure = if is_heading { items.iter().any(is_result) } else { items.iter().any(is_result) && items.iter().all(has_few_words) };
    is_sure.then(|| {
        let [passed, skipped] = [["passed", "xpassed"], ["skipped", "xfailed"]].map(|words| sum(&items, &words));
        [passed, sum(&items, &["failed", "error", "errors"]), skipped]
    })
}

const WORDS: [&str; 8] = ["passed", "failed", "skipped", "xfailed", "xpassed", "error", "errors", "deselected"];

fn has_few_words((_, words): &(u32, &str)) -> bool {
    words.split(' ').count() <= 2
}

/// Returns the name in a line of the short summary. Outside of it (its heading may be cut off) only what has a test's name is one.
fn failure(line: &str, is_in_summary: bool) -> Option<&str> {
    let (status, rest) = line.split_once(' ')?;
    match status {
        "FAILED" => node(rest).filter(|name| name.contains("::") || is_in_summary),
        "ERROR" => node(rest).filter(|name| name.contains("::") || (is_in_summary && !name.contains(' '))),
        _ if line.starts_with("SUBFAIL") => subtest(line),
        _ => None,
    }
}

/// `path::name[a - b] - message`: a parameter may hold the separator.
fn node(text: &str) -> Option<&str> {
    let name = text.split_once(" - ").map_or(text, |(name, _)| name);
    let is_open = name.split_once("::").is_some_and(|(_, test)| test.contains('[')) && !name.ends_with(']');
    let name = match text.find("] - ") {
        Some(end) if is_open => &text[..=end],
        None if is_open && text.ends_with(']') => text,
        _ => name,
    };
    Some(name.trim()).filter(|name| !name.is_empty())
}

/// `SUBFAILED(i=1) path::name - message`
fn subtest(line: &str) -> Option<&str> {
    let colons = line.find("::")?;
    let start = line[..colons].rfind(' ')?;
    node(&line[start + 1..])
}
