//! Resume, continue, fork, clear: what the agent does to its conversation decides what happens to our session.

use serde_json::Value;

use crate::stage::Stage;

#[test]
fn a_conversation_that_goes_on_reopens_its_session() {
    let Some(stage) = Stage::set() else { return };
    let first = stage.run("Go. @@tools", &[]);
    let session = stage.only_session();
    assert_eq!(session["status"], "COMPLETED");
    let resumed = stage.run("And again. @@fail", &["--resume", &first.session_id()]);
    let continued = stage.run("And more. @@denied", &["--continue"]);
    for run in [&resumed, &continued] {
        stage.compare_stream(run);
        assert_eq!(run.session_id(), first.session_id());
    }
    let after = stage.only_session();
    assert_eq!((&after["id"], &after["status"], &after["turns"]), (&session["id"], &"COMPLETED".into(), &3.into()));
    let calls: Vec<_> = stage.outcomes(&after).into_iter().flat_map(|(_, calls)| calls).collect();
    assert_eq!(calls, ["succeeded", "succeeded", "failed", "refused"]);
    let chain = ["a: - < -, startup #1", "a: a < a, resume #1", "a: a < a, resume #1"];
    stage.tells(&[&first.session_id()], &["#1 a: COMPLETED, other (hook)"], &chain, "a");
    stage.compare(3);
    stage.replayed_in_other_orders();
}

#[test]
fn a_fork_is_a_session_of_its_own() {
    let Some(stage) = Stage::set() else { return };
    let first = stage.run("Go. @@tools", &[]);
    let fork = stage.run("Otherwise. @@fail", &["--resume", &first.session_id(), "--fork-session"]);
    stage.compare_stream(&fork);
    assert_ne!(first.session_id(), fork.session_id());
    let [before, after] = [&first, &fork].map(|run| stage.session_of(&run.session_id()));
    assert_ne!(before["id"], after["id"]);
    assert_eq!((&before["tool_calls"], &after["tool_calls"]), (&2.into(), &1.into()));
    // Which one it was copied from, its transcript says and no hook.
    let sessions = ["#1 a: COMPLETED, other (hook)", "#2 b below #1: COMPLETED, other (hook)"];
    stage.tells(&[&first.session_id(), &fork.session_id()], &sessions, &["a: - < -, startup #1", "b: a < a, fork #2"], "b");
    stage.compare(2);
    stage.replayed_in_other_orders();
}

#[test]
fn a_branch_is_a_session_below_the_one_it_left() {
    let Some(stage) = Stage::set() else { return };
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@tools");
    stage.wait_for_hooks("Stop", 1);
    agent.submit("/branch");
    stage.wait_for_hooks("SessionStart", 2);
    agent.submit("Otherwise. @@fail");
    stage.wait_for_hooks("Stop", 2);
    assert!(agent.exit().success());
    let sessions = stage.sessions();
    assert_eq!((sessions.len(), &sessions[1]["parent"]), (2, &sessions[0]["id"]), "{sessions:#?}");
    assert_eq!((&sessions[0]["tool_calls"], &sessions[1]["tool_calls"]), (&2.into(), &1.into()));
    let [left, branch] = [0, 1].map(|at| sessions[at]["agent_sessions"][0].as_str().unwrap());
    let told = ["#1 a: COMPLETED, resume (hook)", "#2 b below #1: COMPLETED, prompt_input_exit (hook)"];
    stage.tells(&[left, branch], &told, &["a: - < -, startup #1", "b: a < a, fork #2"], "b");
    stage.compare(2);
    stage.replayed_in_other_orders();
}

#[test]
fn clear_ends_the_session_and_begins_another() {
    let Some(stage) = Stage::set() else { return };
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@tools");
    stage.wait_for_hooks("Stop", 1);
    let first = stage.only_session();
    agent.submit("/clear");
    stage.wait_for_hooks("SessionStart", 2);
    // Before it is asked anything the new conversation cannot be resumed.
    let ids = stage.conversations();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    stage.tells(&ids, &["#1 a: COMPLETED, clear (hook)", "#2 b: ACTIVE"], &["a: - < -, startup #1"], "a");
    agent.submit("Anew. @@fail");
    stage.wait_for_hooks("Stop", 2);
    let sessions = stage.sessions();
    assert_eq!((sessions.len(), &sessions[0]["id"]), (2, &first["id"]));
    assert_eq!((&sessions[0]["status"], &sessions[0]["end_reason"]), (&"COMPLETED".into(), &"clear".into()));
    assert_eq!((&sessions[1]["status"], &sessions[1]["description"]), (&"ACTIVE".into(), &"Anew. @@fail".into()));
    assert!(agent.exit().success());
    let told = ["#1 a: COMPLETED, clear (hook)", "#2 b: COMPLETED, prompt_input_exit (hook)"];
    stage.tells(&ids, &told, &["a: - < -, startup #1", "b: a < a, clear #2"], "b");
    stage.compare(2);
    stage.replayed_in_other_orders();
}

#[test]
fn a_compaction_stays_in_its_session() {
    let Some(stage) = Stage::set() else { return };
    let first = stage.run("Go. @@tools", &[]).session_id();
    stage.run("/compact", &["--resume", &first]);
    stage.run("And on. @@fail", &["--resume", &first]);
    let session = stage.only_session();
    assert_eq!((&session["turns"], &session["parent"]), (&2.into(), &Value::Null));
    let chain = ["a: - < -, startup #1", "a: a < a, resume #1", "a: a < a, compact #1", "a: a < a, resume #1"];
    stage.tells(&[&first], &["#1 a: COMPLETED, other (hook)"], &chain, "a");
    stage.compare(2);
    stage.replayed_in_other_orders();
}

#[test]
fn an_agent_that_is_asked_nothing_leaves_an_empty_session() {
    let Some(stage) = Stage::set() else { return };
    let agent = stage.home.interactive(&[]);
    agent.wait_until_ready();
    stage.wait_for_hooks("SessionStart", 1);
    assert!(agent.exit().success());
    assert_eq!(stage.objects(["list"]), Vec::<Value>::new());
    let id = stage.conversations().remove(0);
    stage.tells(&[&id], &["#1 a: COMPLETED, prompt_input_exit (hook)"], &[], "-");
    stage.compare(0);
    stage.replayed_in_other_orders();
}

#[test]
fn a_conversation_resumed_inside_an_agent_reopens_its_own_session() {
    let Some(stage) = Stage::set() else { return };
    let first = stage.run("Go. @@tools", &[]).session_id();
    let agent = stage.home.interactive(&[]);
    agent.submit("Something else. @@fail");
    stage.wait_for_hooks("Stop", 2);
    agent.submit(&format!("/resume {first}"));
    stage.wait_for_hooks("SessionStart", 3);
    let sessions = stage.sessions();
    assert_eq!((&sessions[0]["status"], &sessions[1]["status"]), (&"ACTIVE".into(), &"COMPLETED".into()), "{sessions:#?}");
    agent.submit("And on. @@fail");
    stage.wait_for_hooks("Stop", 3);
    assert!(agent.exit().success());
    let session = stage.session_of(&first);
    assert_eq!((&session["turns"], &session["tool_calls"], &session["status"]), (&2.into(), &3.into(), &"COMPLETED".into()));
    let ids = stage.conversations();
    let told = ["#1 a: COMPLETED, prompt_input_exit (hook)", "#2 b: COMPLETED, resume (hook)"];
    let chain = ["a: - < -, startup #1", "b: a < -, startup #2", "a: b < a, resume #1"];
    stage.tells(&[&first, &ids[1]], &told, &chain, "a");
    stage.compare(3);
    stage.replayed_in_other_orders();
}

#[test]
fn a_session_that_two_processes_run_ends_with_the_second() {
    let Some(stage) = Stage::set() else { return };
    stage.let_command_wait();
    let id = stage.run("Go. @@ok", &[]).session_id();
    let longer = stage.home.spawn_print("On. @@held", &["--resume", &id]);
    stage.wait_for_the_slow_command();
    stage.run("Beside. @@fail", &["--resume", &id]);
    assert_eq!(stage.only_session()["status"], "ACTIVE");
    stage.end_command();
    longer.wait();
    assert_eq!((&stage.only_session()["status"], &stage.only_session()["turns"]), (&"COMPLETED".into(), &3.into()));
    let chain = ["a: - < -, startup #1", "a: a < a, resume #1", "a: a < a, resume #1"];
    stage.tells(&[&id], &["#1 a: COMPLETED, other (hook)"], &chain, "a");
    stage.compare(3);
    stage.replayed_in_other_orders();
}

const NAMED: &str = "0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d";

#[test]
fn a_conversation_whose_id_somebody_chose_is_one_like_any_other() {
    let Some(stage) = Stage::set() else { return };
    let run = stage.run("Go. @@tools", &["--session-id", NAMED]);
    assert_eq!(run.session_id(), NAMED);
    stage.tells(&[NAMED], &["#1 a: COMPLETED, other (hook)"], &["a: - < -, startup #1"], "a");
    stage.compare(1);
    stage.replayed_in_other_orders();
}

#[test]
fn resuming_what_nobody_knows_opens_nothing() {
    let Some(stage) = Stage::set() else { return };
    let run = stage.home.run_print("Go. @@tools", &["--resume", NAMED]);
    assert_ne!(run.code, Some(0), "{run:#?}");
    assert_eq!(stage.home.events(), ["SessionEnd"]);
    assert_eq!(stage.sessions().len(), 0);
    let first = stage.run("Go. @@tools", &[]).session_id();
    stage.tells(&[&first], &["#1 a: COMPLETED, other (hook)"], &["a: - < -, startup #1"], "a");
}

#[test]
fn a_conversation_of_before_the_hooks_is_taken_in_from_its_transcript_and_goes_on() {
    let Some(stage) = Stage::bare() else { return };
    let id = stage.run("Go. @@tools", &[]).session_id();
    stage.home.record_hooks();
    stage.rutter(["init", "--yes"]);
    stage.run("And on. @@fail", &["--resume", &id]);
    let chain = ["a: - < -, startup as its transcript says #1", "a: a < a, resume #1"];
    stage.tells(&[&id], &["#1 a: COMPLETED, other (hook)"], &chain, "a");
    // A store that has never looked at transcripts knows it from when it was resumed.
    stage.replayed_alike();
}
