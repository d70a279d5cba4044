//! A step as the message of the API: ids, content, usage.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde_json::{Map, Value, json};

use super::{Block, Step, request};

/// Letters of the API's ids.
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

static SALT: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// Returns an id of the API's shape that no other reply has, of this process or another.
pub(super) fn new_id(prefix: &str) -> String {
    let number = NUMBER.fetch_add(1, Relaxed);
    let mut rest = *SALT;
    let letters = (0..11).map(|_| {
        let letter = LETTERS[usize::try_from(rest % 49).unwrap()];
        rest /= 49;
        char::from(letter)
    });
    format!("{prefix}_01Fake{}{number:06}", letters.collect::<String>())
}

/// A message as it is sent, whole or in pieces.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) id: String,
    model: Value,
    pub(super) content: Vec<Value>,
    pub(super) stop_reason: String,
    pub(super) usage: Value,
}

impl Message {
    /// Makes the message that a step describes, in answer to a body.
    pub(super) fn new(step: &Step, body: &Value) -> Self {
        let directory = request::directory(body).unwrap_or_else(|| ".".to_owned());
        let content: Vec<_> = step.blocks.iter().map(|block| content(block, &directory)).collect();
        let calls = content.iter().any(|block| block["type"] == "tool_use");
        let stop_reason = step.stop_reason.clone().unwrap_or_else(|| if calls { "tool_use" } else { "end_turn" }.to_owned());
        let usage = usage(step, body, &content);
        Self { id: new_id("msg"), model: body["model"].clone(), content, stop_reason, usage }
    }

    /// Returns it as it stands before its first block.
    pub(super) fn begun(&self) -> Value {
        let mut usage = self.usage.clone();
        usage["output_tokens"] = json!(1);
        json!({ "id": self.id, "type": "message", "role": "assistant", "model": self.model, "content": [],
                "stop_reason": null, "stop_sequence": null, "usage": usage })
    }

    /// Returns it as it stands at its end.
    pub(super) fn whole(&self) -> Value {
        let mut message = self.begun();
        for (field, value) in [("content", json!(self.content)), ("stop_reason", json!(self.stop_reason)), ("usage", self.usage.clone())] {
            message[field] = value;
        }
        message
    }
}

fn content(block: &Block, directory: &str) -> Value {
    match block {
        Block::Text(text) => json!({ "type": "text", "text": text }),
        Block::Thinking(text) => json!({ "type": "thinking", "thinking": text, "signature": "RmFrZVNpZ25hdHVyZQ==" }),
        Block::Tool { name, input } => {
            json!({ "type": "tool_use", "id": new_id("toolu"), "name": name, "input": filled(input, directory) })
        }
    }
}

/// Replaces `{cwd}` in every string.
fn filled(value: &Value, directory: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace("{cwd}", directory)),
        Value::Array(elements) => elements.iter().map(|element| filled(element, directory)).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, member)| (name.clone(), filled(member, directory)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// Makes up figures that grow with the conversation, as a cache would have it.
fn usage(step: &Step, body: &Value, content: &[Value]) -> Value {
    let turns = request::answers_so_far(body) as u64;
    let (created, read) = if turns == 0 { (1500, 0) } else { (120, 1500 + 120 * (turns - 1)) };
    let output = (json!(content).to_string().len() / 4).max(1);
    let mut usage = json!({ "input_tokens": 7 + turns, "cache_creation_input_tokens": created, "cache_read_input_tokens": read,
                            "output_tokens": output, "service_tier": "standard" });
    for (name, figure) in step.usage.as_ref().and_then(Value::as_object).into_iter().flatten() {
        usage[name] = figure.clone();
    }
    let created = usage["cache_creation_input_tokens"].clone();
    usage["cache_creation"] = json!({ "ephemeral_5m_input_tokens": created, "ephemeral_1h_input_tokens": 0 });
    usage
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages_api::{say, tool};

    #[test]
    fn ids_are_long_and_never_repeat() {
        let (one, two) = (new_id("toolu"), new_id("toolu"));
        assert!(one.starts_with("toolu_01Fake") && one.len() == 29, "{one}");
        assert_ne!(one, two);
    }

    #[test]
    fn a_tool_is_called_in_the_directory_that_the_request_names() {
        let body = json!({ "model": "m", "system": "cwd: /home/ada" });
        let message = Message::new(&Step::of([say("x"), tool("Write", json!({ "file_path": "{cwd}/a" }))]), &body);
        assert_eq!(message.content[1]["input"]["file_path"], "/home/ada/a");
        assert_eq!((message.stop_reason.as_str(), &message.whole()["model"]), ("tool_use", &json!("m")));
    }

    #[test]
    fn figures_said_replace_figures_made_up() {
        let step = Step::of([say("x")]).usage(json!({ "cache_creation_input_tokens": 5, "output_tokens": 9 }));
        let usage = Message::new(&step, &json!({})).usage;
        assert_eq!((&usage["output_tokens"], &usage["cache_creation"]["ephemeral_5m_input_tokens"]), (&json!(9), &json!(5)));
    }
}
