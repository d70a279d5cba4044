//! What is the same about all agents' transcripts.
//!
//! | file | holds |
//! |---|---|
//! | `agent` | all agents whose transcripts can be read, and the one way in to them |
//! | `holding` | what of an agent's directories belongs to which conversation |
//! | `recognise` | whose transcript a file is |
//! | `pass` | what reading a part of a transcript takes, and what it comes to |
//! | `walk` | all files below a directory that are transcripts |
//! | `rows` | files of which every line is a record |
//! | `file` | a file, whatever it is |
//! | `hearing` | what is said in words, apart from facts |
//! | `arguments`, `patch` | what tools are called with |
//! | `gathered` | what a reader has found so far |
//! | `moment`, `strings` | timestamps and strings, of which there are many |

mod agent;
pub(crate) mod arguments;
pub(crate) mod file;
pub(crate) mod gathered;
pub(crate) mod hearing;
pub(crate) mod holding;
pub(crate) mod moment;
pub(crate) mod pass;
pub(crate) mod patch;
mod recognise;
pub(crate) mod rows;
pub(crate) mod strings;
pub(crate) mod walk;

pub use agent::{Agent, Growth, ROOT_VARIABLES};
pub use file::{FileRead, Place, mark_of};
pub use hearing::{Heard, Role, Said};
pub use holding::{Entry, Stored, Whose};
pub use pass::{Carried, Pass, Wanted};
pub use walk::{FoundFile, Walked};
