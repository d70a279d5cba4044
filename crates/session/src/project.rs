//! The row of a project.

use serde::{Deserialize, Serialize};

use crate::{Moment, ProjectKey, Register, Revision, Stamp, Text};

/// A git repository with all its worktrees, else a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its key.
    pub key: ProjectKey,
    /// The name people use; not unique.
    pub name: Text,
    /// The git common directory, else the directory.
    pub place: Register<Text>,
    /// Whether `place` is a git common directory.
    pub is_git: bool,
    /// The repository's first commit.
    pub root_commit: Option<Text>,
    /// The remote's address.
    pub remote: Option<Text>,
    /// When it was first seen.
    pub found_at: Moment,
    /// The event that says so.
    pub found_by: Stamp,
    /// The latest revision among its changes.
    pub revision: Revision,
}
