//! The client's transcripts.
//!
//! | file | holds |
//! |---|---|
//! | `find` | where the transcript of a conversation is, and which one it was copied from |
//! | `piece` | what a conversation has on the disk |
//! | `read` | a transcript, read to facts |
//! | `record` | one line of it |
//! | `text` | what is said in it, in words |
//! | `wrapper` | what stands in a person's place and was typed by nobody |

mod find;
mod piece;
mod read;
mod record;
pub(crate) mod text;
mod wrapper;

pub use find::{all, copied_from, find, is_id, look, newest};
use std::path::Path;

use crate::transcripts::walk::{self, Look};

pub use crate::transcripts::pass::{Pass, Wanted};
pub use crate::transcripts::walk::{FoundFile, Walked};
pub use piece::{Piece, is_drawn, piece};
pub use read::read;

/// How far below a project's folder files are looked for.
const DEEPEST: usize = 4;

/// Finds all files of transcripts, on some threads: `<projects>/<folder>/<id>.jsonl` and whatever is called so below `<folder>/<id>/`. Links to
/// a project's folder are followed, others are not.
pub fn walk(projects: &Path, threads: usize) -> Walked {
    walk::walk(projects, &Look { deepest: DEEPEST, has_links: true, is_transcript: &is_transcript }, threads)
}

/// Reports whether a file of this name is a transcript.
pub fn is_transcript(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jsonl")
}
