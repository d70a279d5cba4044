//! Lines that something happened to: a disk, an editor, another program. Drawn from a number, so that each can be had again.

use agents::TranscriptBuffers;
use agents::transcripts::{Agent, Carried, Wanted};
use serde::de::IgnoredAny;
use session::transcript::{Facts, Response};

use super::captures_of;
use crate::varied::Dice;

/// Up to which length lines are taken: what is longer is text.
const LONGEST: usize = 1_600;

pub(super) struct Lines {
    all: Vec<Vec<u8>>,
    /// Those that tell of usage: few, and what matters most.
    of_usage: Vec<Vec<u8>>,
}

impl Lines {
    fn captured(agent: Agent) -> Self {
        let captures = captures_of(agent);
        let lines = captures.iter().flat_map(|(_, bytes)| bytes.split(|&byte| byte == b'\n'));
        let mut all: Vec<Vec<u8>> = lines.filter(|line| (1..LONGEST).contains(&line.len())).map(<[u8]>::to_vec).collect();
        if agent == Agent::ClaudeCode {
            all.push(br#"{"type":"progress","data":{"type":"agent_progress","message":{"type":"assistant","requestId":"r","message":{"id":"m","model":"x","usage":{"input_tokens":1,"output_tokens":2}}}}}"#.to_vec());
        }
        all.sort();
        all.dedup();
        let words: &[&[u8]] = match agent {
            Agent::ClaudeCode => &[b"\"usage\""],
            Agent::Opencode => &[],
            Agent::Gemini => &[b"\"tokens\""],
            Agent::Copilot => &[b"session.usage_record", b"assistant.message"],
            Agent::Codex => &[b"\"token_count\"", b"\"token_usage_record\"", b"\"turn_context\""],
        };
        Self::of(all, words)
    }

    /// Takes values that were written somewhere.
    pub(super) fn of(all: Vec<Vec<u8>>, words: &[&[u8]]) -> Self {
        let says_usage = |line: &&Vec<u8>| words.iter().any(|word| memmem(line, word));
        Self { of_usage: all.iter().filter(says_usage).cloned().collect(), all }
    }

    pub(super) fn draw<'l>(&'l self, dice: &mut Dice) -> &'l [u8] {
        let from = if dice.is(2) { &self.of_usage } else { &self.all };
        &from[dice.below(from.len())]
    }
}

fn memmem(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Draws a transcript of one to three lines, most of them broken or strange.
fn draw(lines: &Lines, dice: &mut Dice) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..dice.of(&[1, 1, 1, 2, 3]) {
        let mut line = lines.draw(dice).to_vec();
        for _ in 0..dice.of(&[0, 1, 1, 1, 2, 3]) {
            happen(&mut line, lines, dice);
        }
        text.extend(line);
        text.extend(dice.of(&[&b"\n"[..], b"\n", b"\n", b"\r\n", b"\n\n \n"]));
    }
    if dice.is(8) {
        text.pop();
    }
    text
}

pub(super) fn happen(line: &mut Vec<u8>, lines: &Lines, dice: &mut Dice) {
    let at = dice.below(line.len() + 1);
    match dice.below(12) {
        0 => (0..dice.of(&[1, 1, 2, 8])).for_each(|_| flip(line, dice)),
        1 => line.truncate(at),
        2 => drop(line.drain(..at)),
        3 => {
            let other = lines.draw(dice);
            line.truncate(at);
            line.extend(&other[dice.below(other.len())..]);
        }
        4 => insert(line, at, &[0xff, 0xc0, 0x80, 0xed][dice.below(4)..]),
        5 => insert(line, at, &[0; 3][dice.below(3)..]),
        6 => replace_number(line, dice),
        7 => replace_value(line, lines, dice),
        8 => repeat_member(line, dice),
        9 => nest(line, dice),
        10 => insert(
            line,
            at,
            dice.of(&[&b"\\"[..], b"\"", b"\\ud83d", b"\\u00e9", b"{", b"}", b"[", b"]", b",", b":", b"\n", b"\t", b" ", b"\xef\xbb\xbf"]),
        ),
        _ => {
            let end = at + dice.below(line.len() - at + 1).min(40);
            drop(line.drain(at..end));
        }
    }
}

fn insert(line: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    line.splice(at..at, bytes.iter().copied());
}

fn flip(line: &mut [u8], dice: &mut Dice) {
    if !line.is_empty() {
        line[dice.below(line.len())] ^= 1 << dice.below(8);
    }
}

/// Returns where something stands, from some place on and then from the beginning.
fn find(line: &[u8], dice: &mut Dice, is_it: impl Fn(&[u8]) -> bool) -> Option<usize> {
    let from = dice.below(line.len() + 1);
    (from..line.len()).chain(0..from).find(|&place| is_it(&line[place..]))
}

fn replace_number(line: &mut Vec<u8>, dice: &mut Dice) {
    let Some(colon) = find(line, dice, |rest| rest[0] == b':' && rest.get(1).is_some_and(u8::is_ascii_digit)) else { return };
    let digits = line[colon + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = dice.of(&[
        "-1",
        "18446744073709551615",
        "18446744073709551616",
        "1e400",
        "-1e-400",
        "7.5",
        "00",
        "1.",
        "\"7\"",
        "1e5",
        "-",
        "+1",
        "NaN",
        "99999999999999999999999999999",
    ]);
    line.splice(colon + 1..colon + 1 + digits, number.bytes());
}

/// Puts something else in the place of a string.
fn replace_value(line: &mut Vec<u8>, lines: &Lines, dice: &mut Dice) {
    let Some(quote) = find(line, dice, |rest| rest.starts_with(b":\"")) else { return };
    let Some(length) = line[quote + 2..].iter().position(|&byte| byte == b'"') else { return };
    let other = dice.of(&[&b"null"[..], b"true", b"[]", b"{}", b"0", b"\"\"", b"{\"usage\":{\"input_tokens\":5}}", b"[[1]]", b"nul", b""]);
    let other = if dice.is(6) { lines.draw(dice) } else { other };
    line.splice(quote + 1..quote + 3 + length, other.iter().copied());
}

/// Writes a member twice, or one of another line.
fn repeat_member(line: &mut Vec<u8>, dice: &mut Dice) {
    let members = [
        &b"\"type\":\"assistant\""[..],
        b"\"requestId\":\"r\"",
        b"\"message\":{\"id\":\"m\",\"usage\":{\"output_tokens\":9}}",
        b"\"usage\":{\"input_tokens\":3}",
        b"\"usage\":null",
        b"\"id\":7",
        b"\"isSidechain\":true",
        b"\"\":{}",
    ];
    if let Some(brace) = find(line, dice, |rest| rest[0] == b'{') {
        insert(line, brace + 1, &[dice.of(&members), b","].concat());
    }
}

fn nest(line: &mut Vec<u8>, dice: &mut Dice) {
    let depth = dice.of(&[1, 3, 100, 400, 700, 3_000]);
    let (open, close) = dice.of(&[("[", "]"), ("{\"a\":", "}")]);
    if let Some(colon) = find(line, dice, |rest| rest[0] == b':' && rest.get(1).is_some_and(u8::is_ascii_digit)) {
        let digits = line[colon + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        insert(line, colon + 1 + digits, close.repeat(depth).as_bytes());
        insert(line, colon + 1, open.repeat(depth).as_bytes());
    }
}

/// Reports whether a line is a JSON object, by its grammar alone: numbers may be too large and characters no characters. The depth is bounded.
pub(super) fn is_sound(line: &[u8]) -> bool {
    line.trim_ascii_start().first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(line).is_ok() && depth(line) < 512
}

fn depth(line: &[u8]) -> usize {
    let (mut depth, mut deepest, mut is_in_string, mut is_escaped) = (0_usize, 0, false, false);
    for &byte in line {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => is_in_string = !is_in_string,
            _ if is_in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn responses(facts: &Facts) -> Vec<(Response, [Option<&str>; 6])> {
    let say =
        |each: &Response| [each.model, each.conversation, each.subagent, each.cwd, each.branch, each.tier].map(|name| facts.name(name));
    let nameless = |each: &Response| {
        let none = session::transcript::Name::default();
        Response { model: none, conversation: none, subagent: none, cwd: none, branch: none, tier: none, ..*each }
    };
    facts.responses.iter().map(|each| (nameless(each), say(each))).collect()
}

/// What was drawn, so that somebody sees whether it is worth anything.
#[derive(Debug, Default)]
struct Drawn {
    lines: u64,
    broken: u64,
    responses: u64,
}

fn check(agent: Agent, text: &[u8], buffers: &mut TranscriptBuffers, drawn: &mut Drawn) {
    let shown = || String::from_utf8_lossy(text).into_owned();
    let everything = agent.read(&mut &text[..], Wanted::Everything, &Carried::default(), buffers).unwrap();
    let usage = agent.read(&mut &text[..], Wanted::Usage, &Carried::default(), buffers).unwrap();
    let end = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |feed| feed + 1);
    let lines = text[..end].split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let is_whole = is_sound(&text[end..]);
    let (mut count, mut broken) = (u64::from(is_whole), 0);
    for line in lines {
        count += 1;
        broken += u64::from(!is_sound(line));
    }
    let counts = everything.facts.counts;
    assert_eq!((counts.lines, counts.broken, counts.too_long), (count, broken, 0), "{}", shown());
    assert_eq!(everything.length, if is_whole { text.len() } else { end } as u64, "{}", shown());
    assert_eq!((everything.length, everything.unfinished), (usage.length, usage.unfinished), "{}", shown());
    assert_eq!(responses(&everything.facts), responses(&usage.facts), "{}", shown());
    drawn.lines += count;
    drawn.broken += broken;
    drawn.responses += everything.facts.responses.len() as u64;
}

fn check_many(agent: Agent, count: u64, first: u64) -> Drawn {
    let (lines, mut buffers, mut drawn) = (Lines::captured(agent), TranscriptBuffers::default(), Drawn::default());
    for seed in first..first + count {
        check(agent, &draw(&lines, &mut Dice::new(seed)), &mut buffers, &mut drawn);
    }
    drawn
}

/// Neither is everything broken, nor nothing, nor is there nothing to count.
fn check_some(agent: Agent, responses: u64) {
    let drawn = check_many(agent, 20_000, 0);
    assert!((drawn.lines / 4..drawn.lines * 3 / 4).contains(&drawn.broken) && drawn.responses > responses, "{drawn:?}");
}

#[test]
fn varied_lines_are_read_or_counted_broken() {
    check_some(Agent::ClaudeCode, 4_000);
}

#[test]
fn varied_lines_of_codex_are_read_or_counted_broken() {
    check_some(Agent::Codex, 4_000);
}

#[test]
#[ignore = "minutes, and only a release build is worth it"]
fn ten_million_varied_lines_are_read_or_counted_broken() {
    let drawn = check_many(Agent::ClaudeCode, 10_000_000, 1 << 32);
    assert!(drawn.lines >= 10_000_000, "{drawn:?}");
}

#[test]
fn varied_lines_of_gemini_and_copilot_are_read_or_counted_broken() {
    check_some(Agent::Gemini, 1_000);
    check_some(Agent::Copilot, 1_000);
}

#[test]
#[ignore = "minutes, and only a release build is worth it"]
fn ten_million_varied_lines_of_gemini_and_copilot_are_read_or_counted_broken() {
    for (agent, first) in [(Agent::Gemini, 1 << 34), (Agent::Copilot, 1 << 35)] {
        let drawn = check_many(agent, 10_000_000, first);
        assert!(drawn.lines >= 10_000_000, "{drawn:?}");
    }
}

#[test]
#[ignore = "minutes, and only a release build is worth it"]
fn ten_million_varied_lines_of_codex_are_read_or_counted_broken() {
    let drawn = check_many(Agent::Codex, 10_000_000, 1 << 33);
    assert!(drawn.lines >= 10_000_000, "{drawn:?}");
}
