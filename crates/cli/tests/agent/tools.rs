//! Tools that work, fail or are refused.

use testkit::Key;

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

#[test]
fn a_persons_yes_and_no_are_told_apart() {
    for (key, turn, call) in [(Key::Enter, "completed", "succeeded"), (Key::Escape, "interrupted", "unfinished")] {
        let Some(stage) = Stage::set() else { return };
        let agent = stage.home.interactive(&[]);
        agent.submit("Go. @@denied");
        agent.wait_for("the question", |screen| screen.contains("Do you want to proceed?"));
        agent.press_until(key, "an end of the question", |screen| !screen.contains("Do you want to proceed?"));
        agent.wait_until_ready();
        stage.wait_for_hooks("Stop", usize::from(key == Key::Enter));
        assert!(agent.exit().success());
        let session = stage.only_session();
        assert_eq!((&session["status"], &session["end_reason"]), (&"COMPLETED".into(), &"prompt_input_exit".into()));
        assert_eq!(stage.outcomes(&session), [(turn.to_owned(), all(call, 1))]);
        stage.compare(1);
    }
}
