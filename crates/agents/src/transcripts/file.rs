//! Reads a file, whatever it is: lines that are added to, lines that are packed, one that is replaced as a whole.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::agent::Agent;
use super::pass::{Carried, Pass, Wanted};
use crate::TranscriptBuffers;

/// How much is read before something is made of it: what is found in all of a long file has no room.
const SLICE: u64 = 16 << 20;

/// How much may come out of a packed file. One that says more is made to fill a memory or a day.
const MOST_UNPACKED: u64 = 4 << 30;

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

/// Where reading goes on.
#[derive(Clone, Copy, Debug)]
pub struct Place<'c> {
    /// The agent.
    pub agent: Agent,
    /// How many bytes of the file were read.
    pub bytes: u64,
    /// What the last pass over it carried on.
    pub carried: &'c Carried,
}

/// Reads lines that are added to from some place on, in slices that end with a line.
pub(crate) fn read_lines(
    path: &Path,
    from: Place<'_>,
    wanted: Wanted,
    buffers: &mut TranscriptBuffers,
    take: &mut dyn FnMut(Pass),
) -> io::Result<()> {
    let mut file = open(path)?;
    file.seek(SeekFrom::Start(from.bytes))?;
    read_slices(&mut BufReader::new(file), from, wanted, buffers, take)
}

/// Reads lines that are packed.
pub(crate) fn read_packed(
    path: &Path,
    agent: Agent,
    wanted: Wanted,
    buffers: &mut TranscriptBuffers,
    take: &mut dyn FnMut(Pass),
) -> io::Result<()> {
    let mut unpacked = zstd::stream::read::Decoder::new(open(path)?)?;
    unpacked.window_log_max(WINDOW_LOG)?;
    let mut input = BufReader::with_capacity(256 << 10, Bounded { input: unpacked, left: MOST_UNPACKED });
    read_slices(&mut input, Place { agent, bytes: 0, carried: &Carried::default() }, wanted, buffers, take)
}

fn read_slices(
    input: &mut impl BufRead,
    from: Place<'_>,
    wanted: Wanted,
    buffers: &mut TranscriptBuffers,
    take: &mut dyn FnMut(Pass),
) -> io::Result<()> {
    let mut carried = from.carried.clone();
    loop {
        let mut slice = Slice { input, given: 0, is_over: false };
        let pass = from.agent.read(&mut slice, wanted, &carried, buffers)?;
        let is_over = slice.is_over;
        carried.clone_from(&pass.carried);
        take(pass);
        if is_over {
            return Ok(());
        }
    }
}

/// Gives so much of an input, and the rest of the line that it ends in.
struct Slice<'r, R> {
    input: &'r mut R,
    given: u64,
    /// Whether the input is over, and not only this.
    is_over: bool,
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
