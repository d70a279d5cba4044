//! `jest`: `Tests:  1 failed, 2 skipped, 3 passed, 6 total`, and a `●` before each failed test.
//!
//! A file that could not be loaded has no tests to count; it is one failure.

use super::items::{items, sum};
use super::tally::{Names, Tally};
use super::{Reader, TestRun};

#[derive(Default)]
pub(super) struct Jest {
    tally: Tally,
    names: Names,
    broken: Names,
    file: String,
    /// How many files failed, as the line before the tests sums up.
    failed_files: u32,
}

impl Reader for Jest {
    fn line(&mut self, line: &str) {
        if let Some(heading) = line.strip_prefix("  ● ") {
            self.heading(heading.trim_end());
        } else if let Some(file) = line.trim_start().strip_prefix("FAIL ") {
            self.file.clear();
            self.file.push_str(path(file));
        } else if let Some(numbers) = line.strip_prefix("Test Suites:") {
            self.failed_files = items(numbers, ",").map_or(0, |items| sum(&items, &["failed"]));
        } else if let Some(numbers) = line.strip_prefix("Tests:") {
            self.result(numbers);
        }
    }

    fn finish(self: Box<Self>) -> Option<TestRun> {
        self.tally.finish("jest")
    }
}

impl Jest {
    fn heading(&mut self, heading: &str) {
        match heading {
            "Console" => {}
            "Test suite failed to run" => {
                self.broken.add(&self.file);
                self.names.add(&self.file);
            }
            _ => self.names.add(heading),
        }
    }

    fn result(&mut self, numbers: &str) {
        let Some(items) = items(numbers, ",").filter(|items| items.last().is_some_and(|(_, word)| *word == "total")) else {
            return;
        };
        let failed = sum(&items, &["failed"]).saturating_add(self.broken.take().count());
        // A file that failed has a test that did, or could not be loaded.
        let failed = failed.max(std::mem::take(&mut self.failed_files).min(1));
        self.tally.add(sum(&items, &["passed"]), failed, sum(&items, &["skipped", "pending", "todo"]));
        let names = self.names.take();
        if failed > 0 {
            self.tally.names(names);
        }
    }
}

/// The last word, but for the time a slow file took: `FAIL project src/a.test.js (5.2 s)`.
fn path(file: &str) -> &str {
    let file = file.trim_end();
    let file = file.rsplit_once(" (").filter(|(_, time)| time.ends_with("s)")).map_or(file, |(file, _)| file);
    file.rsplit(' ').next().unwrap_or(file)
}
