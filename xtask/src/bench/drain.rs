//! Taking in what hooks left: a day's worth at once.

use anyhow::Result;

use super::Extent;
use super::programs::Programs;
use super::row::Row;
use super::samples::Samples;
use super::stores::fresh;
use crate::run;

/// How many events wait.
const EVENTS: usize = 100_000;
const ROUNDS: usize = 5;

pub(super) fn run(programs: &Programs, extent: Extent) -> Result<Vec<Row>> {
    let (mut taken, mut bare, mut rounds) = (Vec::new(), Vec::new(), 0);
    while rounds < extent.rounds(ROUNDS) {
        let directory = programs.directory.join("drain");
        fresh(&directory)?;
        let mut drain = run::program(&programs.drain.to_string_lossy(), &[]);
        let printed = run::stdout(drain.arg(&directory).arg(EVENTS.to_string()))?;
        taken.push(printed.trim().parse::<f64>()?);
        let mut insert = run::program(&programs.insert_many.to_string_lossy(), &[]);
        let printed = run::stdout(insert.arg(directory.join("store/rutter.db")).arg(directory.join("bare.db")))?;
        bare.push(printed.trim().parse::<f64>()?);
        rounds += 1;
    }
    let samples = Samples::of_micros(taken);
    let seconds = samples.median() / 1e6;
    let row = Row::new(format!("taking in {EVENTS} events"), samples);
    let floor = Row::new("their bytes into a bare table", Samples::of_micros(bare)).remark("one index, one transaction, the checkpoint");
    Ok(vec![row.remark(format!("{:.0} events/s", EVENTS as f64 / seconds)).bar("s", seconds, 1.0), floor])
}
