//! What of an agent's directories belongs to which conversation: for whoever lists, moves or copies everything that one has.
//!
//! What is known of one agent stays in its room; here all of them are asked the same questions.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::agent::Agent;
use super::walk::FoundFile;
use crate::claude_code::transcript::{Piece, is_id, piece};
use crate::{codex, copilot, gemini, opencode};

/// What something below an agent's root is to conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'n> {
    /// Of no conversation, as far as anybody knows.
    Nothing,
    /// A directory in which conversations are.
    Within,
    /// The file of one, with the id that its name tells.
    Transcript(&'n str),
    /// A directory with everything, or everything else, that one has.
    Folder(&'n str),
}

/// What the beginning of a transcript says of whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whose {
    /// The conversation.
    pub id: Option<String>,
    /// The conversation that has it as a sub-agent's.
    pub parent: Option<String>,
}

impl Whose {
    /// Takes ids that can be some.
    pub(crate) fn of(id: &str, parent: &str) -> Self {
        let taken = |id: &str| is_id(id).then(|| id.to_owned());
        Self { id: taken(id), parent: taken(parent) }
    }
}

/// A conversation that has no files of its own: it is in a database, with others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The database.
    pub database: PathBuf,
    /// The agent's id of it.
    pub id: String,
    /// The conversation that has it as a sub-agent's; empty where none has.
    pub parent: String,
    /// Where the agent was.
    pub directory: String,
    /// When it was made, in milliseconds since 1970.
    pub created: i64,
    /// When it was written to last, in milliseconds since 1970.
    pub updated: i64,
    /// How long everything is that is stored of it, in bytes.
    pub bytes: u64,
}

impl Agent {
    /// Returns what something is that lies some steps below one of the agent's roots.
    pub fn entry<'n>(self, steps: &[&'n OsStr], is_directory: bool) -> Entry<'n> {
        match self {
            Self::ClaudeCode => match steps {
                [_] if is_directory => Entry::Within,
                [_, name] => match piece(name, is_directory) {
                    Some(Piece::Transcript(id)) => Entry::Transcript(id),
                    Some(Piece::Folder(id)) => Entry::Folder(id),
                    None => Entry::Nothing,
                },
                _ => Entry::Nothing,
            },
            Self::Codex => codex::transcript::entry(steps, is_directory),
            Self::Gemini => gemini::transcript::entry(steps, is_directory),
            Self::Opencode => opencode::transcript::entry(steps, is_directory),
            Self::Copilot => copilot::transcript::entry(steps, is_directory),
        }
    }

    /// Reports whether the beginning of a transcript says more than its name.
    pub fn says_more(self) -> bool {
        matches!(self, Self::Codex | Self::Gemini | Self::Opencode)
    }

    /// Reads what the beginning of a transcript says. What cannot be understood says nothing.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn whose(self, name: &OsStr, transcript: &mut dyn Read) -> io::Result<Whose> {
        match self {
            Self::ClaudeCode | Self::Copilot => Ok(Whose::default()),
            Self::Codex => codex::transcript::whose(Path::new(name), transcript),
            Self::Gemini => gemini::transcript::whose(transcript),
            Self::Opencode => opencode::transcript::whose(transcript),
        }
    }

    /// Returns what else a conversation may have, as steps from the root, when something of it lies some steps below that. It need not be there.
    pub fn beside(self, id: &str, steps: &[&OsStr]) -> Vec<Vec<OsString>> {
        if self == Self::Opencode { opencode::transcript::beside(id, steps) } else { Vec::new() }
    }

    /// Reports whether a file of this name, where it lies, can be a transcript: a conversation's own, or a sub-agent's.
    pub fn is_transcript(self, path: &Path) -> bool {
        match self {
            Self::ClaudeCode => crate::claude_code::transcript::is_transcript(path),
            Self::Codex => codex::transcript::is_transcript(path),
            Self::Gemini => gemini::transcript::is_transcript(path),
            Self::Opencode => opencode::transcript::is_transcript(path),
            Self::Copilot => copilot::transcript::is_transcript(path),
        }
    }

    /// Reports whether a file some steps below a root is the transcript of a conversation itself, and not something that it has beside.
    pub fn is_own(self, steps: &[&OsStr], id: &str) -> bool {
        let path: PathBuf = steps.iter().collect();
        let depth = match self {
            Self::ClaudeCode | Self::Copilot => Some(2),
            Self::Gemini => Some(3),
            Self::Codex | Self::Opencode => None,
        };
        depth.is_none_or(|depth| depth == steps.len()) && self.is_transcript(&path) && self.is_transcript_of(&path, id)
    }

    /// Returns what of a file's steps stays when the agent moves its conversation: of one in another folder, or archived, they begin otherwise. What
    /// is packed is what it was.
    pub fn lasting(self, steps: &[OsString]) -> Vec<OsString> {
        match self {
            Self::ClaudeCode => steps.get(1..).unwrap_or_default().to_vec(),
            Self::Codex => codex::transcript::lasting(steps),
            Self::Gemini | Self::Opencode | Self::Copilot => steps.to_vec(),
        }
    }

    /// Returns what a person types to have the agent delete a conversation that has no files of its own.
    pub fn deletes(self, id: &str) -> Option<String> {
        (self == Self::Opencode && is_id(id)).then(|| format!("{} {id}", opencode::DELETE.join(" ")))
    }

    /// Finds the databases below a root, each told of with its log.
    pub fn databases(self, root: &Path) -> Vec<FoundFile> {
        if self == Self::Opencode { opencode::transcript::databases(root) } else { Vec::new() }
    }

    /// Finds the conversations below a root that have no files of their own, and where nobody could look. A database that its agent has open is
    /// copied to `scratch` first.
    pub fn stored(self, root: &Path, scratch: Option<&Path>) -> (Vec<Stored>, Vec<(PathBuf, io::Error)>) {
        if self == Self::Opencode { opencode::transcript::stored(root, scratch) } else { (Vec::new(), Vec::new()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(agent: Agent, path: &str, is_directory: bool, expected: Entry<'_>) {
        let steps: Vec<&OsStr> = path.split('/').map(OsStr::new).collect();
        assert_eq!(agent.entry(&steps, is_directory), expected, "{agent:?} {path}");
    }

    const ID: &str = "01a1f855-7d9a-7770-bcea-54c469e3a29f";

    #[test]
    fn every_agent_s_layout_is_known() {
        use Agent::{ClaudeCode, Codex, Copilot, Gemini, Opencode};
        use Entry::{Folder, Nothing, Transcript, Within};
        let rollout = format!("rollout-2026-11-20T09-41-54-{ID}.jsonl");
        check(ClaudeCode, "-p", true, Within);
        check(ClaudeCode, "-p/c.jsonl", false, Transcript("c"));
        check(ClaudeCode, "-p/c", true, Folder("c"));
        check(ClaudeCode, "stray.jsonl", false, Nothing);
        for directory in ["2026", "2026/11", "2026/11/20"] {
            check(Codex, directory, true, Within);
        }
        check(Codex, "2026/11/20/21", true, Nothing);
        check(Codex, &format!("2026/11/20/{rollout}"), false, Transcript(ID));
        check(Codex, &format!("{rollout}.zst"), false, Transcript(ID));
        check(Codex, "2026/11/20/notes.jsonl", false, Nothing);
        check(Gemini, "demo", true, Within);
        check(Gemini, "demo/chats", true, Within);
        check(Gemini, "demo/other", true, Nothing);
        check(Gemini, "demo/chats/session-2026-11-20T09-43-6f362f6f.jsonl", false, Transcript("6f362f6f"));
        check(Gemini, "demo/chats/session-2026-11-20T09-43-6f362f6f.json", false, Transcript("6f362f6f"));
        check(Gemini, &format!("demo/chats/{ID}"), true, Folder(ID));
        check(Gemini, "demo/logs.json", false, Nothing);
        check(Copilot, ID, true, Folder(ID));
        check(Copilot, "events.jsonl", false, Nothing);
        check(Opencode, "storage", true, Within);
        check(Opencode, "storage/session/global", true, Within);
        check(Opencode, "storage/session/global/ses_1.json", false, Transcript("ses_1"));
        check(Opencode, "storage/message", true, Nothing);
        check(Opencode, "log", true, Nothing);
        for hostile in ["-rf", "a b", "..", ""] {
            check(Copilot, hostile, true, Nothing);
            check(Opencode, &format!("storage/session/global/{hostile}.json"), false, Nothing);
        }
    }

    #[test]
    fn what_a_moved_rollout_is_called_lasts() {
        let steps = |path: &str| path.split('/').map(OsString::from).collect::<Vec<_>>();
        let moved = [format!("2026/11/20/rollout-x-{ID}.jsonl"), format!("rollout-x-{ID}.jsonl"), format!("rollout-x-{ID}.jsonl.zst")];
        assert!(moved.iter().all(|path| Agent::Codex.lasting(&steps(path)) == Agent::Codex.lasting(&steps(&moved[0]))));
        assert_eq!(Agent::ClaudeCode.lasting(&steps("-p/c/x.txt")), steps("c/x.txt"));
        assert_eq!(Agent::Copilot.lasting(&steps("c/events.jsonl")), steps("c/events.jsonl"));
    }

    #[test]
    fn the_transcript_of_a_conversation_is_told_from_what_it_has_beside() {
        let is_own = |agent: Agent, path: &str, id: &str| agent.is_own(&path.split('/').map(OsStr::new).collect::<Vec<_>>(), id);
        assert!(is_own(Agent::ClaudeCode, "-p/c.jsonl", "c") && !is_own(Agent::ClaudeCode, "-p/c/subagents/c.jsonl", "c"));
        assert!(is_own(Agent::Copilot, "c/events.jsonl", "c") && !is_own(Agent::Copilot, "c/workspace.yaml", "c"));
        assert!(is_own(Agent::Codex, &format!("2026/11/20/rollout-x-{ID}.jsonl"), ID));
        assert!(
            is_own(Agent::Gemini, "p/chats/session-x-01a1f855.jsonl", ID) && !is_own(Agent::Gemini, &format!("p/chats/{ID}/a.jsonl"), ID)
        );
        assert!(is_own(Agent::Opencode, "storage/session/p/c.json", "c") && !is_own(Agent::Opencode, "storage/message/c/m.json", "c"));
    }
}
