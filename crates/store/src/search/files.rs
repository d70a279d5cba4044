//! Transcripts, and how far they were read.

use rusqlite::{Row, params};

use super::file::Search;
use super::write::SearchTurn;
use crate::StoreError;
use crate::sqlite::failure::Translate;

/// A transcript whose text was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextFileId(i64);

impl TextFileId {
    /// Returns whose documents those of the file are.
    pub fn owner(self) -> String {
        format!("file {}", self.0)
    }
}

/// What the file system says of a file, and how far its text was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextFile {
    /// The agent that wrote it.
    pub agent: String,
    /// Where it is, or was.
    pub path: String,
    /// The device it is on.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
    /// Its length when it was read, in bytes.
    pub size: u64,
    /// Its modification time, in nanoseconds since 1970.
    pub changed_nanos: i64,
    /// How far it was read, in bytes.
    pub place: u64,
    /// A hash of the last bytes before that place.
    pub mark: u64,
    /// What the next pass has to know.
    pub carried: Vec<u8>,
}

impl Search {
    /// Returns all files.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn text_files(&self) -> Result<Vec<(TextFileId, TextFile)>, StoreError> {
        let connection = &self.cache.connection;
        let query = "SELECT id, agent, path, device, inode, size, changed_ns, place, mark, carried FROM files";
        let mut query = connection.prepare_cached(query).of(connection)?;
        let rows = query.query_map([], read).of(connection)?;
        rows.collect::<Result<_, _>>().of(connection)
    }
}

impl SearchTurn<'_> {
    /// Notes how far a file was read that was not known, or is read from its beginning again. What it said before stays: what is in it still is
    /// known again, and what is not is in no other place.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin_file(&self, file: &TextFile) -> Result<TextFileId, StoreError> {
        let query = "INSERT INTO files (agent, path, device, inode, size, changed_ns, place, mark, carried) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (path) DO UPDATE SET agent = excluded.agent, device = excluded.device, inode = excluded.inode, size = excluded.size,
               changed_ns = excluded.changed_ns, place = excluded.place, mark = excluded.mark, carried = excluded.carried
             RETURNING id";
        let mut query = self.connection.prepare_cached(query).of(self.connection)?;
        let id = query.query_row(
            params![
                file.agent,
                file.path,
                file.device.cast_signed(),
                file.inode.cast_signed(),
                file.size.cast_signed(),
                file.changed_nanos,
                file.place.cast_signed(),
                file.mark.cast_signed(),
                file.carried
            ],
            |row| row.get(0),
        );
        id.of(self.connection).map(TextFileId)
    }

    /// Forgets a file, and all that it said first; its words are in the file until [`SearchTurn::merge_words`].
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_file(&self, id: TextFileId) -> Result<(), StoreError> {
        self.forget(&id.owner())?;
        self.run("DELETE FROM files WHERE id = ?1", params![id.0]).map(drop)
    }

    /// Has all files, or those of an agent, read again from their beginning, as if none had been read.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn read_files_again(&self, agent: Option<&str>) -> Result<(), StoreError> {
        let query = "UPDATE files SET place = 0, mark = 0, size = 0, changed_ns = 0, carried = x'' WHERE agent = coalesce(?1, agent)";
        self.run(query, params![agent]).map(drop)
    }

    /// Notes how far a file was read, unless somebody else went on from `from` first; reports whether it was noted.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn go_on_in_file(&self, id: TextFileId, from: u64, file: &TextFile) -> Result<bool, StoreError> {
        let changed = self.run(
            "UPDATE files SET path = ?3, device = ?4, inode = ?5, size = ?6, changed_ns = ?7, place = ?8, mark = ?9, carried = ?10
             WHERE id = ?1 AND place = ?2",
            params![
                id.0,
                from.cast_signed(),
                file.path,
                file.device.cast_signed(),
                file.inode.cast_signed(),
                file.size.cast_signed(),
                file.changed_nanos,
                file.place.cast_signed(),
                file.mark.cast_signed(),
                file.carried
            ],
        )?;
        Ok(changed > 0)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<(TextFileId, TextFile)> {
    let number = |at: usize| row.get::<_, i64>(at).map(i64::cast_unsigned);
    let file = TextFile {
        agent: row.get(1)?,
        path: row.get(2)?,
        device: number(3)?,
        inode: number(4)?,
        size: number(5)?,
        changed_nanos: row.get(6)?,
        place: number(7)?,
        mark: number(8)?,
        carried: row.get(9)?,
    };
    Ok((TextFileId(row.get(0)?), file))
}
