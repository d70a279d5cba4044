//! What a client used that puts no record of it beside each call: it says what came back with each message, and all of it when it ends well.
//!
//! Its totals run over resumes. What they say beyond the messages since the last ones is of the last message of the model: so no response is made up, and
//! none is counted twice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use session::transcript::Usage;

/// How many messages are remembered until the client ends.
const MESSAGES: usize = 4_096;

/// How many models a client is believed to have.
const MODELS: usize = 64;

/// What is known of a running client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Totals {
    /// What each model had used when the client ended last.
    before: BTreeMap<String, Used>,
    /// What each model wrote since, and the last message of it.
    since: BTreeMap<String, Since>,
    /// The messages since.
    messages: Vec<u64>,
}

/// What is kept of what a model used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Used {
    input: u64,
    output: u64,
    cache_read: u64,
    cache_write: u64,
    reasoning: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Since {
    output: u64,
    /// The last message, and what it wrote.
    last: (u64, u64),
}

/// What the end of a client says of the messages before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ended {
    /// The model, the message that the rest is of, where there was one, and what that message and the rest come to.
    pub(super) rests: Vec<(String, Option<u64>, Usage)>,
    /// The messages of which all is known now.
    pub(super) known: Vec<u64>,
}

impl Totals {
    /// Takes a message.
    pub(super) fn message(&mut self, model: &str, message: u64, output: u64) {
        if self.messages.contains(&message) {
            return;
        }
        if self.messages.len() < MESSAGES {
            self.messages.push(message);
        }
        if self.since.len() >= MODELS && !self.since.contains_key(model) {
            return;
        }
        let since = self.since.entry(model.to_owned()).or_default();
        *since = Since { output: since.output.saturating_add(output), last: (message, output) };
    }

    /// Takes what each model used in all.
    pub(super) fn end(&mut self, totals: &[(String, Usage)]) -> Ended {
        if totals.is_empty() {
            return Ended::default();
        }
        let mut ended = Ended { rests: Vec::new(), known: std::mem::take(&mut self.messages) };
        let mut since = std::mem::take(&mut self.since);
        // What is called otherwise in the totals was counted all the same.
        let is_of_other = |model: &String| !totals.iter().any(|(named, _)| named == model);
        let mut counted = since.extract_if(.., |model, _| is_of_other(model)).map(|(_, since)| since.output).fold(0, u64::saturating_add);
        for (model, usage) in totals.iter().take(MODELS) {
            let total = Used::of(usage);
            let before = self.before.get(model).copied().unwrap_or_default();
            let used = total.beyond(&before).unwrap_or(total);
            if self.before.len() < MODELS || self.before.contains_key(model) {
                self.before.insert(model.clone(), total);
            }
            let Since { output, last } = since.remove(model).unwrap_or_default();
            let rest = used.output.saturating_sub(output);
            let of_other = rest.min(counted);
            counted -= of_other;
            let usage = Used { output: (rest - of_other).saturating_add(last.1), ..used }.usage();
            if usage.total() > 0 {
                ended.rests.push((model.clone(), Some(last.0).filter(|message| *message != 0), usage));
            }
        }
        ended
    }
}

impl Used {
    fn of(usage: &Usage) -> Self {
        let Usage { input, output, cache_read, cache_write, reasoning, .. } = *usage;
        Self { input, output, cache_read, cache_write, reasoning }
    }

    fn usage(self) -> Usage {
        let Self { input, output, cache_read, cache_write, reasoning } = self;
        Usage { input, output, cache_read, cache_write, reasoning, ..Usage::default() }
    }

    /// Returns what it says beyond an earlier total; none where it goes on from no such total, but began again.
    fn beyond(self, before: &Self) -> Option<Self> {
        Some(Self {
            input: self.input.checked_sub(before.input)?,
            output: self.output.checked_sub(before.output)?,
            cache_read: self.cache_read.checked_sub(before.cache_read)?,
            cache_write: self.cache_write.checked_sub(before.cache_write)?,
            reasoning: self.reasoning.saturating_sub(before.reasoning),
        })
    }
}
