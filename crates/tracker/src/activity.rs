//! What agents did in a session: turns, the tool calls in each, and how each came out. Outcomes that no hook ever reported are
//! concluded here, from what came after.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use session::{Conversation, Reading, Session, ToolCall, Turn, TurnEnd, elapsed_micros, in_order};
use store::StoreError;

use crate::Tracker;
use crate::index::PROMPT_OF_TRANSCRIPT;

/// One turn of a session.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TurnView {
    /// The agent's id of the conversation.
    pub agent_session: String,
    /// The agent's id of the prompt; `null` for what was done outside any turn.
    pub prompt_id: Option<String>,
    /// When it began.
    pub started_at: String,
    /// When it ended; `null` while it goes on, and where nobody saw the end.
    pub ended_at: Option<String>,
    /// `completed`, `failed`, `interrupted` (no end was reported, and it is over), or `running`.
    pub outcome: &'static str,
    /// What ended it, where that was an error.
    pub error: Option<String>,
    /// What was asked; empty where prompts are not recorded.
    pub prompts: Vec<String>,
    /// Whether a person typed it; what a background task reports begins a turn as well.
    pub typed: bool,
    /// The tool calls, in order.
    pub tool_calls: Vec<ToolCallView>,
}

/// One tool call of a turn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToolCallView {
    /// The agent's id of the call.
    pub id: String,
    /// The tool.
    pub tool: String,
    /// What it works on, in a few words.
    pub about: Option<String>,
    /// When it began.
    pub started_at: String,
    /// `succeeded`, `failed`, `refused`, `unfinished` (nothing was reported, and its turn is over), or `running`.
    pub outcome: &'static str,
    /// How long it took, as the agent measured it, else between its two hooks; `null` where neither is known.
    pub duration_seconds: Option<f64>,
    /// What the agent says of a failure or refusal.
    pub error: Option<String>,
    /// The sub-agent that made it; `null` for the main thread.
    pub subagent: Option<String>,
}

impl Tracker {
    /// Returns what agents did in a session, turn by turn, in order.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn timeline(&self, session: &Session) -> Result<Vec<TurnView>, StoreError> {
        let mut turns = Vec::new();
        for conversation in self.store.reads().conversations_of(session.key)? {
            turns.extend(self.timeline_of(session, &conversation)?);
        }
        turns.sort_by_key(|(began, _)| *began);
        Ok(turns.into_iter().map(|(_, view)| view).collect())
    }

    fn timeline_of(&self, session: &Session, conversation: &Conversation) -> Result<Vec<(i64, TurnView)>, StoreError> {
        let reads = self.store.reads();
        let mut turns = reads.turns_of(conversation.key)?;
        turns.retain(Turn::is_prompted);
        in_order(&mut turns, |turn| turn.first);
        let mut calls = reads.tool_calls_of(conversation.key)?;
        calls.retain(|call| call.session == Some(session.key));
        in_order(&mut calls, |call| call.first);
        let is_at_work = self.is_at_work(session, conversation);
        let last = turns.last().map(|turn| turn.key);
        let mut views: BTreeMap<Option<String>, (i64, TurnView)> = BTreeMap::new();
        for turn in turns.iter().filter(|turn| turn.session == Some(session.key)) {
            let is_open = is_at_work && last == Some(turn.key);
            let view = view_of(turn, conversation, is_open);
            views.insert(Some(turn.prompt.as_str().to_owned()), (turn.first.at.moment.micros(), view));
        }
        for call in &calls {
            let prompt = call.prompt.as_ref().map(|prompt| prompt.as_str().to_owned());
            let key = prompt.filter(|prompt| views.contains_key(&Some(prompt.clone())));
            let (began, is_outside) = (call.first.at.moment.micros(), key.is_none());
            let (_, view) = views.entry(key).or_insert_with(|| (began, outside(conversation, call)));
            let is_open = view.outcome == "running" || (is_outside && is_at_work);
            view.tool_calls.push(view_of_call(call, is_open));
        }
        let hash = |id: &session::Text| agents::transcript_id(id.as_str());
        let prompts: BTreeSet<u64> = turns.iter().map(|turn| hash(&turn.prompt)).collect();
        let known: BTreeSet<u64> = reads.tool_calls_of(conversation.key)?.iter().map(|call| hash(&call.call)).collect();
        let mut told = self.with_told(session.key, conversation, |told| told.turns(&prompts, &known))?;
        // One turn stands for all that a transcript tells of: its words are those of the first.
        if let Some((_, first)) = told.iter_mut().min_by_key(|(began, _)| *began)
            && let Some((_, standing)) = views.remove(&Some(PROMPT_OF_TRANSCRIPT.to_owned()))
        {
            first.prompts = standing.prompts;
        }
        let named = |(key, (began, mut view)): (Option<String>, (i64, TurnView))| {
            view.prompt_id = key;
            (began, view)
        };
        Ok(views.into_iter().map(named).chain(told).collect())
    }

    /// Reports whether the conversation's last turn may be going on.
    fn is_at_work(&self, session: &Session, conversation: &Conversation) -> bool {
        let is_here = conversation.belongs_to(session.key) && !session.status().is_ended();
        is_here && self.is_run(conversation) && !self.is_idle(conversation)
    }

    /// Reports whether any process runs the conversation now, as far as that is known.
    pub(crate) fn is_run(&self, conversation: &Conversation) -> bool {
        conversation.running().any(|process| self.clock.is_running(process))
            || (conversation.runs.is_empty() && self.is_registered(conversation))
    }
}

fn view_of(turn: &Turn, conversation: &Conversation, is_open: bool) -> TurnView {
    let prompts = turn.prompts_in_order();
    let (outcome, error) = match turn.end.as_ref().map(|end| &end.value) {
        Some(TurnEnd::Stopped) => ("completed", None),
        Some(TurnEnd::Broke(error)) => ("failed", Some(error.as_str().to_owned())),
        None if is_open => ("running", None),
        None => ("interrupted", None),
    };
    TurnView {
        agent_session: conversation.id.as_str().to_owned(),
        prompt_id: None,
        started_at: turn.first.at.moment.to_string(),
        ended_at: turn.end.as_ref().map(|end| end.when.at.moment.to_string()),
        outcome,
        error,
        prompts: prompts.iter().filter_map(|prompt| prompt.text.as_ref()).map(|text| text.as_str().to_owned()).collect(),
        typed: prompts.iter().any(|prompt| prompt.is_typed),
        tool_calls: Vec::new(),
    }
}

/// The place of tool calls that belong to no prompt.
fn outside(conversation: &Conversation, first: &ToolCall) -> TurnView {
    TurnView {
        agent_session: conversation.id.as_str().to_owned(),
        prompt_id: None,
        started_at: first.first.at.moment.to_string(),
        ended_at: None,
        outcome: "completed",
        error: None,
        prompts: Vec::new(),
        typed: false,
        tool_calls: Vec::new(),
    }
}

fn view_of_call(call: &ToolCall, is_open: bool) -> ToolCallView {
    let outcome = match call.outcome() {
        Some(outcome) => outcome.as_str(),
        None if is_open => "running",
        None => "unfinished",
    };
    let text = |text: &Option<session::Text>| text.as_ref().map(|text| text.as_str().to_owned());
    ToolCallView {
        id: call.call.as_str().to_owned(),
        tool: call.tool.as_str().to_owned(),
        about: text(&call.about),
        started_at: call.first.at.moment.to_string(),
        outcome,
        duration_seconds: duration(call),
        error: call.end.as_ref().filter(|end| end.outcome != session::Outcome::Succeeded).and_then(|end| text(&end.error)),
        subagent: text(&call.subagent),
    }
}

/// Returns how long a call took: as the agent measured it, else from hook to hook.
fn duration(call: &ToolCall) -> Option<f64> {
    let end = call.end.as_ref()?;
    if let Some(measured) = end.duration_ms {
        return Some(measured as f64 / 1_000.0);
    }
    let ran = matches!(end.outcome, session::Outcome::Succeeded | session::Outcome::Failed);
    let between = |asked: &Reading| elapsed_micros(asked, &end.when.at) as f64 / 1_000_000.0;
    call.asked.filter(|_| ran).map(|asked| between(&asked.at))
}
