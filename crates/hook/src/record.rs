//! A payload to a record of the inbox.

use std::borrow::Cow;
use std::path::Path;

use agents::{Envelope, claude_code};
use inbox::{Inbox, Loss, Sync, Wishes};
use machine::Clocks;
use serde_json::Value;
use session::{EventId, Reading};
use uuid::Uuid;

use crate::cut;
use crate::debug::Debug;
use crate::parse;
use crate::surroundings::Surroundings;

/// The fields in which an agent repeats what a person typed.
const PROMPTS: &[&str] = &["prompt", "command_args", "custom_instructions", "session_title"];

/// What came of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// The conversation that began with it and is to be answered.
    pub(crate) start: Option<String>,
}

impl Recorded {
    /// Counts a loss.
    pub(crate) fn lost(home: &Path, loss: Loss) -> Self {
        inbox(home).count_loss(loss);
        Self::default()
    }
}

fn inbox(home: &Path) -> Inbox {
    Inbox::at(home, &machine::name())
}

/// Redacts a payload, cuts it, and appends it to the inbox below `home`.
pub(crate) fn record(agent: &str, home: &Path, surroundings: &Surroundings, bytes: Vec<u8>, debug: &Debug) -> Recorded {
    let payload = parse::object(&bytes);
    drop(bytes);
    let Some(mut payload) = payload else {
        debug.say("what came is no JSON object; it is counted as lost");
        return Recorded::lost(home, Loss::NoPayload);
    };
    let wishes = surroundings.wishes(home);
    let now = Clocks::new(surroundings.zone()).now();
    let is_excluded = |directory: &str| wishes.is_excluded(directory);
    if wishes.is_paused(now.moment)
        || text(&payload, "cwd").is_some_and(is_excluded)
        || surroundings.project().as_deref().is_some_and(is_excluded)
    {
        debug.say("recording is paused, or this directory is excluded: nothing recorded");
        return Recorded::default();
    }
    name_by_environment(&mut payload, surroundings);
    let event = text(&payload, "hook_event_name").unwrap_or_default().to_owned();
    let conversation = text(&payload, "session_id").unwrap_or_default().to_owned();
    let id = event_id(agent, &event, &conversation, &payload, &now);
    let body = body(agent, surroundings, now, &wishes, payload);
    let sync = if claude_code::is_boundary(&event) { Sync::Now } else { Sync::Later };
    let inbox = inbox(home);
    let appended = inbox.append(now.moment, id, body.as_bytes(), sync);
    debug.say_with(|| {
        let named = format!("{event} of {conversation}");
        match (redact::mask(&named), &appended) {
            (named, Ok(())) => format!("{named}: {} bytes in {}", body.len(), inbox.segment_of(now.moment).display()),
            (named, Err(error)) => format!("{named} is lost: {error}"),
        }
    });
    if let Err(error) = appended {
        inbox.count_loss(error.loss());
    }
    let is_answered = claude_code::is_start(&event) && wishes.answer && !conversation.is_empty();
    Recorded { start: is_answered.then_some(conversation) }
}

/// A payload without an id is named by what the agent tells its programs, and says so.
fn name_by_environment(payload: &mut Value, surroundings: &Surroundings) {
    if text(payload, "session_id").is_some_and(|id| !id.is_empty()) {
        return;
    }
    if let (Some(id), Some(fields)) = (surroundings.conversation(), payload.as_object_mut()) {
        fields.insert("session_id".to_owned(), id.into());
        fields.insert("session_id_from".to_owned(), "environment".into());
    }
}

fn text<'p>(payload: &'p Value, field: &str) -> Option<&'p str> {
    payload.get(field).and_then(Value::as_str)
}

/// Derives the id of what is said of a tool call, and draws any other.
fn event_id(agent: &str, event: &str, conversation: &str, payload: &Value, now: &Reading) -> EventId {
    match text(payload, "tool_use_id") {
        Some(call) if !call.is_empty() => EventId::of_tool_call(agent, conversation, call, event),
        _ => EventId::new(drawn(now)),
    }
}

fn drawn(now: &Reading) -> Uuid {
    let mut random = [0; 10];
    let is_drawn = rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::NONBLOCK).is_ok();
    if !is_drawn {
        // Without randomness: no two processes of one boot have both in common.
        random[..4].copy_from_slice(&std::process::id().to_le_bytes());
        random[4..].copy_from_slice(&now.boot.map_or(0, |boot| boot.micros).to_le_bytes()[..6]);
    }
    let millis = u64::try_from(now.moment.timestamp().as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

fn body(agent: &str, surroundings: &Surroundings, now: Reading, wishes: &Wishes, mut payload: Value) -> String {
    let is_start = text(&payload, "hook_event_name").is_some_and(claude_code::is_start);
    let pid = surroundings.agent_pid();
    if !wishes.prompts {
        for name in PROMPTS {
            if let Some(said) = payload.get_mut(*name) {
                *said = Value::Null;
            }
        }
    }
    cut::roughly(&mut payload);
    redact::mask_value(&mut payload, claude_code::EXEMPT);
    cut::finish(&mut payload);
    let payload = serde_json::value::to_raw_value(&payload).expect("a JSON value serialises");
    let started = |pid: &u32| is_start.then_some(*pid);
    let process = pid.as_ref().and_then(started);
    let masked = |(name, value): (String, String)| (name, redact::mask(&value).into_owned());
    let envelope = Envelope {
        agent: Cow::Borrowed(agent),
        at: now,
        owner: surroundings.owner().map(|owner| redact::mask(&owner).into_owned()),
        pid,
        // Of what is kept: a hash of what was masked would give it away.
        fingerprint: cut::hash(payload.get().as_bytes()) ^ u64::from(pid.unwrap_or(0)).rotate_left(32),
        process: process.and_then(machine::process),
        machine: is_start.then(machine::name),
        ancestors: process.map(machine::ancestors).unwrap_or_default(),
        variables: process
            .map(|pid| machine::variables_of(pid, claude_code::VARIABLES))
            .unwrap_or_default()
            .into_iter()
            .map(masked)
            .collect(),
        payload: &payload,
    };
    serde_json::to_string(&envelope).expect("an envelope serialises")
}
