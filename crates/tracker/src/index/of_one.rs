//! What transcripts say of one conversation that is on the disk.

use std::collections::BTreeSet;

use agents::TranscriptBuffers;
use agents::transcripts::Wanted;
use serde_json::Value;
use session::transcript::{Facts, Ledger, Name};
use store::{Index, ReadFile, StoreError};

use super::pass::redact_names;
use crate::directory::path_of;
use crate::holdings::{HeldFile, Holding, Layout};
use crate::usage::{Prices, Sum, usage_object};

/// What a conversation's transcripts say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct OfOne {
    /// How many prompts were typed in it; none where that cannot be read.
    pub(crate) turns: Option<u64>,
    /// The models that answered.
    pub(crate) models: BTreeSet<String>,
    /// Where the agent was at first.
    pub(crate) cwd: Option<String>,
    /// Its first record, in microseconds since 1970.
    pub(crate) first: Option<i64>,
    /// What it used.
    pub(crate) usage: Option<Value>,
}

/// What the index says of a conversation.
pub(crate) struct Indexed {
    /// What it says.
    pub(crate) said: OfOne,
    /// Whether its transcript is what it was when it was read.
    pub(crate) is_current: bool,
}

impl OfOne {
    /// Asks the index; none where it knows nothing of the conversation.
    pub(crate) fn indexed(index: &Index, holding: &Holding, prices: &Prices) -> Result<Option<Indexed>, StoreError> {
        let (mut parts, mut is_current) = (Vec::new(), holding.layout == Layout::Database);
        for file in index.files_of(&holding.id)? {
            parts.extend(index.facts_of(file)?.into_iter().flatten().flatten());
            let read = index.file(file)?.filter(|file| file.is_current).map(|file| file.read);
            is_current |= read.is_some_and(|read| holding.transcript().is_some_and(|transcript| is_same(&read, transcript)));
        }
        let said = Self::of(&parts, &holding.id, prices);
        Ok((!parts.is_empty()).then_some(Indexed { said, is_current }))
    }

    /// Reads its transcript, or everything that its agent and the agent's sub-agents wrote.
    pub(crate) fn read(holding: &Holding, with_all: bool, prices: &Prices, buffers: &mut TranscriptBuffers) -> Self {
        let mut parts = Vec::new();
        let is_wanted = |file: &&HeldFile| with_all || holding.transcript() == Some(*file);
        let paths: Vec<_> = match &holding.stored {
            Some(stored) => vec![stored.database.clone()],
            None => {
                let files = holding.files.iter().filter(is_wanted).map(|file| path_of(&holding.root, &file.steps));
                files.filter(|path| holding.agent.is_transcript(path)).collect()
            }
        };
        for path in paths {
            let mut found = Vec::new();
            let is_stored = holding.stored.is_some();
            let mut take = |pass: agents::transcripts::Pass| {
                if !is_stored || pass.within == holding.id {
                    found.push(pass.facts);
                }
            };
            let read = holding.agent.read_file(&path, None, Wanted::Everything, buffers, &|_| {}, &mut take);
            if read.is_ok() {
                found.iter_mut().for_each(redact_names);
                parts.append(&mut found);
            }
        }
        if parts.is_empty() { Self::default() } else { Self::of(&parts, &holding.id, prices) }
    }

    fn of(parts: &[Facts], id: &str, prices: &Prices) -> Self {
        let mut ledger = Ledger::default();
        parts.iter().for_each(|facts| ledger.add(facts));
        let is_it = |name: Name| ledger.name(name).is_none_or(|name| name.is_empty() || name == id);
        let (mut sum, mut models) = (Sum::default(), BTreeSet::new());
        for response in ledger.responses().filter(|response| is_it(response.conversation)) {
            let tariff = prices.tariff(ledger.name(response.model).unwrap_or_default(), ledger.name(response.tier));
            sum.add(&response, tariff.and_then(|tariff| tariff.cost(&response.usage, response.at)));
            models.extend(ledger.name(response.model).map(str::to_owned));
        }
        let is_of = |facts: &&Facts| facts.conversations.iter().any(|(name, _)| facts.name(*name) == Some(id));
        let own = || parts.iter().filter(is_of);
        let cwd = |facts: &Facts| facts.cwds.first().and_then(|cwd| facts.name(*cwd)).map(str::to_owned);
        Self {
            turns: Some(ledger.turns().filter(|turn| !turn.is_copied && is_it(turn.conversation)).count() as u64),
            models,
            cwd: own().find_map(cwd).or_else(|| parts.iter().find_map(cwd)),
            first: own().chain(parts).filter_map(|facts| facts.extent.first).min().map(|first| first.saturating_mul(1_000)),
            usage: (sum.responses > 0).then(|| usage_object(&sum)),
        }
    }
}

fn is_same(read: &ReadFile, file: &HeldFile) -> bool {
    let seen = &file.seen;
    (read.size, read.changed_nanos, read.device, read.inode) == (seen.size, seen.modified, seen.device, seen.inode)
}
