//! Events to columns and back.

use rusqlite::types::Type;
use rusqlite::{CachedStatement, Connection, Row, params};
use session::{
    Author, Boot, ConversationKey, Event, EventId, Evidence, Json, Moment, ProjectKey, Reading, Revision, SessionKey, Subject, Text,
};
use uuid::Uuid;

use crate::store::{Recorded, Seq};

/// The columns of an event, in the order in which [`read`] expects them.
pub(crate) const COLUMNS: &str = "seq, id, subject_kind, subject, at_us, at_offset, boot, boot_us, recorded_us, recorded_offset, owner, evidence, revision, body, payload";

/// Inserts an event unless one with its id is there; returns its place if it was new.
pub(crate) fn insert(connection: &Connection, event: &Event) -> rusqlite::Result<Option<Seq>> {
    let mut insert = prepare_insert(connection)?;
    let (subject_kind, subject) = subject_columns(event.about);
    let (at, recorded) = (event.at.moment, event.recorded_at);
    let changed = insert.execute(params![
        event.id.uuid().as_bytes(),
        subject_kind,
        subject,
        at.micros(),
        at.offset().seconds(),
        event.at.boot.map(|boot| boot.id.into_bytes()),
        event.at.boot.map(|boot| boot.micros.cast_signed()),
        recorded.micros(),
        recorded.offset().seconds(),
        event.by.owner.as_str(),
        event.evidence.as_str(),
        event.revision.0.cast_signed(),
        event.change.kind(),
        serde_json::to_string(&event.change).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?,
        event.payload.as_ref().map(Json::as_str),
    ])?;
    Ok((changed == 1).then(|| connection.last_insert_rowid()))
}

fn prepare_insert(connection: &Connection) -> rusqlite::Result<CachedStatement<'_>> {
    connection.prepare_cached(
        "INSERT INTO events (id, subject_kind, subject, at_us, at_offset, boot, boot_us, recorded_us, recorded_offset,
                             owner, evidence, revision, kind, body, payload)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
         ON CONFLICT (id) DO NOTHING",
    )
}

/// Reads an event from the columns of [`COLUMNS`].
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Recorded> {
    let boot = match (row.get::<_, Option<[u8; 16]>>(6)?, row.get::<_, Option<i64>>(7)?) {
        (Some(id), Some(micros)) => Some(Boot { id: Uuid::from_bytes(id), micros: micros.cast_unsigned() }),
        _ => None,
    };
    let event = Event {
        id: EventId::new(Uuid::from_bytes(row.get(1)?)),
        about: read_subject(row)?,
        at: Reading { moment: read_moment(row, 4)?, boot },
        recorded_at: read_moment(row, 8)?,
        by: Author { owner: Text::stored(row.get(10)?) },
        evidence: read_evidence(row)?,
        revision: Revision(row.get::<_, i64>(12)?.cast_unsigned()),
        change: serde_json::from_str(row.get_ref(13)?.as_str()?).map_err(|error| unreadable(13, error))?,
        payload: row.get::<_, Option<String>>(14)?.map(Json::stored),
    };
    Ok(Recorded { seq: row.get(0)?, event })
}

/// Reads the event at a place.
pub(crate) fn at(connection: &Connection, seq: Seq) -> rusqlite::Result<Recorded> {
    connection.prepare_cached(&format!("SELECT {COLUMNS} FROM events WHERE seq = ?1"))?.query_row([seq], read)
}

/// Reads an event, or says where the one lies that does not read; damage to one event is no damage to the others.
pub(crate) fn try_read(row: &Row<'_>) -> rusqlite::Result<Result<Recorded, Seq>> {
    match read(row) {
        Err(rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..)) => Ok(Err(row.get(0)?)),
        other => other.map(Ok),
    }
}

/// Returns where the events lie that do not read.
pub(crate) fn unreadable_ones(connection: &Connection) -> rusqlite::Result<Vec<Seq>> {
    let mut all = connection.prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq"))?;
    let tried = all.query_map([], try_read)?;
    tried.filter_map(|tried| tried.map(Result::err).transpose()).collect()
}

fn subject_columns(subject: Subject) -> (&'static str, Option<[u8; 16]>) {
    match subject {
        Subject::Project(key) => ("project", Some(key.uuid().into_bytes())),
        Subject::Session(key) => ("session", Some(key.uuid().into_bytes())),
        Subject::Conversation(key) => ("conversation", Some(key.uuid().into_bytes())),
        Subject::Mirror => ("mirror", None),
    }
}

fn read_subject(row: &Row<'_>) -> rusqlite::Result<Subject> {
    let key = || row.get(3).map(Uuid::from_bytes);
    match row.get_ref(2)?.as_str()? {
        "project" => Ok(Subject::Project(ProjectKey::new(key()?))),
        "session" => Ok(Subject::Session(SessionKey::new(key()?))),
        "conversation" => Ok(Subject::Conversation(ConversationKey::new(key()?))),
        "mirror" => Ok(Subject::Mirror),
        other => Err(unreadable(2, format!("`{other}` is no subject"))),
    }
}

fn read_evidence(row: &Row<'_>) -> rusqlite::Result<Evidence> {
    match row.get_ref(11)?.as_str()? {
        "said" => Ok(Evidence::Said),
        "hook" => Ok(Evidence::Hook),
        "inferred" => Ok(Evidence::Inferred),
        "transcript" => Ok(Evidence::Transcript),
        "stream" => Ok(Evidence::Stream),
        "mirror" => Ok(Evidence::Mirror),
        "import" => Ok(Evidence::Import),
        other => Err(unreadable(11, format!("`{other}` is no evidence"))),
    }
}

fn read_moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Moment> {
    Moment::from_micros(row.get(column)?, row.get(column + 1)?).map_err(|error| unreadable(column, error))
}

/// Says that a column holds what it cannot hold.
pub(crate) fn unreadable(column: usize, error: impl Into<crate::BoxError>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}
