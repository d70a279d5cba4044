//! Gemini CLI.
//!
//! | module | what it knows |
//! |---|---|
//! | `transcript` | its chats: what they say |
//! | `message` | one line of them, and what is in it |

mod message;
pub mod transcript;

/// How this agent is spelled everywhere.
pub const NAME: &str = "gemini";
