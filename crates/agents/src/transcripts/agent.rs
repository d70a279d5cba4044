//! All agents whose transcripts can be read, and the one way in to them.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::file::{self, FileRead, How, Place};
use super::hearing::{self, Heard, Listen, State};
use super::pass::{Carried, Pass, Wanted};
use super::recognise;
use super::walk::{self, Look, Walked};
use crate::claude_code::locations::Locations;
use crate::opencode::transcript::is_of_tree;
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

/// The variables that tell agents to have their files elsewhere.
pub const ROOT_VARIABLES: [&str; 4] = ["CLAUDE_CONFIG_DIR", "CODEX_HOME", "COPILOT_HOME", "XDG_DATA_HOME"];

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

    /// Returns the program that resumes a conversation, and its arguments; none for what can be no id.
    pub fn resume(self, id: &str) -> Option<Vec<String>> {
        let words = match self {
            Self::ClaudeCode => claude_code::RESUME,
            Self::Codex => codex::RESUME,
            Self::Gemini => gemini::RESUME,
            Self::Opencode => opencode::RESUME,
            Self::Copilot => copilot::RESUME,
        };
        // Nothing that an agent would take for an option.
        claude_code::transcript::is_id(id).then(|| words.into_iter().chain([id]).map(str::to_owned).collect())
    }

    /// Reports whether the transcript of a conversation is below one of its roots; none where that cannot be told without
    /// reading all of them, or copying a database.
    ///
    /// # Errors
    /// When somebody could not look everywhere and it was not found.
    pub fn is_here(self, roots: &[PathBuf], id: &str) -> io::Result<Option<bool>> {
        if self == Self::Opencode {
            return opencode::transcript::is_here(roots, id);
        }
        let mut trouble = None;
        for root in roots {
            if self == Self::ClaudeCode {
                match claude_code::transcript::look(root, id) {
                    Ok(Some(_)) => return Ok(Some(true)),
                    Ok(None) => {}
                    Err(error) => trouble = Some(error),
                }
                continue;
            }
            let walked = self.walk(root, 1);
            if walked.files.iter().any(|file| self.is_transcript_of(&file.path, id)) {
                return Ok(Some(true));
            }
            trouble = walked.troubles.into_iter().next().map(|(_, error)| io::Error::new(error.kind(), error.to_string())).or(trouble);
        }
        trouble.map_or(Ok(Some(false)), Err)
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

    /// Reports whether a file is the transcript of a conversation, by its name, and not that of a sub-agent.
    pub fn is_transcript_of(self, path: &Path, id: &str) -> bool {
        let stem = path.file_name().and_then(|name| name.to_str()).map(|name| name.split('.').next().unwrap_or_default());
        match self {
            Self::ClaudeCode => path.file_stem().is_some_and(|stem| stem == id),
            Self::Codex => stem.is_some_and(|stem| stem.ends_with(id)),
            // Of its id there is only the beginning in the name.
            Self::Gemini => stem.and_then(|stem| stem.rsplit('-').next()).is_some_and(|part| !part.is_empty() && id.starts_with(part)),
            Self::Opencode => !is_of_tree(path) || stem == Some(id),
            Self::Copilot => path.parent().and_then(Path::file_name).is_some_and(|name| name == id),
        }
    }

    /// Returns the SHA-256, in hexadecimal digits, of the directory that a transcript's agent was in, where its place says that and no more.
    pub fn hash_of_directory(self, path: &Path) -> Option<&str> {
        if self == Self::Gemini { gemini::transcript::hash_of_directory(path) } else { None }
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
    /// it ended, if what lies before it and what was carried on are understood; any other from its start. `watch` is told how many bytes more were
    /// read, where that can be told. Nothing is written anywhere near it.
    ///
    /// # Errors
    /// When it cannot be read, or is made to be too much. What was handed over is of no use then.
    pub fn read_file(
        self,
        path: &Path,
        from: Option<&Place>,
        wanted: Wanted,
        buffers: &mut TranscriptBuffers,
        watch: &dyn Fn(u64),
        take: &mut dyn FnMut(Pass),
    ) -> io::Result<FileRead> {
        let how = How { agent: self, wanted, watch };
        let take = &mut |mut pass: Pass| {
            pass.facts.drop_noise();
            take(pass);
        };
        match (self, self.growth(path)) {
            (Self::Opencode, _) => opencode::transcript::read_file(path, wanted, buffers.scratch.as_deref(), take),
            (Self::Codex, Growth::Replaced) => file::read_packed(path, how, buffers, take),
            (Self::Gemini, Growth::Replaced) => gemini::transcript::read_file(path, wanted, take),
            (Self::Gemini, Growth::Appended) => file::read_lines(path, from, gemini::transcript::begin(path), how, buffers, take),
            _ => file::read_lines(path, from, Carried::default(), how, buffers, take),
        }
    }
}

impl Agent {
    /// Hears what is said in a file, and hands it over slice by slice. One that is added to is read from `place` on, if what the last pass over it carried
    /// on is understood; any other from its start.
    ///
    /// # Errors
    /// When it cannot be read. What was handed over is of no use then.
    pub fn hear(
        self,
        path: &Path,
        place: u64,
        carried: &Carried,
        buffers: &mut TranscriptBuffers,
        take: &mut dyn FnMut(Heard),
    ) -> io::Result<()> {
        let begin = if self == Self::Gemini { gemini::text::begin(path) } else { State::default() };
        let listen: Listen = match self {
            Self::ClaudeCode => claude_code::transcript::text::listen,
            Self::Codex => codex::transcript::text::listen,
            Self::Gemini => gemini::text::listen,
            Self::Copilot => copilot::text::listen,
            Self::Opencode => return opencode::read_text::hear(path, buffers.scratch.as_deref(), take),
        };
        match (self, self.growth(path)) {
            (Self::Gemini, Growth::Replaced) => {
                take(gemini::text::hear_object(path, begin)?);
                Ok(())
            }
            (_, Growth::Replaced) => hearing::hear_slices(&mut file::unpacked(path, &|_| {})?.1, begin, listen, buffers, take),
            (_, Growth::Appended) => match hearing::state(carried).filter(|_| place > 0) {
                Some(state) => hearing::hear_lines(path, place, state, listen, buffers, take),
                None => hearing::hear_lines(path, 0, begin, listen, buffers, take),
            },
        }
    }

    /// Reports whether hearing a file can go on with what an earlier pass over it carried on.
    pub fn can_go_on_hearing(self, path: &Path, carried: &Carried) -> bool {
        self.growth(path) == Growth::Appended && hearing::state(carried).is_some()
    }
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|extension| extension == ending)
}
