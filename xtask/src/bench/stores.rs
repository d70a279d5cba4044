//! Stores of some size. Filling one takes minutes, so they are kept until the code that decides what is in them changes.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::programs::Programs;
use crate::run;

/// What decides how a store's files look: the schema, the rows, and what is filled in.
const DECIDING: &[&str] = &[
    "crates/store/migrations/sqlite",
    "crates/store/src/sqlite/events.rs",
    "crates/store/src/sqlite/rows.rs",
    "crates/session/src",
    "crates/testkit/src/bin/fill.rs",
];

/// Projects in which the sessions were.
const PROJECTS: usize = 50;

/// Filled stores, and the directories of the projects they speak of.
pub(super) struct Stores {
    directory: PathBuf,
    projects: PathBuf,
}

impl Stores {
    /// Makes the directories of the projects, and removes stores as other code would have filled them.
    pub(super) fn prepare(directory: &Path) -> Result<Self> {
        let projects = directory.join("projects");
        for project in (0..PROJECTS).map(|number| projects.join(format!("{number:02}"))) {
            make_repository(&project)?;
        }
        let all = directory.join("stores");
        let stores = Self { directory: all.join(fingerprint(run::root(), DECIDING)?), projects };
        remove_others(&all, &stores.directory)?;
        Ok(stores)
    }

    /// Returns the directory of the project that has most sessions.
    pub(super) fn busiest(&self) -> PathBuf {
        self.projects.join("00")
    }

    /// Returns a store with that many sessions, filled now unless it is there.
    pub(super) fn with(&self, programs: &Programs, sessions: usize) -> Result<PathBuf> {
        let (store, growing) = (self.directory.join(sessions.to_string()), self.directory.join(format!("{sessions}.growing")));
        if store.is_dir() {
            return Ok(store);
        }
        println!("Filling a store with {sessions} sessions …");
        fresh(&growing)?;
        let mut fill = run::program(&programs.fill.to_string_lossy(), &[]);
        run::succeed(fill.arg(&growing).arg(&self.projects).arg(sessions.to_string()))?;
        fs::rename(&growing, &store).with_context(|| format!("cannot rename `{}`", growing.display()))?;
        Ok(store)
    }
}

/// Makes the directory that is kept, and removes all others beside it: other code filled them.
pub(super) fn remove_others(all: &Path, kept: &Path) -> Result<()> {
    fs::create_dir_all(kept).with_context(|| format!("cannot create `{}`", kept.display()))?;
    for old in fs::read_dir(all)?.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path != kept) {
        fs::remove_dir_all(&old).with_context(|| format!("cannot remove `{}`", old.display()))?;
    }
    Ok(())
}

/// Makes the directory, empty.
pub(super) fn fresh(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| format!("cannot remove `{}`", directory.display()))?;
    }
    fs::create_dir_all(directory).with_context(|| format!("cannot create `{}`", directory.display()))
}

/// Makes a repository in which nothing was committed.
fn make_repository(worktree: &Path) -> Result<()> {
    let git = worktree.join(".git");
    if git.join("HEAD").exists() {
        return Ok(());
    }
    fs::create_dir_all(&git).with_context(|| format!("cannot create `{}`", git.display()))?;
    run::succeed(run::program("git", &["init", "--quiet"]).arg(worktree))
}

/// Returns a name for the code that decides what is filled in.
pub(super) fn fingerprint(root: &Path, deciding: &[&str]) -> Result<String> {
    let mut files = Vec::new();
    for deciding in deciding {
        collect(&root.join(deciding), &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(&file).with_context(|| format!("cannot read `{}`", file.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = fs::read_dir(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    entries.filter_map(Result::ok).try_for_each(|entry| collect(&entry.path(), files))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_decides_is_there() {
        assert!(DECIDING.iter().all(|path| run::root().join(path).exists()));
        assert_eq!(fingerprint(run::root(), DECIDING).unwrap().len(), 16);
    }

    #[test]
    fn a_fresh_directory_is_empty() {
        let directory = std::env::temp_dir().join(format!("xtask-fresh-{}", std::process::id()));
        fresh(&directory).unwrap();
        fs::write(directory.join("old"), "").unwrap();
        fresh(&directory).unwrap();
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
        fs::remove_dir_all(directory).unwrap();
    }
}
