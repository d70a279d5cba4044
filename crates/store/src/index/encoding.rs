//! Facts to bytes and back: packed, because a report reads all of them each time.

use session::transcript::Facts;

/// The format that is written. The store keeps what older builds wrote: whoever changes the facts' fields gives the new bytes a new number, and
/// goes on reading the old ones.
const FORMAT: u32 = 2;

/// What a pass found, as it is kept: what reports of usage want apart from everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedFacts {
    pub(crate) format: u32,
    pub(crate) usage: Vec<u8>,
    pub(crate) rest: Vec<u8>,
}

impl EncodedFacts {
    /// Packs facts.
    pub fn of(facts: Facts) -> Self {
        let (usage, rest) = facts.split_usage();
        Self { format: FORMAT, usage: pack(&usage), rest: pack(&rest) }
    }

    /// Returns its bytes: responses, and everything else.
    pub fn halves(&self) -> [&[u8]; 2] {
        [&self.usage, &self.rest]
    }
}

fn pack(facts: &Facts) -> Vec<u8> {
    let bytes = postcard::to_allocvec(facts).unwrap_or_default();
    postcard::to_extend(&facts.edits, bytes).unwrap_or_default()
}

/// Unpacks facts; none where this build does not know the format, or the bytes are damaged.
pub(crate) fn unpack(format: u32, bytes: &[u8]) -> Option<Facts> {
    match format {
        // Without the files of calls that change several: no agent had such calls.
        1 => postcard::from_bytes(bytes).ok(),
        2 => {
            let (facts, edits) = postcard::take_from_bytes::<Facts>(bytes).ok()?;
            Some(Facts { edits: postcard::from_bytes(edits).ok()?, ..facts })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use session::transcript::{Call, Edit, EditKind, Name, Response, Usage};

    use super::*;

    fn facts() -> Facts {
        Facts {
            names: ["", "claude-x", "c1", "Bash", "cargo test"].map(str::to_owned).to_vec(),
            responses: vec![Response {
                message: u64::MAX,
                at: Some(-1),
                model: Name(1),
                conversation: Name(2),
                usage: Usage { input: 1, output: u64::MAX, ..Usage::default() },
                is_final: true,
                ..Response::default()
            }],
            calls: vec![Call { id: 7, tool: Name(3), about: Name(4), conversation: Name(2), ..Call::default() }],
            edits: vec![Edit { call: 7, place: 1, kind: EditKind::MoveTo, file: Name(4) }],
            ..Facts::default()
        }
    }

    #[test]
    fn usage_and_the_rest_come_back_apart_and_are_the_whole() {
        let encoded = EncodedFacts::of(facts());
        let (usage, rest) = (unpack(FORMAT, &encoded.usage).unwrap(), unpack(FORMAT, &encoded.rest).unwrap());
        assert_eq!((usage.responses.len(), usage.calls.len(), rest.responses.len(), rest.calls.len()), (1, 0, 0, 1));
        assert_eq!(usage.name(usage.responses[0].model), Some("claude-x"));
        assert_eq!(rest.name(rest.calls[0].about), Some("cargo test"));
        assert!(!usage.names.iter().any(|name| name == "cargo test"));
        assert_eq!((usage.edits.len(), rest.edits.len(), rest.name(rest.edits[0].file)), (0, 1, Some("cargo test")));
    }

    #[test]
    fn what_was_packed_by_an_earlier_build_is_still_read() {
        // The bytes of each format: they may never change.
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let EncodedFacts { usage, rest, .. } = EncodedFacts::of(facts());
        assert_eq!(hex(&usage), format!("{GOLDEN}00"));
        assert_eq!(hex(&rest), GOLDEN_REST);
        let first = unpack(1, &usage[..usage.len() - 1]).unwrap();
        assert_eq!(first, unpack(FORMAT, &usage).unwrap());
        assert!(unpack(FORMAT + 1, &usage).is_none() && unpack(FORMAT, &usage[..9]).is_none() && unpack(1, &usage[..9]).is_none());
    }

    const GOLDEN_REST: &str = concat!(
        "040004426173680263310a636172676f207465737400000107010002000003000000000000000000",
        "000000000000000000000000000000000000000107010303"
    );

    const GOLDEN: &str = concat!(
        "030008636c617564652d7802633101ffffffffffffffffff0100010101020000000001ffffffffffffffffff010000000000",
        "0001000000000000000000000000000000000000000000000000000000000000"
    );
}
