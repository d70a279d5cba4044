//! What comes out: a table for people, and the same as JSON for whoever compares it with an earlier one.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::{Map, json};

use super::row::{Bar, Row};
use super::{Measured, machine};

/// The titles of the columns, after the first, which is what was measured.
const TITLES: [&str; 7] = ["rounds", "p50 µs", "p99 µs", "× no-op", "bar", "met?", "remark"];

/// Prints the results and keeps them.
pub(super) fn write(directory: &Path, measured: &[Measured]) -> Result<()> {
    let (command, machine) = (command(), machine::describe(directory));
    println!("\n{command}\n{machine}");
    measured.iter().for_each(|one| println!("\n{}", table(one)));
    let results = directory.join("results");
    fs::create_dir_all(&results).with_context(|| format!("cannot create `{}`", results.display()))?;
    let file = results.join(format!("{}.json", seconds_since_1970()));
    let each = measured.iter().map(|one| (one.name.to_owned(), one.rows.iter().map(Row::json).collect()));
    let all = json!({ "command": command, "machine": machine, "measured": each.collect::<Map<_, _>>() });
    fs::write(&file, format!("{all:#}\n")).with_context(|| format!("cannot write `{}`", file.display()))?;
    println!("Wrote {}", file.display());
    Ok(())
}

/// Returns the command as it was typed.
fn command() -> String {
    std::iter::once("cargo xtask".to_owned()).chain(std::env::args().skip(1)).collect::<Vec<_>>().join(" ")
}

#[expect(clippy::disallowed_methods, reason = "a result is named after the moment it was found")]
fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn table(measured: &Measured) -> String {
    let mut lines = vec![std::array::from_fn(|column| if column == 0 { measured.name } else { TITLES[column - 1] }.to_owned())];
    lines.extend(measured.rows.iter().flat_map(cells));
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    lines.iter().map(|line| aligned(line, &widths)).collect()
}

/// Returns a line for the row, and one more for each bar after the first.
fn cells(row: &Row) -> Vec<[String; 8]> {
    let (median, p99) = (format!("{:.1}", row.samples.median()), format!("{:.1}", row.samples.p99()));
    let times = row.times_noop().map(|times| format!("{times:.2}")).unwrap_or_default();
    let [bar, met] = row.bars.first().map(verdict).unwrap_or_default();
    let first = [row.what.clone(), row.samples.count().to_string(), median, p99, times, bar, met, row.remark.clone()];
    let more = row.bars.iter().skip(1).map(|bar| {
        let [bar, met] = verdict(bar);
        let mut cells: [String; 8] = Default::default();
        (cells[5], cells[6]) = (bar, met);
        cells
    });
    std::iter::once(first).chain(more).collect()
}

fn verdict(bar: &Bar) -> [String; 2] {
    [format!("{:.2} ≤ {:.2} {}", bar.found, bar.limit, bar.what), if bar.is_met() { "yes" } else { "NO" }.to_owned()]
}

/// Numbers are flush right, words flush left.
fn aligned(line: &[String; 8], widths: &[usize; 8]) -> String {
    let cell = |(column, text): (usize, &String)| {
        let width = widths[column];
        if (1..5).contains(&column) { format!("{text:>width$}") } else { format!("{text:<width$}") }
    };
    let cells: Vec<_> = line.iter().enumerate().map(cell).collect();
    format!("{}\n", cells.join("  ").trim_end())
}

#[cfg(test)]
mod tests {
    use super::super::samples::Samples;
    use super::*;

    #[test]
    fn columns_are_aligned_and_every_bar_has_its_verdict() {
        let of = |micros| Samples::of_micros(vec![micros]);
        let rows = vec![
            Row::new("no-op", of(200.0)),
            Row::new("list", of(3_000.0)).against(200.0).bar("ms", 3.0, 5.0).bar("× 100", 2.0, 1.5).remark("slow"),
        ];
        let expected = [
            "lists  rounds  p50 µs  p99 µs  × no-op  bar                met?  remark",
            "no-op       1   200.0   200.0",
            "list        1  3000.0  3000.0    15.00  3.00 ≤ 5.00 ms     yes   slow",
            "                                        2.00 ≤ 1.50 × 100  NO",
        ];
        assert_eq!(table(&Measured { name: "lists", rows }).lines().collect::<Vec<_>>(), expected);
    }
}
