//! The home of a Codex: a configuration that names one model and one server, and that is deleted with the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::Codex;
use crate::client::{PrintProcess, PrintRun, end_all_of, files_below};
use crate::{Interactive, ResponsesApi, responses_api};

/// A model whose description the program brings along, that edits with patches, and instead of which it offers no newer one.
const MODEL: &str = "gpt-6.1-sol";

/// Nobody listens there: what would leave the machine fails at once.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A home, a project beside it, and the agent that lives there.
#[derive(Debug)]
pub struct CodexHome {
    directory: TempDir,
    codex: Codex,
    variables: Vec<(String, String)>,
}

impl CodexHome {
    /// Makes a home in which the agent does what its model says, and asks nobody.
    pub fn new(codex: &Codex, api: &ResponsesApi) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = Self { directory, codex: codex.clone(), variables: Vec::new() };
        for directory in [home.home().join(".tmp"), home.codex_home(), home.project(), home.beside("markers"), home.beside("bin")] {
            fs::create_dir_all(directory).unwrap();
        }
        let provider =
            format!("name = \"scripted\"\nbase_url = \"{}\"\nenv_key = \"OPENAI_API_KEY\"\nwire_api = \"responses\"\n", api.url());
        let settings = format!(
            "model = \"{MODEL}\"\nmodel_provider = \"scripted\"\napproval_policy = \"never\"\nsandbox_mode = \"danger-full-access\"\n\
             check_for_update_on_startup = false\n\n[analytics]\nenabled = false\n\n[model_providers.scripted]\n{provider}\n\
             [projects.\"{}\"]\ntrust_level = \"trusted\"\n",
            home.project().display()
        );
        fs::write(home.codex_home().join("config.toml"), settings).unwrap();
        // A person has it in their `PATH`.
        std::os::unix::fs::symlink(home.codex.program(), home.beside("bin").join("codex")).unwrap();
        home
    }

    /// Returns the home directory.
    pub fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    /// Returns where the agent keeps its files.
    pub fn codex_home(&self) -> PathBuf {
        self.home().join(".codex")
    }

    /// Returns the directory in which the agent is started.
    pub fn project(&self) -> PathBuf {
        self.directory.path().join("project")
    }

    /// Returns a path that neither the home nor the project contains, and that goes with them.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Sets a variable for what is started from now on.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.retain(|(held, _)| held != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs `codex exec` with these words to its end, and returns what it printed.
    pub fn run(&self, words: &[&str]) -> PrintRun {
        let mut command = self.program(self.codex.program());
        command.arg("exec").args(words).args(["--json", "--skip-git-repo-check"]);
        PrintProcess::start(command).wait()
    }

    /// Starts any program in a pseudo-terminal of its own, in the project and the agent's environment.
    pub fn interactive(&self, program: &Path, words: &[&str]) -> Interactive {
        let mut command = self.program(Path::new("setsid"));
        command.arg("--ctty").arg(program).args(words);
        Interactive::start(command)
    }

    /// Returns a command of any program that has not been started, in the project and the agent's environment.
    pub fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let temporary = self.home().join(".tmp");
        command.env_clear().env("HOME", self.home()).env("CODEX_HOME", self.codex_home()).env("TMPDIR", &temporary);
        command.env("RUTTER_MARKER_DIR", self.beside("markers")).env("PATH", format!("{}:/usr/bin:/bin", self.beside("bin").display()));
        command.envs([("SHELL", "/bin/bash"), ("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("TZ", "UTC")]);
        command.env("OPENAI_API_KEY", responses_api::KEY).env("NO_PROXY", "127.0.0.1");
        command.envs(["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].map(|name| (name, NOWHERE)));
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).current_dir(self.project()).stdin(Stdio::null());
        command
    }

    /// Returns the rollouts of all conversations.
    pub fn rollouts(&self) -> Vec<PathBuf> {
        let mut found = files_below(&self.codex_home().join("sessions"));
        found.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
        found.sort();
        found
    }
}

impl Drop for CodexHome {
    fn drop(&mut self) {
        end_all_of(&self.home());
    }
}
