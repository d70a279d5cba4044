//! Agents' conversations on the disk: listed, looked at, deleted, put back.
//!
//! | file | holds |
//! |---|---|
//! | `roots` | where they are looked for |
//! | `list` | all of them, and what is known of each |
//! | `of_project` | those of one project |
//! | `activity` | which of them are in use |
//! | `delete` | moving some into the trash: named ones, or those that nobody used for long |
//! | `restore` | putting one back, from the trash or from the vault |

mod activity;
mod delete;
mod list;
mod of_project;
mod restore;
mod roots;

use agents::transcripts::Agent;
use store::StoreError;

pub use delete::{Cleaning, DeletedView};
pub use list::{AgentSessionView, Choice, Listed};
pub use restore::{RestoreError, RestoreFrom, RestoredView, Restoring};

use crate::{ConfigError, ProjectError, TrashError};

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
    /// It has no files that could be moved.
    #[error("agent session `{id}` is in a database of its agent's, with others")]
    InDatabase {
        /// The id.
        id: String,
        /// What to type to have the agent delete it.
        command: String,
    },
    /// Nobody knows such an agent.
    #[error("no agent is called `{name}`")]
    NoAgent {
        /// What was typed.
        name: String,
    },
    /// The project cannot be determined.
    #[error(transparent)]
    Project(#[from] ProjectError),
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

/// Returns how the agents are spelled whose conversations are known here.
pub fn agent_names() -> impl Iterator<Item = &'static str> {
    Agent::ALL.into_iter().map(Agent::name)
}

/// Returns the agent of a name, where one is named.
fn agent_called(name: Option<&str>) -> Result<Option<Agent>, InventoryError> {
    let unknown = |name: &str| InventoryError::NoAgent { name: name.to_owned() };
    name.map(|name| Agent::of(name).ok_or_else(|| unknown(name))).transpose()
}
