//! The trash: what `rutter` deletes of agents' files goes here first, and can be put back byte for byte.
//!
//! ```text
//! trash/lock                    the line in which those wait who change something
//! trash/<uuid>/deleted.json     what was deleted: whose, from where, when, why, and the SHA-256 of every file
//! trash/<uuid>/0, 1, …          its pieces: a transcript, a folder
//! ```
//!
//! What is to be deleted is written down before anything moves. Whoever is killed leaves each piece in one of the two places, and knows which.
//!
//! | file | holds |
//! |---|---|
//! | `record` | what is written down of a deletion |
//! | `bin` | the deletions in the trash; the line; what is too old |
//! | `delete` | moving there |
//! | `undo` | moving back |
//! | `merge` | putting one by one in its place where something is there |
//! | `tree` | moving between file systems |

mod bin;
mod delete;
mod merge;
mod record;
mod tree;
mod undo;

pub(crate) use bin::DELETE;
pub use bin::{TrashError, TrashedView};
pub(crate) use undo::FromTrashError;
