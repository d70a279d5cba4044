//! Reading what was typed: text in any encoding or from stdin, pairs, types, times.

use std::io::Read;

use clap::builder::{OsStringValueParser, TypedValueParser};
use tracker::session::{Category, EntryKind, Prefix, Reading, Status, WorkStatus, quoted};
use tracker::{Clock, parse_moment};

use crate::failure::Failure;

/// More than this on stdin is no text that a person wants to keep.
const LARGEST: u64 = 16 << 20;

/// Reads an argument as text; bytes that are no UTF-8 become `U+FFFD`, so that nothing is lost but them.
pub(crate) fn lossy() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().map(|argument| argument.to_string_lossy().into_owned())
}

/// Returns a word as it is typed where it stands alone: one that looks like a flag needs `--` before it.
pub(crate) fn operand(word: &str) -> String {
    if word.starts_with('-') { format!("-- {}", quoted(word)) } else { quoted(word) }
}

/// Returns a session as it is typed where words behind `--` are somebody else's.
pub(crate) fn session_operand(word: &str) -> String {
    if word.starts_with('-') { format!("--session={}", quoted(word)) } else { quoted(word) }
}

/// Reads a type: upper case, whatever was typed.
pub(crate) fn prefix(text: &str) -> Result<Prefix, String> {
    text.to_ascii_uppercase().parse().map_err(|error: tracker::session::IdError| error.to_string())
}

/// Reads a session's status.
pub(crate) fn status(text: &str) -> Result<Status, String> {
    text.parse().map_err(|_| format!("it is one of {}", Status::ALL.map(Status::as_str).join(", ")))
}

/// Reads how a session ends.
pub(crate) fn ended_status(text: &str) -> Result<Status, String> {
    match status(text) {
        Ok(status) if status.is_ended() => Ok(status),
        _ => Err("it is one of COMPLETED, FAILED, ABANDONED".to_owned()),
    }
}

/// Reads a work item's status.
pub(crate) fn work_status(text: &str) -> Result<WorkStatus, String> {
    text.parse().map_err(|_| "it is COMPLETED, IN_PROGRESS or another word of letters and `_`".to_owned())
}

/// Splits `K=V` pairs; a value is kept as text.
pub(crate) fn pairs(pairs: &[String]) -> Result<Vec<(String, serde_json::Value)>, Failure> {
    let split = |pair: &String| match pair.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.into())),
        _ => Err(Failure::wrong(format!("`{pair}` is no `NAME=VALUE`"))),
    };
    pairs.iter().map(split).collect()
}

/// Returns the text, or what stands on stdin where it is `-`.
pub(crate) fn text_or_stdin(text: &str) -> Result<String, Failure> {
    if text != "-" {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::wrong(format!("the text on stdin is longer than {} MiB", LARGEST >> 20)));
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned())
}

/// What is written down, and when it happened.
#[derive(clap::Args)]
pub(crate) struct Written {
    /// What it says; `-` reads stdin
    #[arg(value_name = "TEXT", value_parser = lossy())]
    text: Option<String>,
    /// The same, as a flag
    #[arg(short, long, value_name = "TEXT", conflicts_with = "text", allow_hyphen_values = true, value_parser = lossy())]
    message: Option<String>,
    /// When it happened: 13:45, 2026-02-16T13:45, 10 minutes ago
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// An entry of the same session that this one replaces; both are kept
    #[arg(long, value_name = "ENTRY", value_parser = lossy())]
    pub(crate) replaces: Option<String>,
}

impl Written {
    /// Reports whether the text is to be read from stdin.
    pub(crate) fn is_stdin(&self) -> bool {
        self.text.as_deref().or(self.message.as_deref()) == Some("-")
    }

    /// Returns the text, if there is one; from stdin where it is `-`.
    pub(crate) fn text(&self) -> Result<Option<String>, Failure> {
        self.text.as_ref().or(self.message.as_ref()).map(|text| text_or_stdin(text)).transpose()
    }
}

/// Reads the category of a log entry.
pub(crate) fn category(text: &str) -> Result<Category, String> {
    text.parse().map_err(|_| format!("it is one of {}", Category::ALL.map(Category::as_str).join(", ")))
}

/// Reads a kind of entry.
pub(crate) fn entry_kind(text: &str) -> Result<EntryKind, String> {
    let found = EntryKind::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text.trim()));
    found.ok_or_else(|| format!("it is one of {}", EntryKind::ALL.map(EntryKind::as_str).join(", ")))
}

/// Reads when something happened, if it was not now.
pub(crate) fn at(text: Option<&str>, clock: &dyn Clock) -> Result<Option<Reading>, Failure> {
    Ok(text.map(|text| parse_moment(text, clock)).transpose()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_flag_is_typed_so_that_it_is_none() {
        assert_eq!((operand("a b"), operand("-rf")), ("'a b'".to_owned(), "-- -rf".to_owned()));
        assert_eq!((session_operand("c"), session_operand("-rf")), ("c".to_owned(), "--session=-rf".to_owned()));
    }
}
