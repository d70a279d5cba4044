//! The files that tool calls name, by what hooks told and by transcripts. What a tool does to a file is known where its agent is known; the paths are those of whoever looks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use agents::FileUse;
use session::{Conversation, Outcome, Session, Text, ToolCall, in_order};
use store::{Index, StoreError};

use crate::Tracker;
use crate::index::Written;

/// Files that tool calls of a session named, as seen from one worktree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// What was done to each, by path.
    pub(super) files: BTreeMap<Text, Uses>,
    /// Calls that wrote a file of which the name was too long to be kept.
    pub(super) cut: usize,
}

/// What tool calls did to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Uses {
    /// What was done to it first.
    pub(super) first: FileUse,
    /// Whether it was written.
    pub(super) is_written: bool,
}

impl Tracker {
    /// Returns the files that tool calls of a session wrote.
    pub(super) fn named_by(&self, session: &Session, worktree: &Path) -> Result<Named, StoreError> {
        let mut named = Named::default();
        for conversation in self.store.reads().conversations_of(session.key)? {
            let mut calls = self.store.reads().tool_calls_of(conversation.key)?;
            let known: BTreeSet<u64> = calls.iter().map(|call| agents::transcript_id(call.call.as_str())).collect();
            calls.retain(|call| call.session == Some(session.key) && call.outcome() == Some(Outcome::Succeeded));
            in_order(&mut calls, |call| call.first);
            calls.iter().for_each(|call| named.take(&conversation, call, worktree));
            // Where hooks told of calls they told of all: somebody may wait for this.
            if known.is_empty() && Index::is_there(&self.home) {
                let written = self.with_told(session.key, &conversation, |told| told.written(&known))?;
                written.iter().for_each(|written| named.take_written(&conversation, written, worktree));
            }
        }
        named.files.retain(|_, uses| uses.is_written);
        Ok(named)
    }
}

impl Named {
    fn take(&mut self, conversation: &Conversation, call: &ToolCall, worktree: &Path) {
        let Some(found) = agents::file_use(conversation.agent.as_str(), call.tool.as_str()) else { return };
        let Some(about) = &call.about else { return };
        if about.as_str().ends_with('…') {
            self.cut += usize::from(found.changes());
            return;
        }
        let directory = conversation.cwd.as_ref().map_or(worktree, |cwd| Path::new(cwd.value.as_str()));
        self.note(worktree, &directory.join(about.as_str()), found);
    }

    fn take_written(&mut self, conversation: &Conversation, written: &Written, worktree: &Path) {
        let last = conversation.cwd.as_ref().map(|cwd| cwd.value.as_str());
        let directory = written.directory.as_deref().or(last).map_or(worktree, Path::new);
        self.note(worktree, &directory.join(&written.path), written.found);
    }

    fn note(&mut self, worktree: &Path, path: &Path, found: FileUse) {
        let path = seen_from(worktree, &resolved(path));
        let uses = self.files.entry(redact::text(&path)).or_insert(Uses { first: found, is_written: false });
        uses.is_written |= found.changes();
    }
}

/// Returns a path without detours: `..` taken back, links in its directories followed where they are there.
fn resolved(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    match (plain.parent().and_then(|parent| parent.canonicalize().ok()), plain.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => plain,
    }
}

fn seen_from(worktree: &Path, path: &Path) -> String {
    path.strip_prefix(worktree).unwrap_or(path).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_worktree() {
        for (path, expected) in [
            ("/nowhere/shop/src/a.rs", "src/a.rs"),
            ("/nowhere/shop/./src/../b", "b"),
            ("/nowhere/other/c", "/nowhere/other/c"),
            ("/nowhere/shopping/c", "/nowhere/shopping/c"),
            ("/../d", "/d"),
        ] {
            assert_eq!(seen_from(Path::new("/nowhere/shop"), &resolved(Path::new(path))), expected);
        }
    }
}
