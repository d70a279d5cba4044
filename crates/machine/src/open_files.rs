//! Which files processes have open. Read from `/proc/<pid>/fd` (proc_pid_fd(5)); where there is none, nothing is known.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// The files that other processes had open a moment ago: those of this user, and of others as far as this user may look.
#[derive(Clone, Debug)]
pub struct OpenFiles {
    /// Devices and inodes: a file may have several paths, and a process may see it under another one.
    files: HashSet<(u64, u64)>,
    at: Instant,
}

impl OpenFiles {
    /// Looks at all processes but this one.
    pub fn look() -> Self {
        let (at, own) = (Instant::now(), std::process::id());
        let all = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
        let is_other = |name: &str| name.parse::<u32>().is_ok_and(|pid| pid != own);
        let others = all.filter(|entry| entry.file_name().to_str().is_some_and(is_other));
        Self { files: others.flat_map(|process| files_of(&process.path())).collect(), at }
    }

    /// Reports whether a process had the file open that has this inode on this device.
    pub fn has(&self, device: u64, inode: u64) -> bool {
        self.files.contains(&(device, inode))
    }

    /// Reports whether the look was longer ago than that.
    pub fn is_older_than(&self, age: Duration) -> bool {
        self.at.elapsed() > age
    }
}

fn files_of(process: &Path) -> Vec<(u64, u64)> {
    let descriptors = fs::read_dir(process.join("fd")).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    // Most are pipes, sockets and terminals: of these the system need not be asked more.
    let is_file = |path: &std::path::PathBuf| fs::read_link(path).is_ok_and(|target| target.is_absolute() && !target.starts_with("/dev"));
    let found = descriptors.filter(is_file).filter_map(|path| fs::metadata(path).ok());
    found.filter(fs::Metadata::is_file).map(|found| (found.dev(), found.ino())).collect()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_file_is_open_for_as_long_as_a_process_has_it() {
        if !Path::new("/proc/self/fd").exists() {
            return;
        }
        let copy = tempfile::tempdir().unwrap();
        let (kept, other) = (copy.path().join("kept"), copy.path().join("other"));
        fs::write(&kept, "x").unwrap();
        fs::write(&other, "x").unwrap();
        let mut child =
            Command::new("cat").stdin(Stdio::piped()).stdout(fs::File::options().append(true).open(&kept).unwrap()).spawn().unwrap();
        let has = |path: &Path| fs::metadata(path).map(|found| OpenFiles::look().has(found.dev(), found.ino())).unwrap();
        assert_eq!((has(&kept), has(&other)), (true, false));
        drop(child.stdin.take());
        child.wait().unwrap();
        // What this process has open itself is not in use.
        let _own = fs::File::open(&kept).unwrap();
        assert!(!has(&kept));
    }
}
