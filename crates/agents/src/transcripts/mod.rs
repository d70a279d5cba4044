//! What is the same about all agents' transcripts.
//!
//! | file | holds |
//! |---|---|
//! | `agent` | all agents whose transcripts can be read, and the one way in to them |
//! | `recognise` | whose transcript a file is |
//! | `pass` | what reading a part of a transcript takes, and what it comes to |
//! | `walk` | all files below a directory that are transcripts |
//! | `rows` | files of which every line is a record |
//! | `file` | a file, whatever it is |
//! | `arguments`, `patch` | what tools are called with |
//! | `gathered` | what a reader has found so far |
//! | `moment`, `strings` | timestamps and strings, of which there are many |

mod agent;
pub(crate) mod arguments;
pub(crate) mod file;
pub(crate) mod gathered;
pub(crate) mod moment;
pub(crate) mod pass;
pub(crate) mod patch;
mod recognise;
pub(crate) mod rows;
pub(crate) mod strings;
pub(crate) mod walk;

pub use agent::{Agent, Growth};
pub use file::Place;
pub use pass::{Carried, Pass, Wanted};
pub use walk::{FoundFile, Walked};
