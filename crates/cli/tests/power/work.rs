//! What agents and a person do until the power goes, and what the programs made of it on the disk.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use testkit::{SeededDice, TestEnv};

use crate::disk::{Change, below};
use crate::trace::{CALLS, changes};

/// One call of a program that ended well: what it changed, and what it said.
pub(crate) struct Step {
    /// The event that the hook was called with; none for a command.
    pub(crate) event: Option<String>,
    /// What is changed, in order.
    pub(crate) changes: Vec<Change>,
    /// The ids of sessions that somebody was shown.
    pub(crate) shown: BTreeSet<String>,
    /// The ids of sessions that somebody was told to be over.
    pub(crate) ended: Option<String>,
}

impl Step {
    /// Reports whether nothing that was said up to here may be lost once it is over.
    pub(crate) fn is_boundary(&self) -> bool {
        const BOUNDARIES: [&str; 4] = ["SessionStart", "UserPromptSubmit", "Stop", "SessionEnd"];
        self.event.as_ref().is_some_and(|event| BOUNDARIES.contains(&event.as_str()))
    }

    /// Reports whether the hook left a record. One that has no time left goes without.
    pub(crate) fn is_recorded(&self) -> bool {
        self.record().is_some()
    }

    /// Returns the bytes of the record that the hook left.
    pub(crate) fn record(&self) -> Option<(&Path, &[u8])> {
        self.changes.iter().find_map(|change| match change {
            Change::Append(path, bytes) if path.extension().is_some_and(|kind| kind == "frames") => Some((&**path, &**bytes)),
            _ => None,
        })
    }
}

/// A home, and the programs that work in it.
pub(crate) struct Desk {
    pub(crate) env: TestEnv,
    rutter: PathBuf,
    dice: SeededDice,
    /// Whether a person comes before any agent and has to make the store.
    is_person_first: bool,
    /// How many calls there were; each payload carries the number of its own.
    pub(crate) steps: Vec<Step>,
}

impl Desk {
    pub(crate) fn new(seed: u64) -> Self {
        let env = TestEnv::in_memory(rutter());
        let rutter = testkit::with_hook(Path::new(rutter())).to_owned();
        Self { env, rutter, dice: SeededDice::new(seed), is_person_first: seed.is_multiple_of(2), steps: Vec::new() }
    }

    /// Works for a while: conversations begin, ask, use tools, stop and end side by side, and a person looks and decides in between.
    pub(crate) fn work(&mut self) {
        if self.is_person_first {
            self.command(&["start", "-d", "first"]);
        }
        let big = "The quick brown fox jumps over the lazy dog. ".repeat(100);
        self.hook("begun", "SessionStart", &json!({"source": "startup"}));
        self.turn("begun", "short");
        self.command(&["list", "--json"]);
        // The hooks came when it was under way: nobody heard it begin.
        self.turn("unheard", "short");
        self.command(&["list", "--json"]);
        self.turn("begun", &big);
        let by_hand = self.command(&["start", "-d", "by hand"]).shown.first().unwrap().clone();
        self.hook("taken", "SessionStart", &json!({"source": "startup"}));
        self.turn("taken", &big);
        self.turn("unheard", "short");
        self.command(&["events", "--json", "--all-projects", "--limit", "1"]);
        self.command(&["end", &by_hand]).ended = Some(by_hand.clone());
        // A prompt in a session that somebody ended opens a new one.
        self.turn("taken", "short");
        self.command(&["list", "--json"]);
        self.hook("begun", "SessionEnd", &json!({"reason": "exit"}));
        for round in 0..4 {
            self.turn("unheard", if round % 2 == 0 { &big } else { "short" });
            self.command(&["list", "--json"]);
        }
        self.hook("late", "SessionStart", &json!({"source": "startup"}));
        self.turn("late", "short");
        self.turn("taken", "short");
        self.hook("late", "SessionEnd", &json!({"reason": "exit"}));
        self.command(&["list", "--json"]);
        self.turn("taken", "short");
    }

    /// A prompt, tools, and mostly an end; somebody may look in between.
    fn turn(&mut self, conversation: &str, said: &str) {
        let prompt = format!("prompt {}", self.steps.len());
        self.hook(conversation, "UserPromptSubmit", &json!({"prompt": said, "prompt_id": prompt}));
        for _ in 0..=below(&mut self.dice, 3) {
            let call = format!("call {}", self.steps.len());
            for event in ["PreToolUse", "PostToolUse"] {
                let tool = json!({"tool_name": "Bash", "tool_use_id": call, "tool_input": {"command": said}, "prompt_id": prompt});
                self.hook(conversation, event, &tool);
                if below(&mut self.dice, 8) == 0 {
                    self.command(&["list", "--json"]);
                }
            }
        }
        if below(&mut self.dice, 4) > 0 {
            self.hook(conversation, "Stop", &json!({"prompt_id": prompt}));
        }
    }

    /// Calls the hook with an event.
    pub(crate) fn hook(&mut self, conversation: &str, event: &str, rest: &Value) {
        let mut payload = json!({
            "session_id": conversation, "cwd": self.env.project(), "hook_event_name": event, "number": self.steps.len(),
        });
        payload.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let hook = self.rutter.with_file_name("rutter-hook");
        let step = self.run(&hook, &["claude-code"], &payload.to_string());
        self.steps.push(Step { event: Some(event.to_owned()), ..step });
    }

    /// Calls `rutter`.
    fn command(&mut self, arguments: &[&str]) -> &mut Step {
        let rutter = self.rutter.clone();
        let step = self.run(&rutter, arguments, "");
        self.steps.push(step);
        self.steps.last_mut().unwrap()
    }

    /// Calls `rutter`, and returns what it changed.
    pub(crate) fn traced(&mut self, arguments: &[&str]) -> Vec<Change> {
        std::mem::take(&mut self.command(arguments).changes)
    }

    fn run(&self, program: &Path, arguments: &[&str], stdin: &str) -> Step {
        let file = self.env.project().with_file_name("trace");
        let mut strace = self.env.command_of(Path::new("strace"), &self.env.project());
        strace.args(["-f", "-qq", "-xx", "-y", "-s", "10000000", "-e", "signal=none", "-e"]).arg(format!("trace={}", optional(CALLS)));
        // The agent is one process that runs, whoever calls the hook for it.
        strace.arg("-o").arg(&file).arg(program).args(arguments).env("CLAUDE_PID", std::process::id().to_string());
        let mut child = strace.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let trace = std::fs::read_to_string(file).unwrap();
        let shown = ids(&String::from_utf8(output.stdout).unwrap());
        Step { event: None, changes: changes(&trace, &self.env.home()), shown, ended: None }
    }
}

fn rutter() -> &'static str {
    env!("CARGO_BIN_EXE_rutter")
}

/// Names calls that a system may not have.
fn optional(calls: &str) -> String {
    calls.split(',').map(|call| format!("?{}", call.trim())).collect::<Vec<_>>().join(",")
}

/// Returns the ids of sessions in a text.
fn ids(text: &str) -> BTreeSet<String> {
    let words = text.split(|each: char| !each.is_ascii_alphanumeric() && each != '-');
    words.filter(|word| word.starts_with("SESSION-") && word.matches('-').count() == 3).map(str::to_owned).collect()
}

/// Reports whether programs can be traced here, and says so if not.
#[expect(clippy::print_stderr, reason = "a test that did nothing must not look like one that passed")]
pub(crate) fn has_strace() -> bool {
    let has = Command::new("strace").args(["-o", "/dev/null", "true"]).output().is_ok_and(|output| output.status.success());
    if !has {
        eprintln!("SKIPPED: no `strace` on this machine, or it may not trace");
    }
    has
}
