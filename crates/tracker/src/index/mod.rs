//! What agents' transcripts say, read as far as it is new.
//!
//! | file | holds |
//! |---|---|
//! | `overlay` | what transcripts say of a session, laid over what is recorded of it |
//! | `plan` | which files are to be read, and from where on |
//! | `pass` | reading them, on some threads |
//! | `update` | bringing the index up to date |
//! | `keep` | the store's copy of what the index says |
//! | `ledger` | everything laid together |
//! | `history` | sessions from before anybody recorded them |
//! | `timeline` | turns and tool calls that only transcripts tell of |
//! | `told` | what the index tells of one conversation |
//! | `transcript` | what one file says by itself |

mod history;
mod keep;
mod ledger;
mod overlay;
mod pass;
mod plan;
mod timeline;
mod told;
mod transcript;
mod update;

pub(crate) use overlay::PROMPT_OF_TRANSCRIPT;
pub(crate) use pass::threads;
pub use transcript::TranscriptView;
pub use update::{IndexError, IndexView};
