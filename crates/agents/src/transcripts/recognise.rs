//! Whose transcript a file is, by its name and by what stands in it.

use std::io::{self, Read};
use std::path::Path;

use super::agent::Agent;
use super::file;
use crate::skim::Skim;
use crate::{codex, copilot, gemini, opencode};

/// How much of a file is looked at.
const LOOKED_AT: u64 = 256 << 10;

/// Returns whose transcript a file is. What nobody knows is Claude Code's: its lines may be of any kind.
///
/// # Errors
/// When it cannot be read, or is no file: a pipe may never end, and it cannot be read twice.
pub(super) fn recognise(path: &Path) -> io::Result<Agent> {
    let mut head = Vec::new();
    file::open(path)?.take(LOOKED_AT).read_to_end(&mut head)?;
    let by_lines = || head.split(|&byte| byte == b'\n').take(32).find_map(of_line);
    Ok(of_whole(&head).or_else(by_lines).or_else(|| of_name(path)).unwrap_or(Agent::ClaudeCode))
}

fn of_whole(head: &[u8]) -> Option<Agent> {
    if head.starts_with(b"SQLite format 3\0") {
        return Some(Agent::Opencode);
    }
    // A packed file.
    head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]).then_some(Agent::Codex).or_else(|| of_line(head))
}

fn of_name(path: &Path) -> Option<Agent> {
    if codex::transcript::is_transcript(path) {
        return Some(Agent::Codex);
    }
    if gemini::transcript::is_transcript(path) {
        return Some(Agent::Gemini);
    }
    if opencode::transcript::is_transcript(path) {
        return Some(Agent::Opencode);
    }
    copilot::transcript::is_transcript(path).then_some(Agent::Copilot)
}

/// Returns whose line it is, as far as it can be read.
fn of_line(line: &[u8]) -> Option<Agent> {
    let mut found = Found::default();
    let mut skim = Skim::new(line);
    if skim.peek().ok()? != b'{' {
        return None;
    }
    // What was found before it is cut counts.
    let _cut = skim.object(|key, value| {
        match key {
            b"payload" => found.has_payload = true,
            b"data" => found.has_data = true,
            b"parentId" => found.has_parent = true,
            b"projectHash" => found.has_hash = true,
            b"sessionId" => found.has_session = true,
            b"type" => {
                let mut kind = crate::skim::Raw::default();
                value.text_into(&mut kind)?;
                found.is_row = matches!(kind.bytes, b"session_meta" | b"response_item" | b"event_msg" | b"turn_context" | b"compacted");
                found.is_event = kind.bytes.contains(&b'.');
                return Ok(());
            }
            _ => {}
        }
        value.skip()
    });
    match found {
        Found { has_payload: true, is_row: true, .. } => Some(Agent::Codex),
        Found { has_data: true, has_parent: true, is_event: true, .. } => Some(Agent::Copilot),
        Found { has_hash: true, has_session: true, .. } => Some(Agent::Gemini),
        _ => None,
    }
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key that is there or not")]
struct Found {
    has_payload: bool,
    has_data: bool,
    has_parent: bool,
    has_hash: bool,
    has_session: bool,
    is_row: bool,
    is_event: bool,
}
