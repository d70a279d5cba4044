//! The vault: exact copies of agents' transcripts, from before the agents delete them.
//!
//! ```text
//! vault/lock               the line in which those wait who change something
//! vault/chunks/ab/….zst    pieces of files, compressed, each named by the SHA-256 of what is in it
//! vault/kept/….json        one conversation: its files, the versions of each, and the chunks of each version
//! ```
//!
//! A chunk is on the disk under its name before a conversation names it, and a conversation is replaced in one step: whoever is killed leaves
//! what was there before, and chunks that nobody names. Those go with the next copy.
//!
//! | file | holds |
//! |---|---|
//! | `hall` | its directory, held open: no link in it is followed |
//! | `hash` | SHA-256, and how it is written |
//! | `source` | a file that others write to, read as it was at one moment |
//! | `cut` | a file in chunks: those of the last copy again, as far as they fit |
//! | `chunks` | the chunks on the disk |
//! | `kept` | what is kept of a conversation |
//! | `shelf` | the conversations on the disk; the line |
//! | `room` | what goes where there is a limit |
//! | `excluded` | what is not to be recorded, and so not to be copied |
//! | `copy` | copying what is new |
//! | `verify` | reading everything again |
//! | `restore` | putting a conversation back |
//! | `health` | what `doctor` says of it |
//! | `status` | how large it is, how it grows, what the agent is about to delete |

mod chunks;
mod copy;
mod cut;
mod excluded;
mod hall;
mod hash;
mod health;
mod kept;
mod restore;
mod room;
mod shelf;
mod source;
mod status;
mod verify;

pub use copy::VaultCopyView;
pub(crate) use hash::{Hash, Hasher, from_hex, hex};
pub(crate) use restore::FromVaultError;
pub use restore::KeptEntry;
pub use shelf::VaultError;
pub use status::{LeavingView, VaultView};
pub use verify::VerifiedView;
