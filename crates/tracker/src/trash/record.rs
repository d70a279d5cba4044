//! What is written down of a deletion.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::directory::{Seen, StepName};
use crate::vault::Hash;

/// The form in which deletions are written down whose pieces are all in one directory.
const TOGETHER: u32 = 1;

/// The form in which others are.
const APART: u32 = 2;

/// The steps to a piece from where all of them are, or are below.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Way {
    /// It is there.
    There(StepName),
    /// It is below.
    Below(Vec<StepName>),
}

impl Way {
    /// Returns the way of some steps; none where there are no steps.
    pub(super) fn of(steps: &[StepName]) -> Option<Self> {
        match steps {
            [] => None,
            [name] => Some(Self::There(name.clone())),
            steps => Some(Self::Below(steps.to_vec())),
        }
    }

    /// Returns its steps.
    pub(super) fn steps(&self) -> &[StepName] {
        match self {
            Self::There(name) => std::slice::from_ref(name),
            Self::Below(steps) => steps,
        }
    }
}

/// A file that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DeletedFile {
    /// Where it was below the root.
    pub(super) steps: Vec<StepName>,
    /// What the file system said of it.
    pub(super) seen: Seen,
    /// What was in it.
    pub(super) hash: Hash,
}

/// A conversation that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Deleted {
    /// The form of this file.
    pub(super) version: u32,
    /// The agent.
    pub(super) agent: String,
    /// The agent's id of the conversation.
    pub(super) id: String,
    /// Below which directory it was, as that was called.
    pub(super) root: PathBuf,
    /// The steps from there to where its pieces were, or were below.
    pub(super) place: Vec<StepName>,
    /// The ways from there to its pieces; the first is `0` in the trash.
    pub(super) pieces: Vec<Way>,
    /// All its files.
    pub(super) files: Vec<DeletedFile>,
    /// When it was deleted, in microseconds since 1970.
    pub(super) deleted_at: i64,
    /// By which command.
    pub(super) why: String,
    /// What all have that one command deleted at once; none in what older builds deleted.
    #[serde(default)]
    pub(super) deletion: Option<String>,
}

impl Deleted {
    /// Returns the form in which it is written down: an older build reads what it understands, and nothing else.
    pub(super) fn form(pieces: &[Way]) -> u32 {
        if pieces.iter().all(|way| matches!(way, Way::There(_))) { TOGETHER } else { APART }
    }

    /// Returns the steps from the root to a piece.
    pub(super) fn steps_to(&self, piece: &Way) -> Vec<StepName> {
        [self.place.as_slice(), piece.steps()].concat()
    }

    /// Returns the files of a piece, each with its steps below the piece.
    pub(super) fn files_of(&self, piece: &Way) -> Vec<(&DeletedFile, &[StepName])> {
        let above = self.steps_to(piece);
        self.files.iter().filter_map(|file| Some((file, file.steps.strip_prefix(above.as_slice())?))).collect()
    }

    /// Returns how long all its files are, in bytes.
    pub(super) fn size(&self) -> u64 {
        self.files.iter().map(|file| file.seen.size).sum()
    }

    /// Reads what was written down; anything else is none.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let deleted: Self = serde_json::from_slice(bytes).ok()?;
        let is_below = |file: &DeletedFile| deleted.pieces.iter().any(|piece| file.steps.starts_with(&deleted.steps_to(piece)));
        let is_known = deleted.version == Self::form(&deleted.pieces) && deleted.pieces.iter().all(|way| !way.steps().is_empty());
        (is_known && deleted.root.is_absolute() && deleted.files.iter().all(is_below)).then_some(deleted)
    }
}
