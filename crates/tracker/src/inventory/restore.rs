//! Putting a conversation back, so that its agent can resume it.

use std::path::PathBuf;

use agents::claude_code::transcript::is_id;
use serde::Serialize;

use crate::put_back::PutBackFiles;
use crate::trash::FromTrashError;
use crate::vault::{FromVaultError, KeptEntry};
use crate::{Tracker, TrashError, VaultError};

/// From where a conversation is put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RestoreFrom {
    /// The trash: it was deleted with a command of ours.
    Trash,
    /// The vault: it was copied before somebody deleted it.
    Vault,
}

/// How a conversation is put back.
#[derive(Clone, Debug, Default)]
pub struct Restoring {
    /// From where; else from the trash, and from the vault where it is not there.
    pub from: Option<RestoreFrom>,
    /// As it was then, in microseconds since 1970, as far as the vault knows; else as it was last.
    pub as_of: Option<i64>,
    /// Which one is meant where several have the id: a deletion in the trash, by when it was, as listed, or by the name of its directory; or one
    /// of those that the vault keeps, by its name.
    pub entry: Option<String>,
    /// As if somebody had written to it just now, so that the agent does not delete it as too old.
    pub touch: bool,
}

/// What was put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestoredView {
    /// The agent's id of the conversation.
    pub id: String,
    /// From where it was put back.
    pub from: RestoreFrom,
    /// Files that were put back.
    pub restored: Vec<PathBuf>,
    /// Files that were there already.
    pub there: Vec<PathBuf>,
    /// Files in whose place there is something else; they were left alone.
    pub differing: Vec<PathBuf>,
    /// What could not be put back, each with its reason; it is in the trash still.
    pub left: Vec<String>,
    /// The entry of the trash that holds what was not put back; `null` where nothing is left there.
    pub entry: Option<String>,
}

/// Why a conversation was not put back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Neither the trash nor the vault has it, or not the one that was named.
    #[error("{} agent session `{id}`", match from { None => "neither the trash nor the vault has", Some(RestoreFrom::Trash) => "the trash does not have", Some(RestoreFrom::Vault) => "the vault does not have" })]
    Unknown {
        /// The id.
        id: String,
        /// From where it was wanted.
        from: Option<RestoreFrom>,
    },
    /// What is kept of a file is not what was put there. Nothing was put back.
    #[error("what is kept of `{path}` is damaged; nothing was put back")]
    Damaged {
        /// The file, or what is kept of it.
        path: PathBuf,
        /// Whether it is in the vault.
        from: RestoreFrom,
    },
    /// The vault keeps several that are not the same.
    #[error("agent session `{id}` is in the vault from {} places, and is not the same everywhere; nothing was put back", entries.len())]
    Several {
        /// The id.
        id: String,
        /// All of them, the one that was written to last first.
        entries: Vec<KeptEntry>,
    },
    /// The vault does not have it as it was then.
    #[error("the vault has agent session `{id}` as it was from {first} on, and not before; nothing was put back")]
    NotThen {
        /// The id.
        id: String,
        /// When it was copied first, as far as anybody knows.
        first: String,
    },
    /// The vault cannot be used.
    #[error(transparent)]
    Vault(VaultError),
    /// The trash cannot be used.
    #[error(transparent)]
    Trash(TrashError),
}

impl Tracker {
    /// Puts a conversation back where its agent had it. A file that is there is never written over.
    ///
    /// # Errors
    /// When nobody has it, or what is kept of it is damaged.
    pub fn restore(&self, id: &str, how: &Restoring) -> Result<RestoredView, RestoreError> {
        let unknown = || RestoreError::Unknown { id: id.to_owned(), from: how.from };
        if !is_id(id) {
            return Err(unknown());
        }
        let touched = how.touch.then(|| self.clock.now().moment.micros().saturating_mul(1_000));
        let view = |from, done: PutBackFiles| RestoredView {
            id: id.to_owned(),
            from,
            restored: done.restored,
            there: done.there,
            differing: done.differing,
            left: done.left,
            entry: done.entry,
        };
        let is_wanted = |from| how.from.is_none_or(|wanted| wanted == from);
        if is_wanted(RestoreFrom::Trash)
            && how.as_of.is_none()
            && let Some(done) = self.put_back_from_trash(id, how.entry.as_deref(), touched)?
        {
            return Ok(view(RestoreFrom::Trash, done));
        }
        let entry = how.entry.as_deref();
        let kept = if is_wanted(RestoreFrom::Vault) { self.put_back_from_vault(id, entry, how.as_of, touched) } else { Ok(None) };
        let done = kept.map_err(|error| from_vault(id, error))?;
        done.map(|done| view(RestoreFrom::Vault, done)).ok_or_else(unknown)
    }
}

impl From<FromTrashError> for RestoreError {
    fn from(error: FromTrashError) -> Self {
        match error {
            FromTrashError::Trash(error) => Self::Trash(error),
            FromTrashError::Damaged(path) => Self::Damaged { path, from: RestoreFrom::Trash },
        }
    }
}

fn from_vault(id: &str, error: FromVaultError) -> RestoreError {
    match error {
        FromVaultError::Vault(error) => RestoreError::Vault(error),
        FromVaultError::Damaged(path) => RestoreError::Damaged { path, from: RestoreFrom::Vault },
        FromVaultError::Several(entries) => RestoreError::Several { id: id.to_owned(), entries },
        FromVaultError::NotThen(first) => RestoreError::NotThen { id: id.to_owned(), first },
    }
}
