//! `-p`: one run of the agent without a terminal, its stream read line by line.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use super::leftovers;
use crate::wait_for;

/// No run takes longer, not even on a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_secs(90);

/// What a run printed and how it ended.
#[derive(Clone, Debug)]
pub struct PrintRun {
    /// Its exit code; a run that was killed has none.
    pub code: Option<i32>,
    /// The lines of its stream.
    pub stream: Vec<Value>,
    /// What it said beside the stream.
    pub stderr: String,
}

impl PrintRun {
    /// Returns the lines of a type.
    pub fn lines(&self, kind: &str) -> Vec<&Value> {
        self.stream.iter().filter(|line| line["type"] == kind).collect()
    }

    /// Returns the last `result` line.
    pub fn result(&self) -> Option<&Value> {
        self.lines("result").pop()
    }

    /// Returns the agent session that it was about: the last one named, as `--continue` begins with one that is nobody's.
    ///
    /// # Panics
    /// When none is named.
    pub fn session_id(&self) -> String {
        let last = self.stream.iter().rev().find_map(|line| line["session_id"].as_str());
        last.unwrap_or_else(|| panic!("no session in {self:#?}")).to_owned()
    }
}

/// A run that is going on. It is killed when nobody wants it any more.
#[derive(Debug)]
pub struct PrintProcess {
    child: Child,
    stream: Arc<Mutex<Vec<Value>>>,
    readers: Vec<JoinHandle<String>>,
}

impl PrintProcess {
    /// Starts a command as the leader of a process group.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).spawn().unwrap();
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let stream = Arc::<Mutex<Vec<Value>>>::default();
        let lines = Arc::clone(&stream);
        let out = std::thread::spawn(move || read_lines(BufReader::new(stdout), &lines));
        let err = std::thread::spawn(move || {
            let mut said = Vec::new();
            drop(stderr.read_to_end(&mut said));
            String::from_utf8_lossy(&said).into_owned()
        });
        Self { child, stream, readers: vec![out, err] }
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns the lines so far.
    pub fn stream(&self) -> Vec<Value> {
        self.stream.lock().unwrap().clone()
    }

    /// Sends a signal to the agent alone.
    pub fn signal(&self, signal: Signal) {
        leftovers::signal(self.pid(), signal);
    }

    /// Kills the agent without a chance to say goodbye, and waits until it is gone.
    pub fn kill(mut self) -> PrintRun {
        leftovers::kill_group(self.pid());
        self.finish()
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// When it does not come.
    pub fn wait(mut self) -> PrintRun {
        wait_for("the agent to end", DEADLINE, || self.child.try_wait().unwrap());
        self.finish()
    }

    fn finish(&mut self) -> PrintRun {
        let code = self.child.wait().unwrap().code();
        let said: Vec<_> = self.readers.drain(..).map(|reader| reader.join().unwrap()).collect();
        PrintRun { code, stream: self.stream(), stderr: said.concat() }
    }
}

impl Drop for PrintProcess {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            leftovers::kill_group(self.pid());
            drop(self.child.wait());
        }
    }
}

/// Collects lines of JSON and returns what is none.
fn read_lines(from: impl BufRead, lines: &Mutex<Vec<Value>>) -> String {
    let mut rest = String::new();
    for line in from.lines().map_while(Result::ok) {
        match serde_json::from_str(&line) {
            Ok(value) => lines.lock().unwrap().push(value),
            Err(_) => rest.push_str(&(line + "\n")),
        }
    }
    rest
}
