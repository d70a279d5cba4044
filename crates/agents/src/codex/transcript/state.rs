//! What of earlier lines later ones need. A line of a rollout does not say whose it is, nor which model answered, nor whether it repeats another.

use serde::{Deserialize, Serialize};

use super::row::{Info, Payload, Tokens};
use crate::transcript_id;

/// From which gap on between two rows, in milliseconds, the second one was no longer copied: copies are written at once.
const GAP_MILLIS: i64 = 1_000;

/// How many responses may be on record and not yet counted.
const RECENT: usize = 8;

/// Up to which length a string is carried on.
pub(super) const LONGEST: usize = 4 << 10;

/// The state of a rollout after some line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    /// The conversation that the file is of.
    pub(super) own: String,
    /// The conversation that has it as a sub-agent's; else the same.
    pub(super) session: String,
    pub(super) is_subagent: bool,
    /// The conversation that the rows are copied from, as long as they are.
    pub(super) origin: String,
    /// The conversation that the history began in, as a hash. What is copied is known by it, however often it is copied again.
    root: u64,
    /// When the last row was written.
    last_at: Option<i64>,
    pub(super) cwd: String,
    pub(super) branch: String,
    pub(super) model: String,
    /// The turn, as a hash.
    pub(super) turn: u64,
    /// How often the running total began again.
    epoch: u32,
    total: Option<Tokens>,
    /// Whether another client runs since, which has counted nothing yet.
    is_reset: bool,
    /// The running totals of the last responses on record.
    records: Vec<Tokens>,
    /// The last response that was counted: the running total with it, and its id.
    counted: Option<(Tokens, u64)>,
    /// How many prompts there were.
    turns: u64,
    /// The last one, until something answers it: whether it was an item, its text and its turn.
    last_turn: Option<(bool, u64, u64)>,
    compactions: u64,
}

/// What a row of the conversation itself changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Began {
    /// A conversation that this one was copied from, or forked off.
    pub(super) origin: Option<String>,
}

impl State {
    /// Takes note of when a row was written: what comes later than at once is not copied any more.
    pub(super) fn pass_row(&mut self, at: Option<i64>) {
        let gap = at.zip(self.last_at).map(|(at, last)| at.saturating_sub(last));
        if gap.is_some_and(|gap| gap >= GAP_MILLIS) {
            self.origin.clear();
        }
        self.last_at = at.or(self.last_at);
    }

    /// Takes a row that says whose the conversation is. The first one is the file's. One of another conversation comes before what was copied from
    /// that; another one of the same says only that somebody resumed.
    pub(super) fn begin(&mut self, said: &Payload<'_>) -> Began {
        let id = said.id.text(LONGEST);
        if id.is_empty() {
            return Began::default();
        }
        if !self.own.is_empty() && id != self.own {
            self.root = transcript_id(&id);
            self.origin.clone_from(&id);
            return Began { origin: Some(id) };
        }
        self.origin.clear();
        for (held, word) in [(&mut self.cwd, said.cwd), (&mut self.branch, said.branch)] {
            if !word.bytes.is_empty() {
                *held = word.text(LONGEST);
            }
        }
        if !self.own.is_empty() {
            return Began::default();
        }
        self.root = transcript_id(&id);
        self.is_subagent = said.is_subagent || !said.parent.bytes.is_empty();
        let parent =
            [said.session, said.parent].into_iter().map(|raw| raw.text(LONGEST)).find(|parent| !parent.is_empty() && *parent != id);
        self.session = parent.filter(|_| self.is_subagent).unwrap_or_else(|| id.clone());
        self.own = id;
        let origin = Some(said.forked_from.text(LONGEST)).filter(|origin| !origin.is_empty() && *origin != self.own);
        Began { origin }
    }

    /// Takes a row of counts, and returns what one response used and its id. None where it says again what was said, or what is on record.
    pub(super) fn count(&mut self, info: Info) -> Option<(Tokens, u64)> {
        let (total, last) = match info {
            Info::Absent => return None,
            Info::Nothing => {
                self.is_reset = self.total.is_some();
                return None;
            }
            Info::Said { total, last } => (total?, last),
        };
        // Every count is written more than once. One by a client that has just begun is another one, even if it says the same.
        let begins = last == Some(total) && !total.is_nothing();
        if self.total == Some(total) && !(self.is_reset && begins) {
            return None;
        }
        let before = self.total.replace(total);
        let has_begun_again = before.is_some_and(|before| begins || !total.goes_on_from(&before));
        self.is_reset = false;
        if has_begun_again {
            self.epoch = self.epoch.saturating_add(1);
        }
        let used = last.unwrap_or_else(|| total.since(&before.filter(|_| !has_begun_again).unwrap_or_default()));
        if self.records.contains(&total) || used.is_nothing() {
            return None;
        }
        let id = self.id_of_count(&total, &used);
        (self.counted, self.last_turn) = (Some((total, id)), None);
        Some((used, id))
    }

    /// Takes a response on record, and returns its id. The row of counts that tells of it too is not counted then.
    pub(super) fn record(&mut self, said: &Payload<'_>, used: &Tokens) -> u64 {
        let total = said.thread_total.unwrap_or_default();
        self.last_turn = None;
        if let Some((_, id)) = self.counted.filter(|(counted, _)| *counted == total && !total.is_nothing()) {
            return id;
        }
        if said.thread_total.is_some() && !self.records.contains(&total) {
            if self.records.len() >= RECENT {
                self.records.remove(0);
            }
            self.records.push(total);
        }
        if said.response.bytes.is_empty() { self.id_of_count(&total, used) } else { transcript_id(said.response.bytes) }
    }

    /// Returns the id of a response that has none: where its history began, which client counted, and what. A copy has the same.
    fn id_of_count(&self, total: &Tokens, used: &Tokens) -> u64 {
        let parts = [&b"count"[..], &self.root.to_le_bytes(), &self.epoch.to_le_bytes(), &total.bytes(), &used.bytes()];
        transcript_id(parts.concat())
    }

    /// Takes a prompt, and returns its id; none where it was told of already, in the words of another generation.
    pub(super) fn prompt(&mut self, text: &str, is_item: bool) -> Option<u64> {
        let said = (is_item, transcript_id(text), self.turn);
        let is_told = self.last_turn.is_some_and(|last| last == (!is_item, said.1, said.2));
        self.last_turn = (!is_told).then_some(said);
        if is_told {
            return None;
        }
        self.turns = self.turns.saturating_add(1);
        Some(transcript_id([&b"prompt"[..], &self.root.to_le_bytes(), &self.turns.to_le_bytes(), &said.1.to_le_bytes()].concat()))
    }

    /// Takes a compaction, and returns its id.
    pub(super) fn compaction(&mut self) -> u64 {
        self.compactions = self.compactions.saturating_add(1);
        transcript_id([&b"compaction"[..], &self.root.to_le_bytes(), &self.compactions.to_le_bytes()].concat())
    }
}
