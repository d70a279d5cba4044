//! What reading a part of a transcript takes, and what it comes to: the same for every agent.

use serde::Serialize;
use serde::de::DeserializeOwned;
use session::transcript::Facts;

/// How much is wanted of a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Everything.
    Everything,
    /// Responses and what they used, nothing else.
    Usage,
}

/// What a pass over a part of a transcript came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pass {
    /// What was found in whole lines.
    pub facts: Facts,
    /// How many bytes they were.
    pub length: u64,
    /// How many bytes are behind them: a line that is being written, or that never was written to its end.
    pub unfinished: u64,
    /// What the next pass has to know of this one and of those before it.
    pub carried: Carried,
    /// Which session of a file it is, of a file that holds many; else empty.
    pub within: String,
}

/// What a pass hands to the next one over the same file: whose conversation it is, which model is in force, what was counted last.
///
/// Empty at the beginning of a file. It is JSON, with nothing in it that a file's facts do not say: who keeps it redacts it as he redacts them, and
/// what comes of that is still understood. One that is not understood is as good as none: the file is read from its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried(Vec<u8>);

/// Up to which length it is believed.
const LONGEST: usize = 64 << 10;

/// The version of what is written, with the state behind it.
#[derive(serde::Deserialize)]
struct Versioned<S> {
    version: u32,
    state: S,
}

impl Carried {
    /// Takes what was kept.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Returns what is to be kept; nothing for a file whose lines say everything themselves.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Packs the state of a reader.
    pub(crate) fn of(version: u32, state: &impl Serialize) -> Self {
        let packed = serde_json::to_vec(&serde_json::json!({ "version": version, "state": state })).unwrap_or_default();
        Self(if packed.len() > LONGEST { Vec::new() } else { packed })
    }

    /// Unpacks the state of a reader; none where it was another reader's, or is damaged, or where there is none.
    pub(crate) fn state<S: DeserializeOwned>(&self, version: u32) -> Option<S> {
        if self.0.len() > LONGEST {
            return None;
        }
        let held: Versioned<S> = serde_json::from_slice(&self.0).ok()?;
        (held.version == version).then_some(held.state)
    }
}
