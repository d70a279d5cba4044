//! Which session is meant when none is named, and what a name may be.

use testkit::{Home, HookCall};
use tracker::session::Status;
use tracker::{AddressError, CurrentError, Looked, Note, Purpose, Start};

use crate::calls::{prompt, sessions};

fn start(home: &Home, directory: &std::path::Path) -> String {
    home.clock.pass(60);
    home.tracker_in(directory).start(&Start { description: Some("x".into()), ..Start::default() }).unwrap().id.to_string()
}

#[test]
fn the_order_is_name_then_variables_then_worktree_then_the_last_one_started() {
    let mut home = Home::new();
    let (project, other) = (home.project(), home.path("other"));
    std::fs::create_dir(&other).unwrap();
    let (named, by_variable, here, elsewhere) = (start(&home, &other), start(&home, &other), start(&home, &project), start(&home, &other));
    home.set("CURRENT_SESSION", &by_variable);
    let current = |home: &Home, directory: &std::path::Path, name: Option<&str>| {
        home.tracker_in(directory).resolve(name, Purpose::Reading).unwrap().id.to_string()
    };
    assert_eq!(current(&home, &project, Some(&named)), named);
    assert_eq!(current(&home, &project, Some("current")), by_variable);
    assert_eq!(current(&home, &project, None), by_variable);
    home.set("RUTTER_SESSION", &named);
    assert_eq!(current(&home, &project, None), named, "RUTTER_SESSION comes first");
    home.set("RUTTER_SESSION", "");
    home.set("CURRENT_SESSION", "");
    assert_eq!(current(&home, &project, None), here);
    let nowhere = home.path("nowhere");
    let tracker = home.tracker_in(&nowhere);
    let trace = tracker.search(None, Purpose::Reading);
    assert_eq!(trace.answer.unwrap().id.to_string(), elsewhere);
    assert_eq!(trace.steps.iter().map(|step| step.looked).collect::<Vec<_>>(), [Looked::Worktree, Looked::Marker]);
    assert!(matches!(tracker.take_notes()[..], [Note::FromElsewhere { .. }]));
}

#[test]
fn a_variable_that_names_an_ended_or_unknown_session_is_passed_over_with_a_note() {
    let mut home = Home::new();
    let ended = start(&home, &home.project());
    home.tracker().end(None, Status::Completed, None).unwrap();
    let running = start(&home, &home.project());
    home.set("RUTTER_SESSION", &ended);
    home.set("CURRENT_SESSION", "00099");
    let tracker = home.tracker();
    assert_eq!(tracker.resolve(None, Purpose::Writing).unwrap().id.to_string(), running);
    assert!(matches!(tracker.take_notes()[..], [Note::EnvironmentEnded { .. }, Note::EnvironmentUnknown { .. }]));
}

#[test]
fn where_two_run_reading_takes_the_newest_and_writing_refuses() {
    let home = Home::new();
    let (first, second) = (start(&home, &home.project()), start(&home, &home.project()));
    let mut tracker = home.tracker();
    assert_eq!(tracker.resolve(None, Purpose::Reading).unwrap().id.to_string(), second);
    assert!(matches!(tracker.take_notes()[..], [Note::TookNewest { .. }]));
    let refused = tracker.end(None, Status::Completed, None);
    let Err(tracker::EndError::Current(CurrentError::Several { ids })) = refused else { panic!("{refused:?}") };
    assert_eq!(ids.iter().map(ToString::to_string).collect::<Vec<_>>(), [second, first]);
}

#[test]
fn after_the_last_one_ended_there_is_none() {
    let home = Home::new();
    assert!(matches!(home.tracker().resolve(None, Purpose::Reading), Err(CurrentError::None)));
    start(&home, &home.project());
    home.tracker().end(None, Status::Completed, None).unwrap();
    assert!(matches!(home.tracker().resolve(None, Purpose::Reading), Err(CurrentError::None)));
}

#[test]
fn a_session_is_named_by_id_number_or_prefix() {
    let home = Home::new();
    let id = start(&home, &home.project());
    let tracker = home.tracker();
    for name in [id.as_str(), "1", "00001", "#1", "SESSION-2026", "session-2026", &id[..id.len() - 1], &format!(" {id} ")] {
        assert_eq!(tracker.resolve(Some(name), Purpose::Writing).unwrap().id.to_string(), id, "{name}");
    }
    let long = "A".repeat(10_000);
    for name in ["", "2", "TASK", "../../x", "%", "SESSION-2026%", "_", "0", &long] {
        let found = tracker.resolve(Some(name), Purpose::Reading);
        let Err(CurrentError::Address(AddressError::NoMatch { name: shown })) = found else { panic!("{name}: {found:?}") };
        assert!(shown.chars().count() <= 81);
    }
}

#[test]
fn a_prefix_of_two_is_the_newest_for_reading_and_refused_for_writing() {
    let home = Home::new();
    let (_, second) = (start(&home, &home.project()), start(&home, &home.project()));
    let tracker = home.tracker();
    assert_eq!(tracker.resolve(Some("SESSION"), Purpose::Reading).unwrap().id.to_string(), second);
    let refused = tracker.resolve(Some("SESSION"), Purpose::Writing);
    assert!(matches!(refused, Err(CurrentError::Address(AddressError::Ambiguous { ref ids, .. })) if ids.len() == 2), "{refused:?}");
}

/// Lets two agents work side by side, `a` as process 7 and `b` as process 8, and this program be started from the shell of `a`.
fn two_agents() -> Home {
    let home = Home::new();
    for (pid, conversation) in [(7, "a"), (8, "b")] {
        home.clock.run(HookCall::process(pid));
        crate::calls::start(&home, pid, conversation, "startup").leave(&home);
        prompt(&home, pid, conversation, conversation, conversation).leave(&home);
    }
    home.clock.descend_from(&[HookCall::process(7)]);
    home
}

#[test]
fn an_agent_that_ended_its_session_never_writes_into_another_one_s() {
    let home = two_agents();
    home.tracker().end(None, Status::Completed, None).unwrap();
    let added = home.tracker().add_work(None, &"IMPL".parse().unwrap(), "mine", &[], None);
    assert!(added.is_err(), "{added:?}");
    let ended = home.tracker().end(None, Status::Completed, None);
    let Err(tracker::EndError::Current(CurrentError::OfOthers { ids })) = ended else { panic!("{ended:?}") };
    let all = sessions(&home.tracker());
    assert_eq!((all[0].status, all[1].status, all[1].work_items.total), ("COMPLETED", "ACTIVE", 0));
    assert_eq!(ids.iter().map(ToString::to_string).collect::<Vec<_>>(), [all[1].id.clone()]);
    // Nor from a directory in which nothing runs.
    std::fs::create_dir(home.path("elsewhere")).unwrap();
    let found = home.tracker_in(&home.path("elsewhere")).resolve(None, Purpose::Writing);
    assert!(matches!(found, Err(CurrentError::OfOthers { .. })), "{found:?}");
}

#[test]
fn an_agent_that_ended_its_session_may_take_one_in_which_nobody_else_is_at_work() {
    let home = two_agents();
    home.tracker().end(None, Status::Completed, None).unwrap();
    home.clock.kill(&HookCall::process(8));
    home.clock.descend_from(&[]);
    let own = start(&home, &home.project());
    home.clock.descend_from(&[HookCall::process(7)]);
    assert_eq!(home.tracker().resolve(None, Purpose::Writing).unwrap().id.to_string(), own);
}

#[test]
fn a_variable_that_fits_several_is_refused_for_writing_and_the_newest_for_reading() {
    let mut home = Home::new();
    let ids: Vec<_> = (0..3).map(|_| start(&home, &home.project())).collect();
    home.set("RUTTER_SESSION", "SESSION");
    let refused = home.tracker().end(None, Status::Completed, None);
    let Err(tracker::EndError::Current(CurrentError::Address(AddressError::Ambiguous { name, ids: listed }))) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((name.as_str(), listed.len()), ("RUTTER_SESSION=SESSION", 3));
    let tracker = home.tracker();
    assert_eq!(tracker.resolve(None, Purpose::Reading).unwrap().id.to_string(), ids[2]);
    assert!(matches!(tracker.take_notes()[..], [Note::TookNewest { .. }]));
}
