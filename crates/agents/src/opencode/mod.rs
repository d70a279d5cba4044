//! opencode.
//!
//! | module | what it knows |
//! |---|---|
//! | `transcript` | where its sessions are, and how they are read |
//! | `reader` | those in a database |
//! | `tree` | those in a tree of files, of older clients |
//! | `told` | what a session, a message and a part of one say |
//! | `gather` | what comes of them |

mod gather;
mod reader;
mod told;
pub mod transcript;
mod tree;

/// How this agent is spelled everywhere.
pub const NAME: &str = "opencode";
