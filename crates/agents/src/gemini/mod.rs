//! Gemini CLI.
//!
//! | module | what it knows |
//! |---|---|
//! | `tools` | what its tools do |
//! | `transcript` | its chats: what they say |
//! | `message` | one line of them, and what is in it |
//! | `text` | what is said in it, in words |

mod message;
pub(crate) mod text;
mod tools;
pub mod transcript;

pub use tools::{file_use, is_shell};

/// How this agent is spelled everywhere.
pub const NAME: &str = "gemini";

/// How it is started with a session of its own: these words, and the id.
pub const RESUME: [&str; 2] = ["gemini", "--resume"];
