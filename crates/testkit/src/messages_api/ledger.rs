//! What was asked and what was sent, for a test to compare with what was recorded.

use serde_json::Value;

/// What a request was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A step of a script; a prompt that names none gets the script `ok`.
    Turn {
        /// The script's name as the prompt gave it.
        script: String,
        /// The number of assistant messages after that prompt.
        step: usize,
    },
    /// A title for the session.
    Title,
    /// A summary of the conversation.
    Compaction,
    /// What the user may want to say next.
    Suggestion,
    /// How many tokens something has.
    TokenCount,
    /// Which models there are, or whether the server is there at all.
    Probe,
    /// Something that the stand-in does not know.
    Unknown,
}

/// A request and what was sent in reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// What the request was for.
    pub kind: Kind,
    /// The agent session that it names in its header.
    pub session: Option<String>,
    /// The model asked for.
    pub model: Option<String>,
    /// The HTTP status sent.
    pub status: u16,
    /// The reply's header `request-id`.
    pub request_id: String,
    /// The id of the message sent.
    pub message_id: Option<String>,
    /// The blocks that were sent whole, as in a message's `content`.
    pub blocks: Vec<Value>,
    /// The usage of the message.
    pub usage: Value,
    /// Whether the reply was sent to its end.
    pub is_complete: bool,
}

impl Exchange {
    /// Says whether this is a step of a script.
    pub fn is_of(&self, name: &str) -> bool {
        matches!(&self.kind, Kind::Turn { script, .. } if script == name)
    }

    /// Says whether this is a turn of a conversation, not housekeeping.
    pub fn is_turn(&self) -> bool {
        matches!(self.kind, Kind::Turn { .. })
    }

    /// Returns the ids of the tool calls sent.
    pub fn tool_ids(&self) -> Vec<String> {
        let calls = self.blocks.iter().filter(|block| block["type"] == "tool_use");
        calls.filter_map(|block| block["id"].as_str().map(str::to_owned)).collect()
    }
}

/// Everything that happened so far.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) exchanges: Vec<Exchange>,
    pub(super) complaints: Vec<String>,
    /// What models were told: the body of each request for a message.
    pub(super) told: Vec<String>,
    /// For each failure that ends: whose it is, and how often it was sent.
    failures: Vec<(String, usize)>,
}

impl Ledger {
    /// Says whether a failure that is sent so many times is due once more.
    pub(super) fn is_failure_due(&mut self, whose: &str, times: usize) -> bool {
        if !self.failures.iter().any(|(held, _)| held == whose) {
            self.failures.push((whose.to_owned(), 0));
        }
        let sent = self.failures.iter_mut().find(|(held, _)| held == whose).map(|(_, sent)| sent).unwrap();
        *sent += 1;
        *sent <= times
    }
}
