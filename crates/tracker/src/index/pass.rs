//! Reading files, on some threads. What was read is handed over in the order in which it was done.

use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use agents::TranscriptBuffers;
use agents::transcripts::{FileRead, Pass, Wanted};
use session::transcript::Facts;

use super::plan::Job;

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// How many files are handed over together: whoever takes them needs a processor, too.
const TOGETHER: usize = 32;

/// From which length on a file is handed over by itself.
const LARGE: u64 = 8 << 20;

/// How many such lots may wait for whoever takes them.
const AHEAD: usize = 8;

/// A file that was read.
#[derive(Debug)]
pub(super) struct ReadNow<T> {
    /// What was read of it, and how far.
    pub(super) read: FileRead,
    /// What was made of what was found, in order.
    pub(super) made: Vec<T>,
    /// Lines that are no JSON, or too long to be read.
    pub(super) broken_lines: u64,
}

/// What became of a job: its number, and the file.
pub(super) type Outcome<T> = (usize, io::Result<ReadNow<T>>);

/// How files are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct How<'h> {
    pub(super) wanted: Wanted,
    /// Where files are copied to that cannot be read where they are; the system's place for such things where there is none.
    pub(super) scratch: Option<&'h Path>,
}

/// Reads files on some threads, lets `make` make something of what was found in each, redacted, and hands that over.
pub(super) fn read_all<T: Send, E>(
    jobs: &[Job],
    how: How<'_>,
    progress: &mut dyn FnMut(u64),
    make: impl Fn(&Job, Pass) -> T + Sync,
    mut take: impl FnMut(Outcome<T>) -> Result<(), E>,
) -> Result<(), E> {
    let (next, done) = (AtomicUsize::new(0), AtomicU64::new(0));
    let work = |out: mpsc::SyncSender<Vec<Outcome<T>>>| {
        let scratch = how.scratch.map(Path::to_owned);
        let (mut buffers, mut read) = (scratch.map_or_else(TranscriptBuffers::default, TranscriptBuffers::beside), Vec::new());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let job = jobs.get(number);
            read.extend(job.map(|job| (number, read_one(job, how.wanted, &mut buffers, &done, &make))));
            let is_lot = read.len() >= TOGETHER || job.is_none_or(|job| job.found.size > LARGE);
            // Nobody takes it any more where something went wrong.
            if (is_lot && out.send(std::mem::take(&mut read)).is_err()) || job.is_none() {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        let (out, outcomes) = mpsc::sync_channel(AHEAD);
        for _ in 0..threads().min(jobs.len()) {
            let (out, work) = (out.clone(), &work);
            scope.spawn(move || work(out));
        }
        drop(out);
        loop {
            match outcomes.recv_timeout(TELL_EVERY) {
                Ok(lot) => {
                    lot.into_iter().try_for_each(&mut take)?;
                    progress(done.load(Ordering::Relaxed));
                }
                Err(RecvTimeoutError::Timeout) => progress(done.load(Ordering::Relaxed)),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    })
}

fn read_one<T>(
    job: &Job,
    wanted: Wanted,
    buffers: &mut TranscriptBuffers,
    done: &AtomicU64,
    make: &impl Fn(&Job, Pass) -> T,
) -> io::Result<ReadNow<T>> {
    let (mut made, mut broken_lines) = (Vec::new(), 0);
    let from = job.known.as_ref().map(|known| &known.place);
    let watch = |count: u64| {
        done.fetch_add(count, Ordering::Relaxed);
    };
    let read = job.agent.read_file(&job.found.path, from, wanted, buffers, &watch, &mut |mut pass| {
        redact_names(&mut pass.facts);
        broken_lines += pass.facts.counts.broken + pass.facts.counts.too_long;
        made.push(make(job, pass));
    })?;
    Ok(ReadNow { read, made, broken_lines })
}

/// Returns on how many threads files are read.
pub(crate) fn threads() -> usize {
    // Asking reads files of the system's.
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| std::thread::available_parallelism().map_or(2, usize::from).clamp(1, 4))
}

/// Up to which length a string is kept, in bytes.
const LONGEST: usize = 1_000;

/// Nothing is stored before it is redacted, and nothing is cut before: half a secret looks like none.
pub(super) fn redact_names(facts: &mut Facts) {
    for name in &mut facts.names {
        let redacted = redact::text(name);
        if redacted.as_str() != name {
            redacted.as_str().clone_into(name);
        }
        name.truncate(name.floor_char_boundary(LONGEST));
    }
}
