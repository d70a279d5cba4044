//! How a worktree is found when a session begins.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use session::{Baseline, Change, Evidence, Session, Text};
use store::{Durability, StoreError};

use super::mark::marks;
use super::submodules;
use crate::git::{self, Git, Status, Trouble};
use crate::{Place, Tracker};

/// How many paths that differ are remembered at most.
pub(super) const MOST_REMEMBERED: usize = 5_000;

/// How long a person who starts a session waits for git.
pub(crate) const PATIENCE: Duration = Duration::from_millis(800);

/// Looks at a worktree, with one call of git that takes no longer than there is patience. What git does not say in time is read from
/// its files, as far as it is there.
fn baseline(programs: &OsStr, place: &Place, patience: Duration) -> Baseline {
    let worktree = redact::text(&place.worktree.to_string_lossy());
    let (Some(git_dir), Some(common)) = (&place.git_dir, &place.common) else {
        return Baseline { worktree, commit: None, branch: None, reflog: None, dirty: None };
    };
    // What is done between the two looks is rather seen twice than not at all.
    let reflog = git::length(git_dir);
    let status = status(programs, place, patience).ok();
    let commit = status.as_ref().map_or_else(|| git::head_commit(git_dir, common), |status| status.commit.clone());
    let branch = status.as_ref().map_or_else(|| git::branch(git_dir), |status| status.branch.clone());
    Baseline {
        worktree,
        branch: branch.map(|branch| redact::text(&branch)),
        commit: commit.map(|commit| redact::text(&commit)),
        reflog,
        dirty: status.map(|status| dirty(&place.worktree, &status)),
    }
}

/// Asks git what differs, and runs nothing that the repository names.
pub(super) fn status(programs: &OsStr, place: &Place, patience: Duration) -> Result<Status, Trouble> {
    let git = Git::new(programs, &place.worktree, patience).without_filters(place)?;
    let (status, within) = std::thread::scope(|scope| {
        let within = scope.spawn(|| submodules::differing(programs, place, patience));
        (git::status(&git), within.join().unwrap_or(Err(Trouble::Failed(None))))
    });
    let mut status = status?;
    status.entries.extend(within?);
    Ok(status)
}

fn dirty(worktree: &Path, status: &Status) -> BTreeMap<Text, Text> {
    let each = |(path, mark): (PathBuf, String)| (redact::text(&path.to_string_lossy()), Text::stored(mark));
    marks(worktree, &status.entries).into_iter().take(MOST_REMEMBERED).map(each).collect()
}

/// A look at a worktree that goes on while something else is done.
pub(crate) struct Looking(Option<std::thread::JoinHandle<Baseline>>);

impl Looking {
    /// Returns what was seen.
    pub(crate) fn seen(self) -> Option<Baseline> {
        self.0?.join().ok()
    }
}

impl Tracker {
    /// Begins to look at the worktree in which a session is about to begin.
    pub(crate) fn look_at_worktree(&self, patience: Duration) -> Looking {
        let (programs, place) = (self.config.programs.clone(), self.place.clone());
        let look = move || baseline(&programs, &place, patience);
        Looking(std::thread::Builder::new().spawn(look).ok())
    }

    /// Records how a session finds its worktree, unless that is known already; git is waited for no longer than there is patience.
    ///
    /// # Errors
    /// When the store cannot take it.
    pub fn take_baseline(&mut self, session: &Session, patience: Duration) -> Result<(), StoreError> {
        let seen = self.look_at_worktree(patience).seen();
        self.record_baseline(session, seen)
    }

    /// Records what was seen of a session's own worktree, unless something was before.
    pub(crate) fn record_baseline(&mut self, session: &Session, seen: Option<Baseline>) -> Result<(), StoreError> {
        let known = self.store.reads().footprint(session.key)?.is_some_and(|footprint| footprint.baseline.is_some());
        let Some(seen) = seen.filter(|seen| !known && session.worktree.as_ref() == Some(&seen.worktree)) else { return Ok(()) };
        self.write(Durability::Normal, Evidence::Inferred, None, |pen| {
            pen.change_session(session.key, Change::Based(Box::new(seen.clone()))).map(drop)
        })
    }
}
