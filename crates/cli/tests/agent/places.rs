//! Directories, repositories, stores in other places.

use serde_json::Value;

use crate::stage::Stage;

#[test]
fn a_session_stays_where_it_began_wherever_its_agent_goes() {
    let Some(stage) = Stage::set() else { return };
    stage.home.init_git();
    for (script, sessions) in [("cd", 1), ("commit", 2), ("big-100", 3)] {
        let run = stage.run(&format!("Go. @@{script}"), &[]);
        stage.compare_stream(&run);
        assert_eq!(stage.sessions().len(), sessions);
    }
    let here = stage.home.project();
    for session in stage.sessions() {
        assert_eq!((&session["project"], &session["worktree"]), (&"project".into(), &here.to_str().unwrap().into()));
    }
    stage.compare(3);
}

#[test]
fn hooks_find_a_store_that_is_in_no_usual_place() {
    let Some(stage) = Stage::bare() else { return };
    stage.home.record_hooks();
    let elsewhere = stage.home.beside("elsewhere");
    let init = stage.command().env("RUTTER_HOME", &elsewhere).args(["init", "--yes"]).output().unwrap();
    assert!(init.status.success(), "{init:?}");
    let run = stage.run("Go. @@tools", &[]);
    assert_eq!(run.stderr, "");
    let listed = stage.command().env("RUTTER_HOME", &elsewhere).args(["--json", "list"]).output().unwrap();
    let session: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!((&session["tool_calls"], &session["agent_sessions"][0]), (&2.into(), &run.session_id().into()));
    assert!(stage.api.times_told(session["id"].as_str().unwrap()) > 0);
    assert!(!stage.store().exists());
}

#[test]
fn hooks_that_are_registered_twice_record_once() {
    let Some(stage) = Stage::set() else { return };
    let other = stage.home.beside("bin/rutter");
    std::fs::create_dir(other.parent().unwrap()).unwrap();
    std::fs::copy(env!("CARGO_BIN_EXE_rutter"), &other).unwrap();
    let again = stage.home.program(&other).args(["install", "claude-code", "--scope", "project"]).output().unwrap();
    assert!(again.status.success(), "{again:?}");
    let run = stage.run("Go. @@tools", &[]);
    stage.compare_stream(&run);
    assert_eq!(stage.only_session()["tool_calls"], 2);
    stage.compare(1);
}
