//! Every running agent: with which session, what it does, and whether it works, waits for a person, or is done.
//!
//! An agent's own registry says what no hook does (Escape is reported by none), but goes stale when a process is killed: each
//! entry counts only while its process is still the same one.

use agents::claude_code::registry::{self, Running, RunningStatus};
use serde::Serialize;
use session::{Conversation, ConversationKey, Doing, Process, Session, ToolCall, Turn};
use store::StoreError;

use crate::Tracker;

/// A running agent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgentView {
    /// The agent.
    pub agent: &'static str,
    /// The number of its process.
    pub pid: u32,
    /// The id of its session; `null` where none is known.
    pub session: Option<String>,
    /// That session's number in its project.
    pub number: Option<u32>,
    /// What that session is about.
    pub description: Option<String>,
    /// The agent's own id of the conversation.
    pub agent_session: Option<String>,
    /// Where it works.
    pub cwd: Option<String>,
    /// `working`, `waiting` (for a person), `done`, or `idle` (nothing was asked of it yet).
    pub state: &'static str,
    /// What it does, waits for, or did last, in a few words.
    pub what: Option<String>,
    /// Since when, where that is known.
    pub since: Option<String>,
}

/// More conversations than anybody has at once.
const LOOKED_AT: usize = 256;

impl Tracker {
    /// Returns the agents that run now, by process number.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn running_agents(&self) -> Result<Vec<AgentView>, StoreError> {
        let mut views = Vec::new();
        for entry in self.registered() {
            views.push(self.view_of_entry(&entry)?);
        }
        for conversation in self.store.reads().newest_conversations(LOOKED_AT)? {
            for process in conversation.running().filter(|process| self.clock.is_running(process)) {
                if views.iter().all(|view: &AgentView| view.pid != process.pid) {
                    views.push(self.view_of_run(process, &conversation)?);
                }
            }
        }
        views.sort_by_key(|view| view.pid);
        Ok(views)
    }

    /// Reports whether every process in the conversation says that it does nothing: after Escape no hook does.
    pub(crate) fn is_idle(&self, conversation: &Conversation) -> bool {
        let mut here = self.registered();
        here.retain(|entry| entry.session_id.as_deref() == Some(conversation.id.as_str()));
        !here.is_empty() && here.iter().all(|entry| entry.status == RunningStatus::Idle)
    }

    /// Reports whether a process says that it is in the conversation: who was at work before hooks were there told none of its start.
    pub(crate) fn is_registered(&self, conversation: &Conversation) -> bool {
        self.registered().iter().any(|entry| entry.session_id.as_deref() == Some(conversation.id.as_str()))
    }

    pub(crate) fn registered(&self) -> Vec<Running> {
        let mut registered = self.locations().ok().and_then(|places| registry::read(&places.sessions()).ok()).unwrap_or_default();
        registered.retain(|entry| self.is_alive(entry));
        registered
    }

    fn is_alive(&self, entry: &Running) -> bool {
        let found = machine::process(entry.pid);
        found.is_some_and(|found| entry.process_start == Some(found.started) && self.clock.is_running(&found))
    }

    fn view_of_entry(&self, entry: &Running) -> Result<AgentView, StoreError> {
        let key = entry.session_id.as_deref().map(|id| ConversationKey::of(agents::claude_code::NAME, id));
        let conversation = key.map(|key| self.store.reads().conversation(key)).transpose()?.flatten();
        let told = self.told(conversation.as_ref())?;
        let (state, what) = match entry.status {
            RunningStatus::Busy => ("working", told.work),
            RunningStatus::Waiting => ("waiting", entry.waiting_for.clone().or(told.wait)),
            RunningStatus::Idle if told.has_turn => ("done", told.prompt),
            RunningStatus::Idle => ("idle", None),
            RunningStatus::Other => (told.state, told.work),
        };
        let cwd = entry.cwd.as_ref().map(|cwd| cwd.to_string_lossy().into_owned());
        Ok(view(entry.pid, told.session.as_ref(), entry.session_id.clone(), cwd, state, what, told.since))
    }

    fn view_of_run(&self, process: &Process, conversation: &Conversation) -> Result<AgentView, StoreError> {
        let told = self.told(Some(conversation))?;
        let what = match told.state {
            "waiting" => told.wait,
            "working" => told.work,
            _ => told.prompt,
        };
        let cwd = session::Latest::get(&conversation.cwd).map(|cwd| cwd.as_str().to_owned());
        Ok(view(process.pid, told.session.as_ref(), Some(conversation.id.as_str().to_owned()), cwd, told.state, what, told.since))
    }

    /// Returns what hooks told of a conversation.
    fn told(&self, conversation: Option<&Conversation>) -> Result<Told, StoreError> {
        let Some(conversation) = conversation else { return Ok(Told::default()) };
        let reads = self.store.reads();
        let session = conversation.session().map(|key| reads.session(key)).transpose()?.flatten();
        let turns = reads.turns_of(conversation.key)?;
        let last =
            turns.iter().filter(|turn| turn.is_prompted()).reduce(|kept, next| if kept.first.is_before(&next.first) { next } else { kept });
        let prompt = last.and_then(|turn| turn.prompts_in_order().last().and_then(|prompt| prompt.text.clone()));
        let prompt = prompt.map(|text| text.as_str().to_owned());
        let doing = conversation.doing.as_ref();
        let (state, wait) = match doing.map(|doing| &doing.value) {
            None | Some(Doing::Idle) => ("idle", None),
            Some(Doing::Working) => ("working", None),
            Some(Doing::Waiting(reason)) => ("waiting", Some(reason.as_str().to_owned())),
            Some(Doing::Done | Doing::Broken(_) | Doing::Left(_) | Doing::Gone(_)) => ("done", None),
        };
        let calls = reads.tool_calls_of(conversation.key)?;
        let work = open_call(&calls, last).or_else(|| prompt.clone());
        let since = doing.map(|doing| doing.when.at.moment.to_string());
        Ok(Told { session, state, wait, work, prompt, since, has_turn: last.is_some() })
    }
}

/// What hooks told of a conversation.
struct Told {
    session: Option<Session>,
    state: &'static str,
    wait: Option<String>,
    work: Option<String>,
    prompt: Option<String>,
    since: Option<String>,
    has_turn: bool,
}

impl Default for Told {
    fn default() -> Self {
        Self { session: None, state: "idle", wait: None, work: None, prompt: None, since: None, has_turn: false }
    }
}

/// Returns the tool call of the last turn that is not over.
fn open_call(calls: &[ToolCall], last: Option<&Turn>) -> Option<String> {
    let of_turn = |call: &&ToolCall| last.is_none_or(|turn| call.prompt.as_ref() == Some(&turn.prompt));
    let open = calls.iter().filter(|call| call.end.is_none()).filter(of_turn);
    let newest = open.reduce(|kept, next| if kept.first.is_before(&next.first) { next } else { kept })?;
    let about = newest.about.as_ref().map_or_else(String::new, |about| format!(": {about}"));
    Some(format!("{}{about}", newest.tool))
}

fn view(
    pid: u32,
    session: Option<&Session>,
    agent_session: Option<String>,
    cwd: Option<String>,
    state: &'static str,
    what: Option<String>,
    since: Option<String>,
) -> AgentView {
    AgentView {
        agent: agents::claude_code::NAME,
        pid,
        session: session.map(|session| session.id.to_string()),
        number: session.and_then(|session| session.number.value),
        description: session.and_then(|session| session.description.as_ref()).map(|description| description.text.as_str().to_owned()),
        agent_session,
        cwd,
        state,
        what: what.map(|what| redact::mask(&what).into_owned()),
        since,
    }
}
