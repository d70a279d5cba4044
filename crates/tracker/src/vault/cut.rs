//! A file in chunks. Transcripts only grow: the chunks of the last copy are taken again as far as they fit, and what comes behind them is cut
//! anew, so that a copy costs what grew.

use std::io;

use super::Hash;
use super::kept::Chunk;

/// The longest chunk, in bytes.
pub(super) const LONGEST: usize = 1 << 20;

/// So many short chunks at the end of a file are made longer ones.
const MANY_SHORT: usize = 16;

/// Something that can be read anywhere.
pub(super) trait ReadAt {
    /// Reads as much as there is and fits, from a place on; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], place: u64) -> io::Result<usize>;
}

/// A file in chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// The chunks, one behind the other.
    pub(super) chunks: Vec<Chunk>,
    /// Whether it begins with all that the last copy has.
    pub(super) goes_on: bool,
    /// Its last byte, as it was read.
    pub(super) end: Option<u8>,
}

/// Cuts the first `length` bytes of a source, and hands over each chunk with its bytes; none where it ends before.
///
/// `last` are the chunks of the last copy.
pub(super) fn cut<E: From<io::Error>>(
    source: &impl ReadAt,
    length: u64,
    last: &[Chunk],
    mut each: impl FnMut(Chunk, &[u8]) -> Result<(), E>,
) -> Result<Option<Cut>, E> {
    let (mut chunks, mut place, mut buffer, mut end) = (Vec::new(), 0, vec![0; LONGEST], None);
    for chunk in last {
        let bytes = &mut buffer[..chunk.length as usize];
        if place + u64::from(chunk.length) > length || !fill(source, bytes, place)? || Hash::of(bytes) != chunk.hash {
            break;
        }
        each(*chunk, bytes)?;
        end = bytes.last().copied();
        chunks.push(*chunk);
        place += u64::from(chunk.length);
    }
    let goes_on = chunks.len() == last.len();
    if place < length {
        chunks.truncate(chunks.len() - many_short(&chunks));
        place = chunks.iter().map(|chunk| u64::from(chunk.length)).sum();
    }
    while place < length {
        let bytes = &mut buffer[..usize::try_from(length - place).unwrap_or(LONGEST).min(LONGEST)];
        if !fill(source, bytes, place)? {
            return Ok(None);
        }
        let chunk = Chunk::of(bytes);
        each(chunk, bytes)?;
        end = bytes.last().copied();
        chunks.push(chunk);
        place += u64::from(chunk.length);
    }
    Ok(Some(Cut { chunks, goes_on, end }))
}

/// Returns how many short chunks at the end are to be made longer ones: none, or all once there are many.
fn many_short(chunks: &[Chunk]) -> usize {
    let short = chunks.iter().rev().take_while(|chunk| (chunk.length as usize) < LONGEST).count();
    if short >= MANY_SHORT { short } else { 0 }
}

/// Fills all of a buffer; reports whether there was enough.
pub(super) fn fill(source: &impl ReadAt, buffer: &mut [u8], place: u64) -> io::Result<bool> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read_at(&mut buffer[filled..], place + filled as u64) {
            Ok(0) => return Ok(false),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    impl ReadAt for Vec<u8> {
        fn read_at(&self, buffer: &mut [u8], place: u64) -> io::Result<usize> {
            let rest = self.get(usize::try_from(place).unwrap()..).unwrap_or_default();
            let read = rest.len().min(buffer.len());
            buffer[..read].copy_from_slice(&rest[..read]);
            Ok(read)
        }
    }

    struct Told {
        goes_on: bool,
        whole: Vec<u8>,
        fresh: usize,
    }

    /// Cuts, and returns the chunks, what they hold together, and how many bytes of them were not there before.
    fn cut_all(bytes: &Vec<u8>, last: &[Chunk]) -> (Vec<Chunk>, Told) {
        let mut known: BTreeMap<Hash, Vec<u8>> = last.iter().map(|chunk| (chunk.hash, Vec::new())).collect();
        let mut fresh = 0;
        let cut = cut::<io::Error>(bytes, bytes.len() as u64, last, |chunk, bytes| {
            fresh += if known.contains_key(&chunk.hash) { 0 } else { bytes.len() };
            known.insert(chunk.hash, bytes.to_vec());
            Ok(())
        });
        let Cut { chunks, goes_on, .. } = cut.unwrap().unwrap();
        let whole = chunks.iter().flat_map(|chunk| known[&chunk.hash].clone()).collect();
        (chunks, Told { goes_on, whole, fresh })
    }

    fn noise(length: usize, seed: u64) -> Vec<u8> {
        let mut state = seed | 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

        #[test]
        fn whatever_becomes_of_a_file_its_chunks_are_the_file(steps in prop::collection::vec((0..4_u8, 0..300_000_usize), 1..12)) {
            let (mut file, mut chunks) = (noise(1_500_000, 7), Vec::new());
            for (number, (what, length)) in steps.into_iter().enumerate() {
                let before = file.clone();
                match what {
                    0 | 1 => file.extend(noise(length, number as u64)),
                    2 => file.truncate(length * 5),
                    _ => file.iter_mut().take(length).for_each(|byte| *byte = number as u8),
                }
                let (now, told) = cut_all(&file, &chunks);
                prop_assert!(told.whole == file && now.iter().all(|chunk| (1..=LONGEST).contains(&(chunk.length as usize))));
                prop_assert_eq!(told.goes_on, chunks.is_empty() || file.starts_with(&before));
                chunks = now;
            }
        }
    }

    #[test]
    fn a_file_that_grows_costs_what_grew() {
        let mut file = noise(3 << 20, 1);
        let (mut chunks, first) = cut_all(&file, &[]);
        let (mut cost, mut grown) = (0, 0);
        for round in 0..70 {
            let more = noise(5_000, 100 + round);
            grown += more.len();
            file.extend(more);
            let (now, told) = cut_all(&file, &chunks);
            assert!(told.goes_on && told.whole == file);
            (chunks, cost) = (now, cost + told.fresh);
        }
        // Short chunks are made one now and then: the end of the file is written again once in sixteen copies.
        assert!(first.fresh == 3 << 20 && cost < grown * 5 && chunks.len() < 3 + 1 + MANY_SHORT, "{cost} for {grown}, {}", chunks.len());
        assert_eq!(cut_all(&file, &chunks).1.fresh, 0);
    }

    #[test]
    fn a_file_that_ends_too_early_has_no_chunks() {
        assert!(cut::<io::Error>(&noise(10, 1), 11, &[], |_, _| Ok(())).unwrap().is_none());
    }
}
