//! What agents hold on the disk: each conversation with all its files, found without following a link.
//!
//! | layout | what |
//! |---|---|
//! | files | what an agent keeps below one of its roots; the agent's room knows how |
//! | directories | of an older program: `<root>/<id>/`, with a `history.json` in it |
//! | database | in a database with others: it has no files of its own |
//!
//! | file | holds |
//! |---|---|
//! | `find` | going through a root, directory by directory, on some threads |
//! | `databases` | what is in databases, asked again only where somebody wrote to them |
//! | `found` | what is found on the way, put together to conversations |

mod databases;
mod find;
mod found;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use agents::transcripts::{Agent, Stored};

use crate::directory::{Seen, StepName, path_of};

pub(crate) use find::{find_all, find_files};

/// How a conversation lies below a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layout {
    /// In files that its agent made.
    Files,
    /// In a directory of its own, of an older program.
    Directories,
    /// In a database, with others.
    Database,
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
    /// The agent.
    pub(crate) agent: Agent,
    /// Below which directory it lies.
    pub(crate) root: Arc<Path>,
    /// How it lies there.
    pub(crate) layout: Layout,
    /// The steps from the root to the directory that it lies in, where that may be another one some day; else none.
    pub(crate) place: Vec<StepName>,
    /// The steps from the root to each of its pieces: its transcript, its folder.
    pub(crate) pieces: Vec<Vec<StepName>>,
    /// All its files.
    pub(crate) files: Vec<HeldFile>,
    /// How many links, pipes and the like lie among them; they are not files, and nothing is known of what they lead to.
    pub(crate) others: u64,
    /// When anything was put into its folders or taken out of them, in nanoseconds since 1970: what there is to say where it has no files.
    pub(crate) folders_modified: i64,
    /// What its database says of it.
    pub(crate) stored: Option<Box<Stored>>,
}

impl Holding {
    /// Returns the transcript, where it has one of its own.
    pub(crate) fn transcript(&self) -> Option<&HeldFile> {
        self.files.iter().find(|file| is_own(self.agent, &file.steps, &self.id))
    }

    /// Returns when somebody last wrote to any of its files, in nanoseconds since 1970.
    pub(crate) fn modified(&self) -> i64 {
        let stored = self.stored.as_ref().map(|stored| stored.updated.saturating_mul(1_000_000));
        stored.or_else(|| self.files.iter().map(|file| file.seen.modified).max()).unwrap_or(self.folders_modified)
    }

    /// Returns when its transcript was last written to, in nanoseconds since 1970: by that the agent deletes it. Without one, its files.
    pub(crate) fn aged_since(&self) -> i64 {
        self.transcript().map_or_else(|| self.modified(), |transcript| transcript.seen.modified)
    }

    /// Returns how long all its files are, in bytes.
    pub(crate) fn size(&self) -> u64 {
        let stored = self.stored.as_ref().map(|stored| stored.bytes);
        stored.unwrap_or_else(|| self.files.iter().map(|file| file.seen.size).sum())
    }

    /// Returns where all its pieces are.
    pub(crate) fn directory(&self) -> PathBuf {
        path_of(&self.root, &self.common())
    }

    /// Returns the steps from the root to the directory that all its pieces are in, or below.
    pub(crate) fn common(&self) -> Vec<StepName> {
        let mut above = self.pieces.iter().map(|piece| &piece[..piece.len().saturating_sub(1)]);
        let first = above.next().unwrap_or_default().to_vec();
        above.fold(first, |common, other| common.into_iter().zip(other).take_while(|(one, two)| one == *two).map(|(one, _)| one).collect())
    }

    /// Returns what a person types to have the agent delete it, where nobody else can.
    pub(crate) fn deleted_by(&self) -> Option<String> {
        if self.layout == Layout::Database { self.agent.deletes(&self.id) } else { None }
    }
}

/// Reports whether a file is the transcript of a conversation itself.
pub(crate) fn is_own(agent: Agent, steps: &[StepName], id: &str) -> bool {
    agent.is_own(&steps.iter().map(StepName::as_os).collect::<Vec<_>>(), id)
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

/// Returns a conversation that has one file.
#[cfg(test)]
pub(crate) fn found_for_tests(id: &str, root: &Path, file: HeldFile) -> Holding {
    let (place, pieces) = (file.steps[..file.steps.len() - 1].to_vec(), vec![file.steps.clone()]);
    let (agent, layout) = (Agent::ClaudeCode, Layout::Files);
    Holding {
        id: id.to_owned(),
        agent,
        root: Arc::from(root),
        layout,
        place,
        pieces,
        files: vec![file],
        others: 0,
        folders_modified: 0,
        stored: None,
    }
}
