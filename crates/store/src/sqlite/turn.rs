//! Appending within a transaction.

use rusqlite::{Connection, params};
use session::{Anomaly, Conversation, ConversationKey, Event, EventId, Project, ProjectKey, Session, SessionId, SessionKey, apply};

use crate::loaded::Loaded;
use crate::sqlite::failure::Translate;
use crate::sqlite::rows::save_waiting;
use crate::sqlite::{events, inbox, transcripts};
use crate::store::{Appended, InboxPosition, MirrorName, MirrorPosition, Reads, Turn};
use crate::{KeptPart, StoreError};

/// One writing transaction on a connection; the backend begins and ends it.
pub(crate) struct SqliteTurn<'c> {
    connection: &'c Connection,
    loaded: Loaded,
    /// Whether damage was met: whoever calls may take the error for its own and say nothing.
    pub(crate) met_damage: bool,
}

impl<'c> SqliteTurn<'c> {
    pub(crate) fn on(connection: &'c Connection) -> Self {
        Self { connection, loaded: Loaded::default(), met_damage: false }
    }

    /// Writes the rows that changed.
    pub(crate) fn flush(&mut self) -> Result<(), StoreError> {
        self.loaded.flush(self.connection).of(self.connection)
    }

    fn insert_and_apply(&mut self, event: &Event) -> rusqlite::Result<Appended> {
        match events::insert(self.connection, event)? {
            Some(seq) => Ok(Appended::New(seq, self.apply(seq, event)?)),
            None => Ok(Appended::Known),
        }
    }

    fn noting_damage<T>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        self.met_damage |= matches!(done, Err(StoreError::Broken { .. }));
        done
    }

    /// Applies an event that is in the log already.
    pub(crate) fn apply(&mut self, seq: i64, event: &Event) -> rusqlite::Result<Vec<Anomaly>> {
        self.loaded.load_for(self.connection, event)?;
        self.loaded.places.insert(event.id, seq);
        let anomalies = apply(&mut self.loaded.rows, event);
        for anomaly in &anomalies {
            if let Anomaly::Early { event, awaits } = anomaly {
                save_waiting(self.connection, *awaits, self.loaded.places[event])?;
            }
        }
        Ok(anomalies)
    }
}

impl Turn for SqliteTurn<'_> {
    fn reads(&mut self) -> Result<&dyn Reads, StoreError> {
        let flushed = self.flush();
        self.noting_damage(flushed)?;
        Ok(self.connection)
    }

    fn append(&mut self, event: &Event) -> Result<Appended, StoreError> {
        let appended = self.insert_and_apply(event).of(self.connection);
        self.noting_damage(appended)
    }

    fn conversation(&mut self, key: ConversationKey) -> Result<Option<&Conversation>, StoreError> {
        self.loaded.conversation(self.connection, key).of(self.connection).inspect_err(|error| {
            self.met_damage |= matches!(error, StoreError::Broken { .. });
        })
    }

    fn session(&mut self, key: SessionKey) -> Result<Option<&Session>, StoreError> {
        self.loaded.session(self.connection, key).of(self.connection).inspect_err(|error| {
            self.met_damage |= matches!(error, StoreError::Broken { .. });
        })
    }

    fn project(&mut self, key: ProjectKey) -> Result<Option<&Project>, StoreError> {
        self.loaded.project(self.connection, key).of(self.connection).inspect_err(|error| {
            self.met_damage |= matches!(error, StoreError::Broken { .. });
        })
    }

    fn project_at(&mut self, place: &str) -> Result<Option<ProjectKey>, StoreError> {
        let is_there = |project: &&Project| project.place.value.as_str() == place;
        if let Some(project) = self.loaded.rows.projects.values().find(is_there) {
            return Ok(Some(project.key));
        }
        let written = Reads::project_at(self.connection, place);
        // What this turn has moved away is not there any more.
        Ok(self.noting_damage(written)?.map(|project| project.key).filter(|key| !self.loaded.rows.projects.contains_key(key)))
    }

    fn has_session_id(&mut self, id: &SessionId) -> Result<bool, StoreError> {
        if self.loaded.rows.sessions.values().any(|session| session.id == *id) {
            return Ok(true);
        }
        let query = "SELECT 1 FROM sessions WHERE id = ?1";
        let known = self.connection.prepare_cached(query).and_then(|mut ask| ask.exists([id.as_str()]));
        self.noting_damage(known.of(self.connection))
    }

    fn last_number(&mut self, project: ProjectKey) -> Result<u32, StoreError> {
        let of_project = self.loaded.rows.sessions.values().filter(|session| session.project == Some(project));
        let own = of_project.filter_map(|session| session.number.value).max().unwrap_or(0);
        let written = Reads::last_number(self.connection, project);
        Ok(self.noting_damage(written)?.max(own))
    }

    fn has_event(&mut self, id: EventId) -> Result<bool, StoreError> {
        let known =
            self.connection.prepare_cached("SELECT 1 FROM events WHERE id = ?1").and_then(|mut ask| ask.exists([id.uuid().as_bytes()]));
        self.noting_damage(known.of(self.connection))
    }

    fn keep_part(&mut self, part: &KeptPart) -> Result<(), StoreError> {
        transcripts::keep(self.connection, part).of(self.connection)
    }

    fn forget_parts(&mut self, path: &str, born: i64, before: Option<u32>) -> Result<(), StoreError> {
        transcripts::forget(self.connection, path, born, before).of(self.connection)
    }

    fn set_inbox_position(&mut self, segment: &str, position: &InboxPosition) -> Result<(), StoreError> {
        inbox::save(self.connection, segment, position).of(self.connection)
    }

    fn set_mirror_position(&mut self, mirror: &MirrorName, position: &MirrorPosition) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO mirrors (machine, root, seq, log_length, directory_ns) VALUES (?1, ?2, ?3, ?4, ?5)")
            .and_then(|mut save| {
                let length = position.log_length.cast_signed();
                save.execute(params![mirror.machine, mirror.root, position.seq, length, position.directory_nanos])
            })
            .map(drop)
            .of(self.connection)
    }
}
