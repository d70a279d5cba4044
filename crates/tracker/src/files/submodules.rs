//! Submodules in which something differs. Git itself would look into them obeying their configuration; so each is asked by itself,
//! guarded as any other repository, and what is within a submodule of a submodule is not looked for.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha1_smol::Sha1;

use super::mark::marks;
use crate::Place;
use crate::git::{self, Entry, Git, Kind, Trouble};

/// More submodules are not looked into.
const MOST_SUBMODULES: usize = 64;

/// How many are looked into at once.
const AT_ONCE: usize = 8;

/// A list of submodules that is longer is none that anybody wrote.
const LONGEST_LIST: u64 = 1024 * 1024;

/// Returns the submodules in which something differs, each as one path that does.
pub(super) fn differing(programs: &OsStr, place: &Place, patience: Duration) -> Result<Vec<Entry>, Trouble> {
    let list = place.worktree.join(".gitmodules");
    if !std::fs::symlink_metadata(&list).is_ok_and(|found| found.is_file() && found.len() <= LONGEST_LIST) {
        return Ok(Vec::new());
    }
    let paths = paths(&Git::new(programs, &place.worktree, patience))?;
    let mut found = Vec::new();
    for some in paths.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let asked: Vec<_> = some.iter().map(|path| scope.spawn(|| look_into(programs, place, path, patience))).collect();
            found.extend(asked.into_iter().filter_map(|asked| asked.join().ok().flatten()));
        });
    }
    Ok(found)
}

fn paths(git: &Git<'_>) -> Result<Vec<PathBuf>, Trouble> {
    let answer = match git.ask(&["config", "-z", "-f", ".gitmodules", "--get-regexp", r"^submodule\..*\.path$"], &[]) {
        Err(Trouble::Failed(Some(1))) => Vec::new(),
        answer => answer?,
    };
    // A name, a line feed, a value.
    let value = |word: &[u8]| {
        let place = word.iter().position(|byte| *byte == b'\n')?;
        Some(PathBuf::from(OsString::from_vec(word[place + 1..].to_vec())))
    };
    let is_below = |path: &PathBuf| path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    Ok(answer.split(|byte| *byte == 0).filter_map(value).filter(is_below).take(MOST_SUBMODULES).collect())
}

fn look_into(programs: &OsStr, place: &Place, path: &Path, patience: Duration) -> Option<Entry> {
    let top = place.worktree.join(path);
    let within = Place::of(&top);
    if within.worktree != top || within.git_dir.is_none() || within.git_dir == place.git_dir {
        return None;
    }
    let git = Git::new(programs, &within.worktree, patience).without_filters(&within).ok()?;
    let status = git::status(&git).ok()?;
    if status.entries.is_empty() {
        return None;
    }
    let differing = format!("{:?}", marks(&within.worktree, &status.entries));
    Some(Entry {
        path: path.to_owned(),
        from: None,
        kind: Kind::Tracked,
        index: b'.',
        worktree: b'M',
        staged: Sha1::from(differing).digest().to_string(),
        is_repository: true,
    })
}
