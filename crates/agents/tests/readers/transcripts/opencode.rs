//! What opencode writes: captures of a database and of a tree of files; and databases that somebody writes into, or made to do harm.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use agents::TranscriptBuffers;
use agents::transcripts::{Agent, Carried, Growth, Wanted};
use rusqlite::Connection;
use serde_json::{Value, json};
use session::transcript::{Facts, Refusal, TitleKind, Usage};

use super::{calls, contents, ledger, names, sum};

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/opencode").join(path)
}

fn try_read(path: &Path, wanted: Wanted) -> std::io::Result<Vec<Facts>> {
    let mut found = Vec::new();
    let mut take = |pass: agents::transcripts::Pass| found.push(pass.facts);
    Agent::Opencode.read_file(path, None, wanted, &mut TranscriptBuffers::default(), &|_| {}, &mut take)?;
    Ok(found)
}

fn read(path: &Path) -> Vec<Facts> {
    try_read(path, Wanted::Everything).unwrap()
}

/// Returns the session that is called so.
fn called(title: &str) -> Facts {
    let is_it = |facts: &Facts| facts.titles.iter().any(|each| each.kind == TitleKind::Agent && facts.name(each.text) == Some(title));
    read(&fixture("1.18.33/opencode.db")).into_iter().find(is_it).unwrap()
}

#[test]
fn a_session_of_1_18_is_two_turns_and_seven_responses() {
    let facts = called("Edit the demo project");
    // Output of 161, and reasoning of 35 beside it.
    assert_eq!(sum([&facts]), "2 turns, 7 responses of 4624+196+0+1536 (35)");
    assert_eq!(
        calls(&facts),
        [
            ("bash", "ls -1; cat README.md", false, false),
            ("write", "/home/dev/demo/hello.txt", true, false),
            ("read", "/home/dev/demo/README.md", false, false),
            ("edit", "/home/dev/demo/README.md", true, false),
            ("bash", "cat missing; exit 3", false, true)
        ]
    );
    assert_eq!((names(&facts, &facts.cwds), names(&facts, &facts.versions)), (vec!["/home/dev/demo"], vec!["1.18.33"]));
    let prompt = facts.titles.iter().find(|title| title.kind == TitleKind::Prompt).unwrap();
    assert_eq!(facts.name(prompt.text), Some("\"please edit the project, naïve café ☕\""));
    let mut used = Usage::default();
    facts.responses.iter().for_each(|response| used.add(&response.usage));
    assert_eq!(facts.own_totals.iter().map(|total| (total.usage, total.cost_micros)).collect::<Vec<_>>(), [(used, 5_170)]);
    assert!(facts.responses.iter().all(|response| response.is_final && !response.is_copied) && facts.origins.is_empty());
}

#[test]
fn a_fork_of_1_18_has_five_responses_of_its_own_whatever_its_row_says() {
    let (original, fork) = (called("Edit the demo project"), called("Edit the demo project (fork #1)"));
    assert_eq!(sum([&fork]), "3 turns, 12 responses of 8344+396+0+2816 (60)");
    assert_eq!(fork.responses.iter().filter(|response| !response.is_copied).count(), 5);
    assert_eq!(fork.turns.iter().filter(|turn| !turn.is_copied).count(), 1);
    assert_eq!(names(&fork, &fork.origins), ["ses_e07a7e758fferHpuSOTpK3LfR0"]);
    let together = ledger([&fork, &original]);
    assert_eq!(sum([&original, &fork]), "3 turns, 12 responses of 8344+396+0+2816 (60)");
    assert!(together.responses().all(|response| !response.is_copied) && together.turns().all(|turn| !turn.is_copied));
    assert_eq!(contents(&together), contents(&ledger([&original, &fork])));
}

#[test]
fn a_session_of_1_0_is_a_tree_of_files_and_holds_reasoning_to_be_output() {
    let walked = Agent::Opencode.walk(&fixture("1.0.185"), 1);
    let [file] = &walked.files[..] else { panic!("{walked:?}") };
    assert!(file.path.ends_with("ses_e07a13f86fferMw1vETTIrsmVp.json") && file.size > 8_000, "{file:?}");
    assert_eq!(Agent::recognise(&file.path).unwrap(), Agent::Opencode);
    let facts = read(&file.path).remove(0);
    assert_eq!(sum([&facts]), "1 turns, 5 responses of 3276+130+0+1024 (25)");
    let tools: Vec<_> = calls(&facts).iter().map(|call| (call.0, call.2)).collect();
    assert_eq!(tools, [("bash", false), ("write", true), ("read", false), ("edit", true)]);
    assert_eq!((facts.counts.broken, names(&facts, &facts.versions)), (0, vec!["1.0.185"]));
}

#[test]
fn usage_alone_says_the_same_of_usage() {
    for path in [fixture("1.18.33/opencode.db"), Agent::Opencode.walk(&fixture("1.0.185"), 1).files[0].path.clone()] {
        let usage = try_read(&path, Wanted::Usage).unwrap();
        assert_eq!(usage, read(&path).into_iter().map(|facts| facts.split_usage().0).collect::<Vec<_>>());
    }
}

/// A database as the client makes it, with a message and a part of one.
fn database(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE session (id text PRIMARY KEY, parent_id text, directory text, title text, version text, time_created integer);
             CREATE TABLE message (id text PRIMARY KEY, session_id text, time_created integer, time_updated integer, data text);
             CREATE TABLE part (id text PRIMARY KEY, message_id text, session_id text, time_created integer, time_updated integer, data text);
             INSERT INTO session VALUES ('s', NULL, '/p', 't', '1', 1);",
        )
        .unwrap();
    connection
}

fn say(connection: &Connection, id: &str, session: &str, message: &Value, parts: &[Value]) {
    let created = message["time"]["created"].as_i64();
    connection.execute("INSERT INTO message VALUES (?1, ?2, ?3, ?3, ?4)", (id, session, created, message.to_string())).unwrap();
    for (number, part) in parts.iter().enumerate() {
        let place = format!("{id}-{number}");
        connection.execute("INSERT INTO part VALUES (?1, ?2, ?3, 0, 0, ?4)", (place, id, session, part.to_string())).unwrap();
    }
}

fn answered(created: u64, input: u64) -> Value {
    json!({ "role": "assistant", "modelID": "m", "time": { "created": created, "completed": created }, "tokens": { "input": input, "output": 1 } })
}

/// Returns what lies in a directory, with what is in it.
fn lying(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut paths: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

#[test]
fn what_is_only_in_the_log_counts_and_nothing_is_written_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("opencode.db");
    let writer = database(&path);
    writer.pragma_update(None, "journal_mode", "WAL").unwrap();
    writer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    let length = fs::metadata(&path).unwrap().len();
    let size = || Agent::Opencode.walk(directory.path(), 1).files[0].size;
    let before = size();
    for number in 0..200 {
        say(&writer, &format!("m{number}"), "s", &answered(number + 2, 1), &[]);
    }
    assert_eq!((fs::metadata(&path).unwrap().len(), size() > before), (length, true));
    let lies = lying(directory.path());
    assert_eq!(sum(&read(&path)), "0 turns, 200 responses of 200+200+0+0 (0)");
    assert_eq!(lying(directory.path()), lies);
    // While somebody is within a transaction, too.
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    say(&writer, "open", "s", &answered(900, 1), &[]);
    assert_eq!(read(&path)[0].responses.len(), 200);
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(read(&path)[0].responses.len(), 201);
    // Half of the log is what was committed in it.
    let log = directory.path().join("opencode.db-wal");
    let kept = fs::read(&log).unwrap();
    let other = tempfile::tempdir().unwrap();
    fs::copy(&path, other.path().join("opencode.db")).unwrap();
    fs::write(other.path().join("opencode.db-wal"), &kept[..kept.len() / 2]).unwrap();
    let half = read(&other.path().join("opencode.db"))[0].responses.len();
    assert!((1..201).contains(&half), "{half}");
}

#[test]
fn a_database_without_a_log_is_read_where_it_is_even_if_nobody_may_write_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("opencode with # and ? and é.db");
    fs::copy(fixture("1.18.33/opencode.db"), &path).unwrap();
    let lies = lying(directory.path());
    assert_eq!(sum(&read(&path)), "3 turns, 12 responses of 8344+396+0+2816 (60)");
    assert_eq!(lying(directory.path()), lies);
    assert_eq!((Agent::Opencode.growth(&path), Agent::Opencode.can_go_on(&Carried::default())), (Growth::Replaced, false));
    assert_eq!(Agent::recognise(&path).unwrap(), Agent::Opencode);
}

#[test]
fn sub_agents_and_what_nobody_typed_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("opencode.db");
    let writer = database(&path);
    writer.execute_batch("INSERT INTO session VALUES ('child', 's', '/p', 'c', '1', 1)").unwrap();
    let user = |created: u64| json!({ "role": "user", "time": { "created": created } });
    let text = |text: &str| json!({ "type": "text", "text": text });
    say(&writer, "m1", "s", &user(2), &[json!({ "type": "text", "text": "by the client", "synthetic": true }), text("go")]);
    say(&writer, "m2", "s", &user(3), &[json!({ "type": "compaction", "auto": true })]);
    say(&writer, "m3", "child", &user(4), &[text("what the parent wants")]);
    say(&writer, "m4", "child", &answered(5, 7), &[]);
    let all = read(&path);
    assert_eq!(sum(&all), "1 turns, 1 responses of 7+1+0+0 (0)");
    let (child, parent) = (&all[0], &all[1]);
    let response = child.responses[0];
    assert_eq!((child.name(response.conversation), child.name(response.subagent), response.is_sidechain), (Some("s"), Some("child"), true));
    assert_eq!((parent.compactions.len(), parent.name(parent.compactions[0].trigger)), (1, Some("auto")));
    assert_eq!((child.counts.sidechain, parent.counts.sidechain), (2, 0));
}

#[test]
fn tools_say_how_they_ended() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("opencode.db");
    let writer = database(&path);
    let tool = |id: &str, state: Value| json!({ "type": "tool", "tool": "bash", "callID": id, "state": state });
    let parts = [
        tool("1", json!({ "status": "completed", "metadata": { "exit": 0 }, "time": { "start": 10, "end": 25 } })),
        tool("2", json!({ "status": "completed", "metadata": { "exit": 3 } })),
        tool("3", json!({ "status": "error", "error": "The user rejected permission to use this specific tool call." })),
        tool("4", json!({ "status": "error", "error": "Tool execution aborted" })),
        tool("5", json!({ "status": "running" })),
        json!({ "type": "tool", "tool": "apply_patch", "callID": "6", "state": { "status": "completed", "input": {
            "patchText": "*** Begin Patch\n*** Update File: a\n*** Add File: b\n*** End Patch" } } }),
    ];
    say(&writer, "m", "s", &answered(5, 7), &parts);
    let facts = read(&path).remove(0);
    let said: Vec<_> = facts.answers.iter().map(|answer| (answer.is_error, answer.refusal, answer.duration_ms)).collect();
    let (rejected, interrupted) = (Some(Refusal::Rejected), Some(Refusal::Interrupted));
    assert_eq!(said, [(false, None, Some(15)), (true, None, None), (true, rejected, None), (true, interrupted, None), (false, None, None)]);
    assert_eq!((facts.calls.len(), facts.edits.len()), (6, 2));
}

#[test]
fn what_is_no_json_or_too_long_is_counted_and_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("opencode.db");
    let writer = database(&path);
    say(&writer, "m1", "s", &answered(5, 7), &[]);
    writer
        .execute_batch(
            "INSERT INTO message VALUES ('m2', 's', 1, 1, '{\"cut'), ('m3', 's', 1, 1, 7), ('m4', 's', 1, 1, NULL), (NULL, 's', 'x', 1, x'ff00');
             INSERT INTO message VALUES ('m5', 's', 1, 1, zeroblob(40000000));
             INSERT INTO session VALUES (x'00ff', 9, NULL, 4.5, 1, 'then');",
        )
        .unwrap();
    let all = read(&path);
    let facts = all.iter().find(|facts| !facts.responses.is_empty()).unwrap();
    assert_eq!((facts.responses.len(), facts.counts.broken, facts.counts.too_long), (1, 3, 2));
    assert_eq!(facts.counts.lines, 6);
}

#[test]
fn a_schema_that_does_more_than_hold_rows_is_not_run() {
    let make = |sql: &str| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("opencode.db");
        let writer = database(&path);
        say(&writer, "m1", "s", &answered(5, 7), &[]);
        writer.execute_batch(sql).unwrap();
        drop(writer);
        let count = try_read(&path, Wanted::Everything).map(|all| all.iter().map(|facts| facts.responses.len()).sum::<usize>());
        assert_eq!(lying(directory.path()).len(), 1, "{sql}");
        count.ok()
    };
    // A view that never ends in the place of a table.
    let endless = "DROP TABLE message; CREATE VIEW message AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
        SELECT 'm' AS id, 's' AS session_id, 1 AS time_created, 1 AS time_updated, 'x' AS data FROM n";
    assert_eq!(make(endless), Some(0));
    assert_eq!(make("DROP TABLE message; CREATE VIRTUAL TABLE message USING fts5(id, session_id, time_created, data)"), Some(0));
    assert_eq!(make("CREATE TRIGGER t AFTER INSERT ON part BEGIN DELETE FROM message; END"), Some(1));
    assert_eq!(make("DROP TABLE part"), Some(0));
    let computed = "DROP TABLE session; CREATE TABLE session (id text, title text AS (hex(zeroblob(1 << 20))) VIRTUAL); INSERT INTO session VALUES ('s')";
    assert_eq!(make(computed), Some(0));
    // Each row would be read with all messages of its id.
    let repeated = "DROP TABLE session; CREATE TABLE session (id text); INSERT INTO session
        WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 50000) SELECT 's' FROM n";
    assert_eq!(make(repeated), Some(1));
}

#[test]
fn a_damaged_database_is_an_error_or_says_what_is_left_and_never_harms() {
    let bytes = fs::read(fixture("1.18.33/opencode.db")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("opencode.db");
    let mut dice = crate::varied::Dice::new(7);
    let mut errors = 0;
    for round in 0..60 {
        let mut bytes = bytes.clone();
        match round % 3 {
            0 => bytes.truncate(dice.below(bytes.len())),
            1 => (0..200).for_each(|_| {
                let place = dice.below(bytes.len());
                bytes[place] ^= 1 << dice.below(8);
            }),
            _ => {
                let (from, to) = (dice.below(bytes.len() / 4_096), dice.below(bytes.len() / 4_096));
                bytes.copy_within(from * 4_096..from * 4_096 + 4_096, to * 4_096);
            }
        }
        fs::write(&path, &bytes).unwrap();
        errors += u32::from(try_read(&path, Wanted::Everything).is_err());
        assert_eq!(lying(directory.path()).len(), 1);
    }
    assert!((10..60).contains(&errors), "{errors}");
    fs::write(&path, "no database").unwrap();
    assert!(try_read(&path, Wanted::Everything).is_err());
}

#[test]
fn a_log_behind_a_link_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("opencode.db");
    drop(database(&path));
    fs::write(directory.path().join("secret"), "x".repeat(100)).unwrap();
    std::os::unix::fs::symlink(directory.path().join("secret"), directory.path().join("opencode.db-wal")).unwrap();
    assert!(try_read(&path, Wanted::Everything).is_err());
}

#[test]
fn only_databases_and_sessions_are_found_and_names_become_no_paths() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let write = |path: &str, text: &str| {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    };
    for path in ["opencode.db", "opencode-next.db", "opencode.db-shm", "other.db", "log/opencode.db", "storage/session/p/notes.txt"] {
        write(path, "");
    }
    write("storage/session/p/ses_1.json", r#"{"id": "../../ses_2", "time": {"created": 1}}"#);
    write("storage/message/ses_1/msg_1.json", &answered(5, 7).to_string());
    write("storage/message/ses_2/msg_1.json", &answered(5, 9).to_string());
    write("storage/part/msg_1/prt_1.json", "{");
    std::os::unix::fs::symlink(root.join("storage/message/ses_2/msg_1.json"), root.join("storage/message/ses_1/msg_2.json")).unwrap();
    let found: BTreeSet<_> =
        Agent::Opencode.walk(root, 1).files.into_iter().map(|file| file.path.strip_prefix(root).unwrap().to_owned()).collect();
    assert_eq!(found, ["opencode.db", "opencode-next.db", "storage/session/p/ses_1.json"].map(PathBuf::from).into());
    let facts = read(&root.join("storage/session/p/ses_1.json")).remove(0);
    assert_eq!((facts.responses.len(), facts.responses[0].usage.input, facts.counts.broken), (1, 7, 1));
    assert!(Agent::Opencode.walk(&root.join("nowhere"), 1).is_missing);
}

#[test]
fn a_part_with_half_of_a_character_is_read_and_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("opencode.db");
    let writer = database(&path);
    say(&writer, "m1", "s", &json!({ "role": "user", "time": { "created": 2 } }), &[]);
    let half = "{\"type\":\"text\",\"text\":\"half\\ud83d\"}";
    writer.execute("INSERT INTO part VALUES ('p', 'm1', 's', 2, 2, ?1)", [half]).unwrap();
    drop(writer);
    let facts = read(&path).remove(0);
    assert_eq!((facts.turns.len(), facts.counts.broken), (1, 0));
    let mut said = Vec::new();
    let take = &mut |heard: agents::transcripts::Heard| said.extend(heard.said);
    Agent::Opencode.hear(&path, 0, &Carried::default(), &mut TranscriptBuffers::default(), take).unwrap();
    assert_eq!(said.iter().map(|said| said.text.as_str()).collect::<Vec<_>>(), ["half\u{fffd}"]);
}

#[test]
fn whether_a_session_is_here_its_files_and_its_database_say() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("opencode");
    let is_here = |id: &str| Agent::Opencode.is_here(std::slice::from_ref(&root), id).unwrap();
    assert_eq!(is_here("s"), Some(false));
    fs::create_dir_all(root.join("storage/session/p")).unwrap();
    fs::write(root.join("storage/session/p/old.json"), "{}").unwrap();
    fs::write(root.join("secret.json"), "{}").unwrap();
    assert_eq!(["old", "s", "../../../secret", ""].map(is_here), [Some(true), Some(false), Some(false), Some(false)]);
    let path = root.join("opencode.db");
    let writer = database(&path);
    assert_eq!(["old", "s", "gone"].map(is_here), [Some(true), Some(true), Some(false)]);
    // What is in the log cannot be seen without a copy: nobody knows what was deleted, or made.
    writer.pragma_update(None, "journal_mode", "WAL").unwrap();
    writer.execute("DELETE FROM session", []).unwrap();
    let before = lying(&root.join("storage/session/p"));
    assert_eq!(["old", "s", "gone"].map(is_here), [Some(true), None, None]);
    assert_eq!(lying(&root.join("storage/session/p")), before);
    drop(writer);
    assert_eq!(is_here("s"), Some(false));
    fs::write(&path, "no database").unwrap();
    assert_eq!(is_here("s"), None);
    Connection::open(root.join("opencode-next.db")).unwrap().execute_batch("CREATE TABLE conversation (id text)").unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(is_here("s"), None);
}
