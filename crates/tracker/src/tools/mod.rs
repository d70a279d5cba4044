//! What tools agents called, how often they failed, and how long they took.
//!
//! Two sources are laid over each other: hooks saw when a call was made and what came of it; transcripts have the calls that no hook saw. A
//! call that both know is one call. Counting is a pure function, [`tool_report`], of what came out of that.
//!
//! | file | holds |
//! |---|---|
//! | `fact` | one tool call, whoever told of it |
//! | `join` | calls of hooks and of transcripts, each once |
//! | `gather` | the calls that are asked for, by the store: whose they are |
//! | `report` | calls counted in groups |
//! | `durations` | percentiles, and how the durations are known |
//! | `commands` | the slowest commands, and those that fail most |

mod commands;
mod durations;
mod fact;
mod gather;
mod join;
mod report;

pub use commands::CommandView;
pub use durations::{Durations, Known};
pub use fact::{CallFact, CallOutcome, CallOwner, Took};
pub use gather::{ToolsError, WantedTools};
pub use report::{ToolReport, ToolRow, ToolsBy, mark_retries, tool_report};
