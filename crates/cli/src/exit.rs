//! Exit codes: a contract for scripts.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; also when the reader closed the pipe.
    Done,
    /// Understood, and the answer is no: nothing found, ambiguous, refused.
    No,
    /// The command line is wrong.
    Usage,
    /// The surroundings are wrong: configuration, store, permission, disk.
    Surroundings,
    /// Our bug.
    Bug,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::No => 1,
            Exit::Usage => 2,
            Exit::Surroundings => 3,
            Exit::Bug => 70,
        })
    }
}
