//! What the fold promises, over generated logs: redelivery, interleaving and early arrival change nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use jiff::{Timestamp, tz::Offset};
use proptest::prelude::*;
use session::{
    Anomaly, Author, Baseline, Change, Described, Ended, EntryAdded, EntryKey, EntryMarked, Event, EventId, Evidence, Metadata, Moment,
    Opened, Opener, Prefix, ProjectFound, ProjectKey, Rank, Reading, Revision, Rows, SessionKey, Status, Subject, Survey, Text, WorkAdded,
    WorkKey, WorkMarked, Written, apply, fold,
};
use uuid::Uuid;

const PROJECT: ProjectKey = ProjectKey::new(Uuid::from_u128(1));

/// What one source does next; numbers choose among the sessions and work items that exist in the test.
#[derive(Clone, Debug)]
enum Step {
    Describe(u8, Rank),
    Tag(u8, u8, bool),
    End(u8, Status),
    Reopen(u8),
    MakeCurrent(u8),
    Add(u8, u8),
    Mark(u8, u8, &'static str),
    Number(u8, u32),
    Write(u8, u8),
    Settle(u8, u8, bool),
    Base(u8, u8),
    Survey(u8, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let session = 0..3_u8;
    prop_oneof![
        (session.clone(), prop_oneof![Just(Rank::Automatic), Just(Rank::Person)]).prop_map(|(s, rank)| Step::Describe(s, rank)),
        (session.clone(), 0..2_u8, any::<bool>()).prop_map(|(s, tag, present)| Step::Tag(s, tag, present)),
        (session.clone(), prop_oneof![Just(Status::Completed), Just(Status::Failed)]).prop_map(|(s, status)| Step::End(s, status)),
        session.clone().prop_map(Step::Reopen),
        session.clone().prop_map(Step::MakeCurrent),
        (session.clone(), 0..4_u8).prop_map(|(s, work)| Step::Add(s, work)),
        (session.clone(), 0..4_u8, prop_oneof![Just("COMPLETED"), Just("FAILED"), Just("IN_PROGRESS")])
            .prop_map(|(s, w, status)| Step::Mark(s, w, status)),
        (session.clone(), 1..9_u32).prop_map(|(s, number)| Step::Number(s, number)),
        (session.clone(), 0..4_u8).prop_map(|(s, entry)| Step::Write(s, entry)),
        (session.clone(), 0..4_u8, any::<bool>()).prop_map(|(s, entry, is_open)| Step::Settle(s, entry, is_open)),
        (session.clone(), 0..3_u8).prop_map(|(s, how)| Step::Base(s, how)),
        (session, 0..3_u8).prop_map(|(s, how)| Step::Survey(s, how)),
    ]
}

/// Turns what each source does into its log. Every source opens what it speaks of, with the same event as the others,
/// and numbers its own revisions, not knowing what the others do.
fn logs(sources: &[Vec<Step>]) -> Vec<Vec<Event>> {
    sources.iter().enumerate().map(|(source, steps)| log(source as u128, steps)).collect()
}

fn log(source: u128, steps: &[Step]) -> Vec<Event> {
    let mut events = vec![event(10, 0, Subject::Project(PROJECT), found())];
    for session in 0..3 {
        events.push(event(100 + u128::from(session), 0, Subject::Session(key(session)), opened(session)));
    }
    for (index, step) in steps.iter().enumerate() {
        let id = 1_000 + source * 1_000 + index as u128;
        let (session, change) = change(step);
        // A work item or an entry is begun by one event, whoever tells of it.
        let (id, revision) = match &change {
            Change::WorkAdded(added) => (50_000 + added.key.uuid().as_u128(), 1),
            Change::EntryAdded(added) => (50_000 + added.key.uuid().as_u128(), 1),
            _ => (id, index as u64 + 1),
        };
        events.push(event(id, revision, Subject::Session(key(session)), change));
    }
    events
}

fn change(step: &Step) -> (u8, Change) {
    match *step {
        Step::Describe(session, rank) => (session, Change::Described(Described { text: Text::redacted(format!("{step:?}")), rank })),
        Step::Tag(session, tag, present) => {
            (session, Change::Tagged { tag: Text::redacted(format!("t{tag}")).try_into().unwrap(), present })
        }
        Step::End(session, status) => (session, Change::Ended(Ended { status, reason: None })),
        Step::Reopen(session) => (session, Change::Reopened),
        Step::MakeCurrent(session) => (session, Change::MadeCurrent),
        Step::Add(session, work) => (session, Change::WorkAdded(Box::new(added(session, work)))),
        Step::Mark(session, work, status) => {
            (session, Change::WorkMarked(WorkMarked { key: work_key(session, work), status: status.parse().unwrap() }))
        }
        Step::Number(session, number) => (session, Change::Numbered { number }),
        Step::Write(session, entry) => (session, Change::EntryAdded(Box::new(written(session, entry)))),
        Step::Settle(session, entry, is_open) => {
            let marked =
                EntryMarked { key: entry_key(session, entry), is_open, text: Some(Text::redacted(format!("{step:?}"))), session: None };
            (session, Change::EntryMarked(marked))
        }
        Step::Base(session, how) => {
            let baseline =
                Baseline { worktree: Text::redacted("/demo"), commit: None, branch: None, reflog: Some(how.into()), dirty: None };
            (session, Change::Based(Box::new(baseline)))
        }
        Step::Survey(session, how) => {
            let at = Moment::new(Timestamp::UNIX_EPOCH, Offset::UTC);
            let survey = Survey { worktree: Text::redacted("/demo"), at, git: None, files: Vec::new(), more: how.into(), gaps: Vec::new() };
            (session, Change::Surveyed(Box::new(survey)))
        }
    }
}

fn event(id: u128, revision: u64, about: Subject, change: Change) -> Event {
    // The wall clock of this machine is no help: it says the same of everything.
    let moment = Moment::new(Timestamp::UNIX_EPOCH, Offset::UTC);
    Event {
        id: EventId::new(Uuid::from_u128(id)),
        about,
        at: Reading { moment, boot: None },
        recorded_at: moment,
        by: Author { owner: Text::redacted("me") },
        evidence: Evidence::Said,
        revision: Revision(revision),
        change,
        payload: None,
    }
}

fn found() -> Change {
    Change::ProjectFound(ProjectFound {
        name: Text::redacted("demo"),
        place: Text::redacted("/demo"),
        is_git: false,
        root_commit: None,
        remote: None,
    })
}

fn opened(session: u8) -> Change {
    Change::Opened(Box::new(Opened {
        id: format!("SESSION-19700101-000000-000{session}").parse().unwrap(),
        number: Some(u32::from(session) + 1),
        project: Some(PROJECT),
        worktree: None,
        opener: Opener::Person,
        owner: Text::redacted("me"),
        agent: None,
        parent: None,
        description: None,
        tags: Vec::new(),
        metadata: Metadata::default(),
        original: None,
    }))
}

fn added(session: u8, work: u8) -> WorkAdded {
    WorkAdded {
        key: work_key(session, work),
        id: format!("IMPL-19700101-000000-00{session}{work}").parse().unwrap(),
        prefix: "IMPL".parse::<Prefix>().unwrap(),
        description: Text::redacted("work"),
        metadata: Metadata::default(),
    }
}

/// Of each session's entries the first two are log entries, the second instead of the first; then come a blocker and an open point.
fn written(session: u8, entry: u8) -> EntryAdded {
    let what = match entry {
        0 | 1 => Written::Log { category: None },
        2 => Written::Blocker,
        _ => Written::Todo,
    };
    EntryAdded {
        key: entry_key(session, entry),
        id: format!("{}-19700101-000000-00{session}{entry}", what.kind().as_str().to_uppercase()).parse().unwrap(),
        text: Text::redacted("entry"),
        what,
        replaces: (entry == 1).then(|| entry_key(session, 0)),
    }
}

fn entry_key(session: u8, entry: u8) -> EntryKey {
    EntryKey::new(Uuid::from_u128(9_000 + u128::from(session) * 10 + u128::from(entry)))
}

fn key(session: u8) -> SessionKey {
    SessionKey::new(Uuid::from_u128(7_000 + u128::from(session)))
}

fn work_key(session: u8, work: u8) -> WorkKey {
    WorkKey::new(Uuid::from_u128(8_000 + u128::from(session) * 10 + u128::from(work)))
}

/// Merges the logs, each in its own order, as the `choices` say.
fn interleave(logs: &[Vec<Event>], choices: &[usize]) -> Vec<Event> {
    let mut rest: Vec<_> = logs.iter().map(|log| log.iter()).collect();
    let mut merged = Vec::new();
    let mut choices = choices.iter().cycle();
    while rest.iter().any(|log| log.len() > 0) {
        let choice = choices.next().copied().unwrap_or(0);
        let next = (0..rest.len()).map(|shift| (choice + shift) % rest.len()).find(|&index| rest[index].len() > 0).unwrap();
        merged.extend(rest[next].next().cloned());
    }
    merged
}

fn sources() -> impl Strategy<Value = Vec<Vec<Step>>> {
    prop::collection::vec(prop::collection::vec(step(), 0..12), 1..4)
}

/// The counters of a session say what its work items and entries say.
fn assert_consistent(rows: &Rows) {
    for session in rows.sessions.values() {
        let items: Vec<_> = rows.work_items.values().filter(|item| item.session == session.key).collect();
        let done = items.iter().filter(|item| item.status.value.0.is_completed()).count();
        let doing = items.iter().filter(|item| item.status.value.0.is_in_progress()).count();
        assert_eq!(
            (session.work.total as usize, session.work.completed as usize, session.work.in_progress as usize),
            (items.len(), done, doing)
        );
        let entries = rows.entries.values().filter(|entry| entry.session == session.key && entry.replaces.is_none());
        assert_eq!(session.entries.total() as usize, entries.count());
        assert_eq!(session.surveyed.is_some(), rows.footprints.get(&session.key).is_some_and(|row| row.survey.is_some()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn redelivery_is_harmless(sources in sources(), again in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let log: Vec<_> = logs(&sources).concat();
        let mut repeated = log.clone();
        for index in again {
            let event = index.get(&log).clone();
            repeated.insert(index.index(repeated.len() + 1), event);
        }
        prop_assert_eq!(fold(&log).0, fold(&repeated).0);
    }

    #[test]
    fn every_interleaving_of_the_sources_gives_the_same_rows(sources in sources(), choices in prop::collection::vec(0..3_usize, 1..60)) {
        let logs = logs(&sources);
        let in_turn = fold(&logs.concat()).0;
        let merged = fold(&interleave(&logs, &choices)).0;
        assert_consistent(&merged);
        prop_assert_eq!(in_turn, merged);
    }

    #[test]
    fn an_order_that_breaks_the_sources_gives_the_same_rows_and_names_what_was_early(log in sources().prop_map(|sources| logs(&sources).concat()).prop_shuffle()) {
        let mut sorted = log.clone();
        sorted.sort_by_key(|event| event.id);
        let (rows, anomalies) = fold(&log);
        assert_consistent(&rows);
        prop_assert_eq!(&rows, &fold(&sorted).0);
        let opened_first = log.iter().position(|event| matches!(event.change, Change::Opened(_)));
        let spoke_first = log.iter().position(|event| matches!(event.about, Subject::Session(_)) && !matches!(event.change, Change::Opened(_)));
        if spoke_first < opened_first && spoke_first.is_some() {
            let is_early = |anomaly: &Anomaly| matches!(anomaly, Anomaly::Early { .. });
            prop_assert!(anomalies.iter().any(is_early));
        }
    }

    #[test]
    fn every_prefix_can_be_continued(sources in sources(), cut in any::<prop::sample::Index>()) {
        let log: Vec<_> = logs(&sources).concat();
        let (mut rows, _) = fold(&log[..cut.index(log.len())]);
        assert_consistent(&rows);
        for event in &log {
            apply(&mut rows, event);
        }
        prop_assert_eq!(rows, fold(&log).0);
    }
}

#[test]
fn a_lesser_description_never_replaces_a_better_one() {
    let described = |id, revision, rank, text: &str| {
        event(id, revision, Subject::Session(key(0)), Change::Described(Described { text: Text::redacted(text), rank }))
    };
    let log = [
        event(100, 0, Subject::Session(key(0)), opened(0)),
        described(1, 1, Rank::Person, "mine"),
        described(2, 2, Rank::Automatic, "main, 17:30"),
    ];
    let description = fold(&log).0.sessions[&key(0)].description.clone().unwrap();
    assert_eq!(description.text.as_str(), "mine");
}

#[test]
fn something_begun_twice_is_named() {
    let log = [event(100, 0, Subject::Session(key(0)), opened(0)), event(101, 0, Subject::Session(key(0)), opened(1))];
    assert!(matches!(fold(&log).1[..], [Anomaly::BegunTwice { .. }]));
}

#[test]
fn an_end_that_is_no_end_is_named_and_ignored() {
    let ended = Change::Ended(Ended { status: Status::Active, reason: None });
    let log = [event(100, 0, Subject::Session(key(0)), opened(0)), event(101, 1, Subject::Session(key(0)), ended)];
    let (rows, anomalies) = fold(&log);
    assert!(matches!(anomalies[..], [Anomaly::NoEnd { .. }]));
    assert_eq!(rows.sessions[&key(0)].status(), Status::Active);
}

#[test]
fn the_first_baseline_and_the_last_survey_count() {
    let base = |id, revision, reflog| {
        let baseline = Baseline { worktree: Text::redacted("/demo"), commit: None, branch: None, reflog: Some(reflog), dirty: None };
        event(id, revision, Subject::Session(key(0)), Change::Based(Box::new(baseline)))
    };
    let log = [event(100, 0, Subject::Session(key(0)), opened(0)), base(1, 5, 50), base(2, 3, 30), base(3, 4, 40)];
    let (rows, _) = fold(&log);
    assert_eq!(rows.footprints[&key(0)].baseline.as_ref().unwrap().value.reflog, Some(30));
}
