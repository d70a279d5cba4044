//! The row of a session.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    EntryKind, Evidence, Json, Metadata, Moment, Opener, Prefix, ProjectKey, Rank, Reading, Register, Revision, SessionId, SessionKey,
    Stamp, Status, Tag, Text, elapsed_micros,
};

/// Our record of one piece of agent work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its key.
    pub key: SessionKey,
    /// Its id, `SESSION-20260216-173003-09RZ`.
    pub id: SessionId,
    /// Its number in its project.
    pub number: Register<Option<u32>>,
    /// The project it belongs to.
    pub project: Option<ProjectKey>,
    /// The directory of the worktree it was opened in.
    pub worktree: Option<Text>,
    /// Who opened it.
    pub opener: Opener,
    /// Whose it is.
    pub owner: Text,
    /// The agent that opened it.
    pub agent: Option<Text>,
    /// The session it continues or was started from.
    pub parent: Register<Option<SessionKey>>,
    /// What it is about.
    pub description: Option<Description>,
    /// Every tag it ever had, and whether it has it now.
    pub tags: BTreeMap<Tag, Register<bool>>,
    /// Names and values given at the start, and those added since.
    pub metadata: Metadata,
    /// Which change added or replaced a value, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotated: BTreeMap<Text, Stamp>,
    /// When it began.
    pub started: Reading,
    /// Where it stands, since when, and why.
    pub lifecycle: Register<Lifecycle>,
    /// When it was last started or reopened here; none for what came in a file.
    pub made_current: Option<Moment>,
    /// When its last change was recorded; what its conversations do is in their rows.
    pub touched: Register<Reading>,
    /// Its work items, counted.
    pub work: WorkCount,
    /// What was written down in it, counted.
    #[serde(default)]
    pub entries: EntryCount,
    /// The last look at what it left behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surveyed: Option<Stamp>,
    /// What its conversations did, counted.
    #[serde(default)]
    pub activity: Activity,
    /// The file of another script it was taken from.
    pub original: Option<Json>,
    /// The event that opened it.
    pub opened_by: Stamp,
    /// The latest revision among its changes.
    pub revision: Revision,
}

/// A description, how good it is, and which change set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The description.
    pub text: Text,
    /// Who made it.
    pub rank: Rank,
    /// The change that set it.
    pub stamp: Stamp,
}

/// Where a session stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// The status.
    pub status: Status,
    /// When it came to stand there.
    pub since: Reading,
    /// Why, where that is known.
    pub reason: Option<Text>,
    /// How that is known.
    pub evidence: Evidence,
}

impl Lifecycle {
    /// Reports whether somebody said so; what was only observed or concluded is undone by whatever happens next.
    pub fn is_said(&self) -> bool {
        !matches!(self.evidence, Evidence::Hook | Evidence::Inferred | Evidence::Transcript)
    }
}

/// Work items of a session by where they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkCount {
    /// All of them.
    pub total: u32,
    /// Those with status `COMPLETED`.
    pub completed: u32,
    /// Those with status `IN_PROGRESS`.
    pub in_progress: u32,
}

/// Entries of a session by kind; one that replaces another is counted in its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryCount {
    /// Log entries.
    pub log: u32,
    /// Decisions.
    pub decision: u32,
    /// Test results.
    pub test: u32,
    /// Blockers, open and resolved.
    pub blocker: u32,
    /// Open points, also those that are done.
    pub todo: u32,
}

impl EntryCount {
    /// Returns how many there are of all kinds.
    pub fn total(&self) -> u32 {
        [self.log, self.decision, self.test, self.blocker, self.todo].into_iter().fold(0, u32::saturating_add)
    }

    pub(crate) fn of_kind(&mut self, kind: EntryKind) -> &mut u32 {
        match kind {
            EntryKind::Log => &mut self.log,
            EntryKind::Decision => &mut self.decision,
            EntryKind::Test => &mut self.test,
            EntryKind::Blocker => &mut self.blocker,
            EntryKind::Todo => &mut self.todo,
        }
    }
}

/// Turns and tool calls of a session, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Turns that somebody or something prompted.
    pub turns: u32,
    /// Tool calls, those of sub-agents and those that were refused included.
    pub tool_calls: u32,
    /// Tool calls that ran and failed.
    pub failed: u32,
    /// Tool calls that were refused.
    pub refused: u32,
}

impl Session {
    /// Returns where the session stands.
    pub fn status(&self) -> Status {
        self.lifecycle.value.status
    }

    /// Returns the type its id begins with.
    pub fn prefix(&self) -> Prefix {
        self.id.prefix()
    }

    /// Returns when it ended, if it has.
    pub fn ended(&self) -> Option<Reading> {
        self.status().is_ended().then_some(self.lifecycle.value.since)
    }

    /// Returns the microseconds from its start to its end, or to `now` while it goes on.
    pub fn duration_micros(&self, now: &Reading) -> u64 {
        elapsed_micros(&self.started, &self.ended().unwrap_or(*now))
    }

    /// Returns the tags it has now, sorted.
    pub fn current_tags(&self) -> impl Iterator<Item = &Tag> {
        self.tags.iter().filter(|(_, present)| present.value).map(|(tag, _)| tag)
    }

    /// Reports whether an agent opened it, left it, and nothing was ever recorded in it.
    pub fn is_empty(&self) -> bool {
        self.opener == Opener::Agent && self.status().is_ended() && self.is_unused()
    }

    /// Reports whether nothing was ever recorded in it.
    pub fn is_unused(&self) -> bool {
        self.work.total == 0 && self.entries.total() == 0 && self.activity == Activity::default()
    }

    /// Reports whether it ended after anybody last looked at what it left behind. What only a transcript tells of is over for long.
    pub fn wants_survey(&self) -> bool {
        let is_past = self.lifecycle.value.evidence == Evidence::Transcript;
        !is_past && self.status().is_ended() && !self.is_empty() && self.surveyed.is_none_or(|surveyed| surveyed < self.lifecycle.stamp)
    }
}
