//! Sessions in a database. It is the client's, which may be writing into it: it is read as it is, and nothing is written into it or beside it.
//!
//! A database in WAL mode cannot be read with what its log holds without files beside it: SQLite makes them, and locks the client out for moments.
//! So one with a log is copied, log and all, to a directory of our own. One without is read where it is, as a file that nobody changes; whether that
//! was so is asked afterwards.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use session::transcript::Usage;

use super::gather::OfSession;
use super::told::{Message, Part, Session};
use crate::lenient;
use crate::transcripts::file::open;
use crate::transcripts::holding::Stored;
use crate::transcripts::pass::{Pass, Wanted};

/// How many steps of its machine SQLite may take: what was made to never end ends.
const MOST_STEPS: u32 = 512;

/// How many instructions a step is.
const STEP: i32 = 1 << 20;

/// Up to which length a message or a part of one is read.
pub(super) const LONGEST: i32 = 32 << 20;

/// How often a database that changed while it was copied is copied again.
const TRIES: usize = 4;

/// How much of a database and its log is copied, in bytes.
const MOST_COPIED: u64 = 8 << 30;

/// How many parts a session may have.
const MOST_PARTS: usize = 4 << 20;

/// Returns the log of a database.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Reads all sessions, and hands over what each of them says.
pub(super) fn read(path: &Path, wanted: Wanted, scratch: Option<&Path>, take: &mut dyn FnMut(Pass)) -> io::Result<()> {
    with(path, scratch, &mut |connection| read_all(connection, wanted, take))
}

/// Lists all sessions, with how much is stored of each.
pub(super) fn list(path: &Path, scratch: Option<&Path>) -> io::Result<Vec<Stored>> {
    let mut found = Vec::new();
    with(path, scratch, &mut |connection| list_all(connection, path, &mut found))?;
    Ok(found)
}

/// Reports whether a database has a session; none where it would have to be copied to know, or is no database of sessions as far as is known here.
pub(super) fn has(path: &Path, id: &str) -> io::Result<Option<bool>> {
    if Stamp::of(path)?.has_log {
        return Ok(None);
    }
    let mut found = None;
    with(path, None, &mut |connection| {
        found = Some(connection.prepare("SELECT 1 FROM session WHERE id = ?1")?.exists([id])?);
        Ok(())
    })?;
    Ok(found)
}

/// Lets `work` read a database of sessions; one that is none is as good as empty.
pub(super) fn with(path: &Path, scratch: Option<&Path>, work: &mut dyn FnMut(&Connection) -> rusqlite::Result<()>) -> io::Result<()> {
    let path = &fs::canonicalize(path.parent().unwrap_or(Path::new("/")))?.join(path.file_name().unwrap_or_default());
    let before = Stamp::of(path)?;
    if before.has_log {
        let (directory, copy) = copied(path, scratch)?;
        let result = Connection::open_with_flags(&copy, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX);
        let result = result.and_then(|connection| read_restrained(connection, work)).map_err(unreadable);
        directory.close()?;
        return result;
    }
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let result = Connection::open_with_flags(address(path), flags).and_then(|connection| read_restrained(connection, work));
    if Stamp::of(path)? != before {
        return Err(io::Error::new(io::ErrorKind::ResourceBusy, "it changed while it was read"));
    }
    result.map_err(unreadable)
}

fn unreadable(error: rusqlite::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Returns the address of a file that nobody changes.
fn address(path: &Path) -> String {
    let mut address = "file://".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => address.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => address.push(char::from(*byte)),
            byte => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address + "?immutable=1"
}

/// What changes when somebody writes into the file of a database, or begins a new log.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    place: (u64, u64),
    size: u64,
    changed: (i64, i64),
    has_log: bool,
    /// The head of the log, with the numbers that are drawn for each one.
    head: Vec<u8>,
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let found = open(path)?.metadata()?;
        let mut head = Vec::new();
        match open(&log_of(path)) {
            Ok(log) => drop(log.take(32).read_to_end(&mut head)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let (place, changed) = ((found.dev(), found.ino()), (found.mtime(), found.mtime_nsec()));
        Ok(Self { place, size: found.size(), changed, has_log: !head.is_empty(), head })
    }
}

/// Makes a file for its owner alone.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Copies a database and its log. Nobody else can look into the directory, and it is gone with the value.
fn copied(path: &Path, scratch: Option<&Path>) -> io::Result<(tempfile::TempDir, PathBuf)> {
    for _ in 0..TRIES {
        let before = Stamp::of(path)?;
        let mut directory = tempfile::Builder::new();
        let directory = directory.prefix("rutter-").permissions(Permissions::from_mode(0o700));
        let directory = scratch.map_or_else(|| directory.tempdir(), |scratch| directory.tempdir_in(scratch))?;
        let copy = directory.path().join("copy.db");
        let mut left = MOST_COPIED;
        copy_some(path, &copy, &mut left)?;
        match copy_some(&log_of(path), &log_of(&copy), &mut left) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // The log only grows as long as its head stays, and what is half of it is not taken.
        if Stamp::of(path)? == before {
            return Ok((directory, copy));
        }
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "it changes faster than it can be copied"))
}

/// Copies a file, unless it is longer than what is left.
fn copy_some(from: &Path, to: &Path, left: &mut u64) -> io::Result<()> {
    let copied = io::copy(&mut open(from)?.take(*left + 1), &mut create(to)?)?;
    *left = left.checked_sub(copied).ok_or(io::ErrorKind::FileTooLarge)?;
    Ok(())
}

fn read_restrained(mut connection: Connection, work: &mut dyn FnMut(&Connection) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    restrain(&mut connection)?;
    // A column that is computed is none of its.
    let ours = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('session', 'message', 'part')
        AND sql LIKE 'CREATE TABLE%' AND NOT EXISTS (SELECT 1 FROM pragma_table_xinfo(sqlite_schema.name) WHERE hidden <> 0)";
    if connection.query_row(ours, [], |row| row.get::<_, i64>(0))? != 3 {
        return Ok(());
    }
    work(&connection)
}

fn list_all(connection: &Connection, path: &Path, found: &mut Vec<Stored>) -> rusqlite::Result<()> {
    let mut bytes: HashMap<String, u64> = HashMap::new();
    for table in ["message", "part"] {
        // The length stands before what is stored: that is not read.
        let query = format!("SELECT session_id, CAST(total(octet_length(data)) AS INTEGER) FROM {table} GROUP BY session_id");
        let mut statement = connection.prepare(&query)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let held = bytes.entry(text(row, 0)).or_default();
            *held = held.saturating_add(u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0));
        }
    }
    let mut sessions = connection.prepare("SELECT * FROM session ORDER BY id")?;
    let columns: HashMap<String, usize> = sessions.column_names().map(str::to_owned).zip(0..).collect();
    let mut rows = sessions.query([])?;
    while let Some(row) = rows.next()? {
        let Session { id, parent, directory, created, .. } = of_row(row, &columns);
        let created = created.unwrap_or(0);
        let updated = columns.get("time_updated").and_then(|place| row.get::<_, i64>(*place).ok()).unwrap_or(created);
        let bytes = bytes.get(&id).copied().unwrap_or(0);
        found.push(Stored { database: path.to_owned(), id, parent, directory, created, updated, bytes });
    }
    Ok(())
}

fn read_all(connection: &Connection, wanted: Wanted, take: &mut dyn FnMut(Pass)) -> rusqlite::Result<()> {
    let mut sessions = connection.prepare("SELECT * FROM session ORDER BY id")?;
    let columns: HashMap<String, usize> = sessions.column_names().map(str::to_owned).zip(0..).collect();
    let mut rows = sessions.query([])?;
    let mut known = HashSet::new();
    while let Some(row) = rows.next()? {
        let mut session = of_row(row, &columns);
        // An id is given once; each session is read by its id.
        if !known.insert(session.id.clone()) {
            continue;
        }
        session.origin = origin(connection, &session)?;
        let within = session.id.clone();
        let facts = read_session(connection, session)?.finish(wanted);
        take(Pass { facts, within, ..Pass::default() });
    }
    Ok(())
}

/// Lets a database that somebody else made do nothing but hold rows.
fn restrain(connection: &mut Connection) -> rusqlite::Result<()> {
    for (what, is_on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        connection.set_db_config(what, is_on)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST * 2)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_WORKER_THREADS, 0)?;
    let mut steps = 0;
    connection.progress_handler(
        STEP,
        Some(move || {
            steps += 1;
            steps > MOST_STEPS
        }),
    )?;
    connection.execute_batch("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;")
}

fn of_row(row: &Row<'_>, columns: &HashMap<String, usize>) -> Session {
    let value = |name: &str| columns.get(name).and_then(|place| row.get_ref(*place).ok());
    let text = |name: &str| value(name).and_then(|value| Some(String::from_utf8_lossy(bytes(value)?).into_owned())).unwrap_or_default();
    let number = |name: &str| if let Some(ValueRef::Integer(number)) = value(name) { Some(number) } else { None };
    let count = |name: &str| number(name).and_then(|number| u64::try_from(number).ok());
    let reasoning = count("tokens_reasoning").unwrap_or(0);
    let total = count("tokens_input").map(|input| Usage {
        input,
        output: count("tokens_output").unwrap_or(0).saturating_add(reasoning),
        reasoning,
        cache_read: count("tokens_cache_read").unwrap_or(0),
        cache_write: count("tokens_cache_write").unwrap_or(0),
        ..Usage::default()
    });
    let dollars = if let Some(ValueRef::Real(dollars)) = value("cost") { dollars } else { 0.0 };
    Session {
        id: text("id"),
        parent: text("parent_id"),
        directory: text("directory"),
        title: text("title"),
        version: text("version"),
        model: lenient::parse::<serde_json::Value>(text("model").as_bytes())
            .ok()
            .and_then(|model| Some(model["id"].as_str()?.to_owned()))
            .unwrap_or_default(),
        created: number("time_created"),
        origin: String::new(),
        total: total.map(|usage| (usage, (dollars * 1e6).round() as u64)),
    }
}

pub(super) fn bytes(value: ValueRef<'_>) -> Option<&[u8]> {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => None,
    }
}

/// Returns the session that one was copied from: the one that has its first message, and was there when that was made.
fn origin(connection: &Connection, session: &Session) -> rusqlite::Result<String> {
    let first = "SELECT min(time_created) FROM message WHERE session_id = ?1";
    let first: Option<i64> = connection.prepare_cached(first)?.query_row([&session.id], |row| row.get(0)).unwrap_or(None);
    let Some(first) = first.filter(|first| session.created.is_some_and(|created| *first < created)) else { return Ok(String::new()) };
    let original = "SELECT session.id FROM message JOIN session ON session.id = message.session_id \
        WHERE message.time_created = ?1 AND session.time_created <= ?1 AND session.id <> ?2 ORDER BY session.id LIMIT 1";
    let mut statement = connection.prepare_cached(original)?;
    let mut rows = statement.query((first, &session.id))?;
    let found = rows.next()?.map(|row| row.get_ref(0).ok().and_then(bytes).map(|id| String::from_utf8_lossy(id).into_owned()));
    Ok(found.flatten().unwrap_or_default())
}

fn read_session(connection: &Connection, session: Session) -> rusqlite::Result<OfSession> {
    let id = session.id.clone();
    let mut found = OfSession::new(session);
    let mut parts: HashMap<String, Vec<Part>> = HashMap::new();
    // What is sorted is held, all of it: so that is where rows are, and not what is in them.
    let query = "SELECT message_id, (SELECT CASE WHEN octet_length(data) <= ?2 THEN data END FROM part WHERE rowid = place)
        FROM (SELECT message_id, rowid AS place FROM part WHERE session_id = ?1 ORDER BY id LIMIT -1)";
    let mut count = 0;
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query((&id, LONGEST))?;
    while let Some(row) = rows.next()? {
        count += 1;
        match bytes(row.get_ref(1)?).map(Part::read) {
            Some(Ok(part)) if count <= MOST_PARTS => parts.entry(text(row, 0)).or_default().push(part),
            Some(Err(_)) => found.broken(),
            Some(Ok(_)) | None => found.too_long(),
        }
    }
    let query = "SELECT id, (SELECT CASE WHEN octet_length(data) <= ?2 THEN data END FROM message WHERE rowid = place)
        FROM (SELECT id, rowid AS place FROM message WHERE session_id = ?1 ORDER BY time_created, id LIMIT -1)";
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query((&id, LONGEST))?;
    while let Some(row) = rows.next()? {
        let id = text(row, 0);
        match bytes(row.get_ref(1)?).map(|data| Message::read(data, &id)) {
            Some(Ok(message)) => found.message(&message, parts.get(&id).map_or(&[], Vec::as_slice)),
            Some(Err(_)) => found.broken(),
            None => found.too_long(),
        }
    }
    Ok(found)
}

pub(super) fn text(row: &Row<'_>, place: usize) -> String {
    row.get_ref(place).ok().and_then(bytes).map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default()
}
