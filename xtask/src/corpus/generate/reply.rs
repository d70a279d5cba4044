//! A reply of the API: a line for each of its blocks, each of which says what the whole was billed.

use anyhow::Result;

use super::Writer;
use super::account::{Billed, Usage};
use super::transcript::{Row, Transcript};

const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The share of the lines before the last that say how far the output was when they were written.
const PARTIAL: f64 = 0.2;

/// More than this is not kept in mind: the client compacts.
const WINDOW: u64 = 160_000;

/// What the API has been told so far.
pub(super) struct Conversation {
    /// Tokens that it has in its cache.
    pub(super) known: u64,
    /// Tokens that it has not seen yet.
    pub(super) pending: u64,
    pub(super) must_compact: bool,
    pub(super) last: Option<Reply>,
}

impl Conversation {
    pub(super) fn new(known: u64, pending: u64) -> Self {
        Self { known, pending, must_compact: false, last: None }
    }
}

/// A reply that was written, to be repeated elsewhere.
pub(super) struct Reply {
    pub(super) message: String,
    pub(super) request: String,
    pub(super) block: String,
    pub(super) billed: Billed,
}

/// Writes a reply.
pub(super) fn reply(
    to: &mut Writer,
    on: &mut Transcript,
    talk: &mut Conversation,
    at: f64,
    blocks: Vec<String>,
    model: &'static str,
) -> Result<()> {
    let (message, request) = (message(to), format!("req_011C{}", to.dice.letters(BASE58, 20)));
    let reference = to.dice.uuid();
    if !on.is_sidechain {
        sent(to, on, at, model, &reference)?;
    }
    let usage = bill(to, talk, blocks.iter().map(String::len).sum());
    to.replies += 1;
    let (number, last) = (to.replies, blocks.len() - 1);
    for (place, block) in blocks.iter().enumerate() {
        let said = if place == last || !to.dice.chance(PARTIAL) { usage } else { partial(to, usage) };
        let billed = Billed { reply: number, model, usage: said };
        if place == 0 {
            to.account.first_wins.add(model, said);
        }
        let stop = match (place == last, block.starts_with(r#"{"type":"tool_use""#)) {
            (false, _) => "null",
            (true, true) => "\"tool_use\"",
            (true, false) => "\"end_turn\"",
        };
        let own = format!(
            concat!(
                r#","message":{{"id":"{}","type":"message","role":"assistant","model":"{}","content":[{}],"stop_reason":{},"#,
                r#""stop_sequence":null,"usage":{},"stop_details":null}},"apiBlockIndex":{},"requestId":"{}","requestRef":"{}","#,
                r#""requestedModel":"{}","promptCacheRequested":"5m","effort":"medium","madeBy":"model","type":"assistant""#
            ),
            message,
            model,
            block,
            stop,
            json(said),
            place,
            request,
            reference,
            model
        );
        let row = Row { kind: "assistant", own: &own, billed: Some(billed) };
        on.row((&mut to.dice, &mut to.account), at + place as f64 * 0.4, row)?;
    }
    to.account.replies += 1;
    to.account.dedup.add(model, usage);
    to.account.per_session.add(model, usage);
    let billed = Billed { reply: number, model, usage };
    talk.last = blocks.into_iter().next_back().map(|block| Reply { message, request, block, billed });
    Ok(())
}

/// Returns usage as the API writes it.
pub(super) fn json(usage: Usage) -> String {
    format!(
        concat!(
            r#"{{"input_tokens":{},"cache_creation_input_tokens":{},"cache_read_input_tokens":{},"output_tokens":{},"#,
            r#""output_tokens_details":{{"thinking_tokens":0}},"server_tool_use":{{"web_search_requests":0,"web_fetch_requests":0}},"#,
            r#""service_tier":"standard","cache_creation":{{"ephemeral_1h_input_tokens":{},"ephemeral_5m_input_tokens":{}}},"#,
            r#""inference_geo":"","iterations":[],"speed":"standard"}}"#
        ),
        usage.input,
        usage.cache_creation,
        usage.cache_read,
        usage.output,
        usage.hour,
        usage.cache_creation - usage.hour
    )
}

/// Returns a name of a message.
fn message(to: &mut Writer) -> String {
    format!("msg_01{}", to.dice.letters(BASE58, 22))
}

/// Writes what the client keeps of a request.
fn sent(to: &mut Writer, on: &mut Transcript, at: f64, model: &str, reference: &str) -> Result<()> {
    let line = format!(
        concat!(
            r#"{{"type":"api-request","sessionId":"{}","id":"{}","timestamp":"{}","version":"{}","querySource":"repl_main_thread","#,
            r#""shapeHash":"{}","params":{{"model":"{}","betas":["interleaved-thinking-2025-05-14","effort-2025-11-24"],"max_tokens":128000,"#,
            r#""thinking":{{"type":"adaptive","display":"updates"}},"output_config":{{"effort":"medium"}}}},"keep":{},"#,
            r#""tail":["{}","{}"],"cacheControl":[{{"path":["system",0],"value":{{"type":"ephemeral"}}}}],"requestDigest":"{}"}}"#
        ),
        on.origin.session,
        reference,
        super::clock::timestamp(at),
        on.origin.version,
        on.shape,
        model,
        to.dice.below(500),
        to.dice.hex(64),
        to.dice.hex(64),
        to.dice.hex(64)
    );
    on.line(&mut to.account, "api-request", None, line.as_bytes())
}

/// Says what a reply of that length is billed, and moves what was said into the cache.
fn bill(to: &mut Writer, talk: &mut Conversation, length: usize) -> Usage {
    let output = length as u64 / 4 + to.dice.between(1, 40);
    let cache_creation = talk.pending + to.dice.between(0, 60);
    let hour = if to.dice.chance(0.25) { cache_creation } else { 0 };
    let usage = Usage { input: to.dice.between(1, 12), output, cache_creation, cache_read: talk.known, hour };
    talk.known += cache_creation;
    talk.pending = output;
    if talk.known > WINDOW {
        talk.known = to.dice.between(12_000, 22_000);
        talk.must_compact = true;
    }
    usage
}

fn partial(to: &mut Writer, usage: Usage) -> Usage {
    Usage { output: usage.output.min(to.dice.between(1, 9)), ..usage }
}
