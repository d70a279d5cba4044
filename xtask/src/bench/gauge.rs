//! A program's time and the most memory it had at once, as a small program of its own sees them.
//!
//! The kernel counts as memory of a process also what the process that started it had in use. This one is large; the gauge is small, and what is
//! measured is started by the gauge.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::programs::compile;
use crate::corpus::settle;

/// Starts a program, its output going to a file, and prints nanoseconds, kibibytes and how it ended. `wait4` fills a `rusage`: two times of
/// two numbers each, then the greatest resident size.
const GAUGE: &str = r#"
use std::process::{Command, Stdio};
extern "C" { fn wait4(process: i32, status: *mut i32, options: i32, usage: *mut [i64; 36]) -> i32; }
fn main() {
    let mut words = std::env::args_os().skip(1);
    let output = std::fs::File::create(words.next().unwrap()).unwrap();
    let mut command = Command::new(words.next().unwrap());
    command.args(words).stdin(Stdio::null()).stdout(output);
    let (mut status, mut usage) = (0, [0; 36]);
    let start = std::time::Instant::now();
    let child = command.spawn().unwrap();
    let ended = unsafe { wait4(child.id() as i32, &mut status, 0, &mut usage) };
    let took = start.elapsed();
    assert_eq!(ended, child.id() as i32);
    println!("{} {} {}", took.as_nanos(), usage[4], status);
}
"#;

/// Measures programs.
pub(super) struct Gauge {
    program: PathBuf,
    output: PathBuf,
}

/// What a program was measured with.
pub(super) struct Run {
    pub(super) took: Duration,
    pub(super) peak_kib: f64,
    pub(super) printed: Vec<u8>,
}

/// Where a program finds its home, its store and the transcripts.
pub(super) struct Whereabouts<'a> {
    pub(super) home: &'a Path,
    pub(super) store: &'a Path,
    pub(super) transcripts: &'a Path,
}

impl Gauge {
    pub(super) fn build(directory: &Path) -> Result<Self> {
        Ok(Self { program: compile(directory, "gauge", GAUGE)?, output: directory.join("gauge.out") })
    }

    /// Runs a program to its end and returns what it printed, too.
    pub(super) fn run<'w>(&self, program: &Path, words: impl IntoIterator<Item = &'w str>, at: &Whereabouts<'_>) -> Result<Run> {
        let mut command = Command::new(&self.program);
        settle(&mut command, at.home, at.store, at.transcripts);
        command.arg(&self.output).arg(program).args(words);
        let output = command.output().with_context(|| format!("cannot start `{}`", self.program.display()))?;
        let figures = String::from_utf8_lossy(&output.stdout);
        let [nanoseconds, peak_kib, 0] = numbers(&figures)[..] else {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`{}` failed: {}", program.display(), said.trim());
        };
        let printed = fs::read(&self.output).with_context(|| format!("cannot read `{}`", self.output.display()))?;
        Ok(Run { took: Duration::from_nanos(nanoseconds), peak_kib: peak_kib as f64, printed })
    }
}

fn numbers(line: &str) -> Vec<u64> {
    line.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_is_that_of_the_program_and_not_ours() {
        let directory = std::env::temp_dir().join(format!("xtask-gauge-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let gauge = Gauge::build(&directory).unwrap();
        let ours = vec![1_u8; 64 << 20];
        let at = Whereabouts { home: &directory, store: &directory, transcripts: &directory };
        let run = gauge.run(Path::new("/bin/sh"), ["-c", "echo done"], &at).unwrap();
        assert_eq!((String::from_utf8_lossy(&run.printed).as_ref(), ours.len()), ("done\n", 64 << 20));
        assert!(run.peak_kib > 100.0 && run.peak_kib < 16_384.0, "{} KiB", run.peak_kib);
        assert!(gauge.run(Path::new("/bin/sh"), ["-c", "echo no luck >&2; exit 3"], &at).err().unwrap().to_string().ends_with("no luck"));
        fs::remove_dir_all(directory).unwrap();
    }
}
