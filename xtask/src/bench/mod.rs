//! `cargo xtask bench`: how long things take, as ratios to something else that was measured in the same run.
//!
//! | file | holds |
//! |---|---|
//! | `agents`, `list`, `commands`, `hook`, `drain`, `append`, `marker`, `transcripts`, `search` | what is measured, one file each |
//! | `programs` | the programs that are measured, and the one that does nothing |
//! | `stores` | stores of some size, kept from one run to the next |
//! | `corpora` | transcripts of some amount, kept as well |
//! | `ccusage` | the peer that reads transcripts fastest |
//! | `gauge` | a process, its time and its memory |
//! | `process` | a process in an empty environment, from its start to its end |
//! | `turns` | doing several things in turn, again and again |
//! | `samples` | medians and percentiles |
//! | `row` | one line of the results, and the bars it has to take |
//! | `report` | the table, and the same as JSON |
//! | `machine` | on what all this was measured |

mod agents;
mod append;
mod ccusage;
mod commands;
mod corpora;
mod drain;
mod gauge;
mod hook;
mod list;
mod machine;
mod marker;
mod process;
mod programs;
mod report;
mod row;
mod samples;
mod search;
mod stores;
mod transcripts;
mod turns;

use anyhow::{Result, bail};
use clap::builder::PossibleValuesParser;

use programs::Programs;
use row::Row;

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct BenchArgs {
    /// Measure only this (can be repeated)
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(BENCHES.iter().map(|bench| bench.name)))]
    only: Vec<String>,
    /// Measure fewer rounds, no store of a million sessions, and no 2 GB of transcripts
    #[arg(long)]
    quick: bool,
    /// Fail when a bar is not met
    #[arg(long)]
    strict: bool,
}

/// One thing that is measured.
struct Bench {
    name: &'static str,
    what: &'static str,
    run: fn(&Programs, Extent) -> Result<Vec<Row>>,
}

const BENCHES: &[Bench] = &[
    Bench { name: "list", what: "`rutter list`, whole process, with few and with many sessions", run: list::run },
    Bench { name: "agents", what: "`rutter agents list`, whole process, with few and with many conversations", run: agents::run },
    Bench { name: "commands", what: "`rutter start`, `work add` and `end`, whole process", run: commands::run },
    Bench { name: "hook", what: "`rutter-hook`, whole process, alone and with many at once", run: hook::run },
    Bench { name: "drain", what: "taking in what hooks left", run: drain::run },
    Bench { name: "append", what: "appending to the store, in process", run: append::run },
    Bench { name: "marker", what: "storing and reading markers, in process", run: marker::run },
    Bench { name: "transcripts", what: "reading transcripts: `rutter usage` and `rutter index`, whole process", run: transcripts::run },
    Bench { name: "search", what: "`rutter search` over the text of transcripts, whole process", run: search::run },
];

/// What was found about it.
struct Measured {
    name: &'static str,
    rows: Vec<Row>,
}

/// How much is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    Quick,
}

impl Extent {
    /// Returns a number of rounds, fewer of them when it has to be quick.
    fn rounds(self, whole: usize) -> usize {
        match self {
            Self::Whole => whole,
            Self::Quick => (whole / 10).max(2),
        }
    }
}

pub(crate) fn bench(args: &BenchArgs) -> Result<()> {
    let programs = programs::build()?;
    let extent = if args.quick { Extent::Quick } else { Extent::Whole };
    let mut measured = Vec::new();
    for bench in chosen(&args.only) {
        println!("Measuring {} …", bench.what);
        measured.push(Measured { name: bench.name, rows: (bench.run)(&programs, extent)? });
    }
    report::write(&programs.directory, &measured)?;
    let missed = measured.iter().flat_map(|one| &one.rows).flat_map(|row| &row.bars).filter(|bar| !bar.is_met()).count();
    if args.strict && missed > 0 {
        bail!("{missed} of the bars are not met");
    }
    Ok(())
}

fn chosen(only: &[String]) -> impl Iterator<Item = &'static Bench> {
    BENCHES.iter().filter(move |bench| only.is_empty() || only.iter().any(|name| name == bench.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_choice_everything_is_measured() {
        assert_eq!(chosen(&[]).count(), BENCHES.len());
        assert_eq!(chosen(&["append".to_owned()]).map(|bench| bench.name).collect::<Vec<_>>(), ["append"]);
    }

    #[test]
    fn a_quick_run_still_has_rounds() {
        assert_eq!((Extent::Whole.rounds(200), Extent::Quick.rounds(200), Extent::Quick.rounds(5)), (200, 20, 2));
    }
}
