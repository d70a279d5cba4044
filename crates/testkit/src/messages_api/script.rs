//! What a scripted reply is made of.

use std::time::Duration;

use serde_json::{Value, json};

/// One block of a reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Something said.
    Text(String),
    /// Something thought.
    Thinking(String),
    /// A tool called. `{cwd}` in its input becomes the directory that the request names.
    Tool {
        /// The tool's name.
        name: String,
        /// What it is called with.
        input: Value,
    },
}

/// Returns a block of text.
pub fn say(text: &str) -> Block {
    Block::Text(text.to_owned())
}

/// Returns a block of thinking.
pub fn think(text: &str) -> Block {
    Block::Thinking(text.to_owned())
}

/// Returns a call of a tool.
pub fn tool(name: &str, input: Value) -> Block {
    Block::Tool { name: name.to_owned(), input }
}

/// Returns a call of Bash.
pub fn bash(command: &str) -> Block {
    tool("Bash", json!({ "command": command, "description": "Scripted command" }))
}

/// An HTTP error in place of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status.
    pub status: u16,
    /// How often a session gets it before the blocks are used; always, if not said.
    pub times: Option<usize>,
}

/// One reply.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// What it consists of.
    pub blocks: Vec<Block>,
    /// The error that comes first.
    pub failure: Option<Failure>,
    /// The number of blocks after which the stream stalls until the server is told to go on.
    pub hang_after: Option<usize>,
    /// The number of blocks after which the connection is cut.
    pub drop_after: Option<usize>,
    /// How long the answer is held back.
    pub delay: Duration,
    /// The stop reason, if not the one that the blocks imply.
    pub stop_reason: Option<String>,
    /// Figures of the usage that are to be other than made up.
    pub usage: Option<Value>,
}

impl Step {
    /// Replies with blocks.
    pub fn of(blocks: impl IntoIterator<Item = Block>) -> Self {
        Self { blocks: blocks.into_iter().collect(), ..Self::default() }
    }

    /// Replies with an HTTP error, every time.
    pub fn error(status: u16) -> Self {
        Self { failure: Some(Failure { status, times: None }), ..Self::default() }
    }

    /// Replies with an HTTP error so many times first.
    pub fn after_error(mut self, status: u16, times: usize) -> Self {
        self.failure = Some(Failure { status, times: Some(times) });
        self
    }

    /// Stalls after so many blocks, until [`MessagesApi::release`](super::MessagesApi::release) or the end of the server.
    pub fn hang_after(mut self, blocks: usize) -> Self {
        self.hang_after = Some(blocks);
        self
    }

    /// Cuts the connection after so many blocks.
    pub fn drop_after(mut self, blocks: usize) -> Self {
        self.drop_after = Some(blocks);
        self
    }

    /// Holds the answer back.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Ends with another stop reason.
    pub fn stop_reason(mut self, reason: &str) -> Self {
        self.stop_reason = Some(reason.to_owned());
        self
    }

    /// Overrides figures of the usage.
    pub fn usage(mut self, usage: Value) -> Self {
        self.usage = Some(usage);
        self
    }
}
