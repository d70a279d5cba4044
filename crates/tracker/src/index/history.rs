//! Sessions from before anybody recorded them: each conversation that only transcripts tell of becomes one, with the id of its own start time.
//!
//! | what a transcript tells | what is recorded |
//! |---|---|
//! | its first record | a session of its agent, opened then |
//! | its title, else its first prompt | the description |
//! | copied records | `fork`, from the conversation they were copied from; else `startup` |
//! | its last record, and what it was | how it ended: after an answer `COMPLETED`, in the middle of a turn `ABANDONED` |
//!
//! What hooks know already is left as it is. What happens in such a conversation later is told by hooks, or found at the next look.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use agents::claude_code::transcript::is_id;
use session::{
    AgentSession, Change, Conversation, ConversationKey, Described, Ended, Evidence, Happened, Metadata, Moment, Moved, Observed, Opener,
    Prefix, ProjectKey, Rank, Reading, Revision, Scope, Session, SessionKey, Standing, Started, Status, Subject, Text,
};
use store::{Durability, Index, StoreError};

use super::imported::Imported;
use super::overlay::PROMPT_OF_TRANSCRIPT;
use super::told::Told;
use super::update::IndexError;
use crate::lifecycle::{Draft, documented_numbers};
use crate::projects::Wanted;
use crate::tracker::Pen;
use crate::{Place, StartError, Tracker, describe};

/// How many conversations are taken in in one turn.
const CHUNK: usize = 512;

/// How long a conversation whose process nobody knows may be silent before it is over.
const SILENCE_MICROS: i64 = 24 * 3_600_000_000;

/// Since when heads are what they are, in microseconds since 1970: asked once, and known from there on.
type Heads = BTreeMap<(ProjectKey, Scope), i64>;

/// Where a conversation took place; nothing where nobody knows.
#[derive(Default)]
struct Ground {
    worktree: Option<Text>,
    project: Option<Wanted>,
    documented: BTreeSet<u32>,
}

/// The grounds of conversations, by where their agents were.
type Grounds = BTreeMap<Option<String>, Ground>;

/// A conversation as its transcript tells of it, with what is needed to record it.
struct Past<'g> {
    told: Told,
    key: ConversationKey,
    ground: &'g Ground,
    first: Reading,
    last: Reading,
    /// How it ended; none while it may go on.
    end: Option<(Status, &'static str)>,
}

impl Tracker {
    /// Takes in the sessions that only transcripts tell of, and returns how many were new. `names` are all conversations that were asked about;
    /// `meanwhile` has the index for itself.
    pub(super) fn take_in_history(
        &mut self,
        index: &mut Index,
        names: &[String],
        mut all: Vec<Told>,
        meanwhile: impl FnOnce(&mut Index) + Send,
    ) -> Result<u64, IndexError> {
        if names.is_empty() {
            meanwhile(index);
            return Ok(0);
        }
        // A session may be in the files of a mirror already, and not in this store.
        self.prepare_mirror();
        // What no shell and no agent could be given is nobody's conversation: it stays in the index, and counts.
        all.retain(|told| is_id(&told.id));
        self.find_directories(&mut all)?;
        // Whoever was first has the smaller number.
        all.sort_by_key(|told| told.first);
        let running: BTreeSet<String> = self.registered().into_iter().filter_map(|entry| entry.session_id).collect();
        let excluded = self.config.excluded_everywhere();
        let is_excluded = |cwd: &str| excluded.iter().any(|directory| Path::new(cwd).starts_with(directory));
        let (mut grounds, mut going_on, mut new) = (Grounds::new(), BTreeSet::new(), 0);
        for told in &all {
            if !grounds.contains_key(&told.cwd) {
                let ground = told.cwd.as_deref().map(|cwd| self.ground(cwd)).transpose()?;
                grounds.insert(told.cwd.clone(), ground.unwrap_or_default());
            }
        }
        let imported = Imported::all(self.store.reads())?;
        let mut all = all.into_iter().filter(|told| !is_excluded(told.cwd.as_deref().unwrap_or("/"))).peekable();
        let written = std::thread::scope(|scope| {
            scope.spawn(|| meanwhile(index));
            while all.peek().is_some() {
                let chunk: Vec<Past<'_>> = all.by_ref().take(CHUNK).map(|told| self.past(told, &grounds, &running)).collect();
                going_on.extend(chunk.iter().filter(|past| past.end.is_none()).map(|past| past.told.id.clone()));
                // The last one makes all of them durable.
                let durability = if all.peek().is_some() { Durability::Bulk } else { Durability::Normal };
                new += self.write(durability, Evidence::Transcript, None, |pen| take_in(&chunk, &imported, pen))?;
            }
            Ok::<_, StoreError>(())
        });
        written?;
        // What may go on is asked about again.
        let mut over = names.iter().filter(|name| !going_on.contains(*name));
        index.write(|turn| over.try_for_each(|name| turn.note_taken_in(name)))?;
        if new > 0 {
            self.bring_mirror_up();
        }
        Ok(new)
    }

    fn ground(&self, cwd: &str) -> Result<Ground, StoreError> {
        let place = Place::of(Path::new(cwd));
        Ok(Ground {
            project: Some(self.wanted_at(&place)?),
            documented: documented_numbers(&place.worktree),
            worktree: Some(redact::text(&place.worktree.to_string_lossy())),
        })
    }

    fn past<'g>(&self, told: Told, grounds: &'g Grounds, running: &BTreeSet<String>) -> Past<'g> {
        let now = self.clock.now().moment.micros();
        let zone = self.clock.zone();
        let reading = |millis: i64| {
            let furthest = if millis < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
            let at = jiff::Timestamp::from_millisecond(millis).unwrap_or(furthest);
            Reading { moment: Moment::new(at, zone.to_offset(at)), boot: None }
        };
        let (first, last) = (reading(told.first), reading(told.last));
        let is_silent = last.moment.micros() < now.saturating_sub(SILENCE_MICROS);
        let ground = &grounds[&told.cwd];
        let end = (is_silent && !running.contains(&told.id)).then_some(match told.ends_with_answer {
            true => (Status::Completed, "its transcript ends with an answer"),
            false => (Status::Abandoned, "its transcript ends in the middle of a turn"),
        });
        Past { key: ConversationKey::of(&told.agent, &told.id), ground, first, last, end, told }
    }
}

/// Records what is not known of some conversations, and returns how many were not known at all.
fn take_in(chunk: &[Past<'_>], imported: &Imported, pen: &mut Pen<'_>) -> Result<u64, StoreError> {
    let (mut new, mut heads) = (0, Heads::new());
    for past in chunk {
        new += u64::from(past.take_in(imported, pen, &mut heads)?);
    }
    Ok(new)
}

impl Past<'_> {
    /// Records the conversation, unless it is known; reports whether it is a new session.
    fn take_in(&self, imported: &Imported, pen: &mut Pen<'_>, heads: &mut Heads) -> Result<bool, StoreError> {
        if pen.turn.has_event(self.began())? {
            return self.go_on(pen).map(|()| false);
        }
        if pen.turn.conversation(self.key)?.is_some() {
            return Ok(false);
        }
        let parent = self.parent(pen)?;
        pen.at = self.first;
        self.observe_start(pen)?;
        let described = redact::text(&self.description().0);
        let held = imported.of(self.key, self.first.moment.micros(), described.as_str(), pen.turn.reads()?)?;
        let session = match held {
            Some(key) => pen.session(key)?,
            None => match self.open(pen, parent)? {
                Some(session) => session,
                None => return Ok(false),
            },
        };
        let from = pen.turn.conversation(self.key)?.map_or(Revision(0), |row| row.revision);
        self.say(pen, Change::Assigned { session: session.key, from })?;
        let prompt = self.told.prompt.as_deref().map(redact::text);
        if self.told.turns > 0 {
            let prompted = self.observed(Happened::Prompted { text: prompt, is_typed: true });
            let prompted = Observed { prompt: Some(Text::stored(PROMPT_OF_TRANSCRIPT.to_owned())), ..prompted };
            self.say(pen, Change::Observed(Box::new(prompted)))?;
        }
        self.follow(pen, &session, heads)?;
        // How it ended its file has said.
        if held.is_none() || !session.status().is_ended() {
            self.finish(pen, session.key)?;
        }
        Ok(held.is_none())
    }

    /// What was taken in before has gone on, and no hook told of it.
    fn go_on(&self, pen: &mut Pen<'_>) -> Result<(), StoreError> {
        let Some(key) = pen.turn.conversation(self.key)?.and_then(Conversation::session) else { return Ok(()) };
        let is_heard = self.is_heard(pen)?;
        let Some(session) = pen.turn.session(key)? else { return Ok(()) };
        let lifecycle = &session.lifecycle.value;
        // That it fell silent was concluded from when it was taken in: the transcript knows better.
        let is_concluded = lifecycle.evidence == Evidence::Inferred;
        let is_ours = is_concluded || lifecycle.evidence == Evidence::Transcript || !session.status().is_ended();
        let is_later = lifecycle.since.moment.micros() < self.last.moment.micros();
        if is_ours && !is_heard && (is_concluded || is_later || !session.status().is_ended()) {
            self.finish(pen, key)?;
        }
        Ok(())
    }

    /// Reports whether hooks have told of it: then they know how it ended.
    fn is_heard(&self, pen: &mut Pen<'_>) -> Result<bool, StoreError> {
        let row = pen.turn.conversation(self.key)?;
        Ok(row.is_some_and(|row| !row.runs.is_empty() || row.recent.iter().any(|said| said.fingerprint != 0)))
    }

    /// The event by which it is known that a conversation was taken in here.
    fn began(&self) -> session::EventId {
        session::EventId::of_decision(self.key.uuid(), "transcript")
    }

    fn observed(&self, what: Happened) -> Observed {
        Observed {
            agent: Text::stored(self.told.agent.clone()),
            conversation: redact::text(&self.told.id),
            name: Text::stored("transcript".to_owned()),
            cwd: self.told.cwd.as_deref().map(redact::text),
            transcript: self.told.path.as_deref().map(redact::text),
            prompt: None,
            subagent: None,
            title: None,
            pid: None,
            fingerprint: 0,
            what,
        }
    }

    fn observe_start(&self, pen: &mut Pen<'_>) -> Result<(), StoreError> {
        let source = if self.told.copied_from.is_some() { "fork" } else { "startup" };
        let started = Started {
            source: Text::stored(source.to_owned()),
            model: self.told.model.as_deref().map(redact::text),
            process: None,
            machine: Some(redact::text(&machine::name())),
            ancestors: Vec::new(),
            variables: Vec::new(),
        };
        let change = Change::Observed(Box::new(self.observed(Happened::Started(Box::new(started)))));
        pen.record_as(self.began(), Subject::Conversation(self.key), Revision(0).next(), change).map(drop)
    }

    fn observe(&self, pen: &mut Pen<'_>, what: Happened) -> Result<(), StoreError> {
        self.say(pen, Change::Observed(Box::new(self.observed(what))))
    }

    fn say(&self, pen: &mut Pen<'_>, change: Change) -> Result<(), StoreError> {
        let revision = pen.turn.conversation(self.key)?.map_or(Revision(0), |row| row.revision).next();
        pen.record(Subject::Conversation(self.key), revision, change).map(drop)
    }

    /// Returns the conversation that this one was copied from.
    fn origin(&self) -> Option<AgentSession> {
        let id = self.told.copied_from.as_deref()?;
        Some(AgentSession { agent: Text::stored(self.told.agent.clone()), id: redact::text(id) })
    }

    fn parent(&self, pen: &mut Pen<'_>) -> Result<Option<SessionKey>, StoreError> {
        let Some(origin) = self.origin() else { return Ok(None) };
        let key = ConversationKey::of(origin.agent.as_str(), origin.id.as_str());
        Ok(pen.turn.conversation(key)?.and_then(Conversation::session))
    }

    /// Returns what it is about, as far as anybody said.
    fn description(&self) -> (String, Rank) {
        let described = self.told.title.as_ref().and_then(|(_, title)| describe::in_one_line(title)).map(|text| (text, Rank::Agent));
        let prompted = self.told.prompt.as_deref().and_then(describe::in_one_line).map(|text| (text, Rank::Prompt));
        described.or(prompted).unwrap_or_else(|| (describe::by_time(self.first.moment), Rank::Automatic))
    }

    fn open(&self, pen: &mut Pen<'_>, parent: Option<SessionKey>) -> Result<Option<Session>, StoreError> {
        let (text, rank) = self.description();
        let draft = Draft {
            prefix: Prefix::session(),
            description: Described { text: redact::text(&text), rank },
            tags: Vec::new(),
            metadata: Metadata::default(),
            worktree: self.ground.worktree.clone(),
            opener: Opener::Agent,
            owner: pen.author.owner.clone(),
            agent: Some(Text::stored(self.told.agent.clone())),
            parent,
            number: None,
            documented: &self.ground.documented,
            project: self.ground.project.as_ref(),
        };
        match draft.open(pen) {
            Ok(session) => Ok(Some(session)),
            Err(StartError::Store(error)) => Err(error),
            // There is no number or id left: the conversation is kept without a session.
            Err(_) => Ok(None),
        }
    }

    /// Records its place in the chain. What is newer keeps its head.
    fn follow(&self, pen: &mut Pen<'_>, session: &Session, heads: &mut Heads) -> Result<(), StoreError> {
        let Some(project) = session.project else { return Ok(()) };
        let worktree = session.worktree.clone().map(Scope::Worktree);
        for scope in worktree.into_iter().chain([Scope::Project]) {
            let id = session::EventId::of_decision(self.began().uuid(), &scope.to_string());
            let place = (project, scope.clone());
            if !heads.contains_key(&place) {
                let head = pen.turn.reads()?.head(project, &scope)?;
                heads.insert(place.clone(), head.map_or(i64::MIN, |head| head.when.at.moment.micros()));
            }
            let since = heads.entry(place).or_insert(i64::MIN);
            let is_newest = *since <= self.first.moment.micros();
            if is_newest {
                *since = self.first.moment.micros();
            }
            let moved = Moved {
                scope,
                new: AgentSession { agent: Text::stored(self.told.agent.clone()), id: redact::text(&self.told.id) },
                from: self.origin(),
                source: Text::stored(if self.told.copied_from.is_some() { "fork" } else { "startup" }.to_owned()),
                standing: if is_newest { Standing::Moved } else { Standing::Apart },
                session: Some(session.key),
                machine: Some(redact::text(&machine::name())),
            };
            pen.change_project(project, id, Change::Moved(Box::new(moved)))?;
        }
        Ok(())
    }

    /// Records how it ended, if it is over.
    fn finish(&self, pen: &mut Pen<'_>, session: SessionKey) -> Result<(), StoreError> {
        let Some((status, reason)) = self.end else { return Ok(()) };
        pen.at = self.last;
        let reason = Text::stored(reason.to_owned());
        self.observe(pen, Happened::Left { reason: reason.clone() })?;
        pen.change_session(session, Change::Ended(Ended { status, reason: Some(reason) })).map(drop)
    }
}
