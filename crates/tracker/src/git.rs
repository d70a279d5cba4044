//! What is asked of the `git` command: few things, with a time limit, and nothing a repository could use to run its own programs.
//!
//! `programs` is where the command is looked for, see `Config::programs`.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

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

/// Returns the branch that is checked out, read from `HEAD` without a process; none when detached.
pub(crate) fn branch(git_dir: &Path) -> Option<String> {
    let head = crate::place::read_short(&git_dir.join("HEAD"))?;
    head.trim().strip_prefix("ref: refs/heads/").map(str::to_owned)
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

/// Runs git and returns its answer, or nothing if it fails or takes too long.
pub(crate) fn ask(programs: &OsStr, worktree: &Path, arguments: &[&str]) -> Option<String> {
    let mut child = Command::new("git")
        .args([
            "--no-pager",
            "--no-optional-locks",
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "log.mailmap=false",
        ])
        .args(arguments)
        .current_dir(worktree)
        // Also where the program itself is looked for.
        .env("PATH", programs)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_EXTERNAL_DIFF")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdout = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut answer = Vec::new();
        let read = std::io::Read::read_to_end(&mut stdout, &mut answer);
        drop(sender.send(read.map(|_| answer)));
    });
    let Ok(Ok(answer)) = receiver.recv_timeout(PATIENCE) else {
        drop(child.kill());
        drop(child.wait());
        return None;
    };
    child.wait().ok().filter(std::process::ExitStatus::success)?;
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
