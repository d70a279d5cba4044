//! From one step to the next: what became of each file in the end. Commits are steps, then the index, then the worktree. Pure.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use session::{FileChange, Held};

use crate::git::{Delta, Entry, Kind};

/// What became of files, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) files: BTreeMap<PathBuf, Change>,
    /// Whether there was a file before all steps, where the steps cannot tell: it differed from the commit then.
    had: BTreeMap<PathBuf, bool>,
}

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// What became of it.
    pub(super) change: FileChange,
    /// Where it was before, if it was renamed.
    pub(super) from: Option<PathBuf>,
    /// In what ways git holds that.
    pub(super) held: Held,
    /// Whether it is a repository of its own.
    pub(super) is_repository: bool,
    /// Whether there was a file with this name before all steps.
    was_there: bool,
}

/// A step's mark on what it touches.
type How = fn(&mut Held);

impl Changes {
    /// Begins where these files were there, or were not, whatever the commit said.
    pub(super) fn after(had: BTreeMap<PathBuf, bool>) -> Self {
        Self { files: BTreeMap::new(), had }
    }

    /// Takes in a commit.
    pub(super) fn commit(&mut self, files: &[Delta]) {
        // A name that was given away may be taken in the same step: first of all what leaves.
        for delta in in_order(files) {
            self.step(delta.letter, &delta.path, delta.from.as_deref(), |held| held.committed = true);
        }
    }

    /// Takes in what differs from the commit.
    pub(super) fn differ(&mut self, entry: &Entry) {
        match entry.kind {
            Kind::Untracked => self.step(b'A', &entry.path, None, |held| held.untracked = true),
            Kind::Conflict => self.step(b'M', &entry.path, None, |held| held.unstaged = true),
            Kind::Tracked => self.tracked(entry),
        }
        if entry.is_repository {
            self.files.entry(entry.path.clone()).and_modify(|change| change.is_repository = true);
        }
    }

    fn tracked(&mut self, entry: &Entry) {
        let renamed = |letter: u8| entry.from.as_deref().filter(|_| matches!(letter, b'R' | b'C'));
        if entry.index != b'.' {
            self.step(entry.index, &entry.path, renamed(entry.index), |held| held.staged = true);
        }
        if entry.worktree != b'.' {
            self.step(entry.worktree, &entry.path, renamed(entry.worktree), |held| held.unstaged = true);
        }
    }

    fn step(&mut self, letter: u8, path: &Path, from: Option<&Path>, how: How) {
        match (letter, from) {
            (b'A', _) => self.added(path, how),
            (b'D', _) => self.deleted(path, how),
            (b'R', Some(from)) => self.renamed(path, from, how),
            (b'C', Some(_)) => self.added(path, how),
            _ => self.modified(path, how),
        }
    }

    fn set(&mut self, path: &Path, change: FileChange, from: Option<PathBuf>, was_there: bool, how: How) {
        let mut held = self.files.get(path).map(|found| found.held).unwrap_or_default();
        how(&mut held);
        self.files.insert(path.to_owned(), Change { change, from, held, is_repository: false, was_there });
    }

    fn keep(&mut self, path: &Path, how: How) {
        self.files.entry(path.to_owned()).and_modify(|found| how(&mut found.held));
    }

    fn had(&self, path: &Path, usually: bool) -> bool {
        self.had.get(path).copied().unwrap_or(usually)
    }

    /// There is a file now, and there may have been one before.
    fn put(&mut self, path: &Path, was_there: bool, how: How) {
        let change = if was_there { FileChange::Modified } else { FileChange::Created };
        self.set(path, change, None, was_there, how);
    }

    fn added(&mut self, path: &Path, how: How) {
        match self.files.get(path).map(|found| (found.change, found.was_there)) {
            None => self.put(path, self.had(path, false), how),
            Some((FileChange::Deleted, was_there)) => self.put(path, was_there, how),
            Some(_) => self.keep(path, how),
        }
    }

    fn modified(&mut self, path: &Path, how: How) {
        match self.files.get(path).map(|found| (found.change, found.was_there)) {
            None => self.put(path, self.had(path, true), how),
            Some((FileChange::Deleted, was_there)) => self.put(path, was_there, how),
            Some(_) => self.keep(path, how),
        }
    }

    fn deleted(&mut self, path: &Path, how: How) {
        let Some(found) = self.files.get(path).cloned() else {
            return self.set(path, FileChange::Deleted, None, self.had(path, true), how);
        };
        let Some(from) = found.from else { return self.set(path, FileChange::Deleted, None, found.was_there, how) };
        // What had another name before is gone under that; the name it had meanwhile was nothing before and is nothing now.
        if found.was_there {
            self.set(path, FileChange::Deleted, None, true, how);
        } else {
            self.files.remove(path);
        }
        self.deleted(&from, how);
    }

    fn renamed(&mut self, path: &Path, from: &Path, how: How) {
        let was_there = self.files.get(path).map_or_else(|| self.had(path, false), |found| found.was_there);
        match self.files.get(from).cloned() {
            // It had left before, and the steps only say so now.
            None if !self.had(from, true) => {
                self.deleted(from, how);
                self.put(path, was_there, how);
            }
            // The same rename, replayed, changes nothing.
            None if self.files.get(path).is_some_and(|found| found.from.is_some()) => self.keep(path, how),
            None => self.set(path, FileChange::Renamed, Some(from.to_owned()), was_there, how),
            Some(found) if found.change == FileChange::Deleted => {
                self.set(path, FileChange::Renamed, Some(from.to_owned()), was_there, how);
            }
            Some(found) => self.passed_on(found, path, from, was_there, how),
        }
    }

    /// A file that was touched already has another name from now on.
    fn passed_on(&mut self, found: Change, path: &Path, from: &Path, was_there: bool, how: How) {
        self.files.remove(from);
        let origin = found.from.unwrap_or_else(|| from.to_owned());
        match found.change {
            FileChange::Created => self.put(path, was_there, how),
            _ if origin == path => self.put(path, true, how),
            _ => self.set(path, FileChange::Renamed, Some(origin), was_there, how),
        }
        let held = found.held;
        self.files.entry(path.to_owned()).and_modify(|now| now.held = both(now.held, held));
    }
}

fn both(one: Held, other: Held) -> Held {
    Held {
        committed: one.committed || other.committed,
        staged: one.staged || other.staged,
        unstaged: one.unstaged || other.unstaged,
        untracked: one.untracked || other.untracked,
    }
}

/// Returns the files of one step so that renames come first, and of these no name is taken before it is given away.
fn in_order(files: &[Delta]) -> Vec<&Delta> {
    let (mut renames, others): (Vec<_>, Vec<_>) = files.iter().partition(|delta| delta.from.is_some());
    let mut ordered = Vec::with_capacity(files.len());
    while !renames.is_empty() {
        let is_free = |delta: &&Delta| !renames.iter().any(|other| other.from.as_deref() == Some(&delta.path));
        // Names that go round in a circle have no first.
        let place = renames.iter().position(is_free).unwrap_or(0);
        ordered.push(renames.remove(place));
    }
    ordered.extend(others);
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `A a, R a>b`.
    fn deltas(text: &str) -> Vec<Delta> {
        let read = |word: &str| {
            let (letter, path) = word.split_once(' ').unwrap();
            let (from, path) = path.split_once('>').map_or((None, path), |(from, path)| (Some(from.into()), path));
            Delta { letter: letter.as_bytes()[0], path: path.into(), from }
        };
        text.split(", ").filter(|word| !word.is_empty()).map(read).collect()
    }

    fn words(changes: &Changes) -> String {
        let word = |(path, change): (&PathBuf, &Change)| match &change.from {
            Some(from) => format!("{} {}>{}", change.change.as_str(), from.display(), path.display()),
            None => format!("{} {}", change.change.as_str(), path.display()),
        };
        changes.files.iter().map(word).collect::<Vec<_>>().join(", ")
    }

    fn check(steps: &[&str], expected: &str) {
        let mut changes = Changes::default();
        steps.iter().for_each(|step| changes.commit(&deltas(step)));
        assert_eq!(words(&changes), expected, "{steps:?}");
    }

    #[test]
    fn what_became_of_a_file_in_the_end() {
        check(&["A a", "M a"], "created a");
        check(&["M a", "D a"], "deleted a");
        check(&["A a", "D a"], "deleted a");
        check(&["D a", "A a"], "modified a");
        check(&["A a", "D a", "A a"], "created a");
        check(&["D a", "A a", "D a"], "deleted a");
        check(&["T a"], "modified a");
    }

    #[test]
    fn a_chain_of_renames_is_one() {
        check(&["R a>b", "R b>c"], "renamed a>c");
        check(&["R a>b", "R b>a"], "modified a");
        check(&["A a", "R a>b"], "created b");
        check(&["M a", "R a>b", "M b"], "renamed a>b");
        check(&["R a>b", "D b"], "deleted a");
        check(&["R a>b", "A a"], "created a, renamed a>b");
        check(&["R a>b", "R a>b"], "renamed a>b");
        check(&["D b", "R a>b"], "renamed a>b");
        check(&["D b", "R a>b", "D b"], "deleted a, deleted b");
    }

    #[test]
    fn what_differed_before_is_counted_from_how_it_was() {
        let check = |had: &[(&str, bool)], steps: &[&str], expected: &str| {
            let mut changes = Changes::after(had.iter().map(|(path, had)| (PathBuf::from(path), *had)).collect());
            steps.iter().for_each(|step| changes.commit(&deltas(step)));
            assert_eq!(words(&changes), expected, "{steps:?}");
        };
        check(&[("a", true)], &["A a"], "modified a");
        check(&[("a", false)], &["M a"], "created a");
        check(&[("a", true)], &["A a", "R a>b"], "renamed a>b");
        check(&[("a", false), ("b", true)], &["R a>b"], "deleted a, modified b");
        check(&[("a", false), ("b", true)], &["R a>b", "R b>c"], "deleted a, renamed b>c");
        check(&[("a", false)], &["D a"], "deleted a");
    }

    #[test]
    fn names_may_be_passed_on_in_one_step() {
        check(&["R a>b, R b>c"], "renamed a>b, renamed b>c");
        check(&["R b>c, R a>b"], "renamed a>b, renamed b>c");
        check(&["A a", "R a>b, A a"], "created a, created b");
    }

    #[test]
    fn index_and_worktree_come_after_commits() {
        let entry = |kind, index, worktree, path: &str| Entry {
            path: path.into(),
            from: None,
            kind,
            index,
            worktree,
            staged: String::new(),
            is_repository: false,
        };
        let mut changes = Changes::default();
        changes.commit(&deltas("A a"));
        changes.differ(&entry(Kind::Tracked, b'M', b'D', "a"));
        changes.differ(&entry(Kind::Tracked, b'D', b'.', "b"));
        changes.differ(&entry(Kind::Untracked, b'?', b'?', "b"));
        changes.differ(&entry(Kind::Conflict, b'U', b'U', "c"));
        assert_eq!(words(&changes), "deleted a, modified b, modified c");
        let held = |path: &str| changes.files[Path::new(path)].held;
        assert_eq!(held("a"), Held { committed: true, staged: true, unstaged: true, untracked: false });
        assert_eq!(held("b"), Held { staged: true, untracked: true, ..Held::default() });
        assert_eq!(held("c"), Held { unstaged: true, ..Held::default() });
    }
}
