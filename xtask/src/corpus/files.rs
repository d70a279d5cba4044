//! Transcripts of real clients, each with what an independent reader found in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use super::codex;
use super::compare::Verdict;
use super::quarters::Quarters;

/// The format whose truth is in the words of `rutter transcript`.
const CLAUDE: &str = "claude";

/// What is compared.
const FIGURES: &[&str] = &[
    "session_id",
    "session_ids",
    "subagents",
    "copied_from",
    "versions",
    "cwds",
    "git_branches",
    "first",
    "last",
    "titles",
    "lines",
    "parse_errors",
    "turns",
    "slash_commands",
    "bash_inputs",
    "interrupts",
    "task_notifications",
    "other_wrapped",
    "meta_rows",
    "steering_text",
    "compactions",
    "compact_summaries",
    "sidechain_rows",
    "assistant_messages",
    "synthetic_messages",
    "responses_without_stop_reason",
    "tool_calls",
    "tool_calls_total",
    "tool_calls_sidechain",
    "tool_calls_unanswered",
    "tool_errors",
    "files_edited",
    "files_edited_ok",
    "patched_files",
    "tokens_by_model",
    "reasoning_by_model",
    "tokens_sidechain_by_model",
    "tokens_total",
    "tokens_with_embedded",
    EMBEDDED,
];

/// Of what stands in a parent's file only the number of messages is compared; its tokens are in `tokens_with_embedded`.
const EMBEDDED: &str = "embedded_agent";

/// What was found over all files.
#[derive(Default)]
struct Findings {
    read: usize,
    equal: usize,
    differing: usize,
    failed: usize,
    skipped: BTreeMap<String, usize>,
    untold: BTreeSet<&'static str>,
}

/// Compares every file that can be read, and fails on a difference.
pub(super) fn check(directory: &Path, files: &Map<String, Value>, quarters: &Quarters) -> Result<()> {
    let mut found = Findings::default();
    for (name, truth) in files {
        let format = truth["format"].as_str().unwrap_or("unknown");
        let own = codex::in_our_words(truth);
        let truth = match format {
            CLAUDE => truth,
            codex::FORMAT => &own,
            _ => {
                *found.skipped.entry(format.to_owned()).or_default() += 1;
                continue;
            }
        };
        let path = directory.join(name);
        match quarters.ask(&["transcript", "--json", &path.to_string_lossy()], directory).map(<[Value; 1]>::try_from) {
            Ok(Ok([told])) => found.file(name, truth, &told),
            Ok(Err(told)) => found.failure(name, &format!("`rutter transcript` printed {} objects instead of one", told.len())),
            Err(error) => found.failure(name, &format!("{error:#}")),
        }
    }
    found.report()
}

impl Findings {
    fn file(&mut self, name: &str, truth: &Value, told: &Value) {
        let (verdict, untold) = compare(truth, told);
        verdict.differences.iter().for_each(|difference| println!("{name}: {difference}"));
        self.read += 1;
        self.equal += verdict.equal;
        self.differing += verdict.differences.len();
        self.untold.extend(untold);
    }

    fn failure(&mut self, name: &str, why: &str) {
        println!("{name}: {why}");
        self.failed += 1;
    }

    fn report(&self) -> Result<()> {
        if !self.untold.is_empty() {
            let names: Vec<_> = self.untold.iter().copied().collect();
            println!("{} figures are not told by `rutter transcript`: {}", names.len(), names.join(", "));
        }
        println!("{} files read: {} figures are equal, {} differ", self.read, self.equal, self.differing);
        let skipped: Vec<_> = self.skipped.iter().map(|(format, count)| format!("{count} {format}")).collect();
        if !skipped.is_empty() {
            println!("{} files skipped, because nothing reads them: {}", self.skipped.values().sum::<usize>(), skipped.join(", "));
        }
        if self.differing + self.failed > 0 {
            bail!("{} figures differ, {} files could not be read", self.differing, self.failed);
        }
        Ok(())
    }
}

/// Compares what both tell, and names what only the truth tells.
fn compare(truth: &Value, told: &Value) -> (Verdict, Vec<&'static str>) {
    let (mut verdict, mut untold) = (Verdict::default(), Vec::new());
    let told = &codex::with_patched_files(told);
    for key in FIGURES.iter().copied().filter(|key| truth.get(key).is_some()) {
        match told.get(key) {
            Some(told) if key == EMBEDDED => verdict.compare("embedded_agent.messages", &truth[key]["messages"], &told["messages"]),
            Some(told) => verdict.compare(key, &truth[key], told),
            None => untold.push(key),
        }
    }
    (verdict, untold)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_told_is_no_difference() {
        let truth = json!({"turns": 3, "first": null, "lines": 9, "embedded_agent": {"messages": 2, "tokens": {"input": 1}}, "roots": 1});
        let (verdict, untold) = compare(&truth, &json!({"turns": 3, "first": null, "embedded_agent": {"messages": 2}}));
        assert_eq!((verdict.equal, verdict.differences.len(), untold), (3, 0, vec!["lines"]));
    }

    #[test]
    fn a_wrong_figure_is_a_failure() {
        let mut found = Findings::default();
        found.file("a.jsonl", &json!({"turns": 3}), &json!({"turns": 3}));
        assert!(found.report().is_ok());
        found.file("b.jsonl", &json!({"turns": 3}), &json!({"turns": 4}));
        assert_eq!(found.report().unwrap_err().to_string(), "1 figures differ, 0 files could not be read");
    }
}
