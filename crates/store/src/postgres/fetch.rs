//! What applying events will read, fetched in one round trip. Whatever is not thought of here is asked for when it is needed.

use std::collections::{BTreeSet, HashMap};

use postgres::Row;
use session::{Awaited, Change, Event, Subject, ToolCallKey, TurnKey};
use uuid::Uuid;

use crate::StoreError;
use crate::postgres::connection::{Asks, Connection};
use crate::postgres::pieces::Pieces;
use crate::postgres::values::Value;
use crate::store::Seq;

/// What a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Table {
    Events,
    Projects,
    Sessions,
    WorkItems,
    Entries,
    Footprints,
    Conversations,
    Turns,
    ToolCalls,
    Transitions,
}

impl Table {
    const ALL: [Self; 10] = [
        Self::Events,
        Self::Projects,
        Self::Sessions,
        Self::WorkItems,
        Self::Entries,
        Self::Footprints,
        Self::Conversations,
        Self::Turns,
        Self::ToolCalls,
        Self::Transitions,
    ];

    fn query(self) -> &'static str {
        match self {
            Self::Events => "SELECT 'e', id, NULL, NULL::int8, NULL FROM events WHERE id = ANY (?)",
            Self::Projects => "SELECT 'p', key, row, NULL::int8, NULL FROM projects WHERE key = ANY (?)",
            Self::Sessions => "SELECT 's', key, row, NULL::int8, NULL FROM sessions WHERE key = ANY (?)",
            Self::WorkItems => "SELECT 'w', key, row, NULL::int8, NULL FROM work_items WHERE key = ANY (?)",
            Self::Entries => "SELECT 'n', key, row, NULL::int8, NULL FROM entries WHERE key = ANY (?)",
            Self::Footprints => "SELECT 'f', session, row, NULL::int8, NULL FROM footprints WHERE session = ANY (?)",
            Self::Conversations => "SELECT 'c', key, row, NULL::int8, NULL FROM conversations WHERE key = ANY (?)",
            Self::Turns => "SELECT 't', key, row, NULL::int8, NULL FROM turns WHERE key = ANY (?)",
            Self::ToolCalls => "SELECT 'l', key, row, NULL::int8, NULL FROM tool_calls WHERE key = ANY (?)",
            Self::Transitions => "SELECT 'm', event, row, NULL::int8, NULL FROM transitions WHERE event = ANY (?)",
        }
    }

    fn of(letter: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.query()[7..].starts_with(letter))
    }
}

/// The sessions of conversations, in which their turns count.
const SESSIONS_OF: &str = "SELECT 's', key, row, NULL::int8, NULL FROM sessions WHERE key IN (SELECT session FROM session_conversations WHERE conversation = ANY (?))";
const WAITING: &str = "SELECT 'a', awaits, NULL, event, awaits_kind FROM waiting WHERE awaits = ANY (?)";
const WAITING_FOR_SESSIONS_OF: &str = "SELECT 'a', awaits, NULL, event, awaits_kind FROM waiting WHERE awaits IN (SELECT session FROM session_conversations WHERE conversation = ANY (?))";
const HEADS: &str = "SELECT 'h', project, row, NULL::int8, scope FROM heads WHERE project = ANY (?)";
const LAST_TRANSITIONS: &str = "SELECT 'z', asked, last.row, NULL::int8, NULL FROM unnest(?::uuid[]) asked CROSS JOIN LATERAL (SELECT row FROM transitions WHERE project = asked ORDER BY seq DESC LIMIT 1) last";

/// Rows as they are stored, some of them known to be missing.
#[derive(Default)]
pub(crate) struct Fetched {
    pub(crate) rows: HashMap<(Table, Uuid), Option<String>>,
    pub(crate) waiting: HashMap<(&'static str, Uuid), Vec<Seq>>,
    pub(crate) heads: HashMap<Uuid, HashMap<String, String>>,
    pub(crate) last_transitions: HashMap<Uuid, Option<String>>,
}

/// What is wanted.
#[derive(Default)]
pub(crate) struct Keys {
    rows: BTreeSet<(Table, Uuid)>,
    waiting: BTreeSet<(&'static str, Uuid)>,
    chains: BTreeSet<Uuid>,
}

impl Keys {
    /// Returns what appending and applying an event reads.
    pub(crate) fn of(event: &Event) -> Self {
        let mut keys = Self::default();
        keys.rows.insert((Table::Events, event.id.uuid()));
        match event.about {
            Subject::Mirror => {}
            Subject::Project(key) => keys.add(Awaited::Project(key)),
            Subject::Session(key) => keys.add(Awaited::Session(key)),
            Subject::Conversation(key) => keys.add(Awaited::Conversation(key)),
        }
        match (&event.change, event.about) {
            (Change::WorkAdded(added), _) => keys.add(Awaited::Work(added.key)),
            (Change::WorkMarked(marked), _) => keys.add(Awaited::Work(marked.key)),
            (Change::EntryAdded(added), _) => keys.add(Awaited::Entry(added.key)),
            (Change::EntryMarked(marked), _) => keys.add(Awaited::Entry(marked.key)),
            (Change::Based(_) | Change::Surveyed(_), Subject::Session(key)) => keys.row(Table::Footprints, key.uuid()),
            (Change::Observed(observed), Subject::Conversation(key)) => {
                let turn = observed.turn(event.id).map(|prompt| TurnKey::of(key, prompt.as_str()));
                turn.into_iter().for_each(|turn| keys.row(Table::Turns, turn.uuid()));
                let calls = observed.what.tools().iter().map(|tool| ToolCallKey::of(key, tool.call.as_str()));
                calls.for_each(|call| keys.row(Table::ToolCalls, call.uuid()));
            }
            (Change::Assigned { session, .. }, _) => keys.add(Awaited::Session(*session)),
            (Change::Moved(_), Subject::Project(project)) => {
                keys.add(Awaited::Transition(event.id));
                keys.chains.insert(project.uuid());
            }
            (Change::Reported(reported), _) => keys.add(Awaited::Transition(reported.transition)),
            _ => {}
        }
        keys
    }

    /// Adds a row, and what waits for it.
    pub(crate) fn add(&mut self, awaited: Awaited) {
        let (kind, key) = awaited_columns(awaited);
        self.row(table_of(awaited), key);
        self.waiting.insert((kind, key));
    }

    pub(crate) fn row(&mut self, table: Table, key: Uuid) {
        self.rows.insert((table, key));
    }

    pub(crate) fn extend(&mut self, more: Self) {
        self.rows.extend(more.rows);
        self.waiting.extend(more.waiting);
        self.chains.extend(more.chains);
    }
}

impl Fetched {
    /// Fetches what is wanted and not there yet.
    pub(crate) fn fetch(&mut self, connection: &Connection, mut keys: Keys) -> Result<(), StoreError> {
        keys.rows.retain(|key| !self.rows.contains_key(key));
        keys.waiting.retain(|key| !self.waiting.contains_key(key));
        keys.chains.retain(|key| !self.heads.contains_key(key));
        let query = pieces(&keys);
        if query.is_empty() {
            return Ok(());
        }
        self.rows.extend(keys.rows.iter().map(|&key| (key, None)));
        self.waiting.extend(keys.waiting.iter().map(|&key| (key, Vec::new())));
        self.heads.extend(keys.chains.iter().map(|&key| (key, HashMap::new())));
        self.last_transitions.extend(keys.chains.iter().map(|&key| (key, None)));
        for row in connection.rows(&query.joined(" UNION ALL "), &query.values)? {
            self.hold(&row).map_err(|error| connection.unreadable(error.into()))?;
        }
        Ok(())
    }

    fn hold(&mut self, row: &Row) -> Result<(), postgres::Error> {
        let (what, key, json) = (row.try_get::<_, &str>(0)?, row.try_get(1)?, row.try_get::<_, Option<String>>(2)?);
        match what {
            "a" => {
                let kind = kind_of(row.try_get(4)?);
                self.waiting.entry((kind, key)).or_default().push(row.try_get(3)?);
            }
            "h" => drop(self.heads.entry(key).or_default().insert(row.try_get(4)?, json.unwrap_or_default())),
            "z" => drop(self.last_transitions.insert(key, json)),
            other => {
                let Some(table) = Table::of(&format!("'{other}")) else { return Ok(()) };
                if table == Table::Sessions {
                    // Asked for along with its conversation, it comes with what waits for it.
                    self.waiting.entry(("session", key)).or_default();
                }
                self.rows.insert((table, key), Some(json.unwrap_or_default()));
            }
        }
        Ok(())
    }
}

fn pieces(keys: &Keys) -> Pieces {
    let mut pieces = Pieces::default();
    for table in Table::ALL {
        let wanted: Vec<_> = keys.rows.iter().filter(|(of, _)| *of == table).map(|(_, key)| *key).collect();
        if wanted.is_empty() {
            continue;
        }
        if table == Table::Conversations {
            pieces.add(SESSIONS_OF, [Value::keys(wanted.iter().copied())]);
            pieces.add(WAITING_FOR_SESSIONS_OF, [Value::keys(wanted.iter().copied())]);
        }
        pieces.add(table.query(), [Value::keys(wanted)]);
    }
    if !keys.waiting.is_empty() {
        pieces.add(WAITING, [Value::keys(keys.waiting.iter().map(|(_, key)| *key))]);
    }
    if !keys.chains.is_empty() {
        pieces.add(HEADS, [Value::keys(keys.chains.iter().copied())]);
        pieces.add(LAST_TRANSITIONS, [Value::keys(keys.chains.iter().copied())]);
    }
    pieces
}

const KINDS: [&str; 6] = ["project", "session", "work", "entry", "conversation", "transition"];

fn kind_of(stored: &str) -> &'static str {
    KINDS.into_iter().find(|kind| *kind == stored).unwrap_or_default()
}

fn table_of(awaited: Awaited) -> Table {
    match awaited {
        Awaited::Project(_) => Table::Projects,
        Awaited::Session(_) => Table::Sessions,
        Awaited::Work(_) => Table::WorkItems,
        Awaited::Entry(_) => Table::Entries,
        Awaited::Conversation(_) => Table::Conversations,
        Awaited::Transition(_) => Table::Transitions,
    }
}

/// Returns how something that is awaited is stored.
pub(crate) fn awaited_columns(awaited: Awaited) -> (&'static str, Uuid) {
    match awaited {
        Awaited::Project(key) => (KINDS[0], key.uuid()),
        Awaited::Session(key) => (KINDS[1], key.uuid()),
        Awaited::Work(key) => (KINDS[2], key.uuid()),
        Awaited::Entry(key) => (KINDS[3], key.uuid()),
        Awaited::Conversation(key) => (KINDS[4], key.uuid()),
        Awaited::Transition(event) => (KINDS[5], event.uuid()),
    }
}
