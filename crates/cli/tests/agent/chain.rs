//! Which agent session follows which, row by row of the table in `docs/concepts/chain.md`; the rows of `conversations` are told there.

use testkit::Key;

use crate::stage::Stage;

#[test]
fn a_new_conversation_is_the_head_from_its_first_prompt_on() {
    let Some(stage) = Stage::set() else { return };
    let agent = stage.home.interactive(&[]);
    agent.wait_until_ready();
    stage.wait_for_hooks("SessionStart", 1);
    let id = stage.conversations().remove(0);
    stage.tells(&[&id], &["#1 a: ACTIVE"], &[], "-");
    agent.submit("Go. @@tools");
    stage.wait_for_hooks("Stop", 1);
    stage.tells(&[&id], &["#1 a: ACTIVE"], &["a: - < -, startup #1"], "a");
    agent.submit("And again. @@fail");
    stage.wait_for_hooks("Stop", 2);
    assert!(agent.exit().success());
    stage.tells(&[&id], &["#1 a: COMPLETED, prompt_input_exit (hook)"], &["a: - < -, startup #1"], "a");
    stage.compare(2);
    stage.replayed_in_other_orders();
}

#[test]
fn a_compaction_that_a_person_asks_for_is_a_transition_to_itself() {
    let Some(stage) = Stage::set() else { return };
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@tools");
    stage.wait_for_hooks("Stop", 1);
    agent.submit("/compact");
    stage.wait_for_hooks("PostCompact", 1);
    let id = stage.conversations().remove(0);
    let chain = ["a: - < -, startup #1", "a: a < a, compact #1"];
    stage.tells(&[&id], &["#1 a: ACTIVE"], &chain, "a");
    agent.submit("On. @@fail");
    stage.wait_for_hooks("Stop", 2);
    assert!(agent.exit().success());
    stage.tells(&[&id], &["#1 a: COMPLETED, prompt_input_exit (hook)"], &chain, "a");
    stage.compare(2);
    stage.replayed_in_other_orders();
}

#[test]
fn going_back_within_a_conversation_changes_nothing() {
    let Some(stage) = Stage::set() else { return };
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@tools");
    stage.wait_for_hooks("Stop", 1);
    agent.submit("Wrong. @@fail");
    stage.wait_for_hooks("Stop", 2);
    agent.submit("/rewind");
    let below = |screen: &str| screen.split_once("Restore the code").map(|(_, below)| below.to_owned());
    agent.wait_for("the points to go back to", |screen| below(screen).is_some());
    agent.press_until(Key::Up, "the last one", |screen| below(screen).is_some_and(|below| below.contains("❯ Wrong.")));
    // A screen that is being drawn anew is empty for a moment.
    let is_back =
        |screen: &str| screen.contains("Wrong. @@fail") && !screen.contains("Rewind") && !screen.contains("It failed, as expected.");
    agent.press_until(Key::Enter, "the prompt that was taken back", is_back);
    let id = stage.conversations().remove(0);
    stage.tells(&[&id], &["#1 a: ACTIVE"], &["a: - < -, startup #1"], "a");
    // It is asked again as it stands there.
    agent.press(Key::Enter);
    stage.wait_for_hooks("Stop", 3);
    assert!(agent.exit().success());
    stage.tells(&[&id], &["#1 a: COMPLETED, prompt_input_exit (hook)"], &["a: - < -, startup #1"], "a");
    assert_eq!(stage.only_session()["turns"], 3);
    stage.compare(3);
    stage.replayed_in_other_orders();
}

#[test]
fn a_conversation_resumed_in_another_directory_stays_in_its_session_and_project() {
    let Some(stage) = Stage::set() else { return };
    let first = stage.run("Go. @@tools", &[]).session_id();
    let elsewhere = stage.home.beside("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let resumed = stage.home.spawn_print_in(&elsewhere, "And on. @@fail", &["--resume", &first]).wait();
    stage.compare_stream(&resumed);
    assert_eq!(resumed.session_id(), first);
    let chain = ["a: - < -, startup #1", "a: a < a, resume #1"];
    stage.tells(&[&first], &["#1 a: COMPLETED, other (hook)"], &chain, "a");
    stage.compare(2);
    stage.replayed_in_other_orders();
}
