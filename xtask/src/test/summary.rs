//! What `cargo xtask test` says at the end: one line per step that ran, and how many were skipped.

use std::time::Duration;

use anyhow::Result;

use super::steps::Outcome;

/// How one step went.
pub(crate) struct Line {
    /// The step's name.
    pub(crate) step: &'static str,
    /// How long it took.
    pub(crate) took: Duration,
    /// How it ended.
    pub(crate) verdict: Verdict,
}

/// How a step ended, failure included.
#[derive(PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    Skipped(&'static str),
    Failed,
}

/// Reduces what a step returned to its verdict.
pub(crate) fn verdict(outcome: &Result<Outcome>) -> Verdict {
    match outcome {
        Ok(Outcome::Passed) => Verdict::Passed,
        Ok(Outcome::Skipped(reason)) => Verdict::Skipped(reason),
        Err(_) => Verdict::Failed,
    }
}

impl Line {
    /// Says in one line how the step ended.
    pub(crate) fn closing(&self) -> String {
        format!("{} {} in {:.1} s", self.step, self.verdict.word(), self.took.as_secs_f64())
    }

    fn row(&self) -> String {
        let reason = if let Verdict::Skipped(reason) = self.verdict { format!(" ({reason})") } else { String::new() };
        format!("{:<12}{:>8.1} s  {}{reason}\n", self.step, self.took.as_secs_f64(), self.verdict.word())
    }
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped(_) => "skipped",
            Self::Failed => "FAILED",
        }
    }
}

/// Returns the table of all steps that ran, with the sums below.
pub(crate) fn table(lines: &[Line]) -> String {
    let rows: String = lines.iter().map(Line::row).collect();
    let took: Duration = lines.iter().map(|line| line.took).sum();
    let passed = lines.iter().filter(|line| line.verdict == Verdict::Passed).count();
    let skipped = lines.iter().filter(|line| matches!(line.verdict, Verdict::Skipped(_))).count();
    let failed = lines.len() - passed - skipped;
    format!("{rows}{:<12}{:>8.1} s  {passed} passed, {skipped} skipped, {failed} failed\n", "total", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_per_step_and_counts_skips() {
        let lines = [
            Line { step: "fmt", took: Duration::from_millis(640), verdict: Verdict::Passed },
            Line { step: "advisories", took: Duration::from_secs(2), verdict: Verdict::Skipped("no network") },
        ];
        let expected = [
            "fmt              0.6 s  passed",
            "advisories       2.0 s  skipped (no network)",
            "total            2.6 s  1 passed, 1 skipped, 0 failed\n",
        ];
        assert_eq!(table(&lines), expected.join("\n"));
    }
}
