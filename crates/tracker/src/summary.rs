//! What was done, decided, tested, blocked, changed and spent in a session, in one shape.

use serde::Serialize;

use crate::handoff::{Claim, ClaimKind};
use crate::{CurrentError, EntryView, Purpose, SessionView, Tracker, WantedEntries, WorkItemView};

/// A session summed up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SummaryView {
    /// The session.
    pub session: SessionView,
    /// What was done: log entries, in order.
    pub done: Vec<EntryView>,
    /// What was decided.
    pub decided: Vec<EntryView>,
    /// What was tested.
    pub tested: Vec<EntryView>,
    /// What was, or is, in the way.
    pub blocked: Vec<EntryView>,
    /// What is, or was, left to do.
    pub todo: Vec<EntryView>,
    /// Work items.
    pub work: Vec<WorkItemView>,
    /// Files that were touched, `created src/a.rs`, with how that was checked.
    pub files: Vec<Claim>,
    /// Commits that were made.
    pub commits: Vec<Claim>,
}

impl Tracker {
    /// Sums up a session: the one `named`, else the current one.
    ///
    /// # Errors
    /// When no session can be determined, or the store cannot answer.
    pub fn summary(&mut self, named: Option<&str>) -> Result<SummaryView, CurrentError> {
        let id = self.resolve(named, Purpose::Reading)?.id.to_string();
        let handoff = self.handoff(Some(&id))?;
        let session = self.resolve(Some(&id), Purpose::Reading)?;
        let entries = self.entries_of(&session, &WantedEntries::default())?;
        let entries_of = |kind: &str| entries.iter().filter(|view| view.kind == kind && view.replaced_by.is_none()).cloned().collect();
        let claims_of = |kind| handoff.claims.iter().filter(|claim| claim.kind == kind).cloned().collect();
        let work = self.store.reads().work_items(session.key)?;
        Ok(SummaryView {
            done: entries_of("log"),
            decided: entries_of("decision"),
            tested: entries_of("test"),
            blocked: entries_of("blocker"),
            todo: entries_of("todo"),
            work: work.iter().map(|item| WorkItemView::of(item, &session)).collect(),
            files: claims_of(ClaimKind::File),
            commits: claims_of(ClaimKind::Commit),
            session: self.whole_view(&session)?,
        })
    }
}
