//! The file of what can be searched.

use std::path::Path;
use std::time::Duration;

use rusqlite::OptionalExtension;

use super::write::SearchTurn;
use crate::StoreError;
use crate::cache::{Cache, Kind};
use crate::sqlite::failure::Translate;

const KIND: Kind = Kind { name: "search.db", schema: include_str!("../../migrations/search/0001_documents.sql"), version: 1, page: 8_192 };

/// How much of the file is read as if it were memory: an answer reads a few pages here and there.
const MAPPED: i64 = 1 << 30;

/// What can be searched.
pub struct Search {
    pub(super) cache: Cache,
}

impl Search {
    /// Opens the file in a store's home; makes it where there is none, and anew where it is damaged or of another build.
    ///
    /// # Errors
    /// When it cannot be opened or made.
    pub fn open(home: &Path, patience: Duration) -> Result<Self, StoreError> {
        let search = Self::mapped(KIND.open(home, patience)?)?;
        // What is forgotten is words of people: nothing of it stays in the file.
        search.cache.connection.pragma_update(None, "secure_delete", true).of(&search.cache.connection)?;
        Ok(search)
    }

    /// Opens the file in a store's home as it is, where nothing can be written.
    ///
    /// # Errors
    /// When there is none, or it is of no use.
    pub fn open_to_read(home: &Path, patience: Duration) -> Result<Self, StoreError> {
        Self::mapped(KIND.open_to_read(home, patience)?)
    }

    fn mapped(cache: Cache) -> Result<Self, StoreError> {
        cache.connection.pragma_update(None, "mmap_size", MAPPED).of(&cache.connection)?;
        Ok(Self { cache })
    }

    /// Reports whether the file was made anew because it was damaged or of another build. Text of transcripts that are gone is gone with it.
    pub fn is_anew(&self) -> bool {
        self.cache.is_anew
    }

    /// Reports whether an error is about the file in a store's home, and says that it is damaged.
    pub fn is_damaged(home: &Path, error: &StoreError) -> bool {
        KIND.is_damaged(home, error)
    }

    /// Reports whether there is such a file in a store's home.
    pub fn is_there(home: &Path) -> bool {
        KIND.is_there(home)
    }

    /// Throws the file in a store's home away.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(home: &Path, patience: Duration) -> Result<(), StoreError> {
        KIND.remove(home, patience)
    }

    /// Returns what was noted under a name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn fact(&self, name: &str) -> Result<Option<String>, StoreError> {
        let connection = &self.cache.connection;
        let mut query = connection.prepare_cached("SELECT value FROM facts WHERE name = ?1").of(connection)?;
        query.query_row([name], |row| row.get(0)).optional().of(connection)
    }

    /// Copies a log that has grown long into the file.
    pub fn settle(&mut self) {
        self.cache.settle();
    }

    /// Copies the log into the file, so that nothing which was forgotten is left in it; reports whether it could: somebody may be reading.
    pub fn empty_log(&mut self) -> bool {
        self.cache.empty_log()
    }

    /// Does `work` in one transaction.
    ///
    /// # Errors
    /// When others keep writing, or it cannot be written; nothing is changed then.
    pub fn write<T>(&mut self, work: impl FnOnce(&SearchTurn<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.cache.write(|connection| work(&SearchTurn { connection }))
    }
}
