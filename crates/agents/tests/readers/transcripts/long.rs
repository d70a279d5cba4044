//! Lines that are too long to be held: a picture, the output of a command that never stopped.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use agents::TranscriptBuffers;
use agents::transcripts::{Agent, Carried, Heard, Pass, Wanted};
use rusqlite::Connection;
use session::transcript::Usage;

/// A part of a file that says the same over and over: the words, and how often.
type Part = (&'static str, usize);

/// Gives a file that nobody holds.
struct Made {
    parts: Vec<Part>,
    /// The part, how many times it was given, how many bytes of it.
    at: (usize, usize, usize),
}

impl Read for Made {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < into.len() {
            let (part, times, from) = self.at;
            let Some(&(words, wanted)) = self.parts.get(part) else { break };
            if times == wanted {
                self.at = (part + 1, 0, 0);
                continue;
            }
            let rest = &words.as_bytes()[from..];
            let count = rest.len().min(into.len() - filled);
            into[filled..filled + count].copy_from_slice(&rest[..count]);
            filled += count;
            self.at = if count == rest.len() { (part, times + 1, 0) } else { (part, times, from + count) };
        }
        Ok(filled)
    }
}

fn made(parts: &[Part], wanted: Wanted) -> Pass {
    made_by(Agent::ClaudeCode, parts, wanted)
}

fn made_by(agent: Agent, parts: &[Part], wanted: Wanted) -> Pass {
    let mut made = Made { parts: parts.to_vec(), at: (0, 0, 0) };
    agent.read(&mut made, wanted, &Carried::default(), &mut TranscriptBuffers::default()).unwrap()
}

fn length(parts: &[Part]) -> u64 {
    parts.iter().map(|(words, times)| (words.len() * times) as u64).sum()
}

const BEFORE: &str = concat!(
    r#"{"type":"assistant","sessionId":"c1","requestId":"r","timestamp":"2026-01-01T00:00:00Z","message":{"id":"a","model":"m","#,
    r#""content":[{"type":"text","text":""#
);
const BEHIND: &str = concat!(
    r#""},{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"ls"}}],"stop_reason":"end_turn","#,
    r#""usage":{"input_tokens":3,"output_tokens":4}}}"#
);
const SHORT: &str =
    concat!(r#"{"type":"assistant","sessionId":"c1","requestId":"s","message":{"id":"b","model":"m","usage":{"output_tokens":9}}}"#, "\n");
const TEXT: &str =
    "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghij";
const ESCAPED: &str = "say \\\"usage\\\": \\\\ \\u00e9 é\\n";

#[test]
fn a_line_of_20_mb_is_one_line() {
    for text in [TEXT, ESCAPED] {
        let parts = [(SHORT, 1), (BEFORE, 1), (text, (20 << 20) / text.len()), (BEHIND, 1), ("\n", 1), (SHORT, 1)];
        let pass = made(&parts, Wanted::Everything);
        assert_eq!((pass.length, pass.unfinished), (length(&parts), 0));
        let facts = &pass.facts;
        assert_eq!((facts.counts.lines, facts.counts.broken, facts.counts.too_long), (3, 0, 0));
        let long = &facts.responses[1];
        assert_eq!((facts.responses.len(), long.is_final, long.usage), (2, true, Usage { input: 3, output: 4, ..Usage::default() }));
        assert_eq!((facts.calls.len(), facts.name(facts.calls[0].about)), (1, Some("ls")));
        let usage = made(&parts, Wanted::Usage).facts.responses;
        assert_eq!(
            usage.iter().map(|response| response.usage).collect::<Vec<_>>(),
            facts.responses.iter().map(|response| response.usage).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_line_of_20_mb_that_is_being_written_is_left_for_later() {
    let first = [(SHORT, 1), (BEFORE, 1), (TEXT, (20 << 20) / TEXT.len())];
    let pass = made(&first, Wanted::Everything);
    assert_eq!((pass.length, pass.unfinished), (SHORT.len() as u64, length(&first[1..])));
    assert_eq!((pass.facts.counts.lines, pass.facts.responses.len()), (1, 1));
    let rest = [&first[1..], &[(BEHIND, 1), ("\n", 1)]].concat();
    let next = made(&rest, Wanted::Everything);
    assert_eq!((next.length, next.unfinished, next.facts.responses.len()), (length(&rest), 0, 1));
}

#[test]
fn a_line_that_is_no_text_but_numbers_is_passed_over() {
    let parts = [("{\"a\":[0", 1), (",1234567", 4 << 20), ("]}\n", 1), (SHORT, 1)];
    let pass = made(&parts, Wanted::Everything);
    let counts = pass.facts.counts;
    assert_eq!((counts.lines, counts.broken, counts.too_long, pass.facts.responses.len()), (2, 0, 1, 1));
    assert_eq!((pass.length, pass.unfinished), (length(&parts), 0));
}

/// What a command printed, in a line of Codex.
const PRINTED: &str = concat!(
    r#"{"timestamp":"2026-01-01T00:00:00Z","type":"response_item","payload":{"type":"function_call_output","call_id":"t1","output":"#,
    r#""Wall time: 1.5 seconds\nProcess exited with code 3\nOutput:\n"#
);
const COUNTED: &str = concat!(
    r#"{"timestamp":"2026-01-01T00:00:00Z","type":"event_msg","payload":{"type":"token_count","info":{"#,
    r#""total_token_usage":{"input_tokens":9,"output_tokens":4},"last_token_usage":{"input_tokens":9,"output_tokens":4}}}}"#,
    "\n"
);

#[test]
fn a_line_of_20_mb_of_codex_is_one_line() {
    for text in [TEXT, ESCAPED] {
        let parts = [(PRINTED, 1), (text, (20 << 20) / text.len()), ("\"}}\n", 1), (COUNTED, 1)];
        let pass = made_by(Agent::Codex, &parts, Wanted::Everything);
        let (facts, counts) = (&pass.facts, pass.facts.counts);
        assert_eq!((pass.length, pass.unfinished, counts.lines, counts.broken, counts.too_long), (length(&parts), 0, 2, 0, 0));
        assert_eq!((facts.answers[0].is_error, facts.answers[0].duration_ms, facts.responses.len()), (true, Some(1_500), 1));
    }
}

/// A message of Gemini, in its file of lines and, behind a head, in the one object of older clients.
const SAID: &str = concat!(
    r#"{"id":"a","type":"gemini","timestamp":"2026-01-01T00:00:00Z","model":"m","tokens":{"input":9,"output":4},"#,
    r#""toolCalls":[{"id":"t1","name":"ls","status":"success"}],"content":""#
);
const OLD_HEAD: &str = r#"{"sessionId":"s","messages":["#;
/// What a command printed, in a line of Copilot.
const SHOWN: &str = concat!(
    r#"{"type":"tool.execution_complete","id":"e","timestamp":"2026-01-01T00:00:00Z","data":{"toolCallId":"t1","success":false,"#,
    r#""result":{"content":""#
);
/// A part of a message of opencode.
const PART: &str = r#"{"type":"text","text":""#;

#[test]
fn a_line_of_20_mb_of_gemini_and_copilot_is_one_line() {
    for text in [TEXT, ESCAPED] {
        let parts = [(SAID, 1), (text, (20 << 20) / text.len()), ("\"}\n", 1)];
        let pass = made_by(Agent::Gemini, &parts, Wanted::Everything);
        let (facts, counts) = (&pass.facts, pass.facts.counts);
        assert_eq!((pass.length, counts.lines, counts.broken, counts.too_long), (length(&parts), 1, 0, 0));
        assert_eq!((facts.responses[0].usage, facts.calls.len()), (Usage { input: 9, output: 4, ..Usage::default() }, 1));
        let parts = [(SHOWN, 1), (text, (20 << 20) / text.len()), ("\"}}}\n", 1)];
        let pass = made_by(Agent::Copilot, &parts, Wanted::Everything);
        let (facts, counts) = (&pass.facts, pass.facts.counts);
        assert_eq!((pass.length, counts.lines, counts.broken, counts.too_long), (length(&parts), 1, 0, 0));
        assert!(facts.answers[0].is_error);
    }
}

fn kilobytes(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Does something, and holds how much more memory the process had meanwhile against a bound, in megabytes.
pub(super) fn check_memory(bound: u64, what: &str, work: impl FnOnce()) {
    // Forgets how much it had at most before.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = kilobytes("VmRSS:");
    work();
    let grown = kilobytes("VmHWM:").saturating_sub(before);
    assert!(grown < bound << 10, "{what}: {grown} kB");
}

fn write(path: &Path, parts: &[Part]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    io::copy(&mut Made { parts: parts.to_vec(), at: (0, 0, 0) }, &mut fs::File::create(path).unwrap()).unwrap();
}

/// Reads a file in all ways there are, and returns its counts: lines, broken ones, and ones that are too long; and how much was said.
fn read_all(agent: Agent, path: &Path) -> ([u64; 3], usize) {
    let (mut counts, mut said) = ([0; 3], 0);
    let mut take = |pass: Pass| {
        let found = pass.facts.counts;
        counts = [counts[0] + found.lines, counts[1] + found.broken, counts[2] + found.too_long];
    };
    agent.read_file(path, None, Wanted::Everything, &mut TranscriptBuffers::default(), &|_| {}, &mut take).unwrap();
    let take = &mut |heard: Heard| said += heard.said.len();
    agent.hear(path, 0, &Carried::default(), &mut TranscriptBuffers::default(), take).unwrap();
    (counts, said)
}

/// Reads one message of some megabytes of every agent.
fn check_all(megabytes: usize, bound: u64) {
    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| directory.path().join(path);
    let long = |text: &'static str| (text, (megabytes << 20) / text.len());
    for text in [TEXT, ESCAPED] {
        let files: [(Agent, &str, &[Part]); 5] = [
            (Agent::ClaudeCode, "c.jsonl", &[(BEFORE, 1), long(text), (BEHIND, 1), ("\n", 1)]),
            (Agent::Codex, "rollout-a.jsonl", &[(PRINTED, 1), long(text), ("\"}}\n", 1)]),
            (Agent::Gemini, "session-a.jsonl", &[(SAID, 1), long(text), ("\"}\n", 1)]),
            (Agent::Gemini, "session-a.json", &[(OLD_HEAD, 1), (SAID, 1), long(text), ("\"}]}\n", 1)]),
            (Agent::Copilot, "events.jsonl", &[(SHOWN, 1), long(text), ("\"}}}\n", 1)]),
        ];
        for (agent, name, parts) in files {
            write(&at(name), parts);
            check_memory(bound, name, || {
                let (counts, said) = read_all(agent, &at(name));
                assert_eq!((counts, said > 0), ([1, 0, 0], true), "{name}");
            });
            fs::remove_file(at(name)).unwrap();
        }
    }
    // Of opencode a message that is too long is not read at all.
    let is_held = u64::from(megabytes < 32);
    let session = at("storage/session/p/s.json");
    write(&session, &[(r#"{"id":"s","time":{"created":1}}"#, 1)]);
    write(&at("storage/message/s/m.json"), &[(r#"{"role":"user","time":{"created":1}}"#, 1)]);
    write(&at("storage/part/m/p.json"), &[(PART, 1), long(TEXT), ("\"}", 1)]);
    check_memory(bound, "a tree of opencode", || {
        assert_eq!(read_all(Agent::Opencode, &session), ([2, 0, 1 - is_held], usize::try_from(is_held).unwrap()));
    });
    let database = at("opencode.db");
    make_database(&database, megabytes, is_held == 1);
    check_memory(bound, "a database of opencode", || {
        assert_eq!(read_all(Agent::Opencode, &database), ([2, 0, 1 - is_held], usize::try_from(is_held).unwrap()));
    });
}

fn make_database(path: &Path, megabytes: usize, is_text: bool) {
    let database = Connection::open(path).unwrap();
    let tables = "CREATE TABLE session (id text, directory text);
        CREATE TABLE message (id text, session_id text, time_created integer, data text);
        CREATE TABLE part (id text PRIMARY KEY, message_id text, session_id text, time_created integer, data text);
        CREATE INDEX part_session_idx ON part (session_id);
        INSERT INTO session VALUES ('s', '/p');
        INSERT INTO message VALUES ('m', 's', 1, '{\"role\":\"user\"}');";
    database.execute_batch(tables).unwrap();
    let length = megabytes << 20;
    let data = if is_text {
        format!("'{PART}' || replace(hex(zeroblob({})), '0000', 'word ') || '\"}}'", length / 5 * 2)
    } else {
        format!("zeroblob({length})")
    };
    database.execute_batch(&format!("INSERT INTO part VALUES ('p', 'm', 's', 1, {data})")).unwrap();
}

/// Other tests in the same process may take memory meanwhile: where each has one of its own, it says what it should.
#[cfg(target_os = "linux")]
#[test]
fn a_message_of_24_mb_takes_bounded_memory() {
    check_all(24, 64);
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "half a minute, and a gigabyte on the disk"]
fn a_message_of_200_mb_takes_bounded_memory() {
    check_all(200, 64);
    // Nothing but short strings, and a line that never ends.
    for (text, close) in [("\",\"", BEHIND), (TEXT, "")] {
        check_memory(64, "a line of Claude Code", || {
            let parts = [(BEFORE, 1), (text, (200 << 20) / text.len()), (close, 1), ("\n", 1), (SHORT, 1)];
            let pass = made(&parts, Wanted::Everything);
            assert_eq!((pass.length, pass.facts.counts.lines), (length(&parts), 2));
        });
    }
}
