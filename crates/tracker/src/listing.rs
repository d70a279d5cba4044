//! Many sessions, newest first, with the names of their projects.

use session::{Conversation, Prefix, Session, Status, Tag};
use store::{StoreError, Wanted};

use crate::view::SessionView;
use crate::{ProjectError, Tracker};

/// Which sessions to list; an empty list means "any".
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// How many at most.
    pub limit: Option<usize>,
    /// Of all projects, not only of this one.
    pub all_projects: bool,
    /// Also those in which nothing was ever recorded.
    pub with_empty: bool,
    /// With one of these statuses.
    pub statuses: Vec<Status>,
    /// Of one of these types.
    pub prefixes: Vec<Prefix>,
    /// With all of these tags.
    pub tags: Vec<Tag>,
    /// Of one of these agents.
    pub agents: Vec<String>,
    /// Of one of these owners.
    pub owners: Vec<String>,
    /// Started at or after this many microseconds since 1970.
    pub since_micros: Option<i64>,
}

impl Tracker {
    /// Returns the sessions that are asked for, newest first.
    ///
    /// # Errors
    /// When the project cannot be determined or the store cannot answer.
    pub fn list(&self, listing: &Listing) -> Result<Vec<Session>, ProjectError> {
        let sessions = self.store.reads().sessions(&self.wanted(listing)?, listing.limit)?;
        if sessions.is_empty() {
            self.note_files_that_wait()?;
        }
        Ok(sessions)
    }

    /// Returns the public shape of a session.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn view(&self, session: &Session) -> Result<SessionView, StoreError> {
        let reads = self.store.reads();
        let project = session.project.map(|key| reads.project(key)).transpose()?.flatten();
        let parent = session.parent.value.map(|key| reads.session(key)).transpose()?.flatten();
        let conversations = reads.conversations_of(session.key)?;
        let head = self.head_of(session, &conversations)?;
        let head = head.map(|row| &row.id);
        let files = self.files_found(session)?;
        Ok(SessionView::of(session, project.as_ref(), parent.as_ref(), &conversations, head, files, &self.now()))
    }

    /// Returns the conversation to resume of a session: of those that belong to it now the one that was moved to last, wherever it
    /// belonged then.
    pub(crate) fn head_of<'c>(&self, session: &Session, conversations: &'c [Conversation]) -> Result<Option<&'c Conversation>, StoreError> {
        let mut newest: Option<(u64, &Conversation)> = None;
        for row in conversations.iter().filter(|row| row.belongs_to(session.key)) {
            let moves = self.store.reads().transitions_to(row.id.as_str())?;
            let of_project = moves.iter().filter(|held| held.new == row.agent_session() && Some(held.project) == session.project);
            let Some(last) = of_project.map(|held| held.seq).max() else { continue };
            if newest.is_none_or(|(seq, _)| seq < last) {
                newest = Some((last, row));
            }
        }
        Ok(newest.map(|(_, row)| row))
    }

    /// Returns what is asked for in the store's terms.
    pub(crate) fn wanted(&self, listing: &Listing) -> Result<Wanted, ProjectError> {
        let project = if listing.all_projects { None } else { self.project_here()? };
        let nothing_here = !listing.all_projects && project.is_none();
        Ok(Wanted {
            // A key that no project has: where nothing was recorded yet, only the sessions of no project are listed.
            project: project.map(|project| project.key).or_else(|| nothing_here.then(|| session::ProjectKey::new(uuid::Uuid::nil()))),
            worktree: None,
            statuses: listing.statuses.clone(),
            prefixes: listing.prefixes.clone(),
            tags: listing.tags.clone(),
            agents: listing.agents.clone(),
            owners: listing.owners.clone(),
            since_micros: listing.since_micros,
            with_empty: listing.with_empty,
            made_current_here: false,
        })
    }
}
