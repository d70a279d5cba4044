//! What a running agent is doing.

use serde_json::Value;
use testkit::{Key, wait_for};

use crate::stage::{SOON, Stage};

/// Waits until `rutter now` says that the only agent is in a state, and returns what it says.
fn wait_for_state(stage: &Stage, state: &str) -> Value {
    wait_for(state, SOON, || {
        let agents = stage.objects(["now"]);
        assert!(agents.len() < 2, "{agents:#?}");
        agents.into_iter().find(|agent| agent["state"] == state)
    })
}

#[test]
fn an_agent_is_idle_works_waits_is_done_and_gone() {
    let Some(stage) = Stage::set() else { return };
    stage.let_command_wait();
    let agent = stage.home.interactive(&[]);
    agent.wait_until_ready();
    wait_for_state(&stage, "idle");
    agent.submit("Go. @@held");
    stage.wait_for_the_slow_command();
    let working = wait_for_state(&stage, "working");
    let session = stage.only_session();
    assert_eq!((&working["session"], &working["agent_session"]), (&session["id"], &session["agent_sessions"][0]));
    assert!(working["what"].as_str().unwrap().starts_with("Bash: sh -c 'echo on"), "{working:#}");
    assert_eq!((working["pid"].as_u64(), &working["cwd"]), (Some(agent.pid().into()), &stage.home.project().to_str().unwrap().into()));
    stage.end_command();
    stage.wait_for_hooks("Stop", 1);
    assert_eq!(wait_for_state(&stage, "done")["what"], "Go. @@held");
    agent.submit("More. @@denied");
    agent.wait_for("the question", |screen| screen.contains("Do you want to proceed?"));
    assert!(wait_for_state(&stage, "waiting")["what"].as_str().unwrap().contains("permission"));
    agent.press_until(Key::Escape, "an end of the question", |screen| !screen.contains("Do you want to proceed?"));
    wait_for_state(&stage, "done");
    assert!(agent.exit().success());
    assert_eq!(stage.objects(["now"]), Vec::<Value>::new());
    stage.compare(2);
}

#[test]
fn a_print_run_works_and_is_gone() {
    let Some(stage) = Stage::set() else { return };
    stage.let_command_wait();
    let process = stage.home.spawn_print("Go. @@held", &[]);
    stage.wait_for_the_slow_command();
    let working = wait_for_state(&stage, "working");
    assert_eq!((working["pid"].as_u64(), &working["session"]), (Some(process.pid().into()), &stage.only_session()["id"]));
    stage.end_command();
    process.wait();
    assert_eq!(stage.objects(["now"]), Vec::<Value>::new());
    stage.compare(1);
}
