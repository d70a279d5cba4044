//! What a transcript says: plain facts, without knowing which agent wrote it.
//!
//! A reader goes over a part of a file and returns [`Facts`]. Parts of one file, and of all files, are laid together by [`Ledger`], which counts
//! a response once however often it was written down. Nothing in here depends on the order in which parts come.
//!
//! | file | holds |
//! |---|---|
//! | `facts` | what one pass over a part of a file found |
//! | `ledger` | facts of all files laid together: every token once |
//! | `merge` | what several records say of one response |
//! | `names` | strings, each once |

mod facts;
mod ledger;
mod merge;
mod names;

pub use facts::{
    Answer, Call, Compaction, Counts, Edit, EditKind, Extent, Facts, Name, OwnTotal, Refusal, Response, Title, TitleKind, TypedTurn, Usage,
};
pub use ledger::Ledger;
