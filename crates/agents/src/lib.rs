//! One room for each agent: everything that is known about it, and nothing else.
//!
//! | file | holds |
//! |---|---|
//! | `envelope` | what a hook leaves in the inbox: a payload and what was known around it |
//! | `lenient` | JSON as agents write it, with halves of characters in it |
//! | `skim` | JSON, read without building anything |
//! | `lines` | lines of a file in bounded memory, however long they are |
//! | `transcripts/` | what is the same about all agents' transcripts, and the one way in to them |
//! | `claude_code/` | Claude Code |
//! | `codex/` | Codex CLI |
//! | `copilot/` | GitHub Copilot CLI |
//! | `gemini/` | Gemini CLI |
//! | `opencode/` | opencode |
//!
//! The feature `payload` is all that a hook links; `readers` brings what only the tracker needs.

pub mod claude_code;
#[cfg(feature = "readers")]
pub mod codex;
#[cfg(feature = "readers")]
pub mod copilot;
#[cfg(feature = "payload")]
mod envelope;
#[cfg(feature = "readers")]
pub mod gemini;
#[cfg(feature = "payload")]
mod lenient;
#[cfg(feature = "readers")]
mod lines;
#[cfg(feature = "readers")]
pub mod opencode;
#[cfg(feature = "readers")]
mod skim;
#[cfg(feature = "readers")]
pub mod transcripts;

#[cfg(feature = "payload")]
pub use envelope::Envelope;

#[cfg(feature = "payload")]
use session::Observed;

/// The variables that name a session of ours, in the order in which they are asked: our own, and that of the scripts before us.
pub const SESSION_VARIABLES: [&str; 2] = ["RUTTER_SESSION", "CURRENT_SESSION"];

/// Understands what a hook left in the inbox; none where it is of no agent that is known here.
#[cfg(feature = "payload")]
pub fn understand(envelope: &Envelope<'_>) -> Option<Observed> {
    match envelope.agent.as_ref() {
        claude_code::NAME => Some(claude_code::understand(envelope)),
        _ => None,
    }
}

/// What a tool call does to the file that it is about.
#[cfg(feature = "readers")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileUse {
    /// It reads it.
    Read,
    /// It changes a part of it.
    Edit,
    /// It writes all of it, and makes it where it is not there.
    Write,
}

#[cfg(feature = "readers")]
impl FileUse {
    /// Reports whether the file is another one afterwards.
    pub fn changes(self) -> bool {
        self != Self::Read
    }
}

/// Returns what an agent's tool does to the file that its call is about; none where it is about no file, or about several.
#[cfg(feature = "readers")]
pub fn file_use(agent: &str, tool: &str) -> Option<FileUse> {
    match transcripts::Agent::of(agent)? {
        transcripts::Agent::ClaudeCode => claude_code::file_use(tool),
        transcripts::Agent::Codex => None,
        transcripts::Agent::Gemini => gemini::file_use(tool),
        transcripts::Agent::Opencode => opencode::file_use(tool),
        transcripts::Agent::Copilot => copilot::file_use(tool),
    }
}

/// Reports whether an agent's tool runs a command in a shell.
#[cfg(feature = "readers")]
pub fn is_shell(agent: &str, tool: &str) -> bool {
    transcripts::Agent::of(agent).is_some_and(|agent| match agent {
        transcripts::Agent::ClaudeCode => claude_code::is_shell(tool),
        transcripts::Agent::Codex => codex::is_shell(tool),
        transcripts::Agent::Gemini => gemini::is_shell(tool),
        transcripts::Agent::Opencode => opencode::is_shell(tool),
        transcripts::Agent::Copilot => copilot::is_shell(tool),
    })
}

/// The buffers of whoever reads transcripts, for one after the other.
#[cfg(feature = "readers")]
#[derive(Debug, Default)]
pub struct TranscriptBuffers {
    lines: lines::Buffers,
    /// Where a file is copied to that cannot be read where it is.
    scratch: Option<std::path::PathBuf>,
}

#[cfg(feature = "readers")]
impl TranscriptBuffers {
    /// Returns buffers for files of which some are copied before they are read, to a directory that is made in this one and gone afterwards. Without
    /// one it is the system's for temporary files.
    pub fn beside(scratch: std::path::PathBuf) -> Self {
        Self { scratch: Some(scratch), ..Self::default() }
    }
}

/// Returns the hash by which facts know an id of an agent's. It stays what it is: stores keep it.
#[cfg(feature = "readers")]
pub fn transcript_id(id: impl AsRef<[u8]>) -> u64 {
    // 0 is none.
    xxhash_rust::xxh3::xxh3_64(id.as_ref()).max(1)
}
