//! Measures markers in process: `marks DIRECTORY TIMES` prints one line a measurement, its name and microseconds.
//!
//! Storing and reading, in turn with the least that storing could be: a temporary file, synced and renamed.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for tests")]

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use tracker::{Environment, Markers, SystemClock};

const ID: &str = "5f0c9d1e-6b1a-4f5e-9a77-2d1b8f3c4a10";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let directory = Path::new(&arguments[1]);
    let clock = SystemClock::new(&Environment::of_process());
    let markers = Markers::new(directory.into(), Duration::from_secs(86_400), rustix::process::geteuid().as_raw(), &clock);
    for _ in 0..arguments[2].parse::<usize>().unwrap() {
        print("temporary file + fsync + rename", || replace(directory));
        print("store_session_id", || assert!(markers.store_session_id(ID, "demo")));
        print("get_stored_session_id", || assert_eq!(black_box(markers.get_stored_session_id("demo")), ID));
    }
}

/// Runs something and prints how long it took.
fn print(name: &str, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    println!("{name}\t{:.1}", start.elapsed().as_secs_f64() * 1e6);
}

fn replace(directory: &Path) {
    let temporary = directory.join("temporary");
    let mut file = File::create(&temporary).unwrap();
    file.write_all(format!("{ID}\n2026-02-16T17:30:03.123456\n").as_bytes()).unwrap();
    file.sync_all().unwrap();
    std::fs::rename(temporary, directory.join("replaced")).unwrap();
}
