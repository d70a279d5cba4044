//! The gate: what a commit is held against before it is made, and a range of commits before it is merged.
//!
//! | rule | a commit is held against it |
//! |---|---|
//! | `session` | it names the session it is of, in a trailer `Session: ID` |
//! | `log` | something was written down in that session since its last commit |
//! | `decisions` | every decision of that session has its reason |
//! | `blockers` | that session has no open blocker |
//!
//! Merges, fixups, what a rebase or a cherry-pick repeats, and what bots commit pass. Three modes: `off` says nothing, `advise` says what is
//! missing, `strict` refuses. Whatever goes wrong here lets a commit pass: it is refused on purpose or not at all.
//!
//! | file | holds |
//! |---|---|
//! | `message` | messages of commits, read; pure |
//! | `commit` | the commit that is being made |
//! | `range` | commits that are there already |
//! | `papers` | what documents in a worktree say of sessions, where the store knows nothing |
//! | `script` | our lines in a git hook: in and out again; pure |
//! | `install` | the hooks of a repository |

mod commit;
mod install;
mod message;
mod papers;
mod range;
mod script;

use std::path::PathBuf;

use serde::Serialize;
use store::StoreError;

use crate::{CurrentError, ProjectError};

pub use commit::{CommitMaking, HookCall};
pub use install::{HookOutcome, HookView};
pub use range::CheckedRange;
pub use script::REFUSED;

/// What becomes of a commit that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GateMode {
    /// Nobody looks.
    Off,
    /// It is said.
    Advise,
    /// It is refused.
    Strict,
}

/// What a commit is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// It names its session.
    Session,
    /// Something was written down since the last one.
    Log,
    /// Decisions have reasons.
    Decisions,
    /// Nothing is in the way.
    Blockers,
}

impl Rule {
    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Log => "log",
            Self::Decisions => "decisions",
            Self::Blockers => "blockers",
        }
    }
}

/// A rule that a commit breaks, why, and what satisfies it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Objection {
    /// The rule.
    pub rule: Rule,
    /// The commit; `null` for the one that is being made.
    pub commit: Option<String>,
    /// The first line of its message.
    pub subject: Option<String>,
    /// The session it names, or would.
    pub session: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// The command that puts it right.
    pub command: String,
}

/// Why nothing could be checked or installed.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// There is no git repository here.
    #[error("`{place}` is in no git repository")]
    NoRepository {
        /// Where.
        place: PathBuf,
    },
    /// Git does not know the commits.
    #[error("git does not know the range `{range}`")]
    BadRange {
        /// What was asked for.
        range: String,
    },
    /// A hook's file cannot be used.
    #[error("cannot use `{path}`")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The project could not be determined.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// No session could be told.
    #[error(transparent)]
    Current(#[from] CurrentError),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}
