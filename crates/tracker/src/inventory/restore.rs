//! Putting a conversation back, so that its agent can resume it.

use std::path::PathBuf;

use agents::claude_code::transcript::is_id;
use serde::Serialize;

use crate::put_back::PutBackFiles;
use crate::trash::FromTrashError;
use crate::vault::FromVaultError;
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
    /// From this deletion in the trash, and from nowhere else: when it was, as listed, or the name of its directory; else the last one.
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
        let from = how.entry.as_ref().map_or(how.from, |_| Some(RestoreFrom::Trash));
        let unknown = || RestoreError::Unknown { id: id.to_owned(), from };
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
        let done =
            if is_wanted(RestoreFrom::Vault) && how.entry.is_none() { self.put_back_from_vault(id, how.as_of, touched)? } else { None };
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

impl From<FromVaultError> for RestoreError {
    fn from(error: FromVaultError) -> Self {
        match error {
            FromVaultError::Vault(error) => Self::Vault(error),
            FromVaultError::Damaged(path) => Self::Damaged { path, from: RestoreFrom::Vault },
        }
    }
}
