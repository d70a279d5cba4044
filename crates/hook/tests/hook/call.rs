//! The program in a home of its own, and what it left there.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use agents::Envelope;
use inbox::{Inbox, Loss, decode};
use serde_json::Value;
use session::EventId;
use tempfile::TempDir;

use crate::fixtures;

/// One record of the inbox.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) id: EventId,
    pub(crate) body: String,
}

impl Record {
    /// Returns the payload that was recorded.
    pub(crate) fn payload(&self) -> Value {
        self.envelope()["payload"].clone()
    }

    /// Returns what was recorded.
    pub(crate) fn envelope(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Returns the agent's name of the event, as the readers understand it.
    pub(crate) fn understood(&self) -> session::Observed {
        let envelope: Envelope<'_> = serde_json::from_str(&self.body).unwrap();
        agents::understand(&envelope).unwrap()
    }
}

/// A home, and the program alone in a directory: no `rutter` beside it, into which it could turn.
#[derive(Debug)]
pub(crate) struct Hook {
    directory: TempDir,
    store: Option<PathBuf>,
}

impl Hook {
    /// Makes a home that has nothing in it.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        for below in ["home", "bin", "payloads"] {
            std::fs::create_dir(directory.path().join(below)).unwrap();
        }
        let hook = Self { directory, store: None };
        std::fs::hard_link(built(), hook.program()).or_else(|_| std::fs::copy(built(), hook.program()).map(drop)).unwrap();
        hook
    }

    /// Makes a home of which nothing is used: it records somewhere else.
    pub(crate) fn recording_at(store: PathBuf) -> Self {
        Self { store: Some(store), ..Self::new() }
    }

    /// Returns the directory that holds the home and everything beside it.
    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the program.
    pub(crate) fn program(&self) -> PathBuf {
        self.root().join("bin/rutter-hook")
    }

    /// Returns where it records.
    pub(crate) fn store(&self) -> PathBuf {
        self.store.clone().unwrap_or_else(|| self.root().join("home/.local/share/rutter"))
    }

    /// Returns the directory of the inbox.
    pub(crate) fn inbox(&self) -> PathBuf {
        self.store().join("inbox")
    }

    /// Returns a command of the program as an agent starts it.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.through([self.program().as_os_str()]);
        command.arg("claude-code");
        command
    }

    /// Returns a command of another program in the hook's surroundings.
    pub(crate) fn through<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().unwrap());
        command.args(words).env_clear().current_dir(self.root());
        command.env("HOME", self.root().join("home")).env("TZ", "UTC").env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
        // The agent is one process, whoever calls the hook for it.
        command.env("CLAUDE_PID", std::process::id().to_string());
        command.env("STORE", self.store()).env("PAYLOADS", self.root().join("payloads"));
        command.envs(self.store.iter().map(|store| ("RUTTER_HOME", store)));
        command
    }

    /// Calls it with these bytes on stdin; it must not be heard.
    pub(crate) fn call(&self, payload: impl AsRef<[u8]>) {
        assert_unheard(
            &finish(self.command(), payload.as_ref()),
            &String::from_utf8_lossy(&payload.as_ref()[..payload.as_ref().len().min(300)]),
        );
    }

    /// Runs a shell script that may call `all COMMAND…`: the command once for every event, with its payload on stdin. `$0` is the program.
    ///
    /// Returns what the calls printed, and how they exited where that was not with 0.
    pub(crate) fn script(&self, wrapper: &[&str], script: &str) -> String {
        for (event, payload) in fixtures::each_event() {
            std::fs::write(self.root().join("payloads").join(event), payload.to_string()).unwrap();
        }
        let all = r#"all() { for payload in "$PAYLOADS"/*; do "$@" <"$payload"; code=$?; [ $code = 0 ] || echo "exit $code: ${payload##*/}"; done; }"#;
        let program = self.program();
        let script = format!("exec 2>&1; {all}\n{script}");
        let words = wrapper.iter().map(OsStr::new).chain([OsStr::new("bash"), OsStr::new("-c"), OsStr::new(&script), program.as_os_str()]);
        let output = self.through(words).stdin(Stdio::null()).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    /// Returns what was recorded; every byte of it belongs to a whole record.
    pub(crate) fn records(&self) -> Vec<Record> {
        let (records, torn) = records(&self.store());
        assert_eq!(torn, 0, "bytes that are no record");
        records
    }

    /// Returns how much was counted as lost, by reason.
    pub(crate) fn losses(&self) -> Vec<(Loss, u64)> {
        Inbox::at(&self.store(), "").losses().0
    }

    /// Returns how much was counted as lost.
    pub(crate) fn lost(&self) -> u64 {
        self.losses().iter().map(|(_, count)| count).sum()
    }
}

/// Returns the program that is tested: the one that was built with the tests, or another one for runs at full size.
#[expect(clippy::disallowed_methods, reason = "which program is tested is not part of what is tested")]
fn built() -> PathBuf {
    std::env::var_os("RUTTER_HOOK_TESTED").map_or_else(|| env!("CARGO_BIN_EXE_rutter-hook").into(), PathBuf::from)
}

/// Returns the records below a home, and how many runs of bytes are none.
pub(crate) fn records(store: &Path) -> (Vec<Record>, u64) {
    let (mut records, mut torn) = (Vec::new(), 0);
    for segment in Inbox::at(store, "").segments().unwrap() {
        let bytes = segment.read(0, usize::MAX).unwrap();
        let decoded = decode(&bytes, usize::MAX);
        torn += decoded.torn + u64::from(decoded.end < bytes.len());
        let record = |frame: &inbox::Frame<'_>| Record { id: frame.id, body: String::from_utf8(frame.body.to_vec()).unwrap() };
        records.extend(decoded.frames.iter().map(record));
    }
    (records, torn)
}

/// Runs a command with these bytes on stdin to its end.
pub(crate) fn finish(mut command: Command, stdin: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A program that does not read its stdin closes it; that is its right.
        scope.spawn(move || drop(pipe.write_all(stdin)));
        child.wait_with_output().unwrap()
    })
}

/// Fails unless the call exited with 0 and printed nothing.
pub(crate) fn assert_unheard(output: &Output, of: &str) {
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert_eq!((output.status.code(), &said), (Some(0), &[String::new(), String::new()]), "{of}");
}

/// Says that a test cannot run here, and why.
#[expect(clippy::print_stderr, reason = "a test that did nothing must not look like one that passed")]
pub(crate) fn skip(reason: &str) {
    eprintln!("SKIPPED: {reason}");
}

/// Returns how a script can be given a mount table of its own here, or says that it cannot.
pub(crate) fn own_mounts() -> Option<&'static [&'static str]> {
    const WAYS: [&[&str]; 2] = [&["unshare", "-m"], &["unshare", "-rm"]];
    let works = |way: &&&[&str]| works(Command::new(way[0]).args(&way[1..]).args(["sh", "-c", "mount -t tmpfs none /mnt"]));
    let way = WAYS.iter().find(works).copied();
    if way.is_none() {
        skip("no `unshare -m` with mounts on this machine; needs root or user namespaces");
    }
    way
}

/// Reports whether a program can be used here, and says so if not.
pub(crate) fn has_strace() -> bool {
    let has = works(Command::new("strace").args(["-o", "/dev/null", "true"]));
    if !has {
        skip("no `strace` on this machine, or it may not trace");
    }
    has
}

fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
