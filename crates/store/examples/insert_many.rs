//! What writing a store's events costs at least: the same bytes into one table with one index, in one transaction, with the checkpoint.
//! Prints the microseconds. For comparison only.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for measuring")]

use std::path::Path;
use std::time::Instant;

use rusqlite::Connection;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (store, bare) = (Path::new(&arguments[1]), Path::new(&arguments[2]));
    let events = events(store);
    let mut connection = Connection::open(bare).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;").unwrap();
    connection.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -49152;").unwrap();
    connection.execute_batch("CREATE TABLE events (seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, body TEXT, payload TEXT);").unwrap();
    let began = Instant::now();
    let transaction = connection.transaction().unwrap();
    let mut insert = transaction.prepare("INSERT INTO events (id, body, payload) VALUES (?1, ?2, ?3)").unwrap();
    for (id, body, payload) in &events {
        insert.execute((id, body, payload)).unwrap();
    }
    drop(insert);
    transaction.commit().unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    println!("{}", began.elapsed().as_micros());
}

fn events(store: &Path) -> Vec<(Vec<u8>, String, Option<String>)> {
    let connection = Connection::open(store).unwrap();
    let mut events = connection.prepare("SELECT id, body, payload FROM events ORDER BY seq").unwrap();
    let rows = events.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}
