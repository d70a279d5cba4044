//! Rows of what people write down, to columns and back: work items, entries, and what sessions left behind.

use rusqlite::{Connection, params};
use session::{Entry, EntryKey, Footprint, SessionKey, WorkItem, WorkKey};

use crate::sqlite::rows::{by_key, json};

pub(crate) fn work_item(connection: &Connection, key: WorkKey) -> rusqlite::Result<Option<WorkItem>> {
    by_key(connection, "SELECT row FROM work_items WHERE key = ?1", key.uuid())
}

pub(crate) fn entry(connection: &Connection, key: EntryKey) -> rusqlite::Result<Option<Entry>> {
    by_key(connection, "SELECT row FROM entries WHERE key = ?1", key.uuid())
}

pub(crate) fn footprint(connection: &Connection, key: SessionKey) -> rusqlite::Result<Option<Footprint>> {
    by_key(connection, "SELECT row FROM footprints WHERE session = ?1", key.uuid())
}

pub(crate) fn save_work_item(connection: &Connection, item: &WorkItem) -> rusqlite::Result<()> {
    let mut save = connection.prepare_cached(
        "INSERT INTO work_items (key, id, session, position, row) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (key) DO UPDATE SET row = excluded.row",
    )?;
    let (key, session) = (item.key.uuid().into_bytes(), item.session.uuid().into_bytes());
    let position = item.added_by.revision.0.cast_signed();
    save.execute(params![key, item.id.as_str(), session, position, json(item)?]).map(drop)
}

pub(crate) fn save_entry(connection: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let mut save = connection.prepare_cached(
        "INSERT INTO entries (key, id, session, position, row) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (key) DO UPDATE SET row = excluded.row",
    )?;
    let (key, session) = (entry.key.uuid().into_bytes(), entry.session.uuid().into_bytes());
    let position = entry.added_by.revision.0.cast_signed();
    save.execute(params![key, entry.id.as_str(), session, position, json(entry)?]).map(drop)
}

pub(crate) fn save_footprint(connection: &Connection, footprint: &Footprint) -> rusqlite::Result<()> {
    let mut save = connection.prepare_cached("INSERT OR REPLACE INTO footprints (session, row) VALUES (?1, ?2)")?;
    save.execute(params![footprint.session.uuid().into_bytes(), json(footprint)?]).map(drop)
}
