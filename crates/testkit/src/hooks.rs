//! What agents' hooks leave, without an agent: payloads in the inbox of a home, each said at a moment of the test's choosing.

use std::path::{Path, PathBuf};

use agents::Envelope;
use inbox::{Inbox, Sync};
use serde_json::Value;
use serde_json::value::to_raw_value;
use session::{EventId, Process, Reading};
use tracker::Clock;
use uuid::Uuid;

use crate::Home;

/// A call of a hook.
#[derive(Clone, Debug)]
pub struct HookCall {
    /// What all clocks said.
    pub at: Reading,
    /// The number of the agent's process.
    pub pid: u32,
    /// Whether the hook knows that number.
    pub is_numbered: bool,
    /// The agent's process, at a start.
    pub process: Option<Process>,
    /// The machine it runs on, if that is not this one.
    pub machine: Option<String>,
    /// What that descends from.
    pub ancestors: Vec<Process>,
    /// The variables it was started with.
    pub variables: Vec<(String, String)>,
    /// What the agent said.
    pub payload: Value,
}

impl HookCall {
    /// Returns a call at the moment at which a home's clock stands.
    pub fn new(home: &Home, pid: u32, payload: Value) -> Self {
        Self {
            at: home.clock.now(),
            pid,
            is_numbered: true,
            process: None,
            machine: None,
            ancestors: Vec::new(),
            variables: Vec::new(),
            payload,
        }
    }

    /// Returns the process that a number stands for in tests.
    pub fn process(pid: u32) -> Process {
        Process { boot: Uuid::from_u128(7), namespace: 1, pid, started: u64::from(pid) }
    }

    /// Leaves the call in the inbox of a home. The same call, left again, has the same id.
    pub fn leave(&self, home: &Home) {
        let text = |name: &str| self.payload[name].as_str().unwrap_or_default();
        let fingerprint =
            self.payload.to_string().bytes().fold(u64::from(self.pid), |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        let (boot, micros) = self.at.boot.map_or((0, 0), |boot| (boot.id.as_u128(), boot.micros));
        let drawn = (u128::from(fingerprint) << 64 | u128::from(micros)) ^ (boot << 96);
        let id = match text("tool_use_id") {
            "" => EventId::new(Uuid::from_u128(drawn)),
            call => EventId::of_tool_call("claude-code", text("session_id"), call, text("hook_event_name")),
        };
        let payload = to_raw_value(&self.payload).unwrap();
        let envelope = Envelope {
            agent: "claude-code".into(),
            at: self.at,
            owner: None,
            pid: self.is_numbered.then_some(self.pid),
            fingerprint,
            process: self.process,
            machine: self.machine.clone(),
            ancestors: self.ancestors.clone(),
            variables: self.variables.clone(),
            payload: &payload,
        };
        let inbox = Inbox::at(&home.path("store"), &machine::name());
        inbox.append(self.at.moment, id, &serde_json::to_vec(&envelope).unwrap(), Sync::Later).unwrap();
    }
}

/// Returns the captured runs of an agent, by name, each with its hooks in the order in which they were called.
pub fn captured_runs() -> Vec<(String, Vec<Value>)> {
    let directory = captured("hook-sequences");
    let mut names: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names.iter().map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), captured_lines(path))).collect()
}

/// Returns the lines of a captured file.
pub fn captured_lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns where captures of a kind are: `hook-sequences`, `transcripts`, `stream-json`.
pub fn captured(what: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/claude-code/2.1.328").join(what)
}
