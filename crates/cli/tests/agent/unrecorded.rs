//! What must not be recorded is not: paused, excluded, prompts left out, uninstalled, secrets.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use testkit::{FAKE_SECRETS, Step, bash, say};

use crate::stage::Stage;
use crate::truth::assert_quiet;

/// Every file below a directory.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// The files of ours that have these bytes: store, log of changes, inbox, mirror.
fn files_with(stage: &Stage, bytes: &str) -> Vec<PathBuf> {
    let roots = [stage.store(), stage.home.home().join(".claude/memory"), stage.home.home().join(".config/rutter")];
    let files: Vec<_> = roots.iter().flat_map(|root| files_below(root)).collect();
    assert!(files.iter().any(|file| file.ends_with("rutter.db")));
    let has = |file: &PathBuf| fs::read(file).unwrap_or_default().windows(bytes.len()).any(|window| window == bytes.as_bytes());
    files.into_iter().filter(has).collect()
}

#[test]
fn nothing_is_recorded_while_recording_is_paused() {
    let Some(stage) = Stage::set() else { return };
    stage.rutter(["pause"]);
    assert_quiet(&stage.run("Unheard. @@tools", &[]));
    assert_eq!((stage.sessions().len(), files_with(&stage, "Unheard").len()), (0, 0));
    assert_eq!(stage.objects(["events", "--all-projects"]), Vec::<Value>::new());
    stage.rutter(["pause", "--end"]);
    let run = stage.run("Heard. @@tools", &[]);
    assert_quiet(&run);
    assert_eq!(stage.session_of(&run.session_id())["tool_calls"], 2);
    assert_eq!(stage.only_session()["turns"], 1);
}

#[test]
fn nothing_is_recorded_in_a_directory_that_is_excluded() {
    let Some(stage) = Stage::set() else { return };
    stage.rutter(["config", "record.exclude", stage.home.project().to_str().unwrap()]);
    assert_quiet(&stage.run("Unheard. @@tools", &[]));
    assert_eq!((stage.sessions().len(), files_with(&stage, "Unheard").len()), (0, 0));
}

#[test]
fn prompts_that_are_not_to_be_recorded_are_nowhere() {
    let Some(stage) = Stage::set() else { return };
    stage.rutter(["config", "record.prompts", "false"]);
    let prompt = "Unheardof words @@subagent";
    let run = stage.run(prompt, &[]);
    assert_quiet(&run);
    let session = stage.session_of(&run.session_id());
    assert_eq!((&session["turns"], &session["tool_calls"]), (&1.into(), &2.into()));
    assert_eq!(stage.timeline(&session)[0]["prompts"], serde_json::json!([]));
    assert_eq!(files_with(&stage, "Unheardof"), Vec::<PathBuf>::new());
    stage.compare(1);
}

#[test]
fn uninstalling_gives_the_settings_back_and_ends_recording() {
    let Some(stage) = Stage::bare() else { return };
    stage.home.record_hooks();
    let before = fs::read(stage.home.settings_file()).unwrap();
    stage.rutter(["init", "--yes"]);
    assert_ne!(fs::read(stage.home.settings_file()).unwrap(), before);
    assert_quiet(&stage.run("Heard. @@tools", &[]));
    stage.rutter(["uninstall", "claude-code"]);
    assert_eq!(fs::read(stage.home.settings_file()).unwrap(), before);
    assert_quiet(&stage.run("Unheard. @@tools", &[]));
    assert_eq!((&stage.only_session()["tool_calls"], stage.api.tool_ids().len()), (&2.into(), 4));
    assert_eq!(files_with(&stage, "Unheard"), Vec::<PathBuf>::new());
}

#[test]
fn no_secret_of_a_tool_is_in_any_file_of_ours() {
    let Some(stage) = Stage::set() else { return };
    assert_quiet(&stage.run("Go. @@secrets", &[]));
    // In a prompt, in what a failing command says, and in the last words of a turn, too.
    let said: Vec<_> = FAKE_SECRETS.iter().map(testkit::FakeSecret::value).collect();
    let backwards: String = said.join(" ").chars().rev().collect();
    stage.api.add("leak", [Step::of([bash(&format!("echo {backwards} | rev >&2; exit 3"))]), Step::of([say(&said.join(" "))])]);
    assert_quiet(&stage.run(&format!("{} @@leak", said.join(" ")), &[]));
    stage.compare(2);
    let payloads = fs::read_to_string(stage.home.beside("payloads.jsonl")).unwrap();
    for secret in FAKE_SECRETS {
        assert!(payloads.contains(&secret.value()), "the hooks were sent it: {secret:?}");
        assert_eq!(files_with(&stage, &secret.value()), Vec::<PathBuf>::new(), "{secret:?}");
    }
}

#[test]
fn one_program_is_enough_for_hooks() {
    let Some(stage) = Stage::bare() else { return };
    stage.home.record_hooks();
    let alone = stage.home.beside("bin/rutter");
    fs::create_dir(alone.parent().unwrap()).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_rutter"), &alone).unwrap();
    assert!(stage.home.program(&alone).args(["init", "--yes", "--quiet"]).status().unwrap().success());
    assert!(stage.home.settings().to_string().contains("\"hook\""));
    assert_quiet(&stage.run("Go. @@tools", &[]));
    assert_eq!(stage.only_session()["tool_calls"], 2);
    stage.compare(1);
}
