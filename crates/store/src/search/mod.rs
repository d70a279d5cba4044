//! What can be searched: entries, sessions, prompts, and where people allowed it, the text of transcripts. A cache, always SQLite and on this machine.
//!
//! | file | holds |
//! |---|---|
//! | `file` | opening it, throwing it away, transactions, how far everything was followed |
//! | `document` | what can be found, and blocks of it as bytes |
//! | `marks` | words by which documents are narrowed |
//! | `parts` | what `getUserName` is put together from |
//! | `query` | what people type, as an expression of FTS5 |
//! | `write` | documents in |
//! | `forget` | documents out |
//! | `files` | transcripts, and how far they were read |
//! | `find` | what fits, newest or best first |

mod document;
mod file;
mod files;
mod find;
mod forget;
mod marks;
mod parts;
mod query;
mod write;

pub use document::{Document, Packed, SearchIn};
pub use file::Search;
pub use files::{TextFile, TextFileId};
pub use find::{Scope, Sought};
pub use forget::Stays;
pub use query::{Query, QueryError, Term};
pub use write::{Lot, SearchTurn};
