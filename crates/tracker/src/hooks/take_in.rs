//! The inbox into the store, exactly once: the place up to which a segment was taken in moves in the transaction that stores its events.

use std::collections::btree_map::Entry;
use std::time::Duration;

use inbox::{Inbox, LONGEST, Segment, decode};
use session::{Author, Change, Conversation, Event, Evidence, Happened, Latest, Observed, Revision, Subject, Text};
use store::{Appended, Durability, InboxPosition, StoreError};

use super::correlate;
use super::incoming::{Ground, Grounds, Incoming};
use crate::tracker::Pen;
use crate::{Note, Place, Tracker};

/// How much of a segment is read at a time.
const CHUNK: usize = 16 << 20;

/// How many records are taken in with one transaction.
const RECORDS: usize = 16_384;

/// Longer than any hook lives: a record that is not whole by then never will be.
const HOOK_LIMIT: Duration = Duration::from_secs(2);

/// How many days a segment is kept after it was taken in, so that a store that broke can be filled again.
const DAYS_KEPT: i64 = 7;

/// What was taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Events that were recorded.
    pub events: u64,
    /// Whether anything changed that the mirror shows.
    pub(crate) is_shown: bool,
    /// Whether ids were drawn that must not be drawn again.
    must_last: bool,
}

/// What waits in the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// In bytes.
    pub bytes: u64,
}

impl Tracker {
    /// Returns the inbox of this store.
    pub(crate) fn inbox(&self) -> Inbox {
        Inbox::at(&self.home, &machine::name())
    }

    /// Returns what waits in the inbox.
    pub(crate) fn waiting(&self) -> Result<Waiting, StoreError> {
        let mut waiting = Waiting::default();
        for segment in self.inbox().segments().unwrap_or_default() {
            let place = self.store.reads().inbox_position(&segment.name)?.unwrap_or_default().place;
            waiting.bytes += if segment.length < place { segment.length } else { segment.length - place };
        }
        Ok(waiting)
    }

    /// Takes in everything that hooks have left, and removes segments that were taken in long ago.
    ///
    /// # Errors
    /// When the store cannot take it; what was not taken in stays in the inbox.
    pub fn take_in(&mut self) -> Result<Taken, StoreError> {
        let mut taken = Taken::default();
        for segment in self.inbox().segments().unwrap_or_default() {
            while self.take_in_chunk(&segment, &mut taken)? {}
            self.remove_when_old(&segment)?;
        }
        if taken.is_shown {
            self.bring_mirror_up();
        }
        Ok(taken)
    }

    /// Takes in a part of a segment, and reports whether there may be more.
    fn take_in_chunk(&mut self, segment: &Segment, taken: &mut Taken) -> Result<bool, StoreError> {
        let kept = self.store.reads().inbox_position(&segment.name)?.unwrap_or_default();
        let from = match kept.place {
            place if place <= segment.length => place,
            // A segment that is shorter than it was is another one.
            place if segment.ends_before(place) => 0,
            // It has grown since it was listed, and somebody else has taken that in.
            _ => return Ok(false),
        };
        if segment.length == from {
            return Ok(false);
        }
        let Some(bytes) = read(segment, from) else { return Ok(false) };
        let decoded = decode(&bytes, RECORDS);
        if decoded.frames.is_empty() {
            return self.pass_over_tail(segment, InboxPosition { place: from, ..kept }, bytes.len());
        }
        let incoming: Vec<_> = decoded.frames.iter().map(Incoming::read).collect();
        let grounds = self.grounds(incoming.iter().flatten())?;
        let wanted = InboxPosition { place: from + decoded.end as u64, torn: kept.torn + decoded.torn, ..kept };
        let is_last = wanted.place >= segment.length;
        self.record_chunk(&segment.name, kept, wanted, &incoming, &grounds, is_last, taken)?;
        // Where somebody else was first, the next round sees it.
        Ok(true)
    }

    /// Leaves a tail that may still be written, and passes over one that is too old for that.
    fn pass_over_tail(&mut self, segment: &Segment, kept: InboxPosition, length: usize) -> Result<bool, StoreError> {
        let is_old = segment.modified.and_then(|modified| modified.elapsed().ok()).is_some_and(|age| age > HOOK_LIMIT);
        if !is_old || length == 0 {
            return Ok(false);
        }
        let position = InboxPosition { place: kept.place + length as u64, torn: kept.torn + 1, ..kept };
        store::write(&mut *self.store, Durability::Normal, |turn| -> Result<(), StoreError> {
            turn.set_inbox_position(&segment.name, &position)
        })?;
        Ok(position.place < segment.length)
    }

    /// Records the events and moves the place in one turn, unless somebody else has moved it meanwhile.
    fn record_chunk(
        &mut self,
        segment: &str,
        kept: InboxPosition,
        wanted: InboxPosition,
        incoming: &[Option<Incoming>],
        grounds: &Grounds,
        is_last: bool,
        taken: &mut Taken,
    ) -> Result<(), StoreError> {
        taken.must_last |= incoming.iter().flatten().any(|each| matches!(each.observed.what, Happened::Started(_)));
        // The inbox itself is durable: after a power cut what is missing here is taken in again. But for the id that somebody was shown.
        let durability = match (is_last, taken.must_last) {
            (false, _) => Durability::Bulk,
            (true, false) => Durability::Normal,
            (true, true) => Durability::Full,
        };
        let outcome = self.write(durability, Evidence::Hook, None, |pen| -> Result<Option<(InboxPosition, bool)>, StoreError> {
            if pen.turn.reads()?.inbox_position(segment)?.unwrap_or_default() != kept {
                return Ok(None);
            }
            let owner = pen.author.clone();
            let (mut position, mut is_shown) = (InboxPosition { taken_micros: pen.now.moment.micros(), ..wanted }, false);
            for each in incoming {
                let Some(each) = each else {
                    position.strange += 1;
                    continue;
                };
                pen.at = each.at;
                pen.author = each.owner.clone().map_or_else(|| owner.clone(), |owner| Author { owner });
                if record(pen, each)? {
                    position.events += 1;
                    is_shown |= correlate::settle(pen, each, grounds)?;
                } else {
                    position.repeated += 1;
                }
            }
            pen.turn.set_inbox_position(segment, &position)?;
            Ok(Some((position, is_shown)))
        })?;
        if let Some((position, is_shown)) = outcome {
            taken.events += position.events - kept.events;
            taken.is_shown |= is_shown;
        }
        Ok(())
    }

    /// Finds out where agents work whose conversations may need a session now.
    fn grounds<'i>(&self, incoming: impl Iterator<Item = &'i Incoming>) -> Result<Grounds, StoreError> {
        let mut grounds = Grounds::new();
        let mut known = std::collections::BTreeMap::new();
        for each in incoming.filter(|each| each.observed.what.is_work()) {
            let Some(directory) = each.directory() else { continue };
            let is_settled = match known.entry(each.conversation) {
                Entry::Occupied(held) => *held.get(),
                Entry::Vacant(vacant) => {
                    let session = self.store.reads().conversation(each.conversation)?.and_then(|row| row.session());
                    *vacant.insert(session.is_some())
                }
            };
            // A session that a person ended is followed by a new one at the next prompt.
            if is_settled && !matches!(each.observed.what, Happened::Prompted { .. }) {
                continue;
            }
            if let Entry::Vacant(vacant) = grounds.entry(directory.to_owned()) {
                let place = Place::of(directory);
                let project = self.wanted_at(&place)?;
                vacant.insert(Ground::at(place, project));
            }
        }
        Ok(grounds)
    }

    fn remove_when_old(&mut self, segment: &Segment) -> Result<(), StoreError> {
        let Some(position) = self.store.reads().inbox_position(&segment.name)? else { return Ok(()) };
        let days = (self.now().moment.micros() - position.taken_micros) / 86_400_000_000;
        let is_of_past = segment.path != self.inbox().segment_of(self.now().moment);
        if is_of_past && position.place >= segment.length && days >= DAYS_KEPT {
            drop(segment.remove());
        }
        Ok(())
    }

    /// Takes in what waits before anything is read, as far as that is possible; says how much waits where it is not.
    pub(crate) fn take_in_or_say(&mut self) {
        if let Err(error) = self.take_in() {
            self.say_what_waits(&error);
        }
    }

    /// Says how much waits, and why.
    pub(crate) fn say_what_waits(&self, reason: &StoreError) {
        let bytes = self.waiting().map_or(0, |waiting| waiting.bytes);
        self.note(Note::InboxWaits { bytes, reason: reason.to_string() });
    }
}

fn read(segment: &Segment, from: u64) -> Option<Vec<u8>> {
    let bytes = segment.read(from, CHUNK).ok()?;
    // One record may be longer than a chunk.
    if decode(&bytes, 1).frames.is_empty() && bytes.len() == CHUNK {
        return segment.read(from, CHUNK + LONGEST).ok();
    }
    Some(bytes)
}

/// Records what was observed, unless it was heard before; reports whether it was news.
fn record(pen: &mut Pen<'_>, incoming: &Incoming) -> Result<bool, StoreError> {
    let row = pen.turn.conversation(incoming.conversation)?;
    let is_of_tool = !incoming.observed.what.tools().is_empty();
    if !is_of_tool && row.is_some_and(|row| row.has_heard(incoming.observed.fingerprint, &incoming.at)) {
        return Ok(false);
    }
    let revision = row.map_or(Revision(0), |row| row.revision).next();
    let event = Event {
        id: incoming.id,
        about: Subject::Conversation(incoming.conversation),
        at: incoming.at,
        recorded_at: pen.now.moment,
        by: pen.author.clone(),
        evidence: Evidence::Hook,
        revision,
        change: Change::Observed(Box::new(news(&incoming.observed, row))),
        payload: Some(incoming.payload.clone()),
    };
    Ok(matches!(pen.turn.append(&event)?, Appended::New(..)))
}

/// Leaves out what an observation repeats: every hook says where the agent works and writes, and it is nearly always the same.
fn news(observed: &Observed, row: Option<&Conversation>) -> Observed {
    let mut news = observed.clone();
    if let Some(row) = row {
        let is_known = |held: &Option<Latest<Text>>, seen: &Option<Text>| Latest::get(held) == seen.as_ref();
        news.cwd = news.cwd.filter(|_| !is_known(&row.cwd, &observed.cwd));
        news.transcript = news.transcript.filter(|_| !is_known(&row.transcript, &observed.transcript));
    }
    news
}
