//! Which groups a session is in.
//!
//! The branch of a session is the one it was found on, the one it was left on, those its transcripts tell of, and while it goes on the
//! one that is checked out. Its tickets are those of its branches, of its own commits, of its description unless that was made from
//! branch and commit, and of the values that somebody named `ticket` or `issue`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use session::transcript::Ledger;
use session::{Footprint, Project, ProjectKey, Rank, Session};
use store::StoreError;

use super::kind::GroupKind;
use super::ticket::TicketRule;
use super::told::{Branches, branches_told};
use crate::usage::{Owner, Owners, StoreOwners};
use crate::{Place, ProjectError, Tracker, describe, git};

/// The names under which people keep tickets in metadata.
const TICKET_NAMES: [&str; 4] = ["ticket", "tickets", "issue", "issues"];

/// Says which groups sessions are in.
pub(super) struct Sorter<'t> {
    tracker: &'t Tracker,
    by: GroupKind,
    rule: TicketRule,
    owners: StoreOwners<'t>,
    told: Branches,
    projects: BTreeMap<ProjectKey, Project>,
}

impl<'t> Sorter<'t> {
    /// Makes one that knows what transcripts say as well, where there are any.
    pub(super) fn new(tracker: &'t Tracker, by: GroupKind, ledger: Option<&Ledger>) -> Result<Self, ProjectError> {
        let mut owners = StoreOwners::of_everything(tracker);
        let told = match ledger {
            Some(ledger) if by.is_told_in_transcripts() => branches_told(ledger, &mut owners),
            _ => Branches::new(),
        };
        let projects = match by {
            GroupKind::Project => tracker.store.reads().projects()?.into_iter().map(|project| (project.key, project)).collect(),
            _ => BTreeMap::new(),
        };
        Ok(Self { tracker, by, rule: tracker.config.ticket_rule(), owners, told, projects })
    }

    /// Returns what the groups of a session are called; one without a name where it is in none.
    pub(super) fn groups_of(&mut self, session: &Session) -> Result<Vec<Owner>, StoreError> {
        let one = |key: &str| vec![Owner { key: Some(key.to_owned()), label: None }];
        let mut groups = match self.by {
            GroupKind::Status => one(session.status().as_str()),
            GroupKind::Type => one(session.prefix().as_str()),
            GroupKind::Agent => session.agent.as_ref().map(|agent| one(agent.as_str())).unwrap_or_default(),
            GroupKind::Tag => session.current_tags().flat_map(|tag| one(tag.as_str())).collect(),
            GroupKind::Project => session.project.and_then(|key| self.projects.get(&key)).map(called).into_iter().collect(),
            GroupKind::Branch => named(self.branches_of(session)?),
            GroupKind::Ticket => named(self.tickets_of(session)?),
            GroupKind::Chain => self.chains_of(session)?,
        };
        if groups.is_empty() {
            groups.push(Owner::default());
        }
        Ok(groups)
    }

    fn chains_of(&mut self, session: &Session) -> Result<Vec<Owner>, StoreError> {
        let mut chains: Vec<Owner> = Vec::new();
        for conversation in self.tracker.store.reads().conversations_in(session.key)? {
            let chain = self.owners.chain(Some(conversation.id.as_str()));
            if !chains.contains(&chain) {
                chains.push(chain);
            }
        }
        match self.owners.trouble.take() {
            Some(trouble) => Err(trouble),
            None => Ok(chains),
        }
    }

    fn branches_of(&self, session: &Session) -> Result<BTreeSet<String>, StoreError> {
        let footprint = self.tracker.store.reads().footprint(session.key)?;
        Ok(self.branches_beside(session, footprint.as_ref()))
    }

    fn branches_beside(&self, session: &Session, footprint: Option<&Footprint>) -> BTreeSet<String> {
        let found = footprint.and_then(|held| held.baseline.as_ref()?.value.branch.as_ref());
        let left = footprint.and_then(|held| held.survey.as_ref()?.value.git.as_ref()?.branch.as_ref());
        let mut branches: BTreeSet<String> = [found, left].into_iter().flatten().map(|branch| branch.as_str().to_owned()).collect();
        branches.extend(self.told.get(session.id.as_str()).into_iter().flatten().cloned());
        if !session.status().is_ended() {
            branches.extend(session.worktree.as_ref().and_then(|worktree| branch_now(Path::new(worktree.as_str()))));
        }
        if found.is_none() {
            branches.extend(branch_described(session));
        }
        branches
    }

    fn tickets_of(&self, session: &Session) -> Result<BTreeSet<String>, StoreError> {
        let footprint = self.tracker.store.reads().footprint(session.key)?;
        let branches = self.branches_beside(session, footprint.as_ref());
        let mut tickets: BTreeSet<String> = branches.iter().flat_map(|branch| self.rule.in_branch(branch)).collect();
        let git = footprint.as_ref().and_then(|held| held.survey.as_ref()?.value.git.as_ref());
        let lines =
            git.into_iter().flat_map(|git| &git.commits).flat_map(|commit| std::iter::once(&commit.subject).chain(&commit.references));
        let description = session.description.as_ref().filter(|held| held.rank != Rank::Automatic).map(|held| &held.text);
        tickets.extend(lines.chain(description).flat_map(|text| self.rule.in_text(text.as_str())));
        let is_ticket = |name: &str| TICKET_NAMES.iter().any(|known| known.eq_ignore_ascii_case(name));
        let values = session.metadata.0.iter().filter(|(name, _)| is_ticket(name.as_str()));
        tickets.extend(values.flat_map(|(_, value)| self.rule.in_text(value.as_str())));
        Ok(tickets)
    }
}

fn named(keys: BTreeSet<String>) -> Vec<Owner> {
    keys.into_iter().map(|key| Owner { key: Some(key), label: None }).collect()
}

/// Projects are told apart by where they are: two may have one name.
fn called(project: &Project) -> Owner {
    Owner { key: Some(project.place.value.as_str().to_owned()), label: Some(project.name.as_str().to_owned()) }
}

fn branch_now(worktree: &Path) -> Option<String> {
    Place::of(worktree).git_dir.as_deref().and_then(git::branch)
}

/// Sessions that began before branches were recorded still say theirs where nobody has described them.
fn branch_described(session: &Session) -> Option<String> {
    let description = session.description.as_ref().filter(|held| held.rank == Rank::Automatic)?;
    describe::branch_in(description.text.as_str()).map(str::to_owned)
}
