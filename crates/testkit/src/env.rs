//! The program in an empty environment, its output made comparable.

use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use regex::Regex;
use tempfile::TempDir;

static ID: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"([A-Z][A-Z0-9]{1,15})-\d{8}-\d{6}-[0-9A-Z]{4,12}\b").unwrap());
static TIME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d)?").unwrap());
static KEY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").unwrap());

/// Returns the program `rutter`, once `rutter-hook` is beside it. Whoever tests one package alone has not built that yet.
pub fn with_hook(program: &Path) -> &Path {
    let directory = program.parent().unwrap();
    if !program.with_file_name("rutter-hook").exists() {
        let profile = if directory.ends_with("debug") { "dev".as_ref() } else { directory.file_name().unwrap() };
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--quiet", "--package", "hook", "--target-dir"])
            .arg(directory.parent().unwrap())
            .arg("--profile")
            .arg(profile);
        assert!(cargo.status().unwrap().success(), "{cargo:?}");
    }
    program
}

/// What a run of the program printed and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its exit code.
    pub code: i32,
    /// What it answered.
    pub stdout: String,
    /// What it said beside the answer.
    pub stderr: String,
}

/// An empty home, an empty project in it, and nothing in the environment but what a test puts there. Markers are kept beside the home, not
/// in `/tmp`.
#[derive(Debug)]
pub struct TestEnv {
    program: PathBuf,
    directory: TempDir,
    variables: Vec<(String, String)>,
}

impl TestEnv {
    /// Makes a home for the program at a path, `env!("CARGO_BIN_EXE_rutter")`.
    pub fn new(program: &str) -> Self {
        Self::below(&std::env::temp_dir(), program)
    }

    /// Makes a home in memory, where that can be: for thousands of runs of which nothing has to last.
    pub fn in_memory(program: &str) -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Self::below(memory, program) } else { Self::new(program) }
    }

    fn below(directory: &Path, program: &str) -> Self {
        let directory = tempfile::tempdir_in(directory).unwrap();
        for below in ["home", "project", "markers"] {
            // Where others may rename there are no markers, whatever the umask of who tests.
            std::fs::DirBuilder::new().mode(0o755).create(directory.path().join(below)).unwrap();
        }
        Self { program: program.into(), directory, variables: Vec::new() }
    }

    /// Sets a variable for the runs from now on.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.retain(|(held, _)| held != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the home directory.
    pub fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    /// Returns the directory in which the program runs.
    pub fn project(&self) -> PathBuf {
        self.directory.path().join("project")
    }

    /// Returns the directory of the markers.
    pub fn markers(&self) -> PathBuf {
        self.directory.path().join("markers")
    }

    /// Returns a path below the home.
    pub fn path(&self, below: &str) -> PathBuf {
        self.home().join(below)
    }

    /// Returns a command of the program that has not been started.
    pub fn command(&self, directory: &Path) -> Command {
        self.command_of(&self.program, directory)
    }

    /// Prepares another copy of the program to run in a directory.
    pub fn command_of(&self, program: &Path, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.home()).env("PATH", "/usr/local/bin:/usr/bin:/bin").env("TZ", "UTC").env("USER", "ada");
        command.env("RUTTER_MARKER_DIR", self.markers());
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).current_dir(directory);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program in the project and returns what it printed, as it printed it.
    pub fn raw<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Outcome {
        self.raw_with(&self.project(), arguments, b"")
    }

    /// Runs the program in a directory with text on stdin.
    pub fn raw_with<S: AsRef<std::ffi::OsStr>>(&self, directory: &Path, arguments: impl IntoIterator<Item = S>, stdin: &[u8]) -> Outcome {
        let mut child = self.command(directory).args(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let text = stdin.to_vec();
        // A program that does not read its stdin closes it; that is its right.
        let writer = std::thread::spawn(move || drop(pipe.write_all(&text)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Outcome { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Runs the program and returns exit code, stdout and stderr as one text, fit for a snapshot.
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> String {
        let outcome = self.raw(arguments);
        let lines =
            |name: &str, text: &str| text.lines().map(|line| format!("[{name}] {line}").trim_end().to_owned() + "\n").collect::<String>();
        self.comparable(&format!("[exit {}]\n{}{}", outcome.code, lines("out", &outcome.stdout), lines("err", &outcome.stderr)))
    }

    /// Runs the program, expects it to succeed, and returns its answer without the line feed.
    pub fn answer<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> String {
        let outcome = self.raw(arguments);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        outcome.stdout.trim_end().to_owned()
    }

    /// Replaces what differs from run to run: ids are numbered in their order, times and keys named, paths shortened.
    pub fn comparable(&self, text: &str) -> String {
        let root = self.directory.path().to_string_lossy().into_owned();
        let mut seen: Vec<String> = Vec::new();
        let numbered = ID.replace_all(text, |found: &regex::Captures<'_>| {
            let place = seen.iter().position(|id| *id == found[0]).unwrap_or_else(|| {
                seen.push(found[0].to_owned());
                seen.len() - 1
            });
            format!("{}-#{}", &found[1], place + 1)
        });
        let timed = TIME.replace_all(&numbered, "<time>");
        KEY.replace_all(&timed, "<key>").replace(&root, "")
    }
}
