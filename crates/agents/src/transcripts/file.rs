//! Reads a file, whatever it is: lines that are added to, lines that are packed, one that is replaced as a whole.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use super::agent::Agent;
use super::pass::{Carried, Pass, Wanted};
use super::walk::FoundFile;
use crate::TranscriptBuffers;

/// How much is read before something is made of it: what is found in all of a long file has no room.
const SLICE: u64 = 16 << 20;

/// How much may come out of a packed file. One that says more is made to fill a memory or a day.
const MOST_UNPACKED: u64 = 4 << 30;

/// How much may come out of any packed file, and how much more for each byte of it: what people and models write packs to a tenth or a twentieth.
const UNPACKED: (u64, u64) = (64 << 20, 128);

/// How much of a packed file lies behind where its reader is: what a packer uses if nobody tells it otherwise, and four times that.
const WINDOW_LOG: u32 = 25;

/// Opens a file that nobody may have replaced by a link or a pipe since it was found.
///
/// # Errors
/// When it cannot be opened, or is no file.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(i32::try_from(flags.bits()).unwrap_or(0)).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file")) }
}

/// How many bytes before a place are held against what was there.
const MARKED: u64 = 4_096;

/// How far a file was read, and what whoever goes on there has to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// How many bytes were read.
    pub bytes: u64,
    /// A hash of the last of them; 0 for a file that is never gone on with.
    pub mark: u64,
    /// What the last pass carried on.
    pub carried: Carried,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRead {
    /// What the file system said of it before it was read.
    pub found: FoundFile,
    /// Whether reading went on where it had stopped; else it began at the beginning.
    pub goes_on: bool,
    /// How far it was read.
    pub place: Place,
}

/// How a file is read.
#[derive(Clone, Copy)]
pub(crate) struct How<'h> {
    pub(crate) agent: Agent,
    pub(crate) wanted: Wanted,
    /// Is told how many bytes more were read.
    pub(crate) watch: &'h dyn Fn(u64),
}

/// Reads lines that are added to in slices that end with a line: from some place on, if what lies before it is what was there, else from the start,
/// with `start` carried on.
pub(crate) fn read_lines(
    path: &Path,
    from: Option<&Place>,
    start: Carried,
    how: How<'_>,
    buffers: &mut TranscriptBuffers,
    take: &mut dyn FnMut(Pass),
) -> io::Result<FileRead> {
    let How { agent, wanted, watch } = how;
    let mut file = open(path)?;
    let found = FoundFile::of(path.to_owned(), &file.metadata()?);
    let is_there = |place: &&Place| place.bytes <= found.size && mark(&file, place.bytes).is_ok_and(|mark| mark == place.mark);
    let known = from.filter(|place| place.bytes == 0 || agent.can_go_on(&place.carried)).filter(is_there);
    let goes_on = known.is_some();
    let (mut bytes, mut carried) = match known.filter(|place| place.bytes > 0) {
        Some(place) => (place.bytes, place.carried.clone()),
        None => (0, start),
    };
    let mut slice = SLICE;
    loop {
        file.seek(SeekFrom::Start(bytes))?;
        let mut input = Watched { input: &file, watch }.take(slice);
        let pass = agent.read(&mut input, wanted, &carried, buffers)?;
        let is_end = input.limit() > 0;
        // A line that is longer than a slice is read in one that is longer.
        slice = if pass.length == 0 { slice.saturating_mul(4) } else { SLICE };
        bytes += pass.length;
        carried.clone_from(&pass.carried);
        take(pass);
        if is_end {
            break;
        }
    }
    let mark = if wanted == Wanted::Everything { mark(&file, bytes)? } else { 0 };
    Ok(FileRead { found, goes_on, place: Place { bytes, mark, carried } })
}

/// Returns what [`Place::mark`] is of a place in a file, or of its end where it is shorter.
///
/// # Errors
/// When it cannot be read.
pub fn mark_of(path: &Path, place: u64) -> io::Result<u64> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    mark(&file, place.min(length))
}

/// Returns a hash of the bytes before a place.
fn mark(file: &File, place: u64) -> io::Result<u64> {
    let length = place.min(MARKED);
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    file.read_exact_at(&mut bytes, place - length)?;
    Ok(crate::transcript_id(&bytes))
}

/// Tells of what is read.
struct Watched<'w, R> {
    input: R,
    watch: &'w dyn Fn(u64),
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(into)?;
        (self.watch)(count as u64);
        Ok(count)
    }
}

/// Reads lines that are packed.
pub(crate) fn read_packed(path: &Path, how: How<'_>, buffers: &mut TranscriptBuffers, take: &mut dyn FnMut(Pass)) -> io::Result<FileRead> {
    let (found, mut input) = unpacked(path, how.watch)?;
    let mut carried = Carried::default();
    loop {
        let mut slice = Slice::of(&mut input);
        let pass = how.agent.read(&mut slice, how.wanted, &carried, buffers)?;
        let is_over = slice.is_over;
        carried.clone_from(&pass.carried);
        take(pass);
        if is_over {
            return Ok(FileRead { found, goes_on: false, place: Place::default() });
        }
    }
}

/// Unpacks what is read, with no more behind it in memory than a packer uses.
pub(crate) fn unpack<R: Read>(packed: R) -> io::Result<zstd::stream::read::Decoder<'static, BufReader<R>>> {
    let mut unpacked = zstd::stream::read::Decoder::new(packed)?;
    unpacked.window_log_max(WINDOW_LOG)?;
    Ok(unpacked)
}

/// Opens what is packed in a file.
pub(super) fn unpacked<'w>(path: &Path, watch: &'w dyn Fn(u64)) -> io::Result<(FoundFile, impl BufRead + use<'w>)> {
    let file = open(path)?;
    let found = FoundFile::of(path.to_owned(), &file.metadata()?);
    let unpacked = unpack(Watched { input: file, watch })?;
    let left = found.size.saturating_mul(UNPACKED.1).saturating_add(UNPACKED.0).min(MOST_UNPACKED);
    Ok((found, BufReader::with_capacity(256 << 10, Bounded { input: unpacked, left })))
}

/// Gives so much of an input, and the rest of the line that it ends in.
pub(super) struct Slice<'r, R> {
    input: &'r mut R,
    given: u64,
    /// Whether the input is over, and not only this.
    is_over: bool,
}

impl<'r, R: BufRead> Slice<'r, R> {
    /// Begins one.
    pub(super) fn of(input: &'r mut R) -> Self {
        Self { input, given: 0, is_over: false }
    }

    /// Reports whether the input is over, and not only this.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }
}

impl<R: BufRead> Read for Slice<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == u64::MAX {
            return Ok(0);
        }
        let there = self.input.fill_buf()?;
        self.is_over |= there.is_empty();
        let mut count = there.len().min(into.len());
        if self.given >= SLICE {
            if let Some(feed) = memchr::memchr(b'\n', &there[..count]) {
                count = feed + 1;
                self.given = u64::MAX;
            }
        } else {
            self.given += count as u64;
        }
        into[..count].copy_from_slice(&there[..count]);
        self.input.consume(count);
        Ok(count)
    }
}

/// Gives so many bytes, and an error after them.
struct Bounded<R> {
    input: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(into)? as u64;
        self.left = self.left.checked_sub(count).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it unpacks to too much"))?;
        Ok(count as usize)
    }
}
