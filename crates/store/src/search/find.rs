//! What fits, newest or best first.

use std::ops::ControlFlow;

use rusqlite::{OptionalExtension, params};

use super::document::{Document, SearchIn, read, unpack};
use super::file::Search;
use super::query::Query;
use super::{marks, write};
use crate::StoreError;
use crate::sqlite::failure::Translate;

/// Where something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a project, by its key.
    Project(String),
    /// In a project, by its place.
    Directory(String),
}

/// What is sought; an empty list means "any".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// The words.
    pub query: Query,
    /// Among what.
    pub among: Vec<SearchIn>,
    /// In one of these.
    pub scopes: Vec<Scope>,
    /// Of one of these sessions, by key, or of one of these conversations, by agent and id.
    pub sessions: Vec<String>,
    /// See there.
    pub conversations: Vec<(String, String)>,
    /// Of one of these agents.
    pub agents: Vec<String>,
    /// With one of these tools.
    pub tools: Vec<String>,
    /// About one of these files, by the end of its path.
    pub files: Vec<String>,
    /// Of one of these roles.
    pub roles: Vec<String>,
    /// At or after this moment, in milliseconds since 1970.
    pub since_millis: Option<i64>,
    /// Before this moment, in milliseconds since 1970.
    pub until_millis: Option<i64>,
    /// Best first, not newest.
    pub is_ranked: bool,
}

impl Sought {
    fn expression(&self) -> String {
        let named = |letter: char, names: &[String]| names.iter().map(|name| marks::kind(letter, name)).collect::<Vec<_>>();
        let among = if self.among.is_empty() { &SearchIn::ALL[..] } else { &self.among };
        let scope = |scope: &Scope| match scope {
            Scope::Project(key) => marks::kind('k', key),
            Scope::Directory(place) => marks::kind('d', place),
        };
        let mut whose = named('s', &self.sessions);
        whose.extend(self.conversations.iter().map(|(agent, id)| marks::conversation(agent, id)));
        let tools: Vec<String> = self.tools.iter().map(|tool| tool.to_lowercase()).collect();
        let files: Vec<String> = self.files.iter().map(|file| file.trim_start_matches("./").to_owned()).collect();
        let filters = [
            if among.len() == SearchIn::ALL.len() && !self.query.groups.is_empty() {
                Vec::new()
            } else {
                among.iter().map(|each| marks::among(*each)).collect()
            },
            self.scopes.iter().map(scope).collect(),
            whose,
            named('a', &self.agents),
            named('t', &tools),
            named('f', &files),
            named('r', &self.roles),
        ];
        let any = |marks: &Vec<String>| format!("(marks : ({}))", marks.join(" OR "));
        self.query.expression(&filters.iter().filter(|marks| !marks.is_empty()).map(any).collect::<Vec<_>>())
    }
}

impl Search {
    /// Shows what fits, until somebody has enough; returns how many documents could not be read.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn find(&self, sought: &Sought, mut each: impl FnMut(Document) -> ControlFlow<()>) -> Result<u64, StoreError> {
        let connection = &self.cache.connection;
        // Of one moment: what is found is still there when it is read.
        let _moment = connection.unchecked_transaction().of(connection)?;
        let order = if sought.is_ranked { "rank, rowid DESC" } else { "rowid DESC" };
        let rank = if sought.is_ranked { "AND rank MATCH 'bm25(1.0, 0.5, 0.0)'" } else { "" };
        let query = format!("SELECT rowid FROM words WHERE words MATCH ?1 AND rowid >= ?2 AND rowid < ?3 {rank} ORDER BY {order}");
        let mut query = connection.prepare_cached(&query).of(connection)?;
        let from = sought.since_millis.map_or(0, write::from);
        let until = sought.until_millis.map_or(i64::MAX, write::from);
        let mut rows = query.query(params![sought.expression(), from, until]).of(connection)?;
        let (mut unread, mut held) = (0, None);
        while let Some(row) = rows.next().of(connection)? {
            let Some(document) = self.document(row.get(0).of(connection)?, &mut held)? else {
                unread += 1;
                continue;
            };
            if each(document).is_break() {
                break;
            }
        }
        Ok(unread)
    }

    /// Returns a document, and holds the block that it is in: the next one is often beside it.
    fn document(&self, id: i64, held: &mut Option<(i64, Vec<u8>)>) -> Result<Option<Document>, StoreError> {
        let connection = &self.cache.connection;
        let mut query = connection.prepare_cached("SELECT block, place FROM documents WHERE id = ?1").of(connection)?;
        let found: Option<(i64, i64)> = query.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional().of(connection)?;
        let Some((block, place)) = found else { return Ok(None) };
        if held.as_ref().is_none_or(|(held, _)| *held != block) {
            let mut query = connection.prepare_cached("SELECT bytes FROM blocks WHERE id = ?1").of(connection)?;
            let found = query.query_row([block], |row| Ok(unpack(row.get_ref(0)?.as_blob().unwrap_or_default()))).optional();
            *held = found.of(connection)?.map(|bytes| (block, bytes));
        }
        Ok(held.as_ref().and_then(|(_, bytes)| read(bytes, usize::try_from(place).ok()?)))
    }
}
