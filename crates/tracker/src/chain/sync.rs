//! Whether heads and transitions are what the events say. By construction they are; what was changed past us is found here.

use std::collections::BTreeMap;

use serde::Serialize;
use session::{Head, Project, Scope, Standing, Transition, fold, heads_of};
use store::{Reads, StoreError};

use super::transition::ChainError;
use super::view::names;
use crate::Tracker;

/// A head, and whether it is in step with its project.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SyncRow {
    /// The name of the project.
    pub project: Option<String>,
    /// The version; `null` for the project itself and for worktrees.
    pub version: Option<String>,
    /// The worktree.
    pub worktree: Option<String>,
    /// The head of the project.
    pub project_session: Option<String>,
    /// The head of the version or worktree; the project's own for the project itself.
    pub version_session: Option<String>,
    /// `SYNCED` or `OUT_OF_SYNC`.
    pub status: &'static str,
}

/// All heads of a project, and which part of them is in step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SyncStatus {
    /// A row for each head.
    pub rows: Vec<SyncRow>,
    /// Which part of them is `SYNCED`, 0 to 1; 1 where there are none.
    pub rate: f64,
    /// Whether the transitions are those that were recorded.
    pub is_chain_intact: bool,
}

impl Tracker {
    /// Compares the heads and transitions of the project that is meant here with its events.
    ///
    /// # Errors
    /// When the project cannot be determined, or the store cannot answer.
    pub fn sync_status(&self) -> Result<SyncStatus, ChainError> {
        let Some(project) = self.project_here()? else { return Ok(SyncStatus { rows: Vec::new(), rate: 1.0, is_chain_intact: true }) };
        let mut status = None;
        self.store.look(&mut |reads| {
            status = Some(compare(reads, &project)?);
            Ok(())
        })?;
        Ok(status.expect("a look that succeeded has called its work"))
    }

    /// Derives all rows again where heads or transitions are not what the events say, and compares again.
    ///
    /// # Errors
    /// When the project cannot be determined, or the store cannot take it.
    pub fn repair_sync(&mut self) -> Result<SyncStatus, ChainError> {
        let status = self.sync_status()?;
        if status.rate >= 1.0 && status.is_chain_intact {
            return Ok(status);
        }
        self.store.rebuild(&mut |_, _| {})?;
        self.sync_status()
    }
}

/// Compares what is held of a project with what its events say, all of one moment.
fn compare(reads: &dyn Reads, project: &Project) -> Result<SyncStatus, StoreError> {
    let events: Vec<_> = reads.log_of_project(project.key)?.into_iter().map(|recorded| recorded.event).collect();
    let (truth, _) = fold(&events);
    let recorded: Vec<_> = truth.sequence.values().filter_map(|event| truth.transitions.get(event)).collect();
    let expected = heads_of(recorded.iter().copied());
    let held: BTreeMap<Scope, Head> = reads.heads(project.key)?.into_iter().map(|head| (head.scope.clone(), head)).collect();
    let scopes: std::collections::BTreeSet<_> = expected.keys().chain(held.keys()).cloned().collect();
    let own = held.get(&Scope::Project).map(|head| head.agent_session.id.as_str().to_owned());
    let row = |scope: Scope| {
        let (version, worktree) = names(&scope);
        let is_synced =
            held.get(&scope) == expected.get(&scope) && (scope == Scope::Project || was_taken_along(&expected, &scope, &recorded));
        SyncRow {
            project: Some(project.name.as_str().to_owned()),
            version,
            worktree,
            project_session: own.clone(),
            version_session: held.get(&scope).map(|head| head.agent_session.id.as_str().to_owned()),
            status: if is_synced { "SYNCED" } else { "OUT_OF_SYNC" },
        }
    };
    let rows: Vec<_> = scopes.into_iter().map(row).collect();
    let synced = rows.iter().filter(|row| row.status == "SYNCED").count();
    let rate = if rows.is_empty() { 1.0 } else { synced as f64 / rows.len() as f64 };
    let is_chain_intact = reads.transitions(project.key)?.iter().eq(recorded);
    Ok(SyncStatus { rows, rate, is_chain_intact })
}

/// Reports whether the project's head moved with the head of a version or worktree, or has been there since.
fn was_taken_along(heads: &BTreeMap<Scope, Head>, scope: &Scope, transitions: &[&Transition]) -> bool {
    let Some(head) = heads.get(scope) else { return false };
    let is_of_project = |held: &&&Transition| held.scope == Scope::Project && held.standing == Standing::Moved;
    transitions.iter().filter(is_of_project).any(|held| held.new == head.agent_session)
}
