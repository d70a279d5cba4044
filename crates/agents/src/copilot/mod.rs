//! GitHub Copilot CLI.
//!
//! | module | what it knows |
//! |---|---|
//! | `tools` | what its tools do |
//! | `transcript` | its files of events: what they say |
//! | `event` | one line of them |
//! | `totals` | what was used where no record says it |
//! | `text` | what is said in it, in words |

mod event;
pub(crate) mod text;
mod tools;
mod totals;
pub mod transcript;

pub use tools::{file_use, is_shell};

/// How this agent is spelled everywhere.
pub const NAME: &str = "copilot";

/// How it is started with a session of its own: these words, and the id.
pub const RESUME: [&str; 2] = ["copilot", "--resume"];
