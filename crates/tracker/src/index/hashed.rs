//! Where conversations took place of which only a hash says so: the hash of a directory that is known here is that one's.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use agents::transcripts::Agent;
use store::{StoreError, Wanted};

use super::told::Told;
use crate::Tracker;
use crate::vault::Hash;

impl Tracker {
    /// Gives conversations their directories, where their places are called after a hash of one that is known: a project's, a session's, another
    /// conversation's, or one above these.
    pub(super) fn find_directories(&self, all: &mut [Told]) -> Result<(), StoreError> {
        let is_hashed = |told: &&Told| told.cwd.is_none() && hash_of(told).is_some();
        if !all.iter().any(|told| is_hashed(&told)) {
            return Ok(());
        }
        let mut known = self.known_directories()?;
        known.extend(all.iter().filter_map(|told| told.cwd.as_ref()).map(PathBuf::from));
        let with_above: BTreeSet<&Path> = known.iter().flat_map(|directory| directory.ancestors()).collect();
        let by_hash: HashMap<String, &str> = with_above
            .iter()
            .filter_map(|directory| Some((Hash::of(directory.to_str()?.as_bytes()).to_string(), directory.to_str()?)))
            .collect();
        for told in all {
            if told.cwd.is_none() {
                told.cwd = hash_of(told).and_then(|hash| by_hash.get(hash)).map(|directory| (*directory).to_owned());
            }
        }
        Ok(())
    }

    /// Returns all directories that were recorded.
    fn known_directories(&self) -> Result<BTreeSet<PathBuf>, StoreError> {
        let reads = self.store.reads();
        let mut known = BTreeSet::new();
        for project in reads.projects()? {
            // Of a repository its `.git` is known: what it is in is where somebody works.
            known.insert(PathBuf::from(project.place.value.as_str()));
        }
        let all = Wanted { with_empty: true, ..Wanted::default() };
        known.extend(
            reads.sessions(&all, None)?.iter().filter_map(|session| session.worktree.as_ref()).map(|text| PathBuf::from(text.as_str())),
        );
        let conversations = reads.newest_conversations(i64::MAX as usize)?;
        known.extend(conversations.iter().filter_map(|row| row.cwd.as_ref()).map(|cwd| PathBuf::from(cwd.value.as_str())));
        Ok(known)
    }
}

fn hash_of(told: &Told) -> Option<&str> {
    Agent::of(&told.agent)?.hash_of_directory(Path::new(told.path.as_deref()?))
}
