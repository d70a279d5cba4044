//! Sessions that a person started, and variables that name one.

use crate::stage::Stage;

#[test]
fn an_agent_takes_over_the_session_that_a_person_started() {
    let Some(stage) = Stage::set() else { return };
    let id = stage.say(["start", "--quiet", "-d", "Fix the login"]);
    for (prompt, turns) in [("Go. @@tools", 1), ("And again. @@fail", 2)] {
        let run = stage.run(prompt, &[]);
        stage.compare_stream(&run);
        let session = stage.session_of(&run.session_id());
        assert_eq!((&session["id"], &session["status"], &session["turns"]), (&id.as_str().into(), &"ACTIVE".into(), &turns.into()));
        assert_eq!(session["description"], "Fix the login");
    }
    assert_eq!(stage.rutter(["current"]), id);
    stage.say(["end", "1"]);
    let run = stage.run("Something else. @@ok", &[]);
    assert_ne!(stage.session_of(&run.session_id())["id"], id.as_str());
    let ids = stage.conversations();
    let told = ["#1 a b: COMPLETED (said)", "#2 c: COMPLETED, other (hook)"];
    let chain = ["a: - < -, startup #1", "b: a < -, startup #1", "c: b < -, startup #2"];
    stage.tells(&[&ids[0], &ids[1], &ids[2]], &told, &chain, "c");
    stage.compare(3);
    stage.replayed_in_other_orders();
}

#[test]
fn a_variable_names_the_session_that_an_agent_takes() {
    let Some(mut stage) = Stage::set() else { return };
    let named = stage.rutter(["start", "--quiet", "-d", "The one that is named"]);
    let newest = stage.rutter(["start", "--quiet", "-d", "The newest one"]);
    stage.home.set("RUTTER_SESSION", &named);
    let run = stage.run("Go. @@tools", &[]);
    stage.compare_stream(&run);
    assert_eq!(stage.session_of(&run.session_id())["id"], named.as_str());
    stage.home.set("RUTTER_SESSION", "no such session");
    let other = stage.run("Go. @@fail", &[]);
    assert_eq!(stage.session_of(&other.session_id())["id"], newest.as_str());
    let chain = ["a: - < -, startup #1", "b: a < -, startup #2"];
    stage.tells(&[&run.session_id(), &other.session_id()], &["#1 a: ACTIVE", "#2 b: ACTIVE"], &chain, "b");
    stage.compare(2);
}

#[test]
fn the_prompt_after_a_persons_end_opens_a_session_below_the_ended_one() {
    let Some(stage) = Stage::set() else { return };
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@tools");
    stage.wait_for_hooks("Stop", 1);
    let id = stage.conversations().remove(0);
    stage.say(["end", &id]);
    agent.submit("On. @@fail");
    stage.wait_for_hooks("Stop", 2);
    assert!(agent.exit().success());
    let sessions = stage.sessions();
    assert_eq!((&sessions[0]["tool_calls"], &sessions[1]["tool_calls"]), (&2.into(), &1.into()));
    let told = ["#1 a: COMPLETED (said)", "#2 a below #1: COMPLETED, prompt_input_exit (hook)"];
    stage.tells(&[&id], &told, &["a: - < -, startup #1"], "a");
    stage.replayed_in_other_orders();
}

#[test]
fn a_persons_session_goes_on_after_clear() {
    let Some(stage) = Stage::set() else { return };
    let id = stage.say(["start", "--quiet", "-d", "Fix the login"]);
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@tools");
    stage.wait_for_hooks("Stop", 1);
    agent.submit("/clear");
    stage.wait_for_hooks("SessionStart", 2);
    agent.submit("Anew. @@fail");
    stage.wait_for_hooks("Stop", 2);
    assert!(agent.exit().success());
    let session = stage.only_session();
    assert_eq!((&session["id"], &session["status"], &session["tool_calls"]), (&id.as_str().into(), &"ACTIVE".into(), &3.into()));
    let ids = stage.conversations();
    stage.tells(&[&ids[0], &ids[1]], &["#1 a b: ACTIVE"], &["a: - < -, startup #1", "b: a < a, clear #1"], "b");
    stage.compare(2);
    stage.replayed_in_other_orders();
}

#[test]
fn a_persons_session_is_taken_by_one_agent_at_a_time() {
    let Some(stage) = Stage::set() else { return };
    let id = stage.rutter(["start", "--quiet", "-d", "Fix the login"]);
    let holder = stage.home.spawn_print("Go. @@slow", &[]);
    stage.wait_for_the_slow_command();
    let beside = stage.run("Beside. @@fail", &[]);
    let other = stage.session_of(&beside.session_id());
    assert_eq!((other["id"] == id.as_str(), &other["status"]), (false, &"COMPLETED".into()));
    holder.kill();
    // Nobody holds it any more.
    let after = stage.run("After. @@tools", &[]);
    let session = stage.session_of(&after.session_id());
    assert_eq!((&session["id"], &session["turns"], &session["tool_calls"]), (&id.as_str().into(), &2.into(), &3.into()));
    stage.compare(3);
}

#[test]
fn an_agent_in_an_agents_shell_does_not_take_what_its_variables_name() {
    let Some(mut stage) = Stage::set() else { return };
    let id = stage.rutter(["start", "--quiet", "-d", "Fix the login"]);
    stage.home.set("RUTTER_SESSION", &id);
    let run = stage.run("Go. @@nested", &[]);
    assert_eq!(stage.session_of(&run.session_id())["id"], id.as_str());
    let sessions = stage.sessions();
    assert_eq!((sessions.len(), &sessions[1]["parent"]), (2, &id.as_str().into()));
    let ids = stage.conversations();
    let told = ["#1 a: ACTIVE", "#2 b below #1: COMPLETED, other (hook)"];
    let chain = ["a: - < -, startup #1", "b: - < a, subagent #2 (no head)"];
    stage.tells(&[&ids[0], &ids[1]], &told, &chain, "a");
    stage.compare(2);
}
