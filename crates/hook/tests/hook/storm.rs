//! Many calls at once while others take in what they leave: nothing is lost, nothing doubled.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde_json::Value;
use testkit::Home;
use tracker::{Tracker, WantedEvents};

use crate::call::Hook;
use crate::fixtures;

/// Returns the payloads of all events that were taken in.
pub(crate) fn events(tracker: &Tracker) -> Vec<Value> {
    let (events, _) = tracker.events(&WantedEvents { all_projects: true, ..WantedEvents::default() }).unwrap();
    events.into_iter().filter_map(|event| event.data).collect()
}

/// Calls the hook as often as wanted with a payload that nobody else has.
fn send(hook: &Hook, sender: usize, calls: usize, event: &Value) {
    for number in 0..calls {
        let mut payload = event.clone();
        payload["tool_use_id"] = format!("toolu_{sender}_{number}").into();
        payload["session_id"] = format!("conversation {sender}").into();
        let mut child = hook.command().stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(payload.to_string().as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }
}

/// Lets senders call at once while two readers take in; prints and checks the figures.
#[expect(clippy::print_stdout, reason = "a figure names the cores it was measured on")]
fn storm(senders: usize, calls: usize) {
    let home = Home::new();
    let (hook, event, is_over) = (Hook::recording_at(home.path("store")), fixtures::tool(), AtomicBool::new(false));
    let since = Instant::now();
    drop(home.tracker());
    std::thread::scope(|scope| {
        let drain = || {
            let mut tracker = home.tracker();
            while !is_over.load(Ordering::SeqCst) {
                tracker.take_in().unwrap();
                std::thread::yield_now();
            }
            tracker.take_in().unwrap();
        };
        (0..2).for_each(|_| drop(scope.spawn(drain)));
        let (hook, event) = (&hook, &event);
        let senders: Vec<_> = (0..senders).map(|sender| scope.spawn(move || send(hook, sender, calls, event))).collect();
        let are_done = senders.into_iter().map(|sender| sender.join().is_ok()).collect::<Vec<_>>();
        is_over.store(true, Ordering::SeqCst);
        assert!(are_done.into_iter().all(|is_done| is_done), "a call failed");
    });
    let sent = senders * calls;
    let events = events(&home.tracker());
    let distinct: BTreeSet<_> = events.iter().map(|event| event["tool_use_id"].as_str().unwrap()).collect();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{sent} sent by {senders} at once on {cores} cores in {:.1} s, {} in the store", since.elapsed().as_secs_f64(), events.len());
    assert_eq!((events.len(), distinct.len(), hook.losses()), (sent, sent, vec![]));
}

#[test]
fn d1_16_senders_and_two_readers_at_once_lose_and_double_nothing() {
    storm(16, 50);
}

#[test]
#[ignore = "takes minutes: 64,000 calls"]
fn d1_64_senders_and_two_readers_at_once_lose_and_double_nothing() {
    storm(64, 1_000);
}
