//! Which agent session follows which: the table of what an agent does to its conversation, row by row, in whatever order it is taken in.

use serde_json::json;
use session::Status;
use testkit::{Home, HookCall};
use tracker::{Start, Tracker, TransitionView, WantedChain};

use crate::calls::{end, prompt, says, sessions, start, tool};

/// Says a transition as `new: old, from, source`, of the project's own scope, with a mark for what moved no head.
pub(crate) fn line(view: &TransitionView) -> String {
    let or_none = |id: &Option<String>| id.clone().unwrap_or_else(|| "-".to_owned());
    let mark = match (view.moved, view.side_branch) {
        (true, _) => "",
        (_, true) => " (side branch)",
        _ => " (no head)",
    };
    format!("{}: {} < {}, {}{mark}", view.new, or_none(&view.old), or_none(&view.from), view.source)
}

/// Returns the transitions of the project's own scope.
pub(crate) fn chain(tracker: &Tracker) -> Vec<String> {
    let all = tracker.chain(&WantedChain::default()).unwrap();
    let own = all.iter().filter(|view| view.worktree.is_none() && view.version.is_none());
    own.map(line).collect()
}

pub(crate) fn head(tracker: &Tracker) -> Option<String> {
    tracker.head(None).unwrap().head
}

/// Leaves calls in the inbox and takes them in, whole, one by one, and with neighbours of different conversations swapped; everything must
/// come out the same, and a rebuild must repeat it.
pub(crate) fn check(calls: impl Fn(&Home) -> Vec<HookCall>, expected: &[&str], expected_head: Option<&str>) {
    for order in ["whole", "one by one", "backwards between conversations"] {
        let home = Home::new();
        let mut calls = calls(&home);
        if order == "backwards between conversations" {
            swap_neighbours(&mut calls);
        }
        for call in &calls {
            call.leave(&home);
            if order == "one by one" {
                drop(home.tracker());
            }
        }
        let mut tracker = home.tracker();
        assert_eq!(chain(&tracker), expected, "{order}");
        assert_eq!(head(&tracker).as_deref(), expected_head, "{order}");
        let status = tracker.sync_status().unwrap();
        assert!(status.rate >= 1.0 && status.is_chain_intact, "{order}: {status:?}");
        assert!(tracker.rebuild(&mut |_, _| {}).unwrap().rows.identical, "{order}");
    }
}

/// What two conversations say side by side reaches the inbox in either order.
pub(crate) fn swap_neighbours(calls: &mut [HookCall]) {
    let mut at = 1;
    while at < calls.len() {
        let of = |call: &HookCall| (call.payload["session_id"].clone(), call.pid);
        if of(&calls[at]).0 != of(&calls[at - 1]).0 && of(&calls[at]).1 != of(&calls[at - 1]).1 {
            calls.swap(at - 1, at);
            at += 1;
        }
        at += 1;
    }
}

pub(crate) fn began(home: &Home, pid: u32, conversation: &str) -> Vec<HookCall> {
    home.clock.run(HookCall::process(pid));
    vec![start(home, pid, conversation, "startup"), prompt(home, pid, conversation, &format!("{conversation}-p"), "Go")]
}

#[test]
fn a_new_conversation_is_the_head_from_its_first_prompt_on() {
    check(|home| vec![start(home, 7, "c", "startup")], &[], None);
    check(|home| began(home, 7, "c"), &["c: - < -, startup"], Some("c"));
    let twice = |home: &Home| [began(home, 7, "c"), vec![prompt(home, 7, "c", "q", "And?")]].concat();
    check(twice, &["c: - < -, startup"], Some("c"));
}

#[test]
fn a_second_agent_takes_the_head_and_names_the_one_it_replaced() {
    let both = |home: &Home| [began(home, 7, "c"), began(home, 8, "d")].concat();
    check(both, &["c: - < -, startup", "d: c < -, startup"], Some("d"));
}

#[test]
fn a_resumed_conversation_is_the_head_again_under_the_same_id() {
    let resumed = |home: &Home| {
        let calls = [began(home, 7, "c"), vec![end(home, 7, "c", "other")], began(home, 8, "d"), vec![end(home, 8, "d", "other")]].concat();
        home.clock.pass(60);
        [calls, vec![start(home, 9, "c", "resume"), prompt(home, 9, "c", "q", "And on")]].concat()
    };
    check(resumed, &["c: - < -, startup", "d: c < -, startup", "c: d < c, resume"], Some("c"));
}

#[test]
fn a_compaction_is_a_transition_to_the_same_id() {
    let compacted = |home: &Home| [began(home, 7, "c"), vec![says(home, 7, "c", "SessionStart", json!({"source": "compact"}))]].concat();
    check(compacted, &["c: - < -, startup", "c: c < c, compact"], Some("c"));
}

#[test]
fn a_compaction_under_a_new_id_goes_on_in_the_same_session_from_the_one_that_was_compacted() {
    let calls = |home: &Home| {
        let mut calls = began(home, 7, "c");
        home.clock.pass(1);
        calls.push(start(home, 7, "d", "compact"));
        calls.push(prompt(home, 7, "d", "q", "Go on"));
        home.clock.pass(1);
        calls.push(start(home, 7, "d", "compact"));
        calls
    };
    check(calls, &["c: - < -, startup", "d: c < c, compact", "d: d < d, compact"], Some("d"));
    let home = Home::new();
    calls(&home).iter().for_each(|call| call.leave(&home));
    let stand = || {
        let all = sessions(&home.tracker());
        (all.len(), all[0].status, all[0].end_reason.clone(), all[0].agent_sessions.clone())
    };
    let both = ["c".to_owned(), "d".to_owned()].to_vec();
    assert_eq!(stand(), (1, "ACTIVE", None, both.clone()));
    end(&home, 7, "d", "other").leave(&home);
    home.clock.kill(&HookCall::process(7));
    assert_eq!(stand(), (1, "COMPLETED", Some("other".to_owned()), both));
}

#[test]
fn a_compacted_conversation_ends_as_its_agent_said_also_where_nobody_looked_before() {
    let home = Home::new();
    began(&home, 7, "c").iter().for_each(|call| call.leave(&home));
    home.clock.pass(1);
    start(&home, 7, "d", "compact").leave(&home);
    end(&home, 7, "d", "other").leave(&home);
    home.clock.kill(&HookCall::process(7));
    let view = sessions(&home.tracker()).remove(0);
    assert_eq!((view.status, view.end_reason.as_deref(), view.end_evidence), ("COMPLETED", Some("other"), Some("hook")));
}

#[test]
fn clear_moves_the_head_at_the_first_prompt_after_it() {
    let cleared = |home: &Home| {
        let calls = [began(home, 7, "c"), vec![end(home, 7, "c", "clear")]].concat();
        home.clock.pass(1);
        [calls, vec![start(home, 7, "d", "clear")]].concat()
    };
    check(cleared, &["c: - < -, startup"], Some("c"));
    let prompted = |home: &Home| [cleared(home), vec![prompt(home, 7, "d", "q", "Anew")]].concat();
    check(prompted, &["c: - < -, startup", "d: c < c, clear"], Some("d"));
}

#[test]
fn a_branch_continues_the_conversation_that_its_process_left_for_it() {
    let branched = |home: &Home| {
        let calls = [began(home, 7, "c"), vec![end(home, 7, "c", "resume")]].concat();
        home.clock.pass(1);
        [calls, vec![start(home, 7, "d", "fork"), prompt(home, 7, "d", "q", "Otherwise")]].concat()
    };
    check(branched, &["c: - < -, startup", "d: c < c, fork"], Some("d"));
    let home = Home::new();
    branched(&home).iter().for_each(|call| call.leave(&home));
    let all = sessions(&home.tracker());
    assert_eq!((all.len(), all[1].parent.as_deref()), (2, Some(all[0].id.as_str())));
    assert_eq!((all[0].status, all[0].end_reason.as_deref(), all[1].head.as_deref()), ("COMPLETED", Some("resume"), Some("d")));
}

#[test]
fn what_a_fork_was_copied_from_is_read_in_its_transcript_and_told_afterwards() {
    let home = Home::new();
    let projects = home.path(".claude/projects/-p");
    std::fs::create_dir_all(&projects).unwrap();
    let calls = [began(&home, 7, "c"), vec![end(&home, 7, "c", "other")], vec![start(&home, 8, "d", "fork")]].concat();
    calls.iter().for_each(|call| call.leave(&home));
    let tracker = home.tracker();
    assert_eq!(chain(&tracker), ["c: - < -, startup", "d: c < -, fork"]);
    assert_eq!(sessions(&tracker)[1].parent, None);
    drop(tracker);
    let records = [json!({"type": "user", "sessionId": "d"}), json!({"type": "assistant", "sessionId": "d", "requestSessionId": "c"})];
    std::fs::write(projects.join("d.jsonl"), records.map(|record| format!("{record}\n")).concat()).unwrap();
    prompt(&home, 8, "d", "q", "Otherwise").leave(&home);
    let mut tracker = home.tracker();
    assert_eq!(chain(&tracker), ["c: - < -, startup", "d: c < c, fork"]);
    let all = sessions(&tracker);
    assert_eq!(all[1].parent.as_deref(), Some(all[0].id.as_str()));
    // The hook told of the move itself; only where it came from was read.
    assert_eq!(tracker.chain(&WantedChain::default()).unwrap().last().unwrap().evidence, "hook");
    assert!(tracker.rebuild(&mut |_, _| {}).unwrap().rows.identical);
}

#[test]
fn a_transcript_that_has_told_the_origin_is_not_read_again() {
    let home = Home::new();
    let projects = home.path(".claude/projects/-p");
    std::fs::create_dir_all(&projects).unwrap();
    let copied_from = |origin: &str| {
        let record = json!({"type": "assistant", "sessionId": "d", "requestSessionId": origin});
        std::fs::write(projects.join("d.jsonl"), format!("{record}\n")).unwrap();
    };
    [began(&home, 7, "c"), vec![end(&home, 7, "c", "other")], vec![start(&home, 8, "d", "fork")]]
        .concat()
        .iter()
        .for_each(|call| call.leave(&home));
    for origin in ["unseen", "c"] {
        copied_from(origin);
        prompt(&home, 8, "d", origin, "Otherwise").leave(&home);
        let tracker = home.tracker();
        assert_eq!(chain(&tracker), ["c: - < -, startup", "d: c < unseen, fork"]);
        assert_eq!(sessions(&tracker)[1].parent, None);
    }
}

#[test]
fn a_conversation_resumed_inside_another_takes_the_head_back() {
    let switched = |home: &Home| {
        let calls =
            [began(home, 7, "c"), vec![end(home, 7, "c", "other")], began(home, 8, "d"), vec![end(home, 8, "d", "resume")]].concat();
        home.clock.pass(1);
        [calls, vec![start(home, 8, "c", "resume")]].concat()
    };
    check(switched, &["c: - < -, startup", "d: c < -, startup", "c: d < c, resume"], Some("c"));
}

#[test]
fn an_agent_below_an_agent_never_moves_the_head() {
    let nested = |home: &Home| {
        let calls = began(home, 7, "c");
        home.clock.run(HookCall::process(9));
        home.clock.pass(1);
        let mut inner = vec![start(home, 9, "d", "startup"), prompt(home, 9, "d", "q", "Look"), start(home, 9, "d", "compact")];
        inner.iter_mut().for_each(|call| call.ancestors = vec![HookCall::process(8), HookCall::process(7)]);
        [calls, inner, vec![end(home, 9, "d", "other")]].concat()
    };
    let expected = ["c: - < -, startup", "d: - < c, subagent (no head)", "d: - < d, compact (no head)"];
    check(nested, &expected, Some("c"));
}

#[test]
fn a_sub_agent_is_a_span_below_its_conversation() {
    let spans = |home: &Home| {
        let sub = json!({"agent_id": "a1", "agent_type": "general-purpose", "prompt_id": "c-p"});
        [began(home, 7, "c"), vec![says(home, 7, "c", "SubagentStart", sub.clone()), says(home, 7, "c", "SubagentStop", sub)]].concat()
    };
    check(spans, &["c: - < -, startup", "a1: - < c, subagent (no head)"], Some("c"));
}

#[test]
fn a_person_s_session_goes_on_through_clear_and_takes_the_new_conversation() {
    let home = Home::new();
    let id = home.tracker().start(&Start::default()).unwrap().id;
    home.clock.pass(1);
    let calls = [began(&home, 7, "c"), vec![end(&home, 7, "c", "clear")]].concat();
    home.clock.pass(1);
    let calls = [calls, vec![start(&home, 7, "d", "clear"), prompt(&home, 7, "d", "q", "Anew"), end(&home, 7, "d", "other")]].concat();
    calls.iter().for_each(|call| call.leave(&home));
    let tracker = home.tracker();
    let all = sessions(&tracker);
    assert_eq!((all.len(), all[0].id.as_str(), all[0].status), (1, id.as_str(), "ACTIVE"));
    assert_eq!((all[0].agent_sessions.as_slice(), all[0].head.as_deref()), (&["c".to_owned(), "d".to_owned()][..], Some("d")));
    assert_eq!(chain(&tracker), ["c: - < -, startup", "d: c < c, clear"]);
}

#[test]
fn a_head_is_of_its_worktree_and_of_the_project() {
    let home = Home::new();
    began(&home, 7, "c").iter().for_each(|call| call.leave(&home));
    let tracker = home.tracker();
    let heads: Vec<_> = tracker
        .chain_with_heads(&WantedChain::default(), false)
        .unwrap()
        .heads
        .into_iter()
        .map(|head| (head.worktree.is_some(), head.head.unwrap()))
        .collect();
    assert_eq!(heads, [(false, "c".to_owned()), (true, "c".to_owned())]);
    let all = tracker.chain(&WantedChain::default()).unwrap();
    assert_eq!(all.iter().map(|view| (view.seq, view.worktree.is_some())).collect::<Vec<_>>(), [(1, true), (2, false)]);
}

#[test]
fn the_prompt_that_is_typed_while_a_turn_runs_and_the_one_that_nobody_typed_stay_with_a_session_that_was_ended() {
    let home = Home::new();
    began(&home, 7, "c").iter().for_each(|call| call.leave(&home));
    home.tracker().end(None, Status::Completed, None).unwrap();
    home.clock.pass(1);
    prompt(&home, 7, "c", "c-p", "And this as well").leave(&home);
    prompt(&home, 7, "c", "n", "<task-notification>done</task-notification>").leave(&home);
    tool(&home, 7, "c", "PreToolUse", "t").leave(&home);
    let all = sessions(&home.tracker());
    assert_eq!((all.len(), all[0].status, all[0].tool_calls), (1, "COMPLETED", 1));
    prompt(&home, 7, "c", "q", "Something new").leave(&home);
    let all = sessions(&home.tracker());
    assert_eq!((all.len(), all[1].parent.as_deref()), (2, Some(all[0].id.as_str())));
}

#[test]
fn a_start_inside_a_conversation_takes_over_the_session_that_its_beginning_opened() {
    let home = Home::new();
    began(&home, 7, "c").iter().for_each(|call| call.leave(&home));
    let opened = sessions(&home.tracker()).remove(0);
    home.clock.descend_from(&[HookCall::process(8), HookCall::process(7)]);
    let start = Start {
        description: Some("Fix the login".into()),
        number: Some(1),
        tags: vec!["auth".into()],
        metadata: vec![("ticket".into(), json!(7))],
        ..Start::default()
    };
    let taken = home.tracker().start(&start).unwrap();
    let tracker = home.tracker();
    let all = sessions(&tracker);
    assert_eq!((all.len(), taken.id.as_str()), (1, opened.id.as_str()));
    let view = &all[0];
    assert_eq!((view.description.as_deref(), view.tags.as_slice()), (Some("Fix the login"), &["auth".to_owned()][..]));
    assert_eq!(view.metadata["ticket"], 7);
}

#[test]
fn a_start_inside_a_conversation_that_is_named_has_the_conversation_from_there_on() {
    let home = Home::new();
    began(&home, 7, "c").iter().for_each(|call| call.leave(&home));
    home.clock.descend_from(&[HookCall::process(7)]);
    let named = |text: &str| Start { description: Some(text.into()), ..Start::default() };
    let first = home.tracker().start(&named("One")).unwrap();
    home.clock.pass(1);
    let second = home.tracker().start(&named("Two")).unwrap();
    assert_ne!(first.id, second.id);
    home.clock.pass(1);
    tool(&home, 7, "c", "PreToolUse", "t").leave(&home);
    prompt(&home, 7, "c", "q", "And on").leave(&home);
    let tracker = home.tracker();
    let all = sessions(&tracker);
    let seen: Vec<_> = all.iter().map(|view| (view.id.as_str(), view.status, view.turns, view.tool_calls)).collect();
    assert_eq!(seen, [(first.id.as_str(), "COMPLETED", 1, 0), (second.id.as_str(), "ACTIVE", 1, 1)]);
    assert_eq!(tracker.resolve(None, tracker::Purpose::Writing).unwrap().id, second.id);
}

#[test]
fn a_variable_that_names_what_the_conversation_has_left_is_passed_over() {
    let mut home = Home::new();
    let id = home.tracker().start(&Start::default()).unwrap().id;
    home.clock.pass(1);
    began(&home, 7, "c").iter().for_each(|call| call.leave(&home));
    home.clock.descend_from(&[HookCall::process(7)]);
    home.clock.pass(1);
    let second = home.tracker().start(&Start { description: Some("Two".into()), ..Start::default() }).unwrap();
    home.set("RUTTER_SESSION", id.as_str());
    let tracker = home.tracker();
    assert_eq!(tracker.resolve(None, tracker::Purpose::Writing).unwrap().id, second.id);
    let notes: Vec<_> = tracker.take_notes().iter().map(ToString::to_string).collect();
    assert!(notes.iter().any(|note| note.contains("has left")), "{notes:?}");
}
