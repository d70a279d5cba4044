//! Opening: paths, modes, the version gate.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::StoreError;
use crate::sqlite::failure::{Translate, translate, translate_io};
use crate::sqlite::queue::{self, LineError, Place};
use crate::sqlite::{file_system, migrate, replace};

/// SQLite before this one can lose data when a checkpoint meets a writer (the WAL-reset bug).
const OLDEST_SQLITE: i32 = 3_051_003;
const OLDEST_SQLITE_NAME: &str = "3.51.3";

/// How many prepared statements a connection keeps: more than a turn has. Were there fewer, each event would have its statements parsed again.
pub(crate) const STATEMENTS: usize = 160;

const _: () = assert!(rusqlite::ffi::SQLITE_VERSION_NUMBER >= OLDEST_SQLITE, "the bundled SQLite is too old");

/// Whether a store is opened to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To be read; nothing is created. Where there is no store, it reads as an empty one.
    Read,
    /// To be read and written; made when there is none.
    Write,
}

/// The files of a store.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) home: PathBuf,
    pub(crate) database: PathBuf,
    pub(crate) lock: PathBuf,
}

impl Files {
    pub(crate) fn at(home: &Path) -> Self {
        Self { home: home.to_owned(), database: home.join("rutter.db"), lock: home.join("rutter.lock") }
    }

    /// Returns which file the database is, whatever its name.
    pub(crate) fn identity(&self) -> Option<(u64, u64)> {
        fs::metadata(&self.database).ok().map(|found| (found.dev(), found.ino()))
    }

    /// Waits until this command is alone among writers.
    pub(crate) fn wait_in_line(&self, patience: Duration) -> Result<Place, StoreError> {
        queue::wait_in_line(&self.lock, patience).map_err(|error| match error {
            LineError::Busy { waited } => StoreError::Busy { path: self.database.clone(), waited },
            LineError::File(error) => translate_io(&self.database, error),
        })
    }

    /// Translates what SQLite said when a transaction ended. A sync that failed leaves the change in the log, where the next
    /// process may find it whole: nobody can say that nothing was recorded.
    pub(crate) fn translate_commit(&self, error: rusqlite::Error, waited: Duration) -> StoreError {
        match self.translate_write(error, waited) {
            StoreError::Unopenable { path, source } => StoreError::Unsure { path, source },
            other => other,
        }
    }

    /// Translates what SQLite said when a transaction began.
    pub(crate) fn translate_write(&self, error: rusqlite::Error, waited: Duration) -> StoreError {
        match translate(&self.database, error) {
            StoreError::Busy { path, .. } => StoreError::Busy { path, waited },
            other => other,
        }
    }
}

/// Reports whether the store is broken: seen again, through and through, by a caller who is alone with it.
pub(crate) fn is_broken(files: &Files, patience: Duration) -> bool {
    let looked = connect(&files.database, patience).and_then(|connection| {
        gate(&connection)?;
        check(&connection)
    });
    match looked {
        Ok(wrong) => !wrong.is_empty(),
        Err(error) => matches!(error, StoreError::Broken { .. }),
    }
}

/// Checks every page and every index and returns what is wrong, in SQLite's words.
pub(crate) fn check(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut check = connection.prepare("PRAGMA integrity_check(20)").of(connection)?;
    let lines = check.query_map([], |row| row.get::<_, String>(0)).of(connection)?;
    let lines: Vec<_> = lines.collect::<Result<_, _>>().of(connection)?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// Returns the version of the SQLite that is linked.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// Refuses a SQLite older than `oldest`.
fn refuse_older(linked: i32, oldest: i32) -> Result<(), StoreError> {
    if linked < oldest {
        return Err(StoreError::OldSqlite { found: rusqlite::version().to_owned(), needed: OLDEST_SQLITE_NAME });
    }
    Ok(())
}

/// Opens the file for reading, or an empty store in memory where there is none.
pub(crate) fn for_reading(files: &Files, patience: Duration) -> Result<Connection, StoreError> {
    refuse_older(rusqlite::version_number(), OLDEST_SQLITE)?;
    if is_missing(&files.database)? {
        return in_memory();
    }
    let connection = match connect(&files.database, patience).and_then(|connection| gate(&connection).map(|schema| (connection, schema))) {
        Ok((_, 0)) => return in_memory(),
        Ok((connection, _)) => connection,
        Err(StoreError::Unopenable { .. }) => frozen(files)?,
        Err(other) => return Err(other),
    };
    if migrate::schema_of(&connection)? < migrate::KNOWN {
        return for_writing(files, patience);
    }
    Ok(connection)
}

/// Opens the file for writing; makes it and brings it to the newest schema where needed.
pub(crate) fn for_writing(files: &Files, patience: Duration) -> Result<Connection, StoreError> {
    refuse_older(rusqlite::version_number(), OLDEST_SQLITE)?;
    make_private_directory(&files.home).map_err(|error| translate_io(&files.home, error))?;
    let is_new = is_missing(&files.database)?;
    if is_new {
        let place = files.wait_in_line(patience)?;
        replace::finish(files)?;
        drop(private_file(&files.database).map_err(|error| translate_io(&files.database, error))?);
        drop(place);
    }
    // Not by opening it: whoever closes a file gives up every lock this process holds on it.
    close_to_others_if_there(&files.database, 0o600);
    close_to_others_if_there(&files.database.with_extension("db-wal"), 0o600);
    close_to_others_if_there(&files.database.with_extension("db-shm"), 0o600);
    let mut connection = connect(&files.database, patience)?;
    let schema = gate(&connection)?;
    if schema > migrate::KNOWN {
        return Err(StoreError::TooNew { path: files.database.clone(), found: schema, known: migrate::KNOWN });
    }
    if is_new || schema < migrate::KNOWN {
        let place = files.wait_in_line(patience)?;
        prepare(&mut connection, files)?;
        drop(place);
    }
    Ok(connection)
}

/// Sets the journal mode, which stays in the file, and migrates. Asked only when it changes something: a journal mode
/// asked for on each open waits behind every writer.
fn prepare(connection: &mut Connection, files: &Files) -> Result<(), StoreError> {
    let journal = if file_system::is_local(&files.home) { "WAL" } else { "TRUNCATE" };
    connection.pragma_update(None, "journal_mode", journal).of(connection)?;
    migrate::migrate(connection)
}

fn in_memory() -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory().map_err(|error| translate(Path::new(":memory:"), error))?;
    migrate::migrate(&mut connection)?;
    Ok(connection)
}

fn connect(database: &Path, patience: Duration) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let database = resolve_directory(database);
    refuse_stump(&database)?;
    let connection = Connection::open_with_flags(&database, flags).map_err(|error| translate(&database, error))?;
    connection.busy_timeout(patience).of(&connection)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // The last one-shot process would otherwise checkpoint and delete the WAL: 20 ms instead of 2.6 ms a call.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).of(&connection)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0).of(&connection)?;
    Ok(connection)
}

/// Refuses a file of 1 to 511 bytes, or an empty one with a log beside it: SQLite would take it for a new database and delete
/// the log, which may hold everything.
fn refuse_stump(database: &Path) -> Result<(), StoreError> {
    const SHORTEST: u64 = 512;
    let length = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    // The log first: a store that is being made has none until the database is longer.
    let in_log = length(&database.with_extension("db-wal"));
    let held = length(database);
    if held >= SHORTEST || (held == 0 && in_log == 0) {
        return Ok(());
    }
    Err(StoreError::Broken { path: database.to_owned(), source: format!("it is only {held} bytes long").into() })
}

/// `NOFOLLOW` refuses links anywhere in the path; the home may be behind one, the file itself may not.
fn resolve_directory(database: &Path) -> PathBuf {
    match (database.parent().map(fs::canonicalize), database.file_name()) {
        (Some(Ok(directory)), Some(name)) => directory.join(name),
        _ => database.to_owned(),
    }
}

/// Reads the schema; the first statement that touches the file.
fn gate(connection: &Connection) -> Result<u32, StoreError> {
    let schema = migrate::schema_of(connection)?;
    if schema > 0 {
        connection.query_row("SELECT count(*) FROM (SELECT seq FROM events ORDER BY seq DESC LIMIT 1)", [], |_| Ok(())).of(connection)?;
    }
    Ok(schema)
}

/// Opens a file that nobody can be writing, because its directory cannot be written and it has no WAL to speak of.
fn frozen(files: &Files) -> Result<Connection, StoreError> {
    let wal = fs::metadata(files.database.with_extension("db-wal")).map_or(0, |wal| wal.len());
    let unopenable = |source: crate::BoxError| StoreError::Unopenable { path: files.database.clone(), source };
    if wal > 0 {
        return Err(unopenable("its directory cannot be written, and the newest part is still in `rutter.db-wal`".into()));
    }
    let address = format!("file:{}?immutable=1", percent_encode(&files.database));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(address, flags).map_err(|error| translate(&files.database, error))?;
    gate(&connection)?;
    Ok(connection)
}

/// Returns a path as SQLite's URI file names want it.
pub(crate) fn percent_encode(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let encode = |&byte: &u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.as_os_str().as_bytes().iter().map(encode).collect()
}

fn is_missing(path: &Path) -> Result<bool, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(StoreError::Unopenable { path: path.to_owned(), source: error.into() }),
    }
}

/// Makes the directory and what is missing above it, each with mode 0700 whatever the umask; those that are there stay as they are.
///
/// # Errors
/// When one cannot be made.
pub fn make_private_directories(path: &Path) -> io::Result<()> {
    let missing: Vec<_> = path.ancestors().take_while(|directory| !directory.is_dir()).collect();
    for directory in missing.into_iter().rev() {
        match fs::create_dir(directory) {
            Ok(()) => {
                fs::set_permissions(directory, Permissions::from_mode(0o700))?;
                // What is synced below it is found after a power cut only if it has a name.
                drop(directory.parent().map(|parent| File::open(parent)?.sync_all()));
            }
            // Somebody else makes it at the same time.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(io::ErrorKind::NotADirectory.into()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Replaces a file of ours in one step, closed to others; directories are made where they are missing.
///
/// # Errors
/// When it cannot be written; what was there is there still.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    make_private_directories(path.parent().unwrap_or(Path::new("/")))?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = path.with_file_name(name);
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    write().inspect_err(|_| drop(fs::remove_file(&fresh)))
}

/// Makes the directory with mode 0700, whatever the umask; one that is more open is closed.
fn make_private_directory(path: &Path) -> io::Result<()> {
    make_private_directories(path)?;
    close_to_others(path, &fs::metadata(path)?, 0o700)
}

/// Opens the file with mode 0600, made if it is missing; one that is more open is closed. Links are refused.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let no_follow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(no_follow).open(path)?;
    close_to_others(path, &file.metadata()?, 0o600)?;
    Ok(file)
}

/// Closes a file of ours that was opened up; one that is missing, or vanishes now, has nothing to show.
fn close_to_others_if_there(path: &Path, mode: u32) {
    drop(fs::symlink_metadata(path).and_then(|found| if found.is_file() { close_to_others(path, &found, mode) } else { Ok(()) }));
}

fn close_to_others(path: &Path, found: &fs::Metadata, mode: u32) -> io::Result<()> {
    let is_mine = found.uid() == rustix::process::geteuid().as_raw();
    if is_mine && found.mode() & 0o777 != mode {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d13_an_older_sqlite_is_refused_at_the_start() {
        assert!(refuse_older(3_051_003, OLDEST_SQLITE).is_ok());
        assert!(matches!(refuse_older(3_051_002, OLDEST_SQLITE), Err(StoreError::OldSqlite { .. })));
    }

    #[test]
    fn a_path_becomes_a_uri_that_means_the_same() {
        assert_eq!(percent_encode(Path::new("/a b/ü?#.db")), "/a%20b/%C3%BC%3F%23.db");
    }
}
