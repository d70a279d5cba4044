//! Reading what is left of a broken file. The file itself is not touched.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::StoreError;
use crate::sqlite::events;
use crate::sqlite::failure::translate_io;
use crate::sqlite::open::percent_encode;
use crate::store::{Recorded, Seq};

/// Returns the events that can still be read from a broken file, in order.
///
/// A copy is read, padded to the length its header claims, so that a file cut short gives what is in front of the cut.
///
/// # Errors
/// When there is no room for the copy: then nothing is known to be lost, and nothing may be given up.
pub(crate) fn events_of(broken: &Path) -> Result<Vec<Recorded>, StoreError> {
    let copy = with_suffix(broken, ".reading");
    let copied = pad_copy(broken, &copy).map_err(|error| translate_io(&copy, error));
    let read = copied.map(|()| read_copy(&copy).unwrap_or_default());
    for suffix in ["", "-wal", "-shm"] {
        drop(fs::remove_file(with_suffix(&copy, suffix)));
    }
    read
}

/// Appends to a path's last part.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn pad_copy(aside: &Path, copy: &Path) -> io::Result<()> {
    // What lies there, a link among others, is not written through.
    drop(fs::remove_file(copy));
    drop(fs::remove_file(with_suffix(copy, "-wal")));
    fs::copy(aside, copy)?;
    if with_suffix(aside, "-wal").exists() {
        fs::copy(with_suffix(aside, "-wal"), with_suffix(copy, "-wal"))?;
    }
    let mut file = OpenOptions::new().read(true).write(true).open(copy)?;
    // A stump is made a page long: what it was may still be in its log.
    if file.metadata()?.len() < 4_096 {
        file.set_len(4_096)?;
    }
    let mut header = [0_u8; 100];
    file.read_exact(&mut header)?;
    let number = |at: usize, length: usize| header[at..at + length].iter().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
    let page = match number(16, 2) {
        1 => 65_536,
        size => size,
    };
    let claimed = page * number(28, 4);
    if claimed > file.metadata()?.len() && claimed < 1 << 40 {
        file.set_len(claimed)?;
    }
    Ok(())
}

fn read_copy(copy: &Path) -> Option<Vec<Recorded>> {
    let address = format!("file:{}", percent_encode(copy));
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(address, flags).ok()?;
    let mut found = scan(&connection, "ASC", Seq::MAX);
    let last = found.last().map_or(0, |recorded| recorded.seq);
    let mut behind = scan(&connection, "DESC", last);
    behind.reverse();
    found.extend(behind);
    Some(found)
}

/// Reads from one end until the first page that does not read, or until `stop`.
fn scan(connection: &Connection, direction: &str, stop: Seq) -> Vec<Recorded> {
    let query = format!("SELECT {} FROM events NOT INDEXED ORDER BY seq {direction}", events::COLUMNS);
    let Ok(mut statement) = connection.prepare(&query) else { return Vec::new() };
    let Ok(rows) = statement.query_map([], |row| Ok((row.get::<_, Seq>(0)?, events::read(row)))) else { return Vec::new() };
    let is_new = |seq: Seq| direction == "ASC" || seq > stop;
    rows.map_while(Result::ok).take_while(|(seq, _)| is_new(*seq)).filter_map(|(_, event)| event.ok()).collect()
}
