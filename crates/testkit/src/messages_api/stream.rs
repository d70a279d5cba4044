//! A message as server-sent events, in the pieces in which the API sends them.

use std::io::{Result, Write};

use serde_json::{Value, json};

use super::http;
use super::reply::Message;

/// Letters of text or JSON per event.
const PIECE: usize = 40;

/// Writes the beginning of a message.
pub(super) fn begin(to: &mut impl Write, message: &Message) -> Result<()> {
    event(to, &json!({ "type": "message_start", "message": message.begun() }))?;
    ping(to)
}

/// Writes something that means nothing, as the API does while it is slow.
pub(super) fn ping(to: &mut impl Write) -> Result<()> {
    event(to, &json!({ "type": "ping" }))
}

/// Writes one block of a message.
pub(super) fn block(to: &mut impl Write, index: usize, block: &Value) -> Result<()> {
    let (empty, deltas) = pieces(block);
    event(to, &json!({ "type": "content_block_start", "index": index, "content_block": empty }))?;
    for delta in deltas {
        event(to, &json!({ "type": "content_block_delta", "index": index, "delta": delta }))?;
    }
    event(to, &json!({ "type": "content_block_stop", "index": index }))
}

/// Writes the end of a message and of the response.
pub(super) fn end(to: &mut impl Write, message: &Message) -> Result<()> {
    let delta = json!({ "stop_reason": message.stop_reason, "stop_sequence": null });
    event(to, &json!({ "type": "message_delta", "delta": delta, "usage": message.usage }))?;
    event(to, &json!({ "type": "message_stop" }))?;
    http::chunk(to, b"")
}

/// Returns a block without its content, and the content in pieces.
fn pieces(block: &Value) -> (Value, Vec<Value>) {
    let mut empty = block.clone();
    let text = |field: &str| split(block[field].as_str().unwrap_or_default());
    let deltas = match block["type"].as_str() {
        Some("tool_use") => {
            empty["input"] = json!({});
            split(&block["input"].to_string())
                .into_iter()
                .map(|piece| json!({ "type": "input_json_delta", "partial_json": piece }))
                .collect()
        }
        Some("thinking") => {
            (empty["thinking"], empty["signature"]) = (json!(""), json!(""));
            let thoughts = text("thinking").into_iter().map(|piece| json!({ "type": "thinking_delta", "thinking": piece }));
            thoughts.chain([json!({ "type": "signature_delta", "signature": block["signature"] })]).collect()
        }
        _ => {
            empty["text"] = json!("");
            text("text").into_iter().map(|piece| json!({ "type": "text_delta", "text": piece })).collect()
        }
    };
    (empty, deltas)
}

fn split(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(PIECE).map(|piece| piece.iter().collect()).collect()
}

fn event(to: &mut impl Write, data: &Value) -> Result<()> {
    let name = data["type"].as_str().unwrap_or_default();
    http::chunk(to, format!("event: {name}\ndata: {data}\n\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tools_input_comes_in_pieces_that_are_its_json() {
        let input = json!({ "command": "x".repeat(100) });
        let (empty, deltas) = pieces(&json!({ "type": "tool_use", "id": "t", "name": "Bash", "input": input }));
        assert_eq!(empty["input"], json!({}));
        let joined: String = deltas.iter().map(|delta| delta["partial_json"].as_str().unwrap()).collect();
        assert_eq!(serde_json::from_str::<Value>(&joined).unwrap(), input);
    }
}
