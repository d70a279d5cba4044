//! opencode.
//!
//! | module | what it knows |
//! |---|---|
//! | `tools` | what its tools do |
//! | `transcript` | where its sessions are, and how they are read |
//! | `head` | which conversation something in its directories is of |
//! | `reader` | those in a database |
//! | `tree` | those in a tree of files, of older clients |
//! | `told` | what a session, a message and a part of one say |
//! | `gather` | what comes of them |
//! | `read_text` | what is said in it, in words |

mod gather;
mod head;
pub(crate) mod read_text;
mod reader;
mod told;
mod tools;
pub mod transcript;

pub use tools::{file_use, is_shell};
mod tree;

/// How this agent is spelled everywhere.
pub const NAME: &str = "opencode";

/// How it is started with a session of its own: these words, and the id.
pub const RESUME: [&str; 2] = ["opencode", "--session"];

/// How one of its sessions is deleted: these words, and the id.
pub const DELETE: [&str; 3] = ["opencode", "session", "delete"];
