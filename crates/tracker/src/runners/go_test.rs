//! `go test`: a line for each package, and with `-v` for each test; with `-json` one object for each thing that happens.
//!
//! Without `-v` nobody says how many tests a package has: then packages are counted. A test with sub-tests counts beside them, as Go itself
//! does. A package that fails without a failed test (it could not be built, it ended itself) is one failure, named by the package.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Deserialize;

use super::items::is_duration;
use super::tally::{Names, Tally, Verdict};
use super::{Reader, TestRun};

#[derive(Default)]
pub(super) struct GoTest {
    tally: Tally,
    package: Package,
    /// Packages of which a failed test is known, as `-json` tells.
    failed: HashSet<String>,
}

/// What was said since the last package.
#[derive(Default)]
struct Package {
    passed: u32,
    failed: u32,
    skipped: u32,
    names: Names,
    is_verbose: bool,
}

/// One line of `-json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Happening<'t> {
    #[serde(borrow)]
    action: Cow<'t, str>,
    #[serde(borrow)]
    package: Cow<'t, str>,
    #[serde(borrow)]
    test: Option<Cow<'t, str>>,
    elapsed: Option<f64>,
}

impl Reader for GoTest {
    fn line(&mut self, line: &str) {
        if line.starts_with('{') {
            self.happening(line);
        } else if let Some((verdict, name)) = test(line) {
            self.package.add(verdict, name);
        } else if line.starts_with("=== RUN ") {
            self.package.is_verbose = true;
        } else if let Some(package) = passed_package(line) {
            self.end_package(package, Verdict::Passed);
        } else if let Some(package) = failed_package(line) {
            self.end_package(package, Verdict::Failed);
        }
    }

    fn finish(mut self: Box<Self>) -> Option<TestRun> {
        let Package { passed, failed, skipped, names, .. } = std::mem::take(&mut self.package);
        if (passed, failed, skipped) != (0, 0, 0) {
            self.tally.add(passed, failed, skipped);
            self.tally.names(names);
        }
        self.tally.finish("go test")
    }
}

impl GoTest {
    fn end_package(&mut self, name: &str, verdict: Verdict) {
        let Package { passed, failed, skipped, names, is_verbose } = std::mem::take(&mut self.package);
        if is_verbose {
            self.tally.add(passed, failed, skipped);
        } else {
            self.tally.add_one(verdict);
        }
        if verdict != Verdict::Failed {
            return;
        }
        if is_verbose && failed == 0 {
            self.tally.add(0, 1, 0);
        }
        if names.is_empty() {
            self.tally.name(name);
        }
        self.tally.names(names);
    }

    fn happening(&mut self, line: &str) {
        if !line.contains("\"Action\":") {
            return;
        }
        let Ok(Happening { action, package, test, elapsed }) = serde_json::from_str(line) else {
            return;
        };
        let verdict = match action.as_ref() {
            "pass" => Verdict::Passed,
            "fail" => Verdict::Failed,
            "skip" => Verdict::Skipped,
            _ => return,
        };
        match test {
            // What a test prints may be taken for a result by Go itself, but took no time.
            Some(test) if elapsed.is_some() => self.json_test(verdict, &package, &test),
            None => self.json_package(verdict, &package),
            _ => {}
        }
    }

    fn json_test(&mut self, verdict: Verdict, package: &str, test: &str) {
        self.tally.add_one(verdict);
        if verdict == Verdict::Failed {
            self.tally.name(test);
            self.failed.insert(package.to_owned());
        }
    }

    /// A package that passed has been counted by its tests; it may have had none.
    fn json_package(&mut self, verdict: Verdict, package: &str) {
        let is_own_failure = verdict == Verdict::Failed && !self.failed.remove(package);
        self.tally.add(0, u32::from(is_own_failure), 0);
        if is_own_failure {
            self.tally.name(package);
        }
    }
}

impl Package {
    fn add(&mut self, verdict: Verdict, name: &str) {
        let (count, is_said_always) = match verdict {
            Verdict::Passed => (&mut self.passed, false),
            Verdict::Failed => (&mut self.failed, true),
            Verdict::Skipped => (&mut self.skipped, false),
        };
        *count = count.saturating_add(1);
        self.is_verbose |= !is_said_always;
        if verdict == Verdict::Failed {
            self.names.add(name);
        }
    }
}

/// `    --- FAIL: TestTable/two (0.00s)`
fn test(line: &str) -> Option<(Verdict, &str)> {
    let (verdict, rest) = line.trim_start_matches(' ').strip_prefix("--- ")?.split_once(": ")?;
    let verdict = match verdict {
        "PASS" => Verdict::Passed,
        "FAIL" => Verdict::Failed,
        "SKIP" => Verdict::Skipped,
        _ => return None,
    };
    let (name, time) = rest.trim_end().strip_suffix(')')?.rsplit_once(" (")?;
    (is_duration(time) && !name.is_empty() && !name.contains(' ')).then_some((verdict, name))
}

/// `ok   example.com/shop 0.003s`
fn passed_package(line: &str) -> Option<&str> {
    let (name, rest) = line.strip_prefix("ok  \t")?.split_once('\t')?;
    let is_time = rest.starts_with("(cached)") || rest.split(['\t', ' ']).next().is_some_and(is_duration);
    (is_time && !rest.contains("[no tests to run]")).then_some(name)
}

/// `FAIL example.com/shop 0.003s`, `FAIL example.com/shop [build failed]`
fn failed_package(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("FAIL\t")?.trim_end();
    if let Some((name, why)) = rest.split_once(" [") {
        return why.ends_with(']').then_some(name);
    }
    rest.split_once('\t').filter(|(_, time)| is_duration(time)).map(|(name, _)| name)
}
