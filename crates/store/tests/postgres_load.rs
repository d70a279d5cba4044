//! Many clients of one server, and a server that dies under them.

#![cfg(feature = "postgres")]
#![expect(clippy::print_stdout, reason = "a figure for people")]
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use session::{AgentSession, Change, Event, Moved, ProjectFound, ProjectKey, Scope, Standing, Subject, Text, Uuid};
use store::{Access, Durability, InboxPosition, Postgres, PostgresOptions, Store, StoreError, write};
use testkit::{PostgresServer, Schema, opened, session_event};

const CLIENTS: usize = 32;
const PROJECT: ProjectKey = ProjectKey::new(Uuid::from_u128(1));

#[expect(clippy::print_stderr, reason = "a test that did nothing must not look like one that passed")]
fn or_skip<T>(found: Result<T, String>) -> Option<T> {
    found.map_err(|missing| eprintln!("SKIPPED: {missing}")).ok()
}

fn open(schema: &Schema) -> Postgres {
    let patience = std::time::Duration::from_secs(120);
    let options = PostgresOptions { schema: Some(schema.name().to_owned()), patience, ..PostgresOptions::default() };
    Postgres::open(schema.url(), &options, Access::Write).unwrap()
}

fn about_project(id: u128, revision: u64, change: Change) -> Event {
    Event { about: Subject::Project(PROJECT), ..session_event(id, 1, revision, change) }
}

fn found() -> Event {
    let found = ProjectFound { name: Text::redacted("p"), place: Text::redacted("/p"), is_git: false, root_commit: None, remote: None };
    about_project(1, 1, Change::ProjectFound(found))
}

/// A move as its client tells of it: whether it won, the new agent session, and the head it had seen.
type Told = (bool, String, Option<String>);

/// Moves the head by compare and set, from the head that was read before.
fn move_head(store: &mut Postgres, id: u128, new: &str) -> Result<Told, StoreError> {
    let head_of = |reads: &dyn store::Reads| Ok::<_, StoreError>(reads.head(PROJECT, &Scope::Project)?.map(|head| head.agent_session));
    let seen = head_of(store.reads())?;
    let agent_session = AgentSession { agent: Text::redacted("claude-code"), id: Text::redacted(new) };
    write(store, Durability::Normal, |turn| {
        let has_won = head_of(turn.reads()?)? == seen;
        let revision = turn.project(PROJECT)?.map_or(1, |project| project.revision.0) + 1;
        let standing = if has_won { Standing::Moved } else { Standing::Aside };
        let (new, from, source) = (agent_session.clone(), seen.clone(), Text::redacted("build"));
        let moved = Moved { scope: Scope::Project, new, from, source, standing, session: None, machine: None };
        turn.append(&about_project(id, revision, Change::Moved(Box::new(moved))))?;
        Ok((has_won, agent_session.id.as_str().to_owned(), seen.as_ref().map(|seen| seen.id.as_str().to_owned())))
    })
}

/// Lets clients race, and checks that every move is recorded as its client was told, and all that won are reached from the head.
fn race(each: usize) {
    let Some(schema) = or_skip(Schema::new()) else { return };
    let mut store = open(&schema);
    write(&mut store, Durability::Full, |turn| turn.append(&found())).unwrap();
    let told: Vec<Told> = std::thread::scope(|scope| {
        let schema = &schema;
        let clients = (0..CLIENTS).map(|client| {
            scope.spawn(move || {
                let mut store = open(schema);
                let ids = (1_000_000 * (client as u128 + 1)..).take(each);
                ids.enumerate().map(|(at, id)| move_head(&mut store, id, &format!("c{client}-{at}")).unwrap()).collect::<Vec<_>>()
            })
        });
        let clients: Vec<_> = clients.collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    let reads = store.reads();
    let chain: BTreeMap<_, _> = reads.transitions(PROJECT).unwrap().into_iter().map(|row| (row.new.id.as_str().to_owned(), row)).collect();
    assert_eq!((told.len(), chain.len()), (CLIENTS * each, CLIENTS * each));
    for (has_won, new, seen) in &told {
        let row = &chain[new];
        assert_eq!(row.standing == Standing::Moved, *has_won, "{new}");
        let old = row.old.as_ref().map(|old| old.id.as_str().to_owned());
        assert!(!has_won || old == *seen, "{new} saw {seen:?} and replaced {old:?}");
    }
    let old: BTreeMap<_, _> = told.iter().filter(|(has_won, ..)| *has_won).map(|(_, new, seen)| (new.clone(), seen.clone())).collect();
    let mut reached = BTreeSet::new();
    let mut next = reads.head(PROJECT, &Scope::Project).unwrap().map(|head| head.agent_session.id.as_str().to_owned());
    while let Some(at) = next.take().filter(|at| reached.insert(at.clone())) {
        next = old[&at].clone();
    }
    let lost = told.iter().filter(|(has_won, ..)| !has_won).count();
    println!("{} moves: {} reachable, {lost} side branches", told.len(), reached.len());
    assert_eq!(reached.len(), told.len() - lost);
    assert!(lost > 0, "nobody raced anybody");
    assert!(store.rebuild(&mut |_, _| {}).unwrap().identical);
}

#[test]
fn d10_32_clients_x_100_moves_lose_none() {
    race(100);
}

#[test]
#[ignore = "takes minutes: 32,000 moves"]
fn d10_32_clients_x_1_000_moves_lose_none() {
    race(1_000);
}

#[test]
fn who_follows_the_log_misses_nothing_that_commits_later() {
    let Some(schema) = or_skip(Schema::new()) else { return };
    let follower = open(&schema);
    let (writers, each) = (8, 60);
    std::thread::scope(|scope| {
        for writer in 1..=writers {
            let schema = &schema;
            scope.spawn(move || {
                let mut store = open(schema);
                for number in 0..each {
                    // Some turns are long, some are dropped: neither leaves a hole.
                    let events: Vec<_> = (0..1 + number % 4).map(|at| opened(writer * 100_000 + number * 10 + at)).collect();
                    let keeps = number % 7 != 3;
                    let verdict = if keeps { store::Verdict::Keep } else { store::Verdict::Drop };
                    let turn = &mut |turn: &mut dyn store::Turn| {
                        events.iter().try_for_each(|event| turn.append(event).map(drop))?;
                        Ok(verdict)
                    };
                    store.turn(Durability::Normal, turn).unwrap();
                }
            });
        }
        let expected: u128 = (0..each).filter(|number| number % 7 != 3).map(|number| 1 + number % 4).sum::<u128>() * writers;
        let mut after = 0;
        while (after as u128) < expected {
            for recorded in follower.reads().log(after, 1_000).unwrap().events {
                assert_eq!(recorded.seq, after + 1, "a place was skipped that may be filled later");
                after = recorded.seq;
            }
        }
    });
}

/// A drain that takes from a source in order, with its place in the transaction of the events.
fn drain(store: &mut Postgres, most: u64) -> Result<u64, StoreError> {
    write(store, Durability::Bulk, |turn| {
        let place = turn.reads()?.inbox_position("source")?.unwrap_or_default().place;
        let next = (place + 10).min(most);
        for number in place + 1..=next {
            turn.append(&opened(u128::from(number)))?;
        }
        turn.set_inbox_position("source", &InboxPosition { place: next, ..InboxPosition::default() })?;
        Ok(next)
    })
}

#[test]
fn d12_a_server_that_restarts_20_times_in_mid_batch_loses_and_doubles_nothing() {
    let Some(server) = or_skip(PostgresServer::start(&["shared_buffers = 16MB"])) else { return };
    let schema = Schema::on(server.url());
    drop(open(&schema));
    let (done, progress) = (AtomicBool::new(false), AtomicU64::new(0));
    let (acknowledged, drained) = std::thread::scope(|scope| {
        let said = scope.spawn(|| {
            let (mut store, mut said) = (open(&schema), Vec::new());
            for number in 1_000_000.. {
                write(&mut store, Durability::Full, |turn| turn.append(&opened(number))).unwrap();
                said.push(10_000 + number);
                progress.fetch_add(1, Ordering::SeqCst);
                if done.load(Ordering::SeqCst) {
                    break;
                }
            }
            said
        });
        let drained = scope.spawn(|| {
            let (mut store, mut place) = (open(&schema), 0);
            while !done.load(Ordering::SeqCst) {
                place = drain(&mut store, u64::MAX).unwrap();
            }
            // What was taken in last may have gone with the server; it is taken in again.
            drain(&mut store, place).unwrap()
        });
        for _ in 0..20 {
            let before = progress.load(Ordering::SeqCst);
            while progress.load(Ordering::SeqCst) < before + 5 && !said.is_finished() {
                std::thread::yield_now();
            }
            server.stop_immediately();
            server.start_again().unwrap();
        }
        done.store(true, Ordering::SeqCst);
        (said.join().unwrap(), drained.join().unwrap())
    });
    let mut store = open(&schema);
    let log = store.reads().log(0, 10_000_000).unwrap();
    let ids: Vec<_> = log.events.iter().map(|recorded| recorded.event.id.uuid().as_u128()).collect();
    let once: BTreeSet<_> = ids.iter().copied().collect();
    assert_eq!((ids.len(), log.unreadable.len()), (once.len(), 0));
    assert!(acknowledged.iter().all(|id| once.contains(id)), "acknowledged and lost");
    let place = store.reads().inbox_position("source").unwrap().unwrap().place;
    assert_eq!(place, drained);
    assert!((1..=u128::from(place)).all(|number| once.contains(&(10_000 + number))), "taken in and lost");
    println!("20 restarts: {} acknowledged, {place} taken in, {} in the log", acknowledged.len(), ids.len());
    assert_eq!(ids.len(), acknowledged.len() + place as usize);
    assert!(store.rebuild(&mut |_, _| {}).unwrap().identical);
}
