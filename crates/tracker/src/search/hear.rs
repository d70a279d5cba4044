//! Reading what is said in transcripts, on some threads. It is handed over packed, slice by slice.

use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use agents::TranscriptBuffers;
use agents::transcripts::{Agent, Carried, FoundFile, Growth, Heard, mark_of};
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
    /// How far it was read, where reading goes on from there.
    pub(super) known: Option<(TextFileId, TextFile)>,
    /// Whether it is read again from its beginning.
    pub(super) is_again: bool,
}

impl Job {
    /// Makes a job of a file, and of what is known of it.
    pub(super) fn of(agent: Agent, found: FoundFile, path: String, known: Option<&(TextFileId, TextFile)>) -> Self {
        let held = known.filter(|(_, held)| can_go_on(agent, &found, held)).cloned();
        Self { agent, found, path, is_again: known.is_some() && held.is_none(), known: held }
    }

    /// Returns how many bytes of it are to be read.
    pub(super) fn length(&self) -> u64 {
        self.found.size - self.known.as_ref().map_or(0, |(_, file)| file.place)
    }
}

/// A part of a file that was read.
pub(super) struct Slice {
    /// The number of the job.
    pub(super) job: usize,
    /// How far the file was read; none where reading failed, and why.
    pub(super) file: io::Result<TextFile>,
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
    // Nobody takes anything any more where something went wrong.
    let is_over = AtomicBool::new(false);
    let work = |out: mpsc::SyncSender<Slice>| {
        let scratch = scratch.map(Path::to_owned);
        let mut buffers = scratch.map_or_else(TranscriptBuffers::default, TranscriptBuffers::beside);
        let mut send = |slice| {
            let sent = out.send(slice);
            is_over.fetch_or(sent.is_err(), Ordering::Relaxed);
        };
        while let Some((number, job)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|number| Some((number, jobs.get(number)?))) {
            if is_over.load(Ordering::Relaxed) {
                break;
            }
            hear_one((number, job), kept, places, &mut buffers, &is_over, &mut send);
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
    is_over: &AtomicBool,
    send: &mut dyn FnMut(Slice),
) {
    let known = job.known.as_ref();
    let (mut place, carried) = known.map_or((0, Carried::default()), |(_, file)| (file.place, Carried::from_bytes(file.carried.clone())));
    let slice = |file, packed| Slice { job: number, file, packed };
    // The last one is held back: only it says that the file was read to its end.
    let mut last: Option<(TextFile, Packed)> = None;
    let is_excluded = kept.is_file_excluded(&job.found.path);
    let is_appended = job.agent.growth(&job.found.path) == Growth::Appended;
    let mut marked: io::Result<()> = Ok(());
    let heard = job.agent.hear(&job.found.path, place, &carried, buffers, &mut |heard: Heard| {
        if is_over.load(Ordering::Relaxed) || marked.is_err() {
            return;
        }
        place += heard.length;
        // Whoever goes on from here has to know what lay before it.
        let mark = if is_appended { mark_of(&job.found.path, place) } else { Ok(0) };
        let mark = mark.unwrap_or_else(|error| {
            marked = Err(error);
            0
        });
        let file = TextFile { size: 0, mark, ..file(job, place, &heard.carried) };
        let packed = if is_excluded { Packed::default() } else { packed(job, heard, kept, places) };
        if let Some((file, packed)) = last.replace((file, packed)) {
            send(slice(Ok(file), packed));
        }
    });
    let (file, packed) = last.unwrap_or_else(|| (file(job, place, &carried), Packed::default()));
    let file = heard.and(marked).map(|()| TextFile { size: job.found.size, ..file });
    send(slice(file, packed));
}

/// Reports whether a file is what it was, and only longer.
fn can_go_on(agent: Agent, found: &FoundFile, file: &TextFile) -> bool {
    let carried = Carried::from_bytes(file.carried.clone());
    file.place > 0
        && file.place <= found.size
        && agent.can_go_on_hearing(&found.path, &carried)
        && mark_of(&found.path, file.place).is_ok_and(|mark| mark == file.mark)
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
    let said = heard.said.into_iter().filter(|said| kept.lets(&said.cwd, said.role.as_str()));
    let documents = said.map(|said| {
        if said.cwd != cwd {
            place = places.lock().map(|mut places| places.of(&said.cwd)).unwrap_or_default();
            cwd.clone_from(&said.cwd);
        }
        kept::document(job.agent.name(), said, changed_millis, place.clone())
    });
    Packed::of(documents.collect())
}
