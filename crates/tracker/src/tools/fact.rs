//! One tool call, whoever told of it.

/// What a group of calls is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallOwner {
    /// The key of a row.
    pub key: String,
    /// More about it, for people.
    pub label: Option<String>,
}

/// How a call came out, as far as anybody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// It ran and succeeded.
    Succeeded,
    /// It ran and failed.
    Failed,
    /// It was refused before it ran.
    Refused,
    /// Nobody saw its end: it runs, or was interrupted.
    Unfinished,
}

/// How long a call took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Took {
    /// Whether the agent measured it. Else it lies between two records, and the time in which a person was asked is part of it.
    pub is_measured: bool,
    /// In microseconds.
    pub micros: u64,
}

/// One tool call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFact {
    /// The hash of the agent's id of it.
    pub id: u64,
    /// The agent's id of the conversation; empty where nobody says so.
    pub agent_session: String,
    /// Our session, else the agent's.
    pub session: Option<CallOwner>,
    /// The project.
    pub project: Option<CallOwner>,
    /// The day on which it was made, in the zone that was asked for.
    pub day: Option<String>,
    /// When it was made, in microseconds since 1970.
    pub at: Option<i64>,
    /// The tool.
    pub tool: String,
    /// What it works on, in a few words: a command, a file.
    pub about: Option<String>,
    /// Whether the tool runs a command in a shell.
    pub is_shell: bool,
    /// What came of it.
    pub outcome: CallOutcome,
    /// How long it took, where that is known.
    pub took: Option<Took>,
    /// Whether the same was called before, in the same conversation, and failed then.
    pub is_retry: bool,
}
