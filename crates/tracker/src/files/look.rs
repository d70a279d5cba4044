//! What git says of a worktree now, in the time there is. Calls that do not need each other go on side by side.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::baseline::status;
use super::words::Gap;
use crate::Place;
use crate::git::{self, Delta, Git, Listed, Made, Move, Status, Trouble};

/// From where on commits count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Since {
    /// The commit that was there before; none where there was none.
    pub(super) commit: Option<String>,
    /// How `HEAD` moved since; none where nothing says so.
    pub(super) moves: Option<Vec<Move>>,
}

/// What git says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// What differs; none where git did not say.
    pub(super) status: Option<Status>,
    /// The commits that were made, oldest first, and their files.
    pub(super) commits: Vec<(Listed, Vec<Delta>)>,
    /// What it did not say.
    pub(super) gaps: Vec<Gap>,
}

/// Asks git about a worktree; each call takes no longer than there is patience.
pub(super) fn look(programs: &OsStr, place: &Place, since: &Since, patience: Duration) -> Seen {
    let (status, commits) = std::thread::scope(|scope| {
        let asked = scope.spawn(|| status(programs, place, patience));
        let commits = commits(&Git::new(programs, &place.worktree, patience), place, since);
        (asked.join().unwrap_or(Err(Trouble::Failed(None))), commits)
    });
    let mut seen = Seen::default();
    match status {
        Ok(status) => seen.status = Some(status),
        Err(trouble) => seen.gaps.push(Gap::Differences(trouble, patience)),
    }
    match commits {
        Ok((commits, has_base)) => {
            seen.commits = commits;
            seen.gaps.extend((!has_base).then_some(Gap::NoBase));
        }
        Err(trouble) => seen.gaps.push(Gap::Commits(trouble, patience)),
    }
    seen
}

/// Commits and their files, and whether the commit they are counted from is still there.
type Found = (Vec<(Listed, Vec<Delta>)>, bool);

fn commits(git: &Git<'_>, place: &Place, since: &Since) -> Result<Found, Trouble> {
    let (listed, has_base) = listed(git, place, since)?;
    let made = made(&listed, since);
    let wanted: Vec<_> = listed.iter().filter_map(|commit| against(commit, &made)).collect();
    let files = if wanted.is_empty() { Vec::new() } else { git::files_of(git, &wanted)? };
    let mut files: BTreeMap<_, _> = files.into_iter().collect();
    let with_files = |commit: Listed| {
        let files = files.remove(&commit.id).unwrap_or_default();
        made.contains_key(&commit.id).then_some((commit, files))
    };
    Ok((listed.into_iter().filter_map(with_files).collect(), has_base))
}

/// Returns the commits that may count, and whether the commit they are counted from is still there.
fn listed(git: &Git<'_>, place: &Place, since: &Since) -> Result<(Vec<Listed>, bool), Trouble> {
    let (Some(git_dir), Some(common)) = (&place.git_dir, &place.common) else { return Ok((Vec::new(), true)) };
    let head = git::head_commit(git_dir, common);
    let mut tips = git::hidden_tips(git_dir, common);
    if head.is_some() && head == since.commit && tips.is_empty() && since.moves.as_ref().is_none_or(Vec::is_empty) {
        return Ok((Vec::new(), true));
    }
    let left = since.moves.as_deref().into_iter().flat_map(git::branches_left);
    tips.extend(left.filter_map(|name| git::branch_tip(common, name)));
    tips.extend(is_born(git_dir, common).then(|| "HEAD".to_owned()));
    if tips.is_empty() {
        return Ok((Vec::new(), true));
    }
    match git::commits(git, &tips, since.commit.as_deref()) {
        // What is counted from was cut off, or swept away: of everything there is, what was made here is known by its log.
        Err(Trouble::Failed(_)) if since.commit.is_some() => {
            let all = if since.moves.is_some() { git::commits(git, &tips, None)? } else { Vec::new() };
            Ok((all, false))
        }
        listed => listed.map(|listed| (listed, true)),
    }
}

/// Reports whether there is a commit; where its ref is kept in a way that is not read here, git itself is to say.
fn is_born(git_dir: &Path, common: &Path) -> bool {
    git::head_commit(git_dir, common).is_some() || common.join("reftable").exists()
}

/// Returns which of the commits were made here; all of them, where nothing says so.
fn made(listed: &[Listed], since: &Since) -> BTreeMap<String, Made> {
    match &since.moves {
        Some(moves) => git::made_here(moves, listed),
        None => {
            let how = |commit: &Listed| if commit.parents.len() > 1 { Made::Merge } else { Made::Whole };
            listed.iter().map(|commit| (commit.id.clone(), how(commit))).collect()
        }
    }
}

/// Returns a commit and what it is compared with beside its parents; none where it has no files of its own.
fn against<'c>(commit: &'c Listed, made: &'c BTreeMap<String, Made>) -> Option<(&'c str, Option<&'c str>)> {
    match made.get(&commit.id)? {
        Made::Whole => Some((&commit.id, None)),
        Made::Instead(old) => Some((&commit.id, Some(old))),
        Made::Merge => None,
    }
}

/// Returns which of some paths git tracks.
pub(super) fn tracked(programs: &OsStr, place: &Place, paths: &[&str], patience: Duration) -> Result<Vec<PathBuf>, Trouble> {
    use std::os::unix::ffi::OsStringExt;
    if paths.is_empty() || place.git_dir.is_none() {
        return Ok(Vec::new());
    }
    let arguments = ["--literal-pathspecs", "ls-files", "-z", "--"].into_iter().chain(paths.iter().copied()).collect::<Vec<_>>();
    let answer = Git::new(programs, &place.worktree, patience).ask(&arguments, &[])?;
    let path = |word: &[u8]| PathBuf::from(std::ffi::OsString::from_vec(word.to_vec()));
    Ok(answer.split(|byte| *byte == 0).filter(|word| !word.is_empty()).map(path).collect())
}
