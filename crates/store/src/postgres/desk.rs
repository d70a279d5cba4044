//! The desk of a turn: rows that were fetched, and those to be written, which go out in one statement.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use session::{
    Awaited, Conversation, ConversationKey, Entry, EntryKey, Event, EventId, Footprint, Head, Project, ProjectKey, Scope, Session,
    SessionKey, ToolCall, ToolCallKey, Transition, Turn, TurnKey, WorkItem, WorkKey,
};
use uuid::Uuid;

use crate::loaded::Tables;
use crate::postgres::connection::{Asks, Connection};
use crate::postgres::fetch::{Fetched, Keys, Table, awaited_columns};
use crate::postgres::pieces::Pieces;
use crate::postgres::reads::{first_column, many};
use crate::postgres::values::Value;
use crate::postgres::{columns, events, positions, text};
use crate::store::{InboxPosition, MirrorName, MirrorPosition, Recorded, Seq};
use crate::{KeptPart, StoreError};

/// What a turn has before it.
pub(crate) struct Desk<'c> {
    pub(crate) connection: &'c Connection,
    fetched: RefCell<Fetched>,
    pages: RefCell<Pages>,
}

/// What is to be written.
#[derive(Default)]
struct Pages {
    /// Columns by where they are inserted.
    inserts: BTreeMap<&'static columns::Insert, Vec<Value>>,
    /// The sessions whose tags are written anew.
    tagged: Vec<Uuid>,
    tags: Vec<(Uuid, String)>,
    waiting: BTreeSet<(&'static str, Uuid, Seq)>,
    served: BTreeSet<(&'static str, Uuid)>,
    inboxes: BTreeMap<String, [Value; 8]>,
    mirrors: BTreeMap<(String, String), [Value; 5]>,
    parts: BTreeMap<(String, i64, u32), [Value; 7]>,
    events: usize,
}

impl<'c> Desk<'c> {
    pub(crate) fn on(connection: &'c Connection) -> Self {
        Self { connection, fetched: RefCell::default(), pages: RefCell::default() }
    }

    /// Fetches what is wanted in one round trip.
    pub(crate) fn fetch(&self, keys: Keys) -> Result<(), StoreError> {
        self.fetched.borrow_mut().fetch(self.connection, keys)
    }

    /// Reports whether an event is in the log already.
    pub(crate) fn has_event(&self, id: EventId) -> Result<bool, StoreError> {
        self.json(Table::Events, id.uuid()).map(|found| found.is_some())
    }

    /// Puts an event into the log.
    pub(crate) fn write_event(&self, seq: Seq, event: &Event) -> Result<(), StoreError> {
        let values = events::columns(seq, event).map_err(|error| self.connection.unreadable(error.into()))?;
        let mut pages = self.pages.borrow_mut();
        pages.events += 1;
        pages.insert(&columns::EVENTS, values);
        self.fetched.borrow_mut().rows.insert((Table::Events, event.id.uuid()), Some(String::new()));
        Ok(())
    }

    /// Returns how many events are not written yet.
    pub(crate) fn unwritten_events(&self) -> usize {
        self.pages.borrow().events
    }

    /// Notes that the event at `seq` waits.
    pub(crate) fn write_waiting(&self, awaits: Awaited, seq: Seq) {
        let (kind, key) = awaited_columns(awaits);
        self.pages.borrow_mut().waiting.insert((kind, key, seq));
    }

    pub(crate) fn keep_part(&self, part: &KeptPart) {
        let key = (part.path.clone(), part.born, part.part);
        self.pages.borrow_mut().parts.insert(key, positions::part_columns(part));
    }

    pub(crate) fn set_inbox_position(&self, segment: &str, position: &InboxPosition) {
        self.pages.borrow_mut().inboxes.insert(segment.to_owned(), positions::inbox_columns(segment, position));
    }

    pub(crate) fn set_mirror_position(&self, mirror: &MirrorName, position: &MirrorPosition) {
        let key = (mirror.machine.clone(), mirror.root.clone());
        self.pages.borrow_mut().mirrors.insert(key, positions::mirror_columns(mirror, position));
    }

    fn write(&self, insert: &'static columns::Insert, values: impl IntoIterator<Item = Value>) {
        self.pages.borrow_mut().insert(insert, values);
    }

    /// Writes everything in one statement and clears the desk.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        let pieces = self.pages.take().into_pieces();
        self.fetched.take();
        if pieces.is_empty() {
            return Ok(());
        }
        self.connection.rows(&pieces.at_once(), &pieces.values).map(drop)
    }

    fn json(&self, table: Table, key: Uuid) -> Result<Option<String>, StoreError> {
        let mut keys = Keys::default();
        keys.row(table, key);
        self.fetch(keys)?;
        Ok(self.fetched.borrow().rows.get(&(table, key)).cloned().flatten())
    }

    fn row<T: DeserializeOwned>(&self, table: Table, key: Uuid) -> Result<Option<T>, StoreError> {
        self.json(table, key)?.map(|json| self.parse(&json)).transpose()
    }

    /// Returns a row for which something may wait, and fetches what does.
    fn awaited_row<T: DeserializeOwned>(&self, table: Table, awaited: Awaited) -> Result<Option<T>, StoreError> {
        let mut keys = Keys::default();
        keys.add(awaited);
        self.fetch(keys)?;
        self.row(table, awaited_columns(awaited).1)
    }

    fn parse<T: DeserializeOwned>(&self, json: &str) -> Result<T, StoreError> {
        serde_json::from_str(json).map_err(|error| self.connection.unreadable(error.into()))
    }

    /// Returns the JSON of a row unless that is how it is stored already: who only looked changes nothing.
    fn changed(&self, table: Table, key: Uuid, row: &impl Serialize) -> Result<Option<String>, StoreError> {
        let json = serde_json::to_string(row).map_err(|error| self.connection.unreadable(error.into()))?;
        let fetched = self.fetched.borrow();
        let stored = fetched.rows.get(&(table, key)).and_then(Option::as_ref);
        Ok((stored != Some(&json)).then_some(json))
    }

    /// Writes a row under a key if it changed.
    fn save<const N: usize>(
        &self,
        (table, key, row): (Table, Uuid, &impl Serialize),
        insert: &'static columns::Insert,
        values: impl FnOnce(String) -> [Value; N],
    ) -> Result<(), StoreError> {
        if let Some(json) = self.changed(table, key, row)? {
            self.write(insert, values(json));
        }
        Ok(())
    }
}

impl Pages {
    fn insert(&mut self, insert: &'static columns::Insert, values: impl IntoIterator<Item = Value>) {
        let columns = self.inserts.entry(insert).or_default();
        for (at, value) in values.into_iter().enumerate() {
            if columns.len() == at {
                columns.push(value.column());
            }
            columns[at].push(value);
        }
    }

    fn into_pieces(mut self) -> Pieces {
        let mut pieces = Pieces::default();
        for (kind, key, seq) in std::mem::take(&mut self.waiting) {
            if !self.served.contains(&(kind, key)) {
                self.insert(&columns::WAITING, [kind.into(), key.into(), seq.into()]);
            }
        }
        std::mem::take(&mut self.inboxes).into_values().for_each(|values| self.insert(&positions::SAVE_INBOX, values));
        std::mem::take(&mut self.mirrors).into_values().for_each(|values| self.insert(&positions::SAVE_MIRROR, values));
        std::mem::take(&mut self.parts).into_values().for_each(|values| self.insert(&positions::KEEP_PART, values));
        if !self.tagged.is_empty() {
            let (sessions, tags): (Vec<_>, Vec<_>) = self.tags.into_iter().map(|(session, tag)| (Some(session), Some(tag))).unzip();
            let (sessions, tags) = (Value::Keys(sessions), Value::Texts(tags));
            pieces.add(columns::FORGET_TAGS, [Value::keys(self.tagged), sessions.clone(), tags.clone()]);
            pieces.add(columns::SAVE_TAGS, [sessions, tags]);
        }
        if !self.served.is_empty() {
            let (kinds, keys): (Vec<_>, Vec<_>) = self.served.into_iter().unzip();
            pieces.add(columns::FORGET_WAITING, [Value::texts(kinds), Value::keys(keys)]);
        }
        for (insert, columns) in self.inserts {
            pieces.add(&insert.statement(&columns), columns);
        }
        pieces
    }
}

impl Tables for Desk<'_> {
    type Error = StoreError;

    fn project(&self, key: ProjectKey) -> Result<Option<Project>, StoreError> {
        self.awaited_row(Table::Projects, Awaited::Project(key))
    }

    fn session(&self, key: SessionKey) -> Result<Option<Session>, StoreError> {
        self.awaited_row(Table::Sessions, Awaited::Session(key))
    }

    fn work_item(&self, key: WorkKey) -> Result<Option<WorkItem>, StoreError> {
        self.awaited_row(Table::WorkItems, Awaited::Work(key))
    }

    fn entry(&self, key: EntryKey) -> Result<Option<Entry>, StoreError> {
        self.awaited_row(Table::Entries, Awaited::Entry(key))
    }

    fn footprint(&self, key: SessionKey) -> Result<Option<Footprint>, StoreError> {
        self.row(Table::Footprints, key.uuid())
    }

    fn conversation(&self, key: ConversationKey) -> Result<Option<Conversation>, StoreError> {
        self.awaited_row(Table::Conversations, Awaited::Conversation(key))
    }

    fn turn(&self, key: TurnKey) -> Result<Option<Turn>, StoreError> {
        self.row(Table::Turns, key.uuid())
    }

    fn tool_call(&self, key: ToolCallKey) -> Result<Option<ToolCall>, StoreError> {
        self.row(Table::ToolCalls, key.uuid())
    }

    fn turns_of(&self, conversation: ConversationKey) -> Result<Vec<Turn>, StoreError> {
        many(self.connection, columns::TURNS_OF, &[conversation.uuid().into()], first_column)
    }

    fn tool_calls_of(&self, conversation: ConversationKey) -> Result<Vec<ToolCall>, StoreError> {
        many(self.connection, columns::TOOL_CALLS_OF, &[conversation.uuid().into()], first_column)
    }

    fn transition(&self, event: EventId) -> Result<Option<Transition>, StoreError> {
        self.row(Table::Transitions, event.uuid())
    }

    fn last_transition_before(&self, project: ProjectKey, seq: Option<u64>) -> Result<Option<Transition>, StoreError> {
        if seq.is_none()
            && let Some(last) = self.fetched.borrow().last_transitions.get(&project.uuid())
        {
            return last.as_ref().map(|json| self.parse(json)).transpose();
        }
        let before = seq.map_or(i64::MAX, u64::cast_signed);
        let query = "SELECT row FROM transitions WHERE project = $1 AND seq < $2 ORDER BY seq DESC LIMIT 1";
        many(self.connection, query, &[project.uuid().into(), before.into()], first_column).map(|mut found| found.pop())
    }

    fn head(&self, project: ProjectKey, scope: &Scope) -> Result<Option<Head>, StoreError> {
        let scope = scope.to_string();
        if let Some(heads) = self.fetched.borrow().heads.get(&project.uuid()) {
            return heads.get(&*text::stored(&scope)).map(|json| self.parse(json)).transpose();
        }
        many(self.connection, columns::HEAD, &[project.uuid().into(), scope.as_str().into()], first_column).map(|mut found| found.pop())
    }

    fn waiting_for(&self, awaited: Awaited) -> Result<Vec<Recorded>, StoreError> {
        let mut keys = Keys::default();
        keys.add(awaited);
        self.fetch(keys)?;
        let places = self.fetched.borrow().waiting.get(&awaited_columns(awaited)).cloned().unwrap_or_default();
        if places.is_empty() { Ok(Vec::new()) } else { events::at(self.connection, &places) }
    }

    fn save_project(&self, row: &Project) -> Result<(), StoreError> {
        self.save((Table::Projects, row.key.uuid(), row), &columns::PROJECTS, |json| columns::project(row, json))
    }

    fn save_session(&self, row: &Session) -> Result<(), StoreError> {
        let Some(json) = self.changed(Table::Sessions, row.key.uuid(), row)? else { return Ok(()) };
        self.write(&columns::SESSIONS, columns::session(row, json));
        if !row.tags.is_empty() {
            let key = row.key.uuid();
            let mut pages = self.pages.borrow_mut();
            pages.tagged.push(key);
            pages.tags.extend(row.current_tags().map(|tag| (key, text::stored(tag.as_str()).into_owned())));
        }
        Ok(())
    }

    fn save_work_item(&self, row: &WorkItem) -> Result<(), StoreError> {
        self.save((Table::WorkItems, row.key.uuid(), row), &columns::WORK_ITEMS, |json| columns::work_item(row, json))
    }

    fn save_entry(&self, row: &Entry) -> Result<(), StoreError> {
        self.save((Table::Entries, row.key.uuid(), row), &columns::ENTRIES, |json| columns::entry(row, json))
    }

    fn save_footprint(&self, row: &Footprint) -> Result<(), StoreError> {
        let key = row.session.uuid();
        self.save((Table::Footprints, key, row), &columns::FOOTPRINTS, |json| [key.into(), Value::json(json)])
    }

    fn save_conversation(&self, row: &Conversation) -> Result<(), StoreError> {
        let key = row.key.uuid();
        let Some(json) = self.changed(Table::Conversations, key, row)? else { return Ok(()) };
        self.write(&columns::CONVERSATIONS, columns::conversation(row, json));
        let sessions: BTreeSet<_> = row.assignments.iter().map(|assignment| assignment.session.uuid()).collect();
        sessions.into_iter().for_each(|session| self.write(&columns::SESSION_CONVERSATIONS, [session.into(), key.into()]));
        let open: Vec<_> = row.running().collect();
        for process in row.runs.keys() {
            self.write(&columns::RUNS, columns::run(process, key, open.contains(&process)));
        }
        Ok(())
    }

    fn save_turn(&self, row: &Turn) -> Result<(), StoreError> {
        let (key, of) = (row.key.uuid(), row.conversation.uuid());
        self.save((Table::Turns, key, row), &columns::TURNS, |json| [key.into(), of.into(), Value::json(json)])
    }

    fn save_tool_call(&self, row: &ToolCall) -> Result<(), StoreError> {
        let (key, of) = (row.key.uuid(), row.conversation.uuid());
        self.save((Table::ToolCalls, key, row), &columns::TOOL_CALLS, |json| [key.into(), of.into(), Value::json(json)])
    }

    fn save_transition(&self, row: &Transition) -> Result<(), StoreError> {
        self.save((Table::Transitions, row.event.uuid(), row), &columns::TRANSITIONS, |json| columns::transition(row, json))
    }

    fn save_head(&self, row: &Head) -> Result<(), StoreError> {
        let json = serde_json::to_string(row).map_err(|error| self.connection.unreadable(error.into()))?;
        self.write(&columns::HEADS, columns::head(row, json));
        Ok(())
    }

    fn forget_waiting(&self, awaited: Awaited) -> Result<(), StoreError> {
        let key = awaited_columns(awaited);
        let mut pages = self.pages.borrow_mut();
        let is_waited_for = self.fetched.borrow().waiting.get(&key).is_none_or(|places| !places.is_empty());
        if is_waited_for || pages.waiting.iter().any(|(kind, what, _)| (*kind, *what) == key) {
            pages.served.insert(key);
        }
        Ok(())
    }
}
