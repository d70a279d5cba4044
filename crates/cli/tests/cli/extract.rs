use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use testkit::{Interactive, Outcome, TestEnv};

use crate::env;

const CONTINUED: &str = r#"{"type":"system","subtype":"hook_started","session_id":"thrown-away"}
{"type":"system","subtype":"init","session_id":"5f0c9d1e"}
npm WARN deprecated
{"type":"result","subtype":"success","session_id":"5f0c9d1e"}
"#;

fn extract(env: &TestEnv, arguments: &[&str], output: &str) -> Outcome {
    let arguments = std::iter::once("extract").chain(arguments.iter().copied());
    env.raw_with(&env.project(), arguments, output.as_bytes())
}

fn text(env: &TestEnv, outcome: &Outcome) -> String {
    env.comparable(&format!("[exit {}]\n{}---\n{}", outcome.code, outcome.stdout, outcome.stderr))
}

/// Leaves a transcript of the project's directory, written at a second.
fn transcript_at(env: &TestEnv, folder: &str, id: &str, second: u64) {
    let folder = env.path(".claude/projects").join(folder);
    fs::create_dir_all(&folder).unwrap();
    let file = File::create(folder.join(format!("{id}.jsonl"))).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(second)).unwrap();
}

fn folder(env: &TestEnv) -> String {
    let directory = fs::canonicalize(env.project()).unwrap();
    directory.to_string_lossy().chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect()
}

#[test]
fn the_id_is_the_answer_and_no_store_is_needed() {
    let env = env();
    let outcome = extract(&env, &[], CONTINUED);
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (0, "5f0c9d1e\n", ""));
    let file = env.path("run.jsonl");
    fs::write(&file, CONTINUED).unwrap();
    assert_eq!(env.answer(["extract", file.to_str().unwrap()]), "5f0c9d1e");
    assert_eq!(extract(&env, &["-"], CONTINUED).stdout, "5f0c9d1e\n");
    assert!(!env.path(".local").exists(), "a store is not needed for this");
}

#[test]
fn json_says_where_it_stood_and_what_else_there_was() {
    let env = env();
    let view: Value = serde_json::from_str(&extract(&env, &["--json"], CONTINUED).stdout).unwrap();
    let expected = json!({"id": "5f0c9d1e", "place": "session_id", "other_ids": ["thrown-away"], "lines": 4, "skipped": 1});
    assert_eq!(view.to_string(), expected.to_string());
    for (place, output) in
        [("message.session_id", r#"{"message": {"session_id": "a"}}"#), ("metadata.session_id", r#"{"metadata": {"session_id": "a"}}"#)]
    {
        let view: Value = serde_json::from_str(&extract(&env, &["--json"], output).stdout).unwrap();
        assert_eq!((view["id"].as_str(), view["place"].as_str()), (Some("a"), Some(place)));
    }
}

#[test]
fn without_an_id_the_newest_transcript_of_the_directory_is_guessed_and_that_is_said() {
    let env = env();
    transcript_at(&env, "-elsewhere", "other", 30);
    insta::assert_snapshot!(text(&env, &extract(&env, &["--quiet"], "no JSON\n{}\n")), @r#"
    [exit 1]
    ---
    error: no agent session id in 2 lines, 1 of them no JSON, and there is no transcript of this directory
    hint: let the agent print JSON, as in `claude -p --output-format stream-json --verbose "PROMPT" | rutter extract`
    "#);
    transcript_at(&env, &folder(&env), "older", 10);
    transcript_at(&env, &folder(&env), "newer", 20);
    insta::assert_snapshot!(text(&env, &extract(&env, &["--quiet"], "")), @"
    [exit 0]
    newer
    ---
    warning: the output tells no id: guessed from the newest transcript of /project, which may be another run's
    ");
    insta::assert_snapshot!(text(&env, &extract(&env, &["--json"], "{}")), @r#"
    [exit 0]
    {"id":"newer","place":"file_system","other_ids":[],"lines":1,"skipped":0}
    ---
    warning: the output tells no id: guessed from the newest transcript of /project, which may be another run's
    "#);
    insta::assert_snapshot!(text(&env, &extract(&env, &["--no-guess", "--json"], "")), @r#"
    [exit 1]
    {"id":null,"place":null,"other_ids":[],"lines":0,"skipped":0}
    ---
    error: the output is empty
    hint: let the agent print JSON, as in `claude -p --output-format stream-json --verbose "PROMPT" | rutter extract`
    "#);
    assert_eq!(extract(&env, &[], CONTINUED).stdout, "5f0c9d1e\n");
    let below = env.project().join("below");
    fs::create_dir(&below).unwrap();
    assert_eq!(extract(&env, &["-C", "below"], "").code, 1);
    assert_eq!(env.raw_with(&below, ["-C", "..", "extract"], b"").stdout, "newer\n");
}

#[test]
fn a_directory_for_each_session_is_guessed_from_where_the_client_left_nothing() {
    let env = env();
    fs::create_dir_all(env.path(".claude/projects/user_123_abc")).unwrap();
    fs::write(env.path(".claude/projects/user_123_abc/history.json"), r#"{"turns": []}"#).unwrap();
    assert_eq!(extract(&env, &[], "").stdout, "user_123_abc\n");
    transcript_at(&env, &folder(&env), "newer", 20);
    assert_eq!(extract(&env, &[], "").stdout, "newer\n");
}

#[test]
fn output_that_was_cut_before_the_session_began_is_warned_of() {
    let env = env();
    let first = CONTINUED.split_inclusive('\n').next().unwrap();
    insta::assert_snapshot!(text(&env, &extract(&env, &[], first)), @"
    [exit 0]
    thrown-away
    ---
    warning: the output ends before the agent session begins: with --continue, this id may be one that nobody can resume
    ");
}

#[test]
fn what_cannot_be_read_is_said() {
    let env = env();
    insta::assert_snapshot!(env.run(["extract", "nowhere.jsonl"]), @"
    [exit 3]
    [err] error: cannot read `nowhere.jsonl`
    [err]   cause: No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(env.run(["extract", "."]), @"
    [exit 3]
    [err] error: cannot read `.`
    [err]   cause: Is a directory (os error 21)
    ");
}

#[test]
fn on_a_terminal_nobody_is_waited_for() {
    let env = env();
    let mut command = env.command(&env.project());
    command.arg("extract").process_group(0);
    let terminal = Interactive::start(command);
    terminal.wait_for("what to type", |screen| screen.contains("nothing is piped in") && screen.contains("rutter extract FILE"));
    assert_eq!(terminal.wait().code(), Some(2));
}
