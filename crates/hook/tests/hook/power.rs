//! What is on the disk when the hook returns. A kill cannot show a sync that is missing, since the page cache survives it: the calls
//! themselves are looked at.

use crate::call::{Hook, has_strace};
use crate::errors::{call_of, traced};
use crate::fixtures;

/// The events after which a power cut may take nothing.
const BOUNDARIES: [&str; 7] = ["SessionStart", "SessionEnd", "UserPromptSubmit", "Stop", "StopFailure", "PreCompact", "PostCompact"];

/// Returns the calls that write to the inbox and sync it, in their order.
fn steps(hook: &Hook, payload: &serde_json::Value) -> Vec<String> {
    let (trace, _) = traced(hook, &[], payload);
    let of_interest = |name: &&str| matches!(*name, "write" | "fdatasync" | "fsync");
    trace.iter().filter_map(|line| call_of(line)).filter(of_interest).map(str::to_owned).collect()
}

#[test]
fn d3_boundary_events_are_on_the_disk_when_the_hook_returns_and_tool_events_wait_for_them() {
    if !has_strace() {
        return;
    }
    let hook = Hook::new();
    hook.call(fixtures::tool().to_string());
    let events = fixtures::each_event();
    assert!(BOUNDARIES.iter().all(|name| events.contains_key(*name)));
    for (name, payload) in events {
        let expected: &[&str] = if BOUNDARIES.contains(&name.as_str()) { &["write", "fdatasync"] } else { &["write"] };
        assert_eq!(steps(&hook, &payload), expected, "{name}");
    }
}

#[test]
fn d3_the_name_of_a_new_segment_is_on_the_disk_with_its_first_record() {
    if !has_strace() {
        return;
    }
    let first = steps(&Hook::new(), &fixtures::tool());
    // The directories on the way, then the inbox itself behind its first record.
    assert!(first.ends_with(&["write".to_owned(), "fsync".to_owned()]), "{first:?}");
    assert!(first.iter().filter(|name| *name == "fsync").count() >= 2, "{first:?}");
}
