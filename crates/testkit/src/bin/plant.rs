//! Another user who means harm: `plant DIRECTORY NAME VICTIM ROUNDS` takes a marker's name as often as it can, with files, links, pipes and
//! directories, and watches what becomes of them. To be started as a user that owns nothing there.
//!
//! Prints `taken N removed N written N`: how often it had the name, and how many of its own things were then removed or changed by others.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for tests")]

use std::fs::{self, File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, fstat, rename};

/// What a script would take for a marker, unless it looks whose it is.
const PLANTED: &str = "planted\n2026-02-16T17:30:03.123456\n";

/// How often it tries to get the name before it goes on.
const TRIES: usize = 2_000;

#[derive(Default)]
struct Seen {
    taken: usize,
    removed: usize,
    written: usize,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (directory, name, victim) = (Path::new(&arguments[1]), &arguments[2], Path::new(&arguments[3]));
    let mut seen = Seen::default();
    for round in 0..arguments[4].parse().unwrap() {
        plant(directory, name, victim, round, &mut seen);
    }
    println!("taken {} removed {} written {}", seen.taken, seen.removed, seen.written);
}

fn plant(directory: &Path, name: &str, victim: &Path, round: usize, seen: &mut Seen) {
    let (own, marker) = (directory.join(format!("theirs-{round}")), directory.join(name));
    make(&own, victim, round);
    let held = hold(&own);
    let content = (round % 6 < 2).then(|| File::open(&own).unwrap());
    if !(0..TRIES).any(|_| rename(&own, &marker).is_ok()) {
        return remove(&own);
    }
    seen.taken += 1;
    // Others get the time for a few calls.
    (0..round % 50).for_each(|_| std::thread::yield_now());
    seen.removed += usize::from(fstat(&held).unwrap().st_nlink == 0);
    seen.written += usize::from(content.is_some_and(|file| bytes(&file) != PLANTED.as_bytes()));
    remove(&marker);
}

/// Makes one of the things that can be planted; what others could write into is readable, too.
fn make(own: &Path, victim: &Path, round: usize) {
    match round % 6 {
        0 | 1 => {
            let mode = if round.is_multiple_of(6) { 0o600 } else { 0o666 };
            let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(own).unwrap();
            file.write_all_at(PLANTED.as_bytes(), 0).unwrap();
        }
        2 => symlink(victim, own).unwrap(),
        3 => symlink(own.with_extension("nowhere"), own).unwrap(),
        4 => fs::create_dir(own).unwrap(),
        _ => rustix::fs::mkfifoat(rustix::fs::CWD, own, Mode::RUSR | Mode::WUSR).unwrap(),
    }
}

/// Holds on to something whatever it is called, and without opening it.
fn hold(own: &Path) -> OwnedFd {
    rustix::fs::open(own, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()).unwrap()
}

fn bytes(file: &File) -> Vec<u8> {
    let mut bytes = vec![0; 4_096];
    let length = file.read_at(&mut bytes, 0).unwrap();
    bytes.truncate(length);
    bytes
}

fn remove(path: &Path) {
    // The name may have gone to somebody else; what is theirs cannot be removed.
    let path: PathBuf = path.into();
    fs::remove_file(&path).or_else(|_| fs::remove_dir(&path)).ok();
}
