//! Files, their parts, and which conversations they are of.

use rusqlite::{Connection, OptionalExtension, Row, params};
use session::transcript::Facts;

use crate::StoreError;
use crate::index::Index;
use crate::index::encoding::{EncodedFacts, unpack};
use crate::sqlite::failure::Translate;

/// A file in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(i64);

/// A part in the index, as it was when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartId(i64);

/// What the file system says of a file, and how far it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadFile {
    /// The agent that wrote it.
    pub agent: String,
    /// Where it is, or was.
    pub path: String,
    /// When it was read from its beginning on, in microseconds since 1970.
    pub born: i64,
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
    /// A hash of the last bytes before that place; of what is never gone on with, of what it says.
    pub mark: u64,
    /// What the last pass carried on to the next one.
    pub carried: Vec<u8>,
    /// Whether it is a session within a file of many: it is found by reading that.
    pub is_within: bool,
}

/// A file in the index, with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedFile {
    /// Its id.
    pub id: FileId,
    /// Whether it is what lies at its path, as far as anybody looked.
    pub is_current: bool,
    /// How far it was read.
    pub read: ReadFile,
}

/// A part of a file as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPart {
    /// The agent that wrote the file.
    pub agent: String,
    /// Where the file was.
    pub path: String,
    /// When it was read from its beginning on, in microseconds since 1970.
    pub born: i64,
    /// Which part of it.
    pub part: u32,
    /// What was found.
    pub facts: EncodedFacts,
}

impl KeptPart {
    /// Returns what was found, in two halves; none where this build does not know the format.
    pub fn facts(&self) -> Option<[Facts; 2]> {
        let EncodedFacts { format, usage, rest } = &self.facts;
        Some([unpack(*format, usage)?, unpack(*format, rest)?])
    }
}

const COLUMNS: &str = "id, is_current, agent, path, born, device, inode, size, changed_ns, place, mark, carried, is_within";

impl Index {
    /// Returns all files.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn files(&self) -> Result<Vec<IndexedFile>, StoreError> {
        let mut query = self.cache.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM files")).of(&self.cache.connection)?;
        let rows = query.query_map([], read_file).of(&self.cache.connection)?;
        rows.collect::<Result<_, _>>().of(&self.cache.connection)
    }

    /// Reports whether it knows of no file at all.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        let mut query = self.cache.connection.prepare_cached("SELECT 1 FROM files LIMIT 1").of(&self.cache.connection)?;
        query.exists([]).map(|exists| !exists).of(&self.cache.connection)
    }

    /// Shows the responses of all parts, each with its agent, and returns how many parts this build cannot read.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn each_usage(&self, each: impl FnMut(&str, &Facts)) -> Result<u64, StoreError> {
        self.each("SELECT f.agent, u.format, u.usage FROM usages u JOIN files f ON f.id = u.file", each)
    }

    /// Shows everything but the responses of all parts, each with its agent, in the order of the files and their parts, and returns how many this build cannot read.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn each_rest(&self, each: impl FnMut(&str, &Facts)) -> Result<u64, StoreError> {
        self.each("SELECT f.agent, p.format, p.rest FROM parts p JOIN files f ON f.id = p.file ORDER BY p.file, p.part", each)
    }

    fn each(&self, query: &str, mut each: impl FnMut(&str, &Facts)) -> Result<u64, StoreError> {
        let mut query = self.cache.connection.prepare_cached(query).of(&self.cache.connection)?;
        let mut rows = query.query([]).of(&self.cache.connection)?;
        let mut unread = 0;
        while let Some(row) = rows.next().of(&self.cache.connection)? {
            let format = row.get(1).of(&self.cache.connection)?;
            let bytes = row.get_ref(2).of(&self.cache.connection)?.as_blob().unwrap_or_default();
            match unpack(format, bytes) {
                Some(facts) => each(row.get_ref(0).of(&self.cache.connection)?.as_str().unwrap_or_default(), &facts),
                None => unread += 1,
            }
        }
        Ok(unread)
    }

    /// Returns what is known of a file, in both halves, in the order of its parts; none for a part that this build cannot read.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn facts_of(&self, file: FileId) -> Result<Vec<Option<[Facts; 2]>>, StoreError> {
        let mut query = self
            .cache
            .connection
            .prepare_cached("SELECT format, usage, rest FROM parts JOIN usages USING (file, part, format) WHERE file = ?1 ORDER BY part")
            .of(&self.cache.connection)?;
        let rows = query
            .query_map([file.0], |row| {
                let facts = EncodedFacts { format: row.get(0)?, usage: row.get(1)?, rest: row.get(2)? };
                Ok(unpack(facts.format, &facts.usage).zip(unpack(facts.format, &facts.rest)).map(|(usage, rest)| [usage, rest]))
            })
            .of(&self.cache.connection)?;
        rows.collect::<Result<_, _>>().of(&self.cache.connection)
    }

    /// Returns a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn file(&self, file: FileId) -> Result<Option<IndexedFile>, StoreError> {
        let mut query =
            self.cache.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM files WHERE id = ?1")).of(&self.cache.connection)?;
        query.query_row([file.0], read_file).optional().of(&self.cache.connection)
    }

    /// Returns the files in which records of a conversation are.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn files_of(&self, conversation: &str) -> Result<Vec<FileId>, StoreError> {
        let mut query = self
            .cache
            .connection
            .prepare_cached("SELECT file FROM conversations WHERE conversation = ?1 ORDER BY file")
            .of(&self.cache.connection)?;
        let rows = query.query_map([conversation], |row| row.get(0).map(FileId)).of(&self.cache.connection)?;
        rows.collect::<Result<_, _>>().of(&self.cache.connection)
    }

    /// Returns the conversations of which something new is known since the store was told of them.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn to_take_in(&self) -> Result<Vec<String>, StoreError> {
        let query = "SELECT DISTINCT conversation FROM conversations WHERE NOT is_taken_in";
        let mut query = self.cache.connection.prepare_cached(query).of(&self.cache.connection)?;
        let rows = query.query_map([], |row| row.get(0)).of(&self.cache.connection)?;
        rows.collect::<Result<_, _>>().of(&self.cache.connection)
    }

    /// Returns up to `limit` parts that the store does not have yet, each with whether its file has no part before it: what the store has before
    /// it was made one with it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn to_keep(&self, limit: usize) -> Result<Vec<(PartId, KeptPart, bool)>, StoreError> {
        let query = "SELECT p.rowid, f.agent, f.path, f.born, p.part, p.format, u.usage, p.rest,
                NOT EXISTS (SELECT 1 FROM parts before WHERE before.file = p.file AND before.part < p.part)
            FROM parts p INDEXED BY parts_to_keep JOIN files f ON f.id = p.file JOIN usages u ON u.file = p.file AND u.part = p.part
            WHERE NOT p.is_kept ORDER BY p.file, p.part LIMIT ?1";
        let mut query = self.cache.connection.prepare_cached(query).of(&self.cache.connection)?;
        let rows = query
            .query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                let facts = EncodedFacts { format: row.get(5)?, usage: row.get(6)?, rest: row.get(7)? };
                let part = KeptPart { agent: row.get(1)?, path: row.get(2)?, born: row.get(3)?, part: row.get(4)?, facts };
                Ok((PartId(row.get(0)?), part, row.get(8)?))
            })
            .of(&self.cache.connection)?;
        rows.collect::<Result<_, _>>().of(&self.cache.connection)
    }

    /// Reports whether parts are here as the store has them, and are known to be kept.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn has_kept(&self, parts: &[KeptPart]) -> Result<bool, StoreError> {
        let query = "SELECT 1 FROM files f JOIN parts p ON p.file = f.id JOIN usages u ON u.file = p.file AND u.part = p.part
            WHERE f.path = ?1 AND f.born = ?2 AND p.part = ?3 AND p.is_kept AND f.agent = ?4 AND p.format = ?5 AND u.usage = ?6 AND p.rest = ?7";
        let mut query = self.cache.connection.prepare_cached(query).of(&self.cache.connection)?;
        for KeptPart { agent, path, born, part, facts: EncodedFacts { format, usage, rest } } in parts {
            if !query.exists(params![path, born, part, agent, format, usage, rest]).of(&self.cache.connection)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns how many parts the store has, as far as is known here: all, less those that it lacks, which have an index of their own.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn kept(&self) -> Result<u64, StoreError> {
        let count = "SELECT (SELECT count(*) FROM parts) - (SELECT count(*) FROM parts WHERE NOT is_kept)";
        self.cache.connection.query_row(count, [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned).of(&self.cache.connection)
    }
}

/// A transaction that changes the index.
pub struct IndexTurn<'c> {
    pub(crate) connection: &'c Connection,
}

impl IndexTurn<'_> {
    /// Takes in a file that was not known, or is read from its beginning again: what was known of its path is not current any more.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, file: &ReadFile) -> Result<FileId, StoreError> {
        self.run("UPDATE files SET is_current = 0 WHERE path = ?1 AND is_current", params![file.path])?;
        let [device, inode, size, place, mark] = numbers(file);
        self.run(
            "INSERT INTO files (agent, path, born, is_current, device, inode, size, changed_ns, place, mark, carried, is_within)
             VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![file.agent, file.path, file.born, device, inode, size, file.changed_nanos, place, mark, file.carried, file.is_within],
        )?;
        Ok(FileId(self.connection.last_insert_rowid()))
    }

    /// Notes how far a file was read, unless somebody else went on from `from` first; reports whether it was noted.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn go_on(&self, id: FileId, from: u64, file: &ReadFile) -> Result<bool, StoreError> {
        let [device, inode, size, place, mark] = numbers(file);
        let changed = self.run(
            "UPDATE files SET path = ?3, is_current = 1, device = ?4, inode = ?5, size = ?6, changed_ns = ?7, place = ?8, mark = ?9, carried = ?10
             WHERE id = ?1 AND place = ?2",
            params![id.0, from.cast_signed(), file.path, device, inode, size, file.changed_nanos, place, mark, file.carried],
        )?;
        Ok(changed > 0)
    }

    /// Returns the newest file that was read at a path, if it is there still.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn current(&self, path: &str) -> Result<Option<IndexedFile>, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM files WHERE path = ?1 AND is_current ORDER BY id DESC LIMIT 1");
        let mut query = self.connection.prepare_cached(&query).of(self.connection)?;
        query.query_row([path], read_file).optional().of(self.connection)
    }

    /// Reports whether somebody else has read a path from its beginning on since a file was the newest.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn is_taken(&self, path: &str, newest: Option<FileId>) -> Result<bool, StoreError> {
        let mut query = self.connection.prepare_cached("SELECT 1 FROM files WHERE path = ?1 AND id > ?2").of(self.connection)?;
        query.exists(params![path, newest.map_or(0, |id| id.0)]).of(self.connection)
    }

    /// Notes that a file is not where it was.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn lose(&self, id: FileId) -> Result<(), StoreError> {
        self.run("UPDATE files SET is_current = 0 WHERE id = ?1", params![id.0]).map(drop)
    }

    /// Adds what was found behind the parts that are there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add_part(&self, id: FileId, facts: &EncodedFacts, conversations: &[String]) -> Result<(), StoreError> {
        let next = self.last_part(id)?.map_or(0, |last| last + 1);
        self.set_part(id, next, facts, false)?;
        self.tell_conversations(id, conversations)
    }

    /// Takes in a part of which only the store knows. One that lies before those that are known was made one with them.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn take_back(&self, part: &KeptPart, conversations: &[String]) -> Result<(), StoreError> {
        self.run(
            "INSERT OR IGNORE INTO files (agent, path, born, is_current, device, inode, size, changed_ns, place, mark, carried, is_within)
             VALUES (?1, ?2, ?3, 0, 0, 0, 0, 0, 0, 0, x'', 0)",
            params![part.agent, part.path, part.born],
        )?;
        let mut query = self.connection.prepare_cached("SELECT id FROM files WHERE path = ?1 AND born = ?2").of(self.connection)?;
        let id: i64 = query.query_row(params![part.path, part.born], |row| row.get(0)).of(self.connection)?;
        if self.last_part(FileId(id))?.is_some_and(|last| part.part <= last) {
            return Ok(());
        }
        self.set_part(FileId(id), part.part, &part.facts, true)?;
        self.tell_conversations(FileId(id), conversations)
    }

    /// Replaces all parts of a file by one, which has a number behind theirs.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn merge(&self, id: FileId, facts: &EncodedFacts) -> Result<(), StoreError> {
        let next = self.last_part(id)?.map_or(0, |last| last + 1);
        self.run("DELETE FROM parts WHERE file = ?1", params![id.0])?;
        self.run("DELETE FROM usages WHERE file = ?1", params![id.0])?;
        self.set_part(id, next, facts, false)
    }

    /// Returns how many parts a file has, and how long they are together, in bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn parts(&self, id: FileId) -> Result<(u64, u64), StoreError> {
        let query = "SELECT count(*), coalesce(sum(length(rest)), 0) FROM parts WHERE file = ?1";
        let mut query = self.connection.prepare_cached(query).of(self.connection)?;
        let number = |row: &Row<'_>, at: usize| row.get::<_, i64>(at).map(i64::cast_unsigned);
        query.query_row([id.0], |row| Ok((number(row, 0)?, number(row, 1)?))).of(self.connection)
    }

    /// Forgets a file of which another one says the same and more.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget(&self, id: FileId) -> Result<(), StoreError> {
        for query in [
            "DELETE FROM parts WHERE file = ?1",
            "DELETE FROM usages WHERE file = ?1",
            "DELETE FROM conversations WHERE file = ?1",
            "DELETE FROM files WHERE id = ?1",
        ] {
            self.run(query, params![id.0])?;
        }
        Ok(())
    }

    /// Notes that the store has a part.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_kept(&self, id: PartId) -> Result<(), StoreError> {
        // Not by its number: another one may have taken its place meanwhile.
        self.run("UPDATE parts SET is_kept = 1 WHERE rowid = ?1", params![id.0]).map(drop)
    }

    /// Notes that the store has nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_nothing_kept(&self) -> Result<(), StoreError> {
        self.run("UPDATE conversations SET is_taken_in = 0", params![])?;
        self.run("UPDATE parts SET is_kept = 0", params![]).map(drop)
    }

    /// Notes that the store has a session for a conversation, as far as is known of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_taken_in(&self, conversation: &str) -> Result<(), StoreError> {
        self.run("UPDATE conversations SET is_taken_in = 1 WHERE conversation = ?1", params![conversation]).map(drop)
    }

    fn last_part(&self, id: FileId) -> Result<Option<u32>, StoreError> {
        let mut query = self.connection.prepare_cached("SELECT max(part) FROM parts WHERE file = ?1").of(self.connection)?;
        query.query_row([id.0], |row| row.get(0)).of(self.connection)
    }

    fn set_part(&self, id: FileId, part: u32, facts: &EncodedFacts, is_kept: bool) -> Result<(), StoreError> {
        let EncodedFacts { format, usage, rest } = facts;
        let query = "INSERT OR REPLACE INTO parts (file, part, format, is_kept, rest) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.run(query, params![id.0, part, format, is_kept, rest])?;
        let query = "INSERT OR REPLACE INTO usages (file, part, format, usage) VALUES (?1, ?2, ?3, ?4)";
        self.run(query, params![id.0, part, format, usage]).map(drop)
    }

    fn tell_conversations(&self, id: FileId, conversations: &[String]) -> Result<(), StoreError> {
        conversations.iter().try_for_each(|conversation| {
            self.run(
                "INSERT OR REPLACE INTO conversations (conversation, file, is_taken_in) VALUES (?1, ?2, 0)",
                params![conversation, id.0],
            )
            .map(drop)
        })
    }

    pub(super) fn run(&self, query: &str, values: &[&dyn rusqlite::ToSql]) -> Result<usize, StoreError> {
        self.connection.prepare_cached(query).and_then(|mut query| query.execute(values)).of(self.connection)
    }
}

fn numbers(file: &ReadFile) -> [i64; 5] {
    [file.device, file.inode, file.size, file.place, file.mark].map(u64::cast_signed)
}

fn read_file(row: &Row<'_>) -> rusqlite::Result<IndexedFile> {
    let number = |at: usize| row.get::<_, i64>(at).map(i64::cast_unsigned);
    let read = ReadFile {
        agent: row.get(2)?,
        path: row.get(3)?,
        born: row.get(4)?,
        device: number(5)?,
        inode: number(6)?,
        size: number(7)?,
        changed_nanos: row.get(8)?,
        place: number(9)?,
        mark: number(10)?,
        carried: row.get(11)?,
        is_within: row.get(12)?,
    };
    Ok(IndexedFile { id: FileId(row.get(0)?), is_current: row.get(1)?, read })
}
