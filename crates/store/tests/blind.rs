//! What a chain must not be kept by: many who read the head and some time later replace it, whatever it is by then. Held against it, the
//! chain of this store loses nothing (testkit, `heads`).

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, params};

const WORKERS: usize = 32;
const EACH: usize = 100;

fn open(file: &Path) -> Connection {
    let connection = Connection::open(file).unwrap();
    connection.busy_timeout(Duration::from_secs(120)).unwrap();
    connection.execute_batch("PRAGMA synchronous = OFF;").unwrap();
    connection
}

/// Reads the head, and replaces it in a transaction of its own.
fn move_blindly(file: &Path, worker: usize) {
    let mut connection = open(file);
    for number in 0..EACH {
        let seen: Option<String> = connection.query_row("SELECT last_ai_session_id FROM projects", [], |row| row.get(0)).unwrap();
        let new = format!("w{worker}-{number}");
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        step.execute("UPDATE projects SET last_ai_session_id = ?1", [&new]).unwrap();
        step.execute("INSERT INTO session_transitions (old_session_id, new_session_id) VALUES (?1, ?2)", params![seen, new]).unwrap();
        step.commit().unwrap();
    }
}

#[test]
fn d10_moves_that_compare_nothing_leave_others_unreachable() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("blind.db");
    let connection = open(&file);
    let tables = "CREATE TABLE projects (last_ai_session_id TEXT); INSERT INTO projects VALUES (NULL);
                  CREATE TABLE session_transitions (old_session_id TEXT, new_session_id TEXT NOT NULL); PRAGMA journal_mode = WAL;";
    connection.execute_batch(tables).unwrap();
    let file = &file;
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            scope.spawn(move || move_blindly(file, worker));
        }
    });
    let mut all = connection.prepare("SELECT new_session_id, old_session_id FROM session_transitions").unwrap();
    let old: BTreeMap<String, Option<String>> =
        all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap();
    let mut next: Option<String> = connection.query_row("SELECT last_ai_session_id FROM projects", [], |row| row.get(0)).unwrap();
    let mut reached = BTreeSet::new();
    while let Some(at) = next.take().filter(|at| reached.insert(at.clone())) {
        next = old.get(&at).cloned().flatten();
    }
    println!("{} moves without comparing: {} reachable", old.len(), reached.len());
    assert_eq!(old.len(), WORKERS * EACH);
    assert!(reached.len() < old.len(), "nobody raced anybody");
}
