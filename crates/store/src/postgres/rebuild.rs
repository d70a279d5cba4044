//! Deriving all rows again. Decisions are events, so this repeats them and takes none.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::StoreError;
use crate::postgres::connection::{Asks, Connection};
use crate::postgres::turn::PostgresTurn;
use crate::store::{Progress, Reads, Rebuilt};

const CHUNK: usize = 4_096;

/// How many rows are summed up at a time.
const ROWS: usize = 10_000;

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

/// Empties the derived tables and fills them from the events, within the caller's transaction.
pub(crate) fn rebuild(turn: &mut PostgresTurn<'_>, progress: &mut Progress<'_>) -> Result<Rebuilt, StoreError> {
    let connection = turn.connection();
    let before = digest(connection)?;
    let empty: Vec<_> = DERIVED.iter().map(|(table, _)| format!("DELETE FROM {table}")).collect();
    connection.batch(&empty.join("; "))?;
    let (events, unreadable) = replay(turn, progress)?;
    let count = |table: &str| {
        let counted = connection.rows(&format!("SELECT count(*) FROM {table}"), &[])?;
        Ok::<_, StoreError>(counted.first().map_or(0, |row| row.get::<_, i64>(0)).cast_unsigned())
    };
    let identical = digest(connection)? == before;
    Ok(Rebuilt { events, unreadable, sessions: count("sessions")?, work_items: count("work_items")?, identical })
}

/// Folds the whole log and returns how many events it has, and how many more that do not read.
fn replay(turn: &mut PostgresTurn<'_>, progress: &mut Progress<'_>) -> Result<(u64, u64), StoreError> {
    let connection = turn.connection();
    let all = connection.last_seq()?.cast_unsigned();
    let (mut after, mut events, mut unreadable) = (0, 0, 0);
    loop {
        let part = connection.log(after, CHUNK)?;
        turn.expect(part.events.iter().map(|recorded| &recorded.event))?;
        for recorded in &part.events {
            turn.apply(recorded.seq, &recorded.event)?;
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
fn digest(connection: &Connection) -> Result<u64, StoreError> {
    let mut hasher = DefaultHasher::new();
    for (table, order) in DERIVED {
        connection.batch(&format!("DECLARE summed NO SCROLL CURSOR FOR SELECT {table}::text FROM {table} ORDER BY {order}"))?;
        loop {
            let rows = connection.batch(&format!("FETCH {ROWS} FROM summed"))?;
            rows.iter().for_each(|row| row.hash(&mut hasher));
            if rows.len() < ROWS {
                break;
            }
        }
        connection.batch("CLOSE summed")?;
    }
    Ok(hasher.finish())
}
