//! Calls into the system that fail, one after another, from the moment at which our code begins.
//!
//! `strace` counts the calls of each thread by itself, and the loader makes the same ones as we do. So the hook is given no thread:
//! what it does then is the same, and every call has a number of its own.

use std::collections::BTreeMap;
use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::call::{Hook, assert_unheard, finish, has_strace};
use crate::fixtures;

/// What the program asks the system for by its own will and may be refused. Memory and signals are asked for by what lies below it.
const CALLS: &str = "openat,mkdir,mkdirat,read,write,pread64,pwrite64,fstat,newfstatat,statx,lstat,stat,poll,ppoll,fdatasync,fsync,\
                     close,chmod,fchmod,fchmodat,fchmodat2,readlink,clone,clone3,prctl,fcntl,lseek";

/// Lets no thread begin.
const NO_THREAD: [&str; 2] = ["-e", "inject=clone,clone3:error=EAGAIN"];

/// Runs a call under `strace` with more options and returns the trace.
pub(crate) fn traced_as_it_is(hook: &Hook, options: &[String], payload: &Value) -> (Vec<String>, Output) {
    let (trace, program) = (hook.root().join("trace"), hook.program());
    let fixed = ["strace", "-f", "-q", "-o"].map(str::to_owned).into_iter().chain([trace.to_string_lossy().into_owned()]);
    let words = fixed.chain(options.iter().cloned()).chain([program.to_string_lossy().into_owned(), "claude-code".to_owned()]);
    let output = finish(hook.through(words), payload.to_string().as_bytes());
    (fs::read_to_string(trace).unwrap().lines().map(str::to_owned).collect(), output)
}

/// Runs a call under `strace` without threads, with more options, and returns the trace.
pub(crate) fn traced(hook: &Hook, options: &[String], payload: &Value) -> (Vec<String>, Output) {
    traced_as_it_is(hook, &[&NO_THREAD.map(str::to_owned)[..], options].concat(), payload)
}

/// Returns the name of the call in a line of a trace.
pub(crate) fn call_of(line: &str) -> Option<&str> {
    let behind_pid = line.trim_start_matches(|each: char| each.is_ascii_digit()).trim_start();
    behind_pid.split_once('(').map(|(name, _)| name).filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
}

/// Returns every call of a trace from where the program's own code begins: its name and how many of the name there were by then.
///
/// The program's own begins where it first looks at stdin; before it come the loader and the start of the language.
pub(crate) fn own_calls(trace: &[String]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let counted: Vec<_> = trace
        .iter()
        .filter_map(|line| call_of(line))
        .map(|name| {
            let count = counts.entry(name).or_default();
            *count += 1;
            (name.to_owned(), *count)
        })
        .collect();
    let own = counted.iter().rposition(|(name, _)| name == "poll" || name == "ppoll").unwrap();
    counted[own..].to_vec()
}

/// Lets every call of one hook call fail in turn, in a fresh home and in one that was used.
fn fail_each(payload: &Value, errors: &[&str]) -> (usize, u64, usize) {
    let filter = [String::from("-e"), format!("trace={}", CALLS.split(',').map(|name| format!("?{name}")).collect::<Vec<_>>().join(","))];
    let (mut recorded, mut lost, mut failed) = (0, 0, 0);
    for is_used in [false, true] {
        let fresh = || {
            let hook = Hook::new();
            if is_used {
                hook.call(payload.to_string());
            }
            hook
        };
        let (trace, _) = traced(&fresh(), &filter, payload);
        for (name, count) in own_calls(&trace).into_iter().filter(|(name, _)| !name.starts_with("clone")) {
            for error in errors {
                let hook = fresh();
                let inject = [filter[0].clone(), filter[1].clone(), "-e".into(), format!("inject={name}:error={error}:when={count}")];
                let (trace, output) = traced(&hook, &inject, payload);
                let what = format!("{error} at {name} {count}");
                assert_unheard(&output, &what);
                let is_injected = |line: &String| line.ends_with("(INJECTED)") && call_of(line) == Some(&name);
                assert!(trace.iter().any(is_injected), "{what}: {trace:?}");
                failed += 1;
                let before = usize::from(is_used);
                let (records, losses) = (hook.records().len() - before, hook.lost());
                assert!(records <= 1 && losses <= 1 && records as u64 + losses > 0, "{what}: {records} recorded, {losses} lost");
                recorded += records;
                lost += losses;
                hook.call(payload.to_string());
                assert_eq!(hook.records().len(), before + records + 1, "{what}: the next call is as any other");
            }
        }
    }
    (recorded, lost, failed)
}

#[test]
fn h1_any_call_into_the_system_may_fail_in_ten_ways() {
    if !has_strace() {
        return;
    }
    let errors = ["EIO", "ENOSPC", "EACCES", "EINTR", "ENOMEM", "EMFILE", "EROFS", "EDQUOT", "EAGAIN", "EINVAL"];
    for payload in [fixtures::tool(), fixtures::prompt()] {
        let (recorded, lost, failed) = fail_each(&payload, &errors);
        println!("{failed} failed, {recorded} recorded, {lost} lost");
        assert!(failed > 300 && recorded > failed / 3, "{failed} failed, {recorded} recorded, {lost} lost");
    }
}

#[test]
fn h1_without_a_thread_the_call_works_all_the_same() {
    if !has_strace() {
        return;
    }
    for payload in fixtures::each_event().values() {
        let hook = Hook::new();
        let (trace, output) = traced(&hook, &[], payload);
        assert_unheard(&output, "no thread");
        assert!(trace.iter().any(|line| line.ends_with("(INJECTED)")), "{trace:?}");
        assert_eq!((hook.records().len(), hook.lost()), (1, 0));
    }
}

#[test]
fn h1_a_panic_is_not_heard() {
    if !has_strace() {
        return;
    }
    // Without randomness the standard library panics where we make a table: the second time that it is asked for.
    let inject = ["-e", "inject=getrandom:error=EIO:when=2+"].map(str::to_owned);
    for payload in fixtures::each_event().values() {
        let hook = Hook::new();
        let (trace, output) = traced(&hook, &inject, payload);
        assert_unheard(&output, "a panic");
        assert!(trace.iter().any(|line| line.contains("getrandom") && line.ends_with("(INJECTED)")), "{trace:?}");
        let (_, output) = traced(&hook, &inject, payload);
        assert_unheard(&output, "a panic in a home that was used");
    }
}
