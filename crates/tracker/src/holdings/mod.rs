//! What agents hold on the disk: each conversation with all its files, found without following a link.
//!
//! | layout | what |
//! |---|---|
//! | transcripts | Claude Code's: `<root>/<folder>/<id>.jsonl`, and beside it the folder `<id>/` |
//! | directories | of an older program: `<root>/<id>/`, with a `history.json` in it |

mod find;

use std::path::{Path, PathBuf};

use agents::claude_code;

use crate::directory::{Seen, StepName, path_of};

pub(crate) use find::find;

/// How conversations lie below a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layout {
    /// A file for each, in a folder for each project.
    Transcripts,
    /// A directory for each.
    Directories,
}

/// A file of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeldFile {
    /// Where it is below the root.
    pub(crate) steps: Vec<StepName>,
    /// What the file system says of it.
    pub(crate) seen: Seen,
}

impl HeldFile {
    /// Reports whether it is made of lines.
    pub(crate) fn has_lines(&self) -> bool {
        self.steps.last().is_some_and(|name| name.as_os().to_str().is_some_and(|name| name.ends_with(".jsonl")))
    }
}

/// A conversation on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    /// The agent's id of it.
    pub(crate) id: String,
    /// Below which directory it lies.
    pub(crate) root: PathBuf,
    /// How it lies there.
    pub(crate) layout: Layout,
    /// The steps from the root to where its pieces are.
    pub(crate) place: Vec<StepName>,
    /// The names of its pieces: its transcript, its folder.
    pub(crate) pieces: Vec<StepName>,
    /// All its files.
    pub(crate) files: Vec<HeldFile>,
    /// How many links, pipes and the like lie among them; they are not files, and nothing is known of what they lead to.
    pub(crate) others: u64,
}

impl Holding {
    /// Returns the agent it is of.
    pub(crate) fn agent(&self) -> &'static str {
        claude_code::NAME
    }

    /// Returns when somebody last wrote to any of its files, in nanoseconds since 1970.
    pub(crate) fn modified(&self) -> i64 {
        self.files.iter().map(|file| file.seen.modified).max().unwrap_or(0)
    }

    /// Returns when its transcript was last written to, in nanoseconds since 1970: by that the agent deletes it. Without one, its files.
    pub(crate) fn aged_since(&self) -> i64 {
        let depth = self.place.len() + 1;
        let transcript = self.files.iter().find(|file| file.steps.len() == depth);
        transcript.map_or_else(|| self.modified(), |transcript| transcript.seen.modified)
    }

    /// Returns how long all its files are, in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.files.iter().map(|file| file.seen.size).sum()
    }

    /// Returns where its pieces are.
    pub(crate) fn directory(&self) -> PathBuf {
        path_of(&self.root, &self.place)
    }
}

/// What was found below some roots.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// The conversations, by root and place.
    pub(crate) holdings: Vec<Holding>,
    /// Where nobody could look, and why.
    pub(crate) troubles: Vec<String>,
}

/// Says what could not be looked at, and why.
fn trouble(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
