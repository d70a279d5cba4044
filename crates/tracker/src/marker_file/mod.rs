//! Markers: one small file for each project that says which conversation its agent has, where other people's scripts look for it,
//! `/tmp/claude_session_<project>`. A hint, written for others. `rutter` itself asks one in one case, and last: for an event
//! that names no agent session, where no agent is known that it could be of.
//!
//! Apart from `mirror/marker`, which is about another file of other scripts, `.current-session.json`: that one lies among files of the
//! user's own. These lie where everybody may write, so the directory and what is found in it are not trusted.
//!
//! | file | holds |
//! |---|---|
//! | `markers` | [`Markers`]: storing, reading, cleaning |
//! | `name` | the file name of a project, whatever the project is called |
//! | `content` | the two lines, and whether they are stale |
//! | `directory` | the directory: who may change names in it; looking without touching |
//! | `exchange` | putting a file there and taking one away, without harm to what is somebody else's |
//! | `project` | the name of the project that is meant |
//! | `refresh` | writing what was just taken in; cleaning once in a while |
//! | `health` | what `doctor` says |

mod content;
mod directory;
mod exchange;
mod health;
mod markers;
mod name;
mod project;
mod refresh;

pub(crate) use refresh::{CLEANED, Heard};

pub use directory::{DirectoryTrouble, Occupant};
pub use markers::{Found, Marker, MarkerError, Markers, UNKNOWN as UNKNOWN_MARKER};
