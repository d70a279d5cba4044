//! Which session a conversation belongs to. Decided once, when an event is taken in, and recorded: a rebuild repeats the decision.
//!
//! | what is seen | what is decided |
//! |---|---|
//! | work in a conversation that belongs nowhere | [`place_conversation`]: another agent's session it descends from, else the session that a variable names, else the one a person started here, else a new one |
//! | a compaction under an id that was never seen | the session of the conversation that the process was in |
//! | work in one whose session had ended by itself; anything at all later than an end that was only concluded | the session goes on |
//! | a prompt in one whose session somebody ended | a new session, with that one as its parent |
//! | the process leaves | the session ends, if an agent opened it and no other process runs it |
//! | the first prompt, or the agent's own title | the session's description, where nobody gave one |

use agents::claude_code::CONVERSATION_VARIABLE;
use session::{
    AgentSession, Arrival, Change, Conversation, Described, Evidence, Happened, Lifecycle, Metadata, Opener, Prefix, Rank, Reading,
    Session, SessionKey, Started, Status, Subject, Text,
};
use store::{StoreError, Wanted};

use super::incoming::{Ground, Grounds, Incoming};
use super::moves;
use crate::address::{self, LISTED};
use crate::ends::{self, fate, taken_up_last};
use crate::lifecycle::Draft;
use crate::tracker::Pen;
use crate::{Clock, Fate, Purpose, StartError, describe};

/// Decides what follows from an event that was just recorded; reports whether a session changed.
///
/// Hooks that run side by side may be taken in in another order than they were called in: what the conversation does is read off its
/// row, where the clocks have put them in order, and not off the event.
pub(super) fn settle(pen: &mut Pen<'_>, incoming: &Incoming, grounds: &Grounds) -> Result<bool, StoreError> {
    let Some(row) = pen.turn.conversation(incoming.conversation)? else { return Ok(false) };
    let (session, left) = (row.session(), ends::left(row));
    // What is said of its end, or concluded, is undone by what comes afterwards.
    let mark = row.doing.as_ref().filter(|_| row.is_left()).map(|doing| doing.when.at);
    // What cannot be told apart is kept, and belongs nowhere.
    let is_named = row.id.as_str() != "unknown";
    let ground = grounds.of(incoming);
    let spawner = spawner(pen, incoming, grounds)?;
    let compacted = if session.is_none() { compacted(pen, incoming)? } else { None };
    let mut changed = match (session, ground, compacted.as_ref().and_then(Conversation::session)) {
        (None, _, Some(before)) => {
            pen.wake(before)?;
            assign(pen, incoming, Some(before))?
        }
        (None, Some(ground), _) if incoming.observed.what.is_work() && is_named => {
            place_conversation(pen, incoming, ground, grounds, spawner.as_ref())?
        }
        (None, ..) => false,
        (Some(key), ground, _) => follow(pen, incoming, key, mark, ground)?,
    };
    if is_named {
        let compacted = compacted.map(|before| before.agent_session());
        moves::follow(pen, incoming, ground, spawner.as_ref().map(|(conversation, _)| conversation), compacted)?;
    }
    if let Some(origin) = grounds.copied.get(&incoming.conversation) {
        moves::descended(pen, incoming.conversation, origin)?;
    }
    if let Some((reason, at)) = left {
        changed |= leave(pen, incoming, &reason, at)?;
    }
    Ok(title(pen, incoming)? || changed)
}

/// Returns the conversation that was compacted into this one, of which nothing was known: the process goes on under another id.
fn compacted(pen: &mut Pen<'_>, incoming: &Incoming) -> Result<Option<Conversation>, StoreError> {
    let Happened::Started(started) = &incoming.observed.what else { return Ok(None) };
    let Some(row) = pen.turn.conversation(incoming.conversation)?.cloned() else { return Ok(None) };
    if started.source.as_str() != "compact" || row.id.as_str() == "unknown" {
        return Ok(None);
    }
    moves::left_by(pen, &Arrival::of(started), &row)
}

/// Decides what an event means for the session that its conversation belongs to, if that one has ended. `mark` is when the conversation
/// was left, as far as that is the last that is known.
fn follow(
    pen: &mut Pen<'_>,
    incoming: &Incoming,
    key: SessionKey,
    mark: Option<Reading>,
    ground: Option<&Ground>,
) -> Result<bool, StoreError> {
    let Some(session) = pen.turn.session(key)? else { return Ok(false) };
    if !session.status().is_ended() {
        return Ok(false);
    }
    let lifecycle = &session.lifecycle.value;
    let (is_said, since) = (lifecycle.is_said(), lifecycle.since);
    match (&incoming.observed.what, ground) {
        // What nobody typed, and what is typed while a turn runs, is still of what went on before.
        (Happened::Prompted { is_typed: true, .. }, Some(ground)) if is_said && incoming.at.is_after_or_unknown(&since) => {
            if is_of_running_turn(pen, incoming, &since)? {
                return Ok(false);
            }
            let opened = open(pen, incoming, ground, Some(key))?;
            assign(pen, incoming, opened)
        }
        (what, _) if !is_said && goes_on(what, &incoming.at, lifecycle, mark) => {
            infer(pen, key, Change::Reopened)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Reports whether a session that ended by itself goes on with an event. Where its end was only concluded, with whatever came afterwards;
/// where its agent said so, with work that shows that it was taken up again. What was left before the end and is heard late undoes nothing.
fn goes_on(what: &Happened, at: &Reading, lifecycle: &Lifecycle, mark: Option<Reading>) -> bool {
    let is_concluded = lifecycle.evidence == Evidence::Inferred && !matches!(what, Happened::Left { .. });
    match mark {
        Some(mark) => is_concluded && at.is_after_or_unknown(&mark),
        None => what.is_work() || (is_concluded && at.is_after_or_unknown(&lifecycle.since)),
    }
}

/// Reports whether a prompt belongs to a turn that ran already when something happened: prompts typed in mid-turn have the turn's id.
fn is_of_running_turn(pen: &mut Pen<'_>, incoming: &Incoming, since: &Reading) -> Result<bool, StoreError> {
    let Some(prompt) = &incoming.observed.prompt else { return Ok(false) };
    let turns = pen.turn.reads()?.turns_of(incoming.conversation)?;
    Ok(turns.iter().any(|turn| turn.prompt == *prompt && !turn.first.at.is_after_or_unknown(since)))
}

/// A process left the conversation: an agent's session ends with it, unless another process goes on.
fn leave(pen: &mut Pen<'_>, incoming: &Incoming, reason: &Text, at: Reading) -> Result<bool, StoreError> {
    let Some(key) = pen.turn.conversation(incoming.conversation)?.and_then(Conversation::session) else { return Ok(false) };
    if pen.turn.session(key)?.is_none_or(|session| !ends_with(session, incoming, &at)) {
        return Ok(false);
    }
    let conversations = pen.turn.reads()?.conversations_in(key)?;
    // Whether another process is still there is found out by whoever looks for ends: here it would depend on when this is taken in.
    if conversations.iter().flat_map(Conversation::running).next().is_some() {
        return Ok(false);
    }
    ends::complete(pen, key, reason, at)
}

/// Reports whether a session ends with its agent, which left at some moment, as an event of that conversation tells.
fn ends_with(session: &Session, incoming: &Incoming, at: &Reading) -> bool {
    let lifecycle = &session.lifecycle.value;
    // What an agent says of its end is better known than that its process is gone.
    let is_concluded = session.status() == Status::Abandoned && lifecycle.evidence == Evidence::Inferred;
    let has_ended = session.status().is_ended() && !is_concluded;
    // What somebody took up again after the agent had left is not over for that. Where no clock knows, the agent's word came later,
    // because whoever says something takes in before what waits.
    let was_before = || match &incoming.observed.what {
        Happened::Left { .. } => at.is_known_before(&lifecycle.since),
        _ => lifecycle.since.is_after_or_unknown(at),
    };
    session.opener == Opener::Agent && !has_ended && !(lifecycle.is_said() && was_before())
}

/// Finds or opens the session that a conversation belongs to.
fn place_conversation(
    pen: &mut Pen<'_>,
    incoming: &Incoming,
    ground: &Ground,
    grounds: &Grounds,
    spawner: Option<&Spawner>,
) -> Result<bool, StoreError> {
    if let Some((_, parent)) = spawner {
        let opened = open(pen, incoming, ground, Some(*parent))?;
        return assign(pen, incoming, opened);
    }
    let Some(row) = pen.turn.conversation(incoming.conversation)?.cloned() else { return Ok(false) };
    let started = match &incoming.observed.what {
        Happened::Started(started) => Some(&**started),
        _ => None,
    };
    let arrival = row.arrival.as_ref().map(|arrival| &arrival.value);
    let before = arrival.map(|arrival| moves::left_by(pen, arrival, &row)).transpose()?.flatten();
    let before = before.and_then(|before| before.session()).map(|key| pen.session(key)).transpose()?;
    let session = match (started.map_or("", |started| started.source.as_str()), before) {
        ("fork", before) => open(pen, incoming, ground, before.map(|session| session.key))?,
        // A person's session goes on with whatever conversation its process takes up.
        (_, Some(before)) if before.opener == Opener::Person && !before.status().is_ended() => Some(before.key),
        _ => match taken_over(pen, incoming, started, ground, grounds)? {
            Some(session) => Some(session),
            None => open(pen, incoming, ground, None)?,
        },
    };
    assign(pen, incoming, session)
}

/// The agent session, and our session, of an agent that started another one from its shell.
type Spawner = (AgentSession, SessionKey);

/// Returns who started this agent from its shell, if an agent did. Asked before anything else: the shell hands its variables on.
fn spawner(pen: &mut Pen<'_>, incoming: &Incoming, grounds: &Grounds) -> Result<Option<Spawner>, StoreError> {
    let Happened::Started(started) = &incoming.observed.what else { return Ok(None) };
    let clock = pen.clock;
    let reads = pen.turn.reads()?;
    let named = |row: &Conversation| row.session().map(|session| (row.agent_session(), session));
    for ancestor in &started.ancestors {
        let runs = reads.conversations_run_by(ancestor)?;
        // The one it was in then: what it took up since may be known already.
        let was_in = |other: &&Conversation| {
            let since = other.taken_up_by(ancestor).map(|when| when.at);
            other.key != incoming.conversation
                && other.session().is_some()
                && !since.is_some_and(|since| incoming.at.is_known_before(&since))
        };
        if let Some(found) = taken_up_last(runs.iter().filter(was_in), ancestor).and_then(named) {
            return Ok(Some(found));
        }
    }
    let inherited =
        started.variables.iter().filter(|(name, value)| name.as_str() == CONVERSATION_VARIABLE && *value != incoming.observed.conversation);
    for (_, id) in inherited {
        // A terminal that was once started from an agent's shell remembers it for ever.
        let is_alive = |row: &&Conversation| was_running(row, incoming, grounds, clock);
        if let Some(found) = reads.conversations_by_id(id.as_str())?.iter().filter(is_alive).find_map(named) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Reports whether an agent ran a conversation when something else happened. What is taken in late is judged by what was heard afterwards:
/// its process may be gone by now.
fn was_running(row: &Conversation, incoming: &Incoming, grounds: &Grounds, clock: &dyn Clock) -> bool {
    let is_heard_of_later = || grounds.heard.get(&row.key).is_some_and(|last| last.is_after_or_unknown(&incoming.at));
    row.running().any(|process| fate(row, process, clock) != Fate::Gone || is_heard_of_later())
}

/// Returns the running session that a variable names, else the one that a person started in this worktree and no agent holds.
fn taken_over(
    pen: &mut Pen<'_>,
    incoming: &Incoming,
    started: Option<&Started>,
    ground: &Ground,
    grounds: &Grounds,
) -> Result<Option<SessionKey>, StoreError> {
    let Some(started) = started else { return Ok(None) };
    let clock = pen.clock;
    let reads = pen.turn.reads()?;
    for name in agents::SESSION_VARIABLES {
        let Some((_, value)) = started.variables.iter().find(|(held, _)| held.as_str() == name) else { continue };
        let project = || Ok(reads.project_at(&ground.place.project_place().to_string_lossy())?.map(|project| project.key));
        if let Ok(found) = address::find(reads, value.as_str(), project, Purpose::Writing)
            && !found.session.status().is_ended()
        {
            return Ok(Some(found.session.key));
        }
    }
    let worktree = Some(redact::text(&ground.place.worktree.to_string_lossy()).as_str().to_owned());
    let wanted = Wanted { worktree, statuses: vec![Status::Active], with_empty: true, made_current_here: true, ..Wanted::default() };
    for session in reads.sessions(&wanted, Some(LISTED))? {
        let is_held = || -> Result<bool, StoreError> {
            let conversations = reads.conversations_in(session.key)?;
            Ok(conversations.iter().any(|row| was_running(row, incoming, grounds, clock)))
        };
        if session.opener == Opener::Person && !is_held()? {
            return Ok(Some(session.key));
        }
    }
    Ok(None)
}

/// Opens a session for an agent. What hinders it but the store (no id is left, the time has no place in an id) leaves the
/// conversation without one: it is kept, and asked about again with its next event.
fn open(pen: &mut Pen<'_>, incoming: &Incoming, ground: &Ground, parent: Option<SessionKey>) -> Result<Option<SessionKey>, StoreError> {
    let draft = Draft {
        prefix: Prefix::session(),
        description: describe::from_branch(&ground.place, pen.at.moment),
        tags: Vec::new(),
        metadata: Metadata::default(),
        worktree: Some(redact::text(&ground.place.worktree.to_string_lossy())),
        opener: Opener::Agent,
        owner: pen.author.owner.clone(),
        agent: Some(incoming.observed.agent.clone()),
        parent,
        number: None,
        documented: &ground.documented,
        project: Some(&ground.project),
    };
    match draft.open(pen) {
        Ok(session) => Ok(Some(session.key)),
        Err(StartError::Store(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

fn assign(pen: &mut Pen<'_>, incoming: &Incoming, session: Option<SessionKey>) -> Result<bool, StoreError> {
    let Some(session) = session else { return Ok(false) };
    // The row was changed last by the observation itself.
    let from = pen.turn.conversation(incoming.conversation)?.map_or(session::Revision(0), |row| row.revision);
    pen.infer(|pen| pen.record(Subject::Conversation(incoming.conversation), from.next(), Change::Assigned { session, from }))?;
    Ok(true)
}

fn infer(pen: &mut Pen<'_>, session: SessionKey, change: Change) -> Result<(), StoreError> {
    pen.infer(|pen| pen.change_session(session, change)).map(drop)
}

/// Names the session after its first prompt, or as the agent named it, where nobody gave a better description.
fn title(pen: &mut Pen<'_>, incoming: &Incoming) -> Result<bool, StoreError> {
    let observed = &incoming.observed;
    let prompt = match &observed.what {
        Happened::Prompted { text: Some(text), is_typed: true } => describe::in_one_line(text.as_str()).map(|words| (words, Rank::Prompt)),
        _ => None,
    };
    let own = observed.title.as_ref().and_then(|title| describe::in_one_line(title.as_str())).map(|words| (words, Rank::Agent));
    let Some((words, rank)) = own.or(prompt) else { return Ok(false) };
    let Some(key) = pen.turn.conversation(incoming.conversation)?.and_then(|row| row.session()) else { return Ok(false) };
    let Some(session) = pen.turn.session(key)? else { return Ok(false) };
    let held = session.description.as_ref();
    let text = redact::text(&words);
    let is_better = held.is_none_or(|held| held.rank < rank || (held.rank == rank && rank == Rank::Agent && held.text != text));
    if is_better {
        infer(pen, key, Change::Described(Described { text, rank }))?;
    }
    Ok(is_better)
}
