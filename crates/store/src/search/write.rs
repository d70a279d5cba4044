//! Documents in.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::document::{Block, Document, Entry, Packed, pack, read, unpack};
use crate::StoreError;
use crate::sqlite::failure::Translate;

/// How many numbers there are for one millisecond.
pub(super) const NUMBERS: i64 = 256;

/// A transaction that changes what can be searched.
pub struct SearchTurn<'c> {
    pub(super) connection: &'c Connection,
}

/// Documents of one owner that are to be taken in.
#[derive(Clone, Debug)]
pub struct Lot {
    /// Whose they are.
    pub owner: String,
    /// The documents.
    pub packed: Packed,
    /// Whether the owner has said some of them before: what has grown longer since takes the place of its beginning.
    pub is_again: bool,
}

impl SearchTurn<'_> {
    /// Takes documents in, each for its owner. What is there already is passed over, whoever said it first.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, lots: Vec<Lot>) -> Result<(), StoreError> {
        let mut entries: Vec<(i64, i64, Entry)> = Vec::new();
        let mut taken = HashSet::new();
        for Lot { owner, packed, is_again } in lots {
            for block in packed.blocks {
                let Some(block) = self.only_new(block, &mut taken)? else { continue };
                if is_again {
                    self.make_room(&owner, &block)?;
                }
                let mut add = self.connection.prepare_cached("INSERT INTO blocks (owner, bytes) VALUES (?1, ?2)").of(self.connection)?;
                let id = add.insert(params![owner, block.bytes]).of(self.connection)?;
                entries.extend(block.entries.into_iter().map(|entry| (first_id(&entry), id, entry)));
            }
        }
        // In order: FTS5 writes out what it holds whenever one comes that is not behind the last.
        entries.sort_unstable_by_key(|(id, _, entry)| (*id, entry.key));
        let mut last = 0;
        for (first, block, entry) in entries {
            last = self.place(first.max(last), &entry, block)?;
        }
        Ok(())
    }

    /// Returns a block of those documents that nobody has said before; none where there are none.
    fn only_new(&self, mut block: Block, taken: &mut HashSet<u64>) -> Result<Option<Block>, StoreError> {
        let mut held = self.connection.prepare_cached("SELECT 1 FROM documents WHERE key = ?1").of(self.connection)?;
        let all = block.entries.len();
        let mut new = Vec::with_capacity(all);
        for entry in block.entries {
            if taken.insert(entry.key) && !held.exists([entry.key.cast_signed()]).of(self.connection)? {
                new.push(entry);
            }
        }
        if new.len() < all {
            let unpacked = unpack(&block.bytes);
            let documents: Vec<Document> = new.iter().filter_map(|entry| read(&unpacked, entry.place)).collect();
            let (bytes, places) = pack(documents.iter());
            new.iter_mut().zip(places).for_each(|(entry, place)| entry.place = place);
            block.bytes = bytes;
        }
        block.entries = new;
        Ok((!block.entries.is_empty()).then_some(block))
    }

    /// Forgets what of an owner is only the beginning of what it says now: it was read while it was being written.
    fn make_room(&self, owner: &str, block: &Block) -> Result<(), StoreError> {
        let unpacked = unpack(&block.bytes);
        for entry in &block.entries {
            let Some(new) = read(&unpacked, entry.place) else { continue };
            let is_beginning = |old: &Document| {
                let whose =
                    |document: &Document| (document.at_millis, document.role.clone(), document.conversation.clone(), document.tool.clone());
                whose(old) == whose(&new) && new.text.starts_with(&old.text)
            };
            let blocks = {
                let query =
                    "SELECT DISTINCT b.id FROM documents d JOIN blocks b ON b.id = d.block WHERE d.id >= ?1 AND d.id < ?2 AND b.owner = ?3";
                let mut query = self.connection.prepare_cached(query).of(self.connection)?;
                let rows = query.query_map(params![from(entry.at_millis), from(entry.at_millis) + NUMBERS, owner], |row| row.get(0));
                rows.of(self.connection)?.collect::<Result<Vec<i64>, _>>().of(self.connection)?
            };
            for id in blocks {
                self.keep_of_block(id, &mut |_, old| !is_beginning(old))?;
            }
        }
        Ok(())
    }

    /// Takes a document in under the first id that is free.
    fn place(&self, first: i64, entry: &Entry, block: i64) -> Result<i64, StoreError> {
        let query = "INSERT INTO documents (id, key, block, place) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO NOTHING";
        let mut add = self.connection.prepare_cached(query).of(self.connection)?;
        let (key, place) = (entry.key.cast_signed(), i64::try_from(entry.place).unwrap_or(i64::MAX));
        let mut id = first;
        while add.execute(params![id, key, block, place]).of(self.connection)? == 0 {
            id += 1;
        }
        let query = "INSERT INTO words (rowid, text, parts, marks) VALUES (?1, ?2, ?3, ?4)";
        let mut add = self.connection.prepare_cached(query).of(self.connection)?;
        add.execute(params![id, entry.text, entry.parts, entry.marks]).of(self.connection)?;
        Ok(id)
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
