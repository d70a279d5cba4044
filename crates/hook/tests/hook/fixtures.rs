//! Payloads as Claude Code 2.1.328 sent them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// A payload with the name of its file.
pub(crate) type Captured = (String, Vec<u8>);

/// Returns every captured payload.
pub(crate) fn all() -> Vec<Captured> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/claude-code/2.1.328");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = files.map(|file| (file.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&file).unwrap())).collect();
    all.sort();
    assert!(all.len() > 90, "{}", all.len());
    all
}

/// Returns one payload of every event, under the event's name.
pub(crate) fn each_event() -> BTreeMap<String, Value> {
    let mut events = BTreeMap::new();
    for (_, payload) in all() {
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        events.entry(payload["hook_event_name"].as_str().unwrap().to_owned()).or_insert(payload);
    }
    assert_eq!(events.len(), 32);
    events
}

/// Returns what a tool reported.
pub(crate) fn tool() -> Value {
    each_event().remove("PostToolUse").unwrap()
}

/// Returns a prompt.
pub(crate) fn prompt() -> Value {
    each_event().remove("UserPromptSubmit").unwrap()
}
