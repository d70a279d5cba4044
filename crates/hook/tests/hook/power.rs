//! What is on the disk when the hook returns. A kill cannot show a sync that is missing, since the page cache survives it: the calls
//! themselves are looked at.

use std::fs;

use inbox::Inbox;
use session::Moment;
use testkit::reading_at;

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

#[test]
fn d3_a_new_day_begins_with_the_day_before_on_the_disk() {
    if !has_strace() {
        return;
    }
    let hook = Hook::new();
    hook.call(fixtures::tool().to_string());
    let segment = Inbox::at(&hook.store(), "").segments().unwrap().remove(0);
    let (day, machine) = segment.name.split_once('-').unwrap();
    let noon = reading_at(&format!("{}-{}-{}T12:00:00Z", &day[..4], &day[4..6], &day[6..])).moment;
    let before = Inbox::at(&hook.store(), "").segment_of(Moment::from_micros(noon.micros() - 86_400_000_000, 0).unwrap());
    let name = before.file_name().unwrap().to_str().unwrap().split_once('-').unwrap().0.to_owned();
    fs::rename(&segment.path, segment.path.with_file_name(format!("{name}-{machine}"))).unwrap();
    assert_eq!(steps(&hook, &fixtures::tool()), ["fdatasync", "write", "fsync"], "{name} before {day}");
}
