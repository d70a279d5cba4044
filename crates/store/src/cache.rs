//! Files beside the store: opened, made anew where they are of no use, thrown away or set aside, written in transactions.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::StoreError;
use crate::sqlite::failure::{Translate, translate, translate_io};
use crate::sqlite::queue::{self, LineError};
use crate::sqlite::{file_system, open, replace};

/// Up to which length the log is left to the next one who writes, in bytes.
const LONG_LOG: u64 = 1 << 20;

/// What is kept in such a file.
pub(crate) struct Kind {
    /// The name of the file in the store's home.
    pub(crate) name: &'static str,
    /// The tables.
    pub(crate) schema: &'static str,
    /// Which schema this build writes; a file of another one is thrown away.
    pub(crate) version: u32,
    /// The length of a page.
    pub(crate) page: i64,
}

/// An open one.
pub(crate) struct Cache {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    pub(crate) patience: Duration,
    /// Whether one was thrown away that was of no use.
    pub(crate) is_anew: bool,
}

impl Kind {
    /// Opens the file in a store's home; makes it where there is none, and anew where it is damaged or of another build.
    pub(crate) fn open(&self, home: &Path, patience: Duration) -> Result<Cache, StoreError> {
        open::make_private_directories(home).map_err(|error| translate_io(home, error))?;
        let path = home.join(self.name);
        let _place = wait_in_line(&path, patience)?;
        if fs::symlink_metadata(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            // What is left of one that was being thrown away must not become a part of the next one.
            throw_away(&path).map_err(|error| translate_io(&path, error))?;
        }
        match self.connect(&path, patience) {
            Ok(connection) => Ok(Cache { connection, path, patience, is_anew: false }),
            Err(StoreError::Broken { .. } | StoreError::NotOurs { .. }) => {
                throw_away(&path).map_err(|error| translate_io(&path, error))?;
                Ok(Cache { connection: self.connect(&path, patience)?, path, patience, is_anew: true })
            }
            Err(error) => Err(error),
        }
    }

    /// Opens the file in a store's home; makes it where there is none. What cannot be made again is not thrown away: a damaged file is set
    /// aside, and its new name returned.
    pub(crate) fn open_or_set_aside(&self, home: &Path, patience: Duration) -> Result<(Cache, Option<PathBuf>), StoreError> {
        open::make_private_directories(home).map_err(|error| translate_io(home, error))?;
        let path = home.join(self.name);
        let _place = wait_in_line(&path, patience)?;
        match self.connect(&path, patience) {
            Err(StoreError::Broken { .. }) => {
                let aside = replace::move_aside(&path)?;
                Ok((Cache { connection: self.connect(&path, patience)?, path, patience, is_anew: false }, Some(aside)))
            }
            connected => Ok((Cache { connection: connected?, path, patience, is_anew: false }, None)),
        }
    }

    /// Sets the file in a store's home aside if it is still damaged, and returns its new name: somebody else may have done so meanwhile.
    pub(crate) fn set_aside(&self, home: &Path, patience: Duration) -> Result<Option<PathBuf>, StoreError> {
        let path = home.join(self.name);
        let _place = wait_in_line(&path, patience)?;
        let is_whole = |connection: &Connection| {
            let said = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0)).of(connection)?;
            Ok::<_, StoreError>(said == "ok")
        };
        match self.connect(&path, patience).and_then(|connection| is_whole(&connection)) {
            Ok(true) => Ok(None),
            Ok(false) | Err(StoreError::Broken { .. }) => replace::move_aside(&path).map(Some),
            Err(error) => Err(error),
        }
    }

    /// Opens the file in a store's home as it is, where nothing can be written.
    pub(crate) fn open_to_read(&self, home: &Path, patience: Duration) -> Result<Cache, StoreError> {
        let path = home.join(self.name);
        expect_file(&path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let open = |suffix: &str| {
            let address = format!("file:{}{suffix}", open::percent_encode(&path));
            let connection = Connection::open_with_flags(address, flags).map_err(|error| translate(&path, error))?;
            connection.busy_timeout(patience).of(&connection)?;
            match version(&connection)? {
                found if found == self.version => Ok(connection),
                _ => Err(StoreError::NotOurs { path: path.clone() }),
            }
        };
        // Where not even the files beside it can be made, what is only in its log is not seen.
        let connection = open("").or_else(|_| open("?immutable=1"))?;
        Ok(Cache { connection, path, patience, is_anew: false })
    }

    /// Reports whether an error is about the file in a store's home, and says that it is damaged.
    pub(crate) fn is_damaged(&self, home: &Path, error: &StoreError) -> bool {
        matches!(error, StoreError::Broken { path, .. } if path.file_name() == home.join(self.name).file_name())
    }

    /// Reports whether there is such a file in a store's home.
    pub(crate) fn is_there(&self, home: &Path) -> bool {
        fs::symlink_metadata(home.join(self.name)).is_ok()
    }

    /// Throws the file in a store's home away.
    pub(crate) fn remove(&self, home: &Path, patience: Duration) -> Result<(), StoreError> {
        let path = home.join(self.name);
        let _place = wait_in_line(&path, patience)?;
        throw_away(&path).map_err(|error| translate_io(&path, error))
    }

    fn connect(&self, path: &Path, patience: Duration) -> Result<Connection, StoreError> {
        expect_file(path)?;
        drop(open::private_file(path).map_err(|error| translate_io(path, error))?);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(|error| translate(path, error))?;
        connection.busy_timeout(patience).of(&connection)?;
        connection.set_prepared_statement_cache_capacity(open::STATEMENTS);
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).of(&connection)?;
        connection.pragma_update(None, "synchronous", "NORMAL").of(&connection)?;
        connection.pragma_update(None, "wal_autocheckpoint", 0).of(&connection)?;
        self.prepare(&mut connection, path)?;
        Ok(connection)
    }

    /// Makes the tables where there are none.
    fn prepare(&self, connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
        match version(connection)? {
            found if found == self.version => return Ok(()),
            0 => connection.pragma_update(None, "page_size", self.page).of(connection)?,
            _ => return Err(StoreError::NotOurs { path: path.to_owned() }),
        }
        if path.parent().is_some_and(file_system::is_local) {
            connection.pragma_update(None, "journal_mode", "WAL").of(connection)?;
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| translate(path, error))?;
        // Somebody may have made them meanwhile.
        if version(&transaction)? == 0 {
            transaction.execute_batch(self.schema).map_err(|error| translate(path, error))?;
            transaction.pragma_update(None, "user_version", self.version).map_err(|error| translate(path, error))?;
        }
        transaction.commit().map_err(|error| translate(path, error))
    }
}

impl Cache {
    /// Copies a log that has grown long into the file, so that whoever reads next reads one file in order.
    pub(crate) fn settle(&mut self) {
        let length = fs::metadata(self.path.with_extension("db-wal")).map_or(0, |log| log.len());
        if length > LONG_LOG {
            self.empty_log();
        }
    }

    /// Copies the log into the file whatever its length is, so that nothing which was removed is left in it; reports whether it could.
    pub(crate) fn empty_log(&mut self) -> bool {
        // Whoever reads it just now has it wait for the next time.
        drop(self.connection.busy_timeout(Duration::ZERO));
        let is_busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        drop(self.connection.busy_timeout(self.patience));
        is_busy.is_ok_and(|is_busy| !is_busy)
    }

    /// Does `work` in one transaction.
    pub(crate) fn write<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let (path, waited) = (&self.path, self.patience);
        let failed = |error| match translate(path, error) {
            StoreError::Busy { path, .. } => StoreError::Busy { path, waited },
            other => other,
        };
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let value = work(&transaction)?;
        transaction.commit().map_err(failed)?;
        Ok(value)
    }
}

/// A pipe would never open.
fn expect_file(path: &Path) -> Result<(), StoreError> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(StoreError::NotOurs { path: path.to_owned() }),
        _ => Ok(()),
    }
}

fn version(connection: &Connection) -> Result<u32, StoreError> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).of(connection)
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
