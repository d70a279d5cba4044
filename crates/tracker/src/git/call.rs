//! One call of git: guarded against what a repository or the surroundings might make it run, and given up when it takes too long.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// What an answer may be long at most; whoever answers more is not waited for.
const LONGEST_ANSWER: u64 = 64 * 1024 * 1024;

/// Settings that stand above those of the repository: none of them may name a program.
const SETTINGS: [&str; 8] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.alternateRefsCommand=",
    "log.mailmap=false",
    "log.showSignature=false",
    "status.submoduleSummary=false",
    "submodule.recurse=false",
    "protocol.allow=never",
];

/// Variables that would turn git to another place, or make it run or write something.
const VARIABLES: [&str; 32] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIFF_OPTS",
    "GIT_DIR",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_TRACE",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
    "GIT_TRACE2_PERF",
    "GIT_TRACE_SETUP",
    "GIT_WORK_TREE",
];

/// Why git gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The command is not there.
    Missing,
    /// It took too long.
    Slow,
    /// It answered more than anybody can use.
    TooMuch,
    /// It failed, with this exit code.
    Failed(Option<i32>),
}

/// Git, as it is asked in one worktree.
#[derive(Clone, Debug)]
pub(crate) struct Git<'p> {
    programs: &'p OsStr,
    worktree: &'p Path,
    pub(super) patience: Duration,
    /// Names and values of settings that hold for each call.
    pub(super) settings: Vec<(OsString, OsString)>,
}

impl<'p> Git<'p> {
    /// Asks in a worktree, each time no longer than there is patience.
    pub(crate) fn new(programs: &'p OsStr, worktree: &'p Path, patience: Duration) -> Self {
        Self { programs, worktree, patience, settings: Vec::new() }
    }

    /// Returns what git prints when it is told `input`.
    pub(crate) fn ask<S: AsRef<OsStr>>(&self, arguments: &[S], input: &[u8]) -> Result<Vec<u8>, Trouble> {
        let mut child = self.command(arguments).spawn().map_err(|_| Trouble::Missing)?;
        tell(&mut child, input.to_vec());
        let Some(answer) = hear(&mut child, self.patience) else {
            end(&mut child);
            return Err(Trouble::Slow);
        };
        if answer.len() as u64 > LONGEST_ANSWER {
            end(&mut child);
            return Err(Trouble::TooMuch);
        }
        let status = child.wait().map_err(|_| Trouble::Failed(None))?;
        if status.success() { Ok(answer) } else { Err(Trouble::Failed(status.code())) }
    }

    fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new("git");
        command.args(["--no-pager", "--no-optional-locks"]);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        command.args(arguments).current_dir(self.worktree);
        for name in VARIABLES {
            command.env_remove(name);
        }
        // PATH is also where the program itself is looked for.
        command.env("PATH", self.programs).env("GIT_TERMINAL_PROMPT", "0").env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "none");
        for (place, (name, value)) in self.settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{place}"), name).env(format!("GIT_CONFIG_VALUE_{place}"), value);
        }
        command.env("GIT_CONFIG_COUNT", self.settings.len().to_string());
        // In a group of its own, so that whatever it starts ends with it.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }
}

/// Tells the child what it is to read, beside whatever it answers meanwhile.
fn tell(child: &mut Child, input: Vec<u8>) {
    let Some(mut stdin) = child.stdin.take() else { return };
    if !input.is_empty() {
        std::thread::spawn(move || drop(stdin.write_all(&input)));
    }
}

/// Returns all that the child prints; nothing where that takes too long.
fn hear(child: &mut Child, patience: Duration) -> Option<Vec<u8>> {
    let stdout = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut answer = Vec::new();
        let read = stdout.take(LONGEST_ANSWER + 1).read_to_end(&mut answer);
        drop(sender.send(read.map(|_| answer)));
    });
    receiver.recv_timeout(patience).ok()?.ok()
}

/// Ends the child and whatever it started.
fn end(child: &mut Child) {
    kill_process_group(Pid::from_child(child), Signal::KILL).ok();
    drop(child.kill());
    drop(child.wait());
}
