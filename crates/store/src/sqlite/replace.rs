//! Setting a broken file aside and putting a new one in its place. Nothing is deleted, and it may be interrupted anywhere.
//!
//! The new store is made whole beside the old one first, under a name of its own. Then the old one is renamed, then the new
//! one: whoever finds no store but a new one that waits, finishes that.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::StoreError;
use crate::sqlite::failure::{Translate, translate, translate_io};
use crate::sqlite::open::{Files, private_file};
use crate::sqlite::salvage::{events_of, with_suffix};
use crate::sqlite::turn::SqliteTurn;
use crate::sqlite::{file_system, migrate};
use crate::store::{Recorded, SetAside, Turn};

/// Replaces the broken store by a new one with everything that can be read of it; the caller is alone.
pub(crate) fn replace(files: &Files) -> Result<SetAside, StoreError> {
    let events = events_of(&files.database)?;
    make(files, &events)?;
    let path = free_name(&files.database);
    rename(&files.database, &path)?;
    finish(files)?;
    Ok(SetAside { path, salvaged: events.len() as u64 })
}

/// Puts a new store that waits into the place of one that was set aside; the caller is alone.
pub(crate) fn finish(files: &Files) -> Result<(), StoreError> {
    let waits = waiting(files);
    if files.database.exists() || !waits.exists() {
        return Ok(());
    }
    // What belongs to the old one must not be taken for the new one's.
    let aside = last_name(&files.database);
    for suffix in ["-wal", "-shm"] {
        rename_if_there(&with_suffix(&files.database, suffix), &with_suffix(&aside, suffix))?;
    }
    rename(&waits, &files.database)?;
    let synced = fs::File::open(&files.home).and_then(|home| home.sync_all());
    synced.map_err(|error| translate_io(&files.home, error))
}

/// Renames a database with its log, so that nothing of it is taken for a part of the next one, and returns its new name; the caller is alone.
pub(crate) fn move_aside(database: &Path) -> Result<PathBuf, StoreError> {
    let aside = free_name(database);
    for suffix in ["-wal", "-shm"] {
        rename_if_there(&with_suffix(database, suffix), &with_suffix(&aside, suffix))?;
    }
    rename(database, &aside)?;
    Ok(aside)
}

fn waiting(files: &Files) -> PathBuf {
    with_suffix(&files.database, ".new")
}

/// Makes the new store whole: one file, synced, without a log.
fn make(files: &Files, events: &[Recorded]) -> Result<(), StoreError> {
    let path = waiting(files);
    for suffix in ["", "-wal", "-shm", "-journal"] {
        drop(fs::remove_file(with_suffix(&path, suffix)));
    }
    drop(private_file(&path).map_err(|error| translate_io(&path, error))?);
    let mut connection = Connection::open(&path).map_err(|error| translate(&path, error))?;
    migrate::migrate(&mut connection)?;
    fill(&mut connection, events)?;
    if file_system::is_local(&files.home) {
        connection.pragma_update(None, "journal_mode", "WAL").of(&connection)?;
    }
    connection.close().map_err(|(_, error)| translate(&path, error))
}

fn fill(connection: &mut Connection, events: &[Recorded]) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE").of(connection)?;
    let mut turn = SqliteTurn::on(connection);
    events.iter().try_for_each(|recorded| turn.append(&recorded.event).map(drop))?;
    turn.flush()?;
    connection.execute_batch("COMMIT").of(connection)
}

/// Returns the first `rutter.db.broken-N` of which neither file nor log is there.
fn free_name(database: &Path) -> PathBuf {
    let is_free = |name: &PathBuf| ["", "-wal", "-shm"].iter().all(|suffix| !with_suffix(name, suffix).exists());
    numbered(database).find(is_free).unwrap_or_else(|| with_suffix(database, ".broken"))
}

/// Returns the last `rutter.db.broken-N` that is there.
fn last_name(database: &Path) -> PathBuf {
    let is_there = |name: &PathBuf| name.exists();
    numbered(database).take_while(is_there).last().unwrap_or_else(|| with_suffix(database, ".broken"))
}

fn numbered(database: &Path) -> impl Iterator<Item = PathBuf> {
    (1..=100_000).map(|number| with_suffix(database, &format!(".broken-{number}")))
}

fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(|error| translate_io(from, error))
}

fn rename_if_there(from: &Path, to: &Path) -> Result<(), StoreError> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(translate_io(from, error)),
        _ => Ok(()),
    }
}
