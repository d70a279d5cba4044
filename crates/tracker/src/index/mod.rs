//! What agents' transcripts say, read as far as it is new.
//!
//! | file | holds |
//! |---|---|
//! | `overlay` | what transcripts say of a session, laid over what is recorded of it |
//! | `sources` | where transcripts are, and which there are |
//! | `plan` | which files are to be read, and from where on |
//! | `pass` | reading them, on some threads |
//! | `scratch` | where files are copied to that cannot be read where they are |
//! | `withheld` | what people do not want to be recorded |
//! | `write` | what was read, written to the index |
//! | `update` | bringing the index up to date |
//! | `keep` | the store's copy of what the index says |
//! | `ledger` | everything laid together |
//! | `history` | sessions from before anybody recorded them |
//! | `hashed` | where those were of which only a hash of that is known |
//! | `imported` | which of them came out of a mirror's files already |
//! | `timeline` | turns and tool calls that only transcripts tell of |
//! | `told` | what the index tells of one conversation |
//! | `of_one` | what the index, or its transcripts, say of one conversation on the disk |
//! | `transcript` | what one file says by itself |

mod hashed;
mod history;
mod imported;
mod keep;
mod ledger;
mod of_one;
mod overlay;
mod pass;
mod plan;
mod scratch;
mod sources;
mod timeline;
mod told;
mod transcript;
mod update;
mod withheld;
mod write;

pub(crate) use of_one::OfOne;
pub(crate) use overlay::PROMPT_OF_TRANSCRIPT;
pub(crate) use pass::threads;
pub(crate) use scratch::Scratch;
pub(crate) use sources::name as name_of;
pub(crate) use timeline::Written;
pub use transcript::{TranscriptError, TranscriptView};
pub use update::{IndexError, IndexView};
pub(crate) use withheld::Excluded;
