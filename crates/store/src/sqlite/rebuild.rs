//! Deriving all rows again. Decisions are events, so this repeats them and takes none.

use std::hash::{DefaultHasher, Hash, Hasher};

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::StoreError;
use crate::sqlite::failure::Translate;
use crate::sqlite::turn::SqliteTurn;
use crate::store::{Progress, Reads, Rebuilt};

const CHUNK: usize = 4_096;

/// The derived tables and the order that makes their content comparable.
const DERIVED: [(&str, &str); 14] = [
    ("projects", "key"),
    ("sessions", "key"),
    ("session_tags", "tag, session"),
    ("work_items", "key"),
    ("entries", "key"),
    ("footprints", "session"),
    ("conversations", "key"),
    ("session_conversations", "session, conversation"),
    ("runs", "pid, started, boot, namespace, conversation"),
    ("turns", "key"),
    ("tool_calls", "key"),
    ("transitions", "event"),
    ("heads", "project, scope"),
    ("waiting", "awaits_kind, awaits, event"),
];

/// Where a row lies says when it came, not what it is.
const PLACE: &str = "place";

/// Empties the derived tables and fills them from the events, within the caller's transaction.
pub(crate) fn rebuild(connection: &Connection, progress: &mut Progress<'_>) -> Result<Rebuilt, StoreError> {
    let before = digest(connection).of(connection)?;
    for (table, _) in DERIVED {
        connection.execute(&format!("DELETE FROM {table}"), []).of(connection)?;
    }
    let (events, unreadable) = replay(connection, progress)?;
    let count = |table: &str| connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).of(connection);
    Ok(Rebuilt {
        events,
        unreadable,
        sessions: count("sessions")?.cast_unsigned(),
        work_items: count("work_items")?.cast_unsigned(),
        identical: digest(connection).of(connection)? == before,
    })
}

/// Folds the whole log and returns how many events it has, and how many more that do not read.
fn replay(connection: &Connection, progress: &mut Progress<'_>) -> Result<(u64, u64), StoreError> {
    let all = connection.last_seq()?.cast_unsigned();
    let (mut turn, mut after, mut events, mut unreadable) = (SqliteTurn::on(connection), 0, 0, 0);
    loop {
        let part = connection.log(after, CHUNK)?;
        for recorded in &part.events {
            turn.apply(recorded.seq, &recorded.event).of(connection)?;
        }
        turn.flush()?;
        events += part.events.len() as u64;
        unreadable += part.unreadable.len() as u64;
        progress(events, all);
        match part.end {
            Some(end) => after = end,
            None => return Ok((events, unreadable)),
        }
    }
}

/// Sums up the derived tables, so that before and after can be compared without holding either.
fn digest(connection: &Connection) -> rusqlite::Result<u64> {
    let mut hasher = DefaultHasher::new();
    for (table, order) in DERIVED {
        let mut all = connection.prepare(&format!("SELECT * FROM {table} ORDER BY {order}"))?;
        let columns: Vec<_> = (0..all.column_count()).filter(|&column| all.column_name(column) != Ok(PLACE)).collect();
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            for &column in &columns {
                hash_value(&mut hasher, row.get_ref(column)?);
            }
        }
    }
    Ok(hasher.finish())
}

fn hash_value(hasher: &mut DefaultHasher, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => 0_u8.hash(hasher),
        ValueRef::Integer(number) => number.hash(hasher),
        ValueRef::Real(number) => number.to_bits().hash(hasher),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.hash(hasher),
    }
}
