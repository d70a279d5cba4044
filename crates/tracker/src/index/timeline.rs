//! Turns and tool calls that only transcripts tell of, for the timeline of a session.

use std::collections::{BTreeMap, BTreeSet};

use agents::FileUse;
use session::transcript::{Answer, Call, Edit, EditKind, Ledger, TypedTurn};
use session::{Conversation, Moment, SessionKey};

use super::overlay::Said;
use crate::Clock;
use crate::activity::{ToolCallView, TurnView};

/// What a transcript tells of a conversation, with what hooks know of it.
pub(crate) struct Told<'l> {
    pub(super) ledger: &'l Ledger,
    pub(super) conversation: &'l Conversation,
    pub(super) session: SessionKey,
    pub(super) clock: &'l dyn Clock,
}

/// A file that a call changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// The file, as the call names it.
    pub(crate) path: String,
    /// Where the call was made.
    pub(crate) directory: Option<String>,
    /// What was done to it.
    pub(crate) found: FileUse,
}

impl Told<'_> {
    /// Returns the turns that no hook told of, with when they began in microseconds since 1970, and the tool calls in each. `prompts` and
    /// `calls` are what hooks know, by the hashes of their ids.
    pub(crate) fn turns(&self, prompts: &BTreeSet<u64>, calls: &BTreeSet<u64>) -> Vec<(i64, TurnView)> {
        let said = Said { ledger: self.ledger, conversation: self.conversation, session: self.session };
        let mut turns: Vec<&TypedTurn> = said.own_turns().filter(|turn| turn.at.is_some()).collect();
        turns.sort_by_key(|turn| turn.at);
        let mut made: Vec<(&Call, Option<&Answer>)> =
            said.own_calls().filter(|(call, _)| call.at.is_some() && !calls.contains(&call.id)).collect();
        made.sort_by_key(|(call, _)| (call.at, call.id));
        let mut answered: Vec<i64> = said.own_responses().filter_map(|response| response.at).collect();
        answered.sort_unstable();
        let mut views = Vec::new();
        for (place, turn) in turns.iter().enumerate() {
            let (from, to) = (turn.at.unwrap_or(0), turns.get(place + 1).and_then(|next| next.at).unwrap_or(i64::MAX));
            if prompts.contains(&turn.prompt) {
                continue;
            }
            let is_in = |at: Option<i64>| at.is_some_and(|at| from <= at && at < to);
            let own = made.iter().filter(|(call, _)| is_in(call.at)).map(|(call, answer)| self.call(call, *answer)).collect();
            let last = answered.iter().rev().find(|at| is_in(Some(**at))).copied();
            views.push((from.saturating_mul(1_000), self.turn(from, last, own)));
        }
        views
    }

    /// Returns the files that were changed by calls of which no hook told and that succeeded, in order. `calls` are what hooks know, by the hashes
    /// of their ids.
    pub(crate) fn written(&self, calls: &BTreeSet<u64>) -> Vec<Written> {
        let said = Said { ledger: self.ledger, conversation: self.conversation, session: self.session };
        let is_done = |answer: Option<&Answer>| answer.is_some_and(|answer| !answer.is_error && answer.refusal.is_none());
        let mut made: Vec<&Call> =
            said.own_calls().filter(|(call, answer)| !calls.contains(&call.id) && is_done(*answer)).map(|(call, _)| call).collect();
        made.sort_by_key(|call| (call.at, call.id));
        let mut edits: BTreeMap<u64, Vec<&Edit>> = BTreeMap::new();
        self.ledger.edits().for_each(|edit| edits.entry(edit.call).or_default().push(edit));
        let agent = self.conversation.agent.as_str();
        let mut written = Vec::new();
        for call in made {
            let directory = self.ledger.name(call.cwd).map(str::to_owned);
            let mut note = |file, found| {
                written.extend(self.ledger.name(file).map(|path| Written { path: path.to_owned(), directory: directory.clone(), found }));
            };
            if call.is_edit {
                note(call.about, agents::file_use(agent, self.ledger.name(call.tool).unwrap_or_default()).unwrap_or(FileUse::Edit));
            }
            let mut own = edits.remove(&call.id).unwrap_or_default();
            own.sort_by_key(|edit| edit.place);
            for edit in own {
                note(edit.file, if matches!(edit.kind, EditKind::Add | EditKind::MoveTo) { FileUse::Write } else { FileUse::Edit });
            }
        }
        written
    }

    fn turn(&self, from: i64, answered: Option<i64>, tool_calls: Vec<ToolCallView>) -> TurnView {
        TurnView {
            agent_session: self.conversation.id.as_str().to_owned(),
            prompt_id: None,
            started_at: self.moment(from),
            ended_at: answered.map(|at| self.moment(at)),
            outcome: if answered.is_some() { "completed" } else { "interrupted" },
            error: None,
            prompts: Vec::new(),
            typed: true,
            tool_calls,
        }
    }

    fn call(&self, call: &Call, answer: Option<&Answer>) -> ToolCallView {
        let text = |name| self.ledger.name(name).map(str::to_owned);
        let between = answer.and_then(|answer| Some(answer.at?.saturating_sub(call.at?).max(0) as f64 / 1_000.0));
        let outcome = match answer {
            Some(answer) if answer.refusal.is_some() => "refused",
            Some(answer) if answer.is_error => "failed",
            Some(_) => "succeeded",
            None => "unfinished",
        };
        ToolCallView {
            id: format!("transcript:{:016x}", call.id),
            tool: text(call.tool).unwrap_or_default(),
            about: text(call.about),
            started_at: self.moment(call.at.unwrap_or(0)),
            outcome,
            duration_seconds: answer.and_then(|answer| answer.duration_ms).map(|millis| millis as f64 / 1_000.0).or(between),
            error: None,
            subagent: text(call.subagent),
        }
    }

    fn moment(&self, millis: i64) -> String {
        let at = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
        Moment::new(at, self.clock.zone().to_offset(at)).to_string()
    }
}
