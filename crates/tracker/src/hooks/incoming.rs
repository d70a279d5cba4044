//! One record of the inbox, understood: the agent's words end here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use agents::Envelope;
use inbox::{Frame, LONGEST, Segment, decode};
use session::{AgentSession, Conversation, ConversationKey, EventId, Happened, Json, Moment, Observed, ProjectKey, Reading, Text};

use crate::marker_file::Marker;
use crate::projects::Wanted;
use crate::{Place, lifecycle};

/// A record of the inbox.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) id: EventId,
    pub(crate) at: Reading,
    pub(crate) owner: Option<Text>,
    pub(crate) conversation: ConversationKey,
    pub(crate) observed: Observed,
    pub(crate) payload: Json,
}

impl Incoming {
    /// Reads a record; none where nobody here understands it.
    pub(crate) fn read(frame: &Frame<'_>) -> Option<Self> {
        let envelope: Envelope<'_> = serde_json::from_slice(frame.body).ok()?;
        let mut observed = agents::understand(&envelope)?;
        if let Happened::Started(started) = &mut observed.what {
            // Where homes are shared, whoever takes in may be on another machine than the hook was.
            started.machine = Some(Text::stored(envelope.machine.clone().unwrap_or_else(machine::name)));
        }
        Some(Self {
            id: frame.id,
            at: envelope.at,
            owner: envelope.owner.clone().map(Text::stored),
            conversation: ConversationKey::of(observed.agent.as_str(), observed.conversation.as_str()),
            observed,
            payload: Json::stored(envelope.payload.get().to_owned()),
        })
    }

    /// Reports whether it says which conversation it is of.
    pub(crate) fn is_named(&self) -> bool {
        self.observed.conversation.as_str() != "unknown"
    }

    /// Returns it as an event of a conversation.
    pub(crate) fn of(&self, row: &Conversation) -> Self {
        let observed = Observed { conversation: row.id.clone(), ..self.observed.clone() };
        Self { conversation: row.key, observed, ..self.clone() }
    }

    /// Returns when its conversation began, was prompted or stopped, if that is what happened.
    pub(crate) fn sign_of_life(&self) -> Option<(ConversationKey, Moment)> {
        let is_sign = matches!(self.observed.what, Happened::Started(_) | Happened::Prompted { .. } | Happened::Stopped);
        (is_sign && self.is_named()).then_some((self.conversation, self.at.moment))
    }

    /// Returns it as an event of a conversation of which nothing else is known.
    pub(crate) fn named(&self, id: Text) -> Self {
        let conversation = ConversationKey::of(self.observed.agent.as_str(), id.as_str());
        Self { conversation, observed: Observed { conversation: id, ..self.observed.clone() }, ..self.clone() }
    }

    /// Returns the directory in which it happened.
    pub(crate) fn directory(&self) -> Option<&Path> {
        self.observed.cwd.as_ref().map(|cwd| Path::new(cwd.as_str())).filter(|path| path.is_absolute())
    }
}

/// A part of a segment, understood.
pub(crate) struct Chunk {
    /// Where it begins in the segment.
    pub(crate) from: u64,
    /// Where its last whole record ends.
    pub(crate) end: u64,
    /// How many bytes were read.
    pub(crate) length: usize,
    /// Its records; none where nobody here understands one.
    pub(crate) incoming: Vec<Option<Incoming>>,
    /// How many runs of bytes between them are no records.
    pub(crate) torn: u64,
    /// Where each record ends in the segment, and whether such a run lies before it.
    ends: Vec<(u64, bool)>,
}

/// How much of a segment is read at a time.
const CHUNK: usize = 8 << 20;

/// How many records are taken in with one transaction.
const RECORDS: usize = 8_192;

/// How much of each of several segments is held at least.
const LEAST: Room = Room { bytes: 256 << 10, records: 64 };

/// How much of a segment is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    bytes: usize,
    records: usize,
}

impl Room {
    /// Returns the room that others leave: together they hold about as much as one chunk.
    pub(crate) fn beside<'c>(held: impl Iterator<Item = &'c Chunk>) -> Self {
        let (bytes, records) =
            held.fold((0, 0), |(bytes, records), chunk| (bytes + (chunk.end - chunk.from) as usize, records + chunk.incoming.len()));
        Self { bytes: CHUNK.saturating_sub(bytes).max(LEAST.bytes), records: RECORDS.saturating_sub(records).max(LEAST.records) }
    }
}

impl Chunk {
    /// Reads a part of a segment; none where it cannot be read.
    pub(crate) fn read(segment: &Segment, from: u64) -> Option<Self> {
        Self::read_beside(segment, from, Room { bytes: CHUNK, records: RECORDS })
    }

    /// Reads as much of a segment as there is room for beside others that are held.
    pub(crate) fn read_beside(segment: &Segment, from: u64, room: Room) -> Option<Self> {
        let bytes = segment.read(from, room.bytes).ok()?;
        let bytes = match decode(&bytes, 1).frames.is_empty() && bytes.len() == room.bytes {
            // One record may be longer than that.
            true => segment.read(from, room.bytes + LONGEST).ok()?,
            false => bytes,
        };
        Some(Self::of(&bytes, from, room.records))
    }

    /// Takes off its first records, as a part of their own.
    pub(crate) fn take_first(&mut self, count: usize) -> Self {
        let rest = self.incoming.split_off(count);
        let ends = self.ends.split_off(count);
        let end = self.ends.last().map_or(self.from, |(end, _)| *end);
        let torn = ends.iter().filter(|(_, is_behind_torn)| *is_behind_torn).count() as u64;
        let length = usize::try_from(end - self.from).unwrap_or(usize::MAX);
        let behind = Self { from: end, end: self.end, length: self.length.saturating_sub(length), incoming: rest, torn, ends };
        let first = std::mem::replace(self, behind);
        Self { end, length, torn: first.torn - torn, ..first }
    }

    /// Reads the end of a segment, all of it.
    pub(crate) fn read_end(segment: &Segment, most: u64) -> Option<Self> {
        let from = segment.length.saturating_sub(most);
        let bytes = segment.read(from, usize::try_from(most).ok()? + LONGEST).ok()?;
        Some(Self::of(&bytes, from, usize::MAX))
    }

    /// Returns when its first record was left; none where nobody here understands one.
    pub(crate) fn first(&self) -> Option<Reading> {
        self.incoming.iter().flatten().next().map(|each| each.at)
    }

    fn of(bytes: &[u8], from: u64, most: usize) -> Self {
        let decoded = decode(bytes, most);
        Self {
            from,
            end: from + decoded.end as u64,
            length: bytes.len(),
            incoming: decoded.frames.iter().map(Incoming::read).collect(),
            torn: decoded.torn,
            ends: decoded.frames.iter().map(|frame| (from + frame.end as u64, frame.is_behind_torn)).collect(),
        }
    }
}

/// Where an agent works, found out before the turn in which it is needed: git may have to be asked.
pub(crate) struct Ground {
    pub(crate) place: Place,
    pub(crate) project: Wanted,
    pub(crate) documented: std::collections::BTreeSet<u32>,
}

impl Ground {
    pub(crate) fn at(place: Place, project: Wanted) -> Self {
        let documented = lifecycle::documented_numbers(&place.worktree);
        Self { place, project, documented }
    }

    /// Reports whether it lies in a project that is known.
    pub(crate) fn is_in(&self, project: ProjectKey) -> bool {
        matches!(self.project, Wanted::Known(key) | Wanted::Moved(key, _) if key == project)
    }
}

/// What a chunk of the inbox may need that is found out outside of the turn.
#[derive(Default)]
pub(crate) struct Grounds {
    /// Where agents work, by directory.
    pub(crate) places: BTreeMap<PathBuf, Ground>,
    /// Which conversations forked ones were copied from.
    pub(crate) copied: BTreeMap<ConversationKey, AgentSession>,
    /// The markers of those places in which something happened that names no conversation.
    pub(crate) marked: BTreeMap<PathBuf, Marker>,
    /// When each conversation is heard of last.
    pub(crate) heard: BTreeMap<ConversationKey, Reading>,
}

impl Grounds {
    pub(crate) fn of(&self, incoming: &Incoming) -> Option<&Ground> {
        self.places.get(incoming.directory()?)
    }
}
