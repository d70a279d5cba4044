//! Ends that nobody told of: a dead session is noticed, a living one is never lost, and whatever happens later brings one back.

use serde_json::{Value, json};
use session::{Process, Status};
use testkit::{Home, HookCall};
use tracker::{Listing, SessionView, Start};

use crate::calls::{end, prompt, says, sessions, start, tool};

fn began(home: &Home, pid: u32, conversation: &str) {
    home.clock.run(HookCall::process(pid));
    [start(home, pid, conversation, "startup"), prompt(home, pid, conversation, &format!("{conversation}-p"), "Go")]
        .iter()
        .for_each(|call| call.leave(home));
}

fn stand(view: &SessionView) -> (&str, Option<&str>, Option<&str>) {
    (view.status, view.end_reason.as_deref(), view.end_evidence)
}

fn only(home: &Home) -> SessionView {
    let mut all = sessions(&home.tracker());
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

const GOES_ON: (&str, Option<&str>, Option<&str>) = ("ACTIVE", None, None);

#[test]
fn d9_a_session_whose_process_is_gone_is_abandoned_when_it_was_last_heard_of() {
    let home = Home::new();
    began(&home, 7, "c");
    assert_eq!(stand(&only(&home)), GOES_ON);
    home.clock.kill(&HookCall::process(7));
    home.clock.pass(3_600);
    let view = only(&home);
    assert_eq!(stand(&view), ("ABANDONED", Some("process gone"), Some("inferred")));
    assert_eq!(view.duration_seconds, 3.0);
}

#[test]
fn d9_who_only_looks_notices_it_too() {
    let home = Home::new();
    began(&home, 7, "c");
    drop(home.tracker());
    home.clock.kill(&HookCall::process(7));
    let tracker = home.try_tracker(&home.project(), tracker::Access::Read).unwrap();
    assert_eq!(sessions(&tracker)[0].status, "ABANDONED");
}

#[test]
fn d9_a_number_that_was_given_to_another_process_is_not_the_agent() {
    let home = Home::new();
    began(&home, 7, "c");
    drop(home.tracker());
    home.clock.kill(&HookCall::process(7));
    home.clock.run(Process { started: 99, ..HookCall::process(7) });
    assert_eq!(only(&home).status, "ABANDONED");
}

#[test]
fn d9_any_later_event_brings_a_session_back_and_its_process_is_watched_again() {
    let home = Home::new();
    began(&home, 7, "c");
    home.clock.kill(&HookCall::process(7));
    assert_eq!(only(&home).status, "ABANDONED");
    home.clock.run(HookCall::process(7));
    tool(&home, 7, "c", "PreToolUse", "t").leave(&home);
    assert_eq!(stand(&only(&home)), GOES_ON);
    home.clock.kill(&HookCall::process(7));
    assert_eq!(only(&home).status, "ABANDONED");
}

#[test]
fn what_the_agent_says_of_its_end_is_better_known_than_that_it_is_gone() {
    let home = Home::new();
    began(&home, 7, "c");
    home.clock.kill(&HookCall::process(7));
    assert_eq!(only(&home).status, "ABANDONED");
    end(&home, 7, "c", "other").leave(&home);
    assert_eq!(stand(&only(&home)), ("COMPLETED", Some("other"), Some("hook")));
}

#[test]
fn d9_a_session_that_somebody_ended_stays_so() {
    let home = Home::new();
    began(&home, 7, "c");
    home.tracker().end(None, Status::Failed, None).unwrap();
    home.clock.kill(&HookCall::process(7));
    home.clock.pass(3 * 86_400);
    assert_eq!(stand(&only(&home)), ("FAILED", None, Some("said")));
}

#[test]
fn what_somebody_says_of_an_end_stands_over_what_was_concluded() {
    let home = Home::new();
    began(&home, 7, "c");
    home.clock.kill(&HookCall::process(7));
    let id = only(&home).id;
    home.tracker().end(Some(&id), Status::Completed, None).unwrap();
    assert_eq!(stand(&only(&home)), ("COMPLETED", None, Some("said")));
}

#[test]
fn d9_while_one_of_two_processes_runs_the_session_goes_on() {
    let home = Home::new();
    began(&home, 7, "c");
    home.clock.run(HookCall::process(8));
    start(&home, 8, "c", "resume").leave(&home);
    home.clock.kill(&HookCall::process(7));
    assert_eq!(only(&home).status, "ACTIVE");
    home.clock.kill(&HookCall::process(8));
    assert_eq!(only(&home).status, "ABANDONED");
}

#[test]
fn d9_seventy_two_hours_of_silence_end_what_nobody_runs_and_nothing_else() {
    let home = Home::new();
    began(&home, 7, "runs");
    let nameless = HookCall { process: None, ..start(&home, 8, "unknown-process", "startup") };
    nameless.leave(&home);
    home.clock.pass(1);
    home.tracker().start(&Start { description: Some("A person's".into()), ..Start::default() }).unwrap();
    home.clock.pass(23 * 3_600);
    assert!(sessions(&home.tracker()).iter().all(|view| view.status == "ACTIVE"));
    home.clock.pass(49 * 3_600);
    let all = sessions(&home.tracker());
    let seen: Vec<_> = all.iter().map(|view| (view.agent_sessions.first().map(String::as_str), stand(view))).collect();
    let silent = ("ABANDONED", Some("silent for 24 h"), Some("inferred"));
    assert_eq!(seen, [(Some("runs"), GOES_ON), (Some("unknown-process"), silent), (None, silent)]);
}

#[test]
fn d9_work_that_is_added_to_a_session_that_fell_silent_brings_it_back() {
    let home = Home::new();
    let id = home.tracker().start(&Start::default()).unwrap().id;
    home.clock.pass(2 * 86_400);
    assert_eq!(only(&home).status, "ABANDONED");
    let prefix = "IMPL".parse().unwrap();
    home.tracker().add_work(Some(id.as_str()), &prefix, "Go on", &[], None).unwrap();
    assert_eq!(stand(&only(&home)), GOES_ON);
}

#[test]
fn d9_after_a_reboot_nothing_runs_that_ran_before() {
    let home = Home::new();
    began(&home, 7, "c");
    assert_eq!(only(&home).status, "ACTIVE");
    home.clock.reboot();
    assert_eq!(stand(&only(&home)), ("ABANDONED", Some("process gone"), Some("inferred")));
}

#[test]
fn d7_a_wall_clock_that_jumps_a_century_ends_nothing_that_runs() {
    let home = Home::new();
    began(&home, 7, "c");
    home.tracker().start(&Start::default()).unwrap();
    for instant in ["2126-02-16T16:30:03Z", "1926-02-16T16:30:03Z"] {
        home.clock.jump_to(instant);
        let all = sessions(&home.tracker());
        assert!(all.iter().all(|view| view.status == "ACTIVE" && view.duration_seconds >= 0.0), "{instant}: {all:#?}");
    }
}

#[test]
fn d9_what_is_dated_in_another_century_does_not_run_for_ever() {
    let home = Home::new();
    home.clock.jump_to("2126-02-16T16:30:03Z");
    home.tracker().start(&Start::default()).unwrap();
    home.clock.jump_to("2026-02-16T16:30:03Z");
    home.clock.reboot();
    assert_eq!(only(&home).status, "ABANDONED");
}

#[test]
fn a_process_that_took_up_another_conversation_has_left_the_first() {
    let home = Home::new();
    began(&home, 7, "c");
    [start(&home, 7, "d", "clear"), prompt(&home, 7, "d", "q", "Anew")].iter().for_each(|call| call.leave(&home));
    let all = sessions(&home.tracker());
    assert_eq!((stand(&all[0]), stand(&all[1])), (("ABANDONED", Some("newer start"), Some("inferred")), GOES_ON));
    // The hook that was late says more.
    let mut late = end(&home, 7, "c", "clear");
    late.at = prompt(&home, 7, "c", "x", "").at;
    late.leave(&home);
    assert_eq!(stand(&sessions(&home.tracker())[0]), ("COMPLETED", Some("clear"), Some("hook")));
}

/// Lets the agent's own registry say which conversation this process is in; returns it as hooks name it.
fn registered(home: &Home, conversation: &str) -> Process {
    let real = machine::process(std::process::id()).unwrap();
    let process = Process { started: real.started, ..HookCall::process(real.pid) };
    [real, process].into_iter().for_each(|process| home.clock.run(process));
    let entry = json!({"pid": real.pid, "procStart": real.started.to_string(), "sessionId": conversation, "status": "idle"});
    std::fs::create_dir_all(home.path(".claude/sessions")).unwrap();
    std::fs::write(home.path(&format!(".claude/sessions/{}.json", real.pid)), entry.to_string()).unwrap();
    process
}

#[test]
fn a_registry_that_still_names_what_was_left_ends_nothing() {
    let home = Home::new();
    let process = registered(&home, "c");
    let start = |conversation: &str, source: &str| {
        home.clock.pass(1);
        HookCall { process: Some(process), ..start(&home, process.pid, conversation, source) }.leave(&home);
    };
    start("c", "startup");
    prompt(&home, process.pid, "c", "p", "Go").leave(&home);
    end(&home, process.pid, "c", "resume").leave(&home);
    start("d", "resume");
    let all = sessions(&home.tracker());
    assert_eq!((stand(&all[0]), stand(&all[1])), (("COMPLETED", Some("resume"), Some("hook")), GOES_ON));
}

#[test]
fn a_registry_that_is_behind_the_hooks_ends_nothing_that_goes_on() {
    let home = Home::new();
    let process = registered(&home, "c");
    for (conversation, source) in [("c", "startup"), ("d", "clear")] {
        home.clock.pass(1);
        HookCall { process: Some(process), ..start(&home, process.pid, conversation, source) }.leave(&home);
        prompt(&home, process.pid, conversation, conversation, "Go").leave(&home);
    }
    let all = sessions(&home.tracker());
    assert_eq!((stand(&all[0]), stand(&all[1])), (("ABANDONED", Some("newer start"), Some("inferred")), GOES_ON));
}

#[test]
fn a_process_that_its_registry_names_elsewhere_has_left_what_its_hooks_told_of() {
    let home = Home::new();
    began(&home, 7, "old");
    end(&home, 7, "old", "other").leave(&home);
    let process = registered(&home, "old");
    home.clock.pass(1);
    HookCall { process: Some(process), ..start(&home, process.pid, "c", "startup") }.leave(&home);
    prompt(&home, process.pid, "c", "p", "Go").leave(&home);
    let all = sessions(&home.tracker());
    assert_eq!(stand(&all[1]), ("ABANDONED", Some("moved on"), Some("inferred")));
}

#[test]
fn a_session_in_which_nothing_was_done_is_left_out_of_lists() {
    let home = Home::new();
    home.clock.run(HookCall::process(7));
    start(&home, 7, "c", "startup").leave(&home);
    home.clock.kill(&HookCall::process(7));
    let tracker = home.tracker();
    assert_eq!(tracker.list(&Listing::default()).unwrap().len(), 0);
    assert_eq!(sessions(&tracker)[0].status, "ABANDONED");
}

#[test]
fn a_session_that_another_script_keeps_is_its_own_to_end() {
    let home = Home::new();
    let file: Value = json!({
        "session_id": "SESSION-20250101-100000-AAAA", "created_at": "2025-01-01T10:00:00", "description": "theirs", "status": "ACTIVE",
        "metadata": {}, "work_items": []
    });
    std::fs::create_dir_all(home.path("mirror/sessions")).unwrap();
    std::fs::write(home.path("mirror/sessions/SESSION-20250101-100000-AAAA.json"), file.to_string()).unwrap();
    home.tracker().start(&Start::default()).unwrap();
    home.clock.pass(1);
    let all = sessions(&home.tracker());
    let theirs = all.iter().find(|view| view.id.ends_with("AAAA")).unwrap();
    assert_eq!(theirs.status, "ACTIVE");
}

/// Leaves a start by a process of another machine.
fn start_elsewhere(home: &Home, pid: u32, conversation: &str, source: &str) {
    home.clock.pass(1);
    HookCall { machine: Some("another machine".into()), ..start(home, pid, conversation, source) }.leave(home);
}

#[test]
fn an_end_that_the_agent_told_stands_also_where_a_killed_process_is_missed_afterwards() {
    for is_looked_at in [true, false] {
        let home = Home::new();
        let look = || drop(is_looked_at.then(|| home.tracker()));
        began(&home, 7, "c");
        look();
        home.clock.kill(&HookCall::process(7));
        home.clock.run(HookCall::process(8));
        [start(&home, 8, "c", "resume"), prompt(&home, 8, "c", "q", "Go on")].iter().for_each(|call| call.leave(&home));
        look();
        end(&home, 8, "c", "other").leave(&home);
        home.clock.kill(&HookCall::process(8));
        home.clock.pass(60);
        let view = only(&home);
        assert_eq!(stand(&view), ("COMPLETED", Some("other"), Some("hook")), "{is_looked_at}");
        assert_eq!(view.duration_seconds, 9.0, "{is_looked_at}");
    }
}

#[test]
fn an_end_that_one_agent_told_is_not_the_end_of_another_one_that_went_on_and_was_killed() {
    let home = Home::new();
    began(&home, 7, "c");
    home.clock.run(HookCall::process(8));
    start(&home, 8, "c", "resume").leave(&home);
    end(&home, 8, "c", "other").leave(&home);
    tool(&home, 7, "c", "PreToolUse", "t").leave(&home);
    [7, 8].iter().for_each(|pid| home.clock.kill(&HookCall::process(*pid)));
    assert_eq!(stand(&only(&home)), ("ABANDONED", Some("process gone"), Some("inferred")));
}

#[test]
fn only_the_machine_that_ran_a_process_says_that_it_is_gone() {
    let home = Home::new();
    start_elsewhere(&home, 9, "c", "startup");
    home.clock.run(HookCall::process(7));
    start(&home, 7, "c", "resume").leave(&home);
    prompt(&home, 7, "c", "p", "Go").leave(&home);
    home.clock.kill(&HookCall::process(7));
    assert_eq!(stand(&only(&home)), GOES_ON, "the other machine's may go on");
    home.clock.pass(2 * 86_400);
    assert_eq!(stand(&only(&home)), ("ABANDONED", Some("silent for 24 h"), Some("inferred")));
}

#[test]
fn a_registry_that_names_a_conversation_which_moved_on_keeps_no_session_going() {
    let home = Home::new();
    let process = registered(&home, "c");
    home.clock.pass(1);
    HookCall { process: Some(process), ..start(&home, process.pid, "c", "startup") }.leave(&home);
    prompt(&home, process.pid, "c", "p", "Go").leave(&home);
    let first = only(&home).id;
    home.tracker().end(Some(&first), Status::Completed, None).unwrap();
    prompt(&home, process.pid, "c", "q", "And now?").leave(&home);
    home.tracker().reopen(&first, None).unwrap();
    home.clock.pass(2 * 86_400);
    let all = sessions(&home.tracker());
    assert_eq!(stand(&all[0]), ("ABANDONED", Some("silent for 24 h"), Some("inferred")));
    assert_eq!(stand(&all[1]), GOES_ON);
}

#[test]
fn a_session_that_was_reopened_before_a_reboot_ends_with_its_agent() {
    let home = Home::new();
    began(&home, 7, "c");
    end(&home, 7, "c", "other").leave(&home);
    home.clock.kill(&HookCall::process(7));
    let id = only(&home).id;
    home.tracker().reopen(&id, None).unwrap();
    home.clock.reboot();
    let process = Process { boot: home.clock.boot(), ..HookCall::process(8) };
    home.clock.run(process);
    HookCall { process: Some(process), ..start(&home, 8, "c", "resume") }.leave(&home);
    assert_eq!(stand(&only(&home)), GOES_ON);
    end(&home, 8, "c", "exit").leave(&home);
    assert_eq!(stand(&only(&home)), ("COMPLETED", Some("exit"), Some("hook")));
}

#[test]
fn what_an_agent_says_late_of_its_end_does_not_end_what_somebody_reopened_since() {
    let home = Home::new();
    began(&home, 7, "c");
    let left = end(&home, 7, "c", "other");
    home.clock.kill(&HookCall::process(7));
    home.clock.pass(1);
    let id = only(&home).id;
    home.tracker().reopen(&id, None).unwrap();
    left.leave(&home);
    assert_eq!(stand(&only(&home)), GOES_ON);
}

#[test]
fn d9_whatever_is_heard_later_brings_a_session_back_whose_end_was_only_concluded() {
    for event in ["SubagentStart", "SubagentStop", "PostCompact", "CwdChanged", "InstructionsLoaded", "NeverHeardOf"] {
        let home = Home::new();
        began(&home, 7, "c");
        home.clock.kill(&HookCall::process(7));
        assert_eq!(only(&home).status, "ABANDONED");
        home.clock.run(HookCall::process(7));
        says(&home, 7, "c", event, json!({"agent_id": "a"})).leave(&home);
        assert_eq!(stand(&only(&home)), GOES_ON, "{event}");
        home.clock.kill(&HookCall::process(7));
        assert_eq!(only(&home).status, "ABANDONED", "{event}: its process is watched again");
    }
}

#[test]
fn d9_whatever_is_heard_later_brings_a_session_back_that_fell_silent() {
    let home = Home::new();
    HookCall { process: None, ..start(&home, 7, "c", "startup") }.leave(&home);
    home.clock.pass(2 * 86_400);
    assert_eq!(only(&home).status, "ABANDONED");
    says(&home, 7, "c", "InstructionsLoaded", json!({})).leave(&home);
    assert_eq!(stand(&only(&home)), GOES_ON);
}

#[test]
fn what_was_left_before_an_end_and_is_heard_late_brings_nothing_back() {
    let home = Home::new();
    home.clock.run(HookCall::process(7));
    start(&home, 7, "c", "startup").leave(&home);
    let late = ["SubagentStart", "InstructionsLoaded"].map(|event| says(&home, 7, "c", event, json!({"agent_id": "a"})));
    prompt(&home, 7, "c", "p", "Go").leave(&home);
    home.clock.kill(&HookCall::process(7));
    assert_eq!(only(&home).status, "ABANDONED");
    late.iter().for_each(|call| call.leave(&home));
    assert_eq!(only(&home).status, "ABANDONED");
}

#[test]
fn files_of_other_scripts_hide_no_silence_however_many_there_are() {
    let home = Home::new();
    std::fs::create_dir_all(home.path("mirror/sessions")).unwrap();
    for number in 0..300 {
        let id = format!("SESSION-20250101-100000-A{number:03}");
        let file = json!({
            "session_id": id, "created_at": "2025-01-01T10:00:00", "description": "theirs", "status": "ACTIVE", "metadata": {}, "work_items": []
        });
        std::fs::write(home.path(&format!("mirror/sessions/{id}.json")), file.to_string()).unwrap();
    }
    for _ in 0..2 {
        home.tracker().start(&Start::default()).unwrap();
        home.clock.pass(60);
    }
    home.clock.pass(2 * 86_400);
    let all = sessions(&home.tracker());
    let ours = all.iter().filter(|view| !view.id.starts_with("SESSION-20250101")).map(|view| view.status);
    assert_eq!((all.len(), ours.collect::<Vec<_>>()), (302, vec!["ABANDONED"; 2]));
}
