//! Counting up, and names without repetition: what all runners have in common.

use std::collections::HashSet;

use super::TestRun;

/// How many names are kept; the numbers tell of the rest.
const MOST_NAMES: usize = 200;

/// How long a name may be, in characters.
const LONGEST_NAME: usize = 300;

/// Numbers and names, as far as they were read.
#[derive(Default)]
pub(super) struct Tally {
    passed: u32,
    failed: u32,
    skipped: u32,
    is_seen: bool,
    names: Names,
}

impl Tally {
    /// Adds the numbers of a run, also where they are all nought: nothing was run, and the runner says so.
    pub(super) fn add(&mut self, passed: u32, failed: u32, skipped: u32) {
        self.is_seen = true;
        self.passed = self.passed.saturating_add(passed);
        self.failed = self.failed.saturating_add(failed);
        self.skipped = self.skipped.saturating_add(skipped);
    }

    /// Adds one test, passed or failed.
    pub(super) fn add_one(&mut self, verdict: Verdict) {
        let [passed, failed, skipped] = [Verdict::Passed, Verdict::Failed, Verdict::Skipped].map(|which| u32::from(which == verdict));
        self.add(passed, failed, skipped);
    }

    /// Adds the name of a failed test.
    pub(super) fn name(&mut self, name: &str) {
        self.names.add(name);
    }

    /// Adds names of failed tests.
    pub(super) fn names(&mut self, names: Names) {
        names.in_order.iter().for_each(|name| self.names.add(name));
    }

    /// Returns the run, when there was one.
    pub(super) fn finish(self, runner: &'static str) -> Option<TestRun> {
        let Self { passed, failed, skipped, is_seen, names } = self;
        is_seen.then_some(TestRun { runner, passed, failed, skipped, failures: names.in_order })
    }
}

/// What came of one test.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    Failed,
    Skipped,
}

/// Names in their order, each once, cut and counted.
#[derive(Default)]
pub(super) struct Names {
    in_order: Vec<String>,
    known: HashSet<String>,
}

impl Names {
    pub(super) fn add(&mut self, name: &str) {
        let name = cut(name);
        if name.is_empty() || self.in_order.len() >= MOST_NAMES || self.known.contains(name) {
            return;
        }
        self.known.insert(name.to_owned());
        self.in_order.push(name.to_owned());
    }

    pub(super) fn remove(&mut self, name: &str) {
        let name = cut(name);
        if self.known.remove(name) {
            self.in_order.retain(|known| known != name);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.in_order.is_empty()
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.in_order.len()).unwrap_or(u32::MAX)
    }

    /// Gives the names away and begins anew.
    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

fn cut(name: &str) -> &str {
    let name = name.trim();
    let end = name.char_indices().nth(LONGEST_NAME).map_or(name.len(), |(at, _)| at);
    name[..end].trim_end()
}
