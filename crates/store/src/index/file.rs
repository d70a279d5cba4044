//! The file of the index: opened, made anew where it is of no use, written in transactions.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::StoreError;
use crate::index::rows::IndexTurn;
use crate::sqlite::failure::{Translate, translate, translate_io};
use crate::sqlite::queue::{self, LineError};
use crate::sqlite::{file_system, open};

const SCHEMA: &str = include_str!("../../migrations/index/0001_files_and_parts.sql");

/// Which schema this build writes; a file of another one is thrown away.
const VERSION: u32 = 2;

/// The length of a page: what is kept are long rows, and all of them are read.
const PAGE: i64 = 32_768;

/// Up to which length the log is left to the next one who writes, in bytes.
const LONG_LOG: u64 = 1 << 20;

/// The name of the file in the store's home.
const NAME: &str = "index.db";

/// What was read from transcripts.
pub struct Index {
    pub(crate) connection: Connection,
    path: PathBuf,
    patience: Duration,
}

impl Index {
    /// Opens the index in a store's home; makes it where there is none, and anew where it is damaged or of another build.
    ///
    /// # Errors
    /// When it cannot be opened or made.
    pub fn open(home: &Path, patience: Duration) -> Result<Self, StoreError> {
        open::make_private_directories(home).map_err(|error| translate_io(home, error))?;
        let path = home.join(NAME);
        let _place = wait_in_line(&path, patience)?;
        if fs::symlink_metadata(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            // What is left of one that was being thrown away must not become a part of the next one.
            throw_away(&path).map_err(|error| translate_io(&path, error))?;
        }
        match connect(&path, patience) {
            Ok(connection) => Ok(Self { connection, path, patience }),
            Err(StoreError::Broken { .. } | StoreError::NotOurs { .. }) => {
                throw_away(&path).map_err(|error| translate_io(&path, error))?;
                Ok(Self { connection: connect(&path, patience)?, path, patience })
            }
            Err(error) => Err(error),
        }
    }

    /// Reports whether an error is about the index in a store's home, and says that it is damaged.
    pub fn is_damaged(home: &Path, error: &StoreError) -> bool {
        matches!(error, StoreError::Broken { path, .. } if path.file_name() == home.join(NAME).file_name())
    }

    /// Reports whether there is an index in a store's home.
    pub fn is_there(home: &Path) -> bool {
        fs::symlink_metadata(home.join(NAME)).is_ok()
    }

    /// Throws the index in a store's home away.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(home: &Path, patience: Duration) -> Result<(), StoreError> {
        let path = home.join(NAME);
        let _place = wait_in_line(&path, patience)?;
        throw_away(&path).map_err(|error| translate_io(&path, error))
    }

    /// Lets `work` ask many things of one moment.
    ///
    /// # Errors
    /// What `work` returns, or that it cannot be read.
    pub fn look<T>(&self, work: impl FnOnce(&Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        // Ends when it is dropped: there is nothing to commit.
        let _moment = self.connection.unchecked_transaction().of(&self.connection)?;
        work(self)
    }

    /// Copies a log that has grown long into the file, so that whoever reads next reads one file in order.
    pub fn settle(&mut self) {
        let length = fs::metadata(self.path.with_extension("db-wal")).map_or(0, |log| log.len());
        if length > LONG_LOG {
            // Whoever reads it just now has it wait for the next time.
            drop(self.connection.busy_timeout(Duration::ZERO));
            drop(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
            drop(self.connection.busy_timeout(self.patience));
        }
    }

    /// Does `work` in one transaction.
    ///
    /// # Errors
    /// When others keep writing, or it cannot be written; nothing is changed then.
    pub fn write<T>(&mut self, work: impl FnOnce(&IndexTurn<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let (path, waited) = (&self.path, self.patience);
        let failed = |error| match translate(path, error) {
            StoreError::Busy { path, .. } => StoreError::Busy { path, waited },
            other => other,
        };
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let value = work(&IndexTurn { connection: &transaction })?;
        transaction.commit().map_err(failed)?;
        Ok(value)
    }
}

/// Waits until nobody opens the file or throws it away: a log that is left of one must not meet the next one.
fn wait_in_line(path: &Path, patience: Duration) -> Result<queue::Place, StoreError> {
    queue::wait_in_line(&path.with_extension("lock"), patience).map_err(|error| match error {
        LineError::Busy { waited } => StoreError::Busy { path: path.to_owned(), waited },
        LineError::File(error) => translate_io(path, error),
    })
}

fn throw_away(path: &Path) -> std::io::Result<()> {
    // Whoever finds a log without its database throws it away; a database without its log says less than it did.
    for suffix in ["db", "db-wal", "db-shm"] {
        match fs::remove_file(path.with_extension(suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn connect(path: &Path, patience: Duration) -> Result<Connection, StoreError> {
    drop(open::private_file(path).map_err(|error| translate_io(path, error))?);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|error| translate(path, error))?;
    connection.busy_timeout(patience).of(&connection)?;
    connection.set_prepared_statement_cache_capacity(open::STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).of(&connection)?;
    connection.pragma_update(None, "synchronous", "NORMAL").of(&connection)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0).of(&connection)?;
    prepare(&mut connection, path)?;
    Ok(connection)
}

/// Makes the tables where there are none.
fn prepare(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let version = |connection: &Connection| connection.query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0)).of(connection);
    match version(connection)? {
        VERSION => return Ok(()),
        0 => connection.pragma_update(None, "page_size", PAGE).of(connection)?,
        _ => return Err(StoreError::NotOurs { path: path.to_owned() }),
    }
    if path.parent().is_some_and(file_system::is_local) {
        connection.pragma_update(None, "journal_mode", "WAL").of(connection)?;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| translate(path, error))?;
    // Somebody may have made them meanwhile.
    if version(&transaction)? == 0 {
        transaction.execute_batch(SCHEMA).map_err(|error| translate(path, error))?;
        transaction.pragma_update(None, "user_version", VERSION).map_err(|error| translate(path, error))?;
    }
    transaction.commit().map_err(|error| translate(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadFile;

    #[test]
    fn what_is_left_of_one_that_was_being_thrown_away_is_no_part_of_the_next_one() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(NAME);
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
