//! What the body of a request asks for.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::Kind;

static DIRECTIVE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"@@([a-z0-9_-]+)").unwrap());
static DIRECTORY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:[Pp]rimary working directory|[Ww]orking directory|cwd):\s*`?([^\s`<]+)").unwrap());

/// Tells what a body posted to `/v1/messages` is for.
pub(super) fn kind(body: &Value) -> Kind {
    let last = messages(body).last().map(|message| text(&message["content"])).unwrap_or_default();
    if last.contains("<analysis>") && last.contains("<summary>") {
        return Kind::Compaction;
    }
    if last.contains("[SUGGESTION MODE") {
        return Kind::Suggestion;
    }
    if !has_tools(body) && (text(&body["system"]) + &last).to_lowercase().contains("title") {
        return Kind::Title;
    }
    turn(messages(body))
}

/// Says whether the newest message answers a tool call.
pub(super) fn answers_a_tool(body: &Value) -> bool {
    let content = messages(body).last().and_then(|message| message["content"].as_array());
    content.is_some_and(|blocks| blocks.iter().any(|block| block["type"] == "tool_result"))
}

/// Returns how often the agent has spoken in this conversation.
pub(super) fn answers_so_far(body: &Value) -> usize {
    count_answers(messages(body))
}

/// Returns the working directory that the agent tells its model.
pub(super) fn directory(body: &Value) -> Option<String> {
    let told = std::iter::once(text(&body["system"])).chain(messages(body).iter().map(|message| text(&message["content"])));
    told.into_iter().find_map(|text| DIRECTORY.captures(&text).map(|found| found[1].to_owned()))
}

/// Finds the newest prompt with a directive and counts the answers after it.
fn turn(messages: &[Value]) -> Kind {
    let named = messages.iter().enumerate().rev().filter(|(_, message)| message["role"] == "user").find_map(|(at, message)| {
        let text = text(&message["content"]);
        DIRECTIVE.captures_iter(&text).last().map(|found| (at, found[1].to_owned()))
    });
    match named {
        Some((at, script)) => Kind::Turn { script, step: count_answers(&messages[at + 1..]) },
        None => Kind::Turn { script: "ok".to_owned(), step: 0 },
    }
}

fn count_answers(messages: &[Value]) -> usize {
    messages.iter().filter(|message| message["role"] == "assistant").count()
}

fn has_tools(body: &Value) -> bool {
    body["tools"].as_array().is_some_and(|tools| !tools.is_empty())
}

fn messages(body: &Value) -> &[Value] {
    body["messages"].as_array().map_or(&[], Vec::as_slice)
}

/// Returns what is said in a content, which is a string or blocks.
fn text(content: &Value) -> String {
    if let Some(text) = content.as_str() {
        return text.to_owned();
    }
    let blocks = content.as_array().into_iter().flatten();
    blocks.filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn turn(script: &str, step: usize) -> Kind {
        Kind::Turn { script: script.to_owned(), step }
    }

    #[test]
    fn the_newest_directive_counts_and_the_answers_after_it() {
        let said = |role: &str, text: &str| json!({ "role": role, "content": [{ "type": "text", "text": text }] });
        let result = json!({ "role": "user", "content": [{ "type": "tool_result", "content": "@@no" }] });
        let mut messages = vec![said("user", "Go @@tools"), said("assistant", "a"), said("user", "Then @@fail, not @@slow-3")];
        assert_eq!(kind(&json!({ "messages": messages })), turn("slow-3", 0));
        messages.extend([said("assistant", "b"), result]);
        assert_eq!(kind(&json!({ "messages": messages })), turn("slow-3", 1));
        assert!(answers_a_tool(&json!({ "messages": messages })));
    }

    #[test]
    fn housekeeping_is_told_from_turns() {
        let asking = |text: &str| json!({ "messages": [{ "role": "user", "content": text }] });
        assert_eq!(kind(&asking("hello")), turn("ok", 0));
        assert_eq!(kind(&asking("Give a title to @@tools")), Kind::Title);
        assert_eq!(kind(&asking("Write <analysis> and <summary> of @@tools")), Kind::Compaction);
    }

    #[test]
    fn the_directory_is_read_from_what_the_model_is_told() {
        let body = json!({ "system": [{ "type": "text", "text": "# Environment\n - Primary working directory: /home/ada/x\n" }] });
        assert_eq!(directory(&body).as_deref(), Some("/home/ada/x"));
        assert_eq!(directory(&json!({})), None);
    }
}
