//! Hooks from the command line: put in, taken out, paused; what a project cannot change; what is removed and what is not.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use testkit::TestEnv;

use crate::{env, object, objects};

fn settings(env: &TestEnv) -> PathBuf {
    env.path(".claude/settings.json")
}

/// Calls the hook of the one-file way with a payload. A start is answered, and heeds no variable of this process: that no marker is written
/// into `/tmp` is said in the configuration.
fn says(env: &TestEnv, event: &str, rest: &Value) -> testkit::Outcome {
    let file = env.path(".config/rutter/config.toml");
    if !file.exists() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, format!("[marker]\ndirectory = {:?}\n", env.markers())).unwrap();
    }
    let mut payload = json!({"session_id": "c", "cwd": env.project(), "hook_event_name": event});
    payload.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    env.raw_with(&env.project(), ["hook", "claude-code"], payload.to_string().as_bytes())
}

fn kinds(env: &TestEnv) -> Vec<String> {
    objects(env, ["events", "--all-projects"]).iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn s12_hooks_go_in_and_come_out_to_the_byte() {
    let env = env();
    fs::create_dir_all(env.path(".claude")).unwrap();
    let before = "{\n\t\"model\": \"opus\"\r\n}";
    fs::write(settings(&env), before).unwrap();
    assert!(env.run(["install", "claude-code"]).contains("installed in /home/.claude/settings.json"));
    assert!(fs::read_to_string(settings(&env)).unwrap().contains("SessionStart"));
    assert!(env.run(["install", "claude-code"]).contains("already installed"));
    assert!(env.run(["uninstall", "claude-code"]).contains("removed"));
    assert_eq!(fs::read_to_string(settings(&env)).unwrap(), before);
    assert_eq!(env.raw(["install", "no-such-agent"]).code, 2);
    fs::write(settings(&env), "{ // mine\n}").unwrap();
    assert_eq!(env.raw(["install", "claude-code"]).code, 3);
    assert_eq!(fs::read_to_string(settings(&env)).unwrap(), "{ // mine\n}");
}

#[test]
fn a_pause_ends_in_the_future_or_when_somebody_says_so() {
    let env = env();
    env.answer(["start"]);
    for (arguments, code) in [
        (&["pause", "--until", "2020-01-01"][..], 2),
        (&["pause", "--until", "2 hours ago"], 2),
        (&["pause", "--for", "2026-01-01"], 2),
        (&["pause", "--until", "23:59"], 0),
        (&["pause", "--for", "30m"], 0),
        (&["pause"], 0),
    ] {
        assert_eq!(env.raw(arguments).code, code, "{arguments:?}");
    }
    assert_eq!(says(&env, "PreToolUse", &json!({"tool_name": "Bash", "tool_use_id": "t1"})).code, 0);
    assert_eq!(kinds(&env), [""; 0]);
    assert_eq!(object(&env, ["pause", "--end"])["paused"], false);
    says(&env, "PreToolUse", &json!({"tool_name": "Bash", "tool_use_id": "t1"}));
    assert_eq!(kinds(&env), ["PreToolUse", "assigned"]);
}

#[test]
fn s12_a_project_s_variables_can_have_less_recorded_and_never_more() {
    let mut env = env();
    env.answer(["start"]);
    env.answer(["config", "record.prompts", "false"]);
    // What a project's settings put into the environment of every hook.
    env.set("RUTTER_RECORD_PROMPTS", "true");
    says(&env, "UserPromptSubmit", &json!({"prompt": "a private word", "prompt_id": "p"}));
    env.answer(["start"]);
    says(&env, "UserPromptSubmit", &json!({"prompt": "another private word", "prompt_id": "q"}));
    assert!(!env.answer(["--json", "events", "--all-projects"]).contains("private word"));
    env.set("RUTTER_RECORD_EXCLUDE", env.project().to_str().unwrap());
    says(&env, "PreToolUse", &json!({"tool_name": "Bash", "tool_use_id": "t1"}));
    assert!(!kinds(&env).contains(&"PreToolUse".to_owned()));
}

#[test]
fn d5_a_segment_that_was_replaced_is_read_from_its_start() {
    let env = env();
    let tool = |number: usize| drop(says(&env, "PreToolUse", &json!({"tool_name": "Bash", "tool_use_id": format!("t{number}")})));
    let segment = |env: &TestEnv| {
        let files = fs::read_dir(env.path(".local/share/rutter/inbox")).unwrap().map(|entry| entry.unwrap().path());
        files.into_iter().find(|path| path.extension().is_some()).unwrap()
    };
    (0..3).for_each(tool);
    kinds(&env);
    let older = fs::read(segment(&env)).unwrap();
    (3..5).for_each(tool);
    kinds(&env);
    // A copy of an older state comes back, and grows beyond the place that was kept.
    fs::write(segment(&env), older).unwrap();
    (5..9).for_each(tool);
    assert_eq!(kinds(&env).iter().filter(|kind| *kind == "PreToolUse").count(), 9);
    fs::remove_file(segment(&env)).unwrap();
    (9..20).for_each(tool);
    assert_eq!(kinds(&env).iter().filter(|kind| *kind == "PreToolUse").count(), 20);
}

/// Copies the program into a directory of its own: what removes everything removes itself.
fn installed(env: &TestEnv) -> PathBuf {
    let directory = env.path("bin");
    fs::create_dir_all(&directory).unwrap();
    let program = directory.join("rutter");
    fs::copy(env!("CARGO_BIN_EXE_rutter"), &program).unwrap();
    program
}

fn run(env: &TestEnv, program: &Path, arguments: &[&str]) -> String {
    let output = env.command_of(program, &env.project()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn s4_everything_of_ours_goes_but_the_records_and_nothing_of_others() {
    let env = env();
    let program = installed(&env);
    run(&env, &program, &["start"]);
    run(&env, &program, &["install", "claude-code"]);
    run(&env, &program, &["install", "claude-code", "--plugin"]);
    run(&env, &program, &["config", "mirror.root", "off"]);
    let home = env.path(".local/share/rutter");
    for theirs in ["plugin/precious.c", "installed/mine.txt"] {
        fs::write(home.join(theirs), "mine").unwrap();
    }
    let said = run(&env, &program, &["uninstall", "--everything", "--yes"]);
    assert!(said.contains("Removed") && said.contains("Kept"), "{said}");
    assert!(!program.exists() && !settings(&env).exists() && !home.join("hook.json").exists() && !env.path(".config/rutter").exists());
    assert!(home.join("rutter.db").exists() && home.join("plugin/precious.c").exists() && home.join("installed/mine.txt").exists());
    assert!(!home.join("plugin/hooks").exists());
}

#[test]
fn a_status_line_is_one_line_whatever_it_is_told() {
    let env = env();
    let told = json!({"session_id": "x", "model": {"display_name": "Opus"}, "cost": {"total_cost_usd": 0.5}, "context_window": {"used_percentage": 12}});
    let line = env.raw_with(&env.project(), ["statusline"], told.to_string().as_bytes());
    assert_eq!((line.code, line.stdout.as_str()), (0, "Opus · $0.50 · 12% context\n"));
    for junk in ["", "{", "[]", "null", "{\"session_id\": 7}"] {
        let line = env.raw_with(&env.project(), ["statusline"], junk.as_bytes());
        assert_eq!((line.code, line.stdout.lines().count()), (0, 1), "{junk}");
    }
}

#[test]
fn a_pause_needs_no_store_and_no_newer_one_stands_in_its_way() {
    let env = env();
    assert_eq!(env.raw(["pause"]).code, 0);
    says(&env, "SessionStart", &json!({"source": "startup"}));
    assert_eq!(object(&env, ["pause", "--end"])["paused"], false);
    assert_eq!(kinds(&env), [""; 0]);
    assert!(!env.path(".local/share/rutter/rutter.db").exists());
}
