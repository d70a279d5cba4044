//! Which process a number stands for. Read from `/proc` (proc_pid_stat(5)); where there is none, nothing is known.

use std::fs;
use std::os::unix::fs::MetadataExt;

use session::{Process, Uuid};

use crate::boot;

/// More ancestors than anybody has.
const MOST_ANCESTORS: usize = 32;

/// What of a process's environment is read at most.
const LONGEST_ENVIRONMENT: u64 = 1 << 20;

/// Returns the name of this machine.
pub fn name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Returns the process that has this number now.
pub fn process(pid: u32) -> Option<Process> {
    at_boot(boot()?, pid)
}

/// Reports whether a process of this machine's present boot is still there, and still the same one.
pub fn is_running(process: &Process) -> bool {
    crate::process(process.pid).is_some_and(|found| found == *process) && !is_zombie(process.pid)
}

/// Reports whether this process can tell what became of another one: a process of an earlier boot is gone, and of this boot only what has
/// the same namespace of process ids is seen.
pub fn is_judged_here(process: &Process) -> bool {
    match boot() {
        Some(own) => own != process.boot || namespace_of("self") == process.namespace,
        None => false,
    }
}

/// Returns what a process descends from, its parent first, down from the first process.
pub fn ancestors(pid: u32) -> Vec<Process> {
    let Some(boot) = boot() else { return Vec::new() };
    let parents = std::iter::successors(parent_of(pid), |&pid| parent_of(pid)).take(MOST_ANCESTORS);
    parents.filter_map(|pid| at_boot(boot, pid)).collect()
}

/// Returns those of the named variables that a process was started with.
pub fn variables_of(pid: u32, names: &[&str]) -> Vec<(String, String)> {
    let mut text = Vec::new();
    let Ok(file) = fs::File::open(format!("/proc/{pid}/environ")) else { return Vec::new() };
    if std::io::Read::read_to_end(&mut std::io::Read::take(file, LONGEST_ENVIRONMENT), &mut text).is_err() {
        return Vec::new();
    }
    let pairs = text.split(|&byte| byte == 0).filter_map(|pair| std::str::from_utf8(pair).ok()?.split_once('='));
    let wanted = pairs.filter(|(name, value)| names.contains(name) && !value.is_empty());
    wanted.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn at_boot(boot: Uuid, pid: u32) -> Option<Process> {
    let namespace = namespace_of(&pid.to_string());
    let started = field(&stat(pid)?, 22)?.parse().ok()?;
    Some(Process { boot, namespace, pid, started })
}

/// Returns the inode of a process's namespace of process ids, 0 where that is not told.
fn namespace_of(process: &str) -> u64 {
    fs::metadata(format!("/proc/{process}/ns/pid")).map_or(0, |found| found.ino())
}

fn parent_of(pid: u32) -> Option<u32> {
    field(&stat(pid)?, 4)?.parse().ok().filter(|&parent| parent > 0)
}

fn is_zombie(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| matches!(field(&stat, 3), Some("Z" | "X")))
}

fn stat(pid: u32) -> Option<String> {
    fs::read(format!("/proc/{pid}/stat")).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns a field of a line of `stat`, counted from 1, behind the program's name, which may hold spaces and brackets.
fn field(stat: &str, number: usize) -> Option<&str> {
    let behind_name = &stat[stat.rfind(')')? + 1..];
    behind_name.split_ascii_whitespace().nth(number.checked_sub(3)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_be_called_anything() {
        let stat = "12 (a) b) 9 9) S 7 12 12 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 5550 1 1";
        assert_eq!((field(stat, 3), field(stat, 4), field(stat, 22), field(stat, 2)), (Some("S"), Some("7"), Some("5550"), None));
        assert_eq!(field("", 22), None);
    }

    #[test]
    fn this_process_is_running_and_has_ancestors() {
        let Some(own) = process(std::process::id()) else { return };
        assert!(is_running(&own));
        assert!(!is_running(&Process { started: own.started + 1, ..own }));
        assert!(!is_running(&Process { boot: Uuid::from_u128(1), ..own }));
        assert!(!ancestors(own.pid).contains(&own));
    }
}
