//! What a hook would be that inserts into a database itself: reads stdin, inserts it, is gone. For comparison only.

#![expect(clippy::unwrap_used, reason = "a program for measuring")]

use std::io::Read;
use std::time::Duration;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let mut payload = String::new();
    std::io::stdin().read_to_string(&mut payload).unwrap();
    let connection = rusqlite::Connection::open(&arguments[1]).unwrap();
    connection.busy_timeout(Duration::from_secs(60)).unwrap();
    if connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).unwrap() == 0 {
        let set_up = "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, payload TEXT); PRAGMA user_version = 1; COMMIT;";
        connection.execute_batch(set_up).unwrap();
    }
    connection.pragma_update(None, "synchronous", &arguments[2]).unwrap();
    connection.execute("INSERT INTO events (payload) VALUES (?1)", [payload]).unwrap();
}
