//! `rutter list`: must not be felt, and must not grow with the store.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::Extent;
use super::process::{Surroundings, expect_lines, whole};
use super::programs::Programs;
use super::row::Row;
use super::samples::Samples;
use super::stores::Stores;
use super::turns::{Order, take_turns};

const SIZES: &[usize] = &[100, 10_000, 1_000_000];
const ROUNDS: usize = 200;

/// What is measured at each size.
const VARIANTS: &[&str] = &["list", "list --all-projects"];

/// The greatest size has to answer within this many milliseconds …
const MILLISECONDS: f64 = 5.0;

/// … and within this many times what the smallest takes.
const TIMES_SMALLEST: f64 = 1.5;

pub(super) fn run(programs: &Programs, extent: Extent) -> Result<Vec<Row>> {
    let stores = Stores::prepare(&programs.directory)?;
    let sizes = if extent == Extent::Quick { &SIZES[..2] } else { SIZES };
    let filled = sizes.iter().map(|size| stores.with(programs, *size)).collect::<Result<Vec<_>>>()?;
    let bench = Lists { directory: stores.busiest(), home: programs.directory.join("home") };
    let mut contenders = vec![whole("no-op", bench.command(&programs.noop, &filled[0], ""))];
    for variant in VARIANTS {
        for (size, store) in sizes.iter().zip(&filled) {
            expect_lines(&mut bench.command(&programs.rutter, store, variant), 10)?;
            contenders.push(whole(format!("{variant}, {size} sessions"), bench.command(&programs.rutter, store, variant)));
        }
    }
    let samples = take_turns(extent.rounds(ROUNDS), Order::Rotating, &mut contenders)?;
    let names = contenders.into_iter().map(|contender| contender.what).collect();
    Ok(rows(names, samples, sizes))
}

/// Where the program is started.
struct Lists {
    directory: PathBuf,
    home: PathBuf,
}

impl Lists {
    fn command(&self, program: &Path, store: &Path, words: &str) -> Command {
        Surroundings { home: &self.home, store, mirror: None, directory: &self.directory }.command(program, words, None)
    }
}

/// Compares everything with the no-op, which comes first, and every size with the smallest of its variant.
fn rows(names: Vec<String>, samples: Vec<Samples>, sizes: &[usize]) -> Vec<Row> {
    let medians: Vec<_> = samples.iter().map(Samples::median).collect();
    let row = |(place, (name, samples)): (usize, (String, Samples))| {
        let row = Row::new(name, samples).against(medians[0]);
        let Some(place) = place.checked_sub(1) else { return row };
        let (size, smallest) = (sizes[place % sizes.len()], medians[1 + place / sizes.len() * sizes.len()]);
        compared(row, size, smallest, sizes[0])
    };
    names.into_iter().zip(samples).enumerate().map(row).collect()
}

fn compared(row: Row, size: usize, smallest: f64, smallest_size: usize) -> Row {
    let (median, times) = (row.samples.median(), row.samples.median() / smallest);
    if size != SIZES[SIZES.len() - 1] {
        return row.remark(format!("{times:.2} × {smallest_size} sessions"));
    }
    row.bar("ms", median / 1e3, MILLISECONDS).bar("× 100 sessions", times, TIMES_SMALLEST)
}
