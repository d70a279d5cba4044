//! The rules every store keeps, whatever it is made of. A further backend is one more variant of [`Backend`].

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod ground;

use crate::ground::Backend;
use rstest::rstest;
use session::{
    AgentSession, Awaited, Change, Ended, EntryKey, EntryMarked, Moment, Moved, ProjectFound, ProjectKey, Scope, SessionKey, Standing,
    Status, Subject, Survey, Text, WorkMarked, Written,
};
use store::{Access, Appended, Durability, GroupBy, MirrorName, MirrorPosition, Store, StoreError, Verdict, Wanted, write};
use testkit::{SeededDice, entry_added, opened, opened_with, session_event, work_added};
use tracker::Dice;

const PROJECT: ProjectKey = ProjectKey::new(uuid(1));

const fn uuid(number: u128) -> session::Uuid {
    session::Uuid::from_u128(number)
}

fn append(store: &mut dyn Store, events: &[session::Event]) -> Vec<Appended> {
    write(store, Durability::Normal, |turn| events.iter().map(|event| turn.append(event)).collect::<Result<Vec<_>, StoreError>>()).unwrap()
}

fn key(number: u128) -> SessionKey {
    SessionKey::new(uuid(number))
}

fn marked(work: u128, status: &str) -> Change {
    Change::WorkMarked(WorkMarked { key: session::WorkKey::new(uuid(work)), status: status.parse().unwrap() })
}

fn ended(status: Status) -> Change {
    Change::Ended(Ended { status, reason: None })
}

fn ids(store: &dyn Store, wanted: &Wanted, limit: Option<usize>) -> Vec<String> {
    store.reads().sessions(wanted, limit).unwrap().into_iter().map(|session| session.id.to_string()).collect()
}

#[rstest]
fn redelivery_is_harmless(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    let event = opened(1);
    assert!(matches!(append(&mut *store, std::slice::from_ref(&event))[..], [Appended::New(1, _)]));
    assert_eq!(append(&mut *store, std::slice::from_ref(&event)), [Appended::Known]);
    let log = store.reads().log_of(key(1)).unwrap();
    assert_eq!(log.iter().map(|recorded| &recorded.event).collect::<Vec<_>>(), [&event]);
}

#[rstest]
fn what_is_appended_is_read_back_as_it_was(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut event = opened(1);
    event.at = testkit::reading_at("9999-12-30T22:00:00.000001Z");
    event.at.boot = Some(session::Boot { id: uuid(3), micros: u64::MAX / 4 });
    event.recorded_at = Moment::from_micros(-62_135_596_800_000_000, -43_200).unwrap();
    event.by.owner = Text::redacted("a\u{0}\u{1b}'\"; DROP TABLE events; -- é 🆔");
    append(&mut *ground.store(), std::slice::from_ref(&event));
    assert_eq!(ground.open(Access::Read).reads().log(0, 10).unwrap().events[0].event, event);
}

#[rstest]
fn rows_change_in_the_same_transaction_as_their_events(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    store
        .turn(Durability::Normal, &mut |turn| {
            turn.append(&opened(1))?;
            assert!(turn.reads()?.session(key(1))?.is_some(), "a turn sees its own changes");
            Ok(Verdict::Drop)
        })
        .unwrap();
    assert_eq!((store.reads().session(key(1)).unwrap(), store.reads().last_seq().unwrap()), (None, 0));
}

#[rstest]
fn what_comes_early_waits_across_turns(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    let early = [
        session_event(1, 1, 3, marked(5, "COMPLETED")),
        session_event(2, 1, 4, ended(Status::Failed)),
        session_event(3, 1, 2, work_added(5)),
    ];
    for event in &early {
        let appended = append(&mut *store, std::slice::from_ref(event));
        let Appended::New(_, anomalies) = &appended[0] else { panic!("{appended:?}") };
        assert!(matches!(anomalies[..], [session::Anomaly::Early { awaits: Awaited::Session(_), .. }]));
    }
    assert_eq!(store.reads().session(key(1)).unwrap(), None);
    append(&mut *store, &[opened(1)]);
    let session = store.reads().session(key(1)).unwrap().unwrap();
    assert_eq!((session.status(), session.work.total, session.work.completed), (Status::Failed, 1, 1));
    assert!(store.rebuild(&mut |_, _| {}).unwrap().identical);
}

#[rstest]
fn a_rebuild_arrives_at_the_same_rows(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    for number in 1..=30 {
        append(&mut *store, &[opened(number), session_event(100 + number, number, 2, work_added(number))]);
    }
    append(&mut *store, &[session_event(200, 3, 3, marked(3, "COMPLETED")), session_event(201, 4, 3, ended(Status::Completed))]);
    let before = store.reads().sessions(&Wanted::default(), None).unwrap();
    let rebuilt = store.rebuild(&mut |_, _| {}).unwrap();
    assert_eq!((rebuilt.events, rebuilt.sessions, rebuilt.work_items, rebuilt.identical), (62, 30, 30, true));
    assert_eq!(store.reads().sessions(&Wanted::default(), None).unwrap(), before);
}

/// Makes a log in which sessions and work items are begun late, marked twice and spoken of out of turn.
fn mixed_log(seed: u64) -> Vec<session::Event> {
    let mut dice = SeededDice::new(seed);
    let mut below = |limit: u8| {
        let mut byte = [0];
        dice.fill(&mut byte);
        u128::from(byte[0] % limit)
    };
    let mut log = Vec::new();
    for id in 1..=120 {
        let (about, work, revision) = (below(6) + 1, below(5) + 1, below(9) as u64 + 2);
        log.push(match below(10) {
            0 => opened(about),
            1 => session_event(5_000 + work * 10 + about, about, 2, work_added(work * 10 + about)),
            2 => session_event(id, about, revision, marked(work * 10 + about, "COMPLETED")),
            3 => session_event(id, about, revision, ended(Status::Failed)),
            4 => session_event(id, about, revision, Change::Reopened),
            6 => session_event(6_000 + work * 10 + about, about, 2, entry_added(work * 10 + about, Written::Blocker)),
            7 => session_event(id, about, revision, settled(work * 10 + about, work > 2)),
            8 => session_event(id, about, revision, surveyed(work as u64)),
            5 => session_event(id, about, revision, Change::Tagged { tag: Text::redacted("t").try_into().unwrap(), present: work > 2 }),
            _ => session_event(id, about, revision, marked(work * 10 + about, "IN_PROGRESS")),
        });
    }
    log
}

fn settled(entry: u128, is_open: bool) -> Change {
    Change::EntryMarked(EntryMarked { key: EntryKey::new(uuid(entry)), is_open, text: None, session: None })
}

fn surveyed(more: u64) -> Change {
    let at = testkit::reading_at("2026-02-16T16:30:03Z").moment;
    Change::Surveyed(Box::new(Survey { worktree: Text::redacted("/w"), at, git: None, files: Vec::new(), more, gaps: Vec::new() }))
}

#[rstest]
fn a_session_wants_a_survey_from_its_end_until_it_gets_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    let wanting = |store: &dyn Store, since| store.reads().sessions_to_survey(since, 9).unwrap().len();
    append(&mut *store, &[opened(1)]);
    assert_eq!(wanting(&*store, 0), 0);
    append(&mut *store, &[session_event(1, 1, 2, ended(Status::Completed))]);
    assert_eq!((wanting(&*store, 0), wanting(&*store, i64::MAX)), (1, 0));
    append(&mut *store, &[session_event(2, 1, 3, surveyed(0))]);
    assert_eq!(wanting(&*store, 0), 0);
    append(&mut *store, &[session_event(3, 1, 4, Change::Reopened), session_event(4, 1, 5, ended(Status::Completed))]);
    assert_eq!(wanting(&*store, 0), 1);
}

#[rstest]
fn entries_are_listed_as_they_were_written(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    let added = |id, entry, revision| session_event(id, 1, revision, entry_added(entry, Written::Todo));
    append(&mut *store, &[opened(1), added(1, 30, 2), added(2, 20, 3), added(3, 10, 4)]);
    let listed = store.reads().entries(SessionKey::new(uuid(1))).unwrap();
    assert_eq!(listed.iter().map(|entry| entry.key.uuid().as_u128()).collect::<Vec<_>>(), [30, 20, 10]);
    assert_eq!(store.reads().entries_by_prefix("TODO-20260216-173003-0020", 9).unwrap().len(), 1);
    assert_eq!(store.reads().entries_by_prefix("TODO-2026", 2).unwrap().len(), 2);
}

#[rstest]
fn a_store_s_rows_are_what_the_fold_gives(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(1, 7, 120)] at_once: usize,
) {
    for seed in 1..=12 {
        let Some(ground) = backend.ground() else { return };
        let log = mixed_log(seed);
        let mut store = ground.store();
        log.chunks(at_once).for_each(|turn| drop(append(&mut *store, turn)));
        let (folded, _) = session::fold(&log);
        let held = store.reads().sessions(&Wanted { with_empty: true, ..Wanted::default() }, None).unwrap();
        assert_eq!(
            held.iter().map(|session| (session.key, session.clone())).collect::<std::collections::BTreeMap<_, _>>(),
            folded.sessions,
            "seed {seed}"
        );
        for item in folded.work_items.values() {
            assert_eq!(store.reads().work_item(item.key).unwrap().as_ref(), Some(item), "seed {seed}");
        }
        for entry in folded.entries.values() {
            assert_eq!(store.reads().entry(entry.key).unwrap().as_ref(), Some(entry), "seed {seed}");
        }
        for footprint in folded.footprints.values() {
            assert_eq!(store.reads().footprint(footprint.session).unwrap().as_ref(), Some(footprint), "seed {seed}");
        }
        assert!(store.rebuild(&mut |_, _| {}).unwrap().identical, "seed {seed}");
    }
}

#[rstest]
fn lists_are_sorted_by_the_instant_and_not_by_the_id(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    for (number, instant) in [(1, "2026-02-16T10:00:00Z"), (2, "2026-02-16T12:00:00Z"), (3, "2026-02-16T11:00:00Z")] {
        append(&mut *store, &[session::Event { at: testkit::reading_at(instant), ..opened(number) }]);
    }
    let order = ids(&*store, &Wanted::default(), None);
    assert_eq!(order, ["SESSION-20260216-173003-0002", "SESSION-20260216-173003-0003", "SESSION-20260216-173003-0001"]);
    assert_eq!(ids(&*store, &Wanted::default(), Some(1)), order[..1]);
}

#[rstest]
fn filters_say_what_they_mean(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    let tag = |name: &str| session::Tag::try_from(Text::redacted(name)).unwrap();
    append(
        &mut *store,
        &[
            opened_with(1, |opened| opened.tags = vec![tag("a"), tag("b")]),
            opened_with(2, |opened| opened.owner = Text::redacted("ada' OR '1'='1")),
            opened_with(3, |opened| opened.project = None),
            opened_with(4, |opened| opened.project = Some(ProjectKey::new(uuid(9)))),
            session_event(50, 1, 2, ended(Status::Completed)),
            session_event(51, 1, 3, Change::Tagged { tag: tag("b"), present: false }),
        ],
    );
    let numbers = |wanted: &Wanted| -> Vec<char> { ids(&*store, wanted, None).iter().filter_map(|id| id.chars().last()).collect() };
    assert_eq!(numbers(&Wanted { statuses: vec![Status::Completed], ..Wanted::default() }), ['1']);
    assert_eq!(numbers(&Wanted { tags: vec![tag("a")], ..Wanted::default() }), ['1']);
    assert_eq!(numbers(&Wanted { tags: vec![tag("a"), tag("b")], ..Wanted::default() }), []);
    assert_eq!(numbers(&Wanted { owners: vec!["ada' OR '1'='1".to_owned()], ..Wanted::default() }), ['2']);
    assert_eq!(
        numbers(&Wanted { project: Some(PROJECT), ..Wanted::default() }),
        ['3', '2', '1'],
        "those of no project belong in every list"
    );
    assert_eq!(numbers(&Wanted { since_micros: Some(i64::MAX), ..Wanted::default() }), []);
}

#[rstest]
fn an_owner_is_compared_whole(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    let owner = |name: &'static str| move |opened: &mut session::Opened| opened.owner = Text::redacted(name);
    append(&mut *store, &[opened_with(1, owner("user_12")), opened_with(2, owner("user_123"))]);
    assert_eq!(ids(&*store, &Wanted { owners: vec!["user_12".to_owned()], ..Wanted::default() }, None), ["SESSION-20260216-173003-0001"]);
}

#[rstest]
fn sessions_are_counted_in_groups(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    let later =
        session::Event { at: testkit::reading_at("2026-02-16T16:31:03.123456Z"), ..session_event(50, 1, 2, ended(Status::Completed)) };
    append(
        &mut *store,
        &[opened(1), opened(2), opened_with(3, |opened| opened.project = None), session_event(40, 1, 3, work_added(7)), later],
    );
    append(&mut *store, &[session_event(51, 2, 2, ended(Status::Failed))]);
    let all = store.reads().tally(&Wanted::default(), GroupBy::Nothing).unwrap().remove(0);
    assert_eq!((all.sessions, all.ended, all.completed, all.ended_micros, all.work_items), (3, 2, 1, 60_000_000, 1));
    let days = store.reads().tally(&Wanted::default(), GroupBy::Day).unwrap();
    assert_eq!((days.len(), days[0].group.as_str(), days[0].sessions), (1, "2026-02-16", 3));
    assert_eq!(store.reads().tally(&Wanted { project: Some(PROJECT), ..Wanted::default() }, GroupBy::Project).unwrap().len(), 2);
}

#[rstest]
fn names_find_their_sessions(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    append(&mut *store, &[opened(1), opened(2), opened(31)]);
    let reads = store.reads();
    let by_prefix = |prefix: &str| reads.sessions_by_prefix(prefix, 10).unwrap().len();
    assert_eq!(
        (by_prefix("SESSION-20260216-173003-00"), by_prefix("SESSION-20260216-173003-003"), by_prefix("TASK"), by_prefix("%")),
        (3, 1, 0, 0)
    );
    assert_eq!(reads.session_by_number(PROJECT, 2).unwrap().unwrap().key, key(2));
    assert_eq!((reads.last_number(PROJECT).unwrap(), reads.last_number(ProjectKey::new(uuid(5))).unwrap()), (31, 0));
    assert_eq!(reads.work_item_by_id(&"IMPL-20260216-173003-0001".parse().unwrap()).unwrap(), None);
}

#[rstest]
fn two_sessions_never_share_an_id_or_a_number(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    append(&mut *store, &[opened(1)]);
    let same_id = opened_with(2, |opened| opened.id = "SESSION-20260216-173003-0001".parse().unwrap());
    let same_number = opened_with(3, |opened| opened.number = Some(1));
    for twin in [same_id, same_number] {
        let refused = write(&mut *store, Durability::Normal, |turn| turn.append(&twin));
        assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
    }
    assert_eq!(store.reads().last_seq().unwrap(), 1, "nothing of a refused turn is kept");
}

#[rstest]
fn the_last_one_made_current_is_known(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    let at = |instant: &str, event: session::Event| session::Event { at: testkit::reading_at(instant), ..event };
    append(&mut *store, &[at("2026-02-16T10:00:00Z", opened(1)), at("2026-02-16T11:00:00Z", opened(2))]);
    let imported = session::Event { evidence: session::Evidence::Import, ..at("2026-02-16T13:00:00Z", opened(3)) };
    append(&mut *store, &[imported]);
    let current = |store: &dyn Store| store.reads().last_made_current().unwrap().unwrap().key;
    assert_eq!(current(&*store), key(2), "what came in a file is not current");
    append(
        &mut *store,
        &[session_event(60, 1, 2, ended(Status::Completed)), at("2026-02-16T12:00:00Z", session_event(61, 1, 3, Change::Reopened))],
    );
    assert_eq!(current(&*store), key(1));
}

#[rstest]
fn a_mirror_s_position_is_kept_per_machine_and_root(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    let name = |machine: &str| MirrorName { machine: machine.to_owned(), root: "/m".to_owned() };
    let position = MirrorPosition { seq: 7, log_length: 1 << 40, directory_nanos: Some(-1) };
    write(&mut *store, Durability::Normal, |turn| turn.set_mirror_position(&name("here"), &position)).unwrap();
    let read = |machine: &str| store.reads().mirror_position(&name(machine)).unwrap();
    assert_eq!((read("here"), read("there")), (Some(position), None));
}

#[rstest]
fn the_log_is_read_in_order_and_in_parts(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.store();
    append(&mut *store, &(1..=5).map(opened).collect::<Vec<_>>());
    let part = |after, limit| store.reads().log(after, limit).unwrap().events.iter().map(|recorded| recorded.seq).collect::<Vec<_>>();
    assert_eq!((part(0, 2), part(2, 10), part(5, 10)), (vec![1, 2], vec![3, 4, 5], vec![]));
}

#[rstest]
fn a_store_opened_to_be_read_is_not_made(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut store = ground.open(Access::Read);
    assert_eq!(ids(&*store, &Wanted::default(), None), [""; 0]);
    assert!(matches!(write(&mut *store, Durability::Full, |turn| turn.append(&opened(1))), Err(StoreError::ReadOnly { .. })));
    assert!(ground.is_untouched());
}

/// A transition of the project, recorded at a place, at a time of one of two boots or of none.
fn moved(number: u128, place: u64, boot: Option<(u128, u64)>) -> session::Event {
    let agent_session = |id: u128| AgentSession { agent: Text::redacted("claude-code"), id: Text::redacted(format!("s{id}")) };
    let scope = if number.is_multiple_of(3) { Scope::Version(Text::redacted("v")) } else { Scope::Project };
    let source = Text::redacted("build");
    let standing = if number.is_multiple_of(5) { Standing::Aside } else { Standing::Moved };
    let moved = Moved { scope, new: agent_session(number), from: None, source, standing, session: None, machine: None };
    let mut event = session_event(number, 1, place, Change::Moved(Box::new(moved)));
    event.about = Subject::Project(PROJECT);
    event.at.boot = boot.map(|(id, micros)| session::Boot { id: uuid(id), micros });
    event
}

/// A project, and transitions that were recorded in their order, though some were heard late.
fn chain_of_two_boots() -> Vec<session::Event> {
    let found = ProjectFound { name: Text::redacted("p"), place: Text::redacted("/p"), is_git: false, root_commit: None, remote: None };
    let mut first = session_event(1, 1, 1, Change::ProjectFound(found));
    first.about = Subject::Project(PROJECT);
    let clocks = [3, 20, 7, 7, 40, 1, 30, 8, 9, 25, 2, 50, 33, 4].into_iter().zip([1, 2, 0, 1, 1, 2, 1, 0, 2, 1, 1, 2, 1, 0]);
    let clocks = clocks.map(|(micros, boot)| (boot > 0).then_some((boot, micros)));
    let moves = (10..).zip(2..).zip(clocks).map(|((number, place), clock)| moved(number, place, clock));
    std::iter::once(first).chain(moves).collect()
}

#[rstest]
fn a_chain_is_the_same_in_whatever_order_and_in_however_many_turns_it_comes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let events = chain_of_two_boots();
    let (rows, _) = session::fold(&events);
    let transitions: Vec<_> = rows.sequence.values().map(|event| rows.transitions[event].clone()).collect();
    let heads: Vec<_> = rows.heads.values().cloned().collect();
    assert_eq!((transitions.len(), heads.len()), (14, 2));
    for way in 0..12_usize {
        let Some(ground) = backend.ground() else { return };
        let mut store = ground.store();
        let mut order: Vec<_> = events[1..].to_vec();
        // As it was recorded, and otherwise.
        order.sort_by_key(|event| (event.id.uuid().as_u128() as usize * [0, 7, 5, 3][way % 4]) % 11);
        let turns = [1, 3, 14][way / 4];
        append(&mut *store, &events[..1]);
        order.chunks(turns).for_each(|chunk| drop(append(&mut *store, chunk)));
        assert_eq!(store.reads().transitions(PROJECT).unwrap(), transitions, "{way}");
        assert_eq!(store.reads().heads(PROJECT).unwrap(), heads, "{way}");
        assert!(store.rebuild(&mut |_, _| {}).unwrap().identical, "{way}");
    }
}

#[rstest]
fn who_looks_sees_one_moment(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let Some(ground) = backend.ground() else { return };
    let mut writer = ground.store();
    let events = chain_of_two_boots();
    append(&mut *writer, &events[..4]);
    let reader = ground.open(Access::Read);
    let mut seen = Vec::new();
    reader
        .look(&mut |reads| {
            seen.push(reads.transitions(PROJECT)?.len());
            append(&mut *writer, &events[4..8]);
            seen.push(reads.log_of_project(PROJECT)?.len() - 1);
            Ok(())
        })
        .unwrap();
    seen.push(reader.reads().transitions(PROJECT).unwrap().len());
    assert_eq!(seen, [3, 3, 7]);
}
