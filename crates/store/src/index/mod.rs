//! The index: what was read from transcripts, and how far. A cache, always SQLite and on this machine; the store keeps a copy of what it says.
//!
//! | file | holds |
//! |---|---|
//! | `file` | opening it, throwing it away, transactions |
//! | `rows` | files, their parts, and which conversations they are of |
//! | `laid` | the responses of all parts, laid together once |
//! | `encoding` | facts to bytes and back |

mod encoding;
mod file;
mod laid;
mod rows;

pub use encoding::EncodedFacts;
pub use file::Index;
pub use laid::{AllUsage, ToLay};
pub use rows::{FileId, IndexTurn, IndexedFile, KeptPart, PartId, ReadFile};
