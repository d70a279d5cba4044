//! Which files a session touched: what git says of its worktree against how that was found at the start, and what its tool calls name.
//!
//! | file | holds |
//! |---|---|
//! | `baseline` | how a worktree is found when a session begins |
//! | `mark` | how a file looks, told without reading it |
//! | `submodules` | submodules in which something differs |
//! | `look` | what git says of a worktree now, in the time there is |
//! | `changes` | from one step to the next: what became of each file in the end |
//! | `named` | the files that tool calls name |
//! | `attribute` | whose a file is, where several sessions work in one place |
//! | `blob` | the id that git would give to what is in a file |
//! | `survey` | all of it together |
//! | `words` | what could not be found out, said to people |

mod attribute;
mod baseline;
mod blob;
mod changes;
mod look;
mod mark;
mod named;
mod submodules;
mod survey;
mod words;

pub(crate) use baseline::{Looking, PATIENCE};
pub(crate) use blob::blob;
