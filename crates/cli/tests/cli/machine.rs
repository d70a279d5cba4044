//! What tests ask of the machine: wrappers around the program, other programs, trees of files.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};

use testkit::TestEnv;

/// Returns a command that runs the program through another one: `sh -c '…' rutter …`.
pub(crate) fn through<S: AsRef<OsStr>>(env: &TestEnv, wrapper: impl IntoIterator<Item = S>) -> Command {
    let plain = env.command(&env.project());
    let mut words = wrapper.into_iter();
    let mut command = Command::new(words.next().unwrap());
    command.args(words).arg(plain.get_program());
    command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(env.project());
    command.stdin(Stdio::null());
    command
}

/// Runs the program and returns the bytes it printed.
pub(crate) fn bytes<S: AsRef<OsStr>>(env: &TestEnv, arguments: impl IntoIterator<Item = S>) -> Output {
    env.command(&env.project()).args(arguments).output().unwrap()
}

/// Returns everything below a directory: its mode and, for a file, its content.
pub(crate) fn tree(root: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(path) = waiting.pop() {
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        let content = if metadata.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        if metadata.is_dir() {
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        found.insert(path, (metadata.mode() & 0o7777, content));
    }
    found
}

/// Fails unless every file below the directories is for its owner alone, and every directory.
pub(crate) fn assert_private(roots: &[PathBuf]) {
    for (path, (mode, _)) in roots.iter().flat_map(|root| tree(root)) {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(format!("{mode:o}"), format!("{expected:o}"), "{}", path.display());
    }
}

/// Opens a file or directory to everybody, so that it can be seen whether that is repaired.
pub(crate) fn open_to_all(path: &Path) {
    let mode = if path.is_dir() { 0o777 } else { 0o666 };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Says that a test cannot run here, and why.
#[expect(clippy::print_stderr, reason = "a test that did nothing must not look like one that passed")]
pub(crate) fn skip(reason: &str) {
    eprintln!("SKIPPED: {reason}");
}

/// Returns how a shell script can be given a mount table of its own here, or says that it cannot.
pub(crate) fn own_mounts() -> Option<&'static [&'static str]> {
    const WAYS: [&[&str]; 2] = [&["unshare", "-m"], &["unshare", "-rm"]];
    let works = |way: &&&[&str]| {
        let probe = Command::new(way[0]).args(&way[1..]).args(["sh", "-c", "mount -t tmpfs none /mnt"]).output();
        probe.is_ok_and(|probe| probe.status.success())
    };
    let way = WAYS.iter().find(works).copied();
    if way.is_none() {
        skip("no `unshare -m` with mounts on this machine; needs root or user namespaces");
    }
    way
}

/// Runs a shell script with a mount table of its own; `$0` is the program.
pub(crate) fn with_own_mounts(env: &TestEnv, way: &[&str], script: &str) -> Output {
    let words = way.iter().copied().chain(["sh", "-c", script]);
    through(env, words).output().unwrap()
}

/// The `sqlite3` shell at work on a database.
pub(crate) struct Sqlite {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Sqlite {
    /// Runs statements and stays: what they lock stays locked until it is dropped. Says so where there is no `sqlite3`.
    pub(crate) fn holding(database: &Path, statements: &str) -> Option<Self> {
        let started = Command::new("sqlite3").arg("-bail").arg(database).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut child) = started else {
            skip("no `sqlite3` on this machine");
            return None;
        };
        let mut stdin = child.stdin.take().unwrap();
        writeln!(stdin, "{statements}\nSELECT 'done';").unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(answers.any(|answer| answer == "done"), "sqlite3 refused: {statements}");
        Some(Self { child, stdin: Some(stdin) })
    }

    /// Runs statements and ends. Returns nothing where there is no `sqlite3`.
    pub(crate) fn run(database: &Path, statements: &str) -> Option<()> {
        Self::holding(database, statements).map(drop)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        drop(self.stdin.take());
        drop(self.child.wait());
    }
}
