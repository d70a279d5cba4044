//! What hooks tell of the chain: which agent session follows which, and whether that moves a head. Decided when an event is taken in, once
//! for each time a conversation is taken up.
//!
//! | what is seen | what is recorded |
//! |---|---|
//! | `startup`, `clear` | nothing yet: before the first prompt there is nothing to resume |
//! | the first prompt after it | `startup`, from nothing; `clear`, from the conversation that was cleared |
//! | `resume`, `compact` | at once, from itself; a compaction under an id that was never seen, from the conversation that was compacted |
//! | `fork` | at once, from the conversation that its process left for it; else from the one its transcript was copied from, once that is known |
//! | a start below another agent | `subagent`, from that agent's conversation; no head moves |
//! | a sub-agent | `subagent`, from its conversation; no head moves |

use session::{
    AgentSession, Arrival, Change, Conversation, ConversationKey, EventId, Evidence, Happened, Moved, ProjectKey, Reading, Reported, Scope,
    SessionKey, Standing, Text, Transition, When,
};
use store::StoreError;

use super::incoming::{Ground, Incoming};
use crate::ends::taken_up_last;
use crate::tracker::Pen;

/// A conversation that follows another one, without what differs between scopes.
struct Follows {
    /// Why it is recorded: what was decided because of the same is the same decision.
    because: session::Uuid,
    project: ProjectKey,
    worktree: Option<Text>,
    new: AgentSession,
    from: Option<AgentSession>,
    source: Text,
    session: SessionKey,
    machine: Option<Text>,
    at: Reading,
}

/// Records what an event means for the chain. `spawner` is the agent session of the agent that started this one from its shell,
/// `compacted` the one that was compacted into this one, if that has another id.
pub(super) fn follow(
    pen: &mut Pen<'_>,
    incoming: &Incoming,
    ground: Option<&Ground>,
    spawner: Option<&AgentSession>,
    compacted: Option<AgentSession>,
) -> Result<(), StoreError> {
    match &incoming.observed.what {
        Happened::Started(started) => {
            let source = started.source.as_str();
            match spawner {
                Some(spawner) => taken_up(pen, incoming, ground, Some(spawner), compacted),
                None if is_fresh(source) => Ok(()),
                None => taken_up(pen, incoming, ground, None, compacted),
            }
        }
        Happened::Prompted { .. } if incoming.observed.subagent.is_none() => {
            let row = pen.turn.conversation(incoming.conversation)?;
            let is_due = row.and_then(|row| row.arrival.as_ref()).is_none_or(|arrival| is_fresh(arrival.value.source.as_str()));
            if is_due { taken_up(pen, incoming, ground, None, None) } else { Ok(()) }
        }
        Happened::SubagentBegan { .. } => subagent(pen, incoming),
        _ => Ok(()),
    }
}

/// Reports whether a conversation that is taken up so has nothing yet that could be resumed.
fn is_fresh(source: &str) -> bool {
    matches!(source, "startup" | "clear")
}

/// A conversation was taken up, and counts from now on.
fn taken_up(
    pen: &mut Pen<'_>,
    incoming: &Incoming,
    ground: Option<&Ground>,
    spawner: Option<&AgentSession>,
    compacted: Option<AgentSession>,
) -> Result<(), StoreError> {
    let Some(row) = pen.turn.conversation(incoming.conversation)?.cloned() else { return Ok(()) };
    let (because, arrival) = arrival_of(incoming, &row);
    if pen.turn.has_event(decision(because, &Scope::Project))? {
        return Ok(());
    }
    let Some(mut follows) = follows(pen, incoming, &row, because, arrival.as_ref(), ground)? else { return Ok(()) };
    follows.from = compacted.or(follows.from);
    if let Some(spawner) = spawner {
        if is_fresh(follows.source.as_str()) || follows.source.as_str() == "fork" {
            (follows.source, follows.from) = (Text::stored("subagent".to_owned()), Some(spawner.clone()));
        }
        return record(pen, &follows, Scope::Project, Standing::Apart);
    }
    // Who was at work before hooks were there told nobody how it began.
    let evidence = pen.evidence;
    pen.evidence = if arrival.is_some() { evidence } else { Evidence::Inferred };
    let scopes = follows.worktree.clone().map(Scope::Worktree).into_iter().chain([Scope::Project]);
    let done = scopes.into_iter().try_for_each(|scope| match reported_before(pen, &follows, &scope)? {
        Some(transition) => report(pen, &transition, &follows, &scope),
        None => record(pen, &follows, scope, Standing::Moved),
    });
    pen.evidence = evidence;
    done
}

/// Returns how the conversation was taken up, and what says so: the event itself, else the last that did.
fn arrival_of(incoming: &Incoming, row: &Conversation) -> (session::Uuid, Option<Arrival>) {
    match (&incoming.observed.what, &row.arrival) {
        (Happened::Started(started), _) => (incoming.id.uuid(), Some(Arrival::of(started))),
        (_, Some(arrival)) => (arrival.when.stamp.event.uuid(), Some(arrival.value.clone())),
        (_, None) => (row.key.uuid(), None),
    }
}

fn follows(
    pen: &mut Pen<'_>,
    incoming: &Incoming,
    row: &Conversation,
    because: session::Uuid,
    arrival: Option<&Arrival>,
    ground: Option<&Ground>,
) -> Result<Option<Follows>, StoreError> {
    let Some(session) = row.session().map(|key| pen.turn.session(key)).transpose()?.flatten().cloned() else { return Ok(None) };
    let Some(project) = session.project else { return Ok(None) };
    let source = arrival.map_or("startup", |arrival| arrival.source.as_str()).to_owned();
    let from = match source.as_str() {
        "startup" => None,
        "resume" | "compact" => Some(row.agent_session()),
        _ => arrival.map(|arrival| left_by(pen, arrival, row)).transpose()?.flatten().map(|before| before.agent_session()),
    };
    let is_here = ground.is_some_and(|ground| ground.is_in(project));
    let here = ground.filter(|_| is_here).map(|ground| redact::text(&ground.place.worktree.to_string_lossy()));
    Ok(Some(Follows {
        because,
        project,
        worktree: here.or_else(|| session.worktree.clone()),
        new: row.agent_session(),
        from,
        source: Text::stored(source),
        session: session.key,
        machine: arrival.and_then(|arrival| arrival.machine.clone()),
        at: incoming.at,
    }))
}

/// Returns the conversation that the process had taken up before this one.
pub(super) fn left_by(pen: &mut Pen<'_>, arrival: &Arrival, row: &Conversation) -> Result<Option<Conversation>, StoreError> {
    let Some(process) = arrival.process else { return Ok(None) };
    let Some(now) = row.taken_up_by(&process) else { return Ok(None) };
    let others = pen.turn.reads()?.conversations_run_by(&process)?;
    let is_before = |other: &&Conversation| other.key != row.key && other.taken_up_by(&process).is_some_and(|when| when.is_before(&now));
    Ok(taken_up_last(others.iter().filter(is_before), &process).cloned())
}

/// Returns the transition by which somebody else has said the same before the hook was heard.
fn reported_before(pen: &mut Pen<'_>, follows: &Follows, scope: &Scope) -> Result<Option<Transition>, StoreError> {
    let reads = pen.turn.reads()?;
    let mut known = reads.transitions_to(follows.new.id.as_str())?;
    known.retain(|held| held.project == follows.project && held.scope == *scope && held.new == follows.new);
    known.retain(|held| held.standing == Standing::Moved);
    known.sort_by_key(|held| held.seq);
    // Nothing that is recorded now was recorded before anything; only the boot clock can say that it happened before.
    let revision = reads.project(follows.project)?.map_or(session::Revision(0), |project| project.revision).next();
    let stamp = session::Stamp { revision, event: decision(follows.because, scope) };
    let when = When { at: follows.at, stamp };
    let goes_on = follows.from.as_ref() == Some(&follows.new);
    let is_it = |(place, held): &(usize, &Transition)| {
        let is_by_hook = held.reports.values().any(|report| report.evidence == Evidence::Hook);
        // Whoever names no origin of what was there before may have taken it up again.
        let is_same_kind = held.is_from_itself() == goes_on || (goes_on && *place > 0 && held.from().is_none());
        !is_by_hook && is_same_kind && (is_fresh(follows.source.as_str()) || when.is_before(&held.when))
    };
    Ok(known.iter().enumerate().find(is_it).map(|(_, held)| held.clone()))
}

fn report(pen: &mut Pen<'_>, transition: &Transition, follows: &Follows, scope: &Scope) -> Result<(), StoreError> {
    let reported = Reported { transition: transition.event, source: follows.source.clone(), from: follows.from.clone() };
    append(pen, follows.project, decision(follows.because, scope), Change::Reported(Box::new(reported)))
}

fn record(pen: &mut Pen<'_>, follows: &Follows, scope: Scope, standing: Standing) -> Result<(), StoreError> {
    let id = decision(follows.because, &scope);
    let moved = Moved {
        scope,
        new: follows.new.clone(),
        from: follows.from.clone(),
        source: follows.source.clone(),
        standing,
        session: Some(follows.session),
        machine: follows.machine.clone(),
    };
    append(pen, follows.project, id, Change::Moved(Box::new(moved)))
}

fn append(pen: &mut Pen<'_>, project: ProjectKey, id: EventId, change: Change) -> Result<(), StoreError> {
    pen.change_project(project, id, change).map(drop)
}

fn decision(because: session::Uuid, scope: &Scope) -> EventId {
    EventId::of_decision(because, &scope.to_string())
}

/// A sub-agent began: it has an id of the agent's, but can never be resumed by itself.
fn subagent(pen: &mut Pen<'_>, incoming: &Incoming) -> Result<(), StoreError> {
    let Some(row) = pen.turn.conversation(incoming.conversation)?.cloned() else { return Ok(()) };
    let Some(id) = incoming.observed.subagent.clone() else { return Ok(()) };
    let Some(follows) = follows(pen, incoming, &row, incoming.id.uuid(), None, None)? else { return Ok(()) };
    let new = AgentSession { agent: row.agent.clone(), id };
    let follows = Follows { new, from: Some(row.agent_session()), source: Text::stored("subagent".to_owned()), ..follows };
    record(pen, &follows, Scope::Project, Standing::Apart)
}

/// It was found out from which conversation another one was copied: transitions and sessions that did not know now do.
pub(super) fn descended(pen: &mut Pen<'_>, key: ConversationKey, from: &AgentSession) -> Result<(), StoreError> {
    let Some(row) = pen.turn.conversation(key)?.cloned() else { return Ok(()) };
    let evidence = std::mem::replace(&mut pen.evidence, Evidence::Transcript);
    for transition in pen.turn.reads()?.transitions_to(row.id.as_str())? {
        let id = EventId::of_decision(transition.event.uuid(), "descent");
        if transition.source() != "fork" || transition.from().is_some() || pen.turn.has_event(id)? {
            continue;
        }
        let source = Text::stored("fork".to_owned());
        let reported = Reported { transition: transition.event, source, from: Some(from.clone()) };
        append(pen, transition.project, id, Change::Reported(Box::new(reported)))?;
    }
    let parent = pen.turn.conversation(ConversationKey::of(from.agent.as_str(), from.id.as_str()))?.and_then(Conversation::session);
    if let (Some(session), Some(parent)) = (row.session(), parent)
        && session != parent
        && pen.session(session)?.parent.value.is_none()
    {
        pen.change_session(session, Change::Descended { parent })?;
    }
    pen.evidence = evidence;
    Ok(())
}
