//! Which files are to be read, and from where on.

use std::collections::{HashMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use agents::claude_code::transcript::FoundFile;
use store::{FileId, IndexedFile};

/// A file that is to be read.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// What the file system says of it.
    pub(super) found: FoundFile,
    /// Its name in the index.
    pub(super) path: String,
    /// How far it was read, if it was.
    pub(super) known: Option<Known>,
}

/// How far a file was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) file: FileId,
    pub(super) place: u64,
    pub(super) mark: u64,
}

/// What is to be done.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Files to read, the largest first: the last ones that are read together should be small.
    pub(super) jobs: Vec<Job>,
    /// Files that are not where they were.
    pub(super) lost: Vec<FileId>,
    /// The newest file of the index.
    pub(super) newest: Option<FileId>,
    /// How many bytes are to be read, as far as that can be told.
    pub(super) bytes: u64,
}

/// Returns what is to be done for the files that were found. Whoever looked could not look everywhere: nothing is `is_whole` then, and nothing is lost.
pub(super) fn plan(found: Vec<FoundFile>, indexed: &[IndexedFile], is_whole: bool) -> Plan {
    let current = || indexed.iter().filter(|file| file.is_current);
    let by_path: HashMap<&str, &IndexedFile> = current().map(|file| (file.read.path.as_str(), file)).collect();
    let names: Vec<String> = found.iter().map(|file| name(&file.path)).collect();
    let there: HashSet<&str> = names.iter().map(String::as_str).collect();
    let gone: Vec<&IndexedFile> = current().filter(|file| !there.contains(file.read.path.as_str())).collect();
    let moved: HashMap<(u64, u64), &IndexedFile> = gone.iter().map(|file| ((file.read.device, file.read.inode), *file)).collect();
    let mut plan = Plan { newest: indexed.iter().map(|file| file.id).max(), ..Plan::default() };
    let mut taken = HashSet::new();
    for (file, path) in found.iter().zip(&names) {
        let held = by_path.get(path.as_str()).copied();
        if held.is_some_and(|held| is_unchanged(held, file)) {
            continue;
        }
        let held = held.or_else(|| moved.get(&(file.device, file.inode)).copied().filter(|held| taken.insert(held.id)));
        let known = held.map(|held| Known { file: held.id, place: held.read.place, mark: held.read.mark });
        plan.bytes += file.size - known.map_or(0, |known| known.place).min(file.size);
        plan.jobs.push(Job { found: file.clone(), path: path.clone(), known });
    }
    if is_whole {
        plan.lost = gone.iter().map(|file| file.id).filter(|id| !taken.contains(id)).collect();
    }
    plan.jobs.sort_by_key(|job| std::cmp::Reverse(job.found.size));
    plan
}

fn is_unchanged(held: &IndexedFile, file: &FoundFile) -> bool {
    let read = &held.read;
    (read.size, read.changed_nanos, read.device, read.inode) == (file.size, file.changed_nanos, file.device, file.inode)
}

/// Returns a path as the index has it: what is no UTF-8 is escaped, so that two paths stay two.
fn name(path: &Path) -> String {
    match path.to_str() {
        Some(path) => path.to_owned(),
        None => path.as_os_str().as_bytes().escape_ascii().to_string(),
    }
}
