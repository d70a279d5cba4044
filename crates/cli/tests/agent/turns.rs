//! Prompts that nobody typed, or that came in the middle of a turn.

use crate::stage::Stage;

#[test]
fn the_end_of_background_work_begins_a_turn_that_nobody_typed() {
    let Some(stage) = Stage::set() else { return };
    let run = stage.run("Go. @@background", &[]);
    stage.compare_stream(&run);
    let session = stage.only_session();
    let timeline = stage.timeline(&session);
    let typed: Vec<_> = timeline.iter().map(|turn| turn["typed"].as_bool().unwrap()).collect();
    assert_eq!((typed, &session["description"]), (vec![true, false], &"Go. @@background".into()));
    assert!(timeline.iter().all(|turn| turn["outcome"] == "completed"), "{timeline:#?}");
    stage.tells(&[&run.session_id()], &["#1 a: COMPLETED, other (hook)"], &["a: - < -, startup #1"], "a");
    stage.compare(2);
    stage.replayed_in_other_orders();
}

#[test]
fn a_prompt_typed_while_a_tool_runs_belongs_to_the_turn() {
    let Some(stage) = Stage::set() else { return };
    stage.let_command_wait();
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@held");
    stage.wait_for_the_slow_command();
    agent.submit("And hurry up.");
    stage.wait_for_hooks("UserPromptSubmit", 2);
    stage.end_command();
    stage.wait_for_hooks("Stop", 1);
    assert!(agent.exit().success());
    let timeline = stage.timeline(&stage.only_session());
    assert_eq!((timeline.len(), &timeline[0]["outcome"]), (1, &"completed".into()), "{timeline:#?}");
    assert_eq!(timeline[0]["prompts"], serde_json::json!(["Go. @@held", "And hurry up."]));
    let id = stage.conversations().remove(0);
    stage.tells(&[&id], &["#1 a: COMPLETED, prompt_input_exit (hook)"], &["a: - < -, startup #1"], "a");
    stage.compare(1);
    stage.replayed_in_other_orders();
}
