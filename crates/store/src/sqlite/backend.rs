//! The embedded store: one file, one line of writers.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;
use crate::sqlite::failure::Translate;
use crate::sqlite::open::{self, Access, Files};
use crate::sqlite::salvage::{self, SetAside};
use crate::sqlite::turn::SqliteTurn;
use crate::sqlite::{migrate, queue, rebuild};
use crate::store::{Durability, Reads, Rebuilt, Store, Verdict, Work};

/// A command checkpoints the WAL only when it has grown beyond this; whoever takes in a batch does it anyway.
const WAL_LIMIT: u64 = 4 << 20;

/// A store in a directory of its own.
pub struct SqliteStore {
    connection: Connection,
    files: Files,
    patience: Duration,
    set_aside: Option<SetAside>,
}

impl SqliteStore {
    /// Opens the store in `home`. A command waits at most `patience` for others.
    ///
    /// Opened to be written, a missing store is made, and a broken one is set aside: renamed, never deleted, and what can
    /// be read of it taken over into a new one. A busy, full or unopenable store is never called broken.
    ///
    /// # Errors
    /// When it cannot be opened, is another program's, is broken (to be read), or is newer (to be written).
    pub fn open(home: &Path, access: Access, patience: Duration) -> Result<Self, StoreError> {
        let files = Files::at(home);
        let opened = match access {
            Access::Read => open::for_reading(&files, patience),
            Access::Write => open::for_writing(&files, patience),
        };
        match opened {
            Ok(connection) => Ok(Self { connection, files, patience, set_aside: None }),
            Err(StoreError::Broken { .. }) if access == Access::Write => Self::replace_broken(files, patience),
            Err(error) => Err(error),
        }
    }

    /// Returns what was done about a broken store when this one was opened.
    pub fn set_aside(&self) -> Option<&SetAside> {
        self.set_aside.as_ref()
    }

    /// Sets the broken file aside if it is seen broken again by somebody who is alone with it, and starts anew.
    fn replace_broken(files: Files, patience: Duration) -> Result<Self, StoreError> {
        let place = queue::wait_in_line(&files.lock, &files.database, patience)?;
        let aside = match open::is_broken(&files, patience) {
            Some(_) => Some(salvage::set_aside(&files)?),
            None => None,
        };
        drop(place);
        let connection = open::for_writing(&files, patience)?;
        let mut store = Self { connection, files, patience, set_aside: None };
        if let Some(path) = aside {
            let salvaged = store.take_over(&path)?;
            store.set_aside = Some(SetAside { path, salvaged });
        }
        Ok(store)
    }

    fn take_over(&mut self, aside: &Path) -> Result<u64, StoreError> {
        let events = salvage::events_of(aside);
        self.turn(Durability::Full, &mut |turn| {
            events.iter().try_for_each(|recorded| turn.append(&recorded.event).map(drop))?;
            Ok(Verdict::Keep)
        })?;
        Ok(events.len() as u64)
    }

    /// Begins a transaction as a writer, alone, and ends it as `work` decides.
    fn alone<T>(
        &mut self,
        durability: Durability,
        work: impl FnOnce(&Connection) -> Result<(Verdict, T), StoreError>,
    ) -> Result<T, StoreError> {
        if self.connection.path().is_none_or(str::is_empty) {
            return Err(StoreError::ReadOnly { path: self.files.database.clone(), source: "it was opened to be read".into() });
        }
        let place = queue::wait_in_line(&self.files.lock, &self.files.database, self.patience)?;
        let schema = migrate::schema_of(&self.connection)?;
        if schema > migrate::KNOWN {
            return Err(StoreError::TooNew { path: self.files.database.clone(), found: schema, known: migrate::KNOWN });
        }
        self.begin_with(durability, place.left.max(Duration::from_millis(100)))?;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| self.files.translate_write(error, self.patience))?;
        let (verdict, value) = work(&transaction)?;
        let ended = match verdict {
            Verdict::Keep => transaction.commit(),
            Verdict::Drop => transaction.rollback(),
        };
        ended.map_err(|error| self.files.translate_write(error, self.patience))?;
        self.checkpoint_when_large();
        Ok(value)
    }

    fn begin_with(&self, durability: Durability, patience: Duration) -> Result<(), StoreError> {
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        self.connection.pragma_update(None, "synchronous", synchronous).of(&self.connection)?;
        self.connection.busy_timeout(patience).of(&self.connection)
    }

    /// A checkpoint that fails leaves the WAL as it is; the next writer tries again.
    fn checkpoint_when_large(&self) {
        let wal = std::fs::metadata(self.files.database.with_extension("db-wal")).map_or(0, |wal| wal.len());
        if wal > WAL_LIMIT {
            drop(self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())));
        }
    }
}

impl Store for SqliteStore {
    fn reads(&self) -> &dyn Reads {
        &self.connection
    }

    fn turn(&mut self, durability: Durability, work: &mut Work<'_>) -> Result<(), StoreError> {
        self.alone(durability, |connection| {
            let mut turn = SqliteTurn::on(connection);
            let verdict = work(&mut turn)?;
            if verdict == Verdict::Keep {
                turn.flush()?;
            }
            Ok((verdict, ()))
        })
    }

    fn rebuild(&mut self) -> Result<Rebuilt, StoreError> {
        self.alone(Durability::Full, |connection| rebuild::rebuild(connection).map(|rebuilt| (Verdict::Keep, rebuilt)))
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        let mut check = self.connection.prepare("PRAGMA integrity_check(20)").of(&self.connection)?;
        let lines = check.query_map([], |row| row.get::<_, String>(0)).of(&self.connection)?;
        let lines: Vec<_> = lines.collect::<Result<_, _>>().of(&self.connection)?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }
}
