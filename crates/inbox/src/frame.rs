//! Records to bytes and back.
//!
//! ```text
//! 0xFF "RT1" | length of the body, u32 | event id, 16 bytes | checksum of length, id and body, u64 | body
//! ```
//!
//! Numbers are little-endian. The body is UTF-8, in which `0xFF` does not occur: a search for the mark finds the next record behind
//! one that is torn.

use session::{EventId, Uuid};

const MARK: [u8; 4] = [0xFF, b'R', b'T', b'1'];
const HEADER: usize = 4 + 4 + 16 + 8;

/// The longest body.
pub const LONGEST: usize = 4 << 20;

/// A record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'b> {
    /// The event's id.
    pub id: EventId,
    /// What was recorded.
    pub body: &'b [u8],
    /// Where the next record begins, counted from the start of the bytes.
    pub end: usize,
    /// Whether a run of bytes before it was skipped, because it is no record.
    pub is_behind_torn: bool,
}

/// What a run of bytes holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded<'b> {
    /// Its whole records, in order.
    pub frames: Vec<Frame<'b>>,
    /// How many runs of bytes between and before them are no records.
    pub torn: u64,
    /// Where the part begins that may be a record still being written; the length of the bytes where there is none.
    pub end: usize,
}

/// Returns the record as bytes.
///
/// # Panics
/// When the body is longer than [`LONGEST`].
pub fn encode(id: EventId, body: &[u8]) -> Vec<u8> {
    assert!(body.len() <= LONGEST, "a body is at most {LONGEST} bytes long");
    let length = u32::try_from(body.len()).expect("the longest body fits");
    let id = id.uuid();
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend_from_slice(&MARK);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(&checksum(length, id.as_bytes(), body).to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// Returns up to `limit` records, skipping what is torn between them.
pub fn decode(bytes: &[u8], limit: usize) -> Decoded<'_> {
    let mut decoded = Decoded::default();
    while decoded.frames.len() < limit {
        let Some(frame) = next(bytes, decoded.end) else { break };
        decoded.torn += u64::from(frame.is_behind_torn);
        decoded.end = frame.end;
        decoded.frames.push(frame);
    }
    decoded
}

/// Returns the first whole record at or behind `from`.
fn next(bytes: &[u8], from: usize) -> Option<Frame<'_>> {
    if let Some(frame) = at(bytes, from) {
        return Some(frame);
    }
    let marks = bytes.get(from + 1..)?.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    let mut places = marks.map(|(place, _)| from + 1 + place);
    places.find_map(|place| at(bytes, place)).map(|frame| Frame { is_behind_torn: true, ..frame })
}

fn at(bytes: &[u8], start: usize) -> Option<Frame<'_>> {
    let header = bytes.get(start..start + HEADER)?;
    if header[..4] != MARK {
        return None;
    }
    let length = u32::from_le_bytes(header[4..8].try_into().expect("four bytes"));
    let id: [u8; 16] = header[8..24].try_into().expect("sixteen bytes");
    let sum = u64::from_le_bytes(header[24..32].try_into().expect("eight bytes"));
    let end = start + HEADER + usize::try_from(length).ok().filter(|&length| length <= LONGEST)?;
    let body = bytes.get(start + HEADER..end)?;
    (checksum(length, &id, body) == sum).then(|| Frame { id: EventId::new(Uuid::from_bytes(id)), body, end, is_behind_torn: false })
}

/// Sums up a record, eight bytes at a time: it tells torn from whole, not friend from foe.
fn checksum(length: u32, id: &[u8; 16], body: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |sum: u64, word: u64| {
        let mixed = (sum ^ word).wrapping_mul(MULTIPLIER);
        mixed ^ (mixed >> 29)
    };
    let words = |bytes: &[u8], sum: u64| {
        let (whole, rest) = bytes.as_chunks::<8>();
        let sum = whole.iter().fold(sum, |sum, word| mix(sum, u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        mix(sum, u64::from_le_bytes(last))
    };
    words(body, words(id, mix(0, u64::from(length))))
}
