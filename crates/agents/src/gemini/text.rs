//! What is said in a chat.

use std::io;
use std::path::Path;

use serde_json::Value;

use super::transcript;
use crate::lines::Whole;
use crate::transcripts::file;
use crate::transcripts::hearing::{Heard, Hearing, Role, State, strings};
use crate::{lenient, transcript_id};

/// Hears what a line of a chat says.
pub(crate) fn listen(hearing: &mut Hearing, line: &Value, bytes: &[u8]) {
    if let Some(conversation) = line["sessionId"].as_str() {
        hearing.state.conversation = conversation.to_owned();
    }
    messages(hearing, &line["$set"]["messages"], false);
    if line["type"].is_string() {
        message(hearing, line, bytes, false);
    }
}

/// Hears a chat that is one object.
pub(crate) fn hear_object(path: &Path, state: State) -> io::Result<Heard> {
    let Whole { bytes, length } = transcript::object(&mut file::open(path)?)?;
    let chat: Value = lenient::parse(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let mut hearing = Hearing::of(state);
    hearing.state.conversation = chat["sessionId"].as_str().unwrap_or_default().to_owned();
    messages(&mut hearing, &chat["messages"], true);
    Ok(hearing.finish(length))
}

/// Returns what a chat's place says of it.
pub(crate) fn begin(path: &Path) -> State {
    State { cwd: transcript::directory(path), ..State::default() }
}

fn messages(hearing: &mut Hearing, all: &Value, has_results: bool) {
    all.as_array().into_iter().flatten().for_each(|each| message(hearing, each, &[], has_results));
}

/// Hears a message. Chats that are one object have results beside their calls, others in messages of their own.
fn message(hearing: &mut Hearing, message: &Value, bytes: &[u8], has_results: bool) {
    hearing.at(&message["timestamp"]);
    let id = message["id"].as_str().map_or_else(|| transcript_id(bytes).to_string(), str::to_owned);
    match message["type"].as_str() {
        Some("user") => user(hearing, message, &id),
        Some("gemini") => {
            for (number, thought) in message["thoughts"].as_array().into_iter().flatten().enumerate() {
                let said = [&thought["subject"], &thought["description"]].map(strings).join("\n");
                hearing.say(Role::Thinking, &format!("{id} {number}"), &said);
            }
            hearing.say(Role::Answer, &id, &strings(&message["content"]));
            for call in message["toolCalls"].as_array().into_iter().flatten() {
                let (id, name) = (call["id"].as_str().unwrap_or(&id), call["name"].as_str().unwrap_or_default());
                hearing.call(id, name, &call["args"]);
                if has_results {
                    hearing.result(id, name, &outputs(&call["result"]));
                }
            }
        }
        _ => {}
    }
}

fn user(hearing: &mut Hearing, message: &Value, id: &str) {
    let parts = message["content"].as_array();
    for answer in parts.into_iter().flatten().map(|part| &part["functionResponse"]).filter(|answer| answer.is_object()) {
        let (id, name) = (answer["id"].as_str().unwrap_or(id), answer["name"].as_str().unwrap_or_default());
        hearing.result(id, name, &answer["response"]);
    }
    let texts = parts.map(|parts| parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n"));
    let said = texts.unwrap_or_else(|| message["content"].as_str().unwrap_or_default().to_owned());
    if !said.trim().is_empty() && !said.starts_with("<session_context>") {
        hearing.state.turn = id.to_owned();
        hearing.say(Role::Prompt, id, &said);
    }
}

fn outputs(result: &Value) -> Value {
    let answers = result.as_array().into_iter().flatten().map(|each| each["functionResponse"]["response"].clone());
    Value::Array(answers.collect())
}
