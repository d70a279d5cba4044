//! A worker's word in the chain: compared with the head it saw, and joined with what hooks tell of the same move.

use serde_json::json;
use testkit::Home;
use tracker::{NewTransition, Outcome, WantedChain};

use crate::calls::{prompt, says};
use crate::chain::{began, chain, head, line};

pub(crate) fn said(new: &str, old: Option<&str>, source: &str) -> NewTransition {
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
