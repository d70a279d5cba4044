//! Everything that is recorded of one session, read once: what documents and handoffs are made from.

use std::collections::BTreeMap;

use session::{AgentSession, Entry, Footprint, Latest, Outcome, Session, SessionId, SessionKey, Survey, ToolCall, WorkItem, in_order};
use store::StoreError;

use crate::Tracker;
use crate::entries::replacement;

/// More shell commands than these, the newest, say nothing that is worth reading.
const MOST_COMMANDS: usize = 2_000;

/// A session with all that belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) session: Session,
    /// The name of its project.
    pub(crate) project: Option<String>,
    /// What was written down, in order.
    pub(crate) entries: Vec<Entry>,
    /// Its work items, in order.
    pub(crate) work: Vec<WorkItem>,
    /// What it left behind, as somebody found it.
    pub(crate) survey: Option<Survey>,
    /// Commands that its agents ran in a shell, in order.
    pub(crate) commands: Vec<Ran>,
    /// The agent session to resume, and where it worked.
    pub(crate) head: Option<(AgentSession, Option<String>)>,
    /// The ids of other sessions that it names.
    pub(crate) names: BTreeMap<SessionKey, SessionId>,
}

/// A command that was run in a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    /// The command, as far as it is kept.
    pub(crate) command: String,
    /// What came of it.
    pub(crate) outcome: Option<Outcome>,
    /// When it was run, in microseconds since 1970.
    pub(crate) at: i64,
}

impl Record {
    /// Returns the entries that nothing replaced.
    pub(crate) fn standing(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().filter(|entry| replacement(&self.entries, entry.key).is_none())
    }
}

impl Tracker {
    /// Reads everything that is recorded of a session.
    pub(crate) fn record_of(&self, session: Session) -> Result<Record, StoreError> {
        let reads = self.store.reads();
        let survey = reads.footprint(session.key)?.and_then(|row: Footprint| row.survey).map(|survey| survey.value);
        let conversations = reads.conversations_of(session.key)?;
        let mut calls = Vec::new();
        for conversation in &conversations {
            let is_command =
                |call: &ToolCall| call.session == Some(session.key) && agents::is_shell(conversation.agent.as_str(), call.tool.as_str());
            calls.extend(reads.tool_calls_of(conversation.key)?.into_iter().filter(is_command));
        }
        let head = self.head_of(&session, &conversations)?;
        let directory =
            |row: &session::Conversation| Latest::get(&row.cwd).or(session.worktree.as_ref()).map(|text| text.as_str().to_owned());
        let mentioned = survey.iter().flat_map(|survey| &survey.files).flat_map(|file| file.others.iter().copied());
        let mut names = BTreeMap::new();
        for key in mentioned.collect::<std::collections::BTreeSet<_>>() {
            names.extend(reads.session(key)?.map(|other| (key, other.id)));
        }
        Ok(Record {
            project: session.project.map(|key| self.name_of_project(key)).transpose()?.flatten(),
            entries: reads.entries(session.key)?,
            work: reads.work_items(session.key)?,
            survey,
            commands: commands(calls),
            head: head.map(|row| (row.agent_session(), directory(row))),
            names,
            session,
        })
    }
}

fn commands(mut calls: Vec<ToolCall>) -> Vec<Ran> {
    in_order(&mut calls, |call| call.first);
    let ran = |call: ToolCall| {
        let (outcome, at) = (call.outcome(), call.first.at.moment.micros());
        Some(Ran { command: call.about?.as_str().to_owned(), outcome, at })
    };
    let spare = calls.len().saturating_sub(MOST_COMMANDS);
    calls.into_iter().skip(spare).filter_map(ran).collect()
}
