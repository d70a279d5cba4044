//! The client's transcripts.
//!
//! | file | holds |
//! |---|---|
//! | `find` | where the transcript of a conversation is, and which one it was copied from |
//! | `walk` | all files of transcripts |
//! | `read` | a transcript, read to facts |
//! | `record` | one line of it |
//! | `wrapper` | what stands in a person's place and was typed by nobody |
//! | `moment`, `strings` | timestamps and strings, of which there are many |

mod find;
mod moment;
mod read;
mod record;
mod strings;
mod walk;
mod wrapper;

pub use find::{all, copied_from, find, is_id, look, newest};
pub use read::{Pass, Wanted, read};
pub use walk::{FoundFile, Walked, walk};
