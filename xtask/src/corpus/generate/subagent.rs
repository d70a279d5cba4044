//! A subagent: a file of its own beside the session's, under the session's name.

use anyhow::Result;

use super::reply::{self, Conversation, Reply};
use super::transcript::{Row, Transcript};
use super::turn::turn;
use super::{Writer, clock, models};

/// The share of subagents whose parent repeats one of their messages, as clients did for some months.
const REPEATED: f64 = 0.25;

/// The share of files that end within a line.
const TORN: f64 = 0.02;

/// Writes the file of a subagent that a session started, and returns when it is done.
pub(super) fn subagent(to: &mut Writer, parent: &mut Transcript, mut at: f64) -> Result<f64> {
    let name = to.dice.hex(8);
    let path = parent.path.with_extension("").join("subagents").join(format!("agent-{name}.jsonl"));
    let mut on = Transcript::begin(path, parent.origin.clone(), Some(&name))?;
    let mut talk = Conversation::new(to.dice.between(9_000, 14_000), to.dice.between(500, 4_000));
    let model = models::any(&mut to.dice);
    for _ in 0..*to.dice.pick(&[1, 1, 1, 2]) {
        at = turn(to, &mut on, &mut talk, at, model)?;
    }
    let torn = to.dice.chance(TORN);
    on.end(&mut to.account, torn)?;
    to.account.subagent_files += 1;
    match talk.last {
        Some(last) if to.dice.chance(REPEATED) => repeat(to, parent, at, &name, &last)?,
        _ => {}
    }
    Ok(at)
}

/// Writes a subagent's message into its parent's file, with the same names and the same bill.
fn repeat(to: &mut Writer, parent: &mut Transcript, at: f64, name: &str, reply: &Reply) -> Result<()> {
    let Reply { message, request, block, billed } = reply;
    let own = format!(
        concat!(
            r#","type":"progress","data":{{"type":"agent_progress","agentId":"{}","message":{{"type":"assistant","timestamp":"{}","#,
            r#""message":{{"model":"{}","id":"{}","type":"message","role":"assistant","content":[{}],"usage":{}}},"requestId":"{}","#,
            r#""isSidechain":true,"uuid":"{}"}}}},"toolUseID":"toolu_01{}""#
        ),
        name,
        clock::timestamp(at),
        billed.model,
        message,
        block,
        reply::json(billed.usage),
        request,
        to.dice.uuid(),
        to.dice.hex(22)
    );
    parent.row((&mut to.dice, &mut to.account), at, Row { kind: "progress", own: &own, billed: Some(*billed) })
}
