//! The rows that events are folded into, and what is reported when an event does not fit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Conversation, ConversationKey, Entry, EntryKey, Event, EventId, Footprint, Head, Project, ProjectKey, Scope, Session, SessionKey,
    ToolCall, ToolCallKey, Transition, Turn, TurnKey, WorkItem, WorkKey,
};

/// Everything that is derived from events. The store holds a part of it at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Projects by key.
    pub projects: BTreeMap<ProjectKey, Project>,
    /// Sessions by key.
    pub sessions: BTreeMap<SessionKey, Session>,
    /// Work items by key.
    pub work_items: BTreeMap<WorkKey, WorkItem>,
    /// Entries by key.
    pub entries: BTreeMap<EntryKey, Entry>,
    /// What sessions left behind, by session.
    pub footprints: BTreeMap<SessionKey, Footprint>,
    /// Conversations by key.
    pub conversations: BTreeMap<ConversationKey, Conversation>,
    /// Turns by key.
    pub turns: BTreeMap<TurnKey, Turn>,
    /// Tool calls by key.
    pub tool_calls: BTreeMap<ToolCallKey, ToolCall>,
    /// Transitions by the event that recorded them.
    pub transitions: BTreeMap<EventId, Transition>,
    /// Their order in each project. The store holds the end of it.
    pub sequence: BTreeMap<(ProjectKey, u64), EventId>,
    /// Heads by what they are the heads of.
    pub heads: BTreeMap<(ProjectKey, Scope), Head>,
    /// Events that came before what they are about, by what they wait for.
    pub waiting: BTreeMap<Awaited, BTreeMap<EventId, Event>>,
}

/// What an early event waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Awaited {
    /// The event that finds a project.
    Project(ProjectKey),
    /// The event that opens a session.
    Session(SessionKey),
    /// The first observation of a conversation.
    Conversation(ConversationKey),
    /// The event that adds a work item.
    Work(WorkKey),
    /// The event that adds an entry.
    Entry(EntryKey),
    /// The event that records a transition.
    Transition(EventId),
}

/// An event that did not fit. It never stops the fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// It came before what it is about, and waits.
    Early {
        /// The event.
        event: EventId,
        /// What it waits for.
        awaits: Awaited,
    },
    /// Something was begun twice by different events; the one that was applied first counts.
    BegunTwice {
        /// The event that came later.
        event: EventId,
        /// What was begun.
        what: Awaited,
    },
    /// It is about another kind of subject than its change.
    WrongSubject {
        /// The event.
        event: EventId,
    },
    /// An end that names a status which is no end.
    NoEnd {
        /// The event.
        event: EventId,
    },
}
