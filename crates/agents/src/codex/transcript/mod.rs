//! The client's transcripts, which it calls rollouts.
//!
//! | file | holds |
//! |---|---|
//! | `head` | what its name and its first line say |
//! | `read` | a rollout, read to facts |
//! | `state` | what of earlier lines later ones need: whose they are, what was counted |
//! | `row` | one line of it |
//! | `calls` | what a tool is called with |
//! | `text` | what is said in it, in words |
//! | `output` | what came back from a tool |

mod calls;
mod head;
mod output;
mod read;
mod row;
mod state;
pub(crate) mod text;

use std::path::Path;

pub(crate) use head::{entry, lasting, whose};
pub use read::{can_go_on, read};

/// Reports whether a file of this name is a rollout: `rollout-….jsonl`, or one that was packed.
pub fn is_transcript(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("rollout-") && (name.ends_with(".jsonl") || name.ends_with(".jsonl.zst"))
}
