//! Where transcripts are, and which there are.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agents::transcripts::{Agent, FoundFile};

use super::pass::threads;

/// A transcript that is there.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Whose it is.
    pub(super) agent: Agent,
    /// What the file system says of it.
    pub(super) found: FoundFile,
}

/// The transcripts of all agents.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// The files, by agent and path.
    pub(super) all: Vec<Source>,
    /// Where nobody could look, and why.
    pub(super) troubles: Vec<(PathBuf, Arc<io::Error>)>,
    roots: Vec<Root>,
}

/// A directory in which somebody looked.
#[derive(Clone, Debug)]
struct Root {
    agent: Agent,
    path: String,
    is_there: bool,
    has_trouble: bool,
}

impl Sources {
    /// Finds all transcripts below some directories, on some threads.
    pub(super) fn find(roots: &[(Agent, PathBuf)], threads: usize) -> Self {
        let mut sources = Self::default();
        for (agent, root) in roots {
            let walked = agent.walk(root, threads);
            let (is_there, has_trouble) = (!walked.is_missing, !walked.troubles.is_empty());
            sources.roots.push(Root { agent: *agent, path: name(root), is_there, has_trouble });
            sources.all.extend(walked.files.into_iter().map(|found| Source { agent: *agent, found }));
            sources.troubles.extend(walked.troubles);
        }
        sources
    }

    /// Finds them on as many threads as files are read.
    pub(super) fn find_all(roots: &[(Agent, PathBuf)]) -> Self {
        Self::find(roots, threads())
    }

    /// Reports whether a file that was not found is gone. Where nobody could look it may still be, and a directory that is missing may not be
    /// mounted.
    pub(super) fn is_gone(&self, agent: &str, path: &str) -> bool {
        let own = || self.roots.iter().filter(|root| root.agent.name() == agent);
        let is_below = |root: &Root| Path::new(path).starts_with(&root.path);
        own().any(|root| root.is_there) && !own().any(|root| root.has_trouble || !root.is_there && is_below(root))
    }
}

/// Returns a path as the index has it: what is no UTF-8 is escaped, so that two paths stay two.
pub(crate) fn name(path: &Path) -> String {
    match path.to_str() {
        Some(path) => path.to_owned(),
        None => path.as_os_str().as_bytes().escape_ascii().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_gone_only_where_somebody_could_look() {
        let root = |agent, path: &str, is_there, has_trouble| Root { agent, path: path.to_owned(), is_there, has_trouble };
        let check = |roots: Vec<Root>, path: &str, expected: bool| {
            let sources = Sources { roots, ..Sources::default() };
            assert_eq!(sources.is_gone("codex", path), expected, "{path} {:?}", sources.roots);
        };
        let there = || root(Agent::Codex, "/c/sessions", true, false);
        check(vec![there()], "/c/sessions/2026/r.jsonl", true);
        // The agent has its files elsewhere now.
        check(vec![there()], "/old/r.jsonl", true);
        check(vec![root(Agent::Codex, "/c/sessions", true, true)], "/c/sessions/r.jsonl", false);
        check(vec![root(Agent::Codex, "/c/sessions", false, false)], "/c/sessions/r.jsonl", false);
        check(vec![root(Agent::Codex, "/c/sessions", false, false)], "/old/r.jsonl", false);
        check(vec![there(), root(Agent::Codex, "/c/archived", false, false)], "/c/archived/r.jsonl", false);
        check(vec![there(), root(Agent::Codex, "/c/archived", false, false)], "/c/sessions/r.jsonl", true);
        check(vec![there(), root(Agent::Gemini, "/g", true, true)], "/c/sessions/r.jsonl", true);
        check(vec![root(Agent::Gemini, "/g", true, false)], "/c/sessions/r.jsonl", false);
    }
}
