//! Pipes that are held open, more on stdin than anybody wants, and what debugging says.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use inbox::Loss;
use serde_json::Value;

use crate::call::{Hook, assert_unheard, finish, skip};
use crate::fixtures;

/// How long a call may take whose pipe is held open.
const HELD_OPEN: Duration = Duration::from_millis(500);

/// How much memory a call may take, in KiB.
const MEMORY: u64 = 64 << 10;

/// Starts a call, writes to it, keeps the pipe open until it has ended, and returns how long that took.
fn held_open(hook: &Hook, text: &[u8]) -> (Output, Duration) {
    let since = Instant::now();
    let mut child = hook.command().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(text).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(pipe);
    (output, since.elapsed())
}

/// Returns the shorter time of two tries: the machine may be busy with something else.
fn twice(hook: &Hook, text: &[u8]) -> Duration {
    let tries = [(); 2].map(|()| held_open(hook, text));
    tries.iter().for_each(|(output, _)| assert_unheard(output, "held open"));
    tries[0].1.min(tries[1].1)
}

#[test]
fn h2_a_pipe_that_is_held_open_behind_a_payload_holds_nobody_up() {
    for payload in fixtures::each_event().values() {
        let hook = Hook::new();
        let (output, took) = held_open(&hook, payload.to_string().as_bytes());
        assert_unheard(&output, "held open");
        assert!(took < HELD_OPEN, "{took:?}");
        assert_eq!((hook.records().len(), hook.lost()), (1, 0));
    }
}

#[test]
fn h2_half_a_payload_is_waited_for_a_while_and_counted() {
    let text = fixtures::tool().to_string();
    for part in [0, 1, text.len() / 2, text.len() - 1] {
        let hook = Hook::new();
        let took = twice(&hook, &text.as_bytes()[..part]);
        assert!(took < HELD_OPEN, "{took:?}");
        assert_eq!((hook.records().len(), hook.losses()), (0, vec![(Loss::Late, 2)]), "{part}");
    }
}

#[test]
fn h2_a_payload_that_comes_in_pieces_is_one() {
    let hook = Hook::new();
    let text = fixtures::tool().to_string();
    let mut child = hook.command().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    text.as_bytes().chunks(7).for_each(|piece| pipe.write_all(piece).unwrap());
    assert_unheard(&child.wait_with_output().unwrap(), "in pieces");
    assert_eq!(hook.records().len(), 1);
}

/// Feeds a call until it takes no more and returns the most memory it had at once, in KiB. Says so where nobody can measure that.
fn most_memory(hook: &Hook, pieces: impl Iterator<Item = Vec<u8>>) -> Option<u64> {
    let (measured, program) = (hook.root().join("measured"), hook.program());
    let words = ["time", "-q", "-f", "%M", "-o"].map(OsStr::new).into_iter().chain([measured.as_os_str(), program.as_os_str()]);
    let started = hook.through(words).arg("claude-code").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = started else {
        skip("no `time` on this machine");
        return None;
    };
    let mut pipe = child.stdin.take().unwrap();
    // A program that has enough closes its stdin; that is its right.
    drop(pieces.map(|piece| pipe.write_all(&piece)).find(Result::is_err));
    drop(pipe);
    assert_unheard(&child.wait_with_output().unwrap(), "fed");
    Some(fs::read_to_string(measured).unwrap().trim().parse().unwrap())
}

/// A payload whose text is so many MiB long, in pieces.
fn long(mebibytes: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut payload = fixtures::tool();
    payload["tool_response"]["stdout"] = "@here@".into();
    let text = payload.to_string();
    let (before, behind) = text.split_once("@here@").unwrap();
    let (before, behind) = (before.as_bytes().to_vec(), behind.as_bytes().to_vec());
    std::iter::once(before).chain(std::iter::repeat_n(vec![b'x'; 1 << 20], mebibytes)).chain([behind])
}

#[test]
fn h4_a_gibibyte_on_stdin_is_not_read() {
    let hook = Hook::new();
    let Some(most) = most_memory(&hook, std::iter::repeat_n(vec![b'['; 1 << 20], 1 << 10)) else { return };
    assert!(most < MEMORY, "{most} KiB");
    let Some(most) = most_memory(&hook, long(1 << 10)) else { return };
    assert!(most < MEMORY, "{most} KiB");
    assert_eq!((hook.records().len(), hook.losses()), (0, vec![(Loss::TooLong, 2)]));
}

#[test]
fn h4_the_longest_payload_is_recorded() {
    let hook = Hook::new();
    let Some(most) = most_memory(&hook, long(15)) else { return };
    assert!(most < MEMORY, "{most} KiB");
    let payload = hook.records()[0].payload();
    let text = payload["tool_response"]["stdout"].as_str().unwrap();
    assert!(text.starts_with("xxxx") && text.contains("…[cut: 15728640 bytes, ") && text.len() < 5_000, "{}", text.len());
}

#[test]
fn h4_many_small_things_take_no_more_memory_than_one_large_one() {
    for piece in ["[],", "{\"a\":1},", "1,", "\"\",", "[[[[1]]]],", "\"0123456789abcdef\","] {
        let hook = Hook::new();
        let count = (15 << 20) / piece.len();
        let pieces = [b"{\"x\":[".to_vec(), piece.repeat(count).into_bytes(), b"0]}".to_vec()];
        let Some(most) = most_memory(&hook, pieces.into_iter()) else { return };
        assert!(most < MEMORY, "{piece} {most} KiB");
        assert_eq!((hook.records().len(), hook.losses()), (0, vec![(Loss::TooLong, 1)]), "{piece}");
        let (fit, text) = (90_000 / piece.matches(['[', '{', ',']).count(), "é".repeat(6 << 20));
        let pieces = [format!("{{\"t\":\"{text}\",\"x\":[{}0]}}", piece.repeat(fit)).into_bytes()];
        let most = most_memory(&hook, pieces.into_iter()).unwrap();
        assert!(most < MEMORY, "{piece} {most} KiB");
        assert_eq!(hook.records().len(), 1, "{piece}");
    }
}

/// Returns what debugging prints for a payload.
fn debugged(hook: &Hook, payload: &[u8]) -> String {
    let mut command = hook.command();
    command.env("HOOK_DEBUG", "true");
    let output = finish(command, payload);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    String::from_utf8(output.stderr).unwrap()
}

/// Returns every string of a value that is long enough to be recognised.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) if text.len() > 7 => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => vec![],
    }
}

#[test]
fn debugging_explains_itself_and_keeps_what_is_said_to_itself() {
    for (event, payload) in fixtures::each_event() {
        let hook = Hook::new();
        let said = debugged(&hook, payload.to_string().as_bytes());
        assert!(said.contains("a payload of ") && said.contains(&format!("{event} of ")) && said.contains(" bytes in /"), "{said}");
        let mut payload = payload;
        for told in ["session_id", "hook_event_name"] {
            payload.as_object_mut().unwrap().remove(told);
        }
        strings(&payload).into_iter().for_each(|text| assert!(!said.contains(text), "{event}: {text}"));
    }
}

#[test]
fn debugging_says_what_is_lost_and_is_harmless() {
    let hook = Hook::new();
    assert!(debugged(&hook, b"{").contains("after"), "{}", debugged(&hook, b"{"));
    assert!(debugged(&hook, b"{]").contains("no JSON object"));
    let mut payload = fixtures::tool();
    payload["session_id"] = "\u{1b}[2J\u{9b}31m\nsecond".into();
    let said = debugged(&hook, payload.to_string().as_bytes());
    assert!(
        !said.chars().any(|each| each.is_control() && each != '\n') && said.lines().all(|line| line.starts_with("rutter-hook ")),
        "{said}"
    );
}
