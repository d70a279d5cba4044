//! Checkpoints where there is no Redis: a file beside the store. What has expired is never returned, and removed by whoever writes next.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};
use session::Moment;

use super::{BuildId, Checkpoint, CheckpointsError, Loaded};
use crate::StoreError;
use crate::cache::{Cache, Kind};
use crate::sqlite::failure::Translate;

const KIND: Kind =
    Kind { name: "checkpoints.db", schema: include_str!("../../migrations/checkpoints/0001_checkpoints.sql"), version: 1, page: 4_096 };

/// Checkpoints in a file.
pub struct EmbeddedCheckpoints {
    home: PathBuf,
    patience: Duration,
}

impl EmbeddedCheckpoints {
    /// Returns those in a store's home. The file is made when something is saved.
    pub fn new(home: PathBuf, patience: Duration) -> Self {
        Self { home, patience }
    }

    /// Returns the file.
    pub fn path(&self) -> PathBuf {
        self.home.join(KIND.name)
    }

    pub(super) fn save(&self, checkpoint: &Checkpoint, now: Moment, ttl: Duration) -> Result<Option<PathBuf>, CheckpointsError> {
        let expires_at = now.micros().saturating_add(i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX));
        self.write(|connection| {
            sweep(connection, now)?;
            let mut insert = connection.prepare_cached("INSERT OR REPLACE INTO checkpoints VALUES (?1, ?2, ?3)").of(connection)?;
            insert.execute((checkpoint.build.as_str(), checkpoint.written(), expires_at)).of(connection).map(drop)
        })
        .map(|((), set_aside)| set_aside)
    }

    pub(super) fn load(&self, build: &BuildId, now: Moment) -> Result<Loaded, CheckpointsError> {
        if !KIND.is_there(&self.home) {
            return Ok(Loaded { checkpoint: None, set_aside: None });
        }
        let (cache, set_aside) = match self.open() {
            Err(StoreError::ReadOnly { .. } | StoreError::Unopenable { .. }) => (KIND.open_to_read(&self.home, self.patience)?, None),
            opened => opened?,
        };
        match self.find(&cache, build, now) {
            Err(CheckpointsError::Store(StoreError::Broken { .. })) => {
                let path = KIND.set_aside(&self.home, self.patience)?;
                let (cache, _) = self.open()?;
                Ok(Loaded { checkpoint: self.find(&cache, build, now)?, set_aside: path })
            }
            found => Ok(Loaded { checkpoint: found?, set_aside }),
        }
    }

    pub(super) fn drop(&self, build: &BuildId, now: Moment) -> Result<bool, CheckpointsError> {
        if !KIND.is_there(&self.home) {
            return Ok(false);
        }
        let dropped = self.write(|connection| {
            sweep(connection, now)?;
            connection.execute("DELETE FROM checkpoints WHERE build_id = ?1", [build.as_str()]).of(connection)
        });
        dropped.map(|(dropped, _)| dropped > 0)
    }

    fn find(&self, cache: &Cache, build: &BuildId, now: Moment) -> Result<Option<Checkpoint>, CheckpointsError> {
        let connection = &cache.connection;
        let statement = "SELECT value, expires_at FROM checkpoints WHERE build_id = ?1 AND expires_at > ?2";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
        let found = connection.query_row(statement, (build.as_str(), now.micros()), row).optional().of(connection)?;
        let Some((kept, expires_at)) = found else { return Ok(None) };
        let unreadable = |why| CheckpointsError::Unreadable { build: build.clone(), place: show(&cache.path), why };
        let checkpoint = Checkpoint::read(build, kept.as_bytes(), now).map_err(unreadable)?;
        Ok(Some(Checkpoint { expires_at: Moment::from_micros(expires_at, now.offset().seconds()).ok(), ..checkpoint }))
    }

    fn write<T>(&self, work: impl Fn(&Connection) -> Result<T, StoreError>) -> Result<(T, Option<PathBuf>), CheckpointsError> {
        let (mut cache, set_aside) = self.open()?;
        match cache.write(&work) {
            // Seen only now: the damage is further in.
            Err(StoreError::Broken { .. }) => {
                drop(cache);
                let path = KIND.set_aside(&self.home, self.patience)?;
                let (mut cache, _) = self.open()?;
                Ok((cache.write(&work)?, path))
            }
            done => {
                let done = done?;
                cache.settle();
                Ok((done, set_aside))
            }
        }
    }

    fn open(&self) -> Result<(Cache, Option<PathBuf>), StoreError> {
        let (cache, set_aside) = KIND.open_or_set_aside(&self.home, self.patience)?;
        // What was saved is there after a power cut, too.
        cache.connection.pragma_update(None, "synchronous", "FULL").of(&cache.connection)?;
        // Paths of people's projects: nothing of what is gone stays in the file.
        cache.connection.pragma_update(None, "secure_delete", true).of(&cache.connection)?;
        Ok((cache, set_aside))
    }
}

fn sweep(connection: &Connection, now: Moment) -> Result<(), StoreError> {
    connection.execute("DELETE FROM checkpoints WHERE expires_at <= ?1", [now.micros()]).of(connection).map(drop)
}

fn show(path: &Path) -> String {
    path.display().to_string()
}
