//! What is said in a rollout, line by line.

use serde_json::Value;

use crate::transcripts::hearing::{Hearing, Role, strings};
use crate::{lenient, transcript_id};

/// How begins what the client says in a person's place.
const UNTYPED: [&str; 7] = [
    "<environment_context>",
    "<user_instructions>",
    "<turn_aborted>",
    "# AGENTS.md instructions",
    "<permissions instructions>",
    "<skill",
    "Warning: apply_patch was requested via ",
];

/// Hears what a line says.
pub(crate) fn listen(hearing: &mut Hearing, line: &Value, bytes: &[u8]) {
    hearing.at(&line["timestamp"]);
    // Lines of the first clients were the items themselves.
    let payload = if line["payload"].is_object() { &line["payload"] } else { line };
    let text = |key: &str| payload[key].as_str().unwrap_or_default();
    match line["type"].as_str().unwrap_or_default() {
        "session_meta" => {
            if hearing.state.conversation.is_empty() {
                hearing.state.conversation = text("id").to_owned();
            }
            set(&mut hearing.state.cwd, text("cwd"));
        }
        "turn_context" => {
            set(&mut hearing.state.turn, text("turn_id"));
            set(&mut hearing.state.cwd, text("cwd"));
        }
        "compacted" => hearing.say(Role::Summary, &id_of(payload, bytes), text("message")),
        "event_msg" => event(hearing, payload, bytes),
        _ => item(hearing, payload, bytes),
    }
}

/// Hears what the client showed. What the model was sent in a person's place is no prompt where the client says apart what he typed.
fn event(hearing: &mut Hearing, payload: &Value, bytes: &[u8]) {
    let text = |key: &str| payload[key].as_str().unwrap_or_default();
    match text("type") {
        "task_started" => set(&mut hearing.state.turn, text("turn_id")),
        "user_message" if matches!(text("kind"), "" | "plain") => {
            let said = text("message");
            let is_told = !hearing.state.has_typed && hearing.state.prompt == hash(said);
            hearing.state.has_typed = true;
            if !is_told {
                hearing.say(Role::Prompt, &id_of(payload, bytes), said);
            }
        }
        // A newer client, which has other rows for it.
        "item_completed" => hearing.state.has_typed = false,
        _ => {}
    }
}

fn hash(said: &str) -> u64 {
    transcript_id(said.trim())
}

fn item(hearing: &mut Hearing, payload: &Value, bytes: &[u8]) {
    let text = |key: &str| payload[key].as_str().unwrap_or_default();
    let (id, call) = (id_of(payload, bytes), text("call_id"));
    match text("type") {
        "message" => {
            let said = strings(&payload["content"]);
            match text("role") {
                "assistant" => hearing.say(Role::Answer, &id, &said),
                "user" if !hearing.state.has_typed && !UNTYPED.iter().any(|beginning| said.starts_with(beginning)) => {
                    hearing.state.prompt = hash(&said);
                    hearing.say(Role::Prompt, &id, &said);
                }
                _ => {}
            }
        }
        "reasoning" => hearing.say(Role::Thinking, &id, &[strings(&payload["summary"]), strings(&payload["content"])].join("\n")),
        "function_call" => hearing.call(call, text("name"), &arguments(&payload["arguments"])),
        "custom_tool_call" => hearing.call(call, text("name"), &payload["input"]),
        "local_shell_call" => hearing.call(call, "local_shell", &payload["action"]),
        "function_call_output" | "custom_tool_call_output" => hearing.result(call, "", &payload["output"]),
        _ => {}
    }
}

/// Returns what a function is called with, which is JSON in a string as a rule.
fn arguments(said: &Value) -> Value {
    said.as_str().and_then(|text| lenient::parse(text.as_bytes()).ok()).unwrap_or_else(|| said.clone())
}

fn id_of(payload: &Value, bytes: &[u8]) -> String {
    payload["id"].as_str().map_or_else(|| transcript_id(bytes).to_string(), str::to_owned)
}

fn set(held: &mut String, said: &str) {
    if !said.is_empty() {
        said.clone_into(held);
    }
}
