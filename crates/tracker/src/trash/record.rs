//! What is written down of a deletion.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::directory::{Seen, StepName};
use crate::vault::Hash;

/// The form in which deletions are written down.
pub(super) const VERSION: u32 = 1;

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
    /// The steps from there to where its pieces were.
    pub(super) place: Vec<StepName>,
    /// The names of its pieces; the first is `0` in the trash.
    pub(super) pieces: Vec<StepName>,
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
    /// Returns the files of a piece, each with its steps below the piece.
    pub(super) fn files_of<'d>(&'d self, piece: &'d StepName) -> impl Iterator<Item = (&'d DeletedFile, &'d [StepName])> {
        let depth = self.place.len();
        self.files.iter().filter(move |file| file.steps.get(depth) == Some(piece)).map(move |file| (file, &file.steps[depth + 1..]))
    }

    /// Returns how long all its files are, in bytes.
    pub(super) fn size(&self) -> u64 {
        self.files.iter().map(|file| file.seen.size).sum()
    }

    /// Reads what was written down; anything else is none.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let deleted: Self = serde_json::from_slice(bytes).ok()?;
        let is_below = |file: &DeletedFile| {
            file.steps.starts_with(&deleted.place)
                && file.steps.get(deleted.place.len()).is_some_and(|piece| deleted.pieces.contains(piece))
        };
        (deleted.version == VERSION && deleted.root.is_absolute() && deleted.files.iter().all(is_below)).then_some(deleted)
    }
}
