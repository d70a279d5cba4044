//! Generated transcripts: there is one truth about all of them, the tokens of each model.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::compare::Verdict;
use super::quarters::Quarters;

/// The command that reports on everything there is.
pub(crate) const TOTAL: &[&str] = &["usage", "--all-projects", "--json"];

/// The same, a row for each model.
const BY_MODEL: &[&str] = &["usage", "model", "--all-projects", "--json"];

/// The four counters that everybody has.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Tokens {
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) cache_write: u64,
    pub(crate) cache_read: u64,
}

impl Tokens {
    /// Reads four counters by their names.
    pub(crate) fn named(of: &Value, names: [&str; 4]) -> Option<Self> {
        let [input, output, cache_write, cache_read] = names.map(|name| of[name].as_u64());
        Some(Self { input: input?, output: output?, cache_write: cache_write?, cache_read: cache_read? })
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            input: self.input + other.input,
            output: self.output + other.output,
            cache_write: self.cache_write + other.cache_write,
            cache_read: self.cache_read + other.cache_read,
        }
    }

    fn json(self) -> Value {
        let Self { input, output, cache_write, cache_read } = self;
        json!({"input": input, "output": output, "cache_write": cache_write, "cache_read": cache_read})
    }
}

/// Compares the total and every model, and fails on a difference.
pub(super) fn check(directory: &Path, truth: &Value, quarters: &Quarters) -> Result<()> {
    let mut verdict = Verdict::default();
    let told = total(&quarters.ask(TOTAL, directory)?)?;
    verdict.compare("total", &truth_total(truth)?.json(), &told.json());
    let (expected, told) = (truth_by_model(truth)?, by_model(&quarters.ask(BY_MODEL, directory)?));
    let json = |models: BTreeMap<String, Tokens>| models.into_iter().map(|(model, tokens)| (model, tokens.json())).collect::<Value>();
    verdict.compare("model", &json(expected), &json(told));
    verdict.differences.iter().for_each(|difference| println!("{difference}"));
    println!("{} figures are equal, {} differ", verdict.equal, verdict.differences.len());
    if !verdict.differences.is_empty() {
        bail!("{} figures differ", verdict.differences.len());
    }
    Ok(())
}

/// Returns the truth about everything.
pub(crate) fn truth_total(truth: &Value) -> Result<Tokens> {
    counted(&truth["totals"]["dedup"])
}

/// Returns the truth about each model.
pub(crate) fn truth_by_model(truth: &Value) -> Result<BTreeMap<String, Tokens>> {
    let models = truth["dedup"].as_object().context("the truth tells nothing by model")?;
    models.iter().map(|(model, tokens)| Ok((model.clone(), counted(tokens)?))).collect()
}

fn counted(tokens: &Value) -> Result<Tokens> {
    let names = ["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
    Tokens::named(tokens, names).with_context(|| format!("these are not the tokens of a corpus: {tokens}"))
}

/// What the counters of a report are called.
const COUNTERS: [&str; 4] = ["input", "output", "cache_write", "cache_read"];

/// The row that sums up all others.
const SUM: &str = "total";

/// Finds the total in what a report printed.
pub(crate) fn total(printed: &[Value]) -> Result<Tokens> {
    // It comes last: something else may have the same name.
    let sum = rows(printed).into_iter().rfind(|(key, _)| key == SUM);
    sum.map(|(_, tokens)| tokens).context("`rutter usage` printed no row `total`")
}

/// Returns the rows of a report but the total.
pub(crate) fn by_model(printed: &[Value]) -> BTreeMap<String, Tokens> {
    rows(printed).into_iter().filter(|(key, _)| key != SUM).collect()
}

fn rows(printed: &[Value]) -> Vec<(String, Tokens)> {
    let row = |row: &Value| Some((row["key"].as_str()?.to_owned(), Tokens::named(row, COUNTERS)?));
    printed.iter().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_rows_and_their_sum() {
        let row = |key: &str, input: u64| json!({"key": key, "input": input, "output": 2, "cache_write": 3, "cache_read": 4});
        let printed = [row("a", 1), row("b", 9), row("total", 10)];
        assert_eq!(total(&printed).unwrap().input, 10);
        assert_eq!(by_model(&printed).keys().collect::<Vec<_>>(), ["a", "b"]);
        assert!(total(&printed[..2]).is_err());
    }

    #[test]
    fn the_truth_is_read_as_it_was_written() {
        let tokens = json!({"input_tokens": 1, "output_tokens": 2, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 4});
        let expected = Tokens { input: 1, output: 2, cache_write: 3, cache_read: 4 };
        assert_eq!(truth_total(&json!({"totals": {"dedup": tokens}})).unwrap(), expected);
        assert_eq!(truth_by_model(&json!({"dedup": {"a": tokens}})).unwrap()["a"], expected);
        assert!(truth_total(&json!({"totals": {}})).is_err());
    }
}
