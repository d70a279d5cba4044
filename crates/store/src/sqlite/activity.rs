//! Rows of what agents do, to columns and back: conversations, turns, tool calls. Apart from the rows people record, because they
//! are loaded along: a turn moves the counts of the session it lies in.

use rusqlite::{Connection, OptionalExtension, params};
use session::{Conversation, ConversationKey, SessionKey, ToolCall, ToolCallKey, Turn, TurnKey};

use crate::sqlite::rows::{first_column, json};

pub(crate) fn conversation(connection: &Connection, key: ConversationKey) -> rusqlite::Result<Option<Conversation>> {
    let mut query = connection.prepare_cached("SELECT row FROM conversations WHERE key = ?1")?;
    query.query_row([key.uuid().as_bytes()], first_column).optional()
}

pub(crate) fn turn(connection: &Connection, key: TurnKey) -> rusqlite::Result<Option<Turn>> {
    let mut query = connection.prepare_cached("SELECT row FROM turns WHERE key = ?1")?;
    query.query_row([key.uuid().as_bytes()], first_column).optional()
}

pub(crate) fn tool_call(connection: &Connection, key: ToolCallKey) -> rusqlite::Result<Option<ToolCall>> {
    let mut query = connection.prepare_cached("SELECT row FROM tool_calls WHERE key = ?1")?;
    query.query_row([key.uuid().as_bytes()], first_column).optional()
}

pub(crate) fn turns_of(connection: &Connection, conversation: ConversationKey) -> rusqlite::Result<Vec<Turn>> {
    let mut query = connection.prepare_cached("SELECT row FROM turns WHERE conversation = ?1")?;
    query.query_map([conversation.uuid().as_bytes()], first_column)?.collect()
}

pub(crate) fn tool_calls_of(connection: &Connection, conversation: ConversationKey) -> rusqlite::Result<Vec<ToolCall>> {
    let mut query = connection.prepare_cached("SELECT row FROM tool_calls WHERE conversation = ?1")?;
    query.query_map([conversation.uuid().as_bytes()], first_column)?.collect()
}

pub(crate) fn save_conversation(connection: &Connection, row: &Conversation) -> rusqlite::Result<()> {
    let key = row.key.uuid().into_bytes();
    connection
        .prepare_cached(
            "INSERT INTO conversations (key, agent, id, last_us, row) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (key) DO UPDATE SET last_us = excluded.last_us, row = excluded.row",
        )?
        .execute(params![key, row.agent.as_str(), row.id.as_str(), row.last.at.moment.micros(), json(row)?])?;
    let mut belongs = connection.prepare_cached("INSERT OR IGNORE INTO session_conversations (session, conversation) VALUES (?1, ?2)")?;
    for assignment in &row.assignments {
        belongs.execute([assignment.session.uuid().into_bytes(), key])?;
    }
    let mut ran = connection.prepare_cached(
        "INSERT INTO runs (pid, started, boot, namespace, conversation, is_open) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET is_open = excluded.is_open WHERE is_open <> excluded.is_open",
    )?;
    let open: Vec<_> = row.running().collect();
    for process in row.runs.keys() {
        let (started, namespace) = (process.started.cast_signed(), process.namespace.cast_signed());
        ran.execute(params![process.pid, started, process.boot.as_bytes(), namespace, key, open.contains(&process)])?;
    }
    Ok(())
}

pub(crate) fn save_turn(connection: &Connection, row: &Turn) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO turns (conversation, key, row) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET row = excluded.row",
        )?
        .execute(params![row.conversation.uuid().as_bytes(), row.key.uuid().as_bytes(), json(row)?])
        .map(drop)
}

pub(crate) fn save_tool_call(connection: &Connection, row: &ToolCall) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO tool_calls (conversation, key, row) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET row = excluded.row",
        )?
        .execute(params![row.conversation.uuid().as_bytes(), row.key.uuid().as_bytes(), json(row)?])
        .map(drop)
}

/// Returns the conversations of a session, by the session they belong to or belonged to.
pub(crate) fn conversations_of(connection: &Connection, session: SessionKey) -> rusqlite::Result<Vec<Conversation>> {
    let mut query = connection
        .prepare_cached("SELECT row FROM conversations WHERE key IN (SELECT conversation FROM session_conversations WHERE session = ?1)")?;
    query.query_map([session.uuid().as_bytes()], first_column)?.collect()
}
