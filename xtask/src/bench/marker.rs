//! Markers for other scripts, in process: storing one, syncs included, and reading one.

use anyhow::{Context, Result};

use super::Extent;
use super::append::read;
use super::programs::Programs;
use super::row::Row;
use super::samples::Samples;
use super::stores::fresh;
use crate::run;

const ROUNDS: usize = 2_000;

/// What storing is compared with.
const REPLACE: &str = "temporary file + fsync + rename";

/// What is measured, and within how many milliseconds it has to be done.
const MUST: &[(&str, f64)] = &[("store_session_id", 2.0), ("get_stored_session_id", 3.0)];

pub(super) fn run(programs: &Programs, extent: Extent) -> Result<Vec<Row>> {
    let directory = programs.directory.join("marker");
    fresh(&directory)?;
    let mut marks = run::program(&programs.marks.to_string_lossy(), &[]);
    let mut measured = read(&run::stdout(marks.arg(&directory).arg(extent.rounds(ROUNDS).to_string()))?)?;
    let mut take = |what: &str| measured.remove(what).map(Samples::of_micros).with_context(|| format!("`{what}` was not measured"));
    let replace = take(REPLACE)?;
    let median = replace.median();
    let mut rows = vec![Row::new(REPLACE, replace)];
    for (what, milliseconds) in MUST {
        rows.push(row(what, take(what)?, *milliseconds, median));
    }
    Ok(rows)
}

fn row(what: &str, samples: Samples, milliseconds: f64, replace: f64) -> Row {
    let (median, p99) = (samples.median(), samples.p99());
    let remark = format!("{:.3} × {REPLACE}", median / replace);
    Row::new(what, samples).remark(remark).bar("ms", median / 1e3, milliseconds).bar("ms, p99", p99 / 1e3, milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_99th_percentile_have_to_be_met() {
        let row = row("store_session_id", Samples::of_micros(vec![600.0, 600.0, 2_400.0]), 2.0, 400.0);
        assert_eq!(row.remark, "1.500 × temporary file + fsync + rename");
        assert_eq!(row.bars.iter().map(|bar| bar.is_met()).collect::<Vec<_>>(), [true, false]);
    }
}
