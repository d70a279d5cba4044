//! The tracker: a store, a place to stand, a clock, dice. Its verbs are in the modules beside this one.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use session::{
    Author, Change, ConversationKey, Event, EventId, Evidence, ProjectKey, Reading, Revision, Session, SessionKey, Subject, Text,
};
use store::{Access, Appended, Durability, SqliteStore, Store, StoreError, Turn};

use crate::naming::draw_uuid;
use crate::{Clock, Config, ConfigError, Dice, Note, Place};

/// How long who only looks waits to take in what hooks reported.
const READERS_PATIENCE: Duration = Duration::from_millis(500);

/// Why a tracker could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum TrackerError {
    /// The configuration does not say enough.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store could not be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The only door to the store.
pub struct Tracker {
    pub(crate) store: Box<dyn Store + Send>,
    pub(crate) config: Config,
    pub(crate) clock: Box<dyn Clock + Send>,
    pub(crate) dice: Box<dyn Dice + Send>,
    pub(crate) place: Place,
    pub(crate) home: PathBuf,
    /// Conversations that were heard to be about to be compacted, and whose sessions nobody has looked at since.
    pub(crate) compacting: BTreeSet<ConversationKey>,
    notes: RefCell<Vec<Note>>,
}

impl Tracker {
    /// Opens the store that the configuration names, standing in `directory`.
    ///
    /// # Errors
    /// When the configuration names no store, or the store cannot be opened.
    pub fn open(
        config: Config,
        directory: &Path,
        access: Access,
        clock: Box<dyn Clock + Send>,
        dice: Box<dyn Dice + Send>,
    ) -> Result<Self, TrackerError> {
        let mut tracker = Self::stand(config, directory, access, clock, dice)?;
        match access {
            Access::Write => {
                tracker.tell_hooks();
                match tracker.take_in() {
                    // Who only reads wants an answer, and `doctor` says it too.
                    Ok(taken) => taken.no_markers.into_iter().for_each(|note| tracker.note(note)),
                    // It has waited as long as it may, and would only wait as long again.
                    Err(error @ StoreError::Busy { .. }) => return Err(error.into()),
                    Err(error) => tracker.say_what_waits(&error),
                }
                // What cannot be concluded now will be by whoever comes next.
                drop(tracker.infer_ends());
                tracker.look_after_ends();
                tracker.clean_markers_when_due();
            }
            Access::Read => tracker.take_in_before_reading(),
        }
        Ok(tracker)
    }

    /// Opens the store to answer an agent that waits: where much is in the inbox, what its conversation has just said is taken in
    /// before everything else, and the rest is left for somebody who has time.
    ///
    /// # Errors
    /// When the configuration names no store, or the store cannot be opened.
    pub fn open_to_answer(
        config: Config,
        directory: &Path,
        clock: Box<dyn Clock + Send>,
        dice: Box<dyn Dice + Send>,
        conversation: ConversationKey,
    ) -> Result<Self, TrackerError> {
        let mut tracker = Self::stand(config, directory, Access::Write, clock, dice)?;
        tracker.tell_hooks();
        if tracker.waiting()?.is_much() {
            tracker.take_in_first(conversation)?;
        } else {
            drop(tracker.take_in_or_say());
        }
        Ok(tracker)
    }

    fn stand(
        config: Config,
        directory: &Path,
        access: Access,
        clock: Box<dyn Clock + Send>,
        dice: Box<dyn Dice + Send>,
    ) -> Result<Self, TrackerError> {
        let home = config.home()?;
        let store = SqliteStore::open(&home, access, config.patience())?;
        let place = Place::of(directory);
        Ok(Self { store: Box::new(store), config, clock, dice, place, home, compacting: BTreeSet::new(), notes: RefCell::default() })
    }

    /// Whoever reads wants to see every event: what waits is taken in first, if the store can be written.
    pub(crate) fn take_in_before_reading(&mut self) {
        if self.waiting().is_ok_and(|waiting| waiting.bytes > 0) {
            match self.open_to_write() {
                Ok(()) => {
                    drop(self.take_in_or_say());
                    self.look_after_ends();
                }
                Err(error) => self.say_what_waits(&error),
            }
        }
        if self.has_ends_to_infer().unwrap_or(false) && self.open_to_write().is_ok() {
            drop(self.infer_ends());
            self.look_after_ends();
        }
    }

    /// Opens the store to write after all. Who only looks does not wait for long.
    fn open_to_write(&mut self) -> Result<(), StoreError> {
        let patience = self.config.patience().min(READERS_PATIENCE);
        self.store = Box::new(SqliteStore::open(&self.home, Access::Write, patience)?);
        Ok(())
    }

    /// Returns what should be said beside the answers so far.
    pub fn take_notes(&self) -> Vec<Note> {
        let set_aside = self.store.set_aside().cloned().map(Note::SetAside);
        set_aside.into_iter().chain(self.notes.take()).collect()
    }

    /// Returns what all clocks say now.
    pub fn now(&self) -> Reading {
        self.clock.now()
    }

    /// Returns the clock, to read people's times by.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Returns where the command stands.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Returns the configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Has transcripts copied by themselves from now on, or no more, and returns the file that says so.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn switch_vault(&mut self, is_on: bool) -> Result<PathBuf, ConfigError> {
        self.config.switch_vault(is_on)
    }

    pub(crate) fn note(&self, note: Note) {
        self.notes.borrow_mut().push(note);
    }

    pub(crate) fn has_noted(&self, is_it: impl Fn(&Note) -> bool) -> bool {
        self.notes.borrow().iter().any(is_it)
    }

    pub(crate) fn owner(&self) -> Text {
        redact::text(self.config.owner())
    }

    /// Does `work` in one turn, pen in hand.
    pub(crate) fn write<T, E: From<StoreError>>(
        &mut self,
        durability: Durability,
        evidence: Evidence,
        at: Option<Reading>,
        mut work: impl FnMut(&mut Pen<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (owner, now) = (self.owner(), self.clock.now());
        let clock: &dyn Clock = &*self.clock;
        let mut dice = Remembered { dice: &mut *self.dice, thrown: Vec::new(), place: 0 };
        store::write(&mut *self.store, durability, |turn| {
            // A transaction that is repeated throws the same and says the same time: the same events, with the same ids.
            dice.place = 0;
            let mut pen =
                Pen { turn, dice: &mut dice, clock, now, at: at.unwrap_or(now), author: Author { owner: owner.clone() }, evidence };
            work(&mut pen)
        })
    }
}

/// Dice that can throw again what they threw before.
struct Remembered<'d> {
    dice: &'d mut dyn Dice,
    thrown: Vec<u8>,
    place: usize,
}

impl Dice for Remembered<'_> {
    fn fill(&mut self, bytes: &mut [u8]) {
        let end = self.place + bytes.len();
        if self.thrown.len() < end {
            self.thrown.truncate(self.place);
            self.dice.fill(bytes);
            self.thrown.extend_from_slice(bytes);
        }
        bytes.copy_from_slice(&self.thrown[self.place..end]);
        self.place = end;
    }
}

/// What writes events within a turn.
pub(crate) struct Pen<'t> {
    pub(crate) turn: &'t mut dyn Turn,
    pub(crate) dice: &'t mut dyn Dice,
    pub(crate) clock: &'t dyn Clock,
    pub(crate) now: Reading,
    pub(crate) at: Reading,
    pub(crate) author: Author,
    pub(crate) evidence: Evidence,
}

impl Pen<'_> {
    /// Records what follows from what was seen, as such.
    pub(crate) fn infer<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let evidence = std::mem::replace(&mut self.evidence, Evidence::Inferred);
        let done = work(self);
        self.evidence = evidence;
        done
    }

    /// Returns a session that is known to be there.
    pub(crate) fn session(&mut self, key: SessionKey) -> Result<Session, StoreError> {
        let missing = || StoreError::Missing { key: key.to_string() };
        self.turn.session(key)?.cloned().ok_or_else(missing)
    }

    /// Draws the id of an event.
    pub(crate) fn draw_event(&mut self) -> EventId {
        EventId::new(draw_uuid(self.dice, self.now.moment))
    }

    /// Appends a change with a freshly drawn event id.
    pub(crate) fn record(&mut self, about: Subject, revision: Revision, change: Change) -> Result<Appended, StoreError> {
        let id = self.draw_event();
        self.record_as(id, about, revision, change)
    }

    /// Appends a change under an event id that follows from what it says.
    pub(crate) fn record_as(&mut self, id: EventId, about: Subject, revision: Revision, change: Change) -> Result<Appended, StoreError> {
        let event = Event {
            id,
            about,
            at: self.at,
            recorded_at: self.now.moment,
            by: self.author.clone(),
            evidence: self.evidence,
            revision,
            change,
            payload: None,
        };
        self.turn.append(&event)
    }

    /// Lets a session go on that was only concluded to be over: somebody does something in it.
    pub(crate) fn wake(&mut self, key: SessionKey) -> Result<(), StoreError> {
        let session = self.session(key)?;
        if session.status().is_ended() && !session.lifecycle.value.is_said() {
            self.infer(|pen| pen.change_session(key, Change::Reopened))?;
        }
        Ok(())
    }

    /// Appends a change of a session in knowledge of all earlier ones.
    pub(crate) fn change_session(&mut self, key: SessionKey, change: Change) -> Result<Appended, StoreError> {
        let revision = self.turn.session(key)?.map_or(Revision(0), |session| session.revision);
        self.record(Subject::Session(key), revision.next(), change)
    }

    /// Appends a change of a project in knowledge of all earlier ones, under an event id that the caller has drawn or derived.
    pub(crate) fn change_project(&mut self, key: ProjectKey, id: EventId, change: Change) -> Result<Appended, StoreError> {
        let revision = self.turn.project(key)?.map_or(Revision(0), |project| project.revision);
        self.record_as(id, Subject::Project(key), revision.next(), change)
    }
}
