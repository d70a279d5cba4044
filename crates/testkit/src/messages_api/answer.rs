//! Requests and their answers: what is asked, which step is due, and sending it as far as it goes.

use std::io::{Error, ErrorKind, Result};
use std::net::{Shutdown, TcpStream};

use serde_json::{Value, json};

use super::http::{self, Incoming};
use super::ledger::{Exchange, Kind};
use super::reply::{Message, new_id};
use super::room::Room;
use super::script::{Step, say};
use super::{request, stream};

/// Answers one request and writes down how far it got.
pub(super) fn answer(incoming: &Incoming, to: &mut TcpStream, room: &Room) -> Result<()> {
    let body: Value = serde_json::from_slice(&incoming.body).unwrap_or_default();
    if incoming.method == "POST" && incoming.path == "/v1/messages" && body["messages"].is_array() {
        return message(incoming, &body, to, room);
    }
    let (kind, status, answer) = housekeeping(incoming, room);
    plain(exchange(incoming, &body, kind, status), &answer, to, room)
}

/// Returns what is said to what is no message.
fn housekeeping(incoming: &Incoming, room: &Room) -> (Kind, u16, String) {
    match (incoming.method.as_str(), incoming.path.as_str()) {
        ("POST", "/v1/messages/count_tokens") => (Kind::TokenCount, 200, json!({ "input_tokens": incoming.body.len() / 4 }).to_string()),
        ("GET", "/v1/models") => (Kind::Probe, 200, json!({ "data": [], "has_more": false }).to_string()),
        ("HEAD", _) => (Kind::Probe, 200, String::new()),
        (method, path) => {
            room.complain(format!("{method} {path}: {}", String::from_utf8_lossy(&incoming.body)));
            (Kind::Unknown, 404, error(404, "").to_string())
        }
    }
}

fn exchange(incoming: &Incoming, body: &Value, kind: Kind, status: u16) -> Exchange {
    let session = incoming.header("x-claude-code-session-id").map(str::to_owned);
    let model = body["model"].as_str().map(str::to_owned);
    let request_id = new_id("req");
    Exchange { kind, session, model, status, request_id, message_id: None, blocks: Vec::new(), usage: Value::Null, is_complete: false }
}

/// What is sent is written down first: whoever has it may look at once.
fn plain(mut exchange: Exchange, answer: &str, to: &mut TcpStream, room: &Room) -> Result<()> {
    let (status, request_id) = (exchange.status, exchange.request_id.clone());
    exchange.is_complete = true;
    room.enter(exchange);
    http::respond(to, status, &request_id, answer.as_bytes())
}

/// Plays the step that is due.
fn message(incoming: &Incoming, body: &Value, to: &mut TcpStream, room: &Room) -> Result<()> {
    let kind = request::kind(body);
    room.state().ledger.told.push(String::from_utf8_lossy(&incoming.body).into_owned());
    let step = step(&kind, body, room);
    let mut exchange = exchange(incoming, body, kind, 200);
    room.pause(step.delay);
    if let Some(status) = failure(&step, &exchange, room) {
        exchange.status = status;
        let answer = error(status, &exchange.request_id).to_string();
        return plain(exchange, &answer, to, room);
    }
    let message = Message::new(&step, body);
    (exchange.message_id, exchange.usage) = (Some(message.id.clone()), message.usage.clone());
    if body["stream"] != true {
        exchange.blocks.clone_from(&message.content);
        return plain(exchange, &message.whole().to_string(), to, room);
    }
    streamed(&message, &step, exchange, to, room)
}

/// Returns what to say to a request of a kind.
fn step(kind: &Kind, body: &Value, room: &Room) -> Step {
    match kind {
        Kind::Turn { script, step } => turn(script, *step, body, room),
        Kind::Title => Step::of([say(r#"{"title": "Scripted session title"}"#)]),
        Kind::Compaction => Step::of([say(SUMMARY)]),
        _ => Step::of([say("ok")]),
    }
}

const SUMMARY: &str = "<analysis>\nSmall things were asked for and done.\n</analysis>\n\n<summary>\n\
    1. Primary Request and Intent: a short scripted session.\n2. Files: hello.txt was written.\n</summary>";

/// A conversation may go on after its script; a tool that is answered after its script has ended is a script too short.
fn turn(script: &str, step: usize, body: &Value, room: &Room) -> Step {
    let steps = room.script(script);
    if steps.is_none() {
        room.complain(format!("no script is called `{script}`"));
    }
    let due = steps.and_then(|steps| steps.into_iter().nth(step));
    if due.is_none() && request::answers_a_tool(body) {
        room.complain(format!("script `{script}` has no step {step}"));
    }
    due.unwrap_or_else(|| Step::of([say("ok")]))
}

/// Returns the status of the error that is due.
fn failure(step: &Step, exchange: &Exchange, room: &Room) -> Option<u16> {
    let failure = step.failure.as_ref()?;
    let whose = format!("{:?} {:?}", exchange.kind, exchange.session);
    let is_due = failure.times.is_none_or(|times| room.state().ledger.is_failure_due(&whose, times));
    is_due.then_some(failure.status)
}

fn error(status: u16, request_id: &str) -> Value {
    let (kind, text) = match status {
        400 => ("invalid_request_error", "messages: this request was made to fail"),
        401 => ("authentication_error", "invalid x-api-key"),
        404 => ("not_found_error", "not here"),
        429 => ("rate_limit_error", "This request would exceed your rate limit"),
        529 => ("overloaded_error", "Overloaded"),
        _ => ("api_error", "Internal server error"),
    };
    json!({ "type": "error", "error": { "type": kind, "message": text }, "request_id": request_id })
}

fn streamed(message: &Message, step: &Step, exchange: Exchange, to: &mut TcpStream, room: &Room) -> Result<()> {
    let request_id = exchange.request_id.clone();
    let place = room.enter(exchange);
    http::begin_events(to, &request_id)?;
    stream::begin(to, message)?;
    for (index, block) in message.content.iter().enumerate() {
        interrupt(step, index, to, room)?;
        stream::block(to, index, block)?;
        room.amend(place, |exchange| exchange.blocks.push(block.clone()));
    }
    interrupt(step, message.content.len(), to, room)?;
    room.amend(place, |exchange| exchange.is_complete = true);
    stream::end(to, message)
}

/// Stalls or cuts the stream where the step says so.
fn interrupt(step: &Step, index: usize, to: &mut TcpStream, room: &Room) -> Result<()> {
    if step.hang_after == Some(index) {
        room.stall(to)?;
    }
    if step.drop_after == Some(index) {
        to.shutdown(Shutdown::Both)?;
        return Err(Error::new(ErrorKind::ConnectionAborted, "the script cuts the connection"));
    }
    Ok(())
}
