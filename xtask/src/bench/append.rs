//! Appending to the store, in process: one event a turn, and many.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::Extent;
use super::programs::Programs;
use super::row::Row;
use super::samples::Samples;
use super::stores::fresh;
use crate::run;

const SINGLES: usize = 2_000;
const BATCHES: usize = 20;

/// Events in one of the batches of `appends`.
const BATCH: f64 = 10_000.0;

/// What appending is compared with.
const SYNC: &str = "write 4 KiB + fdatasync";

pub(super) fn run(programs: &Programs, extent: Extent) -> Result<Vec<Row>> {
    let directory = programs.directory.join("append");
    fresh(&directory)?;
    let mut appends = run::program(&programs.appends.to_string_lossy(), &[]);
    let times = [SINGLES, BATCHES].map(|whole| extent.rounds(whole).to_string());
    let printed = run::stdout(appends.arg(&directory).args(times))?;
    let measured = read(&printed)?.into_iter().map(|(what, micros)| (what, Samples::of_micros(micros))).collect();
    Ok(rows(measured))
}

fn rows(mut measured: BTreeMap<String, Samples>) -> Vec<Row> {
    let sync = measured.remove(SYNC);
    let median = sync.as_ref().map_or(f64::NAN, Samples::median);
    let first = sync.into_iter().map(|samples| Row::new(SYNC, samples));
    first.chain(measured.into_iter().map(|(what, samples)| row(&what, samples, median))).collect()
}

fn row(what: &str, samples: Samples, sync: f64) -> Row {
    let events = if what == "batch" { BATCH } else { 1.0 };
    let (rate, times) = (events * 1e6 / samples.median(), samples.median() / sync);
    let what = if what == "batch" { format!("append, {BATCH} in one turn") } else { what.to_owned() };
    Row::new(what, samples).remark(format!("{rate:.0} events/s, {times:.2} × fdatasync"))
}

/// Reads names and microseconds, one pair a line.
pub(super) fn read(printed: &str) -> Result<BTreeMap<String, Vec<f64>>> {
    let mut measured = BTreeMap::<_, Vec<_>>::new();
    for line in printed.lines() {
        let (what, micros) = line.split_once('\t').with_context(|| format!("`{line}` is no measurement"))?;
        let micros = micros.parse().with_context(|| format!("`{micros}` is no number"))?;
        measured.entry(what.to_owned()).or_default().push(micros);
    }
    Ok(measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_are_gathered_by_name() {
        let measured = read("a\t1.5\nb\t2\na\t3\n").unwrap();
        assert_eq!(measured.into_iter().collect::<Vec<_>>(), [("a".to_owned(), vec![1.5, 3.0]), ("b".to_owned(), vec![2.0])]);
        assert_eq!(read("a 1").unwrap_err().to_string(), "`a 1` is no measurement");
    }

    #[test]
    fn a_batch_counts_as_all_its_events() {
        let row = row("batch", Samples::of_micros(vec![100_000.0]), 400.0);
        assert_eq!((row.what.as_str(), row.remark.as_str()), ("append, 10000 in one turn", "100000 events/s, 250.00 × fdatasync"));
    }
}
