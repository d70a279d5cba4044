//! How far each segment of an inbox was taken in.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::store::InboxPosition;

const COLUMNS: &str = "place, mark, events, repeated, torn, strange, taken_us";

pub(crate) fn position(connection: &Connection, segment: &str) -> rusqlite::Result<Option<InboxPosition>> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM inbox WHERE segment = ?1"))?;
    query.query_row([segment], |row| read(row, 0)).optional()
}

pub(crate) fn positions(connection: &Connection) -> rusqlite::Result<Vec<(String, InboxPosition)>> {
    let mut query = connection.prepare_cached(&format!("SELECT segment, {COLUMNS} FROM inbox ORDER BY segment"))?;
    query.query_map([], |row| Ok((row.get(0)?, read(row, 1)?)))?.collect()
}

pub(crate) fn save(connection: &Connection, segment: &str, position: &InboxPosition) -> rusqlite::Result<()> {
    let [place, mark, events, repeated, torn, strange] =
        [position.place, position.mark, position.events, position.repeated, position.torn, position.strange].map(u64::cast_signed);
    connection
        .prepare_cached(&format!("INSERT OR REPLACE INTO inbox (segment, {COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"))?
        .execute(params![segment, place, mark, events, repeated, torn, strange, position.taken_micros])
        .map(drop)
}

fn read(row: &Row<'_>, from: usize) -> rusqlite::Result<InboxPosition> {
    let number = |at: usize| row.get::<_, i64>(from + at).map(i64::cast_unsigned);
    Ok(InboxPosition {
        place: number(0)?,
        mark: number(1)?,
        events: number(2)?,
        repeated: number(3)?,
        torn: number(4)?,
        strange: number(5)?,
        taken_micros: row.get(from + 6)?,
    })
}
