//! A request, held against the rules of the API, and the step that is its answer.

use std::collections::BTreeSet;
use std::io::Result;
use std::net::TcpStream;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::KEY;
use super::script::{Said, words};
use super::server::Room;
use crate::messages_api::http::{self, Incoming};

static DIRECTIVE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"@@([a-z0-9_-]+)").unwrap());

/// What was sent in answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its id.
    pub id: String,
    /// The client's id of the conversation.
    pub thread: String,
    /// What was said.
    pub said: Vec<Said>,
    /// Tokens in, those from the cache included.
    pub input: u64,
    /// How many of them came from the cache.
    pub cached: u64,
    /// Tokens out, reasoning included.
    pub output: u64,
    /// How many of them were reasoning.
    pub reasoning: u64,
    /// What the model was told: the items of the request.
    pub told: Vec<Value>,
}

impl Reply {
    /// Says whether a person's or the model's words were in what the model was told.
    pub fn was_told(&self, words: &str) -> bool {
        self.told.iter().any(|item| item["content"].as_array().into_iter().flatten().any(|part| part["text"] == words))
    }

    fn usage(&self) -> Value {
        json!({
            "input_tokens": self.input, "input_tokens_details": { "cached_tokens": self.cached }, "output_tokens": self.output,
            "output_tokens_details": { "reasoning_tokens": self.reasoning }, "total_tokens": self.input + self.output,
        })
    }
}

/// Answers one request.
pub(super) fn answer(incoming: &Incoming, to: &mut TcpStream, room: &Room) -> Result<()> {
    let body: Value = serde_json::from_slice(&incoming.body).unwrap_or_default();
    if let Some(complaint) = complaint(incoming, &body) {
        room.complain(complaint);
        return http::respond(to, 400, "req", json!({ "error": { "message": "not so" } }).to_string().as_bytes());
    }
    let (reply, items) = room.reply(|number| reply(number, &body, room));
    http::begin_events(to, &reply.id)?;
    event(to, &json!({ "type": "response.created", "response": { "id": reply.id } }))?;
    for (index, item) in items.iter().enumerate() {
        event(to, &json!({ "type": "response.output_item.done", "output_index": index, "item": item }))?;
    }
    event(to, &json!({ "type": "response.completed", "response": { "id": reply.id, "usage": reply.usage() } }))?;
    http::chunk(to, b"")
}

/// Says what is wrong with a request; none where nothing is.
fn complaint(incoming: &Incoming, body: &Value) -> Option<String> {
    if (incoming.method.as_str(), incoming.path.as_str()) != ("POST", "/v1/responses") {
        return Some(format!("{} {}: {}", incoming.method, incoming.path, String::from_utf8_lossy(&incoming.body)));
    }
    if incoming.header("authorization") != Some(format!("Bearer {KEY}").as_str()) {
        return Some("a key that is none of ours".to_owned());
    }
    let Some(items) = body["input"].as_array().filter(|_| body["stream"] == true && body["model"].is_string()) else {
        return Some(format!("no streamed request to a model: {body}"));
    };
    let calls = |ending: &str| -> BTreeSet<String> {
        let of_kind = items.iter().filter(|item| item["type"].as_str().is_some_and(|kind| kind.ends_with(ending)));
        of_kind.map(|item| item["call_id"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let (called, answered) = (calls("_call"), calls("_call_output"));
    (called != answered).then(|| format!("calls {called:?}, answers {answered:?}"))
}

/// Makes the answer that is due. Figures grow with the conversation, and no two of one reply are the same.
fn reply(number: usize, body: &Value, room: &Room) -> (Reply, Vec<Value>) {
    let told = body["input"].as_array().cloned().unwrap_or_default();
    let said = due(&told, room);
    // No two things that were said anywhere have one number.
    let items = said.iter().enumerate().map(|(place, said)| said.item(number * 100 + place)).collect();
    let step = number as u64;
    let reply = Reply {
        id: format!("resp_{number}"),
        thread: body["prompt_cache_key"].as_str().unwrap_or_default().to_owned(),
        said,
        input: 1_000 + 17 * step,
        cached: 400 + 13 * step,
        output: 50 + 7 * step,
        reasoning: 20 + 3 * step,
        told,
    };
    (reply, items)
}

/// Returns the step of the script that the newest prompt names: one for each time the model was asked since.
fn due(told: &[Value], room: &Room) -> Vec<Said> {
    let named = told.iter().enumerate().rev().filter(|(_, item)| item["role"] == "user").find_map(|(place, item)| {
        let text = item["content"].as_array()?.iter().filter_map(|part| part["text"].as_str()).collect::<String>();
        DIRECTIVE.captures_iter(&text).last().map(|found| (place, found[1].to_owned()))
    });
    let Some((place, script)) = named else { return vec![words("ok")] };
    // What a model says at once is answered before it is asked again.
    let is_answer = |item: &Value| item["type"].as_str().is_some_and(|kind| kind.ends_with("_call_output"));
    let rest = &told[place..];
    let step = rest.windows(2).filter(|pair| is_answer(&pair[0]) && !is_answer(&pair[1])).count()
        + usize::from(rest.last().is_some_and(is_answer));
    room.step(&script, step)
}

fn event(to: &mut TcpStream, data: &Value) -> Result<()> {
    let name = data["type"].as_str().unwrap_or_default();
    http::chunk(to, format!("event: {name}\ndata: {data}\n\n").as_bytes())
}
