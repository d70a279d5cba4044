//! The embedded store: one file, one line of writers.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;
use crate::sqlite::failure::Translate;
use crate::sqlite::open::{self, Access, Files};

use crate::sqlite::turn::SqliteTurn;
use crate::sqlite::{events, failure, migrate, rebuild, replace};
use crate::store::{Durability, Look, Progress, Reads, Rebuilt, SetAside, Store, Verdict, Work};

/// A command checkpoints the WAL only when it has grown beyond this.
///
/// A process that opens the store alone reads the WAL first, 0.3 ms a MiB.
const WAL_LIMIT: u64 = 1 << 20;

/// How much of the store is held in memory by whoever takes in much at once; negative numbers are KiB to SQLite.
const BULK_CACHE_KIB: i64 = -48 * 1024;

/// A store in a directory of its own.
pub struct SqliteStore {
    connection: Connection,
    files: Files,
    patience: Duration,
    /// Which file it is, whatever its name.
    identity: Option<(u64, u64)>,
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
            Ok(connection) => {
                let identity = files.identity();
                Ok(Self { connection, files, patience, identity, set_aside: None })
            }
            Err(StoreError::Broken { .. }) if access == Access::Write => Self::replace_broken(files, patience),
            Err(error) => Err(error),
        }
    }

    /// Replaces the broken file if it is seen broken again by somebody who is alone with it, and goes on with what is there then.
    fn replace_broken(files: Files, patience: Duration) -> Result<Self, StoreError> {
        let place = files.wait_in_line(patience)?;
        let set_aside = if open::is_broken(&files, patience) { Some(replace::replace(&files)?) } else { None };
        drop(place);
        let connection = open::for_writing(&files, patience)?;
        let identity = files.identity();
        Ok(Self { connection, files, patience, identity, set_aside })
    }

    /// Goes on with a new store in the place of one that turned out to be broken; what is not broken stays.
    fn go_on_with_new(&mut self) -> Result<(), StoreError> {
        let fresh = Self::replace_broken(self.files.clone(), self.patience)?;
        *self = Self { set_aside: fresh.set_aside.or_else(|| self.set_aside.take()), ..fresh };
        Ok(())
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
        let place = self.files.wait_in_line(self.patience)?;
        // Somebody may have set the file aside since it was opened: what is written to it now would be lost to everybody.
        if self.files.identity() != self.identity {
            drop(place);
            self.connection = open::for_writing(&self.files, self.patience)?;
            self.identity = self.files.identity();
            return self.alone(durability, work);
        }
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
        ended.map_err(|error| self.files.translate_commit(error, self.patience))?;
        if durability == Durability::Bulk {
            return Ok(value);
        }
        self.checkpoint_when_large();
        Ok(value)
    }

    fn begin_with(&self, durability: Durability, patience: Duration) -> Result<(), StoreError> {
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::Normal | Durability::Bulk => "NORMAL",
        };
        if durability == Durability::Bulk {
            self.connection.pragma_update(None, "cache_size", BULK_CACHE_KIB).of(&self.connection)?;
        }
        self.connection.pragma_update(None, "synchronous", synchronous).of(&self.connection)?;
        self.connection.busy_timeout(patience).of(&self.connection)
    }

    /// Empties a WAL that has grown; one that is being read is left for the next writer.
    ///
    /// It is cut, not only copied: the next process would not know that it was copied, and write behind it for ever.
    fn checkpoint_when_large(&self) {
        let wal = std::fs::metadata(self.files.database.with_extension("db-wal")).map_or(0, |wal| wal.len());
        if wal > WAL_LIMIT {
            let emptied = self.connection.busy_timeout(Duration::ZERO);
            drop(emptied.and_then(|()| self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))));
            drop(self.connection.busy_timeout(self.patience));
        }
    }
}

fn in_turn(connection: &Connection, work: &mut Work<'_>) -> Result<(Verdict, ()), StoreError> {
    let mut turn = SqliteTurn::on(connection);
    let verdict = work(&mut turn)?;
    if turn.met_damage {
        let path = failure::path_of(connection);
        return Err(StoreError::Broken { path, source: "damage was met in a turn".into() });
    }
    if verdict == Verdict::Keep {
        turn.flush()?;
    }
    Ok((verdict, ()))
}

impl Store for SqliteStore {
    fn reads(&self) -> &dyn Reads {
        &self.connection
    }

    fn look(&self, work: &mut Look<'_>) -> Result<(), StoreError> {
        // Ends when it is dropped: there is nothing to commit.
        let _moment = self.connection.unchecked_transaction().of(&self.connection)?;
        work(&self.connection)
    }

    fn turn(&mut self, durability: Durability, work: &mut Work<'_>) -> Result<(), StoreError> {
        match self.alone(durability, |connection| in_turn(connection, work)) {
            Err(StoreError::Broken { .. }) => {
                self.go_on_with_new()?;
                self.alone(durability, |connection| in_turn(connection, work))
            }
            other => other,
        }
    }

    fn rebuild(&mut self, progress: &mut Progress<'_>) -> Result<Rebuilt, StoreError> {
        if !matches!(open::check(&self.connection).as_deref(), Ok([])) {
            self.go_on_with_new()?;
        }
        self.alone(Durability::Full, |connection| rebuild::rebuild(connection, progress).map(|rebuilt| (Verdict::Keep, rebuilt)))
    }

    fn set_aside(&self) -> Option<&SetAside> {
        self.set_aside.as_ref()
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        let mut wrong = open::check(&self.connection)?;
        let unreadable = events::unreadable_ones(&self.connection).of(&self.connection)?;
        wrong.extend(unreadable.iter().map(|seq| format!("event {seq} does not read")));
        Ok(wrong)
    }
}
