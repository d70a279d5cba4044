//! Goes over a file of which every line is a record.

use std::io::{self, Read};

use session::transcript::Counts;

use crate::TranscriptBuffers;
use crate::lines::{self, Sink};
use crate::skim::Broken;

/// What lines are read to.
pub(crate) trait Rows {
    /// Takes a line that is not blank. One that is no JSON object is broken, and has no effect.
    fn row(&mut self, line: &[u8]) -> Result<(), Broken>;
    /// Where lines are counted.
    fn counts(&mut self) -> &mut Counts;
}

/// How far a pass came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    /// How many bytes were whole lines.
    pub(crate) length: u64,
    /// How many bytes are behind them.
    pub(crate) unfinished: u64,
}

/// Shows all lines to `rows`. A last line without a line feed is taken if it is whole, else left for the next pass.
pub(crate) fn read(input: &mut impl Read, buffers: &mut TranscriptBuffers, rows: &mut impl Rows) -> io::Result<Reached> {
    let tail = lines::read(input, &mut buffers.lines, &mut Shown(rows))?;
    let is_whole = tail.length == tail.bytes.len() as u64 && rows.row(&tail.bytes).is_ok();
    if !is_whole {
        return Ok(Reached { length: tail.at, unfinished: tail.length });
    }
    rows.counts().lines += 1;
    Ok(Reached { length: tail.at + tail.length, unfinished: 0 })
}

struct Shown<'r, R>(&'r mut R);

impl<R: Rows> Sink for Shown<'_, R> {
    fn lines(&mut self, lines: &[u8]) {
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', lines) {
            self.line(&lines[from..end]);
            from = end + 1;
        }
    }

    fn line(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        self.0.counts().lines += 1;
        if self.0.row(line).is_err() {
            self.0.counts().broken += 1;
        }
    }

    fn too_long(&mut self) {
        self.0.counts().lines += 1;
        self.0.counts().too_long += 1;
    }
}
