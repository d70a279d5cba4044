//! Rows to columns and back, a few at a time: what one turn touches.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use session::{
    Awaited, Change, Conversation, ConversationKey, Event, EventId, Observed, Project, ProjectKey, Rows, Session, SessionKey, Subject,
    ToolCallKey, TurnKey, When,
};
use uuid::Uuid;

use crate::sqlite::chain::LoadedChain;
use crate::sqlite::{activity, events, record};
use crate::store::{Recorded, Seq};

/// The part of all rows that a turn has loaded, and which of them it has changed.
#[derive(Default)]
pub(crate) struct Loaded {
    pub(crate) rows: Rows,
    known: BTreeSet<Awaited>,
    changed: BTreeSet<Awaited>,
    known_turns: BTreeSet<TurnKey>,
    known_calls: BTreeSet<ToolCallKey>,
    known_footprints: BTreeSet<SessionKey>,
    chain: LoadedChain,
    /// Where in the log the events lie that wait.
    pub(crate) places: BTreeMap<EventId, Seq>,
}

impl Loaded {
    /// Loads what applying the event reads, and notes that it will change.
    pub(crate) fn load_for(&mut self, connection: &Connection, event: &Event) -> rusqlite::Result<()> {
        match event.about {
            Subject::Mirror => {}
            Subject::Project(key) => self.load(connection, Awaited::Project(key))?,
            Subject::Session(key) => self.load(connection, Awaited::Session(key))?,
            Subject::Conversation(key) => self.load(connection, Awaited::Conversation(key))?,
        }
        match (&event.change, event.about) {
            (Change::WorkAdded(added), _) => self.load(connection, Awaited::Work(added.key)),
            (Change::WorkMarked(marked), _) => self.load(connection, Awaited::Work(marked.key)),
            (Change::EntryAdded(added), _) => self.load(connection, Awaited::Entry(added.key)),
            (Change::EntryMarked(marked), _) => self.load(connection, Awaited::Entry(marked.key)),
            (Change::Based(_) | Change::Surveyed(_), Subject::Session(key)) => self.load_footprint(connection, key),
            (Change::Observed(observed), Subject::Conversation(key)) => self.load_for_observed(connection, key, event.id, observed),
            (Change::Assigned { session, .. }, Subject::Conversation(key)) => {
                self.load(connection, Awaited::Session(*session))?;
                self.load_all_of(connection, key)
            }
            (Change::Moved(moved), Subject::Project(project)) => {
                self.load(connection, Awaited::Transition(event.id))?;
                self.chain.load_for_moved(connection, &mut self.rows, project, moved, &When::of(event))
            }
            (Change::Reported(reported), _) => self.load(connection, Awaited::Transition(reported.transition)),
            _ => Ok(()),
        }
    }

    fn load_footprint(&mut self, connection: &Connection, key: SessionKey) -> rusqlite::Result<()> {
        if self.known_footprints.insert(key) {
            self.rows.footprints.extend(record::footprint(connection, key)?.map(|row| (key, row)));
        }
        Ok(())
    }

    fn load_for_observed(
        &mut self,
        connection: &Connection,
        key: ConversationKey,
        event: EventId,
        observed: &Observed,
    ) -> rusqlite::Result<()> {
        if let Some(prompt) = observed.turn(event) {
            let turn = TurnKey::of(key, prompt.as_str());
            if self.known_turns.insert(turn) {
                self.rows.turns.extend(activity::turn(connection, turn)?.map(|row| (turn, row)));
            }
        }
        for tool in observed.what.tools() {
            let call = ToolCallKey::of(key, tool.call.as_str());
            if self.known_calls.insert(call) {
                self.rows.tool_calls.extend(activity::tool_call(connection, call)?.map(|row| (call, row)));
            }
        }
        Ok(())
    }

    /// Loads everything a conversation did: it may belong elsewhere now.
    fn load_all_of(&mut self, connection: &Connection, key: ConversationKey) -> rusqlite::Result<()> {
        for turn in activity::turns_of(connection, key)? {
            if self.known_turns.insert(turn.key) {
                self.rows.turns.insert(turn.key, turn);
            }
        }
        for call in activity::tool_calls_of(connection, key)? {
            if self.known_calls.insert(call.key) {
                self.rows.tool_calls.insert(call.key, call);
            }
        }
        Ok(())
    }

    fn load(&mut self, connection: &Connection, what: Awaited) -> rusqlite::Result<()> {
        self.changed.insert(what);
        if !self.known.insert(what) {
            return Ok(());
        }
        match what {
            Awaited::Project(key) => self.rows.projects.extend(project(connection, key)?.map(|row| (key, row))),
            Awaited::Session(key) => self.rows.sessions.extend(session(connection, key)?.map(|row| (key, row))),
            Awaited::Work(key) => self.rows.work_items.extend(record::work_item(connection, key)?.map(|row| (key, row))),
            Awaited::Entry(key) => self.rows.entries.extend(record::entry(connection, key)?.map(|row| (key, row))),
            Awaited::Conversation(key) => self.load_conversation(connection, key)?,
            Awaited::Transition(event) => {
                self.chain.expect(event);
                self.chain.load(connection, &mut self.rows, event)?;
            }
        }
        for Recorded { seq, event } in waiting_for(connection, what)? {
            self.load_for(connection, &event)?;
            self.places.insert(event.id, seq);
            self.rows.waiting.entry(what).or_default().insert(event.id, event);
        }
        Ok(())
    }

    /// Returns a conversation as this turn sees it.
    pub(crate) fn conversation(&mut self, connection: &Connection, key: ConversationKey) -> rusqlite::Result<Option<&Conversation>> {
        self.load(connection, Awaited::Conversation(key))?;
        Ok(self.rows.conversations.get(&key))
    }

    /// Returns a session as this turn sees it.
    pub(crate) fn session(&mut self, connection: &Connection, key: SessionKey) -> rusqlite::Result<Option<&Session>> {
        self.load(connection, Awaited::Session(key))?;
        Ok(self.rows.sessions.get(&key))
    }

    /// Returns a project as this turn sees it.
    pub(crate) fn project(&mut self, connection: &Connection, key: ProjectKey) -> rusqlite::Result<Option<&Project>> {
        self.load(connection, Awaited::Project(key))?;
        Ok(self.rows.projects.get(&key))
    }

    /// Loads a conversation and the sessions in which its turns and tool calls count.
    fn load_conversation(&mut self, connection: &Connection, key: ConversationKey) -> rusqlite::Result<()> {
        let Some(row) = activity::conversation(connection, key)? else { return Ok(()) };
        let sessions: Vec<_> = row.assignments.iter().map(|assignment| assignment.session).collect();
        self.rows.conversations.insert(key, row);
        sessions.into_iter().try_for_each(|session| self.load(connection, Awaited::Session(session)))
    }

    /// Writes what was changed and forgets everything.
    pub(crate) fn flush(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let Self { rows, changed, known_turns, known_calls, known_footprints, chain, .. } = std::mem::take(self);
        for what in changed {
            match what {
                Awaited::Project(key) => rows.projects.get(&key).map_or(Ok(()), |row| save_project(connection, row))?,
                Awaited::Session(key) => rows.sessions.get(&key).map_or(Ok(()), |row| save_session(connection, row))?,
                Awaited::Work(key) => rows.work_items.get(&key).map_or(Ok(()), |row| record::save_work_item(connection, row))?,
                Awaited::Entry(key) => rows.entries.get(&key).map_or(Ok(()), |row| record::save_entry(connection, row))?,
                Awaited::Conversation(key) => {
                    rows.conversations.get(&key).map_or(Ok(()), |row| activity::save_conversation(connection, row))?;
                }
                // Written with the chain.
                Awaited::Transition(_) => {}
            }
            if !rows.waiting.contains_key(&what) {
                forget_waiting(connection, what)?;
            }
        }
        chain.flush(connection, &rows)?;
        let footprints = known_footprints.iter().filter_map(|key| rows.footprints.get(key));
        footprints.into_iter().try_for_each(|row| record::save_footprint(connection, row))?;
        let turns = known_turns.iter().filter_map(|key| rows.turns.get(key));
        turns.into_iter().try_for_each(|row| activity::save_turn(connection, row))?;
        let mut calls = known_calls.iter().filter_map(|key| rows.tool_calls.get(key));
        calls.try_for_each(|row| activity::save_tool_call(connection, row))
    }
}

/// Notes that the event at `seq` waits.
pub(crate) fn save_waiting(connection: &Connection, awaits: Awaited, seq: Seq) -> rusqlite::Result<()> {
    let (kind, key) = awaited_columns(awaits);
    connection
        .prepare_cached("INSERT OR IGNORE INTO waiting (awaits_kind, awaits, event) VALUES (?1, ?2, ?3)")?
        .execute(params![kind, key, seq])
        .map(drop)
}

fn forget_waiting(connection: &Connection, awaited: Awaited) -> rusqlite::Result<()> {
    let (kind, key) = awaited_columns(awaited);
    connection.prepare_cached("DELETE FROM waiting WHERE awaits_kind = ?1 AND awaits = ?2")?.execute(params![kind, key]).map(drop)
}

fn waiting_for(connection: &Connection, awaited: Awaited) -> rusqlite::Result<Vec<Recorded>> {
    let (kind, key) = awaited_columns(awaited);
    let mut waiting = connection.prepare_cached("SELECT event FROM waiting WHERE awaits_kind = ?1 AND awaits = ?2")?;
    let places: Vec<Seq> = waiting.query_map(params![kind, key], |row| row.get(0))?.collect::<Result<_, _>>()?;
    places.into_iter().map(|seq| events::at(connection, seq)).collect()
}

fn awaited_columns(awaited: Awaited) -> (&'static str, [u8; 16]) {
    match awaited {
        Awaited::Project(key) => ("project", key.uuid().into_bytes()),
        Awaited::Session(key) => ("session", key.uuid().into_bytes()),
        Awaited::Work(key) => ("work", key.uuid().into_bytes()),
        Awaited::Entry(key) => ("entry", key.uuid().into_bytes()),
        Awaited::Conversation(key) => ("conversation", key.uuid().into_bytes()),
        Awaited::Transition(event) => ("transition", event.uuid().into_bytes()),
    }
}

pub(crate) fn project(connection: &Connection, key: ProjectKey) -> rusqlite::Result<Option<Project>> {
    by_key(connection, "SELECT row FROM projects WHERE key = ?1", key.uuid())
}

pub(crate) fn session(connection: &Connection, key: SessionKey) -> rusqlite::Result<Option<Session>> {
    by_key(connection, "SELECT row FROM sessions WHERE key = ?1", key.uuid())
}

pub(crate) fn by_key<T: DeserializeOwned>(connection: &Connection, query: &str, key: Uuid) -> rusqlite::Result<Option<T>> {
    connection.prepare_cached(query)?.query_row([key.as_bytes()], first_column).optional()
}

/// Reads the JSON of a row from the first column.
pub(crate) fn first_column<T: DeserializeOwned>(row: &Row<'_>) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(0)?.as_str()?).map_err(|error| events::unreadable(0, error))
}

/// Returns a row as the JSON it is stored as.
pub(crate) fn json(row: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(row).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn save_project(connection: &Connection, project: &Project) -> rusqlite::Result<()> {
    let mut save = connection.prepare_cached(
        "INSERT INTO projects (key, name, place, root_commit, row) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (key) DO UPDATE SET place = excluded.place, row = excluded.row",
    )?;
    let root_commit = project.root_commit.as_ref().map(session::Text::as_str);
    let columns =
        params![project.key.uuid().into_bytes(), project.name.as_str(), project.place.value.as_str(), root_commit, json(project)?];
    save.execute(columns).map(drop)
}

fn save_session(connection: &Connection, session: &Session) -> rusqlite::Result<()> {
    let mut save = connection.prepare_cached(
        "INSERT INTO sessions (key, id, project, number, prefix, status, owner, agent, worktree, started_us, current_us, day, duration_us, is_empty, touched_us, wants_survey, row)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
         ON CONFLICT (key) DO UPDATE SET number = excluded.number, status = excluded.status, current_us = excluded.current_us,
           duration_us = excluded.duration_us, is_empty = excluded.is_empty, touched_us = excluded.touched_us,
           wants_survey = excluded.wants_survey, row = excluded.row",
    )?;
    save.execute(params![
        session.key.uuid().as_bytes(),
        session.id.as_str(),
        session.project.map(|key| key.uuid().into_bytes()),
        session.number.value,
        session.prefix().as_str(),
        session.status().as_str(),
        session.owner.as_str(),
        session.agent.as_ref().map(session::Text::as_str),
        session.worktree.as_ref().map(session::Text::as_str),
        session.started.moment.micros(),
        session.made_current.map(session::Moment::micros),
        session.started.moment.local().date().to_string(),
        session.ended().map(|ended| session.duration_micros(&ended).cast_signed()),
        session.is_empty(),
        session.touched.value.moment.micros(),
        session.wants_survey(),
        json(session)?,
    ])?;
    save_tags(connection, session)
}

fn save_tags(connection: &Connection, session: &Session) -> rusqlite::Result<()> {
    if session.tags.is_empty() {
        return Ok(());
    }
    let key = session.key.uuid().into_bytes();
    connection.prepare_cached("DELETE FROM session_tags WHERE session = ?1")?.execute([key])?;
    let mut save = connection.prepare_cached("INSERT INTO session_tags (tag, session) VALUES (?1, ?2)")?;
    session.current_tags().try_for_each(|tag| save.execute(params![tag.as_str(), key]).map(drop))
}
