//! Agents' conversations on the disk: listed, looked at, deleted, put back.
//!
//! | file | holds |
//! |---|---|
//! | `roots` | where they are looked for |
//! | `list` | all of them, and what is known of each |
//! | `activity` | which of them are in use |
//! | `delete` | moving some into the trash: named ones, or those that nobody used for long |
//! | `restore` | putting one back, from the trash or from the vault |

mod activity;
mod delete;
mod list;
mod restore;
mod roots;

use store::StoreError;

pub use delete::{Cleaning, DeletedView};
pub use list::AgentSessionView;
pub use restore::{RestoreError, RestoreFrom, RestoredView, Restoring};

use crate::{ConfigError, TrashError};

/// Why nothing could be said or done of agents' conversations.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// No agent has it here.
    #[error("no agent session `{id}` on this disk")]
    Unknown {
        /// The id.
        id: String,
    },
    /// An agent works in it.
    #[error("agent session `{id}` is running")]
    Running {
        /// The id.
        id: String,
    },
    /// Nobody says where agents have their files.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store cannot answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The trash cannot be used.
    #[error(transparent)]
    Trash(#[from] TrashError),
}
