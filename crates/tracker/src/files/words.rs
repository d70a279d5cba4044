//! What could not be found out, said to people.

use std::time::Duration;

use crate::git::Trouble;
use crate::note::counted;

/// Something that could not be found out about the files of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// There is no repository.
    NoGit,
    /// The worktree is gone.
    NoWorktree,
    /// The session was recorded on another machine.
    Elsewhere,
    /// Git did not say what differs in the worktree.
    Differences(Trouble, Duration),
    /// Git did not say which commits were made.
    Commits(Trouble, Duration),
    /// The commit at the start is not there any more.
    NoBase,
    /// Nobody looked when the session began.
    NoStart,
    /// Git did not say in time what differed when the session began.
    StartUnknown,
    /// More differed when the session began than is remembered.
    StartCut(usize),
    /// The log of `HEAD` does not say which commits were made here.
    NoLog,
    /// Tool calls named files with names too long to be kept.
    LongNames(usize),
    /// The session ended before anybody looked.
    Late,
    /// Not all files could be read in time.
    Blobs(usize),
}

impl std::fmt::Display for Gap {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoGit => out.write_str("no git here: only files that tool calls named are listed"),
            Self::NoWorktree => out.write_str("the worktree is not there any more: only files that tool calls named are listed"),
            Self::Elsewhere => out.write_str("the session was recorded elsewhere: only files that tool calls named are listed"),
            Self::Differences(trouble, patience) => write!(out, "{}: what is not committed is not known", reason(*trouble, *patience)),
            Self::Commits(trouble, patience) => write!(out, "{}: what was committed is not known", reason(*trouble, *patience)),
            Self::NoBase => out.write_str("the commit at the start is not there any more: only commits that the log of HEAD names count"),
            Self::NoStart => out.write_str("nobody looked when the session began: what is older than it by its time is left out"),
            Self::StartUnknown => {
                out.write_str("git did not say in time how the session began: what is older than it by its time is left out")
            }
            Self::StartCut(most) => {
                write!(
                    out,
                    "more than {most} files differed at the start: of the others what is older than the session by its time is left out"
                )
            }
            Self::NoLog => out.write_str("the log of HEAD does not say which commits were made here: all since the start count"),
            Self::LongNames(1) => out.write_str("1 tool call named a file with a name too long to be kept"),
            Self::LongNames(calls) => write!(out, "{calls} tool calls named files with names too long to be kept"),
            Self::Late => out.write_str("nobody looked when the session ended: what came later may be among the files"),
            Self::Blobs(files) => write!(out, "{} could not be read in the time there was", counted(*files as u64, "file")),
        }
    }
}

fn reason(trouble: Trouble, patience: Duration) -> String {
    match trouble {
        Trouble::Missing => "git was not found".to_owned(),
        Trouble::Slow => format!("git did not answer within {} s", patience.as_secs_f64()),
        Trouble::TooMuch => "git answered too much".to_owned(),
        Trouble::Failed(Some(code)) => format!("git refused to answer (exit code {code})"),
        Trouble::Failed(None) => "git did not end well".to_owned(),
    }
}
