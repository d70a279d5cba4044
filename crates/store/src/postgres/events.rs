//! Events to columns and back.

use postgres::Row;
use session::{
    Author, Boot, ConversationKey, Event, EventId, Evidence, Json, Moment, ProjectKey, Reading, Revision, SessionKey, Subject, Text,
};
use uuid::Uuid;

use crate::postgres::connection::Asks;
use crate::postgres::text;
use crate::postgres::values::Value;
use crate::store::{Recorded, Seq};
use crate::{BoxError, StoreError};

/// The columns of an event, in the order in which [`read`] expects them.
pub(crate) const COLUMNS: &str = "seq, id, subject_kind, subject, at_us, at_offset, boot, boot_us, recorded_us, recorded_offset, owner, evidence, revision, body, payload";

/// Where an event is inserted; the columns of [`columns`].
pub(crate) const INTO: &str = "events (seq, id, subject_kind, subject, at_us, at_offset, boot, boot_us, recorded_us, recorded_offset, owner, evidence, revision, kind, body, payload)";

/// Returns an event as it is stored at a place.
pub(crate) fn columns(seq: Seq, event: &Event) -> Result<[Value; 16], serde_json::Error> {
    let (subject_kind, subject) = subject_columns(event.about);
    let (at, recorded) = (event.at.moment, event.recorded_at);
    Ok([
        seq.into(),
        event.id.uuid().into(),
        subject_kind.into(),
        subject.into(),
        at.micros().into(),
        i64::from(at.offset().seconds()).into(),
        event.at.boot.map(|boot| boot.id).into(),
        event.at.boot.map(|boot| boot.micros.cast_signed()).into(),
        recorded.micros().into(),
        i64::from(recorded.offset().seconds()).into(),
        event.by.owner.as_str().into(),
        event.evidence.as_str().into(),
        event.revision.0.into(),
        event.change.kind().into(),
        Value::json(serde_json::to_string(&event.change)?),
        Value::maybe_text(event.payload.as_ref().map(Json::as_str)),
    ])
}

/// Reads an event from the columns of [`COLUMNS`], or says where the one lies that does not read.
pub(crate) fn try_read(row: &Row) -> Result<Recorded, Seq> {
    read(row).map_err(|_| row.get(0))
}

fn read(row: &Row) -> Result<Recorded, BoxError> {
    let boot = match (row.try_get(6)?, row.try_get::<_, Option<i64>>(7)?) {
        (Some(id), Some(micros)) => Some(Boot { id, micros: micros.cast_unsigned() }),
        _ => None,
    };
    let event = Event {
        id: EventId::new(row.try_get(1)?),
        about: read_subject(row)?,
        at: Reading { moment: read_moment(row, 4)?, boot },
        recorded_at: read_moment(row, 8)?,
        by: Author { owner: Text::stored(text::read(row.try_get(10)?)) },
        evidence: read_evidence(row.try_get(11)?)?,
        revision: Revision(row.try_get::<_, i64>(12)?.cast_unsigned()),
        change: serde_json::from_str(row.try_get(13)?)?,
        payload: row.try_get::<_, Option<&str>>(14)?.map(text::read).map(Json::stored),
    };
    Ok(Recorded { seq: row.try_get(0)?, event })
}

/// Reads the events at places, in their order.
pub(crate) fn at(asked: &impl Asks, places: &[Seq]) -> Result<Vec<Recorded>, StoreError> {
    let places = Value::Numbers(places.iter().copied().map(Some).collect());
    let rows = asked.rows(&format!("SELECT {COLUMNS} FROM events WHERE seq = ANY ($1) ORDER BY seq"), &[places])?;
    rows.iter().map(|row| read(row).map_err(|error| asked.unreadable(error))).collect()
}

fn subject_columns(subject: Subject) -> (&'static str, Option<Uuid>) {
    match subject {
        Subject::Project(key) => ("project", Some(key.uuid())),
        Subject::Session(key) => ("session", Some(key.uuid())),
        Subject::Conversation(key) => ("conversation", Some(key.uuid())),
        Subject::Mirror => ("mirror", None),
    }
}

fn read_subject(row: &Row) -> Result<Subject, BoxError> {
    match row.try_get(2)? {
        "project" => Ok(Subject::Project(ProjectKey::new(row.try_get(3)?))),
        "session" => Ok(Subject::Session(SessionKey::new(row.try_get(3)?))),
        "conversation" => Ok(Subject::Conversation(ConversationKey::new(row.try_get(3)?))),
        "mirror" => Ok(Subject::Mirror),
        other => Err(format!("`{other}` is no subject").into()),
    }
}

fn read_evidence(evidence: &str) -> Result<Evidence, BoxError> {
    match evidence {
        "said" => Ok(Evidence::Said),
        "hook" => Ok(Evidence::Hook),
        "inferred" => Ok(Evidence::Inferred),
        "transcript" => Ok(Evidence::Transcript),
        "stream" => Ok(Evidence::Stream),
        "mirror" => Ok(Evidence::Mirror),
        "import" => Ok(Evidence::Import),
        other => Err(format!("`{other}` is no evidence").into()),
    }
}

fn read_moment(row: &Row, column: usize) -> Result<Moment, BoxError> {
    let offset = i32::try_from(row.try_get::<_, i64>(column + 1)?)?;
    Moment::from_micros(row.try_get(column)?, offset).map_err(Into::into)
}
