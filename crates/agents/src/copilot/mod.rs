//! GitHub Copilot CLI.
//!
//! | module | what it knows |
//! |---|---|
//! | `transcript` | its files of events: what they say |
//! | `event` | one line of them |

mod event;
pub mod transcript;

/// How this agent is spelled everywhere.
pub const NAME: &str = "copilot";
