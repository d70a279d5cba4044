//! Reading what is said in transcripts, on some threads. It is handed over packed, slice by slice.

use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use agents::TranscriptBuffers;
use agents::transcripts::{Agent, Carried, FoundFile, Heard, mark_of};
use store::{Packed, TextFile, TextFileId};

use super::kept::{self, Kept};
use super::places::{Places, Whereabouts};
use crate::index::threads;

/// How many slices may wait for whoever writes them.
const AHEAD: usize = 4;

/// A file that is to be read.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) agent: Agent,
    pub(super) found: FoundFile,
    /// Its name in what can be searched.
    pub(super) path: String,
    pub(super) known: Option<(TextFileId, TextFile)>,
}

/// A part of a file that was read.
pub(super) struct Slice {
    /// The number of the job.
    pub(super) job: usize,
    /// How far the file was read; none where reading failed, and why.
    pub(super) file: io::Result<TextFile>,
    /// Where this part begins; none where that is the beginning of the file.
    pub(super) known: Option<TextFileId>,
    pub(super) packed: Packed,
}

/// Reads files on some threads, and hands what was said in them over.
pub(super) fn hear_all<E>(
    jobs: &[Job],
    kept: &Kept,
    places: &Mutex<Places>,
    scratch: Option<&Path>,
    mut take: impl FnMut(Slice) -> Result<(), E>,
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let work = |out: mpsc::SyncSender<Slice>| {
        let scratch = scratch.map(Path::to_owned);
        let mut buffers = scratch.map_or_else(TranscriptBuffers::default, TranscriptBuffers::beside);
        while let Some((number, job)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|number| Some((number, jobs.get(number)?))) {
            hear_one((number, job), kept, places, &mut buffers, &out);
        }
    };
    std::thread::scope(|scope| {
        let (out, slices) = mpsc::sync_channel(AHEAD);
        for _ in 0..threads().min(jobs.len()) {
            let (out, work) = (out.clone(), &work);
            scope.spawn(move || work(out));
        }
        drop(out);
        slices.into_iter().try_for_each(&mut take)
    })
}

fn hear_one(
    (number, job): (usize, &Job),
    kept: &Kept,
    places: &Mutex<Places>,
    buffers: &mut TranscriptBuffers,
    out: &mpsc::SyncSender<Slice>,
) {
    let known = job.known.as_ref().filter(|(_, file)| can_go_on(job, file));
    let (mut place, carried) = known.map_or((0, Carried::default()), |(_, file)| (file.place, Carried::from_bytes(file.carried.clone())));
    let known = known.map(|(id, _)| *id);
    let slice = |file, packed| Slice { job: number, file, known, packed };
    // The last one is held back: only it says that the file was read to its end.
    let mut last: Option<(TextFile, Packed)> = None;
    let is_excluded = kept.is_file_excluded(&job.found.path);
    let heard = job.agent.hear(&job.found.path, place, &carried, buffers, &mut |heard: Heard| {
        place += heard.length;
        let file = TextFile { size: 0, ..file(job, place, &heard.carried) };
        let packed = if is_excluded { Packed::default() } else { packed(job, heard, kept, places) };
        if let Some((file, packed)) = last.replace((file, packed)) {
            // Nobody takes it any more where something went wrong.
            drop(out.send(slice(Ok(file), packed)));
        }
    });
    let (file, packed) = last.unwrap_or_else(|| (file(job, place, &carried), Packed::default()));
    let file = heard.and_then(|()| Ok(TextFile { size: job.found.size, mark: mark_of(&job.found.path, place)?, ..file }));
    drop(out.send(slice(file, packed)));
}

/// Reports whether a file is what it was, and only longer.
fn can_go_on(job: &Job, file: &TextFile) -> bool {
    let carried = Carried::from_bytes(file.carried.clone());
    file.place > 0
        && file.place <= job.found.size
        && job.agent.can_go_on_hearing(&job.found.path, &carried)
        && mark_of(&job.found.path, file.place).is_ok_and(|mark| mark == file.mark || file.mark == 0)
}

fn file(job: &Job, place: u64, carried: &Carried) -> TextFile {
    // It has names of files in it, which may hold a secret like everything else.
    let carried = redact::text(&String::from_utf8_lossy(carried.as_bytes())).as_str().as_bytes().to_vec();
    let FoundFile { device, inode, size, changed_nanos, .. } = job.found;
    TextFile { agent: job.agent.name().to_owned(), path: job.path.clone(), device, inode, size, changed_nanos, place, mark: 0, carried }
}

fn packed(job: &Job, heard: Heard, kept: &Kept, places: &Mutex<Places>) -> Packed {
    let changed_millis = job.found.changed_nanos.div_euclid(1_000_000);
    let (mut cwd, mut place) = (String::new(), Whereabouts::default());
    let said = heard.said.into_iter().filter(|said| kept.lets(said));
    let documents = said.map(|said| {
        if said.cwd != cwd {
            place = places.lock().map(|mut places| places.of(&said.cwd)).unwrap_or_default();
            cwd.clone_from(&said.cwd);
        }
        kept::document(job.agent.name(), said, changed_millis, place.clone())
    });
    Packed::of(documents.collect())
}
