//! The home of an agent: approved, trusted, with hooks as a test wants them, and deleted with the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Client, Interactive, PrintProcess, PrintRun, leftovers};
use crate::MessagesApi;

/// Opens nothing.
const KEY: &str = "sk-ant-fake-key";

/// What the agent may do unasked: everything that the scripts do, but for `touch`.
const ALLOWED: &[&str] = &["echo", "ls", "wc", "sleep", "exit", "yes", "head", "rev", "cat", "pwd", "mkdir", "cd", "git", "sh"];

/// What would make it talk to somebody else.
const OFF: &[&str] = &[
    "DISABLE_TELEMETRY",
    "DISABLE_AUTOUPDATER",
    "DISABLE_ERROR_REPORTING",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL",
];

/// Every event that an agent has hooks for, but for three: the hook of `WorktreeCreate` has to do git's work, `FileChanged` needs to
/// be told which file, and `MessageDisplay` comes with every few words.
const EVENTS: &[&str] = &[
    "SessionStart",
    "SessionEnd",
    "Setup",
    "InstructionsLoaded",
    "UserPromptSubmit",
    "UserPromptExpansion",
    "PreToolUse",
    "PermissionRequest",
    "PermissionDenied",
    "PostToolUse",
    "PostToolUseFailure",
    "PostToolBatch",
    "SubagentStart",
    "SubagentStop",
    "Stop",
    "StopFailure",
    "PreCompact",
    "PostCompact",
    "Notification",
    "PreModelSwitch",
    "PostModelSwitch",
    "TaskCreated",
    "TaskCompleted",
    "Elicitation",
    "ElicitationResult",
    "ConfigChange",
    "CwdChanged",
    "DirectoryAdded",
    "WorktreeRemove",
    "TeammateIdle",
];

/// A home, a project beside it, and the agent that lives there.
#[derive(Debug)]
pub struct ClientHome {
    directory: TempDir,
    client: Client,
    api: String,
    variables: Vec<(String, String)>,
}

impl ClientHome {
    /// Makes a home where the first-run questions are answered and the project is trusted.
    pub fn new(client: &Client, api: &MessagesApi) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = Self { directory, client: client.clone(), api: api.url(), variables: Vec::new() };
        for directory in [home.home().join(".tmp"), home.home().join(".claude"), home.project(), home.markers()] {
            fs::create_dir_all(directory).unwrap();
        }
        let trusted = json!({ "hasTrustDialogAccepted": true, "hasCompletedProjectOnboarding": true, "allowedTools": [] });
        let approved = json!({ "approved": [KEY], "rejected": [] });
        let state = json!({ "hasCompletedOnboarding": true, "theme": "dark", "customApiKeyResponses": approved,
                            "projects": { home.project().to_str().unwrap(): trusted } });
        fs::write(home.home().join(".claude.json"), state.to_string()).unwrap();
        let commands = ALLOWED.iter().map(|command| format!("Bash({command}:*)"));
        let tools = ["Write", "Edit", "Read"].map(str::to_owned);
        // In a terminal the mode would be `auto`, which asks a server that is not there; and who does without is asked, at times, whether to.
        let permissions =
            json!({ "defaultMode": "default", "disableAutoMode": "disable", "allow": commands.chain(tools).collect::<Vec<_>>() });
        home.write_settings(&json!({ "permissions": permissions }));
        home
    }

    /// Returns the home directory.
    pub fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    /// Returns the directory of the markers; what is written into `/tmp` would meet that of others.
    pub fn markers(&self) -> PathBuf {
        self.directory.path().join("markers")
    }

    /// Returns the directory in which the agent is started.
    pub fn project(&self) -> PathBuf {
        self.directory.path().join("project")
    }

    /// Returns a path that neither the home nor the project contains, and that goes with them.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Sets a variable for the agents started from now on; hooks inherit it.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.retain(|(held, _)| held != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the user's settings.
    pub fn settings(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.settings_file()).unwrap()).unwrap()
    }

    /// Replaces the user's settings.
    pub fn write_settings(&self, settings: &Value) {
        fs::write(self.settings_file(), format!("{settings:#}\n")).unwrap();
    }

    /// Returns where the user's settings lie.
    pub fn settings_file(&self) -> PathBuf {
        self.home().join(".claude/settings.json")
    }

    /// Registers a program for every event, beside what is registered, started without a shell.
    pub fn hook_every_event(&self, program: &Path, arguments: &[&str]) {
        let handler = json!({ "type": "command", "command": program, "args": arguments });
        let mut settings = self.settings();
        for event in EVENTS {
            let matchers = &mut settings["hooks"][event];
            let mut all = matchers.as_array().cloned().unwrap_or_default();
            all.push(json!({ "hooks": [handler] }));
            *matchers = all.into();
        }
        self.write_settings(&settings);
    }

    /// Registers a recorder for every event: each payload becomes a line of the file that [`payloads`](Self::payloads) reads.
    pub fn record_hooks(&self) {
        let script = self.beside("record-hook");
        fs::write(&script, "#!/bin/sh\nexec cat >> \"$1\"\n").unwrap();
        fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        self.hook_every_event(&script, &[self.beside("payloads.jsonl").to_str().unwrap()]);
    }

    /// Returns the payloads recorded so far, in the order in which they came.
    pub fn payloads(&self) -> Vec<Value> {
        records(&self.beside("payloads.jsonl"))
    }

    /// Returns the names of the events recorded so far.
    pub fn events(&self) -> Vec<String> {
        self.payloads().iter().filter_map(|payload| payload["hook_event_name"].as_str().map(str::to_owned)).collect()
    }

    /// Makes the project a git repository with somebody to commit as.
    ///
    /// # Panics
    /// Without git.
    pub fn init_git(&self) {
        for arguments in [&["init", "-q", "-b", "main"][..], &["config", "user.name", "Ada"], &["config", "user.email", "ada@example.com"]]
        {
            let status = self.program(Path::new("git")).args(arguments).status().unwrap();
            assert!(status.success(), "git {arguments:?}");
        }
    }

    /// Returns a command of the agent that has not been started, in the project, with nothing of our environment.
    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.program(self.client.program());
        command.args(arguments);
        command
    }

    /// Returns a command of any program that has not been started, in the project and the agent's environment.
    pub fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        self.furnish(&mut command);
        command
    }

    /// Runs the agent with `-p` to its end and returns what it printed.
    pub fn run_print(&self, prompt: &str, arguments: &[&str]) -> PrintRun {
        self.spawn_print(prompt, arguments).wait()
    }

    /// Starts the agent with `-p`.
    pub fn spawn_print(&self, prompt: &str, arguments: &[&str]) -> PrintProcess {
        self.spawn_print_in(&self.project(), prompt, arguments)
    }

    /// Starts the agent with `-p` in a directory.
    pub fn spawn_print_in(&self, directory: &Path, prompt: &str, arguments: &[&str]) -> PrintProcess {
        let fixed = ["-p", prompt, "--output-format", "stream-json", "--verbose"];
        let mut command = self.command(fixed.iter().chain(arguments));
        command.current_dir(directory);
        PrintProcess::start(command)
    }

    /// Starts the agent in a pseudo-terminal.
    pub fn interactive(&self, arguments: &[&str]) -> Interactive {
        let mut command = self.program(Path::new("setsid"));
        command.arg("--ctty").arg(self.client.program()).args(arguments);
        Interactive::start(command)
    }

    /// Returns the files of all conversations, subagents' among them.
    pub fn transcript_files(&self) -> Vec<PathBuf> {
        let mut found = files_below(&self.home().join(".claude/projects"));
        found.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
        found.sort();
        found
    }

    /// Returns the records of an agent session, its subagents' after its own.
    pub fn transcript(&self, session: &str) -> Vec<Value> {
        let files = self.transcript_files().into_iter().filter(|file| file.to_string_lossy().contains(session));
        files.flat_map(|file| records(&file)).collect()
    }

    /// Leaves nothing of our environment, and puts there what an agent needs to run and to keep to itself.
    fn furnish(&self, command: &mut Command) {
        let temporary = self.home().join(".tmp");
        command.env_clear().env("HOME", self.home()).env("TMPDIR", &temporary).env("CLAUDE_CODE_TMPDIR", &temporary);
        command.env("RUTTER_MARKER_DIR", self.markers());
        command.envs([("PATH", "/usr/local/bin:/usr/bin:/bin"), ("SHELL", "/bin/bash"), ("TERM", "xterm-256color")]);
        command.envs([("LANG", "C.UTF-8"), ("TZ", "UTC"), ("ANTHROPIC_BASE_URL", &self.api), ("ANTHROPIC_API_KEY", KEY)]);
        command.envs(OFF.iter().map(|name| (*name, "1"))).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.project()).stdin(Stdio::null());
    }
}

impl Drop for ClientHome {
    fn drop(&mut self) {
        leftovers::end_all_of(&self.home());
    }
}

/// Returns the records of a file of JSON lines; one that is not there has none, and a last line that is being written does not count.
fn records(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
