//! Deriving all rows again. Decisions are events, so this repeats them and takes none.

use std::hash::{DefaultHasher, Hash, Hasher};

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::StoreError;
use crate::sqlite::events;
use crate::sqlite::failure::Translate;
use crate::sqlite::turn::SqliteTurn;
use crate::store::{Reads, Rebuilt};

const CHUNK: usize = 4_096;

/// The derived tables and the order that makes their content comparable.
const DERIVED: [(&str, &str); 5] = [
    ("projects", "key"),
    ("sessions", "key"),
    ("session_tags", "tag, session"),
    ("work_items", "key"),
    ("waiting", "awaits_kind, awaits, event"),
];

/// Empties the derived tables and fills them from the events, within the caller's transaction.
pub(crate) fn rebuild(connection: &Connection) -> Result<Rebuilt, StoreError> {
    let before = digest(connection).of(connection)?;
    for (table, _) in DERIVED {
        connection.execute(&format!("DELETE FROM {table}"), []).of(connection)?;
    }
    let events = replay(connection)?;
    let count = |table: &str| connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).of(connection);
    Ok(Rebuilt {
        events,
        unreadable: events::unreadable_ones(connection).of(connection)?.len() as u64,
        sessions: count("sessions")?.cast_unsigned(),
        work_items: count("work_items")?.cast_unsigned(),
        identical: digest(connection).of(connection)? == before,
    })
}

fn replay(connection: &Connection) -> Result<u64, StoreError> {
    let (mut turn, mut after, mut events) = (SqliteTurn::on(connection), 0, 0);
    loop {
        let chunk = connection.log(after, CHUNK)?;
        for recorded in &chunk {
            turn.apply(recorded.seq, &recorded.event).of(connection)?;
            after = recorded.seq;
        }
        turn.flush()?;
        events += chunk.len() as u64;
        if chunk.len() < CHUNK {
            return Ok(events);
        }
    }
}

/// Sums up the derived tables, so that before and after can be compared without holding either.
fn digest(connection: &Connection) -> rusqlite::Result<u64> {
    let mut hasher = DefaultHasher::new();
    for (table, order) in DERIVED {
        let mut all = connection.prepare(&format!("SELECT * FROM {table} ORDER BY {order}"))?;
        let columns = all.column_count();
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
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
