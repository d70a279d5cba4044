//! The inbox into the store, exactly once: the place up to which a segment was taken in moves in the transaction that stores its events.

use std::collections::BTreeSet;
use std::collections::btree_map::Entry;
use std::time::Duration;

use agents::claude_code::transcript;
use inbox::{Inbox, Segment};
use session::{
    AgentSession, Author, Change, Conversation, ConversationKey, Event, Evidence, Happened, Latest, Observed, Reading, Revision, Subject,
    Text,
};
use store::{Appended, Durability, InboxPosition, Reads, StoreError};

use super::incoming::{Chunk, Ground, Grounds, Incoming, Room};
use super::{correlate, nameless};
use crate::marker_file::Found;
use crate::marker_file::Heard;
use crate::tracker::Pen;
use crate::{Note, Place, Tracker};

/// Longer than any hook lives: a record that is not whole by then never will be.
const HOOK_LIMIT: Duration = Duration::from_secs(2);

/// How many days a segment is kept after it was taken in, so that a store that broke can be filled again.
const DAYS_KEPT: i64 = 7;

/// What was taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Events that were recorded.
    pub events: u64,
    /// Whether anything changed that the mirror shows.
    pub(crate) is_shown: bool,
    /// Whether ids were drawn that must not be drawn again.
    must_last: bool,
    /// What markers are to say.
    heard: Heard,
    /// Conversations that are about to be compacted: what their sessions know is written down before it is lost.
    compacting: BTreeSet<ConversationKey>,
    /// Why markers do not say it.
    pub(crate) no_markers: Vec<Note>,
}

/// What waits in the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// In bytes.
    pub bytes: u64,
}

/// More than this takes longer than an agent waits.
const MUCH: u64 = 4 << 20;

impl Waiting {
    /// Reports whether an agent that waits for an answer would wait too long for all of it.
    pub(crate) fn is_much(self) -> bool {
        self.bytes > MUCH
    }
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
        let segments = self.inbox().segments().unwrap_or_default();
        self.take_in_together(&segments, &mut taken)?;
        for segment in segments {
            self.take_in_segment(&segment, &mut taken)?;
            self.remove_when_old(&segment)?;
        }
        if taken.is_shown {
            self.bring_mirror_up();
        }
        taken.no_markers = self.refresh_markers(&taken.heard);
        self.compacting.extend(&taken.compacting);
        Ok(taken)
    }

    /// Takes in what waits in several segments, until only one is left: a segment is of a day of the wall clock, and where that jumped,
    /// the boot clock alone knows what came first. What was read of a segment is held until it is taken in.
    fn take_in_together(&mut self, segments: &[Segment], taken: &mut Taken) -> Result<(), StoreError> {
        let mut waiting: Vec<Queue<'_>> = Vec::new();
        for segment in segments {
            let room = Room::beside(waiting.iter().map(|queue| &queue.chunk));
            waiting.extend(self.queue(segment, None, room)?);
        }
        while waiting.len() > 1 {
            let firsts: Vec<_> = waiting.iter().map(|queue| queue.chunk.first()).collect();
            let at = earliest(&firsts);
            let is_due = |each: &Option<Incoming>| {
                let others = firsts.iter().enumerate().filter(|(other, _)| *other != at).filter_map(|(_, first)| first.as_ref());
                each.as_ref().is_none_or(|each| others.into_iter().all(|first| !first.is_known_before(&each.at)))
            };
            let Queue { segment, kept, mut chunk } = waiting.remove(at);
            let due = chunk.incoming.iter().take_while(|each| is_due(each)).count().max(1);
            let part = chunk.take_first(due);
            let grounds = self.grounds(part.incoming.iter().flatten())?;
            self.record_chunk(segment, kept.position, &part, &grounds, taken)?;
            let room = Room::beside(waiting.iter().map(|queue| &queue.chunk));
            if let Some(queue) = self.queue(segment, Some(chunk), room)? {
                waiting.insert(at, queue);
            }
        }
        Ok(())
    }

    /// Returns what is to be taken in next of a segment: of what is held of it, if that goes on where it was taken in, else read anew.
    fn queue<'s>(&self, segment: &'s Segment, held: Option<Chunk>, room: Room) -> Result<Option<Queue<'s>>, StoreError> {
        let Some(kept) = self.pending(segment)? else { return Ok(None) };
        let held = held.filter(|chunk| chunk.from == kept.from && !chunk.incoming.is_empty());
        let chunk = held.or_else(|| Chunk::read_beside(segment, kept.from, room)).filter(|chunk| !chunk.incoming.is_empty());
        Ok(chunk.map(|chunk| Queue { segment, kept, chunk }))
    }

    /// Takes in a segment, chunk by chunk. While one is recorded the next is read.
    fn take_in_segment(&mut self, segment: &Segment, taken: &mut Taken) -> Result<(), StoreError> {
        let mut ahead: Option<Chunk> = None;
        while let Some(kept) = self.pending(segment)? {
            let read_ahead = ahead.take().filter(|chunk| chunk.from == kept.from);
            let Some(chunk) = read_ahead.or_else(|| Chunk::read(segment, kept.from)) else { return Ok(()) };
            if chunk.incoming.is_empty() {
                let tail = InboxPosition { place: kept.from, ..kept.position };
                if !self.pass_over_tail(segment, tail, chunk.length)? {
                    return Ok(());
                }
                continue;
            }
            let grounds = self.grounds(chunk.incoming.iter().flatten())?;
            let end = chunk.end;
            ahead = std::thread::scope(|scope| {
                // Where there is no thread to be had, the next round reads for itself.
                let next = std::thread::Builder::new()
                    .spawn_scoped(scope, move || if end < segment.length { Chunk::read(segment, end) } else { None });
                let recorded = self.record_chunk(segment, kept.position, &chunk, &grounds, taken);
                let next = next.ok().and_then(|next| next.join().ok()).flatten();
                recorded.map(|()| next)
            })?;
        }
        Ok(())
    }

    /// Returns how far a segment was taken in, and where to go on, unless there is nothing behind.
    fn pending(&self, segment: &Segment) -> Result<Option<Pending>, StoreError> {
        let position = self.store.reads().inbox_position(&segment.name)?.unwrap_or_default();
        let from = match position.place {
            place if place == segment.length => place,
            // Another file has taken its place, a copy of an older state perhaps.
            place if place < segment.length && place > 0 && segment.mark_at(place) != position.mark => 0,
            place if place < segment.length => place,
            // A segment that is shorter than it was is another one.
            place if segment.ends_before(place) => 0,
            // It has grown since it was listed, and somebody else has taken that in.
            _ => return Ok(None),
        };
        Ok((from < segment.length).then_some(Pending { position, from }))
    }

    /// Leaves a tail that may still be written, and passes over one that is too old for that.
    fn pass_over_tail(&mut self, segment: &Segment, kept: InboxPosition, length: usize) -> Result<bool, StoreError> {
        let is_old = segment.modified.and_then(|modified| modified.elapsed().ok()).is_some_and(|age| age > HOOK_LIMIT);
        if !is_old || length == 0 {
            return Ok(false);
        }
        let place = kept.place + length as u64;
        let position = InboxPosition { place, mark: segment.mark_at(place), torn: kept.torn + 1, ..kept };
        store::write(&mut *self.store, Durability::Normal, |turn| -> Result<(), StoreError> {
            // Somebody may have been here first, and gone further.
            let held = turn.reads()?.inbox_position(&segment.name)?.unwrap_or_default();
            if held.place <= kept.place { turn.set_inbox_position(&segment.name, &position) } else { Ok(()) }
        })?;
        Ok(position.place < segment.length)
    }

    /// Records the events and moves the place in one turn, unless somebody else has moved it meanwhile.
    fn record_chunk(
        &mut self,
        segment: &Segment,
        kept: InboxPosition,
        chunk: &Chunk,
        grounds: &Grounds,
        taken: &mut Taken,
    ) -> Result<(), StoreError> {
        let mark = segment.mark_at(chunk.end);
        let wanted = InboxPosition { place: chunk.end, mark, torn: kept.torn + chunk.torn, ..kept };
        taken.must_last |= self.must_last_of(chunk.incoming.iter().flatten())?;
        // The inbox itself is durable: after a power cut what is missing here is taken in again. But for the id that somebody was shown.
        let durability = match (chunk.end >= segment.length, taken.must_last) {
            (false, _) => Durability::Bulk,
            (true, false) => Durability::Normal,
            (true, true) => Durability::Full,
        };
        let outcome = self.write(durability, Evidence::Hook, None, |pen| -> Result<Option<(InboxPosition, bool, Heard)>, StoreError> {
            if pen.turn.reads()?.inbox_position(&segment.name)?.unwrap_or_default() != kept {
                return Ok(None);
            }
            let owner = pen.author.clone();
            let (mut position, mut is_shown) = (InboxPosition { taken_micros: pen.now.moment.micros(), ..wanted }, false);
            let mut heard = Heard::new();
            for each in &chunk.incoming {
                let Some(each) = each else {
                    position.strange += 1;
                    continue;
                };
                match hear(pen, each, &owner, grounds)? {
                    None => position.repeated += 1,
                    Some(changed) => {
                        position.events += 1;
                        is_shown |= changed;
                        heard.extend(each.sign_of_life());
                    }
                }
            }
            pen.turn.set_inbox_position(&segment.name, &position)?;
            Ok(Some((position, is_shown, heard)))
        })?;
        if let Some((position, is_shown, heard)) = outcome {
            let compacting = chunk.incoming.iter().flatten().filter(|each| matches!(each.observed.what, Happened::Compacting { .. }));
            taken.compacting.extend(compacting.map(|each| each.conversation));
            taken.events += position.events - kept.events;
            taken.is_shown |= is_shown;
            taken.heard.extend(heard);
        }
        Ok(())
    }

    /// Reports whether an id may be drawn for one of these: for a start, a prompt, and work that belongs nowhere yet. What the log for people tells of, an end or a title, must last as well: a power cut that took it
    /// back would leave a line that looks like somebody else's.
    fn must_last_of<'i>(&self, incoming: impl Iterator<Item = &'i Incoming> + Clone) -> Result<bool, StoreError> {
        if incoming.clone().any(|each| matches!(each.observed.what, Happened::Left { .. } | Happened::Prompted { .. })) {
            return Ok(true);
        }
        let (reads, mut asked) = (self.store.reads(), BTreeSet::new());
        for each in incoming.filter(|each| each.observed.what.is_work() && each.directory().is_some()) {
            if matches!(each.observed.what, Happened::Started(_)) {
                return Ok(true);
            }
            if asked.insert(each.conversation) && reads.conversation(each.conversation)?.and_then(|row| row.session()).is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes in what one conversation has said last, out of its turn. The place is not moved: whoever comes to these events again
    /// finds that they are known.
    pub(crate) fn take_in_first(&mut self, conversation: ConversationKey) -> Result<(), StoreError> {
        let now = self.now();
        let own = self.inbox().segment_of(now.moment);
        let segments = self.inbox().segments().unwrap_or_default();
        let newest = segments.iter().find(|segment| segment.path == own).and_then(|segment| Chunk::read_end(segment, MUCH));
        let all = newest.map(|chunk| chunk.incoming).unwrap_or_default().into_iter().flatten();
        // What was said before a restart has its place in the inbox alone: it must not come after what is said now.
        let is_of_boot = |each: &Incoming| each.at.boot.map(|boot| boot.id) == now.boot.map(|boot| boot.id);
        let said: Vec<_> = all.filter(|each| each.conversation == conversation && is_of_boot(each)).collect();
        let grounds = self.grounds(said.iter())?;
        let heard = self.write(Durability::Full, Evidence::Hook, None, |pen| -> Result<Heard, StoreError> {
            let (owner, mut heard) = (pen.author.clone(), Heard::new());
            for each in &said {
                heard.extend(hear(pen, each, &owner, &grounds)?.and_then(|_| each.sign_of_life()));
            }
            Ok(heard)
        })?;
        self.bring_mirror_up();
        // An agent that waits for its answer is told nothing else.
        drop(self.refresh_markers(&heard));
        Ok(())
    }

    /// Finds out where agents work whose conversations may need a session now.
    fn grounds<'i>(&self, incoming: impl Iterator<Item = &'i Incoming>) -> Result<Grounds, StoreError> {
        let mut grounds = Grounds::default();
        let mut known = std::collections::BTreeMap::new();
        for each in incoming {
            let row = match known.entry(each.conversation) {
                Entry::Occupied(held) => held.into_mut(),
                Entry::Vacant(vacant) => vacant.insert(Known::of(self.store.reads(), each.conversation)?),
            };
            self.look_for_origin(each, row, &mut grounds);
            grounds.heard.insert(each.conversation, each.at);
            let Some(directory) = each.directory().filter(|_| each.observed.what.is_work()) else { continue };
            // A session that a person ended is followed by a new one at the next prompt, and a head moves in the worktree where an agent is.
            if row.is_settled && !matches!(each.observed.what, Happened::Prompted { .. } | Happened::Started(_)) {
                continue;
            }
            if let Entry::Vacant(vacant) = grounds.places.entry(directory.to_owned()) {
                let place = Place::of(directory);
                let project = self.wanted_at(&place)?;
                if !each.is_named()
                    && let Ok(Found::Marker(marker)) = self.markers().look(self.marker_project_at(&place))
                {
                    grounds.marked.insert(directory.to_owned(), marker);
                }
                vacant.insert(Ground::at(place, project));
            }
        }
        Ok(grounds)
    }

    /// Looks into the transcript of a forked conversation for the one it was copied from: no hook says so.
    fn look_for_origin(&self, incoming: &Incoming, known: &mut Known, grounds: &mut Grounds) {
        match &incoming.observed.what {
            Happened::Started(started) => known.is_fork = started.source.as_str() == "fork",
            Happened::Prompted { .. } | Happened::Stopped | Happened::Left { .. } if known.is_fork => {
                known.is_fork = false;
                let id = incoming.observed.conversation.as_str();
                if let Some(origin) = self.origin_of_fork(id) {
                    let origin = AgentSession { agent: incoming.observed.agent.clone(), id: Text::stored(origin) };
                    grounds.copied.insert(incoming.conversation, origin);
                }
            }
            _ => {}
        }
    }

    fn origin_of_fork(&self, id: &str) -> Option<String> {
        let transcript = transcript::find(&self.locations().ok()?.projects(), id)?;
        transcript::copied_from(&transcript, id)
    }

    fn remove_when_old(&mut self, segment: &Segment) -> Result<(), StoreError> {
        let Some(position) = self.store.reads().inbox_position(&segment.name)? else { return Ok(()) };
        let days = (self.now().moment.micros() - position.taken_micros) / 86_400_000_000;
        let is_of_past = segment.path != self.inbox().segment_of(self.now().moment);
        if is_of_past && position.place >= segment.length && days >= DAYS_KEPT {
            // A clock that is put back makes a segment of this name anew, perhaps of this very length: nothing of that one is taken in.
            let anew = InboxPosition { place: 0, mark: 0, ..position };
            store::write(&mut *self.store, Durability::Normal, |turn| turn.set_inbox_position(&segment.name, &anew))?;
            drop(segment.remove());
        }
        Ok(())
    }

    /// Takes in what waits before anything is read, as far as that is possible; says how much waits where it is not. Returns why markers
    /// could not be written, for who wants to say so.
    pub(crate) fn take_in_or_say(&mut self) -> Vec<Note> {
        match self.take_in() {
            Ok(taken) => taken.no_markers,
            Err(error) => {
                self.say_what_waits(&error);
                Vec::new()
            }
        }
    }

    /// Reports whether it had to be said that something waits.
    pub(crate) fn has_said_that_something_waits(&self) -> bool {
        self.has_noted(|note| matches!(note, Note::InboxWaits { .. }))
    }

    /// Says how much waits, and why.
    pub(crate) fn say_what_waits(&self, reason: &StoreError) {
        let bytes = self.waiting().map_or(0, |waiting| waiting.bytes);
        self.note(Note::InboxWaits { bytes, reason: reason.to_string() });
    }
}

/// Returns the place of what was left first; what no boot clock puts in order stays in the order of the segments.
fn earliest(firsts: &[Option<Reading>]) -> usize {
    let of = |at: usize| firsts.get(at).copied().flatten();
    (0..firsts.len())
        .reduce(|kept, next| if of(next).zip(of(kept)).is_some_and(|(next, kept)| next.is_known_before(&kept)) { next } else { kept })
        .unwrap_or(0)
}

/// What is known of a conversation before a chunk is taken in.
struct Known {
    /// Whether it has a session.
    is_settled: bool,
    /// Whether it was copied from another one that nobody told of yet.
    is_fork: bool,
}

impl Known {
    fn of(reads: &dyn Reads, key: ConversationKey) -> Result<Self, StoreError> {
        let row = reads.conversation(key)?;
        let arrival = row.as_ref().and_then(|row| row.arrival.as_ref());
        let is_fork = arrival.is_some_and(|arrival| arrival.value.source.as_str() == "fork");
        let transitions = match row.as_ref().filter(|_| is_fork) {
            Some(row) => reads.transitions_to(row.id.as_str())?,
            None => Vec::new(),
        };
        // What its transcript says is known already.
        let is_told = transitions.iter().any(|transition| transition.source() == "fork" && transition.from().is_some());
        Ok(Self { is_settled: row.as_ref().and_then(Conversation::session).is_some(), is_fork: is_fork && !is_told })
    }
}

/// What waits of one segment among several.
struct Queue<'s> {
    segment: &'s Segment,
    kept: Pending,
    chunk: Chunk,
}

/// How far a segment was taken in, and where to go on.
struct Pending {
    position: InboxPosition,
    from: u64,
}

/// Records what was observed and decides what follows; none where it was heard before, else whether a session changed.
fn hear(pen: &mut Pen<'_>, incoming: &Incoming, owner: &Author, grounds: &Grounds) -> Result<Option<bool>, StoreError> {
    let by_process = if incoming.is_named() { None } else { nameless::told_apart(pen, incoming, grounds)? };
    let (incoming, evidence) = by_process.as_ref().map_or((incoming, Evidence::Hook), |told| (told, Evidence::Inferred));
    pen.evidence = evidence;
    pen.at = incoming.at;
    pen.author = incoming.owner.clone().map_or_else(|| owner.clone(), |owner| Author { owner });
    if !record(pen, incoming)? {
        return Ok(None);
    }
    correlate::settle(pen, incoming, grounds).map(Some)
}

/// Records what was observed, unless it was heard before; reports whether it was news.
fn record(pen: &mut Pen<'_>, incoming: &Incoming) -> Result<bool, StoreError> {
    let row = pen.turn.conversation(incoming.conversation)?;
    let is_of_one_call = incoming.observed.what.is_of_one_call();
    if !is_of_one_call && row.is_some_and(|row| row.has_heard(incoming.observed.fingerprint, &incoming.at)) {
        return Ok(false);
    }
    let revision = row.map_or(Revision(0), |row| row.revision).next();
    let event = Event {
        id: incoming.id,
        about: Subject::Conversation(incoming.conversation),
        at: incoming.at,
        recorded_at: pen.now.moment,
        by: pen.author.clone(),
        evidence: pen.evidence,
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
