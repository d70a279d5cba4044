//! Rows of the chain, to columns and back: transitions and heads.

use rusqlite::{Connection, OptionalExtension, params};
use session::{EventId, Head, ProjectKey, Scope, Transition};

use crate::sqlite::rows::{first_column, json};

pub(crate) fn transition(connection: &Connection, event: EventId) -> rusqlite::Result<Option<Transition>> {
    connection.prepare_cached("SELECT row FROM transitions WHERE event = ?1")?.query_row([event.uuid().as_bytes()], first_column).optional()
}

pub(crate) fn last_before(connection: &Connection, project: ProjectKey, seq: Option<u64>) -> rusqlite::Result<Option<Transition>> {
    let before = seq.map_or(i64::MAX, u64::cast_signed);
    connection
        .prepare_cached("SELECT row FROM transitions WHERE project = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT 1")?
        .query_row(params![project.uuid().as_bytes(), before], first_column)
        .optional()
}

pub(crate) fn head(connection: &Connection, project: ProjectKey, scope: &Scope) -> rusqlite::Result<Option<Head>> {
    connection
        .prepare_cached("SELECT row FROM heads WHERE project = ?1 AND scope = ?2")?
        .query_row(params![project.uuid().as_bytes(), scope.to_string()], first_column)
        .optional()
}

pub(crate) fn save_transition(connection: &Connection, row: &Transition) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO transitions (event, project, seq, new, session, row) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (event) DO UPDATE SET seq = excluded.seq, row = excluded.row",
        )?
        .execute(params![
            row.event.uuid().as_bytes(),
            row.project.uuid().as_bytes(),
            row.seq.cast_signed(),
            row.new.id.as_str(),
            row.session.map(|key| key.uuid().into_bytes()),
            json(row)?,
        ])
        .map(drop)
}

pub(crate) fn save_head(connection: &Connection, row: &Head) -> rusqlite::Result<()> {
    let (agent, id) = (row.agent_session.agent.as_str(), row.agent_session.id.as_str());
    connection
        .prepare_cached(
            "INSERT INTO heads (project, scope, agent, agent_session, row) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (project, scope) DO UPDATE SET agent = excluded.agent, agent_session = excluded.agent_session, row = excluded.row",
        )?
        .execute(params![row.project.uuid().as_bytes(), row.scope.to_string(), agent, id, json(row)?])
        .map(drop)
}
