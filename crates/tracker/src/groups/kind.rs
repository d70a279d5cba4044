//! By what sessions are grouped.

/// What sessions of a group have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// Their project.
    Project,
    /// A git branch that was checked out while they went on.
    Branch,
    /// A ticket that their branches, commits or descriptions name.
    Ticket,
    /// The chain of agent sessions that theirs belong to, by its first one.
    Chain,
    /// A tag.
    Tag,
    /// The agent that opened them.
    Agent,
    /// Where they stand.
    Status,
    /// The type their ids begin with.
    Type,
}

impl GroupKind {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Branch => "branch",
            Self::Ticket => "ticket",
            Self::Chain => "chain",
            Self::Tag => "tag",
            Self::Agent => "agent",
            Self::Status => "status",
            Self::Type => "type",
        }
    }

    /// Reports whether transcripts know more of it than hooks and commands said.
    pub(super) fn is_told_in_transcripts(self) -> bool {
        matches!(self, Self::Branch | Self::Ticket)
    }
}
