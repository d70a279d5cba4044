//! Codex CLI.
//!
//! | module | what it knows |
//! |---|---|
//! | `transcript` | its rollouts: what they say, whichever client wrote them |

pub mod transcript;

/// How this agent is spelled everywhere.
pub const NAME: &str = "codex";
