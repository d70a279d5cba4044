//! All agents whose transcripts can be read, and the one way in to them.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::file::{self, Place};
use super::pass::{Carried, Pass, Wanted};
use super::recognise;
use super::walk::{self, Look, Walked};
use crate::claude_code::locations::Locations;
use crate::{TranscriptBuffers, claude_code, codex, copilot, gemini, opencode};

/// An agent whose transcripts can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agent {
    /// Claude Code.
    ClaudeCode,
    /// Codex CLI.
    Codex,
    /// Gemini CLI.
    Gemini,
    /// opencode.
    Opencode,
    /// GitHub Copilot CLI.
    Copilot,
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
    pub const ALL: [Self; 5] = [Self::ClaudeCode, Self::Codex, Self::Gemini, Self::Opencode, Self::Copilot];

    /// Returns the agent that is spelled so.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|agent| agent.name() == name)
    }

    /// Returns whose transcript a file is, by its name and by what stands in it. What nobody knows is Claude Code's.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn recognise(path: &Path) -> io::Result<Self> {
        recognise::recognise(path)
    }

    /// Returns how the agent is spelled everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => claude_code::NAME,
            Self::Codex => codex::NAME,
            Self::Gemini => gemini::NAME,
            Self::Opencode => opencode::NAME,
            Self::Copilot => copilot::NAME,
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
            Self::Gemini => vec![home.join(".gemini/tmp")],
            Self::Opencode => vec![named("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share")).join("opencode")],
            Self::Copilot => vec![named("COPILOT_HOME").unwrap_or_else(|| home.join(".copilot")).join("session-state")],
        }
    }

    /// Finds all transcripts below one of its roots, on some threads.
    pub fn walk(self, root: &Path, threads: usize) -> Walked {
        let (deepest, is_transcript): (_, fn(&Path) -> bool) = match self {
            Self::ClaudeCode => return claude_code::transcript::walk(root, threads),
            Self::Opencode => return opencode::transcript::walk(root),
            Self::Codex => (3, codex::transcript::is_transcript),
            Self::Gemini => (2, gemini::transcript::is_transcript),
            Self::Copilot => (0, copilot::transcript::is_transcript),
        };
        walk::walk(root, &Look { deepest, has_links: false, is_transcript: &is_transcript }, threads)
    }

    /// Returns what happens to a file of its while the conversation goes on.
    pub fn growth(self, path: &Path) -> Growth {
        match self {
            Self::Codex if has_ending(path, "zst") => Growth::Replaced,
            Self::Gemini if has_ending(path, "json") => Growth::Replaced,
            Self::Opencode => Growth::Replaced,
            Self::ClaudeCode | Self::Codex | Self::Gemini | Self::Copilot => Growth::Appended,
        }
    }

    /// Reports whether a pass can go on with what an earlier one carried on; else the file is to be read from its start.
    pub fn can_go_on(self, carried: &Carried) -> bool {
        match self {
            Self::ClaudeCode => carried.as_bytes().is_empty(),
            Self::Opencode => false,
            Self::Codex => codex::transcript::can_go_on(carried),
            Self::Gemini => gemini::transcript::can_go_on(carried),
            Self::Copilot => copilot::transcript::can_go_on(carried),
        }
    }

    /// Reads what comes from a file whose lines are records, from its start, where `carried` is empty, or from where an earlier pass ended.
    ///
    /// # Errors
    /// When it cannot be read, or the agent has no such files.
    pub fn read(self, mut input: &mut dyn Read, wanted: Wanted, carried: &Carried, buffers: &mut TranscriptBuffers) -> io::Result<Pass> {
        match self {
            Self::ClaudeCode => claude_code::transcript::read(&mut input, wanted, buffers),
            Self::Codex => codex::transcript::read(&mut input, wanted, carried, buffers),
            Self::Opencode => Err(io::Error::new(io::ErrorKind::Unsupported, "its sessions are no lines")),
            Self::Gemini => gemini::transcript::read(&mut input, wanted, carried, buffers),
            Self::Copilot => copilot::transcript::read(&mut input, wanted, carried, buffers),
        }
    }

    /// Reads a file, whatever it is, and hands over what is found in it, slice by slice. One that is added to is read from where the last pass over
    /// it ended, if what that carried on is understood; any other from its start. Nothing is written anywhere near it.
    ///
    /// # Errors
    /// When it cannot be read, or is made to be too much. What was handed over is of no use then.
    pub fn read_file(
        self,
        path: &Path,
        place: u64,
        carried: &Carried,
        wanted: Wanted,
        buffers: &mut TranscriptBuffers,
        take: &mut dyn FnMut(Pass),
    ) -> io::Result<()> {
        let begin = if self == Self::Gemini { gemini::transcript::begin(path) } else { Carried::default() };
        match (self, self.growth(path)) {
            (Self::Opencode, _) => opencode::transcript::read(path, wanted, take),
            (Self::Codex, Growth::Replaced) => file::read_packed(path, self, wanted, buffers, take),
            (Self::Gemini, Growth::Replaced) => {
                take(gemini::transcript::read_object(&mut file::open(path)?, wanted, &begin)?);
                Ok(())
            }
            _ => {
                let goes_on = place > 0 && self.can_go_on(carried);
                let from =
                    if goes_on { Place { agent: self, bytes: place, carried } } else { Place { agent: self, bytes: 0, carried: &begin } };
                file::read_lines(path, from, wanted, buffers, take)
            }
        }
    }
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|extension| extension == ending)
}
