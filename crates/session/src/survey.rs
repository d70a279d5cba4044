//! What became of a worktree while a session went on: how it was found, and how it was left.
//!
//! Paths are relative to the worktree and divided by `/`; those of files outside of it are absolute.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Moment, Register, SessionKey, Text};

/// A worktree as it was when a session began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The directory of the worktree.
    pub worktree: Text,
    /// The commit that was checked out; none before the first one, and outside git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Text>,
    /// The branch that was checked out; none when detached, and where nobody recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Text>,
    /// The length of the worktree's log of `HEAD` in bytes: what is behind it was done since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reflog: Option<u64>,
    /// What differed from the commit already, and how it looked; none where git did not answer in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<BTreeMap<Text, Text>>,
}

/// A worktree as somebody found it later, against how it was when the session began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// The directory of the worktree.
    pub worktree: Text,
    /// When it was looked at.
    pub at: Moment,
    /// What git says; none outside git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitState>,
    /// Files that were touched, sorted by path.
    pub files: Vec<TouchedFile>,
    /// How many more there were than are listed.
    #[serde(default)]
    pub more: u64,
    /// What could not be found out, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Text>,
}

/// Where a worktree stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitState {
    /// The branch that is checked out; none when detached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Text>,
    /// The commit that is checked out; none before the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Text>,
    /// What git is in the middle of: `rebase`, `merge`, `cherry-pick`, `revert`, `bisect`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amid: Option<Text>,
    /// The commits that were made in this worktree since the session began, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<Commit>,
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its whole id.
    pub id: Text,
    /// The first line of its message.
    pub subject: Text,
    /// The lines below it that refer to something, such as `Fixes: #12`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Text>,
}

/// One file that was touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TouchedFile {
    /// Where it is, or was.
    pub path: Text,
    /// What became of it.
    pub change: FileChange,
    /// Where it was before, if it was renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Text>,
    /// In what ways git holds the change.
    pub held: Held,
    /// How it is known that this session touched it.
    pub by: Attribution,
    /// Other sessions that may have touched it, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<SessionKey>,
    /// The git blob id of what was in it; none where there is no file, or it was too large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<Text>,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    /// It was made.
    Created,
    /// It was changed.
    Modified,
    /// It was deleted.
    Deleted,
    /// It was renamed, and perhaps changed.
    Renamed,
    /// It was touched and is as it was.
    Unchanged,
}

/// In what ways git holds a change; several at once, or none of them outside git and for what git ignores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// In commits made since the session began.
    #[serde(default)]
    pub committed: bool,
    /// In the index.
    #[serde(default)]
    pub staged: bool,
    /// In the worktree alone.
    #[serde(default)]
    pub unstaged: bool,
    /// As a file that git does not track.
    #[serde(default)]
    pub untracked: bool,
}

/// How it is known who touched a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribution {
    /// A tool call of the session named it.
    Tool,
    /// It changed while the session went on.
    Diff,
}

impl FileChange {
    /// Returns the word as it stands in views.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Modified => "modified",
            Self::Deleted => "deleted",
            Self::Renamed => "renamed",
            Self::Unchanged => "unchanged",
        }
    }
}

impl Attribution {
    /// Returns the word as it stands in views.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Diff => "diff",
        }
    }
}

/// The row of what a session left behind in its worktree: how that was found at first, and how it was found last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// The session.
    pub session: SessionKey,
    /// How it was found when the session began; the first baseline counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Register<Baseline>>,
    /// How it was found last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<Register<Survey>>,
}
