//! The words of rutter: sessions, work items, events, and the one function that derives rows from events.
//!
//! Pure: no IO, no clock, no randomness, no wire format. Everything else in the workspace speaks these types.
//!
//! | file | holds |
//! |---|---|
//! | `key` | UUID keys, by which rows and events refer to each other |
//! | `id` | `SESSION-20260216-173003-09RZ` and its strict parser |
//! | `moment` | instants with their UTC offset, and durations that no clock jump can make negative |
//! | `text` | strings that passed redaction, tags, opaque JSON |
//! | `status` | where a session or a work item stands |
//! | `event` | what happened: a subject and a typed change |
//! | `observed` | what an agent's hook said, understood |
//! | `order` | before and after within a conversation, whatever the wall clock says |
//! | `process` | one process among all that ever were |
//! | `numbered` | what was heard of processes known by their numbers |
//! | `register` | the last writer, decided by revision and not by arrival |
//! | `session`, `work_item`, `entry`, `project` | the rows of what people record |
//! | `survey` | the row of what became of a worktree while a session went on |
//! | `conversation`, `turn`, `tool_call` | the rows of what agents do |
//! | `transition` | the rows of the chain: one agent session following another, and heads |
//! | `transcript` | what a transcript says, and what all of them say together |
//! | `rows`, `apply`, `record`, `observe`, `chain` | the fold |

mod apply;
mod chain;
mod conversation;
mod entry;
mod event;
mod id;
mod key;
mod moment;
mod numbered;
mod observe;
mod observed;
mod order;
mod process;
mod project;
mod record;
mod register;
mod rows;
mod session;
mod status;
mod survey;
mod text;
mod tool_call;
pub mod transcript;
mod transition;
mod turn;
mod work_item;

pub use apply::{apply, fold};
pub use chain::heads_of;
pub use conversation::{Arrival, Assignment, Conversation, Doing, Run, Said};
pub use entry::{Category, CategoryError, Entry, EntryKind, EntryStanding, TestResult, Written};
pub use event::{
    Author, Change, Described, Ended, EntryAdded, EntryMarked, Event, Evidence, HandedOver, Moved, Opened, Opener, ProjectFound, Rank,
    Reported, Subject, WorkAdded, WorkMarked,
};
pub use id::{EntryId, IdError, Prefix, SUFFIX_MAX, SUFFIX_MIN, SessionId, WorkId, suffix_length};
pub use key::{ConversationKey, EntryKey, EventId, ProjectKey, SessionKey, ToolCallKey, TurnKey, WorkKey};
pub use moment::{Boot, Moment, Reading, elapsed_micros};
pub use numbered::Numbered;
pub use observed::{Happened, Observed, Started, Tool};
pub use order::{Latest, When, in_order};
pub use process::Process;
pub use project::Project;
pub use register::{Register, Revision, Stamp};
pub use rows::{Anomaly, Awaited, Rows};
pub use session::{Activity, Description, EntryCount, Lifecycle, Session, WorkCount};
pub use status::{Status, StatusError, WorkStatus};
pub use survey::{Attribution, Baseline, Commit, FileChange, Footprint, GitState, Held, Survey, TouchedFile};
pub use text::{Json, Metadata, Tag, TagError, Text, harmless, is_harmful, is_unseen, quoted};
pub use tool_call::{CallEnd, Outcome, ToolCall};
pub use transition::{AgentSession, Head, Report, Scope, Standing, Transition};
pub use turn::{Prompt, Turn, TurnEnd};
pub use uuid::Uuid;
pub use work_item::WorkItem;
