use std::path::Path;

use serde_json::{Value, json};
use testkit::TestEnv;

use crate::{env, object, prompted, says};

/// Lets an agent call a tool: `end` is the hook that comes behind, if any.
fn called(env: &TestEnv, conversation: &str, call: &str, (tool, input): (&str, Value), end: Option<(&str, Value)>) {
    let of = |rest: Value| {
        let mut payload =
            json!({"prompt_id": format!("{conversation}-p"), "tool_name": tool, "tool_use_id": call, "tool_input": input.clone()});
        payload.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        payload
    };
    says(env, &env.project(), "PreToolUse", conversation, of(json!({})));
    if let Some((event, rest)) = end {
        says(env, &env.project(), event, conversation, of(rest));
    }
}

/// A conversation with a build that fails and is tried again, a file that is read, and a call that nobody saw the end of.
fn worked(env: &TestEnv) {
    prompted(env, &env.project(), "c", "startup", "Go");
    let bash = |command: &str| ("Bash", json!({"command": command}));
    let failed = |ms: u64| Some(("PostToolUseFailure", json!({"error": "exit 1", "duration_ms": ms})));
    let done = |ms: u64| Some(("PostToolUse", json!({"tool_response": {}, "duration_ms": ms})));
    called(env, "c", "t1", bash("make"), failed(2_500));
    called(env, "c", "t2", bash("make"), done(61_000));
    called(env, "c", "t3", ("Read", json!({"file_path": "/p/a"})), done(12));
    called(env, "c", "t4", bash("ls"), done(40));
    called(env, "c", "t5", bash("sleep 9"), None);
    says(env, &env.project(), "Stop", "c", json!({"prompt_id": "c-p"}));
}

#[test]
fn tools_are_counted_and_the_slowest_and_worst_commands_named() {
    let env = env();
    worked(&env);
    insta::assert_snapshot!(env.run(["tools"]), @"
    [exit 0]
    [out] Tools
    [out]          calls  failed  refused  unfinished  retries    p50     p95
    [out]   Bash       4       1        -           1        1  2.5 s  61.0 s
    [out]   Read       1       -        -           -        -  12 ms   12 ms
    [out]   total      5       1        -           1        1  40 ms  61.0 s
    [out]
    [out] Slowest commands
    [out]         calls  failed    p50  longest
    [out]   make      2       1  2.5 s   61.0 s
    [out]   ls        1       0  40 ms    40 ms
    [out]
    [out] Commands that fail most
    [out]         calls  failed    p50  longest
    [out]   make      2       1  2.5 s   61.0 s
    ");
    insta::assert_snapshot!(env.run(["tools", "--by", "session", "c"]), @"
    [exit 0]
    [out] Sessions
    [out]                                    calls  failed  refused  unfinished  retries    p50     p95
    [out]   SESSION-#1 Go      5       1        -           1        1  40 ms  61.0 s
    [out]   total                                5       1        -           1        1  40 ms  61.0 s
    [out]
    [out] Slowest commands
    [out]         calls  failed    p50  longest
    [out]   make      2       1  2.5 s   61.0 s
    [out]   ls        1       0  40 ms    40 ms
    [out]
    [out] Commands that fail most
    [out]         calls  failed    p50  longest
    [out]   make      2       1  2.5 s   61.0 s
    ");
    insta::assert_snapshot!(env.run(["tools", "--by", "project", "--all-projects"]), @"
    [exit 0]
    [out] Projects
    [out]            calls  failed  refused  unfinished  retries    p50     p95
    [out]   project      5       1        -           1        1  40 ms  61.0 s
    [out]   total        5       1        -           1        1  40 ms  61.0 s
    [out]
    [out] Slowest commands
    [out]         calls  failed    p50  longest
    [out]   make      2       1  2.5 s   61.0 s
    [out]   ls        1       0  40 ms    40 ms
    [out]
    [out] Commands that fail most
    [out]         calls  failed    p50  longest
    [out]   make      2       1  2.5 s   61.0 s
    ");
}

#[test]
fn json_has_the_rows_the_total_and_the_commands() {
    let env = env();
    worked(&env);
    let report = object(&env, ["tools"]);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    insta::assert_snapshot!(keys(&report), @"by rows total slowest most_failing");
    insta::assert_snapshot!(keys(&report["total"]), @"key label calls succeeded failed refused unfinished retries timed p50_seconds p95_seconds longest_seconds durations");
    insta::assert_snapshot!(keys(&report["slowest"][0]), @"command calls failed timed p50_seconds p95_seconds longest_seconds durations");
    insta::assert_snapshot!(report["rows"][0], @r#"{"key":"Bash","label":null,"calls":4,"succeeded":2,"failed":1,"refused":0,"unfinished":1,"retries":1,"timed":3,"p50_seconds":2.5,"p95_seconds":61.0,"longest_seconds":61.0,"durations":"measured"}"#);
    assert_eq!((&report["total"]["key"], &report["total"]["calls"]), (&json!("total"), &json!(5)));
    assert_eq!((&report["slowest"][0]["command"], &report["most_failing"][0]["command"]), (&json!("make"), &json!("make")));
}

#[test]
fn a_duration_that_nobody_measured_is_marked() {
    let env = env();
    prompted(&env, &env.project(), "c", "startup", "Go");
    let bash = |command: &str| ("Bash", json!({"command": command}));
    called(&env, "c", "t1", bash("make"), Some(("PostToolUse", json!({"tool_response": {}}))));
    assert_eq!(object(&env, ["tools"])["total"]["durations"], "between");
    let page = env.answer(["tools"]);
    assert!(page.contains('~') && page.contains("waiting for permission"), "{page}");
    called(&env, "c", "t2", bash("ls"), Some(("PostToolUse", json!({"tool_response": {}, "duration_ms": 5}))));
    assert_eq!(object(&env, ["tools"])["total"]["durations"], "mixed");
}

#[test]
fn only_calls_of_the_time_and_the_place_that_are_asked_for_are_counted() {
    let env = env();
    worked(&env);
    let calls = |arguments: &[&str]| object(&env, std::iter::once("tools").chain(arguments.iter().copied()))["total"]["calls"].clone();
    assert_eq!((calls(&[]), calls(&["--since", "1h"]), calls(&["--until", "yesterday"])), (json!(5), json!(5), json!(0)));
    let elsewhere = env.path("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let elsewhere = elsewhere.to_str().unwrap();
    assert_eq!((calls(&["-C", elsewhere]), calls(&["-C", elsewhere, "--all-projects"])), (json!(0), json!(5)));
    let days = object(&env, ["tools", "--by", "day", "--timezone", "+02:00"]);
    assert_eq!(days["rows"][0]["calls"], 5);
    insta::assert_snapshot!(env.run(["tools", "-C", elsewhere]), @"
    [exit 0]
    [err] No tool calls here; `--all-projects` looks everywhere.
    ");
}

/// Leaves a transcript with calls of the shell: id, command, the minute in which each took four seconds, whether it failed.
fn transcribed(env: &TestEnv, conversation: &str, cwd: &Path, calls: &[(&str, &str, u8, bool)]) {
    let mut text = String::new();
    for (call, command, minute, is_error) in calls {
        let record = |kind: &str, second: u8, message: Value| {
            let at = format!("2026-02-16T10:{minute:02}:{second:02}.000Z");
            let uuid = format!("{conversation}-{call}-{kind}");
            json!({"type": kind, "uuid": uuid, "timestamp": at, "cwd": cwd, "sessionId": conversation, "message": message}).to_string()
                + "\n"
        };
        let asked = json!({"type": "tool_use", "id": call, "name": "Bash", "input": {"command": command}});
        let usage = json!({"input_tokens": 1, "output_tokens": 1});
        text += &record(
            "assistant",
            0,
            json!({"id": format!("m-{call}"), "role": "assistant", "model": "m", "content": [asked], "usage": usage}),
        );
        let answer = json!({"type": "tool_result", "tool_use_id": call, "is_error": is_error, "content": "done"});
        text += &record("user", 4, json!({"role": "user", "content": [answer]}));
    }
    let folder = env.path(".claude/projects/-p");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{conversation}.jsonl")), text).unwrap();
}

#[test]
fn what_only_transcripts_know_is_added_and_what_hooks_know_too_counts_once() {
    let env = env();
    worked(&env);
    let elsewhere = env.path("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    transcribed(&env, "c", &env.project(), &[("t2", "make", 1, false), ("t6", "cargo test", 2, true), ("t7", "cargo test", 3, false)]);
    transcribed(&env, "d", &env.project(), &[("t8", "make", 1, true)]);
    transcribed(&env, "e", &elsewhere, &[("t9", "make", 1, true)]);
    let total = |arguments: &[&str]| object(&env, std::iter::once("tools").chain(arguments.iter().copied()))["total"].clone();
    let here = total(&[]);
    assert_eq!((&here["calls"], &here["failed"], &here["retries"]), (&json!(8), &json!(3), &json!(2)));
    assert_eq!((&here["durations"], &here["timed"], &here["longest_seconds"]), (&json!("mixed"), &json!(7), &json!(61.0)));
    assert_eq!((total(&["c"])["calls"].clone(), total(&["--all-projects"])["calls"].clone()), (json!(7), json!(9)));
    assert_eq!(total(&["--until", "2026-02-16T10:01:30"])["calls"], 1);
    // The failure lies before what is asked for.
    assert_eq!(total(&["--since", "2026-02-16T10:03", "--until", "2026-02-16", "--timezone", "UTC"])["retries"], 1);
    let sessions = object(&env, ["tools", "--by", "session", "--all-projects"]);
    let keys: Vec<_> = sessions["rows"].as_array().unwrap().iter().map(|row| (row["label"].clone(), row["calls"].clone())).collect();
    assert_eq!(keys, [(json!("Go"), json!(7)), (json!(null), json!(1)), (json!(null), json!(1))]);
    // Ten in the morning is the evening before there, and not here.
    assert_eq!(total(&["--timezone", "UTC", "--until", "2026-02-15"])["calls"], 0);
    assert_eq!(total(&["--timezone", "-11:00", "--until", "2026-02-15"])["calls"], 3);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let env = env();
    worked(&env);
    insta::assert_snapshot!(env.run(["tools", "--timezone", "Middle/Earth"]), @"
    [exit 2]
    [err] error: `Middle/Earth` is no time zone; try `Europe/Berlin`, `UTC` or `+02:00`
    ");
    insta::assert_snapshot!(env.run(["tools", "nobody"]), @"
    [exit 1]
    [err] error: no session matches `nobody`
    [err] hint: run `rutter list --all-projects` to see the ids
    ");
    insta::assert_snapshot!(env.run(["tools", "--since", "soon"]), @"
    [exit 2]
    [err] error: `soon` is not a time; try `13:45`, `2026-02-16`, `2026-02-16T13:45` or `10 minutes ago`
    ");
    assert_eq!(env.raw(["tools", "c", "--all-projects"]).code, 2);
    assert_eq!(env.raw(["tools", "-s", "c", "--all-projects"]).code, 2);
}
