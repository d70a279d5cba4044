//! What is said in a transcript, record by record.

use serde_json::Value;

use super::wrapper::Wrapper;
use crate::transcript_id;
use crate::transcripts::hearing::{Hearing, Role};

/// Hears what a record says.
pub(crate) fn listen(hearing: &mut Hearing, record: &Value, line: &[u8]) {
    let kind = record["type"].as_str().unwrap_or_default();
    if !matches!(kind, "user" | "assistant") {
        return;
    }
    let text = |key: &str| record[key].as_str().unwrap_or_default();
    hearing.at(&record["timestamp"]);
    // What was copied is what was said where it came from.
    let origin = record["forkedFrom"]["sessionId"].as_str().or_else(|| record["requestSessionId"].as_str());
    let own = [origin.unwrap_or_default(), text("sessionId")].into_iter().find(|id| !id.is_empty());
    if let Some(conversation) = own {
        hearing.state.conversation = conversation.to_owned();
    }
    if !text("cwd").is_empty() {
        hearing.state.cwd = text("cwd").to_owned();
    }
    let copied = record["forkedFrom"]["messageUuid"].as_str();
    let id = match copied.unwrap_or_else(|| text("uuid")) {
        "" => transcript_id(line).to_string(),
        id => id.to_owned(),
    };
    let content = &record["message"]["content"];
    if kind == "assistant" {
        return blocks(content).enumerate().for_each(|(number, block)| answer(hearing, &format!("{id} {number}"), block));
    }
    if let Some(prompt) = record["promptId"].as_str() {
        hearing.state.turn = prompt.to_owned();
    }
    let is_set = |key: &str| record[key].as_bool() == Some(true);
    let role = if is_set("isCompactSummary") {
        Some(Role::Summary)
    } else if is_set("isMeta") {
        None
    } else if is_set("isSidechain") {
        Some(Role::ToolInput)
    } else {
        Some(Role::Prompt)
    };
    if let Some(said) = content.as_str() {
        return asked(hearing, record, role, &id, said);
    }
    for (number, block) in blocks(content).enumerate() {
        let id = format!("{id} {number}");
        match block["type"].as_str() {
            Some("tool_result") => hearing.result(block["tool_use_id"].as_str().unwrap_or(&id), "", &block["content"]),
            Some("text") => asked(hearing, record, role, &id, block["text"].as_str().unwrap_or_default()),
            _ => {}
        }
    }
}

fn blocks(content: &Value) -> impl Iterator<Item = &Value> {
    content.as_array().into_iter().flatten()
}

fn asked(hearing: &mut Hearing, record: &Value, role: Option<Role>, id: &str, said: &str) {
    let role = match (role, Wrapper::of(said)) {
        (None, _) | (_, Some(Wrapper::Interrupt)) => return,
        (Some(_), Some(Wrapper::Other | Wrapper::TaskNotification)) => Role::ToolOutput,
        (Some(role), _) => role,
    };
    if role == Role::Prompt && record["promptId"].as_str().is_none() {
        hearing.state.turn = record["uuid"].as_str().unwrap_or_default().to_owned();
    }
    hearing.say(role, id, said);
}

fn answer(hearing: &mut Hearing, id: &str, block: &Value) {
    let text = |key: &str| block[key].as_str().unwrap_or_default();
    match block["type"].as_str() {
        Some("text") => hearing.say(Role::Answer, id, text("text")),
        Some("thinking") => hearing.say(Role::Thinking, id, text("thinking")),
        Some("tool_use") => hearing.call(if text("id").is_empty() { id } else { text("id") }, text("name"), &block["input"]),
        _ => {}
    }
}
