//! What is to be resumed: recovering, heads that are offered, transcripts that are elsewhere or gone.

use serde_json::json;
use session::Status;
use testkit::{Home, HookCall};
use tracker::{NewTransition, Start, Verdict, WantedChain};

use crate::calls::{end, prompt, sessions, start};
use crate::chain::{began, head, line};
use crate::workers::said;

pub(crate) fn transcript(home: &Home, id: &str) {
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
