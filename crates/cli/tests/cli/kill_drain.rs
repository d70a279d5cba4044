//! D2: a command killed at each of its steps while it takes in what hooks left; the next one gives everything exactly once.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use testkit::TestEnv;

use crate::machine::{skip, through};
use crate::objects;

/// The calls that change files, sync them, or stand between: what a kill can come between.
const CALLS: &str = "write,pwrite64,ftruncate,rename,unlink,mkdir,fsync,fdatasync,openat,flock,fcntl,chmod,fchmod,close,munmap";

/// So many kills at most, spread over all calls.
const KILLS: usize = 450;

/// Leaves the events of two conversations in the inbox, side by side; each has a number. Returns how many there are now.
fn leave_events(env: &TestEnv, already: usize) -> usize {
    let mut left = already;
    let mut say = |conversation: &str, event: &str, rest: Value| {
        let mut payload = json!({"session_id": conversation, "cwd": env.project(), "hook_event_name": event, "number": left});
        payload.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        assert_eq!(env.raw_with(&env.project(), ["hook", "claude-code"], payload.to_string().as_bytes()).code, 0);
        left += 1;
    };
    for turn in 0..4 {
        for conversation in ["one", "two"] {
            let prompt = format!("{conversation} {already} {turn}");
            say(conversation, "UserPromptSubmit", json!({"prompt": prompt, "prompt_id": prompt}));
            for call in 0..2 {
                let tool = json!({"tool_name": "Bash", "tool_use_id": format!("{prompt} {call}"), "prompt_id": prompt});
                say(conversation, "PreToolUse", tool.clone());
                say(conversation, "PostToolUse", tool);
            }
            say(conversation, "Stop", json!({"prompt_id": prompt}));
        }
    }
    say("one", "SessionEnd", json!({"reason": "exit"}));
    left
}

fn copy(from: &Path, to: &Path) {
    fs::DirBuilder::new().mode(0o700).create(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Puts the home back as it was left.
fn put_back(env: &TestEnv, kept: &Path) {
    fs::remove_dir_all(env.home()).unwrap();
    copy(kept, &env.home());
}

/// Runs a command that takes in under `strace`, with more options.
fn traced(env: &TestEnv, trace: &Path, options: &[String]) -> Output {
    let fixed = ["strace", "-f", "-qq", "-y", "-o"].map(str::to_owned).into_iter().chain([trace.to_string_lossy().into_owned()]);
    through(env, fixed.chain(options.iter().cloned())).args(["list", "--json"]).output().unwrap()
}

/// Returns which calls of one name touch the store, the inbox or the mirror: the number of each among its name's in its thread.
///
/// `strace` counts the calls of each thread by itself, so one number may stand for more than one call; the first is what is killed at.
fn places(trace: &str, home: &Path) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut found = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let Some((name, rest)) = call.trim_start().split_once('(') else { continue };
        let count = counts.entry((thread, name)).or_default();
        *count += 1;
        if rest.contains(&*home.to_string_lossy()) {
            found.push((name.to_owned(), *count));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Two sessions, rows that are derived the same again, and nothing that the doctor finds.
fn check_rest(env: &TestEnv, at: &str) {
    assert_eq!(objects(env, ["list", "--all-projects", "--all"]).len(), 2, "{at}");
    let rebuilt = &objects(env, ["rebuild"])[0];
    assert_eq!((&rebuilt["identical"], &rebuilt["mirror"]), (&true.into(), &true.into()), "{at}");
    let doctor = env.raw(["doctor"]);
    assert_eq!(doctor.code, 0, "{at}: {}", doctor.stdout);
}

/// Kills a command that takes in, at each call that a run of it makes.
#[expect(clippy::print_stdout, reason = "a figure is what this is for")]
fn kill_everywhere(env: &TestEnv, left: usize, is_of_interest: impl Fn(&str) -> bool) {
    let beside = |name: &str| -> PathBuf { env.project().with_file_name(name) };
    let (trace, kept) = (beside("trace"), beside("kept"));
    copy(&env.home(), &kept);
    let filter = ["-e".to_owned(), format!("trace={CALLS}")];
    let whole = traced(env, &trace, &filter);
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    let said = fs::read_to_string(&trace).unwrap();
    assert!(is_of_interest(&said), "{said}");
    let places = places(&said, &env.home());
    let step = places.len().div_ceil(KILLS);
    let (mut killed, mut ended) = (0, 0);
    for (number, (name, count)) in places.iter().step_by(step).enumerate() {
        put_back(env, &kept);
        let inject = [&filter[..], &["-e".to_owned(), format!("inject={name}:signal=KILL:when={count}")]].concat();
        let is_killed = !traced(env, &trace, &inject).status.success();
        (killed, ended) = (killed + usize::from(is_killed), ended + usize::from(!is_killed));
        let mut numbers: Vec<_> =
            objects(env, ["events", "--all-projects"]).iter().filter_map(|event| event["data"]["number"].as_u64()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..left as u64).collect::<Vec<_>>(), "{name} {count}");
        if number % 8 == 0 {
            check_rest(env, &format!("{name} {count}"));
        }
    }
    println!("killed at {killed} of {} calls, {left} events each time: 0 lost, 0 doubled; {ended} ended before that call", places.len());
    assert!(killed > 100 && ended * 10 < killed, "{killed} killed, {ended} not");
}

fn in_memory() -> Option<TestEnv> {
    let has_strace = Command::new("strace").args(["-o", "/dev/null", "true"]).output().is_ok_and(|output| output.status.success());
    if !has_strace {
        skip("no `strace` on this machine, or it may not trace");
    }
    has_strace.then(|| TestEnv::in_memory(env!("CARGO_BIN_EXE_rutter")))
}

#[test]
fn d2_killed_at_every_step_of_taking_in_nothing_is_lost_or_doubled() {
    let Some(env) = in_memory() else { return };
    let left = leave_events(&env, 0);
    kill_everywhere(&env, left, |trace| trace.contains("rutter.db-wal"));
}

#[test]
fn d2_killed_at_every_step_of_a_checkpoint_nothing_is_lost_or_doubled() {
    let Some(env) = in_memory() else { return };
    let wal = || fs::metadata(env.path(".local/share/rutter/rutter.db-wal")).map_or(0, |found| found.len());
    let (mut left, mut grown) = (0, 0);
    // Until the next ones make the log longer than a command leaves it.
    while wal() + grown <= 1 << 20 {
        let before = wal();
        left = leave_events(&env, left);
        env.answer(["list"]);
        grown = wal().saturating_sub(before);
    }
    left = leave_events(&env, left);
    let is_cut = |line: &str| line.contains("ftruncate(") && line.contains("rutter.db-wal");
    kill_everywhere(&env, left, |trace| trace.lines().any(is_cut));
}
