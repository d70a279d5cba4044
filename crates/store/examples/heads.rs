//! Moves heads and reads them, by some clients at once: `heads URL CLIENTS SECONDS moves|reads|full`. Prints what all did in a second.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for measuring")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use session::{
    AgentSession, Author, Change, Event, EventId, Evidence, Moment, Moved, ProjectFound, ProjectKey, Reading, Revision, Scope, Standing,
    Subject, Text, Uuid,
};
use store::{Access, Durability, Postgres, PostgresOptions, Store, write};

const PROJECT: ProjectKey = ProjectKey::new(Uuid::from_u128(1));

fn event(id: u128, revision: u64, change: Change) -> Event {
    let moment = Moment::from_micros(1_771_259_403_123_456, 3_600).unwrap();
    Event {
        id: EventId::new(Uuid::from_u128(id)),
        about: Subject::Project(PROJECT),
        at: Reading { moment, boot: None },
        recorded_at: moment,
        by: Author { owner: Text::redacted("ada") },
        evidence: Evidence::Said,
        revision: Revision(revision),
        change,
        payload: None,
    }
}

fn open(url: &str) -> Postgres {
    Postgres::open(url, &PostgresOptions { patience: Duration::from_secs(60), ..PostgresOptions::default() }, Access::Write).unwrap()
}

fn move_head(store: &mut Postgres, durability: Durability, id: u128) {
    let seen = store.reads().head(PROJECT, &Scope::Project).unwrap().map(|head| head.agent_session);
    let new = AgentSession { agent: Text::redacted("claude-code"), id: Text::redacted(format!("s{id}")) };
    write(store, durability, |turn| {
        let is_there = turn.reads()?.head(PROJECT, &Scope::Project)?.map(|head| head.agent_session) == seen;
        let revision = turn.project(PROJECT)?.map_or(1, |project| project.revision.0) + 1;
        let standing = if is_there { Standing::Moved } else { Standing::Aside };
        let (scope, source) = (Scope::Project, Text::redacted("build"));
        let moved = Moved { scope, new: new.clone(), from: seen.clone(), source, standing, session: None, machine: None };
        turn.append(&event(id, revision, Change::Moved(Box::new(moved))))
    })
    .unwrap();
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (url, clients, seconds, what) =
        (&arguments[1], arguments[2].parse::<u128>().unwrap(), arguments[3].parse().unwrap(), &arguments[4]);
    let mut store = open(url);
    let found = ProjectFound { name: Text::redacted("p"), place: Text::redacted("/p"), is_git: false, root_commit: None, remote: None };
    write(&mut store, Durability::Full, |turn| turn.append(&event(1, 1, Change::ProjectFound(found.clone())))).unwrap();
    let first = 1_000_000_000 * (store.reads().last_seq().unwrap() as u128 + 1);
    let durability = if what == "full" { Durability::Full } else { Durability::Normal };
    let (done, until) = (AtomicU64::new(0), Instant::now() + Duration::from_secs(seconds));
    std::thread::scope(|scope| {
        for client in 0..clients {
            let done = &done;
            scope.spawn(move || {
                let mut store = open(url);
                for id in first + client * 1_000_000.. {
                    if Instant::now() > until {
                        break;
                    }
                    match what.as_str() {
                        "reads" => drop(store.reads().head(PROJECT, &Scope::Project).unwrap()),
                        _ => move_head(&mut store, durability, id),
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    println!("{} {what}/s by {clients} clients", done.load(Ordering::Relaxed) / seconds);
}
