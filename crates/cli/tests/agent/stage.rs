//! Agent, model and `rutter` in one empty home.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use testkit::{Client, ClientHome, Left, MessagesApi, PrintRun, Step, bash, now, say, wait_for};

use crate::replay::Said;

/// What has to come comes within this.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// What an agent's hooks are compared in: one home, one project, one model.
pub(crate) struct Stage {
    pub(crate) api: MessagesApi,
    pub(crate) home: ClientHome,
    /// What a person said to `rutter`, to be said again.
    pub(crate) said: RefCell<Vec<Said>>,
    /// How often it was replayed: each time into a store of its own.
    pub(crate) replays: Cell<usize>,
    /// What `-p` printed.
    pub(crate) runs: RefCell<Vec<PrintRun>>,
}

impl Stage {
    /// Lets `rutter init` put its hooks in, beside a recorder; or says that there is no agent to test with.
    pub(crate) fn set() -> Option<Self> {
        let stage = Self::bare()?;
        stage.home.record_hooks();
        stage.rutter(["init", "--yes"]);
        // What is said again in another store must find no numbers taken.
        stage.rutter(["config", "documents.mode", "off"]);
        Some(stage)
    }

    /// The same, and sessions leave documents in the project.
    pub(crate) fn set_with_documents() -> Option<Self> {
        let stage = Self::set()?;
        stage.rutter(["config", "documents.mode", "auto"]);
        Some(stage)
    }

    /// Returns a home without any hooks.
    pub(crate) fn bare() -> Option<Self> {
        let Some(client) = Client::find() else {
            skip();
            return None;
        };
        let api = MessagesApi::start();
        let mut home = ClientHome::new(&client, &api);
        home.set("CLAUDE_CODE_MAX_RETRIES", "1");
        Some(Self { api, home, said: RefCell::default(), replays: Cell::default(), runs: RefCell::default() })
    }

    /// Runs the agent with `-p` to an end that is a good one.
    pub(crate) fn run(&self, prompt: &str, arguments: &[&str]) -> PrintRun {
        let run = self.home.run_print(prompt, arguments);
        assert_eq!(run.code, Some(0), "{run:#?}");
        self.note_run(&run);
        run
    }

    /// Returns a command of `rutter`, in the project and in the agent's environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.home.program(program());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Returns a command of `rutter` on a store: the one that hooks fill, or another one that keeps everything to itself.
    pub(crate) fn command_of(&self, store: &Path) -> Command {
        let mut command = self.command();
        if store != self.store() {
            command.env("RUTTER_HOME", store).env("RUTTER_MIRROR", "off").env("RUTTER_MARKER_DIR", store);
        }
        command
    }

    /// Runs `rutter`, expects it to succeed, and returns its answer without the line feed.
    pub(crate) fn rutter<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        answer(self.command().args(arguments))
    }

    /// Runs `rutter` as a person does while agents work, and remembers what was said when.
    pub(crate) fn say<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        let arguments: Vec<_> = arguments.into_iter().map(str::to_owned).collect();
        let after = Left::all_of(&self.store()).len();
        let answer = answer(self.command().args(&arguments));
        self.said.borrow_mut().push(Said { after, at: now(), arguments });
        answer
    }

    /// Runs `rutter --json` and returns the objects of its answer.
    pub(crate) fn objects<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Vec<Value> {
        self.objects_of(&self.store(), arguments)
    }

    /// Runs `rutter --json` on a store and returns the objects of its answer.
    pub(crate) fn objects_of<'a>(&self, store: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Vec<Value> {
        let answer = answer(self.command_of(store).arg("--json").args(arguments));
        answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Returns all sessions, oldest first.
    pub(crate) fn sessions(&self) -> Vec<Value> {
        let mut sessions = self.objects(["list", "--all", "--all-projects", "--limit", "100"]);
        sessions.reverse();
        sessions
    }

    /// Returns the only session.
    pub(crate) fn only_session(&self) -> Value {
        let sessions = self.sessions();
        assert_eq!(sessions.len(), 1, "{sessions:#?}");
        sessions[0].clone()
    }

    /// Returns the session to which a conversation of the agent belongs.
    pub(crate) fn session_of(&self, conversation: &str) -> Value {
        let owns = |session: &&Value| session["agent_sessions"].as_array().unwrap().iter().any(|id| id == conversation);
        let sessions = self.sessions();
        let owners: Vec<_> = sessions.iter().filter(owns).collect();
        assert_eq!(owners.len(), 1, "{conversation}: {sessions:#?}");
        owners[0].clone()
    }

    /// Returns all conversations, in the order of their sessions.
    pub(crate) fn conversations(&self) -> Vec<String> {
        let sessions = self.sessions();
        let ids = sessions.iter().flat_map(|session| session["agent_sessions"].as_array().unwrap());
        ids.map(|id| id.as_str().unwrap().to_owned()).collect()
    }

    /// Returns what was done in a session, turn by turn.
    pub(crate) fn timeline(&self, session: &Value) -> Vec<Value> {
        let shown = self.objects(["show", session["id"].as_str().unwrap()]);
        shown[0]["timeline"].as_array().unwrap().clone()
    }

    /// Returns how each turn of a session ended, and how each of its calls did.
    pub(crate) fn outcomes(&self, session: &Value) -> Vec<(String, Vec<String>)> {
        let word = |value: &Value| value["outcome"].as_str().unwrap().to_owned();
        let calls = |turn: &Value| turn["tool_calls"].as_array().unwrap().iter().map(word).collect();
        self.timeline(session).iter().map(|turn| (word(turn), calls(turn))).collect()
    }

    /// Adds the script `ask`: the agent's shell says which session its variables name, and which one `rutter` takes for the current.
    pub(crate) fn let_shell_say(&self) {
        let program = env!("CARGO_BIN_EXE_rutter");
        let asked = bash(&format!("sh -c 'echo [$RUTTER_SESSION] [$CURRENT_SESSION] [$({program} current)]'"));
        self.api.add("ask", [Step::of([asked]), Step::of([say("So it is.")])]);
    }

    /// Returns what the shells of a conversation said.
    pub(crate) fn said_by_shells(&self, conversation: &str) -> Vec<String> {
        let records = self.home.transcript(conversation);
        records.iter().filter_map(|record| record["toolUseResult"]["stdout"].as_str().map(str::to_owned)).collect()
    }

    /// Returns where everything is that `rutter` keeps.
    pub(crate) fn store(&self) -> PathBuf {
        self.home.home().join(".local/share/rutter")
    }

    /// Returns how many hooks of an event were called.
    pub(crate) fn count(&self, event: &str) -> usize {
        self.home.events().iter().filter(|held| *held == event).count()
    }

    /// Adds the script `held`: a command that runs until it is told to end.
    pub(crate) fn let_command_wait(&self) {
        let waiting = bash("sh -c 'echo on > slow.txt; while [ -e slow.txt ]; do sleep 0.1; done'");
        self.api.add("held", [Step::of([waiting]), Step::of([say("It was told to end.")])]);
    }

    /// Tells the command of the script `held` to end.
    pub(crate) fn end_command(&self) {
        std::fs::remove_file(self.home.project().join("slow.txt")).unwrap();
    }

    /// Waits until the command of the script `slow` or `held` runs.
    pub(crate) fn wait_for_the_slow_command(&self) {
        let file = self.home.project().join("slow.txt");
        wait_for("the command to run", SOON, || file.exists().then_some(()));
    }

    /// Waits until both hooks of an event were called so many times; they run side by side.
    pub(crate) fn wait_for_hooks(&self, event: &str, times: usize) {
        let heard = || self.objects(["events", "--all-projects"]).iter().filter(|held| held["kind"] == event).count();
        wait_for(event, SOON, || (self.count(event) >= times && heard() >= times).then_some(()));
    }
}

#[expect(clippy::print_stderr, reason = "a test that did nothing must not look like one that passed")]
fn skip() {
    eprintln!("SKIPPED: Claude Code {} is not installed; `cargo xtask test --only client` does it", Client::version());
}

/// Runs a command, expects it to succeed, and returns its answer without the line feed.
#[track_caller]
fn answer(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap().trim_end().to_owned()
}

/// Returns where `rutter` is; `rutter-hook` is beside it.
fn program() -> &'static Path {
    testkit::with_hook(Path::new(env!("CARGO_BIN_EXE_rutter")))
}
