//! Documents in and out.

use rusqlite::{Connection, OptionalExtension, params};

use super::document::{Entry, Packed};
use crate::StoreError;
use crate::sqlite::failure::Translate;

/// How many numbers there are for one millisecond.
pub(super) const NUMBERS: i64 = 256;

/// A transaction that changes what can be searched.
pub struct SearchTurn<'c> {
    pub(super) connection: &'c Connection,
}

impl SearchTurn<'_> {
    /// Takes documents in, each for its owner. What is there already is passed over.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, all: Vec<(String, Packed)>) -> Result<(), StoreError> {
        let mut entries: Vec<(i64, i64, Entry)> = Vec::new();
        for (owner, packed) in all {
            for block in packed.blocks {
                let mut add = self.connection.prepare_cached("INSERT INTO blocks (owner, bytes) VALUES (?1, ?2)").of(self.connection)?;
                let id = add.insert(params![owner, block.bytes]).of(self.connection)?;
                entries.extend(block.entries.into_iter().map(|entry| (first_id(&entry), id, entry)));
            }
        }
        // In order: FTS5 writes out what it holds whenever one comes that is not behind the last.
        entries.sort_unstable_by_key(|(id, _, entry)| (*id, entry.key));
        let mut last = 0;
        for (first, block, entry) in entries {
            if let Some(id) = self.place(first.max(last), &entry, block)? {
                last = id;
            }
        }
        Ok(())
    }

    /// Takes a document in under the first id that is free; none where it is there already.
    fn place(&self, first: i64, entry: &Entry, block: i64) -> Result<Option<i64>, StoreError> {
        let query = "INSERT INTO documents (id, key, block, place) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        let mut add = self.connection.prepare_cached(query).of(self.connection)?;
        let (key, place) = (entry.key.cast_signed(), i64::try_from(entry.place).unwrap_or(i64::MAX));
        let mut id = first;
        while add.execute(params![id, key, block, place]).of(self.connection)? == 0 {
            let mut held = self.connection.prepare_cached("SELECT key FROM documents WHERE id = ?1").of(self.connection)?;
            let held: Option<i64> = held.query_row([id], |row| row.get(0)).optional().of(self.connection)?;
            if held == Some(key) {
                return Ok(None);
            }
            id += 1;
        }
        let query = "INSERT INTO words (rowid, text, parts, marks) VALUES (?1, ?2, ?3, ?4)";
        let mut add = self.connection.prepare_cached(query).of(self.connection)?;
        add.execute(params![id, entry.text, entry.parts, entry.marks]).of(self.connection)?;
        Ok(Some(id))
    }

    /// Forgets all documents of an owner.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget(&self, owner: &str) -> Result<(), StoreError> {
        for query in [
            "DELETE FROM words WHERE rowid IN (SELECT d.id FROM documents d JOIN blocks b ON b.id = d.block WHERE b.owner = ?1)",
            "DELETE FROM documents WHERE block IN (SELECT id FROM blocks WHERE owner = ?1)",
            "DELETE FROM blocks WHERE owner = ?1",
        ] {
            self.run(query, params![owner])?;
        }
        Ok(())
    }

    /// Forgets everything that is not of a transcript.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_all_but_files(&self) -> Result<(), StoreError> {
        let owners = {
            let query = "SELECT DISTINCT owner FROM blocks WHERE owner NOT LIKE 'file %'";
            let mut query = self.connection.prepare_cached(query).of(self.connection)?;
            let rows = query.query_map([], |row| row.get(0)).of(self.connection)?;
            rows.collect::<Result<Vec<String>, _>>().of(self.connection)?
        };
        owners.iter().try_for_each(|owner| self.forget(owner))
    }

    /// Returns what was noted under a name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn fact(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut query = self.connection.prepare_cached("SELECT value FROM facts WHERE name = ?1").of(self.connection)?;
        query.query_row([name], |row| row.get(0)).optional().of(self.connection)
    }

    /// Notes something under a name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_fact(&self, name: &str, value: &str) -> Result<(), StoreError> {
        self.run("INSERT OR REPLACE INTO facts (name, value) VALUES (?1, ?2)", params![name, value]).map(drop)
    }

    pub(super) fn run(&self, query: &str, values: &[&dyn rusqlite::ToSql]) -> Result<usize, StoreError> {
        self.connection.prepare_cached(query).and_then(|mut query| query.execute(values)).of(self.connection)
    }
}

/// Returns the id that a document has if nobody else has it: what happened at one time comes in an order of its own, whoever came first.
fn first_id(entry: &Entry) -> i64 {
    from(entry.at_millis) + i64::from(entry.key as u8)
}

/// Returns the least id of a moment.
pub(super) fn from(millis: i64) -> i64 {
    millis.clamp(0, i64::MAX / NUMBERS - 2) * NUMBERS
}
