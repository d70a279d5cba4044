//! Calls of hooks, a few seconds apart, and what they came to.

use serde_json::{Value, json};
use testkit::{Home, HookCall};
use tracker::{Listing, SessionView, Tracker};

pub(crate) fn start(home: &Home, pid: u32, conversation: &str, source: &str) -> HookCall {
    let payload = json!({"session_id": conversation, "cwd": home.project(), "hook_event_name": "SessionStart", "source": source});
    HookCall { process: Some(HookCall::process(pid)), ..HookCall::new(home, pid, payload) }
}

pub(crate) fn says(home: &Home, pid: u32, conversation: &str, event: &str, rest: Value) -> HookCall {
    home.clock.pass(3);
    let mut payload = json!({"session_id": conversation, "cwd": home.project(), "hook_event_name": event});
    payload.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    HookCall::new(home, pid, payload)
}

pub(crate) fn prompt(home: &Home, pid: u32, conversation: &str, id: &str, text: &str) -> HookCall {
    says(home, pid, conversation, "UserPromptSubmit", json!({"prompt_id": id, "prompt": text}))
}

pub(crate) fn tool(home: &Home, pid: u32, conversation: &str, event: &str, call: &str) -> HookCall {
    let rest = json!({"prompt_id": "p", "tool_name": "Bash", "tool_use_id": call, "tool_input": {"command": "ls"}});
    says(home, pid, conversation, event, rest)
}

pub(crate) fn end(home: &Home, pid: u32, conversation: &str, reason: &str) -> HookCall {
    says(home, pid, conversation, "SessionEnd", json!({"reason": reason}))
}

/// Returns all sessions, oldest first.
pub(crate) fn sessions(tracker: &Tracker) -> Vec<SessionView> {
    let listing = Listing { with_empty: true, all_projects: true, ..Listing::default() };
    let mut sessions = tracker.list(&listing).unwrap();
    sessions.reverse();
    sessions.iter().map(|session| tracker.view(session).unwrap()).collect()
}
