//! `cargo test`: one block for each binary and for doc-tests, from `running 5 tests` to `test result:`.
//!
//! Between them is shown what failed tests printed, which may look like anything. So within a block only a result that accounts for all
//! tests of the block is its end. Where the beginning was cut off (`| tail`), a result is taken as it stands.

use super::items::{items, number_of, sum};
use super::tally::{Names, Tally, Verdict};
use super::{Reader, TestRun};

#[derive(Default)]
pub(super) struct CargoTest {
    tally: Tally,
    block: Option<Block>,
    part: Part,
    /// Named one by one, as they failed.
    reported: Names,
    /// The list at the end of a block.
    listed: Names,
}

/// What a block holds so far.
#[derive(Default)]
struct Block {
    planned: u32,
    verdicts: Vec<(u32, Verdict)>,
    /// A result that does not account for all tests: perhaps a test printed it.
    doubtful: Option<Outcome>,
}

/// What a result says.
#[derive(Clone, Copy)]
struct Outcome {
    passed: u32,
    failed: u32,
    skipped: u32,
    measured: u32,
}

/// Where in a block the next line is.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Part {
    #[default]
    Tests,
    /// What tests printed is shown.
    Printed,
    /// Failed tests are listed.
    List,
}

impl Reader for CargoTest {
    fn line(&mut self, line: &str) {
        if self.part == Part::List && self.listed_name(line) {
            return;
        }
        match line {
            "failures:" | "successes:" => self.section(line),
            _ if is_next_binary(line) => self.break_off(false),
            _ if line.starts_with("error: test failed") || line.starts_with("error: doctest failed") => self.break_off(true),
            _ if line.starts_with("test result: ") => self.result(line),
            _ if self.part != Part::Tests => {}
            _ if line.starts_with("running ") => self.begin(line),
            _ if line.starts_with("test ") => self.test(line),
            _ => {}
        }
    }

    fn holds(&self) -> bool {
        self.block.is_some() && self.part != Part::Tests
    }

    fn finish(mut self: Box<Self>) -> Option<TestRun> {
        self.break_off(false);
        self.tally.finish("cargo test")
    }
}

impl CargoTest {
    fn begin(&mut self, line: &str) {
        let Some(planned) = line.strip_prefix("running ").and_then(|rest| rest.strip_suffix(" tests").or(rest.strip_suffix(" test")))
        else {
            return;
        };
        if let Some(planned) = number_of(planned) {
            self.break_off(false);
            self.block = Some(Block { planned, ..Block::default() });
        }
    }

    /// `test a::b ... FAILED`
    fn test(&mut self, line: &str) {
        let Some((name, verdict)) = line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... ")) else {
            return;
        };
        let verdict = match verdict.split([' ', ',']).next() {
            Some("ok") => Verdict::Passed,
            Some("FAILED") => Verdict::Failed,
            Some("ignored") => Verdict::Skipped,
            _ => return,
        };
        if verdict == Verdict::Failed {
            self.reported.add(bare(name));
        }
        if let Some(block) = &mut self.block {
            block.count(verdict);
        }
    }

    /// The heading comes twice: before what tests printed, and before their names.
    fn section(&mut self, heading: &str) {
        self.part = if heading == "failures:" { Part::List } else { Part::Printed };
        self.listed = Names::default();
    }

    /// Takes a line of a list, if it is one.
    fn listed_name(&mut self, line: &str) -> bool {
        match line.strip_prefix("    ") {
            Some(name) if !name.starts_with(' ') => self.listed.add(bare(name)),
            // A blank line ends the list, or it was the other heading.
            _ => self.part = Part::Printed,
        }
        self.part == Part::List
    }

    fn result(&mut self, line: &str) {
        let Some(outcome) = outcome(line) else {
            return;
        };
        match &mut self.block {
            Some(block) if self.part != Part::Tests && outcome.total() != u64::from(block.planned) => block.doubtful = Some(outcome),
            _ => self.end(outcome),
        }
    }

    fn end(&mut self, outcome: Outcome) {
        self.tally.add(outcome.passed.saturating_add(outcome.measured), outcome.failed, outcome.skipped);
        let (listed, reported) = (self.listed.take(), self.reported.take());
        if outcome.failed > 0 {
            self.tally.names(if listed.is_empty() { reported } else { listed });
        }
        self.block = None;
        self.part = Part::Tests;
    }

    /// Ends a block that has no end: by a doubtful result, else by its single tests. A binary that died is a failure of its own.
    fn break_off(&mut self, is_failure: bool) {
        let Some(block) = self.block.take() else {
            self.part = Part::Tests;
            return;
        };
        let mut outcome = block.doubtful.unwrap_or_else(|| block.counted());
        if is_failure && outcome.failed == 0 {
            outcome.failed = 1;
        }
        self.end(outcome);
    }
}

impl Block {
    fn count(&mut self, verdict: Verdict) {
        match self.verdicts.iter_mut().find(|(_, counted)| *counted == verdict) {
            Some((number, _)) => *number = number.saturating_add(1),
            None => self.verdicts.push((1, verdict)),
        }
    }

    fn counted(&self) -> Outcome {
        let number = |verdict| self.verdicts.iter().find(|(_, counted)| *counted == verdict).map_or(0, |(number, _)| *number);
        Outcome { passed: number(Verdict::Passed), failed: number(Verdict::Failed), skipped: number(Verdict::Skipped), measured: 0 }
    }
}

impl Outcome {
    fn total(self) -> u64 {
        [self.passed, self.failed, self.skipped, self.measured].map(u64::from).iter().sum()
    }
}

/// `test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.00s`
fn outcome(line: &str) -> Option<Outcome> {
    let rest = line.strip_prefix("test result: ")?;
    let numbers = rest.strip_prefix("ok. ").or_else(|| rest.strip_prefix("FAILED. "))?;
    let numbers = numbers.split_once("; finished").map_or(numbers, |(numbers, _)| numbers);
    let items = items(numbers, ";")?;
    Some(Outcome {
        passed: sum(&items, &["passed"]),
        failed: sum(&items, &["failed"]),
        skipped: sum(&items, &["ignored"]),
        measured: sum(&items, &["measured"]),
    })
}

/// cargo's own lines between two binaries.
fn is_next_binary(line: &str) -> bool {
    line.starts_with("     Running ") || line.starts_with("   Doc-tests ")
}

/// A name without what is expected of the test.
fn bare(name: &str) -> &str {
    [" - should panic", " - compile fail", " - compile"].iter().find_map(|mode| name.strip_suffix(mode)).unwrap_or(name)
}
