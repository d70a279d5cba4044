//! Work items: added to a session, marked, listed.

use session::{Change, Evidence, Prefix, Reading, Session, WorkAdded, WorkId, WorkItem, WorkKey, WorkMarked, WorkStatus};
use store::{Durability, StoreError};

use crate::documents::Wish;
use crate::lifecycle::read_metadata;
use crate::naming::{draw_uuid, draw_work_id};
use crate::{CurrentError, NamingError, Note, Purpose, Tracker, WorkItemView};

/// Why a work item was not added, marked or listed.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// There is no such work item.
    #[error("no work item `{name}`")]
    NoMatch {
        /// What was typed.
        name: String,
    },
    /// It belongs to another session than the one that was named.
    #[error("{id} belongs to {session}")]
    OfAnother {
        /// The work item.
        id: WorkId,
        /// The session it belongs to.
        session: session::SessionId,
    },
    /// No id could be drawn.
    #[error(transparent)]
    Naming(#[from] NamingError),
    /// No session could be told.
    #[error(transparent)]
    Current(#[from] CurrentError),
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Tracker {
    /// Adds a work item to a session.
    ///
    /// # Errors
    /// When no session can be determined, or the store cannot take it.
    pub fn add_work(
        &mut self,
        named: Option<&str>,
        prefix: &Prefix,
        text: &str,
        metadata: &[(String, serde_json::Value)],
        at: Option<Reading>,
    ) -> Result<WorkItem, WorkError> {
        let session = self.resolve(named, Purpose::Writing)?;
        self.note_if_ended(&session);
        let (description, metadata) = (redact::text(text), read_metadata(metadata));
        let item = self.write(Durability::Full, Evidence::Said, at, |pen| -> Result<WorkItem, WorkError> {
            let id = draw_work_id(pen.turn.reads()?, pen.dice, prefix, pen.at.moment)?;
            let key = WorkKey::new(draw_uuid(pen.dice, pen.now.moment));
            let (description, metadata) = (description.clone(), metadata.clone());
            let added = WorkAdded { key, id, prefix: prefix.clone(), description, metadata };
            pen.wake(session.key)?;
            pen.change_session(session.key, Change::WorkAdded(Box::new(added)))?;
            pen.turn.reads()?.work_item(key)?.ok_or_else(|| WorkError::NoMatch { name: key.to_string() })
        })?;
        self.bring_mirror_up();
        self.bring_documents_up(session.key, Wish::Living);
        Ok(item)
    }

    /// Gives a work item another status. Where it stands there already, nothing is recorded.
    ///
    /// # Errors
    /// When there is no such work item, or it belongs to another session than the one named.
    pub fn mark_work(&mut self, named: Option<&str>, work: &str, status: &WorkStatus, at: Option<Reading>) -> Result<WorkItem, WorkError> {
        let item = self.work_item_named(work)?;
        let session = self.store.reads().session(item.session)?.ok_or_else(|| WorkError::NoMatch { name: work.to_owned() })?;
        if let Some(name) = named
            && self.resolve(Some(name), Purpose::Writing)?.key != session.key
        {
            return Err(WorkError::OfAnother { id: item.id, session: session.id });
        }
        let key = item.key;
        let (item, is_news) = self.write(Durability::Full, Evidence::Said, at, |pen| -> Result<_, WorkError> {
            let missing = || WorkError::NoMatch { name: work.to_owned() };
            let is_news = pen.turn.reads()?.work_item(key)?.ok_or_else(missing)?.status.value.0 != *status;
            if is_news {
                pen.wake(session.key)?;
                pen.change_session(session.key, Change::WorkMarked(WorkMarked { key, status: status.clone() }))?;
            }
            Ok((pen.turn.reads()?.work_item(key)?.ok_or_else(missing)?, is_news))
        })?;
        if is_news {
            self.note_if_ended(&session);
        } else {
            self.note(Note::AlreadySo { id: item.id.to_string(), what: status.to_string() });
        }
        self.bring_mirror_up();
        self.bring_documents_up(session.key, Wish::Living);
        Ok(item)
    }

    /// Returns a session and its work items in the order in which they were added.
    ///
    /// # Errors
    /// When no session can be determined.
    pub fn list_work(&self, named: Option<&str>) -> Result<(Session, Vec<WorkItem>), WorkError> {
        let session = self.resolve(named, Purpose::Reading)?;
        let items = self.store.reads().work_items(session.key)?;
        Ok((session, items))
    }

    /// Returns the public shape of a work item.
    ///
    /// # Errors
    /// When its session is gone or the store cannot answer.
    pub fn work_view(&self, item: &WorkItem) -> Result<WorkItemView, WorkError> {
        let session = self.store.reads().session(item.session)?.ok_or_else(|| WorkError::NoMatch { name: item.id.to_string() })?;
        Ok(WorkItemView::of(item, &session))
    }

    fn work_item_named(&self, name: &str) -> Result<WorkItem, WorkError> {
        let no_match = || WorkError::NoMatch { name: name.chars().take(80).collect() };
        let id: WorkId = name.trim().to_ascii_uppercase().parse().map_err(|_| no_match())?;
        self.store.reads().work_item_by_id(&id)?.ok_or_else(no_match)
    }

    pub(crate) fn note_if_ended(&self, session: &Session) {
        // What was only concluded to be over goes on.
        if session.status().is_ended() && session.lifecycle.value.is_said() {
            self.note(Note::RecordedWithEnded { id: session.id.clone(), status: session.status() });
        }
    }
}
