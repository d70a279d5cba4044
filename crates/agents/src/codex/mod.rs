//! Codex CLI.
//!
//! | module | what it knows |
//! |---|---|
//! | `tools` | what its tools do |
//! | `transcript` | its rollouts: what they say, whichever client wrote them |

mod tools;
pub mod transcript;

pub use tools::is_shell;

/// How this agent is spelled everywhere.
pub const NAME: &str = "codex";

/// How it is started with a session of its own: these words, and the id.
pub const RESUME: [&str; 2] = ["codex", "resume"];
