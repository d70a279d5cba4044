//! Ending what the agent leaves behind: it runs commands in process groups of their own, and they outlive it.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// How often it is looked again whether all are gone. Who is killed needs a moment to be so.
const LOOKS: usize = 200;

/// Ends every process whose home is this one. A home that is made for one test is nobody else's.
pub(crate) fn end_all_of(home: &Path) {
    let home = format!("HOME={}", home.display());
    for _ in 0..LOOKS {
        let left: Vec<_> = processes().filter(|pid| environment_has(*pid, home.as_bytes())).collect();
        if left.is_empty() {
            return;
        }
        // One or the other may have ended by itself in the meantime.
        left.into_iter().for_each(|pid| kill_process(pid, Signal::KILL).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal to one process that we started and have not waited for.
pub(super) fn signal(pid: u32, signal: Signal) {
    kill_process(pid_of(pid), signal).ok();
}

/// Kills a process that we started as the leader of its group, and the group.
pub(super) fn kill_group(leader: u32) {
    kill_process_group(pid_of(leader), Signal::KILL).ok();
}

fn pid_of(pid: u32) -> Pid {
    i32::try_from(pid).ok().and_then(Pid::from_raw).unwrap()
}

fn processes() -> impl Iterator<Item = Pid> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
}

fn environment_has(pid: Pid, entry: &[u8]) -> bool {
    let environment = std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|held| held == entry)
}
