//! `rutter start` and `rutter end`, said by a person or by the agent, between conversations and in the middle of one.

use testkit::{Step, bash, say};

use crate::stage::Stage;

/// Adds a script in which the agent's shell runs `rutter`, once with each of the arguments, and something else after each.
fn let_shell_run(stage: &Stage, name: &str, each: &[&str]) {
    let program = env!("CARGO_BIN_EXE_rutter");
    let run = |arguments: &&str| [Step::of([bash(&format!("sh -c '{program} {arguments}'"))]), Step::of([bash("echo on")])];
    let steps: Vec<_> = each.iter().flat_map(run).chain([Step::of([say("That is all.")])]).collect();
    stage.api.add(name, steps);
}

#[test]
fn a_session_started_between_conversations_takes_those_that_follow() {
    let Some(stage) = Stage::set() else { return };
    let before = stage.run("Go. @@tools", &[]).session_id();
    stage.say(["start", "--quiet", "-d", "Fix the login"]);
    let first = stage.run("Now. @@fail", &[]).session_id();
    let second = stage.run("And on. @@ok", &[]).session_id();
    let told = ["#1 a: COMPLETED, other (hook)", "#2 b c: ACTIVE"];
    let chain = ["a: - < -, startup #1", "b: a < -, startup #2", "c: b < -, startup #2"];
    stage.tells(&[&before, &first, &second], &told, &chain, "c");
    // What had a session keeps it.
    stage.run("Back. @@ok", &["--resume", &before]);
    let chain = [&chain[..], &["a: c < a, resume #1"]].concat();
    stage.tells(&[&before, &first, &second], &told, &chain, "a");
    stage.compare(4);
    stage.replayed_in_other_orders();
}

#[test]
fn what_the_agent_starts_first_is_the_session_it_is_in() {
    let Some(stage) = Stage::set() else { return };
    let_shell_run(&stage, "name", &[r#"start --quiet -d "Fix the login" --tag auth"#]);
    let id = stage.run("Go. @@name", &[]).session_id();
    let session = stage.only_session();
    assert_eq!((&session["description"], &session["tags"][0]), (&"Fix the login".into(), &"auth".into()));
    stage.tells(&[&id], &["#1 a: COMPLETED, other (hook)"], &["a: - < -, startup #1"], "a");
    stage.compare(1);
    stage.replayed_alike();
}

#[test]
fn what_the_agent_starts_next_has_the_conversation_from_there_on() {
    let Some(stage) = Stage::set() else { return };
    let_shell_run(&stage, "name", &[r#"start --quiet -d "Fix the login""#, r#"start --quiet -d "Fix the logout""#]);
    let id = stage.run("Go. @@name", &[]).session_id();
    let told = ["#1 a: COMPLETED, another session was started (inferred)", "#2 a: ACTIVE"];
    stage.tells(&[&id], &told, &["a: - < -, startup #1"], "a");
    let sessions = stage.sessions();
    assert_eq!((&sessions[0]["description"], &sessions[1]["description"]), (&"Fix the login".into(), &"Fix the logout".into()));
    assert_eq!((&sessions[0]["tool_calls"], &sessions[1]["tool_calls"]), (&3.into(), &1.into()));
    stage.run("And on. @@ok", &["--resume", &id]);
    stage.tells(&[&id], &told, &["a: - < -, startup #1", "a: a < a, resume #2"], "a");
    stage.replayed_alike();
}

#[test]
fn what_the_turn_still_does_that_ended_its_session_is_recorded_with_it() {
    let Some(stage) = Stage::set() else { return };
    let_shell_run(&stage, "end", &["end"]);
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@end");
    stage.wait_for_hooks("Stop", 1);
    let id = stage.conversations().remove(0);
    stage.tells(&[&id], &["#1 a: COMPLETED (said)"], &["a: - < -, startup #1"], "a");
    assert_eq!(stage.only_session()["tool_calls"], 2);
    agent.submit("On. @@fail");
    stage.wait_for_hooks("Stop", 2);
    let told = ["#1 a: COMPLETED (said)", "#2 a below #1: ACTIVE"];
    stage.tells(&[&id], &told, &["a: - < -, startup #1"], "a");
    assert_eq!(stage.sessions()[1]["tool_calls"], 1);
    assert!(agent.exit().success());
    let told = ["#1 a: COMPLETED (said)", "#2 a below #1: COMPLETED, prompt_input_exit (hook)"];
    stage.tells(&[&id], &told, &["a: - < -, startup #1"], "a");
    stage.replayed_alike();
}

#[test]
fn an_end_in_the_middle_of_a_turn_lets_the_turn_finish_in_its_session() {
    let Some(stage) = Stage::set() else { return };
    stage.let_command_wait();
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@held");
    stage.wait_for_the_slow_command();
    let id = stage.conversations().remove(0);
    stage.say(["end", &id]);
    stage.end_command();
    stage.wait_for_hooks("Stop", 1);
    stage.tells(&[&id], &["#1 a: COMPLETED (said)"], &["a: - < -, startup #1"], "a");
    let turn = stage.timeline(&stage.only_session()).remove(0);
    assert_eq!((&turn["outcome"], &turn["tool_calls"][0]["outcome"]), (&"completed".into(), &"succeeded".into()));
    agent.submit("On. @@fail");
    stage.wait_for_hooks("Stop", 2);
    assert!(agent.exit().success());
    let told = ["#1 a: COMPLETED (said)", "#2 a below #1: COMPLETED, prompt_input_exit (hook)"];
    stage.tells(&[&id], &told, &["a: - < -, startup #1"], "a");
    stage.replayed_in_other_orders();
}

#[test]
fn a_prompt_typed_in_the_middle_of_a_turn_is_of_the_session_that_was_ended() {
    let Some(stage) = Stage::set() else { return };
    stage.let_command_wait();
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@held");
    stage.wait_for_the_slow_command();
    let id = stage.conversations().remove(0);
    stage.rutter(["end", &id]);
    agent.submit("And hurry up.");
    stage.wait_for_hooks("UserPromptSubmit", 2);
    stage.end_command();
    stage.wait_for_hooks("Stop", 1);
    assert!(agent.exit().success());
    stage.tells(&[&id], &["#1 a: COMPLETED (said)"], &["a: - < -, startup #1"], "a");
    stage.compare(1);
}

#[test]
fn a_conversation_resumed_after_its_session_was_ended_opens_one_below_it() {
    let Some(stage) = Stage::set() else { return };
    let id = stage.run("Go. @@tools", &[]).session_id();
    stage.say(["reopen", &id]);
    stage.say(["end", &id, "--status", "FAILED"]);
    stage.run("And on. @@ok", &["--resume", &id]);
    let told = ["#1 a: FAILED (said)", "#2 a below #1: COMPLETED, other (hook)"];
    stage.tells(&[&id], &told, &["a: - < -, startup #1", "a: a < a, resume #1"], "a");
    stage.replayed_in_other_orders();
}
