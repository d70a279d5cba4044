//! Sessions as a file that imports elsewhere.

use testkit::Home;
use tracker::session::{Status, WorkStatus};
use tracker::{ExchangeError, Listing, Purpose, SessionView, Start};

fn worked(home: &Home, description: &str) -> String {
    let mut tracker = home.tracker();
    let start = Start {
        description: Some(description.into()),
        tags: vec!["t".into()],
        metadata: vec![("k".into(), "v".into())],
        ..Start::default()
    };
    let id = tracker.start(&start).unwrap().id.to_string();
    let work = tracker.add_work(Some(&id), &"IMPL".parse().unwrap(), "work", &[], None).unwrap().id.to_string();
    tracker.mark_work(None, &work, &WorkStatus::completed(), None).unwrap();
    home.clock.pass(60);
    tracker.end(Some(&id), Status::Failed, None).unwrap();
    id
}

fn exported(home: &Home, names: &[String]) -> String {
    home.tracker().export(names, &Listing { all_projects: true, ..Listing::default() }).unwrap().to_string()
}

#[test]
fn an_imported_session_is_what_it_was() {
    let (here, there) = (Home::new(), Home::new());
    let id = worked(&here, "shared");
    let text = exported(&here, std::slice::from_ref(&id));
    let imported = there.tracker().import(&text).unwrap();
    assert_eq!((imported.new.len(), imported.events), (1, 6));
    let view = |home: &Home| {
        let tracker = home.tracker();
        let session = tracker.resolve(Some(&id), Purpose::Reading).unwrap();
        tracker.view(&session).unwrap()
    };
    let (there_view, here_view) = (view(&there), view(&here));
    assert_eq!((there_view.end_evidence, here_view.end_evidence), (Some("import"), Some("said")));
    assert_eq!(SessionView { end_evidence: here_view.end_evidence, ..there_view }, here_view);
    assert_eq!(there.mirrored(&format!("sessions/{id}.json")), here.mirrored(&format!("sessions/{id}.json")));
    assert!(there.tracker().rebuild(&mut |_, _| {}).unwrap().rows.identical);
}

#[test]
fn importing_twice_or_at_home_changes_nothing() {
    let (here, there) = (Home::new(), Home::new());
    worked(&here, "one");
    let text = exported(&here, &[]);
    for (home, first) in [(&here, 0), (&there, 6)] {
        assert_eq!(home.tracker().import(&text).unwrap().events, first);
        let again = home.tracker().import(&text).unwrap();
        assert_eq!((again.new.len(), again.known.len(), again.events), (0, 1, 0));
    }
}

#[test]
fn a_number_that_is_taken_is_given_anew() {
    let (here, there) = (Home::new(), Home::new());
    let ids = [worked(&here, "one"), worked(&here, "two")];
    let text = exported(&here, &ids);
    let text = text.replace(&*here.project().to_string_lossy(), &there.project().to_string_lossy());
    worked(&there, "mine");
    there.tracker().import(&text).unwrap();
    let tracker = there.tracker();
    let number = |id: &str| tracker.resolve(Some(id), Purpose::Reading).unwrap().number.value;
    assert_eq!((number(&ids[0]), number(&ids[1])), (Some(2), Some(3)), "the same place is the same project: 1 is taken there");
}

#[test]
fn a_session_that_was_renumbered_is_handed_on_with_the_number_it_has_now() {
    let (first, second, third) = (Home::new(), Home::new(), Home::new());
    let id = worked(&first, "handed on");
    worked(&second, "mine");
    let place =
        |home: &Home, text: &str, other: &Home| text.replace(&*home.project().to_string_lossy(), &other.project().to_string_lossy());
    second.tracker().import(&place(&first, &exported(&first, std::slice::from_ref(&id)), &second)).unwrap();
    worked(&third, "one");
    worked(&third, "two");
    third.tracker().import(&place(&second, &exported(&second, std::slice::from_ref(&id)), &third)).unwrap();
    let number = |home: &Home| home.tracker().resolve(Some(&id), Purpose::Reading).unwrap().number.value;
    assert_eq!((number(&first), number(&second), number(&third)), (Some(1), Some(2), Some(3)));
}

#[test]
fn what_is_no_export_is_refused_and_nothing_is_kept() {
    let home = Home::new();
    let mut tracker = home.tracker();
    for text in [
        "",
        "[]",
        "{}",
        "null",
        r#"{"format": "rutter-export", "version": 1}"#,
        r#"{"format":"rutter-export","version":1,"projects":[],"sessions":[7]}"#,
    ] {
        assert!(matches!(tracker.import(text), Err(ExchangeError::NotOurs { .. })), "{text}");
    }
    assert!(matches!(tracker.import(r#"{"format": "rutter-export", "version": 2}"#), Err(ExchangeError::TooNew { found: 2 })));
    assert_eq!(tracker.list(&Listing { all_projects: true, ..Listing::default() }).unwrap(), []);
}

#[test]
fn a_session_whose_id_belongs_to_another_is_refused_and_the_rest_imported() {
    let (here, there) = (Home::new(), Home::new());
    let ids = [worked(&here, "one"), worked(&here, "two")];
    let text = exported(&here, &ids);
    let key = {
        let tracker = here.tracker();
        tracker.resolve(Some(&ids[0]), Purpose::Reading).unwrap().key.to_string()
    };
    there.tracker().import(&text).unwrap();
    let imported = there.tracker().import(&text.replace(&key, "01890000-0000-7000-8000-000000000000")).unwrap();
    assert_eq!((imported.refused.len(), imported.known.len(), imported.new.len()), (1, 1, 0));
}
