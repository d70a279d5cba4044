//! Every captured payload becomes one record that is understood.

use std::collections::BTreeSet;

use session::{EventId, Happened};

use crate::call::Hook;
use crate::fixtures;

#[test]
fn every_captured_payload_is_one_record_that_is_understood() {
    let hook = Hook::new();
    let captured = fixtures::all();
    for (number, (name, payload)) in captured.iter().enumerate() {
        hook.call(payload);
        let records = hook.records();
        assert_eq!(records.len(), number + 1, "{name}");
        let (record, sent) = (&records[number], serde_json::from_slice::<serde_json::Value>(payload).unwrap());
        let understood = record.understood();
        assert_eq!(understood.conversation.as_str(), sent["session_id"], "{name}");
        assert_eq!(understood.name.as_str(), sent["hook_event_name"], "{name}");
        assert_ne!(understood.what, Happened::Unknown, "{name}");
        assert_eq!(record.payload(), sent, "{name}: nothing in it is secret, and nothing is long");
    }
    assert_eq!((hook.lost(), captured.len()), (0, 98));
}

#[test]
fn what_is_said_twice_of_a_tool_call_has_one_id_and_everything_else_its_own() {
    let hook = Hook::new();
    let ids = |hook: &Hook| hook.records().iter().map(|record| record.id).collect::<Vec<EventId>>();
    let mut tools = 0;
    for (name, payload) in fixtures::all() {
        let before = ids(&hook).len();
        (0..2).for_each(|_| hook.call(&payload));
        let found = ids(&hook).split_off(before);
        let is_of_tool = serde_json::from_slice::<serde_json::Value>(&payload).unwrap()["tool_use_id"].is_string();
        assert_eq!((found.len(), found[0] == found[1]), (2, is_of_tool), "{name}");
        tools += usize::from(is_of_tool);
    }
    let all: BTreeSet<_> = ids(&hook).into_iter().collect();
    assert_eq!((all.len(), tools), (2 * 98 - tools, 32), "no id is that of another event");
}
