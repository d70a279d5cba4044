//! What was written, counted while it is written: a report over the corpus has to find the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What one reply of the API was billed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Usage {
    pub(crate) input: u64,
    pub(crate) output: u64,
    /// Written to the cache, of that for an hour in `hour`.
    pub(crate) cache_creation: u64,
    pub(crate) cache_read: u64,
    pub(super) hour: u64,
}

impl Usage {
    pub(super) fn add(&mut self, other: Self) {
        self.input += other.input;
        self.output += other.output;
        self.cache_creation += other.cache_creation;
        self.cache_read += other.cache_read;
    }

    fn json(self) -> Value {
        json!({
            "input_tokens": self.input,
            "output_tokens": self.output,
            "cache_creation_input_tokens": self.cache_creation,
            "cache_read_input_tokens": self.cache_read,
        })
    }
}

/// A line that says what a reply was billed; several lines may speak of one reply.
#[derive(Clone, Copy)]
pub(super) struct Billed {
    pub(super) reply: u64,
    pub(super) model: &'static str,
    pub(super) usage: Usage,
}

/// Tokens of each model.
#[derive(Default)]
pub(super) struct ByModel(BTreeMap<&'static str, Usage>);

impl ByModel {
    pub(super) fn add(&mut self, model: &'static str, usage: Usage) {
        self.0.entry(model).or_default().add(usage);
    }

    fn total(&self) -> Usage {
        self.0.values().fold(Usage::default(), |mut total, usage| {
            total.add(*usage);
            total
        })
    }

    fn json(&self) -> Value {
        self.0.iter().map(|(model, usage)| ((*model).to_owned(), usage.json())).collect::<Map<_, _>>().into()
    }
}

/// The truth about a corpus.
#[derive(Default)]
pub(super) struct Account {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) lines: u64,
    pub(super) sessions: u64,
    pub(super) forked_sessions: u64,
    pub(super) subagent_files: u64,
    pub(super) torn_lines: u64,
    pub(super) assistant_lines: u64,
    pub(super) usage_lines: u64,
    pub(super) replies: u64,
    pub(super) types: BTreeMap<&'static str, u64>,
    pub(super) tools: BTreeMap<&'static str, u64>,
    /// Each reply once, with the greatest of what its lines say: the right one.
    pub(super) dedup: ByModel,
    /// Every line.
    pub(super) naive: ByModel,
    /// Each reply once, with what its first line says.
    pub(super) first_wins: ByModel,
    /// Each reply once in each session, also where a fork repeats it.
    pub(super) per_session: ByModel,
}

impl Account {
    /// Counts a line; what it says about tokens is only what somebody would find who counts all of them.
    pub(super) fn line(&mut self, kind: &'static str, billed: Option<Billed>) {
        self.lines += 1;
        *self.types.entry(kind).or_default() += 1;
        self.assistant_lines += u64::from(kind == "assistant");
        let Some(billed) = billed else { return };
        self.usage_lines += 1;
        self.naive.add(billed.model, billed.usage);
    }

    pub(super) fn tool(&mut self, name: &'static str) {
        *self.tools.entry(name).or_default() += 1;
    }

    pub(super) fn json(&self, seed: u64) -> Value {
        let rules =
            [("dedup", &self.dedup), ("naive", &self.naive), ("first_wins", &self.first_wins), ("per_session_dedup", &self.per_session)];
        let totals: Map<_, _> = rules.iter().map(|(name, rule)| ((*name).to_owned(), rule.total().json())).collect();
        let mut truth = json!({
            "seed": seed, "files": self.files, "bytes": self.bytes, "lines": self.lines, "sessions": self.sessions,
            "forked_sessions": self.forked_sessions, "subagent_files": self.subagent_files, "torn_lines": self.torn_lines,
            "assistant_lines": self.assistant_lines, "usage_lines": self.usage_lines, "api_replies": self.replies,
            "types": self.types, "tools": self.tools, "totals": totals,
        });
        rules.iter().for_each(|(name, rule)| truth[*name] = rule.json());
        truth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_totals() {
        let mut account = Account::default();
        let usage = Usage { input: 1, output: 20, cache_creation: 3, cache_read: 4, hour: 0 };
        account.line("assistant", Some(Billed { reply: 1, model: "a", usage }));
        account.line("assistant", Some(Billed { reply: 1, model: "a", usage }));
        account.line("user", None);
        account.dedup.add("a", usage);
        let truth = account.json(7);
        assert_eq!((&truth["lines"], &truth["usage_lines"], &truth["types"]["user"]), (&json!(3), &json!(2), &json!(1)));
        assert_eq!((&truth["naive"]["a"]["output_tokens"], &truth["totals"]["dedup"]["output_tokens"]), (&json!(40), &json!(20)));
    }
}
