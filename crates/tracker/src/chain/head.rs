//! The chain of a project, a version or a session, and the head of it.

use std::collections::BTreeSet;

use session::{Head, Project, Scope, Session, Text, Transition};
use store::StoreError;

use super::transition::ChainError;
use super::view::{HeadView, TransitionView};
use crate::{Purpose, Tracker};

/// Which part of a chain is wanted.
#[derive(Clone, Debug, Default)]
pub struct WantedChain {
    /// Only what is about this version.
    pub version: Option<String>,
    /// Only what belongs to this session.
    pub session: Option<String>,
}

/// Transitions, and the heads of the projects that they are of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    /// The transitions, oldest first.
    pub transitions: Vec<TransitionView>,
    /// The heads.
    pub heads: Vec<HeadView>,
}

impl Tracker {
    /// Returns the transitions that are asked for, in their order; of the project that is meant here, where no session is named.
    ///
    /// # Errors
    /// When session or project cannot be determined, or the store cannot answer.
    pub fn chain(&self, wanted: &WantedChain) -> Result<Vec<TransitionView>, ChainError> {
        let projects = if wanted.session.is_none() { self.project_here()?.into_iter().collect() } else { Vec::new() };
        self.views(&self.transitions_wanted(wanted, &projects)?)
    }

    /// Returns the same with the heads of all projects it is of; of every project there is, where that is asked for.
    ///
    /// # Errors
    /// When session or project cannot be determined, or the store cannot answer.
    pub fn chain_with_heads(&self, wanted: &WantedChain, all_projects: bool) -> Result<Chain, ChainError> {
        let reads = self.store.reads();
        let projects = match (&wanted.session, all_projects) {
            (Some(_), _) => Vec::new(),
            (None, true) => reads.projects()?,
            (None, false) => self.project_here()?.into_iter().collect(),
        };
        let transitions = self.transitions_wanted(wanted, &projects)?;
        let keys: BTreeSet<_> = transitions.iter().map(|held| held.project).collect();
        let heads = keys.into_iter().map(|key| reads.heads(key)).collect::<Result<Vec<_>, _>>()?.concat();
        let heads = heads.iter().map(|head| self.head_view(head)).collect::<Result<_, _>>()?;
        Ok(Chain { transitions: self.views(&transitions)?, heads })
    }

    fn transitions_wanted(&self, wanted: &WantedChain, projects: &[Project]) -> Result<Vec<Transition>, ChainError> {
        let reads = self.store.reads();
        let mut transitions = match &wanted.session {
            Some(session) => self.transitions_of_session(&self.resolve(Some(session), Purpose::Reading)?)?,
            None => projects.iter().map(|project| reads.transitions(project.key)).collect::<Result<Vec<_>, _>>()?.concat(),
        };
        let is_of = |held: &Transition, version: &str| matches!(&held.scope, Scope::Version(name) if name.as_str() == version);
        transitions.retain(|held| wanted.version.as_deref().is_none_or(|version| is_of(held, version)));
        transitions.sort_by_key(|held| (held.project, held.seq));
        Ok(transitions)
    }

    /// Returns the transitions to what belonged to a session then, or belongs to it now.
    fn transitions_of_session(&self, session: &Session) -> Result<Vec<Transition>, StoreError> {
        let reads = self.store.reads();
        let mut found = reads.transitions_of(session.key)?;
        for row in reads.conversations_in(session.key)? {
            let own = reads.transitions_to(row.id.as_str())?.into_iter().filter(|held| held.new == row.agent_session());
            found.extend(own.filter(|held| Some(held.project) == session.project && held.session != Some(session.key)));
        }
        Ok(found)
    }

    fn views(&self, transitions: &[Transition]) -> Result<Vec<TransitionView>, ChainError> {
        Ok(transitions.iter().map(|held| self.transition_view(held)).collect::<Result<_, _>>()?)
    }

    /// Returns the head of the project that is meant here, or of one of its versions. One that has none begins afresh.
    ///
    /// # Errors
    /// When the project cannot be determined, or the store cannot answer.
    pub fn head(&self, version: Option<&str>) -> Result<HeadView, ChainError> {
        let project = self.project_here()?;
        let scope = version.map_or(Scope::Project, |version| Scope::Version(redact::text(version)));
        let head = project.as_ref().map(|project| self.store.reads().head(project.key, &scope)).transpose()?.flatten();
        match head {
            Some(head) => Ok(self.head_view(&head)?),
            None => Ok(HeadView {
                project_key: project.as_ref().map(|project| project.key),
                project: project.map(|project| project.name.as_str().to_owned()),
                version: version.map(str::to_owned),
                worktree: None,
                head: None,
                session: None,
                at: None,
                machine: None,
                fresh: true,
                reason: Some("no agent session was prompted yet".to_owned()),
                agent: None,
                is_elsewhere: false,
            }),
        }
    }

    /// Returns the head of this worktree, else of its project.
    pub(super) fn head_here(&self) -> Result<Option<Head>, ChainError> {
        let Some(project) = self.project_here()? else { return Ok(None) };
        let worktree = Scope::Worktree(self.worktree_here());
        let of = |scope: &Scope| self.store.reads().head(project.key, scope);
        Ok(of(&worktree)?.map_or_else(|| of(&Scope::Project), |head| Ok(Some(head)))?)
    }

    fn worktree_here(&self) -> Text {
        redact::text(&self.place.worktree.to_string_lossy())
    }
}
