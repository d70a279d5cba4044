//! Whether commits are still there.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use crate::git::Git;

/// Returns which of the commits no branch, tag or `HEAD` leads to any more; nothing where git does not answer.
pub(super) fn lost(programs: &OsStr, worktree: &Path, commits: &[String], patience: Duration) -> Option<BTreeSet<String>> {
    let is_id = |id: &&String| (40..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let ids: Vec<&str> = commits.iter().filter(is_id).map(String::as_str).collect();
    if ids.is_empty() {
        return Some(BTreeSet::new());
    }
    let git = Git::new(programs, worktree, patience);
    let ask = |words: &[&str]| git.ask(words, &[]).ok().map(|answer| String::from_utf8_lossy(&answer).into_owned());
    let (there, unheld) = std::thread::scope(|scope| {
        let there = scope.spawn(|| ask(&[&["rev-list", "--no-walk", "--ignore-missing"][..], &ids].concat()));
        let unheld = ask(&[&["rev-list", "--ignore-missing", "--max-count=10000"][..], &ids, &["--not", "--all"]].concat());
        (there.join().ok().flatten(), unheld)
    });
    let (there, unheld) = (there?, unheld?);
    let (there, unheld): (BTreeSet<_>, BTreeSet<_>) = (there.lines().collect(), unheld.lines().collect());
    Some(ids.into_iter().filter(|id| !there.contains(id) || unheld.contains(id)).map(str::to_owned).collect())
}
