//! Which files are to be read, and from where on.

use std::collections::{HashMap, HashSet};

use agents::transcripts::{Agent, Carried, FoundFile, Place};
use store::{FileId, IndexedFile};

use super::sources::{Sources, name};

/// A file that is to be read.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// Whose it is.
    pub(super) agent: Agent,
    /// What the file system says of it.
    pub(super) found: FoundFile,
    /// Its name in the index.
    pub(super) path: String,
    /// How far it was read, if it was.
    pub(super) known: Option<Known>,
}

/// How far a file was read.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) file: FileId,
    pub(super) place: Place,
}

impl Known {
    fn of(held: &IndexedFile) -> Self {
        let carried = Carried::from_bytes(held.read.carried.clone());
        Self { file: held.id, place: Place { bytes: held.read.place, mark: held.read.mark, carried } }
    }
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

/// Returns what is to be done for the files that were found.
pub(super) fn plan(sources: &Sources, indexed: &[IndexedFile]) -> Plan {
    // A session within a file of many is found by reading that.
    let current = || indexed.iter().filter(|file| file.is_current && !file.read.is_within);
    let by_path: HashMap<&str, &IndexedFile> = current().map(|file| (file.read.path.as_str(), file)).collect();
    let names: Vec<String> = sources.all.iter().map(|source| name(&source.found.path)).collect();
    let there: HashSet<&str> = names.iter().map(String::as_str).collect();
    let gone: Vec<&IndexedFile> = current().filter(|file| !there.contains(file.read.path.as_str())).collect();
    let moved: HashMap<(u64, u64), &IndexedFile> = gone.iter().map(|file| ((file.read.device, file.read.inode), *file)).collect();
    let mut plan = Plan { newest: indexed.iter().map(|file| file.id).max(), ..Plan::default() };
    let mut taken = HashSet::new();
    for (source, path) in sources.all.iter().zip(&names) {
        let found = &source.found;
        let held = by_path.get(path.as_str()).copied();
        if held.is_some_and(|held| is_unchanged(held, found)) {
            continue;
        }
        let held = held.or_else(|| moved.get(&(found.device, found.inode)).copied().filter(|held| taken.insert(held.id)));
        let known = held.map(Known::of);
        plan.bytes += found.size - known.as_ref().map_or(0, |known| known.place.bytes).min(found.size);
        plan.jobs.push(Job { agent: source.agent, found: found.clone(), path: path.clone(), known });
    }
    let is_lost = |file: &&&IndexedFile| !taken.contains(&file.id) && sources.is_gone(&file.read.agent, &file.read.path);
    plan.lost = gone.iter().filter(is_lost).map(|file| file.id).collect();
    plan.jobs.sort_by_key(|job| std::cmp::Reverse(job.found.size));
    plan
}

fn is_unchanged(held: &IndexedFile, file: &FoundFile) -> bool {
    let read = &held.read;
    (read.size, read.changed_nanos, read.device, read.inode) == (file.size, file.changed_nanos, file.device, file.inode)
}
