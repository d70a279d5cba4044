//! The embedded backend: one SQLite file in WAL mode.
//!
//! | file | holds |
//! |---|---|
//! | `backend` | [`SqliteStore`], the trait's implementation |
//! | `open` | paths, modes, the version gate, opening for reading and for writing |
//! | `queue` | the lock file at which writers wait in line |
//! | `migrate` | numbered migrations |
//! | `failure` | SQLite's codes in our words |
//! | `events` | events to columns and back |
//! | `rows` | rows to columns and back, a few at a time |
//! | `activity` | rows of what agents do |
//! | `record` | rows of what people write down |
//! | `chain` | transitions and heads |
//! | `inbox` | how far inboxes were taken in |
//! | `reads` | everything that is asked |
//! | `filter` | `Wanted` as SQL |
//! | `transcripts` | what was read from transcripts |
//! | `turn` | appending within a transaction |
//! | `rebuild` | deriving all rows again |
//! | `replace` | setting a broken file aside and putting a new one in its place |
//! | `salvage` | reading what is left of a broken file |
//! | `file_system` | where WAL may be used |

mod activity;
mod backend;
mod chain;
mod events;
pub(crate) mod failure;
pub(crate) mod file_system;
mod filter;
mod inbox;
mod migrate;
pub(crate) mod open;
pub(crate) mod queue;
mod reads;
mod rebuild;
mod record;
pub(crate) mod replace;
mod rows;
mod salvage;
mod transcripts;
mod turn;

pub use backend::SqliteStore;
pub use file_system::is_local_file_system;
pub use open::{Access, make_private_directories, sqlite_version, write_private};
pub use queue::{LineError, Place, wait_in_line};
