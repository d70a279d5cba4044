//! Rows to columns and back, one at a time.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use session::{
    Awaited, Conversation, ConversationKey, Entry, EntryKey, EventId, Footprint, Head, Project, ProjectKey, Scope, Session, SessionKey,
    ToolCall, ToolCallKey, Transition, Turn, TurnKey, WorkItem, WorkKey,
};
use uuid::Uuid;

use crate::loaded::Tables;
use crate::sqlite::{activity, chain, events, record};
use crate::store::{Recorded, Seq};

impl Tables for Connection {
    type Error = rusqlite::Error;

    fn project(&self, key: ProjectKey) -> rusqlite::Result<Option<Project>> {
        project(self, key)
    }

    fn session(&self, key: SessionKey) -> rusqlite::Result<Option<Session>> {
        session(self, key)
    }

    fn work_item(&self, key: WorkKey) -> rusqlite::Result<Option<WorkItem>> {
        record::work_item(self, key)
    }

    fn entry(&self, key: EntryKey) -> rusqlite::Result<Option<Entry>> {
        record::entry(self, key)
    }

    fn footprint(&self, key: SessionKey) -> rusqlite::Result<Option<Footprint>> {
        record::footprint(self, key)
    }

    fn conversation(&self, key: ConversationKey) -> rusqlite::Result<Option<Conversation>> {
        activity::conversation(self, key)
    }

    fn turn(&self, key: TurnKey) -> rusqlite::Result<Option<Turn>> {
        activity::turn(self, key)
    }

    fn tool_call(&self, key: ToolCallKey) -> rusqlite::Result<Option<ToolCall>> {
        activity::tool_call(self, key)
    }

    fn turns_of(&self, conversation: ConversationKey) -> rusqlite::Result<Vec<Turn>> {
        activity::turns_of(self, conversation)
    }

    fn tool_calls_of(&self, conversation: ConversationKey) -> rusqlite::Result<Vec<ToolCall>> {
        activity::tool_calls_of(self, conversation)
    }

    fn transition(&self, event: EventId) -> rusqlite::Result<Option<Transition>> {
        chain::transition(self, event)
    }

    fn last_transition_before(&self, project: ProjectKey, seq: Option<u64>) -> rusqlite::Result<Option<Transition>> {
        chain::last_before(self, project, seq)
    }

    fn head(&self, project: ProjectKey, scope: &Scope) -> rusqlite::Result<Option<Head>> {
        chain::head(self, project, scope)
    }

    fn waiting_for(&self, awaited: Awaited) -> rusqlite::Result<Vec<Recorded>> {
        waiting_for(self, awaited)
    }

    fn save_project(&self, row: &Project) -> rusqlite::Result<()> {
        save_project(self, row)
    }

    fn save_session(&self, row: &Session) -> rusqlite::Result<()> {
        save_session(self, row)
    }

    fn save_work_item(&self, row: &WorkItem) -> rusqlite::Result<()> {
        record::save_work_item(self, row)
    }

    fn save_entry(&self, row: &Entry) -> rusqlite::Result<()> {
        record::save_entry(self, row)
    }

    fn save_footprint(&self, row: &Footprint) -> rusqlite::Result<()> {
        record::save_footprint(self, row)
    }

    fn save_conversation(&self, row: &Conversation) -> rusqlite::Result<()> {
        activity::save_conversation(self, row)
    }

    fn save_turn(&self, row: &Turn) -> rusqlite::Result<()> {
        activity::save_turn(self, row)
    }

    fn save_tool_call(&self, row: &ToolCall) -> rusqlite::Result<()> {
        activity::save_tool_call(self, row)
    }

    fn save_transition(&self, row: &Transition) -> rusqlite::Result<()> {
        chain::save_transition(self, row)
    }

    fn save_head(&self, row: &Head) -> rusqlite::Result<()> {
        chain::save_head(self, row)
    }

    fn forget_waiting(&self, awaited: Awaited) -> rusqlite::Result<()> {
        forget_waiting(self, awaited)
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
