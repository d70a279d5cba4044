//! What is asked of the `git` command: few things, with a time limit, and nothing a repository could use to run its own programs.
//!
//! `programs` is where the command is looked for, see `Config::programs`.
//!
//! | file | holds |
//! |---|---|
//! | `call` | one call, its guards and its time limit |
//! | `filters` | switching off the filters that a repository brings with it |
//! | `status` | what differs in a worktree |
//! | `commits`, `references` | commits, and the files in them; what their messages refer to |
//! | `head_log` | how `HEAD` moved, and which of its commits were made here; read without a process |
//! | `refs`, `amid` | where refs stand, and what git is in the middle of; read without a process |

mod amid;
mod call;
mod commits;
mod filters;
mod head_log;
mod references;
mod refs;
mod status;

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

pub(crate) use amid::{amid, hidden_tips};
pub(crate) use call::{Git, Trouble};
pub(crate) use commits::{Delta, Listed, commits, files_of};
pub(crate) use head_log::{Made, Move, before, branches_left, length, made_here, moves_since};
pub(crate) use refs::{branch, branch_tip, head_commit};
pub(crate) use status::{Entry, Kind, Status, status};

const PATIENCE: Duration = Duration::from_millis(800);

/// Returns the subject of the newest commit.
pub(crate) fn last_subject(programs: &OsStr, worktree: &Path) -> Option<String> {
    ask(programs, worktree, &["log", "-1", "--no-show-signature", "--format=%s"]).filter(|subject| !subject.is_empty())
}

/// Returns the first commit; of several, the one that sorts first.
pub(crate) fn root_commit(programs: &OsStr, worktree: &Path) -> Option<String> {
    ask(programs, worktree, &["rev-list", "--max-parents=0", "HEAD"])?.lines().min().map(str::to_owned)
}

/// Returns the address of `origin`, without the credentials it may hold.
pub(crate) fn remote(programs: &OsStr, worktree: &Path) -> Option<String> {
    ask(programs, worktree, &["config", "--get", "remote.origin.url"]).map(|address| without_credentials(&address))
}

fn without_credentials(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => {
            // A password may hold a slash: everything up to the last `@` in front of a host goes.
            let host_on =
                rest.rfind('@').filter(|at| !rest[at + 1..].is_empty() && rest[..*at].contains(':')).map_or(rest, |at| &rest[at + 1..]);
            let (host, path) = host_on.split_once('/').unwrap_or((host_on, ""));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
        }
        None => address.to_owned(),
    }
}

/// Returns git's answer as text, or nothing if it fails or takes too long.
pub(crate) fn ask(programs: &OsStr, worktree: &Path, arguments: &[&str]) -> Option<String> {
    let answer = Git::new(programs, worktree, PATIENCE).ask(arguments, &[]).ok()?;
    Some(String::from_utf8_lossy(&answer).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_is_remembered_without_its_password() {
        for (address, expected) in [
            ("https://me:secret@host.example/a/b.git", "https://host.example/a/b.git"),
            ("https://host.example/a@b.git", "https://host.example/a@b.git"),
            ("https://me:se/cr@et@host.example/a.git", "https://host.example/a.git"),
            ("https://token@host.example/a.git", "https://host.example/a.git"),
            ("git@host.example:a/b.git", "git@host.example:a/b.git"),
            ("/srv/git/a.git", "/srv/git/a.git"),
        ] {
            assert_eq!(without_credentials(address), expected);
        }
    }
}
