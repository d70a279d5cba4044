//! Rows to columns: where each is inserted, and what.

use session::{Conversation, Entry, Head, Process, Project, Session, Transition, WorkItem};
use uuid::Uuid;

use crate::postgres::events;
use crate::postgres::values::Value;

/// Where rows are inserted, many at once.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Insert {
    pub(crate) into: &'static str,
    /// What becomes of a row that is there.
    pub(crate) twice: &'static str,
}

impl Insert {
    /// Returns the statement that inserts columns of values, with `?` for each.
    pub(crate) fn statement(&self, columns: &[Value]) -> String {
        let marks: Vec<_> = columns.iter().map(|column| format!("?::{}[]", column.kind().name().trim_start_matches('_'))).collect();
        format!("INSERT INTO {} SELECT * FROM unnest({}) {}", self.into, marks.join(", "), self.twice)
    }
}

pub(crate) const EVENTS: Insert = Insert { into: events::INTO, twice: "" };
pub(crate) const PROJECTS: Insert = Insert {
    into: "projects (key, name, place, root_commit, row)",
    twice: "ON CONFLICT (key) DO UPDATE SET place = excluded.place, row = excluded.row",
};
pub(crate) const SESSIONS: Insert = Insert {
    into: "sessions (key, id, project, number, prefix, status, owner, agent, worktree, started_us, current_us, day, duration_us, is_empty,
             touched_us, wants_survey, is_kept_elsewhere, work_items, completed_work_items, row)",
    twice: "ON CONFLICT (key) DO UPDATE SET number = excluded.number, status = excluded.status, current_us = excluded.current_us,
             duration_us = excluded.duration_us, is_empty = excluded.is_empty, touched_us = excluded.touched_us,
             wants_survey = excluded.wants_survey, work_items = excluded.work_items, completed_work_items = excluded.completed_work_items,
             row = excluded.row",
};
pub(crate) const WORK_ITEMS: Insert =
    Insert { into: "work_items (key, id, session, position, row)", twice: "ON CONFLICT (key) DO UPDATE SET row = excluded.row" };
pub(crate) const ENTRIES: Insert =
    Insert { into: "entries (key, id, session, position, row)", twice: "ON CONFLICT (key) DO UPDATE SET row = excluded.row" };
pub(crate) const FOOTPRINTS: Insert =
    Insert { into: "footprints (session, row)", twice: "ON CONFLICT (session) DO UPDATE SET row = excluded.row" };
pub(crate) const CONVERSATIONS: Insert = Insert {
    into: "conversations (key, agent, id, last_us, row)",
    twice: "ON CONFLICT (key) DO UPDATE SET last_us = excluded.last_us, row = excluded.row",
};
pub(crate) const SESSION_CONVERSATIONS: Insert =
    Insert { into: "session_conversations (session, conversation)", twice: "ON CONFLICT DO NOTHING" };
pub(crate) const RUNS: Insert = Insert {
    into: "runs (pid, started, boot, namespace, conversation, is_open)",
    twice: "ON CONFLICT (pid, started, boot, namespace, conversation) DO UPDATE SET is_open = excluded.is_open
             WHERE runs.is_open <> excluded.is_open",
};
pub(crate) const TURNS: Insert =
    Insert { into: "turns (key, conversation, row)", twice: "ON CONFLICT (key) DO UPDATE SET row = excluded.row" };
pub(crate) const TOOL_CALLS: Insert =
    Insert { into: "tool_calls (key, conversation, row)", twice: "ON CONFLICT (key) DO UPDATE SET row = excluded.row" };
pub(crate) const TRANSITIONS: Insert = Insert {
    into: "transitions (event, project, seq, new, session, row)",
    twice: "ON CONFLICT (event) DO UPDATE SET seq = excluded.seq, row = excluded.row",
};
pub(crate) const HEADS: Insert = Insert {
    into: "heads (project, scope, agent, agent_session, row)",
    twice: "ON CONFLICT (project, md5(scope)) DO UPDATE SET agent = excluded.agent, agent_session = excluded.agent_session, row = excluded.row",
};
pub(crate) const WAITING: Insert = Insert { into: "waiting (awaits_kind, awaits, event)", twice: "ON CONFLICT DO NOTHING" };

pub(crate) const HEAD: &str = "SELECT row FROM heads WHERE project = $1 AND md5(scope) = md5($2) AND scope = $2";
pub(crate) const TURNS_OF: &str = "SELECT row FROM turns WHERE conversation = $1";
pub(crate) const TOOL_CALLS_OF: &str = "SELECT row FROM tool_calls WHERE conversation = $1";
pub(crate) const FORGET_TAGS: &str =
    "DELETE FROM session_tags WHERE session = ANY (?) AND (session, tag) NOT IN (SELECT * FROM unnest(?::uuid[], ?::text[]))";
pub(crate) const SAVE_TAGS: &str =
    "INSERT INTO session_tags (session, tag) SELECT * FROM unnest(?::uuid[], ?::text[]) ON CONFLICT DO NOTHING";
pub(crate) const FORGET_WAITING: &str = "DELETE FROM waiting WHERE (awaits_kind, awaits) IN (SELECT * FROM unnest(?::text[], ?::uuid[]))";

pub(crate) fn project(row: &Project, json: String) -> [Value; 5] {
    let root_commit = Value::maybe_text(row.root_commit.as_ref().map(session::Text::as_str));
    [row.key.uuid().into(), row.name.as_str().into(), row.place.value.as_str().into(), root_commit, Value::json(json)]
}

pub(crate) fn session(row: &Session, json: String) -> [Value; 20] {
    [
        row.key.uuid().into(),
        row.id.as_str().into(),
        row.project.map(|key| key.uuid()).into(),
        row.number.value.map(i64::from).into(),
        row.prefix().as_str().into(),
        row.status().as_str().into(),
        row.owner.as_str().into(),
        Value::maybe_text(row.agent.as_ref().map(session::Text::as_str)),
        Value::maybe_text(row.worktree.as_ref().map(session::Text::as_str)),
        row.started.moment.micros().into(),
        row.made_current.map(session::Moment::micros).into(),
        row.started.moment.local().date().to_string().as_str().into(),
        row.ended().map(|ended| row.duration_micros(&ended).cast_signed()).into(),
        row.is_empty().into(),
        row.touched.value.moment.micros().into(),
        row.wants_survey().into(),
        row.original.is_some().into(),
        i64::from(row.work.total).into(),
        i64::from(row.work.completed).into(),
        Value::json(json),
    ]
}

pub(crate) fn work_item(row: &WorkItem, json: String) -> [Value; 5] {
    let position = row.added_by.revision.0;
    [row.key.uuid().into(), row.id.as_str().into(), row.session.uuid().into(), position.into(), Value::json(json)]
}

pub(crate) fn entry(row: &Entry, json: String) -> [Value; 5] {
    let position = row.added_by.revision.0;
    [row.key.uuid().into(), row.id.as_str().into(), row.session.uuid().into(), position.into(), Value::json(json)]
}

pub(crate) fn conversation(row: &Conversation, json: String) -> [Value; 5] {
    let last = row.last.at.moment.micros();
    [row.key.uuid().into(), row.agent.as_str().into(), row.id.as_str().into(), last.into(), Value::json(json)]
}

pub(crate) fn run(process: &Process, conversation: Uuid, is_open: bool) -> [Value; 6] {
    let (pid, boot) = (process.pid.into(), process.boot.into());
    [pid, process.started.into(), boot, process.namespace.into(), conversation.into(), is_open.into()]
}

pub(crate) fn transition(row: &Transition, json: String) -> [Value; 6] {
    [
        row.event.uuid().into(),
        row.project.uuid().into(),
        row.seq.into(),
        row.new.id.as_str().into(),
        row.session.map(|key| key.uuid()).into(),
        Value::json(json),
    ]
}

pub(crate) fn head(row: &Head, json: String) -> [Value; 5] {
    let (agent, id) = (row.agent_session.agent.as_str(), row.agent_session.id.as_str());
    [row.project.uuid().into(), row.scope.to_string().as_str().into(), agent.into(), id.into(), Value::json(json)]
}
