//! What hooks left in the inbox of a store, to be left again in another one, and in another order.

use std::path::Path;

use agents::Envelope;
use inbox::{Inbox, Sync, decode};
use serde_json::Value;
use session::{EventId, Reading, elapsed_micros};

/// What is less far apart may reach an inbox in either order: hooks of different agents overtake each other.
const SIDE_BY_SIDE_MICROS: u64 = 30_000;

/// The same for what one agent says of the conversation that it leaves and the one that it takes up: no hook lives longer.
const HANDED_OVER_MICROS: u64 = 2_000_000;

/// A record that a hook left.
#[derive(Clone, Debug)]
pub struct Left {
    id: EventId,
    at: Reading,
    conversation: String,
    pid: Option<u32>,
    body: Vec<u8>,
}

impl Left {
    /// Returns everything that is in the inbox of a store, in its order.
    pub fn all_of(store: &Path) -> Vec<Self> {
        let segments = inbox(store).segments().unwrap();
        segments.iter().flat_map(|segment| read(&segment.read(0, usize::MAX).unwrap())).collect()
    }

    /// Leaves it in the inbox of a store.
    pub fn leave(&self, store: &Path) {
        inbox(store).append(self.at.moment, self.id, &self.body, Sync::Later).unwrap();
    }

    fn is_beside(&self, other: &Self) -> bool {
        let apart = elapsed_micros(&self.at, &other.at).max(elapsed_micros(&other.at, &self.at));
        let nearly = if self.pid.is_some() && self.pid == other.pid { HANDED_OVER_MICROS } else { SIDE_BY_SIDE_MICROS };
        self.conversation != other.conversation && apart < nearly
    }
}

/// Swaps neighbours of different conversations that were left nearly at once, each at most once; returns how often.
pub fn swap_neighbours(left: &mut [Left]) -> usize {
    let (mut at, mut swaps) = (1, 0);
    while at < left.len() {
        let is_swapped = left[at].is_beside(&left[at - 1]);
        if is_swapped {
            left.swap(at - 1, at);
        }
        swaps += usize::from(is_swapped);
        at += 1 + usize::from(is_swapped);
    }
    swaps
}

fn inbox(store: &Path) -> Inbox {
    Inbox::at(store, &machine::name())
}

fn read(segment: &[u8]) -> Vec<Left> {
    let decoded = decode(segment, usize::MAX);
    assert_eq!((decoded.torn, decoded.end), (0, segment.len()), "records are torn");
    decoded.frames.iter().map(|frame| left(frame.id, frame.body)).collect()
}

fn left(id: EventId, body: &[u8]) -> Left {
    let envelope: Envelope<'_> = serde_json::from_slice(body).unwrap();
    let payload: Value = serde_json::from_str(envelope.payload.get()).unwrap();
    let conversation = payload["session_id"].as_str().unwrap_or_default().to_owned();
    Left { id, at: envelope.at, conversation, pid: envelope.pid, body: body.to_vec() }
}
