//! The client's registry of running processes: one small file each, undocumented, stale after a kill.
//!
//! Only what is named `<pid>.json` is opened. The `.key` beside it is a secret and never read.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde_json::{Map, Value};

use crate::lenient;

/// Larger files are none of the client's.
const LARGEST: u64 = 64 << 10;

/// More files than this are none of one machine's.
const MOST: usize = 4_096;

/// A process of the client, as it last described itself. It may be gone: compare [`Running::process_start`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// The process id, in its own namespace.
    pub pid: u32,
    /// When the kernel started it, in clock ticks since boot (field 22 of `/proc/<pid>/stat`).
    pub process_start: Option<u64>,
    /// The conversation it is in now; follows clear, branch and resume.
    pub session_id: Option<String>,
    /// The directory it works in.
    pub cwd: Option<PathBuf>,
    /// What it does.
    pub status: RunningStatus,
    /// What it waits for, in the client's words.
    pub waiting_for: Option<String>,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunningStatus {
    /// It waits for a prompt; also after Escape, when no hook says so.
    Idle,
    /// It works.
    Busy,
    /// It waits for an answer of the user.
    Waiting,
    /// It says something we do not know, or nothing.
    Other,
}

/// Returns every process that is registered in a directory, by process id. What is no entry is passed over; a missing
/// directory has none.
pub fn read(directory: &Path) -> io::Result<Vec<Running>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let pids = entries.filter_map(Result::ok).filter_map(|entry| pid_in(&entry.file_name())).take(MOST);
    let mut running: Vec<_> = pids.filter_map(|pid| read_one(directory, pid)).collect();
    running.sort_by_key(|running| running.pid);
    Ok(running)
}

/// Reads what one process wrote of itself.
pub fn parse(json: &[u8]) -> Option<Running> {
    let entry: Map<String, Value> = lenient::parse(json).ok()?;
    let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(Running {
        pid: entry.get("pid")?.as_u64()?.try_into().ok()?,
        process_start: entry.get("procStart").and_then(number),
        session_id: text("sessionId"),
        cwd: text("cwd").map(PathBuf::from),
        status: status(entry.get("status")),
        waiting_for: text("waitingFor"),
    })
}

/// Only digits are a process id; so no name of somebody else's becomes part of a path.
fn pid_in(name: &OsStr) -> Option<u32> {
    let digits = name.to_str()?.strip_suffix(".json")?;
    let pid: u32 = digits.parse().ok()?;
    (pid.to_string() == digits).then_some(pid)
}

/// An entry that speaks of another process than its name is nobody's.
fn read_one(directory: &Path, pid: u32) -> Option<Running> {
    // A link could lead anywhere, and a pipe would wait.
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC).bits() as i32;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(directory.join(format!("{pid}.json"))).ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).ok()?;
    parse(&bytes).filter(|running| running.pid == pid)
}

fn status(value: Option<&Value>) -> RunningStatus {
    match value.and_then(Value::as_str) {
        Some("idle") => RunningStatus::Idle,
        Some("busy") => RunningStatus::Busy,
        Some("waiting") => RunningStatus::Waiting,
        _ => RunningStatus::Other,
    }
}

/// Numbers that do not fit into JavaScript's come as text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
