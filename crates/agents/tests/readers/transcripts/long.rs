//! Lines that are too long to be held: a picture, the output of a command that never stopped.

use std::io::{self, Read};

use agents::TranscriptBuffers;
use agents::transcripts::{Agent, Carried, Pass, Wanted};
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

/// A line of 200 MB takes no more memory than one of 20. Other tests in the same process may take more meanwhile, so that it runs alone.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "measures the process that it runs in: run it alone"]
fn a_line_of_200_mb_takes_bounded_memory() {
    let kilobytes = |what: &str| -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with(what)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let before = kilobytes("VmRSS:");
    for (text, close) in [(TEXT, BEHIND), (ESCAPED, BEHIND), ("\",\"", BEHIND), (TEXT, "")] {
        let parts = [(BEFORE, 1), (text, (200 << 20) / text.len()), (close, 1), ("\n", 1), (SHORT, 1)];
        let pass = made(&parts, Wanted::Everything);
        assert_eq!((pass.length, pass.facts.counts.lines), (length(&parts), 2));
        let parts = [(PRINTED, 1), (text, (200 << 20) / text.len()), ("\"}}", 1), ("\n", 1), (COUNTED, 1)];
        let pass = made_by(Agent::Codex, &parts, Wanted::Everything);
        assert_eq!((pass.length, pass.facts.counts.lines), (length(&parts), 2));
    }
    let peak = kilobytes("VmHWM:");
    assert!(peak < before + (48 << 10), "{before} kB before, {peak} kB at most");
}
