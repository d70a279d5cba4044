//! The file of the index: opened, made anew where it is of no use, written in transactions.

use std::path::Path;
use std::time::Duration;

use crate::StoreError;
use crate::cache::{Cache, Kind};
use crate::index::rows::IndexTurn;
use crate::sqlite::failure::Translate;

const KIND: Kind = Kind {
    name: "index.db",
    schema: include_str!("../../migrations/index/0001_files_and_parts.sql"),
    version: 3,
    // What is kept are long rows, and all of them are read.
    page: 32_768,
};

/// What was read from transcripts.
pub struct Index {
    pub(super) cache: Cache,
}

impl Index {
    /// Opens the index in a store's home; makes it where there is none, and anew where it is damaged or of another build.
    ///
    /// # Errors
    /// When it cannot be opened or made.
    pub fn open(home: &Path, patience: Duration) -> Result<Self, StoreError> {
        Ok(Self { cache: KIND.open(home, patience)? })
    }

    /// Opens the index in a store's home as it is, where nothing can be written.
    ///
    /// # Errors
    /// When there is none, it cannot be read, or another build wrote it.
    pub fn open_to_read(home: &Path, patience: Duration) -> Result<Self, StoreError> {
        Ok(Self { cache: KIND.open_to_read(home, patience)? })
    }

    /// Reports whether an error is about the index in a store's home, and says that it is damaged.
    pub fn is_damaged(home: &Path, error: &StoreError) -> bool {
        KIND.is_damaged(home, error)
    }

    /// Reports whether there is an index in a store's home.
    pub fn is_there(home: &Path) -> bool {
        KIND.is_there(home)
    }

    /// Throws the index in a store's home away.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(home: &Path, patience: Duration) -> Result<(), StoreError> {
        KIND.remove(home, patience)
    }

    /// Lets `work` ask many things of one moment.
    ///
    /// # Errors
    /// What `work` returns, or that it cannot be read.
    pub fn look<T>(&self, work: impl FnOnce(&Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        // Ends when it is dropped: there is nothing to commit.
        let _moment = self.cache.connection.unchecked_transaction().of(&self.cache.connection)?;
        work(self)
    }

    /// Copies a log that has grown long into the file, so that whoever reads next reads one file in order.
    pub fn settle(&mut self) {
        self.cache.settle();
    }

    /// Does `work` in one transaction.
    ///
    /// # Errors
    /// When others keep writing, or it cannot be written; nothing is changed then.
    pub fn write<T>(&mut self, work: impl FnOnce(&IndexTurn<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.cache.write(|connection| work(&IndexTurn { connection }))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::ReadFile;

    #[test]
    fn what_is_left_of_one_that_was_being_thrown_away_is_no_part_of_the_next_one() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(KIND.name);
        let mut index = Index::open(home.path(), Duration::from_secs(1)).unwrap();
        index.write(|turn| turn.add(&ReadFile { path: "/c.jsonl".to_owned(), ..ReadFile::default() })).unwrap();
        let log = fs::read(path.with_extension("db-wal")).unwrap();
        assert!(log.len() > 1_000);
        drop(index);
        Index::remove(home.path(), Duration::from_secs(1)).unwrap();
        fs::write(path.with_extension("db-wal"), &log).unwrap();
        let index = Index::open(home.path(), Duration::from_secs(1)).unwrap();
        assert!(index.is_empty().unwrap());
    }
}
