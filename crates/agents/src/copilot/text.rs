//! What is said in a file of events.

use serde_json::Value;

use crate::transcript_id;
use crate::transcripts::hearing::{Hearing, Role};

/// Hears what an event says.
pub(crate) fn listen(hearing: &mut Hearing, event: &Value, bytes: &[u8]) {
    hearing.at(&event["timestamp"]);
    let data = &event["data"];
    let text = |key: &str| data[key].as_str().unwrap_or_default();
    let id = event["id"].as_str().map_or_else(|| transcript_id(bytes).to_string(), str::to_owned);
    let call = if text("toolCallId").is_empty() { id.clone() } else { text("toolCallId").to_owned() };
    match event["type"].as_str().unwrap_or_default() {
        "session.start" | "session.resume" => {
            for (held, said) in [(&mut hearing.state.conversation, &data["sessionId"]), (&mut hearing.state.cwd, &data["context"]["cwd"])] {
                said.as_str().unwrap_or(held).to_owned().clone_into(held);
            }
        }
        "user.message" => {
            let turn = if text("interactionId").is_empty() { id.as_str() } else { text("interactionId") };
            turn.clone_into(&mut hearing.state.turn);
            hearing.say(Role::Prompt, &id, text("content"));
        }
        "assistant.message" => {
            hearing.say(Role::Thinking, &id, text("reasoningText"));
            hearing.say(Role::Answer, &id, text("content"));
        }
        "tool.execution_start" => hearing.call(&call, text("toolName"), &data["arguments"]),
        "tool.execution_complete" => {
            let output = if data["result"]["content"].is_null() { &data["error"] } else { &data["result"]["content"] };
            hearing.result(&call, "", output);
        }
        _ => {}
    }
}
