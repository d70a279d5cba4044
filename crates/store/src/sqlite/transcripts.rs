//! What was read from transcripts, kept for when they are gone and the index is too.

use rusqlite::{Connection, params};

use crate::index::{EncodedFacts, KeptPart};

pub(crate) fn all(connection: &Connection) -> rusqlite::Result<Vec<KeptPart>> {
    let query = "SELECT path, born, part, agent, format, usage, rest FROM transcripts ORDER BY path, born, part";
    let mut query = connection.prepare_cached(query)?;
    let rows = query.query_map([], |row| {
        let facts = EncodedFacts { format: row.get(4)?, usage: row.get(5)?, rest: row.get(6)? };
        Ok(KeptPart { path: row.get(0)?, born: row.get(1)?, part: row.get(2)?, agent: row.get(3)?, facts })
    })?;
    rows.collect()
}

pub(crate) fn count(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row("SELECT count(*) FROM transcripts", [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
}

pub(crate) fn keep(connection: &Connection, part: &KeptPart) -> rusqlite::Result<()> {
    let query = "INSERT OR REPLACE INTO transcripts (path, born, part, agent, format, usage, rest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let KeptPart { agent, path, born, part, facts: EncodedFacts { format, usage, rest } } = part;
    connection.prepare_cached(query)?.execute(params![path, born, part, agent, format, usage, rest]).map(drop)
}

pub(crate) fn forget(connection: &Connection, path: &str, born: i64, before: Option<u32>) -> rusqlite::Result<()> {
    let query = "DELETE FROM transcripts WHERE path = ?1 AND born = ?2 AND (?3 IS NULL OR part < ?3)";
    connection.prepare_cached(query)?.execute(params![path, born, before]).map(drop)
}
