//! What only the embedded store promises: files and their modes, versions, damage, waiting.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use store::{Access, Durability, SqliteStore, Store, StoreError, wait_in_line, write};
use testkit::opened;

const PATIENCE: Duration = Duration::from_millis(200);

fn open(home: &Path, access: Access) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(home, access, PATIENCE)
}

/// Makes a store with sessions 1 to `last`, one turn each, and empties its WAL into the file.
fn filled(home: &Path, last: u128) {
    let mut store = open(home, Access::Write).unwrap();
    for number in 1..=last {
        write(&mut store, Durability::Normal, |turn| turn.append(&opened(number))).unwrap();
    }
    drop(store);
    let raw = rusqlite::Connection::open(home.join("rutter.db")).unwrap();
    raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

#[test]
fn s3_files_are_private_and_old_ones_are_repaired() {
    let home = tempfile::tempdir().unwrap();
    let store = home.path().join("store");
    filled(&store, 1);
    fs::set_permissions(&store, fs::Permissions::from_mode(0o755)).unwrap();
    // A session in the log, which `filled` emptied away.
    write(&mut open(&store, Access::Write).unwrap(), Durability::Normal, |turn| turn.append(&opened(2))).unwrap();
    for file in ["rutter.db", "rutter.db-wal", "rutter.db-shm"] {
        fs::set_permissions(store.join(file), fs::Permissions::from_mode(0o666)).unwrap();
    }
    let _open = open(&store, Access::Write).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&store), mode(&store.join("rutter.db"))), (0o700, 0o600));
    assert_eq!((mode(&store.join("rutter.db-wal")), mode(&store.join("rutter.db-shm"))), (0o600, 0o600));
}

#[test]
fn events_are_never_edited_not_even_by_hand() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path(), 1);
    let raw = rusqlite::Connection::open(home.path().join("rutter.db")).unwrap();
    for statement in ["UPDATE events SET body = '{}'", "DELETE FROM events"] {
        assert!(raw.execute(statement, []).unwrap_err().to_string().contains("events are never"), "{statement}");
    }
}

#[test]
fn d6_a_newer_store_is_read_and_never_written() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path(), 2);
    let raw = rusqlite::Connection::open(home.path().join("rutter.db")).unwrap();
    raw.execute_batch("PRAGMA user_version = 99; ALTER TABLE sessions ADD COLUMN later TEXT; CREATE TABLE later (x);").unwrap();
    drop(raw);
    assert!(matches!(open(home.path(), Access::Write), Err(StoreError::TooNew { found: 99, .. })));
    let mut store = open(home.path(), Access::Read).unwrap();
    assert_eq!(store.reads().sessions(&store::Wanted::default(), None).unwrap().len(), 2);
    assert!(matches!(write(&mut store, Durability::Full, |turn| turn.append(&opened(3))), Err(StoreError::TooNew { .. })));
}

#[test]
fn another_program_s_database_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let raw = rusqlite::Connection::open(home.path().join("rutter.db")).unwrap();
    raw.execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);").unwrap();
    drop(raw);
    let before = fs::read(home.path().join("rutter.db")).unwrap();
    for access in [Access::Read, Access::Write] {
        assert!(matches!(open(home.path(), access), Err(StoreError::NotOurs { .. })));
    }
    assert_eq!(fs::read(home.path().join("rutter.db")).unwrap(), before);
}

/// Cuts the end off a store of 200 sessions, and returns what is left of it.
fn cut_short(home: &Path, cut: usize) -> Vec<u8> {
    filled(home, 200);
    let database = home.join("rutter.db");
    let whole = fs::read(&database).unwrap();
    let left = whole[..whole.len().saturating_sub(cut)].to_vec();
    fs::write(&database, &left).unwrap();
    left
}

#[test]
fn d5_a_broken_store_is_set_aside_whole_and_what_reads_is_taken_over() {
    for cut in [4_096, 20_000, 60_000] {
        let home = tempfile::tempdir().unwrap();
        let left = cut_short(home.path(), cut);
        assert!(matches!(open(home.path(), Access::Read), Err(StoreError::Broken { .. })), "cut by {cut}");
        let store = open(home.path(), Access::Write).unwrap();
        let aside = store.set_aside().unwrap();
        assert_eq!(fs::read(&aside.path).unwrap(), left);
        assert!(aside.salvaged >= 100, "{} events after a cut of {cut}", aside.salvaged);
        assert_eq!(store.reads().sessions(&store::Wanted::default(), None).unwrap().len() as u64, aside.salvaged);
    }
}

#[test]
fn d5_damage_that_is_met_later_is_set_aside_by_whoever_writes() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path(), 200);
    let database = home.path().join("rutter.db");
    let mut bytes = fs::read(&database).unwrap();
    // Every page but the schema's and the event log's last ones loses its header.
    let pages = bytes.len() / 4_096;
    (2..pages).step_by(3).for_each(|page| bytes[page * 4_096..page * 4_096 + 8].fill(0xff));
    fs::write(&database, &bytes).unwrap();
    let mut store = open(home.path(), Access::Write).unwrap();
    store.rebuild(&mut |_, _| {}).unwrap();
    assert_eq!(fs::read(&store.set_aside().unwrap().path).unwrap(), bytes);
    assert_eq!(store.check().unwrap(), [""; 0]);
    write(&mut store, Durability::Full, |turn| turn.append(&opened(300))).unwrap();
}

#[test]
fn d5_a_stump_beside_a_log_is_set_aside_and_the_log_is_read() {
    for length in [0, 1, 99] {
        let home = tempfile::tempdir().unwrap();
        let mut store = open(home.path(), Access::Write).unwrap();
        (1..=5).for_each(|number| drop(write(&mut store, Durability::Normal, |turn| turn.append(&opened(number))).unwrap()));
        drop(store);
        let database = home.path().join("rutter.db");
        fs::write(&database, vec![0; length]).unwrap();
        assert!(matches!(open(home.path(), Access::Read), Err(StoreError::Broken { .. })));
        let store = open(home.path(), Access::Write).unwrap();
        assert_eq!((store.set_aside().unwrap().salvaged, store.reads().last_seq().unwrap()), (5, 5), "{length} bytes");
    }
}

#[test]
fn d5_a_rebuild_mends_what_a_cut_page_lost() {
    let home = tempfile::tempdir().unwrap();
    cut_short(home.path(), 50);
    let mut store = open(home.path(), Access::Write).unwrap();
    let rebuilt = store.rebuild(&mut |_, _| {}).unwrap();
    assert_eq!(rebuilt.events + rebuilt.unreadable, 200);
    assert_eq!(store.check().unwrap().len() as u64, rebuilt.unreadable, "each event that does not read is named");
}

#[test]
fn d5_one_event_that_does_not_read_costs_only_itself() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path(), Access::Write).unwrap();
    write(&mut store, Durability::Normal, |turn| (1..=4_200).try_for_each(|number| turn.append(&opened(number)).map(drop))).unwrap();
    drop(store);
    let raw = rusqlite::Connection::open(home.path().join("rutter.db")).unwrap();
    raw.execute_batch("DROP TRIGGER events_are_never_edited; UPDATE events SET body = '{' WHERE seq = 17;").unwrap();
    drop(raw);
    let mut store = open(home.path(), Access::Write).unwrap();
    let rebuilt = store.rebuild(&mut |_, _| {}).unwrap();
    assert_eq!((rebuilt.events, rebuilt.unreadable, rebuilt.sessions), (4_199, 1, 4_199));
    assert_eq!(store.check().unwrap(), ["event 17 does not read"]);
}

#[test]
fn d5_what_is_no_database_is_set_aside_and_a_second_one_beside_it() {
    let home = tempfile::tempdir().unwrap();
    for number in 1..=2 {
        drop(fs::remove_file(home.path().join("rutter.db-wal")));
        fs::write(home.path().join("rutter.db"), "this is no database, whatever it is".repeat(40)).unwrap();
        let store = open(home.path(), Access::Write).unwrap();
        assert!(store.set_aside().unwrap().path.ends_with(format!("rutter.db.broken-{number}")));
    }
}

#[test]
fn d5_who_had_the_old_file_open_goes_on_with_the_new_one() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path(), 3);
    let mut early = open(home.path(), Access::Write).unwrap();
    assert_eq!(early.reads().last_seq().unwrap(), 3);
    let database = home.path().join("rutter.db");
    fs::rename(&database, home.path().join("kept")).unwrap();
    drop(fs::remove_file(home.path().join("rutter.db-wal")));
    fs::write(&database, "no database".repeat(100)).unwrap();
    let late = open(home.path(), Access::Write).unwrap();
    assert!(late.set_aside().is_some());
    write(&mut early, Durability::Full, |turn| turn.append(&opened(9))).unwrap();
    assert_eq!(late.reads().last_seq().unwrap(), 1, "what was acknowledged is where everybody looks");
}

#[test]
fn d5_a_replacement_that_was_interrupted_is_finished() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path(), 3);
    let database = home.path().join("rutter.db");
    // Killed between the two renames: the old store is aside, its log is still here, the new one waits.
    fs::copy(&database, home.path().join("rutter.db.new")).unwrap();
    fs::write(home.path().join("rutter.db-wal"), "the old one's").unwrap();
    fs::rename(&database, home.path().join("rutter.db.broken-1")).unwrap();
    let mut store = open(home.path(), Access::Write).unwrap();
    assert_eq!(store.reads().last_seq().unwrap(), 3);
    assert_eq!(fs::read(home.path().join("rutter.db.broken-1-wal")).unwrap(), b"the old one's");
    write(&mut store, Durability::Full, |turn| turn.append(&opened(9))).unwrap();
}

#[test]
fn d5_a_busy_store_is_never_called_broken() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path(), 1);
    let raw = rusqlite::Connection::open(home.path().join("rutter.db")).unwrap();
    raw.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let mut store = open(home.path(), Access::Write).unwrap();
    assert_eq!(store.reads().last_seq().unwrap(), 1, "a writer does not hinder readers");
    assert!(matches!(write(&mut store, Durability::Full, |turn| turn.append(&opened(2))), Err(StoreError::Busy { .. })));
    raw.execute_batch("ROLLBACK").unwrap();
    write(&mut store, Durability::Full, |turn| turn.append(&opened(2))).unwrap();
}

#[test]
fn writers_wait_in_line_and_no_longer_than_their_patience() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path(), Access::Write).unwrap();
    let place = wait_in_line(&home.path().join("rutter.lock"), PATIENCE).unwrap();
    let refused = write(&mut store, Durability::Full, |turn| turn.append(&opened(1)));
    assert!(matches!(refused, Err(StoreError::Busy { waited: PATIENCE, .. })), "{refused:?}");
    drop(place);
    write(&mut store, Durability::Full, |turn| turn.append(&opened(1))).unwrap();
}

#[test]
fn a_link_in_the_place_of_the_store_is_refused() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("elsewhere"), "").unwrap();
    std::os::unix::fs::symlink(home.path().join("elsewhere"), home.path().join("rutter.db")).unwrap();
    assert!(matches!(open(home.path(), Access::Write), Err(StoreError::Unopenable { .. })));
    assert_eq!(fs::read(home.path().join("elsewhere")).unwrap(), b"");
}

#[test]
fn a_short_command_leaves_the_wal_for_the_next_one() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path(), Access::Write).unwrap();
    write(&mut store, Durability::Full, |turn| turn.append(&opened(1))).unwrap();
    drop(store);
    assert!(fs::metadata(home.path().join("rutter.db-wal")).unwrap().len() > 0);
}

/// Takes a store back to its first schema, with rows in it that no later build reads.
fn as_of_the_first_schema(home: &Path) {
    let raw = rusqlite::Connection::open(home.join("rutter.db")).unwrap();
    let tables = "conversations session_conversations runs turns tool_calls inbox transitions heads entries footprints transcripts";
    tables.split(' ').for_each(|table| raw.execute_batch(&format!("DROP TABLE {table};")).unwrap());
    raw.execute_batch("DROP INDEX events_of_people; ALTER TABLE events DROP COLUMN payload;").unwrap();
    raw.execute_batch("DROP INDEX sessions_to_survey; ALTER TABLE sessions DROP COLUMN wants_survey;").unwrap();
    raw.execute_batch("DROP INDEX sessions_going_on; ALTER TABLE sessions DROP COLUMN touched_us;").unwrap();
    raw.execute_batch("UPDATE sessions SET row = '{}'; PRAGMA user_version = 1; PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
}

#[test]
fn d6_an_older_store_is_brought_up_and_its_rows_are_derived_again() {
    for access in [Access::Read, Access::Write] {
        let home = tempfile::tempdir().unwrap();
        filled(home.path(), 3);
        as_of_the_first_schema(home.path());
        let store = open(home.path(), access).unwrap();
        let sessions = store.reads().sessions(&store::Wanted::default(), None).unwrap();
        assert_eq!(sessions.len(), 3, "{access:?}");
    }
}
