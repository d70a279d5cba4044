//! One JSON value from stdin. Agents sometimes keep the pipe open for hours after they have written it.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// A whole object or array.
    Value(Vec<u8>),
    /// More bytes or more values than are taken.
    TooLong,
    /// What was there when the pipe was closed.
    Cut(Vec<u8>),
    /// How much was there when the time was up.
    Late(usize),
    /// The system does not let it be read.
    Failed,
}

const CHUNK: usize = 64 << 10;

/// How many values a payload may have. The smallest takes two bytes in the payload and a hundred and fifty in memory.
const MOST_VALUES: usize = 100_000;

/// Reads until a value is complete, at most `limit` bytes, at most `patience` from the first byte on, at most until `deadline`.
pub(crate) fn read(limit: usize, patience: Duration, mut deadline: Instant) -> Read {
    let stdin = std::io::stdin();
    let (mut bytes, mut scan) = (Vec::with_capacity(4 << 10), Scan::default());
    loop {
        match is_ready(&stdin, deadline) {
            Ok(true) => {}
            Ok(false) => return Read::Late(bytes.len()),
            Err(_) => return Read::Failed,
        }
        let from = bytes.len();
        if from == 0 {
            deadline = deadline.min(Instant::now() + patience);
        }
        let room = CHUNK.min(limit + 1 - from);
        bytes.reserve(room.min(4 << 10).max(from / 2).min(room));
        match rustix::io::read(&stdin, rustix::buffer::spare_capacity(&mut bytes)) {
            Ok(0) => return Read::Cut(bytes),
            Ok(_) => {}
            Err(error) if std::io::Error::from(error).kind() == ErrorKind::Interrupted => continue,
            Err(_) => return Read::Failed,
        }
        if let Some(length) = scan.end(&bytes[from..]).filter(|_| scan.values <= MOST_VALUES) {
            bytes.truncate(from + length);
            return Read::Value(bytes);
        }
        if bytes.len() > limit || scan.values > MOST_VALUES {
            return Read::TooLong;
        }
    }
}

/// Waits until there is something to read, or the end of it.
fn is_ready(stdin: &std::io::Stdin, deadline: Instant) -> Result<bool, Errno> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(stdin, PollFlags::IN)], Some(&left)) {
            Ok(ready) => return Ok(ready > 0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Follows brackets and strings until the first object or array is complete.
#[derive(Default)]
struct Scan {
    depth: usize,
    values: usize,
    in_string: bool,
    is_escaped: bool,
}

impl Scan {
    /// Goes on through these bytes and returns how many of them belong to the value, if it is complete with them.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (place, byte) in bytes.iter().enumerate() {
            match (self.in_string, byte) {
                (true, _) if self.is_escaped => self.is_escaped = false,
                (true, b'\\') => self.is_escaped = true,
                (true, b'"') => self.in_string = false,
                (true, _) => {}
                (false, b'"') => self.in_string = true,
                (false, b'{' | b'[') => {
                    self.depth += 1;
                    self.values += 1;
                }
                (false, b',') => self.values += 1,
                (false, b'}' | b']') => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(place + 1);
                    }
                }
                (false, _) => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: &[&str], expected: Option<usize>) {
        let mut scan = Scan::default();
        let mut before = 0;
        let end = parts.iter().find_map(|part| {
            let end = scan.end(part.as_bytes()).map(|end| before + end);
            before += part.len();
            end
        });
        assert_eq!(end, expected, "{parts:?}");
    }

    #[test]
    fn a_value_ends_with_its_last_bracket() {
        check(&["{}"], Some(2));
        check(&[" {\"a\": [1, {}]} {}"], Some(15));
        check(&["{\"}\\\"", "]\"", "}\n"], Some(8));
        check(&["[\"\\", "\"\"]"], Some(6));
        check(&["{\"a\": 1"], None);
        check(&["", "null"], None);
    }
}
