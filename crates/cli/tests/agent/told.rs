//! What the person, the model and the agent's shell are told, and how to switch it off.

use std::fs::File;

use serde_json::Value;
use testkit::PrintRun;

use crate::stage::Stage;
use crate::truth::assert_quiet;

/// Lets the agent's shell say which session it is in.
fn ask_shell(stage: &Stage) -> PrintRun {
    stage.let_shell_say();
    let run = stage.run("Go. @@ask", &["--include-hook-events"]);
    stage.compare_stream(&run);
    run
}

fn printed(stage: &Stage, run: &PrintRun) -> String {
    stage.said_by_shells(&run.session_id()).concat()
}

/// What hooks said of the start of a session.
fn answers(run: &PrintRun) -> Vec<Value> {
    let responses = run.stream.iter().filter(|line| line["subtype"] == "hook_response" && line["hook_event"] == "SessionStart");
    let said = responses.filter_map(|line| line["stdout"].as_str().filter(|said| !said.is_empty()));
    said.map(|said| serde_json::from_str(said).unwrap()).collect()
}

#[test]
fn a_start_shows_the_banner_tells_the_model_and_names_the_session_to_the_shell() {
    let Some(stage) = Stage::set() else { return };
    let run = ask_shell(&stage);
    let session = stage.session_of(&run.session_id());
    let id = session["id"].as_str().unwrap();
    let answers = answers(&run);
    assert_eq!(answers.len(), 1, "{:#?}", run.stream);
    let banner = answers[0]["systemMessage"].as_str().unwrap();
    assert!(banner.contains(&format!("Session ID: {id}")) && banner.contains("SESSION ID FOR TRACKING"), "{banner}");
    let told = format!("This is session #{:05}, {id} of project project.", session["number"].as_u64().unwrap());
    assert!(answers[0]["hookSpecificOutput"]["additionalContext"].as_str().unwrap().contains(&told));
    // Both requests of the turn carry it.
    assert_eq!(stage.api.times_told(&told), 2, "{told}");
    assert_eq!(printed(&stage, &run), format!("[{id}] [{id}] [{id}]"));
    stage.compare(1);
}

#[test]
fn a_person_sees_the_banner_in_the_terminal() {
    let Some(stage) = Stage::set() else { return };
    let agent = stage.home.interactive(&[]);
    agent.wait_for("the banner", |screen| screen.contains("Session ID: SESSION-"));
    assert!(agent.exit().success());
    stage.compare(0);
}

#[test]
fn what_is_switched_off_is_not_said() {
    let Some(stage) = Stage::set() else { return };
    for setting in ["hook.banner", "hook.context", "hook.environment"] {
        stage.rutter(["config", setting, "off"]);
    }
    let run = ask_shell(&stage);
    assert_eq!(answers(&run), Vec::<Value>::new());
    let id = stage.only_session()["id"].as_str().unwrap().to_owned();
    assert_eq!((stage.api.times_told("rutter-session"), stage.api.times_told("SESSION ID FOR TRACKING")), (0, 0));
    // Whoever asks is told all the same: the agent's own id of the conversation is in its shell.
    assert_eq!(printed(&stage, &run), format!("[] [] [{id}]"));
    stage.compare(1);
}

#[test]
fn each_part_of_an_answer_has_a_switch_of_its_own() {
    let Some(stage) = Stage::set() else { return };
    stage.rutter(["config", "hook.banner", "off"]);
    let run = ask_shell(&stage);
    let id = stage.only_session()["id"].as_str().unwrap().to_owned();
    assert_eq!((answers(&run)[0].get("systemMessage"), stage.api.times_told("rutter-session") > 0), (None, true));
    assert_eq!(printed(&stage, &run), format!("[{id}] [{id}] [{id}]"));
    stage.compare(1);
}

#[test]
fn a_store_that_somebody_holds_is_no_reason_to_wait_or_to_lose_anything() {
    let Some(stage) = Stage::set() else { return };
    let held = File::options().write(true).open(stage.store().join("rutter.lock")).unwrap();
    held.lock().unwrap();
    let run = stage.run("Go. @@many-3", &["--include-hook-events"]);
    assert_quiet(&run);
    assert_eq!((answers(&run), stage.api.times_told("rutter-session")), (Vec::new(), 0));
    drop(held);
    assert_eq!(stage.only_session()["tool_calls"], 3);
    stage.compare(1);
}
