//! Documents out.

use rusqlite::{OptionalExtension, params};

use super::document::{Document, pack, read, unpack};
use super::marks;
use super::write::SearchTurn;
use crate::StoreError;
use crate::sqlite::failure::Translate;

/// Decides whether a document stays, by whose it is and what it says.
pub type Stays<'s> = dyn FnMut(&str, &Document) -> bool + 's;

impl SearchTurn<'_> {
    /// Forgets all documents of an owner.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget(&self, owner: &str) -> Result<(), StoreError> {
        for query in [
            "DELETE FROM words WHERE rowid IN (SELECT d.id FROM documents d JOIN blocks b ON b.id = d.block WHERE b.owner = ?1)",
            "DELETE FROM documents WHERE block IN (SELECT id FROM blocks WHERE owner = ?1)",
            "DELETE FROM blocks WHERE owner = ?1",
        ] {
            self.run(query, params![owner])?;
        }
        Ok(())
    }

    /// Forgets everything that is not of a transcript.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_all_but_files(&self) -> Result<(), StoreError> {
        let owners = {
            let query = "SELECT DISTINCT owner FROM blocks WHERE owner NOT LIKE 'file %'";
            let mut query = self.connection.prepare_cached(query).of(self.connection)?;
            let rows = query.query_map([], |row| row.get(0)).of(self.connection)?;
            rows.collect::<Result<Vec<String>, _>>().of(self.connection)?
        };
        owners.iter().try_for_each(|owner| self.forget(owner))
    }

    /// Forgets for good what does not stay, and returns how many documents that are: neither their text nor their words are left in the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_only(&self, stays: &mut Stays<'_>) -> Result<u64, StoreError> {
        let blocks = self.ids("SELECT id FROM blocks ORDER BY id", params![])?;
        let forgotten = self.keep_of_blocks(&blocks, stays)?;
        if forgotten > 0 {
            self.merge_words()?;
        }
        Ok(forgotten)
    }

    /// Forgets what transcripts say of a conversation, and returns how many documents that were; their words are in the file until
    /// [`SearchTurn::merge_words`].
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_conversation(&self, agent: &str, id: &str) -> Result<u64, StoreError> {
        let found = format!("marks : ({} AND {})", marks::conversation(agent, id), marks::among(super::SearchIn::Transcripts));
        let query = "SELECT DISTINCT block FROM documents WHERE id IN (SELECT rowid FROM words WHERE words MATCH ?1)";
        let blocks = self.ids(query, params![found])?;
        let is_other = |document: &Document| {
            document.among != super::SearchIn::Transcripts || (document.agent.as_str(), document.conversation.as_str()) != (agent, id)
        };
        self.keep_of_blocks(&blocks, &mut |_, document| is_other(document))
    }

    fn keep_of_blocks(&self, blocks: &[i64], stays: &mut Stays<'_>) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        for block in blocks {
            forgotten += self.keep_of_block(*block, stays)?;
        }
        Ok(forgotten)
    }

    /// Takes words of documents that are forgotten out of the file; else they stay until they happen to be merged with others. It writes all words
    /// anew: once for all that is forgotten.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn merge_words(&self) -> Result<(), StoreError> {
        self.run("INSERT INTO words (words) VALUES ('optimize')", params![]).map(drop)
    }

    /// Keeps of a block what stays. One that cannot be read any more goes with everything in it.
    pub(super) fn keep_of_block(&self, block: i64, stays: &mut Stays<'_>) -> Result<u64, StoreError> {
        let packed = {
            let mut query = self.connection.prepare_cached("SELECT owner, bytes FROM blocks WHERE id = ?1").of(self.connection)?;
            let packed = query.query_row([block], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))).optional();
            packed.of(self.connection)?
        };
        let Some((owner, bytes)) = packed else { return Ok(0) };
        let unpacked = unpack(&bytes);
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        for (id, place) in self.documents_of(block)? {
            match usize::try_from(place).ok().and_then(|place| read(&unpacked, place)) {
                Some(document) if stays(&owner, &document) => kept.push((id, document)),
                _ => gone.push(id),
            }
        }
        if gone.is_empty() {
            return Ok(0);
        }
        for id in &gone {
            self.run("DELETE FROM words WHERE rowid = ?1", params![id])?;
            self.run("DELETE FROM documents WHERE id = ?1", params![id])?;
        }
        if kept.is_empty() {
            self.run("DELETE FROM blocks WHERE id = ?1", params![block])?;
        } else {
            let (bytes, places) = pack(kept.iter().map(|(_, document)| document));
            self.run("UPDATE blocks SET bytes = ?2 WHERE id = ?1", params![block, bytes])?;
            for ((id, _), place) in kept.iter().zip(places) {
                let place = i64::try_from(place).unwrap_or(i64::MAX);
                self.run("UPDATE documents SET place = ?2 WHERE id = ?1", params![id, place])?;
            }
        }
        Ok(gone.len() as u64)
    }

    fn documents_of(&self, block: i64) -> Result<Vec<(i64, i64)>, StoreError> {
        let query = "SELECT id, place FROM documents WHERE block = ?1 ORDER BY place";
        let mut query = self.connection.prepare_cached(query).of(self.connection)?;
        let rows = query.query_map([block], |row| Ok((row.get(0)?, row.get(1)?))).of(self.connection)?;
        rows.collect::<Result<_, _>>().of(self.connection)
    }

    fn ids(&self, query: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<i64>, StoreError> {
        let mut query = self.connection.prepare_cached(query).of(self.connection)?;
        let rows = query.query_map(values, |row| row.get(0)).of(self.connection)?;
        rows.collect::<Result<_, _>>().of(self.connection)
    }
}
