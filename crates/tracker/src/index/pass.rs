//! Reading files, on some threads. What was read is handed over in the order in which it was done.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use agents::TranscriptBuffers;
use agents::claude_code::transcript::{self, FoundFile, Wanted};
use session::transcript::Facts;

use super::plan::{Job, Known};

/// How many bytes before a place are held against what was there.
const MARKED: u64 = 4_096;

/// How much of a file is read before something is made of it: what is found in all of a long one has no room.
const SLICE: u64 = 16 << 20;

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
    /// What the file system said when it was opened.
    pub(super) found: FoundFile,
    /// Where reading went on; none where it began at the beginning.
    pub(super) known: Option<Known>,
    /// What was made of what was found, in order.
    pub(super) made: Vec<T>,
    /// Lines that are no JSON, or too long to be read.
    pub(super) broken_lines: u64,
    /// How far it was read.
    pub(super) place: u64,
    /// A hash of the last bytes before that place.
    pub(super) mark: u64,
}

/// What became of a job: its number, and the file.
pub(super) type Outcome<T> = (usize, io::Result<ReadNow<T>>);

/// Reads files on some threads, lets `make` make something of what was found in each, redacted, and hands that over.
pub(super) fn read_all<T: Send, E>(
    jobs: &[Job],
    wanted: Wanted,
    progress: &mut dyn FnMut(u64),
    make: impl Fn(&Path, Facts) -> T + Sync,
    mut take: impl FnMut(Outcome<T>) -> Result<(), E>,
) -> Result<(), E> {
    let (next, done) = (AtomicUsize::new(0), AtomicU64::new(0));
    let work = |out: mpsc::SyncSender<Vec<Outcome<T>>>| {
        let (mut buffers, mut read) = (TranscriptBuffers::default(), Vec::new());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let job = jobs.get(number);
            read.extend(job.map(|job| (number, read_one(job, wanted, &mut buffers, &done, &make))));
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

/// Opens a file that nobody may have replaced by a link or a pipe since it was found.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(i32::try_from(flags.bits()).unwrap_or(0)).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file")) }
}

fn read_one<T>(
    job: &Job,
    wanted: Wanted,
    buffers: &mut TranscriptBuffers,
    done: &AtomicU64,
    make: &impl Fn(&Path, Facts) -> T,
) -> io::Result<ReadNow<T>> {
    let mut file = open(&job.found.path)?;
    let found = FoundFile::of(job.found.path.clone(), &file.metadata()?);
    // What was there is there no more: it is read from the beginning.
    let known = job.known.filter(|known| known.place <= found.size && mark(&file, known.place).is_ok_and(|mark| mark == known.mark));
    let from = known.map_or(0, |known| known.place);
    let (mut place, mut made, mut broken_lines, mut slice) = (from, Vec::new(), 0, SLICE);
    loop {
        file.seek(SeekFrom::Start(place))?;
        let mut input = Counted { input: &file, done }.take(slice);
        let pass = transcript::read(&mut input, wanted, buffers)?;
        let is_end = input.limit() > 0;
        place += pass.length;
        let mut facts = pass.facts;
        redact_names(&mut facts);
        broken_lines += facts.counts.broken + facts.counts.too_long;
        made.push(make(&job.found.path, facts));
        if is_end {
            break;
        }
        // A line that is longer than a slice is read in one that is longer.
        slice = if pass.length == 0 { slice.saturating_mul(4) } else { SLICE };
    }
    let mark = if wanted == Wanted::Everything { mark(&file, place)? } else { 0 };
    Ok(ReadNow { found, known, made, broken_lines, place, mark })
}

/// Returns a hash of the bytes before a place.
fn mark(file: &File, place: u64) -> io::Result<u64> {
    let length = place.min(MARKED);
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    file.read_exact_at(&mut bytes, place - length)?;
    Ok(agents::transcript_id(&bytes))
}

/// Returns on how many threads files are read.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).clamp(1, 4)
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

/// Counts what is read.
struct Counted<'d, R> {
    input: R,
    done: &'d AtomicU64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(into)?;
        self.done.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
