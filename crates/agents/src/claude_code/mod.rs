//! Claude Code.
//!
//! | module | what it knows |
//! |---|---|
//! | `moments` | which events of its hooks are starts, and which are to be on disk at once |
//! | `payload` | one payload to one observation |
//! | `settings` | the text of a `settings.json`: our hooks in, our hooks out |
//! | `install` | the file itself: replaced whole, undone to the byte |
//! | `locations` | where its files are |
//! | `registry` | which of its processes run, as it says itself |
//! | `retention` | after how many days it deletes transcripts |
//! | `plugin` | our hooks as a plugin, the second way in |
//! | `words` | what it is told about recording: a skill, slash commands, a block of instructions |
//! | `statusline` | what it tells a status line |
//! | `stream/` | what it prints where nobody types, read for the conversation's id |
//! | `tools` | what its tools do |
//! | `transcript` | where the transcript of a conversation is, and what it was copied from |

mod moments;
#[cfg(feature = "payload")]
mod payload;

#[cfg(feature = "readers")]
mod words;

#[cfg(feature = "readers")]
pub mod install;
#[cfg(feature = "readers")]
pub mod locations;
#[cfg(feature = "readers")]
pub mod plugin;
#[cfg(feature = "readers")]
pub mod registry;
#[cfg(feature = "readers")]
pub mod retention;
#[cfg(feature = "readers")]
pub mod settings;
#[cfg(feature = "readers")]
pub mod statusline;
#[cfg(feature = "readers")]
pub mod stream;
#[cfg(feature = "readers")]
mod tools;
#[cfg(feature = "readers")]
pub mod transcript;

pub use moments::{is_boundary, is_start};
#[cfg(feature = "payload")]
pub use payload::{CONVERSATION_VARIABLE, EXEMPT, VARIABLES, understand};
#[cfg(feature = "readers")]
pub use tools::{file_use, is_shell};
#[cfg(feature = "readers")]
pub use words::DUTIES;

/// How this agent is spelled everywhere.
pub const NAME: &str = "claude-code";

/// How it is started with a session of its own: these words, and the id.
pub const RESUME: [&str; 2] = ["claude", "--resume"];
