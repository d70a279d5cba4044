//! The use cases of rutter, and the only door to its store: every rule is written once, here.
//!
//! Takes paths, a clock and a source of randomness as arguments; prints nothing, exits nowhere. The command line, and later the
//! server, Python and MCP, translate to these verbs and back, and decide nothing.
//!
//! | file | holds |
//! |---|---|
//! | `tracker` | [`Tracker`]: a store, a place to stand, a clock, dice |
//! | `config` | every setting, its value, and where it came from |
//! | `clock`, `dice` | time, processes and randomness, passed in |
//! | `place` | which worktree and project a directory belongs to |
//! | `projects` | finding a project, or taking a new one in |
//! | `naming` | drawing ids |
//! | `address` | what a person may type for a session |
//! | `current` | which session is meant when none is named |
//! | `chain/` | which agent session follows which, and which is to be resumed |
//! | `checkpoints` | restorable states of running builds, for workers |
//! | `lifecycle` | start, end, reopen, describe, tag |
//! | `ends` | ends that nobody told of |
//! | `work`, `entries` | work items; what people and agents write down |
//! | `activity` | what agents did in a session: turns, tool calls, outcomes |
//! | `events` | what hooks reported, event by event |
//! | `listing`, `stats`, `summary` | many sessions, one counted, one summed up |
//! | `groups/` | sessions that have something in common: a branch, a ticket, a tag |
//! | `templates/` | what sessions can begin with, in files |
//! | `hooks/` | what agents' hooks leave: taken in, and given a session |
//! | `index/` | what transcripts say, read as far as it is new |
//! | `install`, `instructions` | putting hooks into agents' settings and words into their instructions, and out again |
//! | `now`, `status_line` | what runs now |
//! | `documents/` | files of a session in its worktree, to be committed |
//! | `files/` | which files a session touched |
//! | `handoff/` | what the next session must know, held against the world, and given to it |
//! | `gate/` | what a commit is held against, and the git hooks that do so |
//! | `describe` | a description where nobody gave one |
//! | `git/` | what is asked of git |
//! | `vault/` | exact copies of transcripts, from before the agents delete them |
//! | `holdings/` | what agents have on the disk |
//! | `trash/` | what is deleted of agents' files, until it is gone for good |
//! | `inventory/` | agents' conversations on the disk: listed, deleted, put back |
//! | `directory` | directories below which no link is followed |
//! | `put_back` | files that go back where an agent had them |
//! | `foreign_place` | files of ours where others may have planted links |
//! | `mirror/` | files for people and scripts, written from the store and taken in from others |
//! | `marker_file/` | a hint for other scripts: which conversation a project's agent has |
//! | `search/` | searching what was recorded, and the text of transcripts where that is allowed |
//! | `shims/` | scripts that stand where other people's scripts stood |
//! | `extract` | the agent session that an agent's output is of |
//! | `exchange` | sessions as a file that can be imported elsewhere |
//! | `make` | a fragment of a Makefile that calls the program |
//! | `runners/` | what test runners print, read |
//! | `usage/` | what agents used: tokens, what they cost, and of how much that is a lower bound |
//! | `tools/` | what tools agents called, how often they failed, how long they took |
//! | `rebuild`, `doctor` | deriving again; looking for what is wrong |
//! | `templates/` | what sessions can begin with, in files |
//! | `time_words` | `13:45`, `10 minutes ago`, `7d` |
//! | `note` | what a person should be told beside the answer |
//! | `view` | the public shape of every noun |

mod activity;
mod address;
mod chain;
mod checkpoints;
mod clock;
mod config;
mod current;
mod describe;
mod dice;
mod directory;
mod doctor;
mod documents;
mod ends;
mod entries;
mod events;
mod exchange;
mod extract;
mod files;
mod foreign_place;
mod gate;
mod git;
mod groups;
mod handoff;
mod holdings;
mod hooks;
mod index;
mod install;
mod instructions;
mod inventory;
mod lifecycle;
mod listing;
mod make;
mod marker_file;
mod mirror;
mod naming;
mod note;
mod now;
mod place;
mod projects;
mod put_back;
mod rebuild;
mod runners;
mod search;
mod shims;
mod stats;
mod status_line;
mod summary;
mod templates;
mod time_words;
mod tools;
mod tracker;
mod trash;
mod usage;
mod vault;
mod view;
mod work;

pub use activity::{ToolCallView, TurnView};
pub use address::{AddressError, Purpose};
pub use chain::{
    Chain, ChainError, HeadView, NewTransition, Outcome, Recovery, Resume, ResumeChoice, ResumeError, Said, SyncRow, SyncStatus,
    TransitionView, Verdict, WantedChain,
};
pub use checkpoints::{CheckpointError, CheckpointView, Checkpoints, NewCheckpoint};
pub use clock::{Clock, SystemClock};
pub use config::{Config, ConfigError, Environment, KEYS, Key, Origin, Setting};
pub use current::{CurrentError, Looked, Step, Trace};
pub use dice::{Dice, SystemDice};
pub use doctor::{Finding, Severity};
pub use ends::Fate;
pub use entries::{EntryError, NewEntry, NewTest, NewWritten, WantedEntries};
pub use events::{EventView, Follower, WantedEvents};
pub use exchange::{ExchangeError, Imported};
pub use extract::{Extracted, Newest, extract};
pub use gate::{CheckedRange, CommitMaking, GateError, GateMode, HookCall, HookOutcome, HookView, Objection, REFUSED, Rule};
pub use groups::{GroupKind, GroupOfSessions, GroupStatsView, GroupWorkView, Grouped, GroupedView, TicketRule};
pub use handoff::{Check, Claim, ClaimKind, HandoffView, ReceivedView};
pub use hooks::{Answer, PauseError, Taken, Waiting};
pub use index::{IndexError, IndexView, TranscriptError, TranscriptView};
pub use install::{AGENTS, HooksError, HooksView, Scope};
pub use inventory::{
    AgentSessionView, Choice, Cleaning, DeletedView, InventoryError, Listed, RestoreError, RestoreFrom, RestoredView, Restoring,
    agent_names,
};
pub use lifecycle::{EndError, Start, StartError, TagError, read_tag};
pub use listing::Listing;
pub use make::fragment;
pub use marker_file::{DirectoryTrouble, Found, Marker, MarkerError, Markers, Occupant, UNKNOWN_MARKER};
pub use mirror::MirrorError;
pub use naming::NamingError;
pub use note::Note;
pub use now::AgentView;
pub use place::Place;
pub use projects::ProjectError;
pub use rebuild::RebuildReport;
pub use runners::{SEVERAL, TestRun, read as read_test_run};
pub use search::{Found as FoundHits, HitView, Piece, SearchError, TextView, WantedHits, roles as search_roles};
pub use shims::{ShimError, ShimView};
pub use stats::Overview;
pub use status_line::StatusLine;
pub use summary::SummaryView;
pub use templates::{TemplateEntryView, TemplateError, TemplateScope, TemplateView, TemplateWorkView};
pub use time_words::{
    TimeError, ago, parse_duration, parse_from, parse_length, parse_moment, parse_since, parse_through, parse_until, read_zone,
};
pub use tools::{
    CallFact, CallOutcome, CallOwner, CommandView, Durations, Known, Took, ToolReport, ToolRow, ToolsBy, ToolsError, WantedTools,
    mark_retries, tool_report,
};
pub use tracker::{Tracker, TrackerError};
pub use trash::{TrashError, TrashedView};
pub use usage::{
    BlockView, Cost, DifferenceView, Own, OwnTokensView, Owner, Owners, PriceError, Prices, SidechainView, Sum, UnknownModelView, UsageBy,
    UsageError, UsageReport, UsageRow, UsageView, WantedUsage, report as report_usage,
};
pub use vault::{KeptEntry, LeavingView, VaultCopyView, VaultError, VaultView, VerifiedView};
pub use view::{
    EntryCounts, EntryView, FileView, GroupView, MarkerView, OverviewView, SessionView, StatsView, WorkCounts, WorkItemView,
    duration_words, metadata_object,
};
pub use work::WorkError;

pub use session;
pub use store::{Access, CheckpointsError, Progress, QueryError, SearchIn, SetAside, StoreError, Wanted, sqlite_version};
