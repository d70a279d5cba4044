//! Tools that work, fail or are refused.

use testkit::{Interactive, Key};

use crate::stage::Stage;

fn all(outcome: &str, calls: usize) -> Vec<String> {
    vec![outcome.to_owned(); calls]
}

#[test]
fn a_print_run_is_a_session_with_a_turn_and_its_tools() {
    let Some(stage) = Stage::set() else { return };
    let run = stage.run("Go. @@tools", &[]);
    stage.compare_stream(&run);
    let session = stage.session_of(&run.session_id());
    assert_eq!((&session["status"], &session["end_reason"]), (&"COMPLETED".into(), &"other".into()));
    assert_eq!((&session["agent"], &session["description"]), (&"claude-code".into(), &"Go. @@tools".into()));
    assert_eq!((&session["turns"], &session["tool_calls"]), (&1.into(), &2.into()));
    assert_eq!(stage.outcomes(&session), [("completed".to_owned(), all("succeeded", 2))]);
    let turn = &stage.timeline(&session)[0];
    assert_eq!((&turn["prompts"], &turn["typed"]), (&serde_json::json!(["Go. @@tools"]), &true.into()));
    assert_eq!((&turn["tool_calls"][0]["about"], &turn["tool_calls"][1]["tool"]), (&"echo hello && ls".into(), &"Write".into()));
    stage.compare(1);
}

#[test]
fn many_calls_of_one_turn_are_all_there_and_in_order() {
    let Some(stage) = Stage::set() else { return };
    let run = stage.run("Go. @@many-10", &[]);
    stage.compare_stream(&run);
    let session = stage.only_session();
    assert_eq!(stage.outcomes(&session), [("completed".to_owned(), all("succeeded", 10))]);
    let timeline = stage.timeline(&session);
    let about: Vec<_> = timeline[0]["tool_calls"].as_array().unwrap().iter().map(|call| call["about"].as_str().unwrap()).collect();
    assert_eq!(about, (1..=10).map(|at| format!("echo call {at}")).collect::<Vec<_>>());
    stage.compare(1);
}

#[test]
fn a_tool_that_fails_is_a_failed_call_of_a_completed_turn() {
    let Some(stage) = Stage::set() else { return };
    let run = stage.run("Go. @@fail", &[]);
    stage.compare_stream(&run);
    let session = stage.session_of(&run.session_id());
    assert_eq!(stage.outcomes(&session), [("completed".to_owned(), all("failed", 1))]);
    let error = stage.timeline(&session)[0]["tool_calls"][0]["error"].clone();
    assert_eq!(error, "Exit code 3");
    stage.compare(1);
}

#[test]
fn a_tool_that_nobody_allows_is_a_refused_call() {
    let Some(stage) = Stage::set() else { return };
    let run = stage.run("Go. @@denied", &[]);
    stage.compare_stream(&run);
    let denied = &run.result().unwrap()["permission_denials"][0]["tool_use_id"];
    let session = stage.session_of(&run.session_id());
    assert_eq!(stage.outcomes(&session), [("completed".to_owned(), all("refused", 1))]);
    assert_eq!(&stage.timeline(&session)[0]["tool_calls"][0]["id"], denied);
    stage.compare(1);
}

/// Answers the question whether a command may run, and returns the outcome of turn and call.
fn answer(stage: &Stage, choose: impl Fn(&Interactive), stops: usize) -> (String, Vec<String>) {
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@denied");
    agent.wait_for("the question", is_asked);
    choose(&agent);
    agent.wait_until_ready();
    stage.wait_for_hooks("Stop", stops);
    assert!(agent.exit().success());
    let session = stage.only_session();
    assert_eq!((&session["status"], &session["end_reason"]), (&"COMPLETED".into(), &"prompt_input_exit".into()));
    stage.compare(1);
    stage.outcomes(&session).remove(0)
}

fn is_asked(screen: &str) -> bool {
    screen.contains("Do you want to proceed?")
}

#[test]
fn a_persons_yes_lets_the_call_succeed() {
    let Some(stage) = Stage::set() else { return };
    let yes = |agent: &Interactive| drop(agent.press_until(Key::Enter, "an end of the question", |screen| !is_asked(screen)));
    assert_eq!(answer(&stage, yes, 1), ("completed".to_owned(), all("succeeded", 1)));
}

#[test]
fn a_persons_no_interrupts_the_turn_and_leaves_the_call_unfinished() {
    let Some(stage) = Stage::set() else { return };
    let no = |agent: &Interactive| {
        agent.press_until(Key::Down, "the answer No", |screen| screen.contains("❯ 3. No") || screen.contains("❯ 2. No"));
        agent.press_until(Key::Enter, "an end of the question", |screen| !is_asked(screen));
    };
    assert_eq!(answer(&stage, no, 0), ("interrupted".to_owned(), all("unfinished", 1)));
}

#[test]
fn escape_at_the_question_is_a_no() {
    let Some(stage) = Stage::set() else { return };
    let escape = |agent: &Interactive| drop(agent.press_until(Key::Escape, "an end of the question", |screen| !is_asked(screen)));
    assert_eq!(answer(&stage, escape, 0), ("interrupted".to_owned(), all("unfinished", 1)));
}
