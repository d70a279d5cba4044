//! Calls killed at every step: what the next one says is there once, and nothing is torn.

use std::collections::BTreeMap;

use serde_json::Value;
use testkit::Home;

use crate::call::{Hook, has_strace};
use crate::errors::{call_of, traced};
use crate::fixtures;
use crate::storm::events;

/// Returns every call of a trace: its name and how many of the name there were by then.
fn calls(trace: &[String]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let named = trace.iter().filter_map(|line| call_of(line)).filter(|name| !name.starts_with("execve") && !name.starts_with("clone"));
    let counted = named.map(|name| {
        let count = counts.entry(name).or_default();
        *count += 1;
        (name.to_owned(), *count)
    });
    counted.collect()
}

/// Calls the hook, kills it as it makes a call into the system, and calls it again.
fn kill_at(hook: &Hook, (name, count): &(String, usize), payload: &Value) {
    let kill = ["-e".to_owned(), format!("inject={name}:signal=KILL:when={count}")];
    let (_, output) = traced(hook, &kill, payload);
    assert!(!output.status.success(), "{name} {count}");
    hook.call(payload.to_string());
}

/// Kills at every call in a home of its own and in one that all share; returns how many there were.
fn kill_everywhere(shared: &Hook, payload: &Value, numbered: impl Fn(usize) -> Value, drain: &mut impl FnMut()) -> usize {
    let fresh = calls(&traced(&Hook::new(), &[], payload).0);
    for call in &fresh {
        let hook = Hook::new();
        kill_at(&hook, call, payload);
        let records = hook.records();
        assert!((1..=2).contains(&records.len()), "{call:?}");
        assert!(payload["tool_use_id"].is_null() || records.iter().all(|record| record.id == records[0].id), "{call:?}");
    }
    shared.call(numbered(0).to_string());
    let used = calls(&traced(shared, &[], &numbered(0)).0);
    for (number, call) in used.iter().enumerate() {
        kill_at(shared, call, &numbered(number + 1));
        if number % 16 == 0 {
            drain();
        }
    }
    drain();
    used.len() + 1
}

#[test]
fn d2_killed_at_every_step_nothing_is_lost_doubled_or_torn() {
    if !has_strace() {
        return;
    }
    let home = Home::new();
    let (hook, mut tracker) = (Hook::recording_at(home.path("store")), home.tracker());
    let mut drain = || assert!(tracker.take_in().is_ok());
    let (tool, prompt) = (fixtures::tool(), fixtures::prompt());
    let with = |payload: &Value, field: &str, number: usize| {
        let mut payload = payload.clone();
        payload[field] = format!("number {number}").into();
        payload
    };
    let tools = kill_everywhere(&hook, &tool, |number| with(&tool, "tool_use_id", number), &mut drain);
    let prompts = kill_everywhere(&hook, &prompt, |number| with(&prompt, "prompt", number), &mut drain);
    hook.records();
    let count = |field: &str| {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        events(&tracker).iter().filter_map(|event| event[field].as_str()).for_each(|key| *found.entry(key.to_owned()).or_default() += 1);
        assert!(found.values().all(|count| *count == 1), "{found:?}");
        found.len()
    };
    assert_eq!((count("tool_use_id"), count("prompt")), (tools, prompts));
    assert!(tools > 60 && prompts > 60, "{tools} and {prompts} calls into the system");
}
