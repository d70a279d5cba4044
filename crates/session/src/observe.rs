//! The part of the fold that is about conversations: turns, tool calls, and what they count for in a session.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{
    Activity, Anomaly, Arrival, Awaited, CallEnd, Change, Conversation, ConversationKey, Doing, Event, EventId, Happened, Latest, Observed,
    Outcome, Process, Prompt, Revision, Rows, Run, Session, SessionKey, Stamp, Text, Tool, ToolCall, ToolCallKey, Turn, TurnEnd, TurnKey,
    When,
};

use crate::apply::{release, wait, wrong_subject};

/// Applies an event about a conversation.
pub(crate) fn about_conversation(rows: &mut Rows, key: ConversationKey, event: &Event) -> Vec<Anomaly> {
    match &event.change {
        Change::Observed(observed) => observe(rows, key, event, observed, When::of(event)),
        Change::Assigned { session, from } => assign(rows, key, event, *session, *from),
        Change::Gone { process, reason } => gone(rows, key, event, process, reason),
        _ => wrong_subject(event),
    }
}

fn observe(rows: &mut Rows, key: ConversationKey, event: &Event, observed: &Observed, when: When) -> Vec<Anomaly> {
    let is_new = !rows.conversations.contains_key(&key);
    let fresh = || Conversation::new(key, observed.agent.clone(), observed.conversation.clone(), when);
    see(rows.conversations.entry(key).or_insert_with(fresh), observed, when);
    if let Some(prompt) = observed.turn(event.id) {
        in_turn(rows, key, &prompt, when, |turn| take_part(turn, event, &observed.what, when));
    }
    for tool in observed.what.tools() {
        let call = ToolCallKey::of(key, tool.call.as_str());
        on_call(rows, key, call, tool, when, |row| call_happened(row, observed, tool, when));
    }
    if is_new { release(rows, Awaited::Conversation(key)) } else { Vec::new() }
}

/// What an observation says of the conversation itself.
fn see(conversation: &mut Conversation, observed: &Observed, when: When) {
    if when.is_before(&conversation.first) {
        conversation.first = when;
    }
    if conversation.last.is_before(&when) {
        conversation.last = when;
    }
    conversation.revision = conversation.revision.max(when.stamp.revision);
    if !observed.what.is_of_one_call() {
        conversation.hear(observed.fingerprint, when);
    }
    let texts = [(&mut conversation.cwd, &observed.cwd), (&mut conversation.transcript, &observed.transcript)];
    for (held, seen) in texts {
        if let Some(seen) = seen {
            Latest::observe(held, when, seen.clone());
        }
    }
    if let Some(model) = model(&observed.what) {
        Latest::observe(&mut conversation.model, when, model.clone());
    }
    if let Some(doing) = doing(observed) {
        Latest::observe(&mut conversation.doing, when, doing);
    }
    run(conversation, observed, when);
}

fn model(what: &Happened) -> Option<&Text> {
    match what {
        Happened::Started(started) => started.model.as_ref(),
        Happened::ModelSwitched { model } => Some(model),
        _ => None,
    }
}

fn doing(observed: &Observed) -> Option<Doing> {
    match &observed.what {
        Happened::Started(started) if started.source.as_str() == "compact" => None,
        Happened::Started(_) => Some(Doing::Idle),
        Happened::Left { reason } => Some(Doing::Left(reason.clone())),
        Happened::Waits { reason } => Some(Doing::Waiting(reason.clone())),
        // What a sub-agent's turn ends with is not the end of the turn.
        Happened::Stopped if observed.subagent.is_none() => Some(Doing::Done),
        Happened::Broke { error } if observed.subagent.is_none() => Some(Doing::Broken(error.clone())),
        Happened::Prompted { .. } | Happened::Compacting { .. } => Some(Doing::Working),
        what if !what.tools().is_empty() => Some(Doing::Working),
        _ => None,
    }
}

/// Notes which process took the conversation up, and which left it.
fn run(conversation: &mut Conversation, observed: &Observed, when: When) {
    if let Happened::Started(started) = &observed.what {
        let run = Run { since: when, machine: started.machine.clone() };
        if let Some(process) = started.process {
            let held = conversation.runs.entry(process).or_insert_with(|| run.clone());
            if held.since.is_before(&when) {
                *held = run.clone();
            }
        }
        Latest::observe(&mut conversation.arrival, when, Arrival::of(started));
    }
    let noted = match &observed.what {
        Happened::Left { .. } => &mut conversation.left,
        // Whatever else it says, it is there: also what is no work.
        _ => &mut conversation.acted,
    };
    observed.pid.into_iter().for_each(|pid| noted.note(pid, when));
}

/// A process is gone from the conversation without having said so.
fn gone(rows: &mut Rows, key: ConversationKey, event: &Event, process: &Process, reason: &Text) -> Vec<Anomaly> {
    let Some(conversation) = rows.conversations.get_mut(&key) else {
        return wait(rows, Awaited::Conversation(key), event);
    };
    let when = When::of(event);
    conversation.revision = conversation.revision.max(event.revision);
    conversation.left.note(process.pid, when);
    Latest::observe(&mut conversation.doing, when, Doing::Gone(reason.clone()));
    Vec::new()
}

fn assign(rows: &mut Rows, key: ConversationKey, event: &Event, session: SessionKey, from: Revision) -> Vec<Anomaly> {
    if !rows.sessions.contains_key(&session) {
        return wait(rows, Awaited::Session(session), event);
    }
    let Some(conversation) = rows.conversations.get_mut(&key) else {
        return wait(rows, Awaited::Conversation(key), event);
    };
    // Just before the observation that it begins with.
    let since = When { at: event.at, stamp: Stamp { revision: from, event: EventId::new(Uuid::nil()) } };
    conversation.assign(since, session);
    conversation.revision = conversation.revision.max(event.revision);
    // Whatever it did before and since may belong elsewhere now.
    let turns: Vec<_> = rows.turns.values().filter(|turn| turn.conversation == key).map(|turn| turn.key).collect();
    let calls: Vec<_> = rows.tool_calls.values().filter(|call| call.conversation == key).map(|call| call.key).collect();
    turns.into_iter().for_each(|turn| on_turn(rows, turn, |_| {}));
    calls.into_iter().for_each(|call| on_known_call(rows, call, |_| {}));
    Vec::new()
}

fn in_turn(rows: &mut Rows, conversation: ConversationKey, prompt: &Text, when: When, change: impl FnOnce(&mut Turn)) {
    let key = TurnKey::of(conversation, prompt.as_str());
    let fresh = || Turn { key, conversation, prompt: prompt.clone(), session: None, first: when, prompts: BTreeMap::new(), end: None };
    rows.turns.entry(key).or_insert_with(fresh);
    on_turn(rows, key, |turn| {
        if when.is_before(&turn.first) {
            turn.first = when;
        }
        change(turn);
    });
}

fn take_part(turn: &mut Turn, event: &Event, what: &Happened, when: When) {
    match what {
        Happened::Prompted { text, is_typed } => {
            turn.prompts.insert(event.id, Prompt { when, text: text.clone(), is_typed: *is_typed });
        }
        Happened::Stopped => Latest::observe(&mut turn.end, when, TurnEnd::Stopped),
        Happened::Broke { error } => Latest::observe(&mut turn.end, when, TurnEnd::Broke(error.clone())),
        _ => {}
    }
}

/// Changes a turn, places it, and counts it where it lies then.
fn on_turn(rows: &mut Rows, key: TurnKey, change: impl FnOnce(&mut Turn)) {
    let Some(turn) = rows.turns.get_mut(&key) else { return };
    let (was, before) = (turn.session, weight_of_turn(turn));
    change(turn);
    turn.session = rows.conversations.get(&turn.conversation).and_then(|conversation| conversation.session_at(&turn.first));
    let (is, after) = (turn.session, weight_of_turn(turn));
    recount(&mut rows.sessions, was, before, is, after);
}

fn on_call(rows: &mut Rows, conversation: ConversationKey, key: ToolCallKey, tool: &Tool, when: When, change: impl FnOnce(&mut ToolCall)) {
    let fresh = || ToolCall {
        key,
        conversation,
        session: None,
        call: tool.call.clone(),
        tool: tool.name.clone(),
        about: None,
        prompt: None,
        subagent: None,
        first: when,
        asked: None,
        end: None,
    };
    let is_new = !rows.tool_calls.contains_key(&key);
    rows.tool_calls.entry(key).or_insert_with(fresh);
    if is_new {
        // It counts from now on, wherever it lies.
        let session = rows.conversations.get(&conversation).and_then(|conversation| conversation.session_at(&when));
        if let Some(call) = rows.tool_calls.get_mut(&key) {
            call.session = session;
            recount(&mut rows.sessions, None, Activity::default(), session, weight_of_call(call));
        }
    }
    on_known_call(rows, key, |call| {
        if when.is_before(&call.first) {
            call.first = when;
        }
        change(call);
    });
}

fn on_known_call(rows: &mut Rows, key: ToolCallKey, change: impl FnOnce(&mut ToolCall)) {
    let Some(call) = rows.tool_calls.get_mut(&key) else { return };
    let (was, before) = (call.session, weight_of_call(call));
    change(call);
    call.session = rows.conversations.get(&call.conversation).and_then(|conversation| conversation.session_at(&call.first));
    let (is, after) = (call.session, weight_of_call(call));
    recount(&mut rows.sessions, was, before, is, after);
}

fn call_happened(call: &mut ToolCall, observed: &Observed, tool: &Tool, when: When) {
    let keep = |held: &mut Option<Text>, seen: &Option<Text>| {
        // The same in every event of the call; where it is not, the greater one, whichever comes first.
        *held = held.take().max(seen.clone());
    };
    keep(&mut call.about, &tool.about);
    keep(&mut call.prompt, &observed.prompt);
    keep(&mut call.subagent, &observed.subagent);
    let outcome = match observed.what {
        Happened::ToolAsked(_) => {
            call.asked = Some(call.asked.filter(|asked| asked.is_before(&when)).unwrap_or(when));
            return;
        }
        Happened::ToolSucceeded(_) => Outcome::Succeeded,
        Happened::ToolFailed(_) => Outcome::Failed,
        Happened::ToolRefused(_) => Outcome::Refused,
        _ => Outcome::NotRun,
    };
    call.take_end(CallEnd { outcome, when, duration_ms: tool.duration_ms, error: tool.error.clone() });
}

fn weight_of_turn(turn: &Turn) -> Activity {
    Activity { turns: u32::from(turn.is_prompted()), ..Activity::default() }
}

fn weight_of_call(call: &ToolCall) -> Activity {
    let is = |outcomes: &[Outcome]| u32::from(call.outcome().is_some_and(|outcome| outcomes.contains(&outcome)));
    Activity { turns: 0, tool_calls: 1, failed: is(&[Outcome::Failed]), refused: is(&[Outcome::Refused, Outcome::NotRun]) }
}

/// Takes what something weighed before out of the session where it was, and adds what it weighs now where it is.
fn recount(
    sessions: &mut BTreeMap<SessionKey, Session>,
    was: Option<SessionKey>,
    before: Activity,
    is: Option<SessionKey>,
    after: Activity,
) {
    if (was, before) == (is, after) {
        return;
    }
    if let Some(session) = was.and_then(|key| sessions.get_mut(&key)) {
        each(&mut session.activity, before, u32::saturating_sub);
    }
    if let Some(session) = is.and_then(|key| sessions.get_mut(&key)) {
        each(&mut session.activity, after, u32::saturating_add);
    }
}

fn each(held: &mut Activity, by: Activity, step: fn(u32, u32) -> u32) {
    held.turns = step(held.turns, by.turns);
    held.tool_calls = step(held.tool_calls, by.tool_calls);
    held.failed = step(held.failed, by.failed);
    held.refused = step(held.refused, by.refused);
}
