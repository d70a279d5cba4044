//! All agents whose transcripts can be read, and the one way in to them.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::pass::{Carried, Pass, Wanted};
use super::walk::{self, Look, Walked};
use crate::claude_code::locations::Locations;
use crate::{TranscriptBuffers, claude_code, codex};

/// An agent whose transcripts can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agent {
    /// Claude Code.
    ClaudeCode,
    /// Codex CLI.
    Codex,
}

/// What happens to a file while its conversation goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// Lines are added: a pass goes on where the last one stopped.
    Appended,
    /// It may be another one each time: one that changed is read from its start, and what was found in it before holds no more.
    Replaced,
}

impl Agent {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::ClaudeCode, Self::Codex];

    /// Returns the agent that is spelled so.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|agent| agent.name() == name)
    }

    /// Returns how the agent is spelled everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => claude_code::NAME,
            Self::Codex => codex::NAME,
        }
    }

    /// Returns the directories that its transcripts are in, of the user with this home and these variables. They need not be there.
    pub fn roots(self, home: &Path, variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
        let named = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        match self {
            Self::ClaudeCode => vec![Locations::new(home, named("CLAUDE_CONFIG_DIR").as_deref()).projects()],
            Self::Codex => {
                let directory = named("CODEX_HOME").unwrap_or_else(|| home.join(".codex"));
                vec![directory.join("sessions"), directory.join("archived_sessions")]
            }
        }
    }

    /// Finds all transcripts below one of its roots, on some threads.
    pub fn walk(self, root: &Path, threads: usize) -> Walked {
        match self {
            Self::ClaudeCode => claude_code::transcript::walk(root, threads),
            Self::Codex => {
                walk::walk(root, &Look { deepest: 3, has_links: false, is_transcript: &codex::transcript::is_transcript }, threads)
            }
        }
    }

    /// Returns what happens to a file of its while the conversation goes on.
    pub fn growth(self, path: &Path) -> Growth {
        match self {
            Self::ClaudeCode => Growth::Appended,
            Self::Codex if path.extension().is_some_and(|extension| extension == "zst") => Growth::Replaced,
            Self::Codex => Growth::Appended,
        }
    }

    /// Reports whether a pass can go on with what an earlier one carried on; else the file is to be read from its start.
    pub fn can_go_on(self, carried: &Carried) -> bool {
        match self {
            Self::ClaudeCode => carried.as_bytes().is_empty(),
            Self::Codex => codex::transcript::can_go_on(carried),
        }
    }

    /// Reads what comes from a file whose lines are records, from its start, where `carried` is empty, or from where an earlier pass ended.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(self, mut input: &mut dyn Read, wanted: Wanted, carried: &Carried, buffers: &mut TranscriptBuffers) -> io::Result<Pass> {
        match self {
            Self::ClaudeCode => claude_code::transcript::read(&mut input, wanted, buffers),
            Self::Codex => codex::transcript::read(&mut input, wanted, carried, buffers),
        }
    }
}
