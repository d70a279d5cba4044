//! What is the same about all agents' transcripts.
//!
//! | file | holds |
//! |---|---|
//! | `agent` | all agents whose transcripts can be read, and the one way in to them |
//! | `pass` | what reading a part of a transcript takes, and what it comes to |
//! | `walk` | all files below a directory that are transcripts |
//! | `rows` | files of which every line is a record |
//! | `gathered` | what a reader has found so far |
//! | `moment`, `strings` | timestamps and strings, of which there are many |

mod agent;
pub(crate) mod gathered;
pub(crate) mod moment;
pub(crate) mod pass;
pub(crate) mod rows;
pub(crate) mod strings;
pub(crate) mod walk;

pub use agent::{Agent, Growth};
pub use pass::{Carried, Pass, Wanted};
pub use walk::{FoundFile, Walked};
