//! Which agent session follows which: the table of what an agent does to its conversation, row by row, in whatever order it is taken in.

use serde_json::json;
use session::Status;
use testkit::{Home, HookCall};
use tracker::{NewTransition, Outcome, Start, Tracker, TransitionView, Verdict, WantedChain};

use crate::calls::{end, prompt, says, sessions, start, tool};

/// Says a transition as `new: old, from, source`, of the project's own scope, with a mark for what moved no head.
fn line(view: &TransitionView) -> String {
    let or_none = |id: &Option<String>| id.clone().unwrap_or_else(|| "-".to_owned());
    let mark = match (view.moved, view.side_branch) {
        (true, _) => "",
        (_, true) => " (side branch)",
        _ => " (no head)",
    };
    format!("{}: {} < {}, {}{mark}", view.new, or_none(&view.old), or_none(&view.from), view.source)
}

/// Returns the transitions of the project's own scope.
fn chain(tracker: &Tracker) -> Vec<String> {
    let all = tracker.chain(&WantedChain::default()).unwrap();
    let own = all.iter().filter(|view| view.worktree.is_none() && view.version.is_none());
    own.map(line).collect()
}

fn head(tracker: &Tracker) -> Option<String> {
    tracker.head(None).unwrap().head
}

/// Leaves calls in the inbox and takes them in, whole, one by one, and with neighbours of different conversations swapped; everything must
/// come out the same, and a rebuild must repeat it.
fn check(calls: impl Fn(&Home) -> Vec<HookCall>, expected: &[&str], expected_head: Option<&str>) {
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
fn swap_neighbours(calls: &mut [HookCall]) {
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

fn began(home: &Home, pid: u32, conversation: &str) -> Vec<HookCall> {
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

fn said(new: &str, old: Option<&str>, source: &str) -> NewTransition {
    NewTransition { new: new.into(), old: old.map(Into::into), source: source.into(), ..NewTransition::default() }
}

#[test]
fn a_worker_moves_the_head_that_it_saw_and_the_loser_is_a_side_branch() {
    let home = Home::new();
    let mut tracker = home.tracker();
    let mut say = |new: &str, old: Option<&str>, source: &str| {
        let said = tracker.report_transition(&said(new, old, source)).unwrap();
        (said.outcome, said.head.unwrap())
    };
    assert_eq!(say("abc", None, "build"), (Outcome::Moved, "abc".into()));
    assert_eq!(say("def", Some("abc"), "metadata_generation"), (Outcome::Moved, "def".into()));
    assert_eq!(say("xyz", Some("abc"), "update"), (Outcome::Lost, "def".into()));
    assert_eq!(say("ghi", Some("def"), "compact"), (Outcome::Moved, "ghi".into()));
    // Said twice is done.
    assert_eq!(say("ghi", Some("def"), "compact"), (Outcome::Known, "ghi".into()));
    assert_eq!(say("def", Some("abc"), "metadata_generation"), (Outcome::Known, "ghi".into()));
    assert_eq!(say("xyz", Some("abc"), "update"), (Outcome::Lost, "ghi".into()));
    let expected =
        ["abc: - < -, build", "def: abc < abc, metadata_generation", "xyz: def < abc, update (side branch)", "ghi: def < def, compact"];
    assert_eq!(chain(&tracker), expected);
}

#[test]
fn a_worker_may_name_the_head_it_saw_apart_from_what_it_continues() {
    let home = Home::new();
    let mut tracker = home.tracker();
    tracker.report_transition(&said("a", None, "build")).unwrap();
    tracker.report_transition(&said("b", Some("a"), "build")).unwrap();
    // Back to an old conversation, on purpose.
    let back = NewTransition { expect: Some("b".into()), ..said("c", Some("a"), "update") };
    assert_eq!(tracker.report_transition(&back).unwrap().outcome, Outcome::Moved);
    let blind = NewTransition { expect: Some(String::new()), ..said("d", None, "build") };
    assert_eq!(tracker.report_transition(&blind).unwrap().outcome, Outcome::Lost);
    assert_eq!(chain(&tracker)[2..], ["c: b < a, update", "d: c < -, build (side branch)"]);
}

#[test]
fn who_says_that_there_was_no_head_is_compared_and_only_the_first_one_moves_it() {
    let home = Home::new();
    let mut tracker = home.tracker();
    let of_version = |new: &str| NewTransition { version: Some("v2".into()), ..said(new, Some(""), "build") };
    let mut say = |new: &str| {
        let told = tracker.report_transition(&of_version(new)).unwrap();
        (told.outcome, told.head.unwrap())
    };
    assert_eq!(say("n1"), (Outcome::Moved, "n1".into()));
    assert_eq!(say("n2"), (Outcome::Lost, "n1".into()));
    // Said twice is done.
    assert_eq!(say("n1"), (Outcome::Known, "n1".into()));
    assert_eq!(say("n2"), (Outcome::Lost, "n1".into()));
    let going_on = NewTransition { version: Some("v2".into()), ..said("n3", Some("n1"), "build") };
    assert_eq!(tracker.report_transition(&going_on).unwrap().outcome, Outcome::Moved);
    let told = tracker.report_transition(&of_version("n1")).unwrap();
    assert_eq!((told.outcome, told.head.as_deref()), (Outcome::Known, Some("n3")));
}

#[test]
fn a_fresh_agent_session_that_is_reported_again_leaves_the_head_where_it_is() {
    for old in [None, Some("")] {
        let home = Home::new();
        let mut tracker = home.tracker();
        for (new, from) in [("a", old), ("b", Some("a")), ("c", Some("b"))] {
            assert_eq!(tracker.report_transition(&said(new, from, "build")).unwrap().outcome, Outcome::Moved, "{old:?}");
        }
        let again = tracker.report_transition(&said("a", old, "build")).unwrap();
        assert_eq!((again.outcome, again.head.as_deref()), (Outcome::Known, Some("c")), "{old:?}");
    }
}

#[test]
fn a_version_s_head_takes_the_project_s_along() {
    let home = Home::new();
    let mut tracker = home.tracker();
    tracker.report_transition(&said("a", None, "build")).unwrap();
    let of_version = |new: &str, old: &str| NewTransition { version: Some("v2".into()), ..said(new, Some(old), "build") };
    assert_eq!(tracker.report_transition(&of_version("b", "a")).unwrap().outcome, Outcome::Moved);
    assert_eq!(tracker.report_transition(&of_version("x", "a")).unwrap().outcome, Outcome::Lost);
    assert_eq!((head(&tracker), tracker.head(Some("v2")).unwrap().head), (Some("b".into()), Some("b".into())));
    let status = tracker.sync_status().unwrap();
    assert_eq!((status.rate, status.rows.len()), (1.0, 2));
    let version: Vec<_> = tracker.chain(&WantedChain { version: Some("v2".into()), session: None }).unwrap().iter().map(line).collect();
    assert_eq!(version, ["b: - < a, build", "x: b < a, build (side branch)"]);
}

#[test]
fn a_worker_s_word_after_the_hook_s_is_the_same_move() {
    let home = Home::new();
    began(&home, 7, "c").iter().for_each(|call| call.leave(&home));
    let mut tracker = home.tracker();
    let told = tracker.report_transition(&said("c", None, "build")).unwrap();
    assert_eq!((told.outcome, told.transition.sources), (Outcome::Known, vec!["startup".to_owned(), "build".to_owned()]));
    assert_eq!(chain(&tracker), ["c: - < -, startup"]);
}

#[test]
fn a_hook_that_is_heard_after_a_worker_s_word_adds_to_it() {
    let home = Home::new();
    let calls = began(&home, 7, "c");
    home.clock.pass(5);
    let told = home.tracker().report_transition(&said("c", None, "build")).unwrap();
    assert_eq!((told.outcome, told.transition.evidence), (Outcome::Moved, "api"));
    calls.iter().for_each(|call| call.leave(&home));
    let tracker = home.tracker();
    assert_eq!(chain(&tracker), ["c: - < -, build"]);
    assert_eq!(tracker.chain(&WantedChain::default()).unwrap().last().unwrap().evidence, "hook");
}

#[test]
fn a_worker_s_word_of_a_move_that_a_hook_told_of_is_no_lost_race_when_the_head_is_another_by_then() {
    for old in [Some("z"), None] {
        let home = Home::new();
        let calls = [began(&home, 6, "z"), began(&home, 7, "c"), began(&home, 8, "d")].concat();
        calls.iter().for_each(|call| call.leave(&home));
        let mut tracker = home.tracker();
        for _ in 0..2 {
            let told = tracker.report_transition(&said("c", old, "build")).unwrap();
            assert_eq!((told.outcome, told.head.as_deref()), (Outcome::Known, Some("d")), "{old:?}");
            assert_eq!(told.transition.sources, ["startup", "build"], "{old:?}");
        }
        let from = old.unwrap_or("-");
        assert_eq!(chain(&tracker), ["z: - < -, startup".to_owned(), format!("c: z < {from}, startup"), "d: c < -, startup".to_owned()]);
        // Who has seen the head goes back on purpose.
        let back = NewTransition { expect: Some("d".into()), ..said("c", Some("c"), "update") };
        assert_eq!(tracker.report_transition(&back).unwrap().outcome, Outcome::Moved);
        assert_eq!(head(&tracker).as_deref(), Some("c"));
    }
}

#[test]
fn what_a_hook_told_of_moves_the_head_of_the_version_that_a_worker_names_and_not_that_of_the_project() {
    let home = Home::new();
    [began(&home, 7, "c"), began(&home, 8, "d")].concat().iter().for_each(|call| call.leave(&home));
    let mut tracker = home.tracker();
    let of_version = NewTransition { version: Some("v".into()), ..said("c", None, "build") };
    assert_eq!(tracker.report_transition(&of_version).unwrap().outcome, Outcome::Moved);
    assert_eq!((head(&tracker).as_deref(), tracker.head(Some("v")).unwrap().head.as_deref()), (Some("d"), Some("c")));
    assert_eq!(chain(&tracker), ["c: - < -, startup", "d: c < -, startup"]);
}

#[test]
fn who_saw_what_came_after_a_move_that_a_hook_told_of_moves_the_head_back() {
    let home = Home::new();
    [began(&home, 7, "c"), began(&home, 8, "d")].concat().iter().for_each(|call| call.leave(&home));
    let mut tracker = home.tracker();
    let back = NewTransition { expect: Some("d".into()), ..said("c", None, "update") };
    assert_eq!(tracker.report_transition(&back).unwrap().outcome, Outcome::Moved);
    assert_eq!(chain(&tracker), ["c: - < -, startup", "d: c < -, startup", "c: d < -, update"]);
}

#[test]
fn each_time_a_worker_takes_up_the_same_agent_session_again_is_a_move_of_its_own() {
    let home = Home::new();
    let mut tracker = home.tracker();
    tracker.report_transition(&said("c", None, "build")).unwrap();
    for source in ["compact", "update"] {
        assert_eq!(tracker.report_transition(&said("c", Some("c"), source)).unwrap().outcome, Outcome::Moved, "{source}");
        assert_eq!(tracker.report_transition(&said("c", Some("c"), source)).unwrap().outcome, Outcome::Known, "{source}");
    }
    assert_eq!(chain(&tracker), ["c: - < -, build", "c: c < c, compact", "c: c < c, update"]);
    // What a hook told of is still the same move.
    says(&home, 7, "c", "SessionStart", json!({"source": "compact"})).leave(&home);
    drop(tracker);
    let mut tracker = home.tracker();
    assert_eq!(tracker.report_transition(&said("c", Some("c"), "shrink")).unwrap().outcome, Outcome::Known);
    assert_eq!(chain(&tracker)[3..], ["c: c < c, compact"]);
}

#[test]
fn a_hook_that_tells_of_a_resume_adds_nothing_to_a_beginning_that_a_worker_told_of() {
    let home = Home::new();
    let resumed = says(&home, 7, "c", "SessionStart", json!({"source": "resume"}));
    home.clock.pass(5);
    home.tracker().report_transition(&said("c", None, "build")).unwrap();
    resumed.leave(&home);
    assert_eq!(chain(&home.tracker()), ["c: - < c, resume", "c: c < -, build"]);
}

#[test]
fn who_goes_back_to_the_head_of_a_version_takes_the_project_along_and_who_says_it_twice_does_not() {
    let home = Home::new();
    let mut tracker = home.tracker();
    let of = |version: &str, new: &str, old: Option<&str>, source: &str| NewTransition {
        version: Some(version.into()),
        ..said(new, old, source)
    };
    tracker.report_transition(&of("v1", "a", None, "build")).unwrap();
    tracker.report_transition(&of("v2", "b", None, "build")).unwrap();
    tracker.report_transition(&of("v1", "a", None, "build")).unwrap();
    assert_eq!(head(&tracker).as_deref(), Some("b"));
    tracker.report_transition(&of("v1", "a", Some("a"), "update")).unwrap();
    assert_eq!(head(&tracker).as_deref(), Some("a"));
    assert_eq!(chain(&tracker), ["a: - < -, build", "b: a < -, build", "a: b < a, update"]);
    for _ in 0..2 {
        tracker.report_transition(&of("v2", "b", None, "update")).unwrap();
        assert_eq!(head(&tracker).as_deref(), Some("b"));
    }
    assert!(tracker.sync_status().unwrap().rate >= 1.0);
}

#[test]
fn a_head_that_was_expected_and_is_not_there_is_a_lost_race() {
    let home = Home::new();
    let mut tracker = home.tracker();
    let expecting = NewTransition { expect: Some("x".into()), ..said("c", None, "build") };
    let told = tracker.report_transition(&expecting).unwrap();
    assert_eq!((told.outcome, told.head), (Outcome::Lost, None));
    assert_eq!((chain(&tracker), head(&tracker)), (vec!["c: - < -, build (side branch)".to_owned()], None));
    // What it continues may be from elsewhere, and whoever saw none is right.
    let none = NewTransition { expect: Some(String::new()), ..said("d", Some("x"), "build") };
    assert_eq!(tracker.report_transition(&none).unwrap().outcome, Outcome::Moved);
    let of_version = NewTransition { version: Some("v".into()), ..said("e", Some("d"), "build") };
    assert_eq!(tracker.report_transition(&of_version).unwrap().outcome, Outcome::Moved);
}

#[test]
fn a_hook_that_is_heard_after_a_worker_lost_moves_all_heads() {
    let home = Home::new();
    let mut tracker = home.tracker();
    tracker.report_transition(&said("a", None, "build")).unwrap();
    tracker.report_transition(&said("b", Some("a"), "build")).unwrap();
    drop(tracker);
    let calls = began(&home, 7, "c");
    home.clock.pass(5);
    assert_eq!(home.tracker().report_transition(&said("c", Some("a"), "build")).unwrap().outcome, Outcome::Lost);
    home.clock.pass(5);
    calls.iter().chain([&prompt(&home, 7, "c", "q", "And?")]).for_each(|call| call.leave(&home));
    let mut tracker = home.tracker();
    let heads: Vec<_> =
        tracker.chain_with_heads(&WantedChain::default(), false).unwrap().heads.into_iter().map(|head| head.head.unwrap()).collect();
    assert_eq!(heads, ["c", "c"]);
    assert!(tracker.sync_status().unwrap().rate >= 1.0);
    assert!(tracker.rebuild(&mut |_, _| {}).unwrap().rows.identical);
}

#[test]
fn what_is_heard_late_takes_its_place_in_the_chain_and_not_the_head() {
    let home = Home::new();
    let (early, late) = (began(&home, 7, "c"), began(&home, 8, "d"));
    late.iter().for_each(|call| call.leave(&home));
    assert_eq!(chain(&home.tracker()), ["d: - < -, startup"]);
    early.iter().for_each(|call| call.leave(&home));
    let mut tracker = home.tracker();
    assert_eq!(chain(&tracker), ["c: - < -, startup", "d: c < -, startup"]);
    assert_eq!(head(&tracker).as_deref(), Some("d"));
    assert!(tracker.rebuild(&mut |_, _| {}).unwrap().rows.identical);
}

#[test]
fn what_is_heard_late_leaves_the_head_where_it_is_whatever_was_said_between() {
    for is_rebooted in [false, true] {
        let home = Home::new();
        let (early, late) = (began(&home, 7, "c"), began(&home, 8, "d"));
        late.iter().for_each(|call| call.leave(&home));
        assert_eq!(chain(&home.tracker()), ["d: - < -, startup"]);
        if is_rebooted {
            home.clock.reboot();
        }
        home.clock.pass(3);
        let dated = NewTransition { at: Some(testkit::reading_at("2026-02-16T08:00:00Z")), ..said("w", Some("d"), "build") };
        let told = home.tracker().report_transition(&dated).unwrap();
        assert_eq!((told.outcome, told.transition.at.as_str()), (Outcome::Moved, "2026-02-16T09:00:00.000000+01:00"));
        early.iter().for_each(|call| call.leave(&home));
        let mut tracker = home.tracker();
        assert_eq!(chain(&tracker), ["c: - < -, startup", "d: c < -, startup", "w: d < d, build"], "{is_rebooted}");
        assert_eq!(head(&tracker).as_deref(), Some("w"));
        let status = tracker.sync_status().unwrap();
        assert!(status.rate >= 1.0 && status.is_chain_intact && tracker.rebuild(&mut |_, _| {}).unwrap().rows.identical);
    }
}

fn transcript(home: &Home, id: &str) {
    let folder = home.path(".claude/projects/-p");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{id}.jsonl")), "{}\n").unwrap();
}

#[test]
fn recovering_finds_the_newest_that_can_be_resumed_and_says_why() {
    let home = Home::new();
    let mut tracker = home.tracker();
    for (new, old) in [("abc", None), ("def", Some("abc")), ("ghi", Some("def"))] {
        tracker.report_transition(&said(new, old, "build")).unwrap();
        transcript(&home, new);
    }
    let verdict = |id: &str| {
        let found = tracker.recover(id).unwrap();
        (found.verdict, found.id)
    };
    assert_eq!(verdict("ghi"), (Verdict::Valid, Some("ghi".into())));
    assert_eq!(verdict("abc"), (Verdict::Superseded, Some("ghi".into())));
    assert_eq!(verdict("nobody"), (Verdict::Unknown, Some("ghi".into())));
    std::fs::remove_file(home.path(".claude/projects/-p/ghi.jsonl")).unwrap();
    assert_eq!(verdict("ghi"), (Verdict::Vanished, Some("def".into())));
    std::fs::remove_dir_all(home.path(".claude")).unwrap();
    assert_eq!(verdict("ghi"), (Verdict::Vanished, None));
}

#[test]
fn what_is_superseded_is_resumed_itself_where_nothing_newer_can_be() {
    let home = Home::new();
    let mut tracker = home.tracker();
    tracker.report_transition(&said("a", None, "build")).unwrap();
    tracker.report_transition(&said("b", Some("a"), "build")).unwrap();
    transcript(&home, "a");
    for (id, verdict) in [("a", Verdict::Superseded), ("b", Verdict::Vanished)] {
        let found = tracker.recover(id).unwrap();
        assert_eq!((found.verdict, found.id.as_deref()), (verdict, Some("a")), "{id}");
    }
}

#[test]
fn what_somebody_went_back_to_is_not_superseded() {
    let home = Home::new();
    let mut tracker = home.tracker();
    for (new, old) in [("a", None), ("b", Some("a")), ("c", Some("b"))] {
        tracker.report_transition(&said(new, old, "build")).unwrap();
        transcript(&home, new);
    }
    drop(tracker);
    home.clock.pass(60);
    [start(&home, 9, "a", "resume"), prompt(&home, 9, "a", "q", "And on")].iter().for_each(|call| call.leave(&home));
    let mut tracker = home.tracker();
    let found = tracker.recover("a").unwrap();
    assert_eq!((head(&tracker).as_deref(), found.verdict, found.id.as_deref()), (Some("a"), Verdict::Valid, Some("a")));
    assert_eq!(tracker.recover("b").unwrap().verdict, Verdict::Superseded);
    // And on from there.
    tracker.report_transition(&said("d", Some("a"), "build")).unwrap();
    transcript(&home, "d");
    let found = tracker.recover("a").unwrap();
    assert_eq!((found.verdict, found.id.as_deref()), (Verdict::Superseded, Some("d")));
}

#[test]
fn the_parent_of_a_fork_can_be_resumed_beside_it() {
    let home = Home::new();
    ["c", "d"].iter().for_each(|id| transcript(&home, id));
    let calls = [began(&home, 7, "c"), vec![end(&home, 7, "c", "resume")], vec![start(&home, 7, "d", "fork")]].concat();
    calls.iter().for_each(|call| call.leave(&home));
    let tracker = home.tracker();
    for id in ["c", "d"] {
        assert_eq!(tracker.recover(id).unwrap().verdict, Verdict::Valid, "{id}");
    }
}

#[test]
fn resuming_without_a_name_takes_the_head_of_this_worktree() {
    let home = Home::new();
    transcript(&home, "c");
    began(&home, 7, "c").iter().for_each(|call| call.leave(&home));
    let tracker = home.tracker();
    let resume = tracker.resume(None).unwrap();
    assert_eq!((resume.command.join(" "), resume.directory, resume.running), ("claude --resume c".to_owned(), home.project(), Some(7)));
    let session = sessions(&tracker).remove(0).id;
    assert_eq!(tracker.resume(Some(&session)).unwrap().agent_session, "c");
    let choices = tracker.resumable(10).unwrap();
    assert_eq!((choices.len(), choices[0].is_head_here, choices[0].session.as_deref()), (1, true, Some(session.as_str())));
    std::fs::remove_dir_all(home.path(".claude")).unwrap();
    assert_eq!(tracker.resume(None).unwrap_err().to_string(), "c cannot be resumed: its transcript is gone");
}

#[test]
fn the_head_of_this_worktree_is_offered_first_however_many_are_newer() {
    let home = Home::new();
    let other = home.path("other");
    std::fs::create_dir(&other).unwrap();
    let in_other = |call: HookCall| {
        let mut call = call;
        call.payload["cwd"] = json!(other);
        call
    };
    began(&home, 7, "c").iter().for_each(|call| call.leave(&home));
    for number in 0..5 {
        home.clock.pass(60);
        began(&home, 10 + number, &format!("d{number}")).into_iter().for_each(|call| in_other(call).leave(&home));
    }
    ["c", "d0", "d1", "d2", "d3", "d4"].iter().for_each(|id| transcript(&home, id));
    let offered =
        |limit: usize| -> Vec<String> { home.tracker().resumable(limit).unwrap().into_iter().map(|choice| choice.agent_session).collect() };
    assert_eq!(offered(3), ["c", "d4", "d3"]);
    assert_eq!(offered(1), ["c"]);
    assert_eq!(offered(10), ["c", "d4", "d3", "d2", "d1", "d0"]);
}

#[test]
fn what_only_workers_told_of_is_offered_and_resumed_where_its_project_is() {
    let home = Home::new();
    began(&home, 7, "c").iter().for_each(|call| call.leave(&home));
    home.clock.pass(60);
    let shop = home.path("shop");
    std::fs::create_dir(&shop).unwrap();
    let mut worker = home.tracker_in(&shop);
    worker.report_transition(&said("w", None, "build")).unwrap();
    worker
        .report_transition(&NewTransition { agent: Some("codex".into()), version: Some("v".into()), ..said("x", None, "build") })
        .unwrap();
    ["c", "w", "x"].iter().for_each(|id| transcript(&home, id));
    let tracker = home.tracker();
    let offered: Vec<_> = tracker.resumable(10).unwrap().into_iter().map(|choice| (choice.agent_session, choice.project)).collect();
    assert_eq!(offered, [("c".to_owned(), Some("project".to_owned()))]);
    worker.report_transition(&said("w", None, "update")).unwrap();
    let tracker = home.tracker();
    let offered: Vec<_> = tracker.resumable(10).unwrap().into_iter().map(|choice| (choice.agent_session, choice.project)).collect();
    assert_eq!(offered[1..], [("w".to_owned(), Some("shop".to_owned()))]);
    assert_eq!(tracker.resume(Some("w")).unwrap().directory, shop);
    std::fs::remove_dir(&shop).unwrap();
    assert_eq!(tracker.resume(Some("w")).unwrap().directory, home.project());
}

#[test]
fn a_head_whose_transcript_is_on_another_machine_is_resumed_there_and_has_not_vanished() {
    let home = Home::new();
    let mut tracker = home.tracker();
    tracker.report_transition(&said("a", None, "build")).unwrap();
    transcript(&home, "a");
    let project = tracker.project_here().unwrap().unwrap();
    let text = |word: &str| session::Text::redacted(word);
    let moved = session::Moved {
        scope: session::Scope::Project,
        new: session::AgentSession { agent: text("claude-code"), id: text("b") },
        from: Some(session::AgentSession { agent: text("claude-code"), id: text("a") }),
        source: text("build"),
        standing: session::Standing::Moved,
        session: None,
        machine: Some(text("babbage")),
    };
    let event = session::Event {
        about: session::Subject::Project(project.key),
        ..testkit::session_event(900, 1, project.revision.next().0, session::Change::Moved(Box::new(moved)))
    };
    let mut store = store::SqliteStore::open(&home.path("store"), store::Access::Write, std::time::Duration::from_secs(9)).unwrap();
    store::write(&mut store, store::Durability::Normal, |turn| turn.append(&event)).unwrap();

    let head = tracker.head(None).unwrap();
    assert_eq!((head.head.as_deref(), head.machine.as_deref()), (Some("b"), Some("babbage")));
    assert!(head.fresh && head.is_elsewhere && head.reason.as_deref() == Some("its transcript is on babbage"), "{head:?}");
    let found = tracker.recover("b").unwrap();
    let expected = (Verdict::Elsewhere, Some("b"), "its transcript is on babbage");
    assert_eq!((found.verdict, found.id.as_deref(), found.reason.as_str()), expected);
    assert_eq!(tracker.resume(None).unwrap_err().to_string(), "b cannot be resumed here: its transcript is on babbage");
    assert_eq!(tracker.resumable(10).unwrap().len(), 0);
    // Brought here, it is as good as any.
    transcript(&home, "b");
    assert_eq!(tracker.recover("b").unwrap().verdict, Verdict::Valid);
    assert!(!tracker.head(None).unwrap().is_elsewhere);
}

#[test]
fn a_conversation_that_went_on_in_another_session_is_the_head_of_that_one_and_resumed_from_either() {
    for is_started in [false, true] {
        let home = Home::new();
        transcript(&home, "c");
        began(&home, 7, "c").iter().for_each(|call| call.leave(&home));
        if is_started {
            home.clock.descend_from(&[HookCall::process(7)]);
            let named = |text: &str| Start { description: Some(text.into()), ..Start::default() };
            home.tracker().start(&named("One")).unwrap();
            home.clock.pass(1);
            home.tracker().start(&named("Two")).unwrap();
        } else {
            home.tracker().end(None, Status::Completed, None).unwrap();
            home.clock.pass(1);
            prompt(&home, 7, "c", "q", "Something new").leave(&home);
        }
        let tracker = home.tracker();
        let all = sessions(&tracker);
        assert_eq!((all.len(), all[1].head.as_deref()), (2, Some("c")), "{is_started}");
        assert_eq!(tracker.head(None).unwrap().session.as_deref(), Some(all[1].id.as_str()), "{is_started}");
        for view in &all {
            let plan = tracker.resume(Some(&view.id)).unwrap();
            assert_eq!((plan.agent_session.as_str(), plan.session.as_deref()), ("c", Some(all[1].id.as_str())), "{is_started}");
            let own = tracker.chain(&WantedChain { session: Some(view.id.clone()), version: None }).unwrap();
            assert_eq!(own.iter().map(line).collect::<Vec<_>>(), ["c: - < -, startup"; 2], "{is_started}");
        }
    }
}

#[test]
fn a_head_that_a_worker_told_of_first_names_the_session_that_hooks_gave_it() {
    let home = Home::new();
    let calls = began(&home, 7, "c");
    home.clock.pass(5);
    home.tracker().report_transition(&said("c", None, "build")).unwrap();
    assert_eq!(home.tracker().head(None).unwrap().session, None);
    calls.iter().for_each(|call| call.leave(&home));
    let tracker = home.tracker();
    assert_eq!(tracker.head(None).unwrap().session, Some(sessions(&tracker).remove(0).id));
}

#[test]
fn where_nobody_can_look_for_a_transcript_nothing_is_said_to_have_vanished() {
    let home = Home::new();
    let mut tracker = home.tracker();
    tracker.report_transition(&said("a", None, "build")).unwrap();
    tracker.report_transition(&said("b", Some("a"), "build")).unwrap();
    transcript(&home, "a");
    // Nobody can follow it, whoever asks.
    std::os::unix::fs::symlink("-q", home.path(".claude/projects/-q")).unwrap();
    for id in ["b", "nobody"] {
        assert!(matches!(tracker.recover(id), Err(tracker::ChainError::Unseen { .. })), "{id}");
    }
    let head = tracker.head(None).unwrap();
    assert!(!head.fresh && head.reason.is_some_and(|reason| reason.contains("cannot be looked for")));
    assert!(tracker.resume(None).is_err() && tracker.resume(Some("a")).is_ok());
}
