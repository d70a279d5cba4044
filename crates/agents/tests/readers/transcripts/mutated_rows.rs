//! Rows of opencode's database and files of its trees that something happened to. Drawn from a number, so that each can be had again.

use std::fs;
use std::path::Path;

use agents::TranscriptBuffers;
use agents::transcripts::{Agent, Carried, Pass, Wanted};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use session::transcript::{Counts, Facts};

use super::mutated::{Lines, happen, is_sound};
use crate::varied::Dice;

/// How many messages a session has, and how many parts each of them.
const MESSAGES: usize = 10;
const PARTS: usize = 9;

/// How many rows or files that makes.
const VARIED: usize = MESSAGES + MESSAGES * PARTS;

/// What a client wrote: messages, and parts of some.
struct Written {
    messages: Lines,
    parts: Lines,
}

impl Written {
    fn captured() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/opencode/1.18.33/opencode.db");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let database = Connection::open_with_flags(format!("file://{}?immutable=1", path.display()), flags).unwrap();
        let rows = |table: &str| -> Vec<Vec<u8>> {
            let mut statement = database.prepare(&format!("SELECT data FROM {table} ORDER BY id")).unwrap();
            let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
            rows.map(|data| data.unwrap().into_bytes()).filter(|data| data.len() < 1_600).collect()
        };
        let (messages, parts) = (rows("message"), rows("part"));
        Self { messages: Lines::of(messages, &[b"\"tokens\""]), parts: Lines::of(parts, &[b"\"tool\"", b"\"text\"", b"\"compaction\""]) }
    }
}

/// What was drawn, so that somebody sees whether it is worth anything.
#[derive(Debug, Default)]
struct Drawn {
    rows: u64,
    broken: u64,
    responses: u64,
    calls: u64,
    refused: u64,
}

impl Drawn {
    fn add(&mut self, rows: usize, all: &[Facts]) {
        self.rows += rows as u64;
        for facts in all {
            self.broken += facts.counts.broken;
            self.responses += facts.responses.len() as u64;
            self.calls += facts.calls.len() as u64;
        }
    }
}

fn vary(lines: &Lines, dice: &mut Dice) -> Vec<u8> {
    let mut text = lines.draw(dice).to_vec();
    for _ in 0..dice.of(&[0, 1, 1, 1, 2, 3]) {
        happen(&mut text, lines, dice);
    }
    text
}

/// Draws what may stand in a column where something else should.
fn strange(dice: &mut Dice) -> Value {
    match dice.below(10) {
        0 | 1 => Value::Null,
        2 => Value::Integer(i64::MIN),
        3 => Value::Integer(i64::MAX),
        4 => Value::Real(1e300),
        5 => Value::Blob(vec![0xff, 0x00, 0xc0]),
        6 => Value::Text(String::new()),
        7 => Value::Text("../../s0".to_owned()),
        8 => Value::Text("x".repeat(70_000)),
        _ => Value::Integer(7),
    }
}

/// Returns what should stand in a column, or, of a table that is wild, sometimes something else.
fn cell(value: impl Into<Value>, is_wild: bool, dice: &mut Dice) -> Value {
    if is_wild && dice.is(6) { strange(dice) } else { value.into() }
}

/// What is expected of a table that is not wild: how many rows are broken, and how many are no text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Expected {
    broken: u64,
    no_text: u64,
}

/// Returns the data of a row.
fn data(lines: &Lines, dice: &mut Dice, expected: &mut Expected) -> Value {
    if dice.is(20) {
        // What is no text becomes one in a column of texts, unless it is nothing.
        let is_nothing = dice.is(3);
        *(if is_nothing { &mut expected.no_text } else { &mut expected.broken }) += 1;
        return if is_nothing { Value::Null } else { [Value::Integer(i64::MAX), Value::Real(0.5)][dice.below(2)].clone() };
    }
    let text = vary(lines, dice);
    expected.broken += u64::from(!is_sound(&text));
    Value::Blob(text)
}

/// Makes a database. One that is wild has ids that are none, rows twice, and now and then not all columns.
fn make_database(path: &Path, written: &Written, is_wild: bool, dice: &mut Dice) -> Expected {
    let database = Connection::open(path).unwrap();
    let lacks = |column: &str, dice: &mut Dice| if is_wild && dice.is(20) { String::new() } else { format!(", {column}") };
    database.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; BEGIN").unwrap();
    let parent = lacks("parent_id text", dice);
    let made = lacks("time_created integer", dice);
    let of_part = lacks("session_id text", dice);
    let tables = format!(
        "CREATE TABLE session (id text{parent}, directory text, title text, version text{made}, model text, cost real, tokens_input integer);
         CREATE TABLE message (id text, session_id text, time_created integer, time_updated integer, data text);
         CREATE TABLE part (id text, message_id text{of_part}, time_created integer, time_updated integer, data text);"
    );
    database.execute_batch(&tables).unwrap();
    // Each is the parent of the next, and the last one of the first.
    for number in 0..3 {
        let id = cell(format!("s{number}"), is_wild, dice);
        database
            .execute("INSERT INTO session (id, directory, title) VALUES (?1, ?2, 't')", (id, cell("/p".to_owned(), is_wild, dice)))
            .unwrap();
        if !parent.is_empty() && is_wild {
            let above = cell(format!("s{}", (number + 1) % 3), is_wild, dice);
            database.execute("UPDATE session SET parent_id = ?1 WHERE rowid = last_insert_rowid()", [above]).unwrap();
        }
        if is_wild && !made.is_empty() {
            let cells = (cell(1, true, dice), cell("{\"id\":\"m\"}".to_owned(), true, dice), cell(1.5, true, dice), cell(9, true, dice));
            let query = "UPDATE session SET time_created = ?1, model = ?2, cost = ?3, tokens_input = ?4 WHERE rowid = last_insert_rowid()";
            database.execute(query, cells).unwrap();
        }
    }
    let mut expected = Expected::default();
    let mut message =
        database.prepare("INSERT INTO message VALUES (?1, ?2, ?3, 0, CASE WHEN ?5 THEN CAST(?4 AS TEXT) ELSE ?4 END)").unwrap();
    let columns = if of_part.is_empty() { "id, message_id, time_created, data" } else { "id, message_id, time_created, data, session_id" };
    let place = if of_part.is_empty() { "" } else { ", ?6" };
    let query = format!("INSERT INTO part ({columns}) VALUES (?1, ?2, ?3, CASE WHEN ?5 THEN CAST(?4 AS TEXT) ELSE ?4 END{place})");
    let mut part = database.prepare(&query).unwrap();
    for number in 0..MESSAGES {
        let (session, id) = (format!("s{}", number % 3), format!("m{number}"));
        let created = cell(i64::try_from(number).unwrap(), is_wild, dice);
        let data_of = data(&written.messages, dice, &mut expected);
        message
            .execute((cell(id.clone(), is_wild, dice), cell(session.clone(), is_wild, dice), created, &data_of, is_text(&data_of, dice)))
            .unwrap();
        for place in 0..PARTS {
            let own = cell(format!("{id}-{place}"), is_wild, dice);
            let data_of = data(&written.parts, dice, &mut expected);
            let (text, of) = (is_text(&data_of, dice), cell(id.clone(), is_wild, dice));
            let session = cell(session.clone(), is_wild, dice);
            if of_part.is_empty() {
                part.execute((own, of, cell(1, is_wild, dice), &data_of, text)).unwrap();
            } else {
                part.execute((own, of, cell(1, is_wild, dice), &data_of, text, session)).unwrap();
            }
        }
    }
    if is_wild && dice.is(3) {
        database.execute_batch("INSERT INTO message SELECT * FROM message; INSERT INTO session SELECT * FROM session").unwrap();
    }
    drop((message, part));
    database.execute_batch("COMMIT").unwrap();
    expected
}

fn is_text(data: &Value, dice: &mut Dice) -> bool {
    matches!(data, Value::Blob(_)) && dice.is(2)
}

fn read(path: &Path, wanted: Wanted) -> std::io::Result<Vec<Facts>> {
    let mut found = Vec::new();
    let mut take = |pass: Pass| found.push(pass.facts);
    Agent::Opencode.read_file(path, None, wanted, &mut TranscriptBuffers::default(), &|_| {}, &mut take)?;
    Ok(found)
}

/// Returns how many figures may be counted broken because nobody believes them: of a response, or of a session's own total.
fn unbelieved(facts: &Facts) -> u64 {
    facts.responses.len() as u64 + 1
}

fn is_expected(found: u64, expected: u64, all: &[Facts]) -> bool {
    (expected..=expected + all.iter().map(unbelieved).sum::<u64>()).contains(&found)
}

/// Reads it in all ways there are. None where none of them can.
fn read_all_ways(path: &Path) -> Option<Vec<Facts>> {
    let all = read(path, Wanted::Everything).ok();
    // Figures that nobody believes are counted by whoever reads them, whatever else he wants.
    let of_usage =
        |all: Vec<Facts>| all.into_iter().map(|facts| Facts { counts: Counts::default(), ..facts.split_usage().0 }).collect::<Vec<_>>();
    let usage = read(path, Wanted::Usage).ok().map(of_usage);
    assert_eq!(usage, all.clone().map(of_usage), "{}", path.display());
    let mut said = 0;
    let heard = Agent::Opencode.hear(path, 0, &Carried::default(), &mut TranscriptBuffers::default(), &mut |heard| {
        said += heard.said.iter().filter(|said| said.text.is_empty()).count();
    });
    assert_eq!((heard.is_ok() || all.is_none(), said), (true, 0), "{heard:?}");
    for facts in all.iter().flatten() {
        let counts = facts.counts;
        assert!(counts.broken + counts.too_long <= counts.lines + unbelieved(facts), "{counts:?}");
    }
    all
}

fn check_databases(count: u64, first: u64) -> Drawn {
    let (written, directory) = (Written::captured(), tempfile::tempdir().unwrap());
    let (path, mut drawn) = (directory.path().join("opencode.db"), Drawn::default());
    for seed in first..first + count.div_ceil(VARIED as u64) {
        let (mut dice, is_wild) = (Dice::new(seed), seed % 2 == 1);
        let expected = make_database(&path, &written, is_wild, &mut dice);
        let all = read_all_ways(&path);
        assert!(is_wild || all.is_some(), "seed {seed}");
        drawn.refused += u64::from(all.is_none());
        let all = all.unwrap_or_default();
        if !is_wild {
            let sum = |count: fn(&Facts) -> u64| all.iter().map(count).sum::<u64>();
            let found = Expected { broken: sum(|facts| facts.counts.broken), no_text: sum(|facts| facts.counts.too_long) };
            let is_it = is_expected(found.broken, expected.broken, &all) && found.no_text == expected.no_text;
            assert!(is_it, "seed {seed}: {found:?}, and not {expected:?}");
        }
        drawn.add(VARIED, &all);
        fs::remove_file(&path).unwrap();
    }
    drawn
}

/// Makes a tree of files, and returns how many are broken.
fn make_tree(storage: &Path, written: &Written, dice: &mut Dice) -> u64 {
    let write = |path: String, bytes: &[u8]| fs::write(storage.join(path), bytes).unwrap();
    // Its own parent, or that of its parent.
    let parent = dice.of(&["", r#","parentID":"s""#, r#","parentID":"t""#, r#","parentID":null"#, r#","parentID":{"id":7}"#]);
    let created = dice.of(&["1", "-1", "99999999999999999999999", "\"then\"", "null", "1e400"]);
    write("session/p/s.json".to_owned(), format!(r#"{{"id":"s","directory":"/p","time":{{"created":{created}}}{parent}}}"#).as_bytes());
    let mut broken = 0;
    for number in 0..MESSAGES {
        // Two messages may say that they are the same.
        let text = vary(&written.messages, dice);
        broken += u64::from(!is_sound(&text));
        write(format!("message/s/m{number}.json"), &text);
        for place in 0..PARTS {
            let text = vary(&written.parts, dice);
            broken += u64::from(!is_sound(&text));
            write(format!("part/m{number}/p{place}.json"), &text);
        }
    }
    broken
}

fn check_trees(count: u64, first: u64) -> Drawn {
    let (written, directory) = (Written::captured(), tempfile::tempdir().unwrap());
    let (storage, mut drawn) = (directory.path().join("storage"), Drawn::default());
    let parts = || (0..MESSAGES).map(|number| format!("part/m{number}"));
    let make = |path: String| fs::create_dir_all(storage.join(path)).unwrap();
    for seed in first..first + count.div_ceil(VARIED as u64) {
        // New files: where old ones are written over, some file systems wait for the disk.
        ["session/p", "message/s"].map(str::to_owned).into_iter().chain(parts()).for_each(make);
        let broken = make_tree(&storage, &written, &mut Dice::new(seed));
        let all = read_all_ways(&storage.join("session/p/s.json")).unwrap();
        assert!(all.len() == 1 && is_expected(all[0].counts.broken, broken, &all), "seed {seed}: {broken}, {:?}", all[0].counts);
        drawn.add(VARIED, &all);
        fs::remove_dir_all(&storage).unwrap();
    }
    drawn
}

/// Neither is everything broken, nor nothing, nor is there nothing to count.
fn is_worth_something(drawn: &Drawn) -> bool {
    let enough = drawn.rows / 100;
    (drawn.rows / 8..drawn.rows * 3 / 4).contains(&drawn.broken) && drawn.responses > enough && drawn.calls > enough
}

#[test]
fn varied_rows_of_a_database_are_read_or_counted_broken() {
    let drawn = check_databases(20_000, 0);
    assert!(drawn.rows >= 20_000 && is_worth_something(&drawn) && drawn.refused > 0, "{drawn:?}");
}

#[test]
fn varied_files_of_a_tree_are_read_or_counted_broken() {
    let drawn = check_trees(10_000, 0);
    assert!(drawn.rows >= 10_000 && is_worth_something(&drawn), "{drawn:?}");
}

#[test]
#[ignore = "minutes, and only a release build is worth it"]
fn a_million_varied_rows_and_files_are_read_or_counted_broken() {
    for drawn in [check_databases(1_000_000, 1 << 32), check_trees(1_000_000, 1 << 33)] {
        assert!(drawn.rows >= 1_000_000 && is_worth_something(&drawn), "{drawn:?}");
    }
}
