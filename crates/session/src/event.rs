//! Events: one change each, recorded once, never edited. Decisions are events too.

use serde::{Deserialize, Serialize};

use crate::{
    AgentSession, Baseline, ConversationKey, EntryId, EntryKey, EventId, Json, Metadata, Moment, Observed, Prefix, Process, ProjectKey,
    Reading, Revision, Scope, SessionId, SessionKey, Stamp, Standing, Status, Survey, Tag, Text, WorkId, WorkKey, WorkStatus, Written,
};

/// One observed or decided change. Appended once, never edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Derived from its natural key where it has one, else drawn once, so a redelivered event keeps its id.
    pub id: EventId,
    /// What it is about.
    pub about: Subject,
    /// When it happened.
    pub at: Reading,
    /// When it was recorded; later than `at` for what was written down afterwards.
    pub recorded_at: Moment,
    /// Who says so.
    pub by: Author,
    /// How it is known.
    pub evidence: Evidence,
    /// Its place among the changes of its subject.
    pub revision: Revision,
    /// What changed.
    pub change: Change,
    /// What an agent's hook sent, kept so that a better reader can pass over it again; its strings passed redaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Json>,
}

impl Event {
    /// Returns the event's place in the order of its subject's changes.
    pub fn stamp(&self) -> Stamp {
        Stamp { revision: self.revision, event: self.id }
    }
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A project.
    Project(ProjectKey),
    /// A session, its work items included.
    Session(SessionKey),
    /// An agent's conversation, its turns and tool calls included.
    Conversation(ConversationKey),
    /// The mirror: what others wrote into its files.
    Mirror,
}

/// Who recorded an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The owner it is recorded for (default: the OS user).
    pub owner: Text,
}

/// How an event is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Somebody said so, through a command or a library call.
    Said,
    /// An agent's hook reported it.
    Hook,
    /// Concluded from what hooks reported.
    Inferred,
    /// Read in what the agent wrote of itself.
    Transcript,
    /// Read in what the agent printed while it worked.
    Stream,
    /// Found in files that other scripts left in the mirror's directory.
    Mirror,
    /// Came in a file exported elsewhere.
    Import,
}

impl Evidence {
    /// Returns the snake-case word, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::Hook => "hook",
            Self::Inferred => "inferred",
            Self::Transcript => "transcript",
            Self::Stream => "stream",
            Self::Mirror => "mirror",
            Self::Import => "import",
        }
    }

    /// Returns how much it weighs against other evidence of the same.
    pub fn weight(self) -> u8 {
        match self {
            Self::Inferred => 0,
            Self::Mirror | Self::Import => 1,
            Self::Transcript => 2,
            Self::Stream => 3,
            Self::Said => 4,
            Self::Hook => 5,
        }
    }
}

/// The typed body of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum Change {
    /// A project was seen for the first time.
    ProjectFound(ProjectFound),
    /// A known project was found again in another place.
    ProjectMoved {
        /// The new place: git common directory, or directory.
        place: Text,
    },
    /// A session began; id and number were drawn and given with it.
    Opened(Box<Opened>),
    /// A session that came from elsewhere got a free number here.
    Numbered {
        /// Its number in its project.
        number: u32,
    },
    /// A session was described, by a person or automatically.
    Described(Described),
    /// Names and values were added to a session's.
    Annotated {
        /// They replace values of the same names.
        metadata: Metadata,
    },
    /// It was found out which session a session continues, or was started from.
    Descended {
        /// That session.
        parent: SessionKey,
    },
    /// A tag was put on a session (`present`) or taken off.
    Tagged {
        /// The tag.
        tag: Tag,
        /// Whether it is there from now on.
        present: bool,
    },
    /// A session ended.
    Ended(Ended),
    /// An ended session goes on.
    Reopened,
    /// A session was made current without starting anew.
    MadeCurrent,
    /// A work item began.
    WorkAdded(Box<WorkAdded>),
    /// A work item got another status.
    WorkMarked(WorkMarked),
    /// Somebody wrote something down.
    EntryAdded(Box<EntryAdded>),
    /// A blocker or an open point was settled, or came up again.
    EntryMarked(EntryMarked),
    /// How a session found its worktree when it began.
    Based(Box<Baseline>),
    /// What a session left behind in its worktree.
    Surveyed(Box<Survey>),
    /// An agent was told what it must know from sessions before it.
    HandedOver(Box<HandedOver>),
    /// Something was observed of an agent's conversation.
    Observed(Box<Observed>),
    /// A conversation belongs to this session from here on.
    Assigned {
        /// The session.
        session: SessionKey,
        /// The revision of the observation that was the first to belong there.
        from: Revision,
    },
    /// A process that ran a conversation is gone, or runs another one, and no hook said so.
    Gone {
        /// The process.
        process: Process,
        /// How that is known, in a few words.
        reason: Text,
    },
    /// An agent session followed another in a project; whether it moved a head was decided with it.
    Moved(Box<Moved>),
    /// Somebody else reported a transition as well, or knows more of it.
    Reported(Box<Reported>),
    /// A line that another script wrote into the session log.
    LineFound {
        /// The line, without its line feed.
        line: Text,
    },
}

impl Change {
    /// Returns the snake-case name of the kind of change, as it is stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ProjectFound(_) => "project_found",
            Self::ProjectMoved { .. } => "project_moved",
            Self::Opened(_) => "opened",
            Self::Numbered { .. } => "numbered",
            Self::Described(_) => "described",
            Self::Annotated { .. } => "annotated",
            Self::Descended { .. } => "descended",
            Self::Tagged { .. } => "tagged",
            Self::Ended(_) => "ended",
            Self::Reopened => "reopened",
            Self::MadeCurrent => "made_current",
            Self::WorkAdded(_) => "work_added",
            Self::WorkMarked(_) => "work_marked",
            Self::EntryAdded(_) => "entry_added",
            Self::EntryMarked(_) => "entry_marked",
            Self::Based(_) => "based",
            Self::Surveyed(_) => "surveyed",
            Self::HandedOver(_) => "handed_over",
            Self::Observed(observed) => observed.what.kind(),
            Self::Assigned { .. } => "assigned",
            Self::Gone { .. } => "gone",
            Self::Moved(_) => "moved",
            Self::Reported(_) => "reported",
            Self::LineFound { .. } => "line_found",
        }
    }
}

/// What identified a project when it was first seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectFound {
    /// The name people use; not unique.
    pub name: Text,
    /// The git common directory, else the directory, absolute with links resolved.
    pub place: Text,
    /// Whether `place` is a git common directory.
    pub is_git: bool,
    /// The repository's first commit, to find it again when the place is gone.
    pub root_commit: Option<Text>,
    /// The remote's address without credentials, to the same end.
    pub remote: Option<Text>,
}

/// Who opened a session, and so who ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opener {
    /// A person or their script: outlives conversations, ends when said.
    Person,
    /// An agent: ends with its conversation.
    Agent,
}

/// A session's beginning, with what was decided for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The id that was drawn.
    pub id: SessionId,
    /// The number that was given; none for sessions of scripts that knew no numbers.
    pub number: Option<u32>,
    /// The project, where one is known.
    pub project: Option<ProjectKey>,
    /// The directory of the worktree it was opened in.
    pub worktree: Option<Text>,
    /// Who opened it.
    pub opener: Opener,
    /// Whose it is.
    pub owner: Text,
    /// The agent that opened it, as in `claude-code`.
    pub agent: Option<Text>,
    /// The session it continues or was started from.
    pub parent: Option<SessionKey>,
    /// What it is about.
    pub description: Option<Described>,
    /// Tags given at the start.
    pub tags: Vec<Tag>,
    /// Names and values given at the start.
    pub metadata: Metadata,
    /// The file of another script it was taken from, as that script wrote it.
    pub original: Option<Json>,
}

/// How good a description is; a better one replaces a lesser one, whenever it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Made from branch, commit and time.
    Automatic,
    /// The first prompt.
    Prompt,
    /// The agent's own title.
    Agent,
    /// Written by a person.
    Person,
}

/// A description and how good it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// The description.
    pub text: Text,
    /// Who made it.
    pub rank: Rank,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// One of the ended statuses.
    pub status: Status,
    /// Why, where that is known beyond "somebody said so".
    pub reason: Option<Text>,
}

/// A work item's beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkAdded {
    /// Its key.
    pub key: WorkKey,
    /// The id that was drawn.
    pub id: WorkId,
    /// Its type, `IMPL`.
    pub prefix: Prefix,
    /// What is to be done.
    pub description: Text,
    /// Names and values given with it.
    pub metadata: Metadata,
}

/// A work item's new status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkMarked {
    /// Its key.
    pub key: WorkKey,
    /// Its status from now on.
    pub status: WorkStatus,
}

/// An entry, as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryAdded {
    /// Its key.
    pub key: EntryKey,
    /// The id that was drawn.
    pub id: EntryId,
    /// What it says.
    pub text: Text,
    /// What kind of entry it is, and what only that kind has.
    pub what: Written,
    /// The entry of the same session that it replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<EntryKey>,
}

/// What became of a blocker or an open point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryMarked {
    /// Its key.
    pub key: EntryKey,
    /// Whether it is open from now on.
    pub is_open: bool,
    /// What was said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// The session in which that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionKey>,
}

/// What an agent was told when its conversation began or was compacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOver {
    /// The agent session that was told.
    pub to: AgentSession,
    /// The sessions it was told of.
    pub from: Vec<SessionKey>,
    /// The words.
    pub text: Text,
}

/// A transition, as it was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// What head it is about.
    pub scope: Scope,
    /// The agent session that followed.
    pub new: AgentSession,
    /// The one it continues; none for a fresh one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<AgentSession>,
    /// What led to it: `startup`, `resume`, `fork`, `build`.
    pub source: Text,
    /// Whether it moved the head.
    pub standing: Standing,
    /// The session that `new` belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionKey>,
    /// The machine that holds what can be resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Text>,
}

/// One more report of a transition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// The transition, by the event that recorded it.
    pub transition: EventId,
    /// What led to it, in the words of this report.
    pub source: Text,
    /// The agent session that it continues, where this report knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<AgentSession>,
}
