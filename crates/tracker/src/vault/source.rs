//! A file that others write to, read as it was at one moment.
//!
//! What the file system says before and after tells whether somebody wrote meanwhile. Nobody did: the copy is the file. It grew: the copy is
//! its beginning up to the last whole line there was, read twice, because a file that is written anew can look as if it grew. Else it is read
//! again; one that does not come to rest is left as the last copy has it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::cut::{Cut, ReadAt, cut, fill};
use super::kept::Chunk;
use crate::directory::{Directory, Seen, StepName};

/// So often a file is read before it is left for the next time.
const TRIES: usize = 3;

/// How much is read at a time from the end on, to find a line feed.
const STEP_BACK: u64 = 64 << 10;

/// A file as it was at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// What the file system said of it.
    pub(super) seen: Seen,
    /// How much of it was taken: all of it, or whole lines of it where it grew.
    pub(super) length: u64,
    /// What it is made of.
    pub(super) cut: Cut,
}

/// Opens a file below a root.
pub(super) fn open(root: &Path, steps: &[StepName]) -> io::Result<File> {
    let not_found = || io::Error::from(io::ErrorKind::NotFound);
    let (name, directories) = steps.split_last().ok_or_else(not_found)?;
    Directory::open(root)?.walk(directories)?.file(name)
}

/// A file that somebody may be writing to.
pub(super) trait Source: ReadAt {
    /// Returns what the file system says of it now.
    fn look(&self) -> io::Result<Seen>;
}

impl ReadAt for File {
    fn read_at(&self, buffer: &mut [u8], place: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, place)
    }
}

impl Source for File {
    fn look(&self) -> io::Result<Seen> {
        Seen::of(self)
    }
}

/// Takes a file as it was at one moment; none where it does not come to rest. Each chunk is handed over, also of tries that came to nothing.
pub(super) fn take<E: From<io::Error>>(
    source: &impl Source,
    has_lines: bool,
    last: &[Chunk],
    mut each: impl FnMut(Chunk, &[u8]) -> Result<(), E>,
) -> Result<Option<Moment>, E> {
    for _ in 0..TRIES {
        let before = source.look()?;
        let whole = cut(source, before.size, last, &mut each)?;
        let after = source.look()?;
        let Some(whole) = whole else { continue };
        if after == before {
            return Ok(Some(Moment { seen: before, length: before.size, cut: whole }));
        }
        if after.size <= before.size {
            continue;
        }
        let length = if has_lines { whole_lines(source, before.size)? } else { before.size };
        if length == 0 {
            continue;
        }
        let first = cut(source, length, last, &mut each)?;
        let second = cut::<E>(source, length, last, |_, _| Ok(()))?;
        // Written anew meanwhile, its lines end elsewhere.
        let is_sound = |first: &Cut| second.as_ref() == Some(first) && (!has_lines || first.end == Some(b'\n'));
        if let Some(cut) = first.filter(is_sound) {
            return Ok(Some(Moment { seen: before, length, cut }));
        }
    }
    Ok(None)
}

/// Returns how long the whole lines are that stand before a place.
fn whole_lines(source: &impl ReadAt, length: u64) -> io::Result<u64> {
    let mut end = length;
    while end > 0 {
        let begin = end.saturating_sub(STEP_BACK);
        let mut bytes = vec![0; usize::try_from(end - begin).unwrap_or(0)];
        if !fill(source, &mut bytes, begin)? {
            return Ok(0);
        }
        if let Some(place) = bytes.iter().rposition(|byte| *byte == b'\n') {
            return Ok(begin + place as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use proptest::prelude::*;

    use super::*;

    /// What somebody does to a file while it is read.
    #[derive(Clone, Debug)]
    enum Write {
        /// Puts a part of a line behind it.
        Append(Vec<u8>),
        /// Replaces all of it, in place, by so many lines.
        Replace(usize),
        /// Begins to write it anew, in place: the first bytes are others.
        Overwrite(usize),
    }

    /// A file to which somebody writes between any two calls.
    struct Restless {
        state: RefCell<(Vec<u8>, i64, Vec<Option<Write>>)>,
        /// Everything it ever was.
        ever: RefCell<Vec<Vec<u8>>>,
    }

    impl Restless {
        fn new(bytes: Vec<u8>, mut writes: Vec<Option<Write>>) -> Self {
            writes.reverse();
            Self { ever: RefCell::new(vec![bytes.clone()]), state: RefCell::new((bytes, 0, writes)) }
        }

        fn go_on(&self) {
            let mut state = self.state.borrow_mut();
            let Some(Some(write)) = state.2.pop() else { return };
            state.1 += 1;
            let round = u8::try_from(state.1 % 20).unwrap();
            match write {
                Write::Append(bytes) => state.0.extend(bytes),
                Write::Replace(lines) => state.0 = lines_of(b'A' + round, lines),
                Write::Overwrite(length) => {
                    let length = length.min(state.0.len());
                    state.0[..length].fill(b'a' + round);
                }
            }
            self.ever.borrow_mut().push(state.0.clone());
        }
    }

    fn lines_of(letter: u8, lines: usize) -> Vec<u8> {
        (0..lines).flat_map(|line| [vec![letter; line % 7], vec![b'\n']].concat()).collect()
    }

    impl ReadAt for Restless {
        fn read_at(&self, buffer: &mut [u8], place: u64) -> io::Result<usize> {
            self.go_on();
            // Short reads: there is something between any two of them.
            let length = buffer.len().min(40);
            self.state.borrow().0.read_at(&mut buffer[..length], place)
        }
    }

    impl Source for Restless {
        fn look(&self) -> io::Result<Seen> {
            let state = self.state.borrow();
            Ok(Seen { size: state.0.len() as u64, mode: 0o600, modified: state.1, changed: state.1, device: 1, inode: 1 })
        }
    }

    fn taken(source: &Restless, has_lines: bool) -> Option<Vec<u8>> {
        let bytes = RefCell::new(std::collections::HashMap::new());
        let moment = take::<io::Error>(source, has_lines, &[], |chunk, held| {
            bytes.borrow_mut().insert(chunk.hash, held.to_vec());
            Ok(())
        });
        let moment = moment.unwrap()?;
        let whole: Vec<u8> = moment.cut.chunks.iter().flat_map(|chunk| bytes.borrow()[&chunk.hash].clone()).collect();
        assert_eq!(whole.len() as u64, moment.length);
        Some(whole)
    }

    fn write() -> impl Strategy<Value = Option<Write>> {
        prop_oneof![
            4 => Just(None),
            4 => prop::collection::vec(prop_oneof![Just(b'x'), Just(b'\n')], 1..30).prop_map(|bytes| Some(Write::Append(bytes))),
            1 => (1..80_usize).prop_map(|lines| Some(Write::Replace(lines))),
        ]
    }

    proptest! {
        #[test]
        fn a_file_that_grows_while_it_is_copied_is_a_beginning_of_whole_lines_or_the_file(
            writes in prop::collection::vec(write(), 0..120), lines in 0..80_usize
        ) {
            let source = Restless::new(lines_of(b'l', lines), writes);
            if let Some(whole) = taken(&source, true) {
                let ever = source.ever.borrow();
                let is_file = ever.contains(&whole);
                let is_beginning = ever.iter().any(|file| file.starts_with(&whole)) && (whole.is_empty() || whole.ends_with(b"\n"));
                prop_assert!(is_file || is_beginning, "{:?}", String::from_utf8_lossy(&whole));
            }
        }
    }

    #[test]
    fn a_file_that_is_written_anew_in_the_middle_of_it_is_never_a_mixture() {
        let grows = || Some(Write::Append(b"x\n".to_vec()));
        for before in 0..20 {
            for between in 0..40 {
                let writes = vec![None; before].into_iter().chain([grows()]).chain(vec![None; between]).chain([Some(Write::Replace(120))]);
                let source = Restless::new(lines_of(b'l', 60), writes.collect());
                let whole = taken(&source, true).unwrap();
                assert!(source.ever.borrow().iter().any(|file| file.starts_with(&whole)), "{before} {between}");
                assert!(!whole.is_empty() && whole.ends_with(b"\n"), "{before} {between}");
            }
        }
    }

    #[test]
    fn a_file_at_rest_is_taken_as_it_is_also_with_half_a_line() {
        let half = b"one\ntwo\nthr".to_vec();
        assert_eq!(taken(&Restless::new(half.clone(), vec![]), true), Some(half));
        assert_eq!(taken(&Restless::new(vec![], vec![]), true), Some(vec![]));
    }

    #[test]
    fn of_a_file_that_grows_whole_lines_are_taken() {
        let grows = || Restless::new(b"one\ntwo\nthr".to_vec(), vec![Some(Write::Append(b"ee\nfour".to_vec()))]);
        assert_eq!(taken(&grows(), true), Some(b"one\ntwo\n".to_vec()));
        assert_eq!(taken(&grows(), false), Some(b"one\ntwo\nthr".to_vec()));
    }

    #[test]
    fn a_file_that_does_not_come_to_rest_is_left() {
        let writes = (0..400).map(|round| Some(Write::Overwrite(30 + round % 3))).collect();
        assert_eq!(taken(&Restless::new(lines_of(b'l', 60), writes), true), None);
    }
}
