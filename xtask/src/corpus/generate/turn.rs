//! One turn: what somebody typed, and all that the agent did about it.

use anyhow::Result;

use super::reply::{self, Conversation};
use super::subagent::subagent;
use super::transcript::{Row, Transcript};
use super::words::beginning;
use super::{Writer, clock, tools};

/// The chance that a call starts a subagent.
const SUBAGENT: f64 = 0.02;

/// A call of a tool: its name and its id.
type Call = (&'static str, String);

/// Writes a turn and returns when it is over.
pub(super) fn turn(to: &mut Writer, on: &mut Transcript, talk: &mut Conversation, mut at: f64, model: &'static str) -> Result<f64> {
    let typed = prompt(to, on, talk, at)?;
    let steps = (to.dice.waiting(6.5) as usize + 1).min(60);
    for step in 1..=steps {
        at += 2.0 + to.dice.share() * 12.0;
        if to.dice.chance(0.004) {
            overloaded(to, on, at)?;
            continue;
        }
        let (blocks, calls) = blocks(to, on, step == steps);
        reply::reply(to, on, talk, at, blocks, model)?;
        let asked = on.parent.clone();
        for call in calls {
            at = answer(to, on, talk, at, call, asked.clone())?;
        }
        if std::mem::take(&mut talk.must_compact) {
            compact(to, on, at)?;
        }
    }
    if !on.is_sidechain {
        aftermath(to, on, at, &typed)?;
    }
    Ok(at + to.dice.waiting(90.0))
}

/// Writes what somebody typed, and returns it.
fn prompt(to: &mut Writer, on: &mut Transcript, talk: &mut Conversation, at: f64) -> Result<String> {
    if !on.is_sidechain && to.dice.chance(0.35) {
        snapshot(to, on, at)?;
    }
    let size = to.dice.size(260.0, 1.1, 10, 12_000);
    let typed = to.words.prose.take(&mut to.dice, size).to_owned();
    on.prompt = to.dice.uuid();
    let own = format!(
        concat!(
            r#","promptId":"{}","type":"user","message":{{"role":"user","content":"{}"}},"permissionMode":"default","#,
            r#""promptSource":"typed","origin":{{"kind":"human"}}"#
        ),
        on.prompt, typed
    );
    on.row((&mut to.dice, &mut to.account), at, Row::new("user", &own))?;
    talk.pending += typed.len() as u64 / 4;
    if !on.is_sidechain && to.dice.chance(0.15) {
        let own = r#","attachment":{"type":"todo_reminder","content":[],"itemCount":0},"type":"attachment""#;
        on.row((&mut to.dice, &mut to.account), at + 0.1, Row::new("attachment", own))?;
    }
    Ok(typed)
}

/// Returns the blocks of a reply, and the calls among them.
fn blocks(to: &mut Writer, on: &Transcript, is_last: bool) -> (Vec<String>, Vec<Call>) {
    let (dice, words) = (&mut to.dice, &to.words);
    let (mut blocks, mut calls) = (Vec::new(), Vec::new());
    if dice.chance(0.3) {
        let (size, from, length) = (dice.size(700.0, 0.9, 40, 9_000), dice.below(15_000), dice.between(250, 1_800) as usize);
        let (thought, signature) = (words.prose.take(dice, size), &words.noise[from..from + length]);
        blocks.push(format!(r#"{{"type":"thinking","thinking":"{thought}","signature":"{signature}"}}"#));
    }
    if is_last || dice.chance(0.45) {
        let size = dice.size(if is_last { 900.0 } else { 160.0 }, 0.9, 20, 12_000);
        blocks.push(format!(r#"{{"type":"text","text":"{}"}}"#, words.prose.take(dice, size)));
    }
    let count = if is_last { 0 } else { 1 + if dice.chance(0.18) { dice.between(1, 3) } else { 0 } };
    for _ in 0..count {
        let name = if !on.is_sidechain && dice.chance(SUBAGENT) { tools::AGENT } else { tools::any(dice) };
        let id = format!("toolu_01{}", dice.hex(22));
        let input = tools::input(name, words, dice, &on.origin.cwd);
        blocks.push(format!(r#"{{"type":"tool_use","id":"{id}","name":"{name}","input":{input}}}"#));
        to.account.tool(name);
        calls.push((name, id));
    }
    (blocks, calls)
}

/// Writes what came of a call, and returns when.
fn answer(to: &mut Writer, on: &mut Transcript, talk: &mut Conversation, at: f64, call: Call, asked: Option<String>) -> Result<f64> {
    let (name, id) = call;
    let mut at = at + to.dice.waiting(1.5);
    if name == tools::AGENT {
        at = subagent(to, on, at)?;
    }
    let result = tools::result(name, &to.words, &mut to.dice);
    let mirrored = tools::mirrored(name, &result, &to.words, &mut to.dice, &on.origin.cwd);
    let content = if name == tools::AGENT { format!(r#"[{{"type":"text","text":"{result}"}}]"#) } else { format!("\"{result}\"") };
    let failed = if to.dice.chance(0.04) { r#","is_error":true"# } else { "" };
    let own = format!(
        concat!(
            r#","promptId":"{}","type":"user","message":{{"role":"user","content":[{{"tool_use_id":"{}","type":"tool_result","#,
            r#""content":{}{}}}]}},"toolUseResult":{}"#
        ),
        on.prompt, id, content, failed, mirrored
    );
    on.parent = asked;
    on.row((&mut to.dice, &mut to.account), at, Row::new("user", &own))?;
    talk.pending += result.len() as u64 / 4;
    Ok(at)
}

/// Writes what the client says in the agent's name when the API does not answer.
fn overloaded(to: &mut Writer, on: &mut Transcript, at: f64) -> Result<()> {
    let own = format!(
        concat!(
            r#","message":{{"id":"{}","model":"<synthetic>","role":"assistant","stop_reason":"stop_sequence","type":"message","#,
            r#""usage":{{"input_tokens":0,"output_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0}},"#,
            r#""content":[{{"type":"text","text":"API Error: 529 overloaded"}}]}},"isApiErrorMessage":true,"type":"assistant""#
        ),
        to.dice.uuid()
    );
    on.row((&mut to.dice, &mut to.account), at, Row::new("assistant", &own))
}

/// Writes that the conversation was made shorter.
fn compact(to: &mut Writer, on: &mut Transcript, at: f64) -> Result<()> {
    let own = format!(
        concat!(
            r#","type":"system","subtype":"compact_boundary","content":"Conversation compacted","isMeta":false,"level":"info","#,
            r#""compactMetadata":{{"trigger":"auto","preTokens":{}}}"#
        ),
        to.dice.between(150_000, 168_000)
    );
    on.row((&mut to.dice, &mut to.account), at, Row::new("system", &own))?;
    let size = to.dice.size(7_000.0, 0.4, 2_000, 20_000);
    let summary = to.words.prose.take(&mut to.dice, size);
    let own = format!(
        r#","type":"user","message":{{"role":"user","content":"{summary}"}},"isCompactSummary":true,"isVisibleInTranscriptOnly":true"#
    );
    on.row((&mut to.dice, &mut to.account), at + 0.2, Row::new("user", &own))
}

/// Writes which files can be taken back.
fn snapshot(to: &mut Writer, on: &mut Transcript, at: f64) -> Result<()> {
    let (dice, words) = (&mut to.dice, &to.words);
    let count = dice.below(7);
    let backup = |_| {
        let (path, name) = (words.source(dice, &on.origin.cwd), dice.hex(16));
        format!(r#""{path}":{{"backupFileName":"{name}@v1","version":1}}"#)
    };
    let backups = (0..count).map(backup).collect::<Vec<_>>().join(",");
    let (id, time) = (to.dice.uuid(), clock::timestamp(at));
    let line = format!(
        concat!(
            r#"{{"type":"file-history-snapshot","messageId":"{}","snapshot":{{"messageId":"{}","trackedFileBackups":{{{}}},"#,
            r#""timestamp":"{}"}},"isSnapshotUpdate":false}}"#
        ),
        id, id, backups, time
    );
    on.line(&mut to.account, "file-history-snapshot", None, line.as_bytes())
}

/// Writes what the client notes after a turn.
fn aftermath(to: &mut Writer, on: &mut Transcript, at: f64, typed: &str) -> Result<()> {
    let took = to.dice.between(2_000, 600_000);
    let own = format!(r#","type":"system","subtype":"turn_duration","durationMs":{took},"isMeta":false"#);
    on.row((&mut to.dice, &mut to.account), at + 0.3, Row::new("system", &own))?;
    let session = on.origin.session.clone();
    if to.dice.chance(0.3) {
        let line = format!(r#"{{"type":"last-prompt","lastPrompt":"{}","sessionId":"{session}"}}"#, beginning(typed, 180));
        on.line(&mut to.account, "last-prompt", None, line.as_bytes())?;
    }
    if to.dice.chance(0.1) {
        let (time, text) = (clock::timestamp(at), to.words.sentence(&mut to.dice, 12));
        let line = format!(
            r#"{{"type":"queue-operation","operation":"enqueue","timestamp":"{time}","content":"{text}","sessionId":"{session}"}}"#
        );
        on.line(&mut to.account, "queue-operation", None, line.as_bytes())?;
    }
    Ok(())
}
