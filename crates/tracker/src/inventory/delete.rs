//! Moving conversations into the trash: those that are named, or those that nobody used for long.

use std::path::PathBuf;

use serde::Serialize;

use super::InventoryError;
use super::activity::InUse;
use crate::Tracker;
use crate::holdings::Holding;
use crate::naming::draw_uuid;

/// What is to be cleaned up.
#[derive(Clone, Debug)]
pub struct Cleaning {
    /// What nobody has written to since, in microseconds since 1970.
    pub before: i64,
    /// Only what was recorded as this owner's.
    pub owner: Option<String>,
}

/// A conversation that was moved into the trash, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeletedView {
    /// The agent's id of it.
    pub id: String,
    /// The agent.
    pub agent: &'static str,
    /// Where it is, or was.
    pub directory: PathBuf,
    /// How many files it has.
    pub files: u64,
    /// How long these are, in bytes.
    pub size_bytes: u64,
    /// Whether it is in the trash now.
    pub deleted: bool,
}

impl Tracker {
    /// Moves conversations into the trash, in all folders they are found in; or only says which.
    ///
    /// # Errors
    /// When one of them is not there or is running: nothing is moved then. When something cannot be moved.
    pub fn delete_agent_sessions(&mut self, ids: &[String], is_dry: bool) -> Result<Vec<DeletedView>, InventoryError> {
        let held = self.held()?.holdings;
        let in_use = self.in_use(&held)?;
        for id in ids {
            if in_use.running.contains(id) {
                return Err(InventoryError::Running { id: id.clone() });
            }
            if !held.iter().any(|holding| holding.id == *id) {
                return Err(InventoryError::Unknown { id: id.clone() });
            }
        }
        let wanted = held.into_iter().filter(|holding| ids.contains(&holding.id)).collect();
        self.delete(wanted, "agents delete", is_dry)
    }

    /// Moves conversations into the trash that nobody used for long; or only says which. What is in use stays.
    ///
    /// # Errors
    /// When the store cannot answer, or something cannot be moved.
    pub fn clean_agent_sessions(&mut self, cleaning: &Cleaning, is_dry: bool) -> Result<Vec<DeletedView>, InventoryError> {
        let (mut held, known) = (self.held()?.holdings, self.known()?);
        let in_use = self.in_use(&held)?;
        held.retain(|holding| is_to_go(holding, cleaning, known.owner(holding), &in_use));
        self.delete(held, "agents clean", is_dry)
    }

    fn delete(&mut self, holdings: Vec<Holding>, why: &str, is_dry: bool) -> Result<Vec<DeletedView>, InventoryError> {
        let deletion = draw_uuid(&mut *self.dice, self.clock.now().moment).to_string();
        let mut views = Vec::new();
        for holding in holdings {
            if !is_dry {
                self.put_into_trash(&holding, why, &deletion)?;
            }
            views.push(DeletedView {
                agent: holding.agent(),
                directory: holding.directory(),
                files: holding.files.len() as u64,
                size_bytes: holding.size(),
                deleted: !is_dry,
                id: holding.id,
            });
        }
        Ok(views)
    }
}

/// Reports whether a conversation is to be cleaned up. An owner is compared whole: `user_12` is not `user_123`.
fn is_to_go(holding: &Holding, cleaning: &Cleaning, owner: Option<&str>, in_use: &InUse) -> bool {
    let is_old = holding.modified() / 1_000 <= cleaning.before;
    let is_theirs = cleaning.owner.as_deref().is_none_or(|wanted| owner == Some(wanted));
    is_old && is_theirs && in_use.why(holding).is_none()
}
