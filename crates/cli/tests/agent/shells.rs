//! What a command that the agent runs finds out about its session.

use serde_json::Value;
use testkit::{Step, bash, say};

use crate::stage::Stage;

/// What a shell says that knows its session.
fn all_three(session: &Value) -> String {
    let id = session["id"].as_str().unwrap();
    format!("[{id}] [{id}] [{id}]")
}

fn conversations(session: &Value) -> Vec<String> {
    session["agent_sessions"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_of_two_agents_shells_names_its_own_session() {
    let Some(stage) = Stage::set() else { return };
    stage.let_shell_say();
    let runs = ["One. @@ask", "Two. @@ask"].map(|prompt| stage.home.spawn_print(prompt, &[])).map(|process| process.wait());
    for run in &runs {
        stage.compare_stream(run);
        let session = stage.session_of(&run.session_id());
        assert_eq!(stage.said_by_shells(&run.session_id()), [all_three(&session)]);
    }
    stage.compare(2);
}

#[test]
fn the_shell_of_an_agent_in_an_agents_shell_names_the_inner_session() {
    let Some(stage) = Stage::set() else { return };
    stage.let_shell_say();
    let inner = bash(r#"sh -c '"$CLAUDE_CODE_EXECPATH" -p "inner @@ask" --output-format json'"#);
    stage.api.add("outer", [Step::of([inner]), Step::of([say("It is over.")])]);
    let run = stage.run("Go. @@outer", &[]);
    let sessions = stage.sessions();
    let inner = sessions.iter().find(|session| conversations(session) != [run.session_id()]).unwrap();
    assert_eq!(stage.said_by_shells(&conversations(inner)[0]), [all_three(inner)]);
    stage.compare(2);
}

#[test]
fn the_shell_of_a_conversation_that_goes_on_names_the_same_session() {
    let Some(stage) = Stage::set() else { return };
    stage.let_shell_say();
    let first = stage.run("Go. @@ask", &[]).session_id();
    stage.run("And again. @@ask", &["--resume", &first]);
    let fork = stage.run("Otherwise. @@ask", &["--resume", &first, "--fork-session"]).session_id();
    let here = all_three(&stage.session_of(&first));
    assert_eq!(stage.said_by_shells(&first), [here.clone(), here]);
    let forked = stage.session_of(&fork);
    assert_eq!(stage.said_by_shells(&fork).last(), Some(&all_three(&forked)));
    stage.compare(3);
}

#[test]
fn the_shell_after_clear_names_the_new_session() {
    let Some(stage) = Stage::set() else { return };
    stage.let_shell_say();
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@ask");
    stage.wait_for_hooks("Stop", 1);
    agent.submit("/clear");
    stage.wait_for_hooks("SessionStart", 2);
    agent.submit("Anew. @@ask");
    stage.wait_for_hooks("Stop", 2);
    assert!(agent.exit().success());
    for session in stage.sessions() {
        assert_eq!(stage.said_by_shells(&conversations(&session)[0]), [all_three(&session)]);
    }
    stage.compare(2);
}

#[test]
fn after_a_persons_end_the_current_session_is_the_one_that_follows() {
    let Some(stage) = Stage::set() else { return };
    stage.let_shell_say();
    let agent = stage.home.interactive(&[]);
    agent.submit("Go. @@ask");
    stage.wait_for_hooks("Stop", 1);
    let ended = stage.only_session();
    stage.rutter(["end", ended["id"].as_str().unwrap()]);
    agent.submit("On. @@ask");
    stage.wait_for_hooks("Stop", 2);
    assert!(agent.exit().success());
    let sessions = stage.sessions();
    let [old, new] = [0, 1].map(|place| sessions[place]["id"].as_str().unwrap());
    // The agent's shell keeps its variables; `rutter` passes over a session that has ended, and says so.
    let said = stage.said_by_shells(&conversations(&ended)[0]);
    assert!(said[1].ends_with(&format!("passed over\n[{old}] [{old}] [{new}]")), "{said:?}");
}
