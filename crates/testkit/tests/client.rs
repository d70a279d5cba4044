//! The real agent, the scripted API and a recording hook, together: what tests of our own hook stand on.

use std::time::Duration;

use testkit::{Client, ClientHome, FAKE_SECRETS, Key, Kind, MessagesApi, Place, wait_for};

const SOON: Duration = Duration::from_secs(30);

#[expect(clippy::print_stderr, reason = "a test that did nothing must not look like one that passed")]
fn skip() {
    eprintln!("SKIPPED: Claude Code {} is not installed; `cargo xtask test --only client` does it", Client::version());
}

/// Returns an API and a home whose hooks are recorded, or says that there is no agent to test with.
fn stage() -> Option<(MessagesApi, ClientHome)> {
    let Some(client) = Client::find() else {
        skip();
        return None;
    };
    let api = MessagesApi::start();
    let home = ClientHome::new(&client, &api);
    home.record_hooks();
    Some((api, home))
}

/// Returns how many hooks of an event were recorded.
fn count(home: &ClientHome, event: &str) -> usize {
    home.events().iter().filter(|held| *held == event).count()
}

/// Returns the ids of the tool calls that an event was about.
fn tool_ids(home: &ClientHome, event: &str) -> Vec<String> {
    let payloads = home.payloads();
    let of_event = payloads.iter().filter(|payload| payload["hook_event_name"] == event);
    let mut ids: Vec<_> = of_event.filter_map(|payload| payload["tool_use_id"].as_str().map(str::to_owned)).collect();
    ids.sort();
    ids
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

#[track_caller]
fn assert_understood(api: &MessagesApi) {
    assert_eq!(api.complaints(), Vec::<String>::new());
}

#[test]
fn a_print_run_calls_the_tools_it_is_told_to() {
    let Some((api, home)) = stage() else { return };
    let run = home.run_print("Go. @@tools", &[]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert_eq!((run.lines("result").len(), &run.result().unwrap()["subtype"]), (1, &"success".into()));
    assert_eq!(api.turns().len(), 2);
    assert_eq!(std::fs::read_to_string(home.project().join("hello.txt")).unwrap(), "one\ntwo\nthree\n");
    assert_eq!(tool_ids(&home, "PreToolUse"), sorted(api.tool_ids()));
    assert_eq!(tool_ids(&home, "PostToolUse"), sorted(api.tool_ids()));
    for event in ["SessionStart", "UserPromptSubmit", "Stop", "SessionEnd"] {
        assert_eq!(count(&home, event), 1, "{event}: {:?}", home.events());
    }
    let session = run.session_id();
    assert!(api.turns().iter().all(|turn| turn.session.as_ref() == Some(&session)));
    let ids: Vec<_> = api.turns().into_iter().filter_map(|turn| turn.message_id).collect();
    let transcript = home.transcript(&session);
    assert!(ids.iter().all(|id| transcript.iter().any(|record| record["message"]["id"] == id.as_str())));
    assert_understood(&api);
}

#[test]
fn a_command_that_fails_is_said_to_have_failed() {
    let Some((api, home)) = stage() else { return };
    let run = home.run_print("Go. @@fail", &[]);
    assert_eq!((run.code, api.turns().len()), (Some(0), 2));
    assert_eq!(tool_ids(&home, "PostToolUseFailure"), api.tool_ids());
    assert_eq!(count(&home, "PostToolUse"), 0);
    assert_understood(&api);
}

#[test]
fn what_nobody_allows_is_denied() {
    let Some((api, home)) = stage() else { return };
    let run = home.run_print("Go. @@denied", &[]);
    assert_eq!(run.result().unwrap()["permission_denials"].as_array().unwrap().len(), 1);
    assert!(!home.beside("outside.txt").exists());
    assert_eq!((count(&home, "PreToolUse"), count(&home, "PostToolUse")), (1, 0));
    assert_understood(&api);
}

#[test]
fn two_agents_in_one_project_keep_their_sessions_apart() {
    let Some((api, home)) = stage() else { return };
    let runs = [home.spawn_print("Go. @@tools", &[]), home.spawn_print("Go. @@many-3", &[])].map(|process| process.wait());
    assert!(runs.iter().all(|run| run.code == Some(0)), "{runs:#?}");
    let sessions = runs.each_ref().map(|run| run.session_id());
    assert_ne!(sessions[0], sessions[1]);
    for (session, turns) in sessions.iter().zip([2, 4]) {
        assert_eq!(api.turns().iter().filter(|turn| turn.session.as_ref() == Some(session)).count(), turns);
        let payloads = home.payloads().into_iter().filter(|payload| payload["session_id"] == session.as_str());
        assert_eq!(payloads.filter(|payload| payload["hook_event_name"] == "Stop").count(), 1);
    }
    assert_understood(&api);
}

#[test]
fn subagents_work_one_by_one_and_side_by_side() {
    for (script, agents) in [("subagent", 1), ("subagents", 2)] {
        let Some((api, home)) = stage() else { return };
        let run = home.run_print(&format!("Go. @@{script}"), &[]);
        assert_eq!(run.code, Some(0), "{run:#?}");
        let inner = api.exchanges().iter().filter(|exchange| exchange.is_of("sub")).count();
        assert_eq!((api.turns().len(), inner), (2 + 2 * agents, 2 * agents));
        assert_eq!((count(&home, "SubagentStart"), count(&home, "SubagentStop")), (agents, agents));
        let theirs = home.payloads().iter().filter(|payload| payload["agent_id"].is_string()).count();
        assert!(theirs >= 4 * agents, "{theirs}");
        assert_eq!(home.transcript_files().len(), 1 + agents);
        assert_understood(&api);
    }
}

#[test]
fn a_nested_agent_has_a_session_of_its_own() {
    let Some((api, home)) = stage() else { return };
    let run = home.run_print("Go. @@nested", &[]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert_eq!((api.turns().len(), count(&home, "SessionStart"), count(&home, "SessionEnd")), (4, 2, 2));
    assert_understood(&api);
}

#[test]
fn escape_while_a_tool_runs_ends_the_turn_without_a_hook() {
    let Some((api, home)) = stage() else { return };
    let agent = home.interactive(&[]);
    agent.submit("Go. @@slow");
    wait_for("the command to run", SOON, || home.project().join("slow.txt").exists().then_some(()));
    let before = home.events();
    agent.press_until(Key::Escape, "the interruption", |screen| screen.contains("Interrupted"));
    assert_eq!(home.events(), before);
    agent.submit("Again. @@ok");
    wait_for("the next turn to end", SOON, || (count(&home, "Stop") == 1).then_some(()));
    assert!(agent.exit().success());
    assert_eq!((count(&home, "SessionEnd"), count(&home, "PreToolUse")), (1, 1));
    assert_understood(&api);
}

#[test]
fn escape_while_the_model_speaks_fires_no_hook_either() {
    let Some((api, home)) = stage() else { return };
    let agent = home.interactive(&[]);
    agent.submit("Go. @@hang");
    agent.wait_for("the first words", |screen| screen.contains("I am about to say a lot more"));
    let before = home.events();
    agent.press_until(Key::Escape, "the interruption", |screen| screen.contains("Interrupted"));
    assert_eq!(home.events(), before);
    assert_eq!(api.turns().len(), 1);
    assert!(!api.turns()[0].is_complete);
    assert!(agent.exit().success());
    assert_understood(&api);
}

#[test]
fn a_person_may_say_yes_or_no() {
    for (key, calls) in [(Key::Enter, 1), (Key::Escape, 0)] {
        let Some((api, home)) = stage() else { return };
        let agent = home.interactive(&[]);
        agent.submit("Go. @@denied");
        agent.wait_for("the question", |screen| screen.contains("Do you want to proceed?"));
        agent.press_until(key, "an end of the question", |screen| !screen.contains("Do you want to proceed?"));
        agent.wait_until_ready();
        // Only a yes is followed by the end of a turn.
        wait_for("the command", SOON, || (count(&home, "Stop") == calls).then_some(()));
        assert_eq!(home.beside("outside.txt").exists(), calls == 1);
        assert!(agent.exit().success());
        assert_eq!((count(&home, "PermissionRequest"), count(&home, "PostToolUse")), (1, calls));
        assert_understood(&api);
    }
}

#[test]
fn a_stalled_model_goes_on_when_it_is_released() {
    let Some((api, home)) = stage() else { return };
    let process = home.spawn_print("Go. @@hang", &[]);
    api.wait_until(SOON, |seen| seen.iter().any(|exchange| exchange.blocks.len() == 1));
    api.release();
    assert_eq!(process.wait().result().unwrap()["result"], "and this is it.");
    assert!(api.turns()[0].is_complete);
}

#[test]
fn a_killed_agent_says_nothing_more() {
    let Some((api, home)) = stage() else { return };
    let process = home.spawn_print("Go. @@slow", &[]);
    wait_for("the command to run", SOON, || home.project().join("slow.txt").exists().then_some(()));
    let run = process.kill();
    assert_eq!((run.code, run.result()), (None, None));
    assert_eq!(api.turns().len(), 1);
    assert_eq!((count(&home, "PreToolUse"), count(&home, "Stop"), count(&home, "SessionEnd")), (1, 0, 0));
    assert_understood(&api);
}

#[test]
fn an_agent_killed_while_its_model_speaks_leaves_an_unfinished_reply() {
    let Some((api, home)) = stage() else { return };
    let process = home.spawn_print("Go. @@hang", &[]);
    let seen = api.wait_until(SOON, |seen| seen.iter().any(|exchange| exchange.blocks.len() == 1 && exchange.is_of("hang")));
    assert!(!seen.last().unwrap().is_complete);
    assert_eq!(process.kill().code, None);
    assert_eq!((count(&home, "UserPromptSubmit"), count(&home, "Stop")), (1, 0));
    assert_understood(&api);
}

#[test]
fn an_error_of_the_api_ends_the_turn_as_a_failure() {
    for (script, status, tries) in [("e400", 400, None), ("e429", 429, Some(2)), ("e529", 529, Some(2))] {
        let Some((api, mut home)) = stage() else { return };
        home.set("CLAUDE_CODE_MAX_RETRIES", "1");
        let run = home.run_print(&format!("Go. @@{script}"), &[]);
        let result = run.result().unwrap();
        assert_eq!((run.code, &result["is_error"], &result["api_error_status"]), (Some(1), &true.into(), &status.into()));
        assert!(api.turns().iter().all(|turn| turn.status == status));
        // After a 400 the agent leaves features out one by one before it gives up.
        assert!(tries.is_none_or(|tries| tries == api.turns().len()), "{script}: {}", api.turns().len());
        assert_eq!((count(&home, "Stop"), count(&home, "SessionEnd")), (0, 1), "{script}");
        // The agent does not wait for this one: where it ends first, nobody hears of the failure.
        assert!(count(&home, "StopFailure") <= 1, "{script}");
        assert_understood(&api);
    }
}

#[test]
fn an_api_that_recovers_in_time_is_none_the_worse() {
    let Some((api, home)) = stage() else { return };
    let run = home.run_print("Go. @@retry529", &[]);
    assert_eq!((run.code, &run.result().unwrap()["result"]), (Some(0), &"Recovered after overload.".into()));
    assert_eq!(api.turns().iter().map(|turn| turn.status).collect::<Vec<_>>(), [529, 200]);
    assert_eq!((count(&home, "Stop"), count(&home, "StopFailure")), (1, 0));
    assert_understood(&api);
}

#[test]
fn a_resumed_session_keeps_its_id_and_is_summed_up_on_request() {
    let Some((api, home)) = stage() else { return };
    let first = home.run_print("Go. @@tools", &[]).session_id();
    let second = home.run_print("And again. @@fail", &["--resume", &first]);
    assert_eq!((second.code, second.session_id()), (Some(0), first.clone()));
    assert_eq!(home.run_print("/compact", &["--resume", &first]).code, Some(0));
    assert_eq!(api.exchanges().iter().filter(|exchange| exchange.kind == Kind::Compaction).count(), 1);
    assert_eq!((count(&home, "PreCompact"), count(&home, "PostCompact")), (1, 1));
    assert!(home.transcript(&first).iter().any(|record| record["subtype"] == "compact_boundary"));
    assert_understood(&api);
}

#[test]
fn many_calls_big_output_and_secrets_reach_the_hooks() {
    let Some((api, home)) = stage() else { return };
    for script in ["many-15", "big-100", "secrets"] {
        let run = home.run_print(&format!("Go. @@{script}"), &[]);
        assert_eq!((run.code, &run.result().unwrap()["permission_denials"]), (Some(0), &serde_json::json!([])), "{script}");
    }
    assert_eq!(tool_ids(&home, "PostToolUse"), sorted(api.tool_ids()));
    assert!(tool_ids(&home, "PostToolUse").len() > 20);
    let after: Vec<_> = home.payloads().into_iter().filter(|payload| payload["hook_event_name"] == "PostToolUse").collect();
    assert!(after.iter().any(|payload| payload["tool_response"]["stdout"].to_string().len() > 20_000));
    for secret in FAKE_SECRETS {
        let field = if secret.place == Place::Input { "tool_input" } else { "tool_response" };
        assert!(after.iter().any(|payload| payload[field].to_string().contains(&secret.value())), "{secret:?}");
    }
    assert_understood(&api);
}

#[test]
fn background_work_directories_and_commits_are_what_they_seem() {
    let Some((api, home)) = stage() else { return };
    home.init_git();
    for script in ["cd", "commit", "background"] {
        let run = home.run_print(&format!("Go. @@{script}"), &[]);
        assert_eq!((run.code, &run.result().unwrap()["permission_denials"]), (Some(0), &serde_json::json!([])), "{script}");
    }
    assert!(home.program("git".as_ref()).args(["cat-file", "-e", "HEAD:committed.txt"]).status().unwrap().success());
    assert!(count(&home, "CwdChanged") >= 1);
    // The end of the background command is a prompt that nobody typed.
    assert_eq!((count(&home, "UserPromptSubmit"), count(&home, "Stop")), (4, 4));
    assert_understood(&api);
}

#[test]
fn nothing_of_an_agent_outlives_its_home() {
    let Some((_api, home)) = stage() else { return };
    let process = home.spawn_print("Go. @@slow", &[]);
    wait_for("the command to run", SOON, || home.project().join("slow.txt").exists().then_some(()));
    let variable = format!("HOME={}", home.home().display());
    drop(process);
    assert!(is_in_an_environment(&variable), "a command is expected to outlive its agent");
    drop(home);
    assert!(!is_in_an_environment(&variable));
}

fn is_in_an_environment(variable: &str) -> bool {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let environments = processes.filter_map(|process| std::fs::read(process.path().join("environ")).ok());
    environments.into_iter().any(|environment| environment.split(|byte| *byte == 0).any(|held| held == variable.as_bytes()))
}

#[test]
fn a_script_that_nobody_wrote_is_complained_about() {
    let Some((api, home)) = stage() else { return };
    assert_eq!(home.run_print("Go. @@nonsense", &[]).code, Some(0));
    assert_eq!(api.complaints(), ["no script is called `nonsense`"]);
    assert!(api.exchanges().iter().all(|exchange| exchange.kind != Kind::Unknown));
}
