//! The row of an entry: what somebody wrote down, and what became of it.

use serde::{Deserialize, Serialize};

use crate::{EntryId, EntryKey, Moment, Reading, Register, SessionKey, Stamp, Text};

/// What somebody wrote down in a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its key.
    pub key: EntryKey,
    /// Its id, `DECISION-20260216-173105-K2N4`.
    pub id: EntryId,
    /// The session it belongs to.
    pub session: SessionKey,
    /// What it says.
    pub text: Text,
    /// What kind of entry it is, and what only that kind has.
    pub what: Written,
    /// The entry of the same session that it replaces; that one stays as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<EntryKey>,
    /// When it happened.
    pub at: Reading,
    /// When it was written down.
    pub written_at: Moment,
    /// Who wrote it down.
    pub author: Text,
    /// The event that says so.
    pub added_by: Stamp,
    /// Whether it is still open, and what was said when that changed. Log entries, decisions and test results are not asked.
    pub standing: Register<EntryStanding>,
}

/// What an entry says beyond its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Written {
    /// Something happened.
    Log {
        /// What sort of work it was; none where nobody said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<Category>,
    },
    /// Something was decided.
    Decision {
        /// Why.
        rationale: Text,
        /// What was decided against.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        alternatives: Vec<Text>,
    },
    /// Something was tested.
    Test(TestResult),
    /// Something is in the way.
    Blocker,
    /// Something is left for whoever comes next.
    Todo,
}

/// What came of a test run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestResult {
    /// Tests that passed.
    pub passed: u32,
    /// Tests that failed.
    pub failed: u32,
    /// Tests that were not run.
    #[serde(default)]
    pub skipped: u32,
    /// The names of those that failed, as far as they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Text>,
    /// The command that ran them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Text>,
    /// The runner whose output was read; none where somebody said the numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<Text>,
}

/// A kind of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Something happened.
    Log,
    /// Something was decided.
    Decision,
    /// Something was tested.
    Test,
    /// Something is in the way.
    Blocker,
    /// Something is left for whoever comes next.
    Todo,
}

/// What sort of work a log entry tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Something was built.
    Implementation,
    /// Something was tested.
    Testing,
    /// Something was planned.
    Planning,
    /// Something was mended.
    Bugfix,
    /// Something was rearranged.
    Refactor,
    /// Something was described.
    Documentation,
}

/// Whether a blocker or an open point still stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryStanding {
    /// Whether it does.
    pub is_open: bool,
    /// When that changed; none while it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Reading>,
    /// What was said then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// The session in which that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionKey>,
}

impl Default for EntryStanding {
    /// Every entry begins open.
    fn default() -> Self {
        Self { is_open: true, since: None, text: None, session: None }
    }
}

/// Why a word is no category.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a category: implementation, testing, planning, bugfix, refactor or documentation")]
pub struct CategoryError(pub String);

impl EntryKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Log, Self::Decision, Self::Test, Self::Blocker, Self::Todo];

    /// Returns the word as it stands in views.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Decision => "decision",
            Self::Test => "test",
            Self::Blocker => "blocker",
            Self::Todo => "todo",
        }
    }

    /// Reports whether an entry of this kind is open until somebody says otherwise.
    pub fn stays_open(self) -> bool {
        matches!(self, Self::Blocker | Self::Todo)
    }
}

impl Category {
    /// All categories.
    pub const ALL: [Self; 6] = [Self::Implementation, Self::Testing, Self::Planning, Self::Bugfix, Self::Refactor, Self::Documentation];

    /// Returns the word as people write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Implementation => "implementation",
            Self::Testing => "testing",
            Self::Planning => "planning",
            Self::Bugfix => "bugfix",
            Self::Refactor => "refactor",
            Self::Documentation => "documentation",
        }
    }
}

impl std::str::FromStr for Category {
    type Err = CategoryError;

    fn from_str(word: &str) -> Result<Self, CategoryError> {
        let wanted = |each: &Self| each.as_str().eq_ignore_ascii_case(word.trim());
        Self::ALL.into_iter().find(wanted).ok_or_else(|| CategoryError(word.to_owned()))
    }
}

impl Written {
    /// Returns the kind.
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::Log { .. } => EntryKind::Log,
            Self::Decision { .. } => EntryKind::Decision,
            Self::Test(_) => EntryKind::Test,
            Self::Blocker => EntryKind::Blocker,
            Self::Todo => EntryKind::Todo,
        }
    }
}

impl Entry {
    /// Returns its kind.
    pub fn kind(&self) -> EntryKind {
        self.what.kind()
    }

    /// Reports whether it is a blocker or an open point that still stands.
    pub fn is_open(&self) -> bool {
        self.kind().stays_open() && self.standing.value.is_open
    }
}
