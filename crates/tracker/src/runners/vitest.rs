//! `vitest`: `Tests  1 failed | 3 passed (4)`, and `FAIL  file > suite > name`.
//!
//! A file that could not be loaded has no tests to count; it is one failure.

use super::items::{items, sum};
use super::tally::{Names, Tally};
use super::{Reader, TestRun};

#[derive(Default)]
pub(super) struct Vitest {
    tally: Tally,
    names: Names,
    broken: Names,
}

impl Reader for Vitest {
    fn line(&mut self, line: &str) {
        let words = line.trim_start();
        if let Some(name) = words.strip_prefix("FAIL  ") {
            self.failure(name);
        } else if let Some(version) = words.strip_prefix("RUN  v")
            && version.starts_with(|first: char| first.is_ascii_digit())
        {
            (self.names, self.broken) = Default::default();
        } else if let Some(numbers) = words.strip_prefix("Tests  ") {
            self.result(numbers);
        }
    }

    fn finish(self: Box<Self>) -> Option<TestRun> {
        self.tally.finish("vitest")
    }
}

impl Vitest {
    /// A file that could not be loaded is told with itself: `broken.test.js [ broken.test.js ]`.
    fn failure(&mut self, name: &str) {
        match name.trim_end().strip_suffix(" ]").and_then(|name| name.split_once(" [ ")) {
            Some((file, _)) if !file.contains(" > ") => {
                self.broken.add(file);
                self.names.add(file);
            }
            _ => self.names.add(name),
        }
    }

    fn result(&mut self, numbers: &str) {
        let Some(items) = counted(numbers) else {
            return;
        };
        let failed = sum(&items, &["failed"]).saturating_add(self.broken.take().count());
        self.tally.add(sum(&items, &["passed"]), failed, sum(&items, &["skipped", "todo"]));
        let names = self.names.take();
        if failed > 0 {
            self.tally.names(names);
        }
    }
}

fn counted(numbers: &str) -> Option<Vec<(u32, &str)>> {
    let numbers = numbers.trim();
    if numbers == "no tests" {
        return Some(Vec::new());
    }
    let (numbers, total) = numbers.strip_suffix(')')?.rsplit_once(" (")?;
    total.bytes().all(|digit| digit.is_ascii_digit()).then(|| items(numbers, " | "))?
}
