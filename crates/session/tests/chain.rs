//! What the fold promises of the chain: whatever order transitions and reports come in, each has its place, every move of a head can be
//! reached from the head, and what replaced what is told as it happened.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::Offset};
use proptest::prelude::*;
use session::{
    AgentSession, Author, Boot, Change, Event, EventId, Evidence, Moment, Moved, ProjectFound, ProjectKey, Reading, Reported, Revision,
    Rows, Scope, Standing, Subject, Text, Transition, fold, heads_of,
};
use uuid::Uuid;

fn agent_session(id: u8) -> AgentSession {
    AgentSession { agent: Text::redacted("claude-code"), id: Text::redacted(format!("s{id}")) }
}

fn scope(number: u8) -> Scope {
    match number {
        0 => Scope::Project,
        1 => Scope::Version(Text::redacted("v")),
        _ => Scope::Worktree(Text::redacted("/w")),
    }
}

fn project() -> ProjectKey {
    ProjectKey::new(Uuid::from_u128(5))
}

/// A time of the boot clock, and of which boot; none where nobody knows.
type Micros = Option<(u8, u64)>;

fn event(id: u128, place: u64, micros: Micros, evidence: Evidence, change: Change) -> Event {
    let moment = Moment::new(Timestamp::from_second(0).unwrap(), Offset::UTC);
    let boot = micros.map(|(boot, micros)| Boot { id: Uuid::from_u128(1 + u128::from(boot)), micros });
    Event {
        id: EventId::new(Uuid::from_u128(id)),
        about: Subject::Project(project()),
        at: Reading { moment, boot },
        recorded_at: moment,
        by: Author { owner: Text::redacted("me") },
        evidence,
        revision: Revision(place),
        change,
        payload: None,
    }
}

fn found() -> Event {
    let found = ProjectFound { name: Text::redacted("p"), place: Text::redacted("/p"), is_git: false, root_commit: None, remote: None };
    event(1, 1, Some((0, 0)), Evidence::Said, Change::ProjectFound(found))
}

/// A transition that happened at some time of the boot clock: which scope, to which agent session, with which standing, and whether
/// somebody else reports it as well.
type Step = (u8, u8, u8, Micros, bool);

fn log(steps: &[Step]) -> Vec<Event> {
    let mut events = vec![found()];
    for (at, &(number, new, standing, micros, is_reported)) in steps.iter().enumerate() {
        let (id, place) = (100 + 2 * at as u128, 2 + 2 * at as u64);
        let standing = [Standing::Moved, Standing::Moved, Standing::Aside, Standing::Apart][usize::from(standing)];
        let source = Text::redacted("startup");
        let moved = Moved { scope: scope(number), new: agent_session(new), from: None, source, standing, session: None, machine: None };
        events.push(event(id, place, micros, Evidence::Hook, Change::Moved(Box::new(moved))));
        if is_reported {
            let transition = EventId::new(Uuid::from_u128(id));
            let reported = Reported { transition, source: Text::redacted("build"), from: Some(agent_session(9)) };
            events.push(event(id + 1, place + 1, micros, Evidence::Transcript, Change::Reported(Box::new(reported))));
        }
    }
    events
}

fn in_order(rows: &Rows) -> Vec<&Transition> {
    rows.sequence.values().map(|event| &rows.transitions[event]).collect()
}

/// Checks what holds of every chain, whatever happened.
fn check(rows: &Rows) {
    let all = in_order(rows);
    assert_eq!(all.len(), rows.transitions.len());
    let mut heads: BTreeMap<Scope, AgentSession> = BTreeMap::new();
    for (at, transition) in all.iter().enumerate() {
        assert_eq!(transition.seq, at as u64 + 1);
        let seen = heads.get(&transition.scope).cloned();
        match transition.standing {
            Standing::Apart => assert_eq!(transition.old, None),
            _ => assert_eq!(transition.old, seen, "{transition:?}"),
        }
        if transition.standing == Standing::Moved {
            heads.insert(transition.scope.clone(), transition.new.clone());
        }
    }
    let held: BTreeMap<_, _> = rows.heads.iter().map(|((_, scope), head)| (scope.clone(), head.clone())).collect();
    assert_eq!(held, heads_of(all));
    assert_eq!(held.into_iter().map(|(scope, head)| (scope, head.agent_session)).collect::<BTreeMap<_, _>>(), heads);
}

/// Checks that whatever stands between: of one boot, nothing stands behind what happened after it.
fn check_clocks(rows: &Rows) {
    let all = in_order(rows);
    for (place, transition) in all.iter().enumerate() {
        assert!(all[..place].iter().all(|before| !transition.when.is_known_before(&before.when)), "{transition:?}");
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0..3_u8, 0..5_u8, 0..4_u8, prop::option::weighted(0.8, (0..2_u8, 0..20_u64)), any::<bool>()), 0..24)
}

proptest! {
    #[test]
    fn a_chain_comes_out_the_same_in_every_order(steps in steps(), order in any::<u64>()) {
        let events = log(&steps);
        let (rows, _) = fold(&events);
        check(&rows);
        check_clocks(&rows);
        let mut shuffled = events.clone();
        shuffled.sort_by_key(|event| event.id.uuid().as_u128().wrapping_mul(u128::from(order | 1)).rotate_left(40) % 1_000_003);
        let (other, _) = fold(&shuffled);
        // Where no clock tells, what was recorded first comes first, and that is in the events.
        prop_assert_eq!(in_order(&other), in_order(&rows));
        prop_assert_eq!(&other, &rows);
    }

    #[test]
    fn d2_a_chain_that_is_delivered_twice_is_the_same_chain(steps in steps()) {
        let events = log(&steps);
        let twice: Vec<_> = events.iter().chain(&events).cloned().collect();
        prop_assert_eq!(fold(&twice).0, fold(&events).0);
    }
}

#[test]
fn what_is_heard_late_leaves_the_head_where_it_is_whatever_stands_between() {
    for between in [None, Some((0, 25)), Some((1, 1))] {
        let steps = [(0, 2, 0, Some((0, 20)), false), (0, 3, 0, between, false), (0, 1, 0, Some((0, 10)), false)];
        let (rows, _) = fold(&log(&steps));
        check(&rows);
        let order: Vec<_> = in_order(&rows).into_iter().map(|held| held.new.clone()).collect();
        assert_eq!(order, [1, 2, 3].map(agent_session), "{between:?}");
    }
}

#[test]
fn better_evidence_says_where_a_transition_came_from() {
    let mut events = log(&[(0, 1, 0, Some((0, 5)), true)]);
    let (rows, _) = fold(&events);
    let transition = in_order(&rows)[0];
    assert_eq!(
        (transition.source(), transition.sources(), transition.from()),
        ("startup", vec!["startup", "build"], Some(&agent_session(9)))
    );
    assert_eq!(transition.evidence(), Evidence::Hook);
    let better = Reported { transition: transition.event, source: Text::redacted("build"), from: Some(agent_session(8)) };
    events.push(event(900, 900, Some((0, 5)), Evidence::Said, Change::Reported(Box::new(better))));
    assert_eq!(in_order(&fold(&events).0)[0].from(), Some(&agent_session(8)));
}
