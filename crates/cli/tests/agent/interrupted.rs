//! Escape, SIGKILL: what ends without a hook that says so.

use testkit::{Key, Signal, wait_for};

use crate::stage::{SOON, Stage};

fn outcome(turn: &str, calls: &[&str]) -> (String, Vec<String>) {
    (turn.to_owned(), calls.iter().map(|call| (*call).to_owned()).collect())
}

#[test]
fn escape_while_a_tool_runs_interrupts_the_turn_and_not_the_session() {
    let Some(stage) = Stage::set() else { return };
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@slow");
    stage.wait_for_the_slow_command();
    assert_eq!(stage.outcomes(&stage.only_session()), [outcome("running", &["running"])]);
    agent.press_until(Key::Escape, "the interruption", |screen| screen.contains("Interrupted"));
    // No hook says so; the agent's own registry does.
    wait_for("the end of the turn", SOON, || {
        (stage.outcomes(&stage.only_session()) == [outcome("interrupted", &["unfinished"])]).then_some(())
    });
    agent.submit("Again. @@fail");
    stage.wait_for_hooks("Stop", 1);
    let during = stage.only_session();
    assert_eq!(during["status"], "ACTIVE");
    assert_eq!(stage.outcomes(&during), [outcome("interrupted", &["unfinished"]), outcome("completed", &["failed"])]);
    assert!(agent.exit().success());
    assert_eq!(stage.only_session()["status"], "COMPLETED");
    stage.compare(2);
}

#[test]
fn escape_while_the_model_speaks_interrupts_the_turn() {
    let Some(stage) = Stage::set() else { return };
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@hang");
    agent.wait_for("the first words", |screen| screen.contains("I am about to say a lot more"));
    agent.press_until(Key::Escape, "the interruption", |screen| screen.contains("Interrupted"));
    agent.submit("Again. @@tools");
    stage.wait_for_hooks("Stop", 1);
    assert!(agent.exit().success());
    let session = stage.only_session();
    assert_eq!(stage.outcomes(&session), [outcome("interrupted", &[]), outcome("completed", &["succeeded", "succeeded"])]);
    stage.compare(2);
}

#[test]
fn a_killed_agent_leaves_a_session_that_can_be_taken_up_again() {
    let Some(stage) = Stage::set() else { return };
    let process = stage.home.spawn_print("Go. @@slow", &[]);
    stage.wait_for_the_slow_command();
    let pid = process.pid();
    let runs = || stage.objects(["now"]).iter().any(|agent| agent["pid"] == pid);
    assert!(runs());
    let killed = process.kill();
    stage.note_run(&killed);
    assert!(!runs());
    let session = stage.only_session();
    let id = killed.session_id();
    stage.tells(&[&id], &["#1 a: ABANDONED, process gone (inferred)"], &["a: - < -, startup #1"], "a");
    assert_eq!(stage.outcomes(&session), [outcome("interrupted", &["unfinished"])]);
    stage.replayed_in_other_orders();
    let run = stage.run("And now? @@tools", &["--resume", &killed.session_id()]);
    stage.compare_stream(&run);
    let resumed = stage.only_session();
    assert_eq!((&resumed["id"], &resumed["status"]), (&session["id"], &"COMPLETED".into()));
    let expected = [outcome("interrupted", &["unfinished"]), outcome("completed", &["succeeded", "succeeded"])];
    assert_eq!(stage.outcomes(&resumed), expected);
    stage.tells(&[&id], &["#1 a: COMPLETED, other (hook)"], &["a: - < -, startup #1", "a: a < a, resume #1"], "a");
    stage.compare(2);
    stage.replayed_in_other_orders();
}

#[test]
fn an_agent_that_is_killed_while_its_model_speaks_has_written_none_of_it() {
    let Some(stage) = Stage::set() else { return };
    let process = stage.home.spawn_print("Go. @@hang", &[]);
    stage.api.wait_until(SOON, |exchanges| exchanges.iter().any(|each| each.is_of("hang") && each.blocks.len() == 1));
    // The agent writes its transcript when it finds the time: without the prompt in it, the kill came too early.
    wait_for("the prompt in the transcript", SOON, || {
        stage.home.transcript("").iter().any(|record| record["type"] == "user").then_some(())
    });
    let killed = process.kill();
    stage.note_run(&killed);
    assert_eq!(stage.outcomes(&stage.only_session()), [outcome("interrupted", &[])]);
    stage.compare(1);
}

#[test]
fn an_agent_that_is_told_to_end_leaves_a_session_that_has_ended() {
    let Some(stage) = Stage::set() else { return };
    let process = stage.home.spawn_print("Go. @@slow", &[]);
    stage.wait_for_the_slow_command();
    process.signal(Signal::TERM);
    let ended = process.wait();
    stage.note_run(&ended);
    let id = ended.session_id();
    let session = stage.only_session();
    assert_eq!(stage.outcomes(&session), [outcome("interrupted", &["unfinished"])], "{:?}", stage.home.events());
    stage.tells(&[&id], &["#1 a: COMPLETED, other (hook)"], &["a: - < -, startup #1"], "a");
    stage.compare(1);
    stage.replayed_in_other_orders();
}
