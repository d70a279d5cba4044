//! Several agents at once, sub-agents, agents started by agents.

use serde_json::Value;

use crate::stage::Stage;

#[test]
fn two_agents_in_one_directory_keep_to_their_own_sessions() {
    let Some(stage) = Stage::set() else { return };
    let started = [stage.home.spawn_print("Go. @@many-20", &[]), stage.home.spawn_print("Go. @@many-15", &[])];
    let runs = started.map(|process| process.wait());
    for (run, calls) in runs.iter().zip([20, 15]) {
        stage.compare_stream(run);
        let session = stage.session_of(&run.session_id());
        assert_eq!((&session["turns"], &session["tool_calls"], &session["parent"]), (&1.into(), &calls.into(), &Value::Null));
        assert_eq!(session["agent_sessions"].as_array().unwrap().len(), 1);
    }
    // Who was asked first is not known beforehand.
    let ids = stage.conversations();
    let chain = match stage.head() {
        Some(head) if head == ids[0] => ["b: - < -, startup #2", "a: b < -, startup #1"],
        _ => ["a: - < -, startup #1", "b: a < -, startup #2"],
    };
    let told = ["#1 a: COMPLETED, other (hook)", "#2 b: COMPLETED, other (hook)"];
    stage.tells(&[&ids[0], &ids[1]], &told, &chain, &chain[1][..1]);
    stage.compare(2);
    stage.replayed_in_other_orders();
}

#[test]
fn sub_agents_work_in_the_session_of_their_agent() {
    for (script, agents) in [("subagent", 1), ("subagents", 2)] {
        let Some(stage) = Stage::set() else { return };
        let run = stage.run(&format!("Go. @@{script}"), &[]);
        stage.compare_stream(&run);
        let session = stage.only_session();
        // The call of the sub-agent, and the one that it makes.
        assert_eq!((&session["turns"], &session["tool_calls"]), (&1.into(), &(2 * agents).into()));
        let timeline = stage.timeline(&session);
        let calls = timeline[0]["tool_calls"].as_array().unwrap();
        let marked = calls.iter().filter(|call| call["subagent"].is_string());
        assert!(marked.clone().all(|call| call["tool"] == "Bash"), "{calls:#?}");
        assert_eq!((timeline.len(), marked.count()), (1, agents));
        let chain = [&["a: - < -, startup #1"][..], &["sub-agent: - < a, subagent #1 (no head)"; 2][..agents]].concat();
        stage.tells(&[&run.session_id()], &["#1 a: COMPLETED, other (hook)"], &chain, "a");
        stage.compare(1);
        stage.replayed_in_other_orders();
    }
}

#[test]
fn an_agent_that_an_agents_shell_started_has_a_session_below_it() {
    let Some(stage) = Stage::set() else { return };
    let run = stage.run("Go. @@nested", &[]);
    stage.compare_stream(&run);
    let outer = stage.session_of(&run.session_id());
    let sessions = stage.sessions();
    let inner = sessions.iter().find(|session| session["id"] != outer["id"]).unwrap();
    assert_eq!((sessions.len(), &inner["parent"], &outer["parent"]), (2, &outer["id"], &Value::Null));
    assert_eq!((&inner["description"], &outer["description"]), (&"inner @@sub".into(), &"Go. @@nested".into()));
    let inner = inner["agent_sessions"][0].as_str().unwrap();
    let told = ["#1 a: COMPLETED, other (hook)", "#2 b below #1: COMPLETED, other (hook)"];
    let chain = ["a: - < -, startup #1", "b: - < a, subagent #2 (no head)"];
    stage.tells(&[&run.session_id(), inner], &told, &chain, "a");
    stage.compare(2);
    stage.replayed_in_other_orders();
}
