//! How a file looks, told without reading it: enough to see that it was touched since.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha1_smol::Sha1;

use crate::Place;
use crate::git::{self, Entry};

/// Stands for a file that is not there.
const GONE: &str = "gone";

/// Returns how each path differs and looks: what git says of it, a dot, and how it lies on the disk. A rename is two paths that differ:
/// what git takes for one depends on what else there is.
pub(super) fn marks(worktree: &Path, entries: &[Entry]) -> BTreeMap<PathBuf, String> {
    let mut said: BTreeMap<&Path, String> = BTreeMap::new();
    for entry in entries.iter().flat_map(parts) {
        said.entry(entry.path).or_default().push_str(&format!(
            "{}{} {} ",
            char::from(entry.index),
            char::from(entry.worktree),
            entry.staged
        ));
    }
    let mark = |path: &Path, said: &str| format!("{}.{}", short(said), looks(&worktree.join(path)));
    said.into_iter().map(|(path, said)| (path.to_owned(), mark(path, &said))).collect()
}

/// What git says of one path.
struct Part<'e> {
    path: &'e Path,
    index: u8,
    worktree: u8,
    staged: &'e str,
}

fn parts(entry: &Entry) -> impl Iterator<Item = Part<'_>> {
    let Letters { index, worktree } = letters_of_path(entry);
    // What left the index is nothing there, by whatever name.
    let staged = if index == b'D' { "" } else { entry.staged.as_str() };
    let path = Part { path: &entry.path, index, worktree, staged };
    let from = entry.from.as_deref().map(|from| {
        let Letters { index, worktree } = letters_of_source(entry);
        Part { path: from, index, worktree, staged: "" }
    });
    [Some(path), from].into_iter().flatten()
}

/// Git's letters for index and worktree.
pub(super) struct Letters {
    pub(super) index: u8,
    pub(super) worktree: u8,
}

/// Returns the letters of a path without regard to where it was before.
pub(super) fn letters_of_path(entry: &Entry) -> Letters {
    let plain = |letter: u8| if matches!(letter, b'R' | b'C') { b'A' } else { letter };
    Letters { index: plain(entry.index), worktree: plain(entry.worktree) }
}

/// Returns the letters of where a path was before.
pub(super) fn letters_of_source(entry: &Entry) -> Letters {
    let left = |letter: u8| if letter == b'R' { b'D' } else { b'.' };
    Letters { index: left(entry.index), worktree: left(entry.worktree) }
}

/// Returns how a path looks on the disk.
pub(super) fn looks(path: &Path) -> String {
    let Ok(found) = fs::symlink_metadata(path) else { return GONE.to_owned() };
    if found.is_dir() {
        return short(&repository(path));
    }
    short(&format!("{:o} {} {} {}", found.mode(), found.len(), found.mtime(), found.mtime_nsec()))
}

/// A directory is listed where it is a repository of its own: that looks as its `HEAD` does.
fn repository(path: &Path) -> String {
    let Some(git_dir) = Place::of(path).git_dir.filter(|_| path.join(".git").exists()) else { return "directory".to_owned() };
    format!("{:?} {:?}", git::length(&git_dir), crate::place::read_short(&git_dir.join("HEAD")))
}

/// Reports whether a mark, or how a path looks, is that of a file that was there.
pub(super) fn is_there(mark: &str) -> bool {
    looks_of(mark) != GONE
}

/// Returns the part of a mark that tells how the path lay on the disk.
pub(super) fn looks_of(mark: &str) -> &str {
    mark.rsplit('.').next().unwrap_or(mark)
}

/// Returns when a path last changed by what its own times say, in microseconds since 1970.
pub(super) fn changed_at(found: &Metadata) -> i64 {
    let micros = |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000).saturating_add(nanos / 1_000);
    micros(found.mtime(), found.mtime_nsec()).max(micros(found.ctime(), found.ctime_nsec()))
}

fn short(text: &str) -> String {
    let mut digest = Sha1::from(text).digest().to_string();
    digest.truncate(12);
    digest
}
