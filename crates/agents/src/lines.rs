//! Goes over the lines of a file in bounded memory, however long a line is.
//!
//! A line that does not fit is read all the same: what is in its long strings is left out while it goes by, and what remains is a JSON value of the
//! same shape. A line that is too long even so is told of and passed over.

use std::borrow::Cow;
use std::io::{self, Read};

use memchr::{memchr, memchr2, memrchr};

/// How much is read at a time.
const BLOCK: usize = 256 << 10;

/// Up to which length a line is held as it is.
const LONGEST: usize = 4 << 20;

/// How much of a string is kept of a line that is longer.
const KEPT: usize = 64 << 10;

/// Up to which length what remains of a longer line is held.
const LONGEST_REST: usize = 12 << 20;

/// What lines are shown to.
pub(crate) trait Sink {
    /// Takes whole lines, each with its line feed.
    fn lines(&mut self, lines: &[u8]);
    /// Takes one line, without its line feed.
    fn line(&mut self, line: &[u8]);
    /// Is told of a line that is too long.
    fn too_long(&mut self);
}

/// The buffers that a reader needs, for one file after the other.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    block: Vec<u8>,
}

/// What there was behind the last line feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    /// Where it begins: how many bytes came before.
    pub(crate) at: u64,
    /// Its bytes, as far as they are held.
    pub(crate) bytes: Vec<u8>,
    /// How long it is.
    pub(crate) length: u64,
}

/// Shows all lines of an input to a sink, and returns what is behind the last line feed.
///
/// # Errors
/// When it cannot be read; what came before was shown.
pub(crate) fn read(input: &mut impl Read, buffers: &mut Buffers, sink: &mut impl Sink) -> io::Result<Tail> {
    let block = &mut buffers.block;
    block.resize(block.len().max(BLOCK), 0);
    // What is held of a line that has not come to its end.
    let (mut held, mut passed) = (0_usize, 0_u64);
    loop {
        if held == block.len() {
            if held >= LONGEST {
                let long = pass_long(input, &block[..held], sink)?;
                match long {
                    Long::Ended { length, rest } => {
                        passed += length;
                        block[..rest.len()].copy_from_slice(&rest);
                        held = feed(block, rest.len(), 0, sink, &mut passed);
                    }
                    Long::Unended { bytes, length } => return Ok(Tail { at: passed, bytes, length }),
                }
                continue;
            }
            block.resize((held * 2).max(BLOCK), 0);
        }
        match input.read(&mut block[held..]) {
            Ok(0) => {
                let tail = Tail { at: passed, bytes: block[..held].to_vec(), length: held as u64 };
                block.truncate(BLOCK);
                return Ok(tail);
            }
            Ok(count) => held = feed(block, held + count, held, sink, &mut passed),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A value that is all of an input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    /// What is held of it.
    pub(crate) bytes: Vec<u8>,
    /// How long it is.
    pub(crate) length: u64,
}

/// Reads all of an input, which is one value, as it would read a line: of one that is long without what is in its long strings. None where what remains
/// is longer than `longest`.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read_whole(input: &mut impl Read, longest: usize) -> io::Result<Option<Whole>> {
    let mut bytes = Vec::new();
    input.take(LONGEST as u64).read_to_end(&mut bytes)?;
    let mut length = bytes.len() as u64;
    if bytes.len() < LONGEST {
        return Ok(Some(Whole { bytes, length }));
    }
    let mut elider = Elider::up_to(longest);
    elider.pass(&bytes);
    bytes.resize(BLOCK, 0);
    while !elider.is_too_long {
        match input.read(&mut bytes) {
            Ok(0) => return Ok(Some(Whole { bytes: elider.kept, length })),
            Ok(count) => {
                elider.pass(&bytes[..count]);
                length += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Returns a value as a line of it would be held: one that is long without what is in its long strings.
pub(crate) fn held(value: &[u8]) -> Cow<'_, [u8]> {
    if value.len() < LONGEST {
        return Cow::Borrowed(value);
    }
    let mut elider = Elider::up_to(value.len());
    elider.pass(value);
    Cow::Owned(elider.kept)
}

/// Shows the whole lines among the first `filled` bytes, moves the rest to the front, and returns how long it is. There is no line feed before `new`.
fn feed(block: &mut [u8], filled: usize, new: usize, sink: &mut impl Sink, passed: &mut u64) -> usize {
    let Some(last) = memrchr(b'\n', &block[new..filled]) else { return filled };
    let end = new + last + 1;
    sink.lines(&block[..end]);
    *passed += end as u64;
    block.copy_within(end..filled, 0);
    filled - end
}

enum Long {
    /// The line is over: how long it was with its line feed, and what was read behind it.
    Ended { length: u64, rest: Vec<u8> },
    /// The input is over before the line is.
    Unended { bytes: Vec<u8>, length: u64 },
}

/// Goes on with a line that does not fit, without what is in its long strings.
fn pass_long(input: &mut impl Read, held: &[u8], sink: &mut impl Sink) -> io::Result<Long> {
    let mut elider = Elider::up_to(LONGEST_REST);
    elider.pass(held);
    let mut length = held.len() as u64;
    let mut block = vec![0; BLOCK];
    loop {
        let count = match input.read(&mut block) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if count == 0 {
            return Ok(Long::Unended { bytes: elider.kept, length });
        }
        let end = memchr(b'\n', &block[..count]);
        elider.pass(&block[..end.unwrap_or(count)]);
        if let Some(end) = end {
            if elider.is_too_long {
                sink.too_long()
            } else {
                sink.line(&elider.kept)
            }
            return Ok(Long::Ended { length: length + end as u64 + 1, rest: block[end + 1..count].to_vec() });
        }
        length += count as u64;
    }
}

/// Leaves out what is in long strings.
#[derive(Default)]
struct Elider {
    kept: Vec<u8>,
    is_in_string: bool,
    /// How much of the string is kept.
    of_string: usize,
    /// Whether nothing of the string is kept any more.
    is_cut: bool,
    escape: Escape,
    /// How much is kept in all.
    longest: usize,
    is_too_long: bool,
}

/// Where in an escape it is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    No,
    /// Behind the backslash.
    Begun,
    /// Before this many digits.
    Digits(u8),
}

impl Elider {
    fn up_to(longest: usize) -> Self {
        Self { longest, ..Self::default() }
    }

    fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.is_too_long {
            let taken = if self.is_in_string { self.in_string(bytes) } else { self.between(bytes) };
            bytes = &bytes[taken..];
            self.is_too_long = self.kept.len() > self.longest;
        }
    }

    fn between(&mut self, bytes: &[u8]) -> usize {
        let (end, opens) = memchr(b'"', bytes).map_or((bytes.len(), false), |quote| (quote + 1, true));
        self.kept.extend_from_slice(&bytes[..end]);
        (self.is_in_string, self.of_string, self.is_cut) = (opens, 0, false);
        end
    }

    /// Takes a part of a string. What is kept of it never ends within an escape.
    fn in_string(&mut self, bytes: &[u8]) -> usize {
        let first = bytes[0];
        if self.escape != Escape::No {
            self.escape = match self.escape {
                Escape::Begun if first == b'u' => Escape::Digits(4),
                Escape::Digits(left @ 2..) => Escape::Digits(left - 1),
                _ => Escape::No,
            };
            return self.keep(&bytes[..1], 1);
        }
        match first {
            b'"' => {
                self.kept.push(first);
                self.is_in_string = false;
                1
            }
            b'\\' => {
                self.escape = Escape::Begun;
                self.is_cut |= self.of_string >= KEPT;
                self.keep(&bytes[..1], 1)
            }
            _ => {
                let end = memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len());
                let room = KEPT.saturating_sub(self.of_string);
                let taken = self.keep(&bytes[..end], room);
                self.is_cut |= taken > room;
                taken
            }
        }
    }

    /// Keeps as much of some bytes as there is room for, and returns how many there were.
    fn keep(&mut self, bytes: &[u8], room: usize) -> usize {
        if !self.is_cut {
            let kept = &bytes[..bytes.len().min(room)];
            self.kept.extend_from_slice(kept);
            self.of_string += kept.len();
        }
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Default)]
    struct Collected {
        lines: Vec<Vec<u8>>,
        too_long: usize,
    }

    impl Sink for Collected {
        fn lines(&mut self, lines: &[u8]) {
            assert!(lines.ends_with(b"\n"));
            self.lines.extend(lines[..lines.len() - 1].split(|&byte| byte == b'\n').map(<[u8]>::to_vec));
        }

        fn line(&mut self, line: &[u8]) {
            self.lines.push(line.to_vec());
        }

        fn too_long(&mut self) {
            self.too_long += 1;
        }
    }

    /// Gives a few bytes at a time.
    struct Bits<'b>(&'b [u8], usize);

    impl Read for Bits<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(into.len()).min(self.0.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    proptest! {
        #[test]
        fn lines_come_as_they_are_however_they_are_read(text in "[a-c\n]{0,200}", step in 1_usize..40) {
            let mut found = Collected::default();
            let tail = read(&mut Bits(text.as_bytes(), step), &mut Buffers::default(), &mut found).unwrap();
            let mut wanted: Vec<Vec<u8>> = text.split('\n').map(|line| line.as_bytes().to_vec()).collect();
            let last = wanted.pop().unwrap();
            prop_assert_eq!(found.lines, wanted);
            prop_assert_eq!(tail, Tail { at: (text.len() - last.len()) as u64, length: last.len() as u64, bytes: last });
        }

        #[test]
        fn what_is_left_out_leaves_json_whatever_is_cut(said in "[a\\\\\"\u{1}é😀]{0,80}", before in 0_usize..12, step in 1_usize..30) {
            let long = "x".repeat(KEPT - before) + &said;
            let value = json!({ "a": long, "b": [said, 1], "c": { long.clone(): 2 } });
            let text = serde_json::to_vec(&value).unwrap();
            let mut elider = Elider::up_to(LONGEST_REST);
            text.chunks(step).for_each(|part| elider.pass(part));
            let rest = String::from_utf8_lossy(&elider.kept).into_owned();
            let rest: Value = serde_json::from_str(&rest).unwrap();
            prop_assert_eq!(&rest["b"], &value["b"]);
            let kept = rest["a"].as_str().unwrap();
            let is_beginning = long.starts_with(kept.trim_end_matches(char::REPLACEMENT_CHARACTER));
            prop_assert!(kept.len() >= KEPT - before && is_beginning);
        }
    }

    #[test]
    fn a_line_of_any_length_is_one_line_in_bounded_memory() {
        let long = format!("{{\"content\":\"{}\",\"usage\":7}}", "text \\n ".repeat(3 << 20));
        let wide = format!("[{}1]", "1,".repeat(LONGEST_REST));
        let text = format!("first\n{long}\nsecond\n{wide}\nthird\nrest");
        let mut found = Collected::default();
        let tail = read(&mut text.as_bytes(), &mut Buffers::default(), &mut found).unwrap();
        let short = |line: &Vec<u8>| line.len() < 100;
        assert_eq!(
            found.lines.iter().filter(|line| short(line)).collect::<Vec<_>>(),
            ["first", "second", "third"].map(|line| line.as_bytes()).iter().collect::<Vec<_>>()
        );
        let rest: Value = serde_json::from_slice(found.lines.iter().find(|line| !short(line)).unwrap()).unwrap();
        assert_eq!((found.lines.len(), found.too_long, &rest["usage"]), (4, 1, &json!(7)));
        assert_eq!(tail, Tail { at: text.len() as u64 - 4, bytes: b"rest".to_vec(), length: 4 });
    }

    #[test]
    fn a_value_that_is_all_of_an_input_is_held_like_a_line() {
        let value = |times: usize| json!({ "content": "text ".repeat(times), "usage": [7] }).to_string();
        for times in [1, LONGEST] {
            let text = value(times);
            let whole = read_whole(&mut Bits(text.as_bytes(), 100_000), LONGEST * 2).unwrap().unwrap();
            let read: Value = serde_json::from_slice(&whole.bytes).unwrap();
            assert_eq!((whole.length, &read["usage"]), (text.len() as u64, &json!([7])));
            assert_eq!(held(text.as_bytes()), whole.bytes);
            assert!(whole.bytes.len() <= text.len().min(KEPT * 2));
        }
        let wide = format!("[{}1]", "1,".repeat(LONGEST));
        assert_eq!(read_whole(&mut wide.as_bytes(), LONGEST).unwrap(), None);
        assert_eq!(held(wide.as_bytes()), wide.as_bytes());
    }

    #[test]
    fn a_long_line_that_never_ends_is_told_of() {
        let text = format!("first\n\"{}", "x".repeat(LONGEST * 2));
        let mut found = Collected::default();
        let tail = read(&mut text.as_bytes(), &mut Buffers::default(), &mut found).unwrap();
        assert_eq!((found.lines.len(), tail.at, tail.length), (1, 6, text.len() as u64 - 6));
        assert!(tail.bytes.len() <= LONGEST);
    }
}
