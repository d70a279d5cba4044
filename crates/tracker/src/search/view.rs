//! A hit as it is shown.

use serde::Serialize;
use store::SearchIn;

/// A part of a snippet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it says.
    pub text: String,
    /// Whether it is what was sought.
    pub is_found: bool,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HitView {
    /// Among what it was found.
    #[serde(rename = "where")]
    pub among: SearchIn,
    /// The id of the session it belongs to.
    pub session: Option<String>,
    /// The agent's own id of its conversation.
    pub agent_session: Option<String>,
    /// The agent.
    pub agent: Option<String>,
    /// The agent's id of the prompt it follows.
    pub turn: Option<String>,
    /// When it was.
    pub at: String,
    /// The place where the words are, on one line.
    pub snippet: String,
    /// What to type to go on there.
    pub resume: Option<String>,
    /// What it is: `prompt`, `answer`, `tool_output`, `decision`.
    pub role: String,
    /// The tool.
    pub tool: Option<String>,
    /// The file that the tool is about; of several, the first one.
    pub file: Option<String>,
    /// The snippet, what was found apart from what stands around it.
    #[serde(skip)]
    pub pieces: Vec<Piece>,
}
