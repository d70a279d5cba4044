//! Measures taking in: `drain DIRECTORY EVENTS` fills an inbox with what hooks of many agents left, takes it in, and prints the microseconds.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for tests")]

use std::path::Path;
use std::time::Instant;

use agents::Envelope;
use inbox::{Inbox, Sync};
use machine::Clocks;
use serde_json::json;
use serde_json::value::to_raw_value;
use session::EventId;
use tracker::{Access, Config, Environment, SystemClock, SystemDice, Tracker};
use uuid::Uuid;

/// Conversations that go on side by side.
const CONVERSATIONS: usize = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (directory, events) = (Path::new(&arguments[1]), arguments[2].parse::<usize>().unwrap());
    fill(directory, events);
    let [store, markers] = ["store", "markers"].map(|below| directory.join(below));
    let paths = [("HOME", directory), ("RUTTER_HOME", &store), ("RUTTER_MIRROR", Path::new("off")), ("RUTTER_MARKER_DIR", &markers)];
    let environment = Environment::of(paths);
    let config = Config::load(&environment).unwrap();
    let began = Instant::now();
    let clock = Box::new(SystemClock::new(&environment));
    let mut tracker = Tracker::open(config, directory, Access::Write, clock, Box::new(SystemDice)).unwrap();
    let micros = began.elapsed().as_micros();
    let notes = tracker.take_notes();
    assert!(notes.is_empty(), "{notes:?}");
    assert_eq!(tracker.take_in().unwrap().events, 0);
    println!("{micros}");
}

/// Leaves in the inbox what agents say: each starts, and then calls tool after tool.
fn fill(directory: &Path, events: usize) {
    let (inbox, clocks) = (Inbox::at(&directory.join("store"), &machine::name()), Clocks::new(None));
    for number in 0..events {
        let (conversation, step) = (format!("00000000-0000-4000-8000-{:012x}", number % CONVERSATIONS), number / CONVERSATIONS);
        let payload = payload(directory, &conversation, step);
        let id = match payload["tool_use_id"].as_str() {
            Some(call) => EventId::of_tool_call("claude-code", &conversation, call, payload["hook_event_name"].as_str().unwrap()),
            None => EventId::new(Uuid::from_u128(number as u128)),
        };
        let payload = to_raw_value(&payload).unwrap();
        let envelope = Envelope {
            agent: "claude-code".into(),
            at: clocks.now(),
            owner: None,
            pid: Some(4_000_000),
            fingerprint: number as u64,
            process: None,
            machine: None,
            ancestors: Vec::new(),
            variables: Vec::new(),
            payload: &payload,
        };
        inbox.append(envelope.at.moment, id, &serde_json::to_vec(&envelope).unwrap(), Sync::Later).unwrap();
    }
}

fn payload(directory: &Path, conversation: &str, step: usize) -> serde_json::Value {
    let name = match step {
        0 => "SessionStart",
        step if step % 40 == 1 => "UserPromptSubmit",
        step if step % 2 == 0 => "PreToolUse",
        _ => "PostToolUse",
    };
    let mut payload = json!({
        "session_id": conversation,
        "transcript_path": format!("/home/dev/.claude/projects/-home-dev-demo/{conversation}.jsonl"),
        "cwd": directory,
        "prompt_id": format!("07fb8c59-06a2-413f-9f1e-{:012x}", step / 40),
        "permission_mode": "default",
        "hook_event_name": name,
        "source": "startup",
        "prompt": "Please go on with the work and run the tests",
    });
    if name.ends_with("ToolUse") {
        payload["tool_name"] = json!("Bash");
        payload["tool_use_id"] = json!(format!("toolu_{conversation}_{}", step / 2));
        payload["tool_input"] = json!({"command": "cargo test --workspace", "description": "Run the tests"});
        payload["tool_response"] = json!({"stdout": "ok ".repeat(60), "stderr": "", "interrupted": false});
    }
    payload
}
