//! Ends that nobody told of. Whoever opens the store looks for them, after everything that waits was taken in; nothing is ever killed, and
//! whatever happens later in such a session brings it back.
//!
//! | what is seen | what is concluded |
//! |---|---|
//! | a process that ran a conversation is not there any more | it is gone; its agent's session is abandoned, unless another process goes on |
//! | a process took up another conversation | it left the earlier one |
//! | the agent's own registry says that the process is in another conversation, of which its hooks were not heard | it left the one we know of |
//! | nothing was recorded for a day, and no process is known to run it | the session is abandoned, a person's too |
//!
//! Where the last word that was heard of a session is that an agent left, and what still seemed to run is gone, the agent's word stands.
//! Only the machine that ran a process can say that it is gone, and only of its own process ids.

use std::collections::BTreeMap;

use session::{
    Change, Conversation, ConversationKey, Doing, Ended, Evidence, Opener, Process, Reading, Session, SessionKey, Status, Subject, Text,
    When, elapsed_micros,
};
use store::{Durability, Reads, StoreError};

use crate::tracker::Pen;
use crate::{Clock, Tracker};

/// How long nothing must be recorded until a session counts as abandoned, in microseconds: a day.
const SILENCE_MICROS: u64 = 86_400_000_000;

/// More processes than a machine has agents.
const MOST_RUNS: usize = 4_096;

/// How many silent sessions are looked at with one command.
const MOST_SILENT: usize = 256;

/// What was found: nothing is decided yet.
#[derive(Debug, Default)]
struct Found {
    /// Processes that are gone from conversations, and how that is known.
    gone: Vec<(ConversationKey, Process, &'static str)>,
    /// Sessions in which nothing happens any more.
    silent: Vec<SessionKey>,
}

impl Tracker {
    /// Reports whether sessions have ended without anybody saying so.
    pub(crate) fn has_ends_to_infer(&self) -> Result<bool, StoreError> {
        let found = self.look_for_ends()?;
        Ok(!found.gone.is_empty() || !found.silent.is_empty())
    }

    /// Records the ends of sessions that nobody told of, and returns how many there were.
    ///
    /// # Errors
    /// When the store cannot take it.
    pub fn infer_ends(&mut self) -> Result<usize, StoreError> {
        let found = self.look_for_ends()?;
        if found.gone.is_empty() && found.silent.is_empty() {
            return Ok(0);
        }
        // The log for people tells of it, and must not tell of what a power cut takes back.
        let ended = self.write(Durability::Full, Evidence::Inferred, None, |pen| {
            let mut ended = 0;
            for (conversation, process, reason) in &found.gone {
                ended += usize::from(process_is_gone(pen, *conversation, process, reason)?);
            }
            for session in &found.silent {
                ended += usize::from(fell_silent(pen, *session)?);
            }
            Ok::<_, StoreError>(ended)
        })?;
        if ended > 0 {
            self.bring_mirror_up();
        }
        Ok(ended)
    }

    fn look_for_ends(&self) -> Result<Found, StoreError> {
        let reads = self.store.reads();
        let runs = reads.open_runs(MOST_RUNS)?;
        let mut found = Found::default();
        let mut alive: BTreeMap<Process, Vec<&Conversation>> = BTreeMap::new();
        for (process, conversation) in &runs {
            match fate(conversation, process, &*self.clock) {
                Fate::Runs => alive.entry(*process).or_default().push(conversation),
                Fate::Gone => found.gone.push((conversation.key, *process, "process gone")),
                Fate::Unknown => {}
            }
        }
        let alive_runs = alive.iter();
        found.gone.extend(alive_runs.flat_map(|(process, runs)| left_for_newer(process, runs)));
        found.gone.extend(self.moved_on(&alive)?);
        found.silent = self.silent()?;
        Ok(found)
    }

    /// Returns what the agent's registry contradicts: a process that is in another conversation than we know of.
    fn moved_on(&self, alive: &BTreeMap<Process, Vec<&Conversation>>) -> Result<Vec<(ConversationKey, Process, &'static str)>, StoreError> {
        if alive.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for entry in self.registered() {
            let Some(id) = &entry.session_id else { continue };
            let is_its = |process: &&Process| process.pid == entry.pid && entry.process_start == Some(process.started);
            let Some(process) = alive.keys().find(is_its) else { continue };
            // For a moment after its start a process may name a conversation that never will be, and for a moment after it took up another
            // one, the one before. So it is believed only of a conversation that is known, and that no hook says the process has run.
            let known = self.store.reads().conversation(ConversationKey::of(agents::claude_code::NAME, id))?;
            if known.is_none_or(|known| known.runs.contains_key(process)) {
                continue;
            }
            let others = alive[process].iter().filter(|run| run.id.as_str() != id);
            found.extend(others.map(|run| (run.key, *process, "moved on")));
        }
        Ok(found)
    }

    fn silent(&self) -> Result<Vec<SessionKey>, StoreError> {
        let now = self.now();
        let day = i64::try_from(SILENCE_MICROS).unwrap_or(i64::MAX);
        // A clock that jumped leaves times that are still to come.
        let lately = now.moment.micros().saturating_sub(day)..now.moment.micros().saturating_add(day);
        let mut silent = Vec::new();
        for session in self.store.reads().sessions_untouched(lately, MOST_SILENT)? {
            if is_silent(self.store.reads(), &session, &now, &*self.clock)? && !self.is_held(&session)? {
                silent.push(session.key);
            }
        }
        Ok(silent)
    }

    /// Reports whether the agent itself says that one of its processes is in a conversation of the session.
    fn is_held(&self, session: &Session) -> Result<bool, StoreError> {
        let conversations = self.store.reads().conversations_in(session.key)?;
        Ok(conversations.iter().any(|conversation| self.is_registered(conversation)))
    }
}

/// What became of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is there, and still the same one.
    Runs,
    /// It is not there any more.
    Gone,
    /// Nobody here can tell: it is of another machine, or has another namespace of process ids.
    Unknown,
}

/// Returns what became of a process that took up a conversation.
pub(crate) fn fate(row: &Conversation, process: &Process, clock: &dyn Clock) -> Fate {
    let is_elsewhere = row.machine_of(process).is_some_and(|machine| machine.as_str() != machine::name());
    if is_elsewhere { Fate::Unknown } else { clock.fate(process) }
}

/// Reports whether a process may be running a conversation: none of those that took it up is known to be gone or to have left it. Of one
/// whose processes nobody knows, that is so until it is left.
pub(crate) fn may_be_run(row: &Conversation, clock: &dyn Clock) -> bool {
    if row.runs.is_empty() { !row.is_left() } else { row.running().any(|process| fate(row, process, clock) != Fate::Gone) }
}

/// Returns the conversations that a process left for the one it took up last.
fn left_for_newer(process: &Process, runs: &[&Conversation]) -> Vec<(ConversationKey, Process, &'static str)> {
    let newest = taken_up_last(runs.iter().copied(), process);
    let others = runs.iter().filter(|run| newest.is_some_and(|newest| newest.key != run.key));
    others.map(|run| (run.key, *process, "newer start")).collect()
}

/// Returns the one of several conversations that a process took up last.
pub(crate) fn taken_up_last<'r>(rows: impl IntoIterator<Item = &'r Conversation>, process: &Process) -> Option<&'r Conversation> {
    rows.into_iter().reduce(|kept, next| match (kept.taken_up_by(process), next.taken_up_by(process)) {
        (Some(one), Some(other)) if one.is_before(&other) => next,
        _ => kept,
    })
}

/// Records that a process is gone, if that is still so; reports whether its session ended with it.
fn process_is_gone(pen: &mut Pen<'_>, key: ConversationKey, process: &Process, reason: &str) -> Result<bool, StoreError> {
    let reason = Text::stored(reason.to_owned());
    let Some(row) = pen.turn.conversation(key)?.cloned() else { return Ok(false) };
    if !row.running().any(|running| running == process) {
        return Ok(false);
    }
    let session = row.session().map(|key| pen.session(key)).transpose()?;
    let conversations = session.as_ref().map(|session| pen.turn.reads()?.conversations_in(session.key)).transpose()?;
    // It was there when it was last heard of, and that is all that is known.
    pen.at = row.heard_of(process).map_or(row.last.at, |when| when.at);
    pen.record(Subject::Conversation(key), row.revision.next(), Change::Gone { process: *process, reason: reason.clone() })?;
    let Some(session) = session.filter(|session| session.opener == Opener::Agent && !session.status().is_ended()) else { return Ok(false) };
    if may_go_on(pen, &session)? {
        return Ok(false);
    }
    match last_word(&conversations.unwrap_or_default()) {
        Some((_, at)) if session.lifecycle.value.is_said() && at.is_known_before(&session.lifecycle.value.since) => Ok(false),
        Some((said, at)) => complete(pen, session.key, &said, at),
        None => {
            pen.at = row.last.at;
            abandon(pen, &session, reason)
        }
    }
}

/// Returns why and when an agent left the last of these conversations, if nothing was heard afterwards of those that seem to run them.
fn last_word(conversations: &[Conversation]) -> Option<(Text, Reading)> {
    let left = conversations.iter().filter_map(left);
    let (reason, at) = left.reduce(|kept, next| if kept.1.is_known_before(&next.1) { next } else { kept })?;
    let heard = conversations.iter().flat_map(|row| row.running().filter_map(|process| row.heard_of(process)));
    let is_last = !heard.into_iter().any(|heard| at.is_known_before(&heard.at));
    is_last.then_some((reason, at))
}

/// Returns why and when a conversation was left, if that is the last that was heard of what it does.
pub(crate) fn left(row: &Conversation) -> Option<(Text, Reading)> {
    match row.doing.as_ref().map(|doing| (&doing.value, doing.when.at)) {
        Some((Doing::Left(reason), at)) => Some((reason.clone(), at)),
        _ => None,
    }
}

/// Ends a session as its agent said when it left.
pub(crate) fn complete(pen: &mut Pen<'_>, session: SessionKey, reason: &Text, at: Reading) -> Result<bool, StoreError> {
    let before = (pen.at, pen.evidence);
    (pen.at, pen.evidence) = (at, Evidence::Hook);
    pen.change_session(session, Change::Ended(Ended { status: Status::Completed, reason: Some(reason.clone()) }))?;
    (pen.at, pen.evidence) = before;
    Ok(true)
}

/// Reports whether a process may go on with a session: one runs it, or nobody here can tell.
fn may_go_on(pen: &mut Pen<'_>, session: &Session) -> Result<bool, StoreError> {
    let clock = pen.clock;
    let conversations = pen.turn.reads()?.conversations_in(session.key)?;
    Ok(conversations.iter().any(|row| row.running().any(|process| fate(row, process, clock) != Fate::Gone)))
}

/// Records that a session fell silent, if that is still so.
fn fell_silent(pen: &mut Pen<'_>, key: SessionKey) -> Result<bool, StoreError> {
    let session = pen.session(key)?;
    let (clock, now) = (pen.clock, pen.now);
    if !is_silent(pen.turn.reads()?, &session, &now, clock)? {
        return Ok(false);
    }
    let conversations = pen.turn.reads()?.conversations_in(key)?;
    let last = conversations.iter().map(|row| row.last);
    let touched = When { at: session.touched.value, stamp: session.touched.stamp };
    pen.at = last.fold(touched, |kept, next| if kept.at.moment < next.at.moment { next } else { kept }).at;
    abandon(pen, &session, Text::stored("silent for 24 h".to_owned()))
}

fn abandon(pen: &mut Pen<'_>, session: &Session, reason: Text) -> Result<bool, StoreError> {
    pen.change_session(session.key, Change::Ended(Ended { status: Status::Abandoned, reason: Some(reason) }))?;
    Ok(true)
}

/// Reports whether nothing was recorded of a session for a day and nobody is known to run it. What another script keeps is its own.
fn is_silent(reads: &dyn Reads, session: &Session, now: &Reading, clock: &dyn Clock) -> Result<bool, StoreError> {
    if session.status().is_ended() || session.original.is_some() || !is_long_ago(&session.touched.value, now) {
        return Ok(false);
    }
    let conversations = reads.conversations_in(session.key)?;
    Ok(conversations.iter().all(|row| is_long_ago(&row.last.at, now) && !is_run_by_somebody(row, clock)))
}

fn is_run_by_somebody(row: &Conversation, clock: &dyn Clock) -> bool {
    row.running().any(|process| fate(row, process, clock) == Fate::Runs)
}

/// Reports whether a time is a day ago or more; one that is a day ahead was read off a clock that was wrong.
fn is_long_ago(at: &Reading, now: &Reading) -> bool {
    elapsed_micros(at, now).max(elapsed_micros(now, at)) >= SILENCE_MICROS
}
