//! All files below a directory that are transcripts.

use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A file as the file system tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Where it is.
    pub path: PathBuf,
    /// The device it is on.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
    /// Its length in bytes.
    pub size: u64,
    /// Its modification time, in nanoseconds since 1970.
    pub changed_nanos: i64,
}

impl FoundFile {
    /// Returns what the file system says of a file.
    pub fn of(path: PathBuf, found: &Metadata) -> Self {
        let changed_nanos = found.mtime().saturating_mul(1_000_000_000).saturating_add(found.mtime_nsec());
        Self { path, device: found.dev(), inode: found.ino(), size: found.len(), changed_nanos }
    }
}

/// What was found below a directory of transcripts.
#[derive(Clone, Debug, Default)]
pub struct Walked {
    /// The files, sorted by path.
    pub files: Vec<FoundFile>,
    /// Where nobody could look, and why.
    pub troubles: Vec<(PathBuf, Arc<io::Error>)>,
    /// Whether there is no such directory: what was in it may be elsewhere, or not mounted.
    pub is_missing: bool,
}

/// What is looked for.
pub(crate) struct Look<'l> {
    /// How many directories below those in the root.
    pub(crate) deepest: usize,
    /// Whether links to directories in the root are followed; others never are.
    pub(crate) has_links: bool,
    /// Whether a file of this name is a transcript.
    pub(crate) is_transcript: &'l (dyn Fn(&Path) -> bool + Sync),
}

/// Finds all files that are transcripts, on some threads: below the directories in `root`, and in it.
pub(crate) fn walk(root: &Path, look: &Look<'_>, threads: usize) -> Walked {
    let mut walked = Walked::default();
    let mut folders = Vec::new();
    match fs::read_dir(root) {
        Ok(entries) => entries.filter_map(Result::ok).for_each(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() || kind.is_symlink() && look.has_links => folders.push(entry.path()),
            Ok(kind) if kind.is_file() && !look.has_links => look.file(&entry, &mut walked),
            _ => {}
        }),
        Err(error) => {
            walked.is_missing = error.kind() == io::ErrorKind::NotFound;
            if !walked.is_missing {
                walked.troubles.push((root.to_owned(), Arc::new(error)));
            }
            return walked;
        }
    }
    let (next, all) = (AtomicUsize::new(0), Mutex::new(&mut walked));
    let work = || {
        let mut own = Walked::default();
        while let Some(folder) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
            look.folder(folder, 0, &mut own);
        }
        if let Ok(mut all) = all.lock() {
            all.files.append(&mut own.files);
            all.troubles.append(&mut own.troubles);
        }
    };
    std::thread::scope(|scope| {
        (1..threads.min(folders.len())).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    // By their bytes: what comparing paths part by part is good for, nobody needs here.
    walked.files.sort_unstable_by(|one, other| one.path.as_os_str().cmp(other.path.as_os_str()));
    walked
}

impl Look<'_> {
    fn file(&self, entry: &DirEntry, walked: &mut Walked) {
        if !(self.is_transcript)(&entry.path()) {
            return;
        }
        match entry.metadata() {
            Ok(found) => walked.files.push(FoundFile::of(entry.path(), &found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => walked.troubles.push((entry.path(), Arc::new(error))),
        }
    }

    fn folder(&self, folder: &Path, depth: usize, walked: &mut Walked) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            // A file beside the folders, and what vanished just now.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::NotFound) => return,
            Err(error) => return walked.troubles.push((folder.to_owned(), Arc::new(error))),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    walked.troubles.push((folder.to_owned(), Arc::new(error)));
                    continue;
                }
            };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < self.deepest => self.folder(&entry.path(), depth + 1, walked),
                Ok(kind) if kind.is_file() => self.file(&entry, walked),
                Ok(_) => {}
                Err(error) => walked.troubles.push((entry.path(), Arc::new(error))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_conversations_and_their_sub_agents_are_found() {
        let directory = tempfile::tempdir().unwrap();
        let projects = directory.path();
        let files =
            ["-a/c.jsonl", "-a/c/subagents/agent-1.jsonl", "-a/c/tool-results/x.txt", "-b/agent-2.jsonl", "stray.jsonl", "-b/notes.txt"];
        for path in files {
            fs::create_dir_all(projects.join(path).parent().unwrap()).unwrap();
            fs::write(projects.join(path), "12").unwrap();
        }
        std::os::unix::fs::symlink(projects.join("-a/c.jsonl"), projects.join("-b/link.jsonl")).unwrap();
        let is_transcript = |path: &Path| path.extension().is_some_and(|extension| extension == "jsonl");
        let look = Look { deepest: 4, has_links: true, is_transcript: &is_transcript };
        let walked = walk(projects, &look, 2);
        let names: Vec<_> = walked.files.iter().map(|file| file.path.strip_prefix(projects).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["-a/c.jsonl", "-a/c/subagents/agent-1.jsonl", "-b/agent-2.jsonl"]);
        assert!(walked.troubles.is_empty() && walked.files.iter().all(|file| file.size == 2 && file.inode > 0));
        assert!(walk(&projects.join("nowhere"), &look, 2).files.is_empty());
    }
}
