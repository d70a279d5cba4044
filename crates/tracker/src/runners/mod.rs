//! What test runners print, read: how many tests passed, failed and were skipped, and which ones failed.
//!
//! Pure: text in, numbers out. Apart, because each runner's words end here. What a runner prints is made by whoever wrote the tests: it is
//! data, whatever it looks like. Nothing panics, every line is looked at once, and numbers stop at the greatest there is.
//!
//! | file | holds |
//! |---|---|
//! | `plain` | colours and carriage returns taken out |
//! | `tally` | counting up, and names without repetition |
//! | `items` | `3 failed, 5 passed`: numbers with a word each |
//! | `cargo_test`, `nextest` | Rust |
//! | `pytest` | Python |
//! | `jest`, `vitest`, `mocha` | JavaScript |
//! | `go_test` | Go, as text and as `-json` |
//! | `tap` | the Test Anything Protocol, which `node --test` prints as well |
//! | `junit` | JUnit's XML, a report that many runners write |

mod cargo_test;
mod go_test;
mod items;
mod jest;
mod junit;
mod mocha;
mod nextest;
mod plain;
mod pytest;
mod tally;
mod tap;
mod vitest;

use tally::Tally;

/// What one run of tests came to, as its runner said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRun {
    /// Which runner it was, or [`SEVERAL`].
    pub runner: &'static str,
    /// Tests that did what they should.
    pub passed: u32,
    /// Tests that did not, and what could not even be built or loaded.
    pub failed: u32,
    /// Tests that were not run, or whose failure is expected.
    pub skipped: u32,
    /// The failed tests, in the order in which they were printed, each once. At most 200, each at most 300 characters.
    ///
    /// As the runner printed them: not yet redacted.
    pub failures: Vec<String>,
}

/// What stands for the runner where one output holds the runs of several.
pub const SEVERAL: &str = "several runners";

/// The most that is looked at, in bytes. What came of a run is said at its end, so of a longer output the end is read.
const LONGEST: usize = 64 << 20;

/// Returns what the runs in an output came to, or none where nobody says.
///
/// Several runs are added up, whether one runner printed them or several. A JUnit report that says exactly what the other runners say is the
/// report of the same run and counted once. What a test prints is not taken for a run wherever the runner shows where that begins and ends.
#[must_use]
pub fn read(output: &str) -> Option<TestRun> {
    let text = plain::text(end_of(output));
    let (reports, rest) = junit::take_out(&text);
    let printed = unite(read_lines(rest.iter().flat_map(|part| part.lines())));
    match (printed, reports) {
        (Some(printed), Some(report)) if is_same(&printed, &report) => Some(printed),
        (printed, reports) => unite(printed.into_iter().chain(reports)),
    }
}

/// Reads the lines of one runner, one after the other.
trait Reader {
    /// Takes in the next line.
    fn line(&mut self, line: &str);

    /// Returns whether the next line is this runner's alone: it is within what a test printed.
    fn holds(&self) -> bool {
        false
    }

    /// Returns what the lines came to, or none when none of them was this runner's.
    fn finish(self: Box<Self>) -> Option<TestRun>;
}

fn readers() -> Vec<Box<dyn Reader>> {
    vec![
        Box::<cargo_test::CargoTest>::default(),
        Box::<nextest::Nextest>::default(),
        Box::<pytest::Pytest>::default(),
        Box::<jest::Jest>::default(),
        Box::<vitest::Vitest>::default(),
        Box::<mocha::Mocha>::default(),
        Box::<go_test::GoTest>::default(),
        Box::<tap::Tap>::default(),
    ]
}

fn read_lines<'t>(lines: impl Iterator<Item = &'t str>) -> Vec<TestRun> {
    let mut readers = readers();
    for line in lines {
        match readers.iter_mut().find(|reader| reader.holds()) {
            Some(holder) => holder.line(line),
            None => readers.iter_mut().for_each(|reader| reader.line(line)),
        }
    }
    readers.into_iter().filter_map(Reader::finish).collect()
}

fn end_of(output: &str) -> &str {
    let start = output.ceil_char_boundary(output.len().saturating_sub(LONGEST));
    let end = &output[start..];
    if start == 0 {
        return end;
    }
    // The first line is not whole.
    end.split_once('\n').map_or("", |(_, lines)| lines)
}

fn unite(runs: impl IntoIterator<Item = TestRun>) -> Option<TestRun> {
    let mut runs = runs.into_iter();
    let first = runs.next()?;
    let Some(second) = runs.next() else {
        return Some(first);
    };
    let mut tally = Tally::default();
    for run in [first, second].into_iter().chain(runs) {
        tally.add(run.passed, run.failed, run.skipped);
        run.failures.iter().for_each(|name| tally.name(name));
    }
    tally.finish(SEVERAL)
}

fn is_same(one: &TestRun, other: &TestRun) -> bool {
    (one.passed, one.failed, one.skipped) == (other.passed, other.failed, other.skipped)
}
