//! The chain: which agent session follows which, and which one is to be resumed.
//!
//! What hooks tell of it is in `hooks/moves`; here is what workers say, and everything that is asked.
//!
//! | file | holds |
//! |---|---|
//! | `transition` | a worker's word that one agent session follows another: compare and set |
//! | `view` | the public shapes of transitions and heads |
//! | `head` | the chain and the head of a project, a version, a session |
//! | `transcripts` | whether an agent session can still be resumed here |
//! | `recover` | from an agent session that may be superseded or gone to one that can be resumed |
//! | `resume` | how an agent is started with a conversation of its own |
//! | `sync` | whether heads and transitions are what the events say |

mod head;
mod recover;
mod resume;
mod sync;
mod transcripts;
mod transition;
mod view;

pub(crate) use resume::resume_command;
pub(crate) use transcripts::Hindrance;

pub use head::{Chain, WantedChain};
pub use recover::{Recovery, Verdict};
pub use resume::{Resume, ResumeChoice, ResumeError};
pub use sync::{SyncRow, SyncStatus};
pub use transition::{ChainError, NewTransition, Outcome, Said};
pub use view::{HeadView, TransitionView};
