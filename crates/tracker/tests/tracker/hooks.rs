//! What agents' hooks leave is taken in once, belongs to the right session, and comes out the same in whatever order it was taken in.

use serde_json::{Value, json};
use session::{Boot, ConversationKey, Evidence, Moment, Reading, Status};
use testkit::{Home, HookCall, captured_runs};
use tracker::{SessionView, Start, Tracker, TurnView, WantedEvents};

use crate::calls::{end, prompt, says, sessions, start, tool};

pub(crate) fn timeline(tracker: &Tracker, view: &SessionView) -> Vec<TurnView> {
    let session = tracker.resolve(Some(&view.id), tracker::Purpose::Reading).unwrap();
    tracker.timeline(&session).unwrap()
}

#[test]
fn a_conversation_gets_a_session_and_ends_it() {
    let home = Home::new();
    home.clock.run(HookCall::process(7));
    [start(&home, 7, "c", "startup"), prompt(&home, 7, "c", "p", "Fix the login\nplease"), tool(&home, 7, "c", "PreToolUse", "t1")]
        .iter()
        .for_each(|call| call.leave(&home));
    let view = sessions(&home.tracker()).remove(0);
    assert_eq!((view.status, view.agent.as_deref(), view.number), ("ACTIVE", Some("claude-code"), Some(1)));
    assert_eq!((view.description.as_deref(), view.turns, view.tool_calls), (Some("Fix the login"), 1, 1));
    assert_eq!(view.agent_sessions, ["c"]);
    home.clock.kill(&HookCall::process(7));
    [tool(&home, 7, "c", "PostToolUse", "t1"), end(&home, 7, "c", "other")].iter().for_each(|call| call.leave(&home));
    let view = sessions(&home.tracker()).remove(0);
    assert_eq!((view.status, view.end_reason.as_deref(), view.duration_seconds), ("COMPLETED", Some("other"), 12.0));
}

#[test]
fn a_prompt_that_has_no_id_is_a_turn_all_the_same() {
    let home = Home::new();
    home.clock.run(HookCall::process(7));
    let nameless = |text: &str| says(&home, 7, "c", "UserPromptSubmit", json!({"prompt": text}));
    [start(&home, 7, "c", "startup"), nameless("Fix the login"), nameless("And the logout"), end(&home, 7, "c", "other")]
        .iter()
        .for_each(|call| call.leave(&home));
    let mut tracker = home.tracker();
    let listed = tracker.list(&tracker::Listing { all_projects: true, ..tracker::Listing::default() }).unwrap();
    assert_eq!((listed.len(), sessions(&tracker)[0].turns), (1, 2));
    assert!(tracker.rebuild(&mut |_, _| {}).unwrap().rows.identical);
}

#[test]
fn d2_what_is_delivered_again_is_recorded_once() {
    let home = Home::new();
    home.clock.run(HookCall::process(7));
    let calls = [start(&home, 7, "c", "startup"), prompt(&home, 7, "c", "p", "x"), tool(&home, 7, "c", "PreToolUse", "t1")];
    for _ in 0..3 {
        calls.iter().for_each(|call| call.leave(&home));
        drop(home.tracker());
    }
    let tracker = home.tracker();
    let wanted = WantedEvents { all_projects: true, ..WantedEvents::default() };
    let kinds: Vec<_> = tracker.events(&wanted).unwrap().0.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["SessionStart", "assigned", "UserPromptSubmit", "PreToolUse"]);
}

#[test]
fn a_hook_that_is_registered_twice_is_heard_once_and_the_same_words_later_again() {
    let home = Home::new();
    start(&home, 7, "c", "startup").leave(&home);
    let first = prompt(&home, 7, "c", "p", "continue");
    first.leave(&home);
    let mut twin = first.clone();
    twin.at.boot = twin.at.boot.map(|boot| Boot { micros: boot.micros + 1_500_000, ..boot });
    twin.leave(&home);
    prompt(&home, 7, "c", "p", "continue").leave(&home);
    let tracker = home.tracker();
    let wanted = WantedEvents { all_projects: true, ..WantedEvents::default() };
    let prompts = tracker.events(&wanted).unwrap().0.into_iter().filter(|event| event.kind == "UserPromptSubmit").count();
    assert_eq!(prompts, 2);
}

#[test]
fn an_end_of_a_conversation_we_never_saw_opens_nothing() {
    let home = Home::new();
    end(&home, 7, "c", "other").leave(&home);
    says(&home, 7, "d", "InstructionsLoaded", json!({"file_path": "/x"})).leave(&home);
    assert!(sessions(&home.tracker()).is_empty());
}

#[test]
fn what_came_before_the_start_waits_and_belongs_to_its_session() {
    let home = Home::new();
    says(&home, 7, "c", "InstructionsLoaded", json!({"file_path": "/x"})).leave(&home);
    drop(home.tracker());
    start(&home, 7, "c", "startup").leave(&home);
    let tracker = home.tracker();
    let (events, _) = tracker.events(&WantedEvents { all_projects: true, ..WantedEvents::default() }).unwrap();
    assert!(events.iter().all(|event| event.session.is_some()), "{events:?}");
    assert_eq!(sessions(&tracker).len(), 1);
}

#[test]
fn two_agents_in_one_directory_are_told_apart() {
    let home = Home::new();
    for (pid, conversation) in [(7, "c"), (8, "d")] {
        home.clock.run(HookCall::process(pid));
        start(&home, pid, conversation, "startup").leave(&home);
        home.clock.pass(1);
    }
    for (pid, conversation, call) in [(7, "c", "t1"), (8, "d", "t2"), (7, "c", "t3")] {
        tool(&home, pid, conversation, "PreToolUse", call).leave(&home);
    }
    let counts: Vec<_> = sessions(&home.tracker()).iter().map(|view| (view.agent_sessions.clone(), view.tool_calls)).collect();
    assert_eq!(counts, [(vec!["c".to_owned()], 2), (vec!["d".to_owned()], 1)]);
}

#[test]
fn a_resumed_conversation_goes_on_in_its_session() {
    let home = Home::new();
    [start(&home, 7, "c", "startup"), prompt(&home, 7, "c", "p", "x"), end(&home, 7, "c", "other")]
        .iter()
        .for_each(|call| call.leave(&home));
    assert_eq!(sessions(&home.tracker())[0].status, "COMPLETED");
    home.clock.pass(60);
    home.clock.run(HookCall::process(8));
    start(&home, 8, "c", "resume").leave(&home);
    let all = sessions(&home.tracker());
    assert_eq!((all.len(), all[0].status), (1, "ACTIVE"));
}

#[test]
fn a_person_s_session_takes_the_agent_s_conversation_and_outlives_it() {
    let home = Home::new();
    let id = home.tracker().start(&tracker::Start::default()).unwrap().id;
    [start(&home, 7, "c", "startup"), prompt(&home, 7, "c", "p", "x"), end(&home, 7, "c", "other")]
        .iter()
        .for_each(|call| call.leave(&home));
    let all = sessions(&home.tracker());
    assert_eq!((all.len(), all[0].id.as_str(), all[0].status, all[0].turns), (1, id.as_str(), "ACTIVE", 1));
}

#[test]
fn the_session_that_a_variable_names_takes_the_conversation() {
    let home = Home::new();
    let first = home.tracker().start(&tracker::Start::default()).unwrap().id;
    home.clock.pass(1);
    home.tracker().start(&tracker::Start::default()).unwrap();
    let mut begun = start(&home, 7, "c", "startup");
    begun.variables = vec![("CURRENT_SESSION".into(), first.to_string())];
    begun.leave(&home);
    assert_eq!(sessions(&home.tracker())[0].agent_sessions, ["c"]);
}

#[test]
fn an_agent_that_an_agent_started_gets_a_session_of_its_own_below_the_other() {
    let home = Home::new();
    home.clock.run(HookCall::process(7));
    start(&home, 7, "c", "startup").leave(&home);
    let outer = sessions(&home.tracker()).remove(0).id;
    home.clock.pass(1);
    let mut inner = start(&home, 9, "d", "startup");
    inner.ancestors = vec![HookCall::process(8), HookCall::process(7)];
    // It inherits the outer one's variables, which must not win.
    inner.variables = vec![("RUTTER_SESSION".into(), outer.clone())];
    inner.leave(&home);
    let all = sessions(&home.tracker());
    assert_eq!((all.len(), all[1].parent.as_deref(), all[1].agent_sessions.as_slice()), (2, Some(outer.as_str()), &["d".to_owned()][..]));
}

#[test]
fn the_parent_of_an_agent_is_what_the_other_was_in_then_whatever_the_wall_clock_says() {
    let home = Home::new();
    [7, 8].iter().for_each(|pid| home.clock.run(HookCall::process(*pid)));
    [start(&home, 7, "c", "startup"), prompt(&home, 7, "c", "p", "Go"), end(&home, 7, "c", "clear")]
        .iter()
        .for_each(|call| call.leave(&home));
    drop(home.tracker());
    home.clock.jump_to("2025-02-16T16:30:03Z");
    home.clock.pass(1);
    [start(&home, 7, "d", "clear"), prompt(&home, 7, "d", "q", "Anew")].iter().for_each(|call| call.leave(&home));
    home.clock.pass(1);
    HookCall { ancestors: vec![HookCall::process(7)], ..start(&home, 8, "child", "startup") }.leave(&home);
    let all = sessions(&home.tracker());
    let of = |conversation: &str| all.iter().find(|view| view.agent_sessions == [conversation]).unwrap();
    assert_eq!(of("child").parent.as_ref(), Some(&of("d").id));
}

#[test]
fn a_person_s_session_that_a_conversation_has_left_is_free_for_the_next_agent() {
    let home = Home::new();
    let first = home.tracker().start(&Start { description: Some("First".into()), ..Start::default() }).unwrap().id;
    home.clock.run(HookCall::process(7));
    start(&home, 7, "c", "startup").leave(&home);
    drop(home.tracker());
    home.clock.descend_from(&[HookCall::process(7)]);
    home.clock.pass(1);
    let second = home.tracker().start(&Start { description: Some("Second".into()), ..Start::default() }).unwrap().id;
    home.clock.descend_from(&[]);
    home.clock.run(HookCall::process(8));
    home.clock.pass(1);
    start(&home, 8, "d", "startup").leave(&home);
    let all = sessions(&home.tracker());
    let told: Vec<_> = all.iter().map(|view| (view.id.as_str(), view.agent_sessions.join(" "))).collect();
    assert_eq!(told, [(first.as_str(), "c d".to_owned()), (second.as_str(), "c".to_owned())]);
}

#[test]
fn after_clear_the_agent_s_session_ends_and_a_new_one_begins() {
    let home = Home::new();
    home.clock.run(HookCall::process(7));
    [start(&home, 7, "c", "startup"), prompt(&home, 7, "c", "p", "x"), end(&home, 7, "c", "clear"), start(&home, 7, "d", "clear")]
        .iter()
        .for_each(|call| call.leave(&home));
    let all = sessions(&home.tracker());
    let seen: Vec<_> = all.iter().map(|view| (view.status, view.end_reason.as_deref(), view.agent_sessions.clone())).collect();
    assert_eq!(seen, [("COMPLETED", Some("clear"), vec!["c".to_owned()]), ("ACTIVE", None, vec!["d".to_owned()])]);
}

#[test]
fn a_session_that_somebody_ended_stays_ended_and_the_next_prompt_opens_another() {
    let home = Home::new();
    home.clock.run(HookCall::process(7));
    [start(&home, 7, "c", "startup"), prompt(&home, 7, "c", "p", "x")].iter().for_each(|call| call.leave(&home));
    let first = home.tracker().end(None, Status::Completed, None).unwrap().id;
    tool(&home, 7, "c", "PreToolUse", "t1").leave(&home);
    assert_eq!(sessions(&home.tracker()).len(), 1);
    prompt(&home, 7, "c", "q", "and now").leave(&home);
    let all = sessions(&home.tracker());
    assert_eq!((all[0].status, all[0].tool_calls, all[0].turns), ("COMPLETED", 1, 1));
    assert_eq!((all[1].status, all[1].parent.as_deref(), all[1].turns), ("ACTIVE", Some(first.as_str()), 1));
}

#[test]
fn calls_that_never_came_back_are_unfinished_once_their_turn_is_over() {
    let home = Home::new();
    home.clock.run(HookCall::process(7));
    [start(&home, 7, "c", "startup"), prompt(&home, 7, "c", "p", "x"), tool(&home, 7, "c", "PreToolUse", "t1")]
        .iter()
        .for_each(|call| call.leave(&home));
    let tracker = home.tracker();
    let outcomes = |tracker: &Tracker| {
        let turns = timeline(tracker, &sessions(tracker)[0]);
        (turns[0].outcome, turns[0].tool_calls[0].outcome)
    };
    assert_eq!(outcomes(&tracker), ("running", "running"));
    drop(tracker);
    prompt(&home, 7, "c", "q", "never mind").leave(&home);
    assert_eq!(outcomes(&home.tracker()), ("interrupted", "unfinished"));
}

/// What a run of captured hooks comes to, without what was drawn.
fn outcome_of(run: &[Value], order: impl Fn(Vec<HookCall>) -> Vec<Vec<HookCall>>) -> Value {
    let home = Home::new();
    for part in order(calls(&home, run)) {
        part.iter().for_each(|call| call.leave(&home));
        drop(home.tracker());
    }
    let tracker = home.tracker();
    let mut all: Vec<Value> = sessions(&tracker)
        .iter()
        .map(|view| {
            json!({
                "status": view.status, "reason": view.end_reason, "description": view.description, "turns": view.turns,
                "tool_calls": view.tool_calls, "agent_sessions": view.agent_sessions, "timeline": timeline(&tracker, view),
            })
        })
        .collect();
    all.sort_by_key(Value::to_string);
    let mut rebuilt = home.tracker();
    assert!(rebuilt.rebuild(&mut |_, _| {}).unwrap().rows.identical);
    let text = json!(all).to_string().replace(home.project().to_str().unwrap(), "/project");
    serde_json::from_str(&text).unwrap()
}

/// Turns captured hooks into calls, in the home's own project and on its clocks.
pub(crate) fn calls(home: &Home, run: &[Value]) -> Vec<HookCall> {
    let began = home.tracker().now();
    let call = |line: &Value| {
        let micros = line["ms"].as_i64().unwrap() * 1_000;
        let moment = Moment::from_micros(began.moment.micros() + micros, 3_600).unwrap();
        let boot = began.boot.map(|boot| Boot { micros: boot.micros + micros.cast_unsigned(), ..boot });
        let text = line["stdin"].to_string().replace("/home/dev/demo", home.project().to_str().unwrap());
        let payload: Value = serde_json::from_str(&text).unwrap();
        let pid = line["env"]["CLAUDE_PID"].as_str().and_then(|pid| pid.parse().ok()).unwrap_or(1);
        let is_start = payload["hook_event_name"] == "SessionStart";
        let process = is_start.then(|| HookCall::process(pid));
        HookCall { at: Reading { moment, boot }, process, ..HookCall::new(home, pid, payload) }
    };
    run.iter().map(call).collect()
}

#[test]
fn d1_every_captured_run_comes_out_the_same_however_it_is_taken_in() {
    let mut events = 0;
    for (name, run) in captured_runs() {
        let whole = outcome_of(&run, |calls| vec![calls]);
        assert_eq!(outcome_of(&run, |calls| calls.into_iter().map(|call| vec![call]).collect()), whole, "{name}, one by one");
        assert_eq!(outcome_of(&run, |calls| vec![calls.clone(), calls]), whole, "{name}, delivered twice");
        assert_eq!(outcome_of(&run, |calls| vec![swapped(calls)]), whole, "{name}, side by side");
        events += run.len();
    }
    assert!(events > 500, "{events}");
}

/// Hooks that were called within 30 ms of each other reach the inbox in the reverse order.
fn swapped(mut calls: Vec<HookCall>) -> Vec<HookCall> {
    let micros = |call: &HookCall| call.at.boot.map_or(0, |boot| boot.micros);
    let mut at = 1;
    while at < calls.len() {
        // Of what is said twice the one that is heard first counts.
        if micros(&calls[at]) - micros(&calls[at - 1]) < 30_000 && calls[at].payload != calls[at - 1].payload {
            calls.swap(at - 1, at);
            at += 1;
        }
        at += 1;
    }
    calls
}

#[test]
fn h2_an_agent_that_waits_is_answered_before_everything_that_waits_in_the_inbox() {
    let home = Home::new();
    let long = "x".repeat(4_000);
    for number in 0..1_200 {
        let rest = json!({"tool_name": "Bash", "tool_use_id": format!("t{number}"), "tool_input": {"command": &long}});
        says(&home, 7, "busy", "PreToolUse", rest).leave(&home);
    }
    start(&home, 8, "waits", "startup").leave(&home);
    let key = ConversationKey::of("claude-code", "waits");
    let mut tracker = home.tracker_to_answer(key);
    let answer = tracker.answer_start("claude-code", "waits").unwrap().unwrap();
    let (events, _) = tracker.events(&WantedEvents { all_projects: true, ..WantedEvents::default() }).unwrap();
    assert_eq!(events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["SessionStart", "assigned"]);
    drop(tracker);
    let all = sessions(&home.tracker());
    let counts: Vec<_> = all.iter().map(|view| (view.agent_sessions[0].as_str(), view.tool_calls)).collect();
    assert!(counts.contains(&("busy", 1_200)) && counts.contains(&("waits", 0)), "{counts:?}");
    assert!(all.iter().any(|view| view.id == answer.session.id.as_str()));
}

#[test]
fn an_event_without_an_id_belongs_to_the_conversation_that_its_process_runs_and_says_that_this_was_concluded() {
    let home = Home::new();
    for (pid, conversation) in [(7, "c"), (8, "d")] {
        home.clock.run(HookCall::process(pid));
        start(&home, pid, conversation, "startup").leave(&home);
        home.clock.pass(1);
    }
    let nameless = |pid, call: &str| {
        let mut call = tool(&home, pid, "", "PreToolUse", call);
        call.payload.as_object_mut().unwrap().remove("session_id");
        call
    };
    [nameless(7, "t1"), nameless(8, "t2"), nameless(9, "t3")].iter().for_each(|call| call.leave(&home));
    let tracker = home.tracker();
    let counts: Vec<_> = sessions(&tracker).iter().map(|view| (view.agent_sessions[0].clone(), view.tool_calls)).collect();
    assert_eq!(counts, [("c".to_owned(), 1), ("d".to_owned(), 1)]);
    let (events, _) = tracker.events(&WantedEvents { all_projects: true, ..WantedEvents::default() }).unwrap();
    let told = |call: &str| events.iter().find(|event| event.tool_use_id.as_deref() == Some(call)).unwrap();
    assert_eq!((told("t1").evidence, told("t3").evidence), (Evidence::Inferred, Evidence::Hook));
    assert_eq!((told("t3").session.as_deref(), told("t3").session_id.as_str()), (None, "unknown"));
}

#[test]
fn an_event_without_an_id_is_nobody_s_where_two_containers_have_a_process_of_its_number() {
    let home = Home::new();
    for (namespace, conversation) in [(1, "c"), (2, "d")] {
        let process = session::Process { namespace, ..HookCall::process(7) };
        home.clock.run(process);
        HookCall { process: Some(process), ..start(&home, 7, conversation, "startup") }.leave(&home);
    }
    HookCall { pid: 7, ..nameless(&home, "t") }.leave(&home);
    let all = sessions(&home.tracker());
    assert_eq!(all.iter().map(|view| view.tool_calls).collect::<Vec<_>>(), [0, 0]);
}

/// A call of a tool that names neither conversation nor process, as some hooks do.
fn nameless(home: &Home, call: &str) -> HookCall {
    let mut call = tool(home, 0, "", "PreToolUse", call);
    call.payload.as_object_mut().unwrap().remove("session_id");
    call
}

/// Leaves a call without any process number.
fn leave_alone(home: &Home, call: HookCall) {
    HookCall { is_numbered: false, ..call }.leave(home);
}

#[test]
fn an_event_without_an_id_belongs_to_the_only_agent_at_work_in_its_worktree() {
    let home = Home::new();
    home.clock.run(HookCall::process(7));
    start(&home, 7, "c", "startup").leave(&home);
    leave_alone(&home, nameless(&home, "t1"));
    let view = sessions(&home.tracker()).remove(0);
    assert_eq!((view.agent_sessions.as_slice(), view.tool_calls), (&["c".to_owned()][..], 1));
    // With a second one nobody can tell.
    home.clock.run(HookCall::process(8));
    start(&home, 8, "d", "startup").leave(&home);
    leave_alone(&home, nameless(&home, "t2"));
    let tracker = home.tracker();
    assert_eq!(sessions(&tracker).iter().map(|view| view.tool_calls).collect::<Vec<_>>(), [1, 0]);
    let (events, _) = tracker.events(&WantedEvents { all_projects: true, ..WantedEvents::default() }).unwrap();
    assert_eq!(events.last().unwrap().session_id, "unknown");
}

#[test]
fn an_event_of_a_client_that_only_has_a_marker_gets_its_session_id() {
    let home = Home::new();
    let told = |call: &str| {
        let tracker = home.tracker();
        let (events, _) = tracker.events(&WantedEvents { all_projects: true, ..WantedEvents::default() }).unwrap();
        let event = events.into_iter().find(|event| event.tool_use_id.as_deref() == Some(call)).unwrap();
        (event.session_id, event.evidence, event.session.is_some())
    };
    leave_alone(&home, nameless(&home, "before"));
    assert_eq!(told("before"), ("unknown".to_owned(), Evidence::Hook, false));
    // Another script writes the marker, as session_helpers.py does.
    let marker = "ses_01HN123ABC789XYZ\n2026-02-16T17:30:04.000000\n";
    std::fs::write(home.path("markers/claude_session_project"), marker).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(home.path("markers/claude_session_project"), mode).unwrap();
    leave_alone(&home, nameless(&home, "after"));
    assert_eq!(told("after"), ("ses_01HN123ABC789XYZ".to_owned(), Evidence::Inferred, true));
}

/// Returns how many bytes this process has read so far, from files of all kinds.
fn bytes_read() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/self/io").ok()?;
    told.lines().find_map(|line| line.strip_prefix("rchar: "))?.parse().ok()
}

#[test]
fn a_backlog_of_many_days_is_read_about_once() {
    let home = Home::new();
    drop(home.tracker());
    for day in 0..24 {
        home.clock.pass(86_400);
        for call in 0..100 {
            let mut call = tool(&home, 7, "c", "PreToolUse", &format!("{day}-{call}"));
            call.payload["tool_input"]["command"] = "x".repeat(4_000).into();
            call.leave(&home);
        }
    }
    let total: u64 = std::fs::read_dir(home.path("store/inbox")).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    let Some(before) = bytes_read() else { return };
    let tracker = home.tracker();
    let read = bytes_read().unwrap() - before;
    assert_eq!(sessions(&tracker)[0].tool_calls, 2_400);
    // The store reads, too.
    assert!(read < 5 * total, "{read} bytes read of {total}");
}

#[test]
fn a_segment_goes_a_week_after_it_was_taken_in() {
    let home = Home::new();
    start(&home, 7, "c", "startup").leave(&home);
    drop(home.tracker());
    let segments = || {
        std::fs::read_dir(home.path("store/inbox")).unwrap().filter(|entry| entry.as_ref().unwrap().path().extension().is_some()).count()
    };
    home.clock.pass(6 * 86_400);
    drop(home.tracker());
    assert_eq!(segments(), 1);
    home.clock.pass(2 * 86_400);
    drop(home.tracker());
    assert_eq!(segments(), 0);
    assert_eq!(sessions(&home.tracker()).len(), 1);
}

#[test]
fn d1_a_segment_in_the_place_of_one_that_is_gone_is_taken_in_whole() {
    let home = Home::new();
    home.clock.reboot();
    home.clock.run(HookCall::process(7));
    start(&home, 7, "0000", "startup").leave(&home);
    let (segment, length) = only_segment(&home).unwrap();
    drop(home.tracker());
    home.clock.pass(8 * 86_400);
    drop(home.tracker());
    assert_eq!(only_segment(&home), None);
    // The clock is put back, and what is said now is exactly as long as what was said then.
    home.clock.jump_to("2026-02-16T16:30:03.123456Z");
    home.clock.reboot();
    home.clock.run(HookCall::process(7));
    let says_as_much = |name: &String| {
        drop(std::fs::remove_file(&segment));
        start(&home, 7, name, "startup").leave(&home);
        only_segment(&home) == Some((segment.clone(), length))
    };
    // A fingerprint has as many digits as it has: one in a thousand has three less than most.
    let name = (1..10_000).map(|number| format!("{number:04}")).find(says_as_much).unwrap();
    let known: Vec<_> = sessions(&home.tracker()).into_iter().flat_map(|view| view.agent_sessions).collect();
    assert!(known.contains(&name), "{known:?}");
}

/// Returns the segment of the inbox and its length, if there is one.
fn only_segment(home: &Home) -> Option<(std::path::PathBuf, u64)> {
    let entries = std::fs::read_dir(home.path("store/inbox")).unwrap().map(|entry| entry.unwrap());
    let mut segments = entries.filter(|entry| entry.path().extension().is_some());
    segments.next().map(|entry| (entry.path(), entry.metadata().unwrap().len()))
}

#[test]
fn a_kind_of_event_that_is_not_known_is_kept_whole_and_counted() {
    let home = Home::new();
    home.clock.run(HookCall::process(7));
    start(&home, 7, "c", "startup").leave(&home);
    says(&home, 7, "c", "FutureEvent", json!({"news": 1})).leave(&home);
    let mut tracker = home.tracker();
    let (events, _) = tracker.events(&WantedEvents { all_projects: true, ..WantedEvents::default() }).unwrap();
    let last = events.last().unwrap();
    assert_eq!((last.kind.as_str(), &last.data.as_ref().unwrap()["news"]), ("FutureEvent", &json!(1)));
    let found = tracker.doctor().unwrap().into_iter().find(|finding| finding.check == "losses").unwrap().found;
    assert!(found.contains("1 event of a kind that is not known here, kept"), "{found}");
}
