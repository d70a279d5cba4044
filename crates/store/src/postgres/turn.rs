//! Appending within a transaction. Nothing is written before it must be: what a turn changes goes out in one statement at its end.

use session::{Anomaly, Conversation, ConversationKey, Event, EventId, Project, ProjectKey, Session, SessionId, SessionKey, apply};

use crate::loaded::Loaded;
use crate::postgres::connection::{Asks, Connection};
use crate::postgres::desk::Desk;
use crate::postgres::fetch::Keys;
use crate::postgres::positions;
use crate::store::{Appended, InboxPosition, MirrorName, MirrorPosition, Reads, Seq, Turn};
use crate::{KeptPart, StoreError};

/// How many events a turn holds back at most before it writes.
const MOST_UNWRITTEN: usize = 4_096;

/// One writing transaction on a connection; the backend begins and ends it.
pub(crate) struct PostgresTurn<'c> {
    desk: Desk<'c>,
    loaded: Loaded,
    last: Seq,
    /// The events it has appended.
    pub(crate) appended: Vec<EventId>,
}

impl<'c> PostgresTurn<'c> {
    /// Begins behind the last event that there is; the caller is alone.
    pub(crate) fn behind(last: Seq, connection: &'c Connection) -> Self {
        Self { desk: Desk::on(connection), loaded: Loaded::default(), last, appended: Vec::new() }
    }

    /// Writes everything that is not written yet.
    pub(crate) fn flush(&mut self) -> Result<(), StoreError> {
        self.loaded.flush(&self.desk)?;
        self.desk.flush()
    }

    pub(crate) fn connection(&self) -> &'c Connection {
        self.desk.connection
    }

    /// Fetches what applying these events reads.
    pub(crate) fn expect<'e>(&self, events: impl IntoIterator<Item = &'e Event>) -> Result<(), StoreError> {
        let mut keys = Keys::default();
        events.into_iter().for_each(|event| keys.extend(Keys::of(event)));
        self.desk.fetch(keys)
    }

    /// Applies an event that is in the log already.
    pub(crate) fn apply(&mut self, seq: Seq, event: &Event) -> Result<Vec<Anomaly>, StoreError> {
        self.loaded.load_for(&self.desk, event)?;
        self.loaded.places.insert(event.id, seq);
        let anomalies = apply(&mut self.loaded.rows, event);
        for anomaly in &anomalies {
            if let Anomaly::Early { event, awaits } = anomaly {
                self.desk.write_waiting(*awaits, self.loaded.places[event]);
            }
        }
        Ok(anomalies)
    }

    fn is_there(&self, query: &str, value: &str) -> Result<bool, StoreError> {
        self.connection().rows(query, &[value.into()]).map(|found| !found.is_empty())
    }
}

impl Turn for PostgresTurn<'_> {
    fn reads(&mut self) -> Result<&dyn Reads, StoreError> {
        self.flush()?;
        Ok(self.desk.connection)
    }

    fn append(&mut self, event: &Event) -> Result<Appended, StoreError> {
        self.expect([event])?;
        if self.desk.has_event(event.id)? {
            return Ok(Appended::Known);
        }
        let seq = self.last + 1;
        self.desk.write_event(seq, event)?;
        self.last = seq;
        self.appended.push(event.id);
        let anomalies = self.apply(seq, event)?;
        if self.desk.unwritten_events() >= MOST_UNWRITTEN {
            self.flush()?;
        }
        Ok(Appended::New(seq, anomalies))
    }

    fn conversation(&mut self, key: ConversationKey) -> Result<Option<&Conversation>, StoreError> {
        self.loaded.conversation(&self.desk, key)
    }

    fn session(&mut self, key: SessionKey) -> Result<Option<&Session>, StoreError> {
        self.loaded.session(&self.desk, key)
    }

    fn project(&mut self, key: ProjectKey) -> Result<Option<&Project>, StoreError> {
        self.loaded.project(&self.desk, key)
    }

    fn project_at(&mut self, place: &str) -> Result<Option<ProjectKey>, StoreError> {
        let is_there = |project: &&Project| project.place.value.as_str() == place;
        if let Some(project) = self.loaded.rows.projects.values().find(is_there) {
            return Ok(Some(project.key));
        }
        let written = Reads::project_at(self.connection(), place)?;
        // What this turn has moved away is not there any more.
        Ok(written.map(|project| project.key).filter(|key| !self.loaded.rows.projects.contains_key(key)))
    }

    fn has_session_id(&mut self, id: &SessionId) -> Result<bool, StoreError> {
        let is_loaded = self.loaded.rows.sessions.values().any(|session| session.id == *id);
        Ok(is_loaded || self.is_there("SELECT 1 FROM sessions WHERE id = $1", id.as_str())?)
    }

    fn last_number(&mut self, project: ProjectKey) -> Result<u32, StoreError> {
        let of_project = self.loaded.rows.sessions.values().filter(|session| session.project == Some(project));
        let own = of_project.filter_map(|session| session.number.value).max().unwrap_or(0);
        Ok(Reads::last_number(self.connection(), project)?.max(own))
    }

    fn has_event(&mut self, id: EventId) -> Result<bool, StoreError> {
        self.desk.has_event(id)
    }

    fn keep_part(&mut self, part: &KeptPart) -> Result<(), StoreError> {
        self.desk.keep_part(part);
        Ok(())
    }

    fn forget_parts(&mut self, path: &str, born: i64, before: Option<u32>) -> Result<(), StoreError> {
        // In their order: what was kept before is forgotten, and what is kept later stays.
        self.flush()?;
        self.connection().rows(positions::FORGET_PARTS, &[path.into(), born.into(), before.map(i64::from).into()]).map(drop)
    }

    fn set_inbox_position(&mut self, segment: &str, position: &InboxPosition) -> Result<(), StoreError> {
        self.desk.set_inbox_position(segment, position);
        Ok(())
    }

    fn set_mirror_position(&mut self, mirror: &MirrorName, position: &MirrorPosition) -> Result<(), StoreError> {
        self.desk.set_mirror_position(mirror, position);
        Ok(())
    }
}
