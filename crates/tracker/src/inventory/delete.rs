//! Moving conversations into the trash: those that are named, or those that nobody used for long.

use std::path::PathBuf;

use machine::OpenFiles;
use serde::Serialize;

use super::InventoryError;
use super::activity::InUse;
use crate::Tracker;
use crate::holdings::Holding;
use crate::naming::draw_uuid;
use crate::trash::DELETE;

/// What is to be cleaned up.
#[derive(Clone, Debug)]
pub struct Cleaning {
    /// What nobody has written to since, in microseconds since 1970.
    pub before: i64,
    /// Only what was recorded as this owner's.
    pub owner: Option<String>,
    /// Only this agent's.
    pub agent: Option<String>,
    /// Only those of the project that is named.
    pub of_project: bool,
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
    /// Why it is not, or not all of it; `null` where nothing went wrong.
    pub trouble: Option<String>,
}

/// How conversations are deleted.
struct Deleting {
    /// The command that does so.
    why: &'static str,
    /// Whether somebody named them: then only one that runs stays.
    is_named: bool,
    /// Whether it is only said what would be deleted.
    is_dry: bool,
}

impl Tracker {
    /// Moves conversations into the trash, in all folders they are found in; or only says which.
    ///
    /// # Errors
    /// When one of them is not there, is running, or has no files of its own: nothing is moved then. When none of them can be moved; where only some can, the views of
    /// the others say why.
    pub fn delete_agent_sessions(&mut self, ids: &[String], is_dry: bool) -> Result<Vec<DeletedView>, InventoryError> {
        let held = self.held(None)?.holdings;
        let in_use = self.in_use(&held)?;
        for id in ids {
            if in_use.running.contains(id) {
                return Err(InventoryError::Running { id: id.clone() });
            }
            if !held.iter().any(|holding| holding.id == *id) {
                return Err(InventoryError::Unknown { id: id.clone() });
            }
            if let Some(command) = held.iter().filter(|holding| holding.id == *id).find_map(Holding::deleted_by) {
                return Err(InventoryError::InDatabase { id: id.clone(), command });
            }
        }
        let wanted = held.into_iter().filter(|holding| ids.contains(&holding.id)).collect();
        self.delete(wanted, &Deleting { why: DELETE, is_named: true, is_dry })
    }

    /// Moves conversations into the trash that nobody used for long; or only says which. What is in use stays, and so does what has no files
    /// of its own.
    ///
    /// # Errors
    /// When nobody knows the agent or the project, the store cannot answer, or nothing can be moved; where only some can, the views of the others say why.
    pub fn clean_agent_sessions(&mut self, cleaning: &Cleaning, is_dry: bool) -> Result<Vec<DeletedView>, InventoryError> {
        let agent = super::agent_called(cleaning.agent.as_deref())?;
        let (mut held, known) = (self.held(agent)?.holdings, self.known()?);
        let in_use = self.in_use(&held)?;
        held.retain(|holding| is_to_go(holding, cleaning, known.owner(holding), &in_use));
        if cleaning.of_project {
            self.keep_of_project(&mut held, &known)?;
        }
        self.delete(held, &Deleting { why: "agents clean", is_named: false, is_dry })
    }

    fn delete(&mut self, holdings: Vec<Holding>, how: &Deleting) -> Result<Vec<DeletedView>, InventoryError> {
        let deletion = draw_uuid(&mut *self.dice, self.clock.now().moment).to_string();
        let (mut views, mut first) = (Vec::new(), None);
        let mut open = None;
        if !how.is_dry && !holdings.is_empty() {
            self.make_room_in_trash();
        }
        for holding in holdings {
            let trouble = match if how.is_dry { Ok(()) } else { self.delete_one(&holding, how, &deletion, &mut open) } {
                // Somebody uses it again.
                Err(InventoryError::Running { .. }) if !how.is_named => continue,
                done => done.err(),
            };
            views.push(DeletedView {
                agent: holding.agent.name(),
                directory: holding.directory(),
                files: holding.files.len() as u64,
                size_bytes: holding.size(),
                deleted: !how.is_dry && trouble.is_none(),
                trouble: trouble.as_ref().map(words_of),
                id: holding.id,
            });
            first = first.or(trouble);
        }
        match first {
            Some(error) if !views.iter().any(|view| view.deleted) => Err(error),
            _ => Ok(views),
        }
    }

    /// Moves a conversation into the trash, unless somebody began to use it meanwhile.
    fn delete_one(
        &mut self,
        holding: &Holding,
        how: &Deleting,
        deletion: &str,
        open: &mut Option<OpenFiles>,
    ) -> Result<(), InventoryError> {
        let leaving = self.hash_for_trash(holding, how.why, deletion)?;
        if self.is_used_now(holding, how.is_named, open)? {
            return Err(InventoryError::Running { id: holding.id.clone() });
        }
        // What is gone is no trouble.
        leaving.go()?;
        Ok(())
    }
}

/// Says what went wrong, and why.
fn words_of(error: &InventoryError) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}

/// Reports whether a conversation is to be cleaned up. An owner is compared whole: `user_12` is not `user_123`.
fn is_to_go(holding: &Holding, cleaning: &Cleaning, owner: Option<&str>, in_use: &InUse) -> bool {
    let is_old = holding.modified() / 1_000 <= cleaning.before;
    let is_theirs = cleaning.owner.as_deref().is_none_or(|wanted| owner == Some(wanted));
    holding.deleted_by().is_none() && is_old && is_theirs && in_use.why(holding).is_none()
}
