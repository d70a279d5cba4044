//! Events that name no conversation: whose they are, as far as that can be told.
//!
//! Asked in this order: the agent's process; the only agent at work in the worktree that it could be of; the marker of the project, where no
//! agent at work there is one that it could be of. What another process says is never taken for an agent's whose process is known, and a number
//! that processes of two containers have tells nothing. What cannot be told is kept without a session, and what was concluded says so.

use std::collections::BTreeMap;

use session::{Conversation, ConversationKey, Process, Status};
use store::{StoreError, Wanted};

use super::incoming::{Grounds, Incoming};
use crate::address::LISTED;
use crate::ends::taken_up_last;
use crate::tracker::Pen;

/// Returns an event without an id as one of the conversation it must be of, if that can be told.
pub(super) fn told_apart(pen: &mut Pen<'_>, incoming: &Incoming, grounds: &Grounds) -> Result<Option<Incoming>, StoreError> {
    match &by_process(pen, incoming)?[..] {
        [] => {}
        [row] => return Ok(Some(incoming.of(row))),
        // One of them said it, and nothing tells which.
        _ => return Ok(None),
    }
    let at_work = at_work_here(pen, incoming, grounds)?;
    let mut possible = at_work.iter().filter(|row| may_be_of(row, incoming));
    match (possible.next(), possible.next()) {
        (Some(row), None) => Ok(Some(incoming.of(row))),
        (Some(_), Some(_)) => Ok(None),
        (None, _) => by_marker(pen, incoming, grounds),
    }
}

/// Returns the conversations that processes with the number and the boot of an event are in, one for each process: containers share a boot,
/// and number their processes each for itself.
fn by_process(pen: &mut Pen<'_>, incoming: &Incoming) -> Result<Vec<Conversation>, StoreError> {
    let Some(pid) = incoming.observed.pid else { return Ok(Vec::new()) };
    let boot = incoming.at.boot.map(|boot| boot.id);
    let runs = pen.turn.reads()?.conversations_run_by_number(pid)?;
    let mut fitting: BTreeMap<Process, Vec<&Conversation>> = BTreeMap::new();
    for row in &runs {
        for process in row.running().filter(|process| process.pid == pid && Some(process.boot) == boot) {
            fitting.entry(*process).or_default().push(row);
        }
    }
    Ok(fitting.into_iter().filter_map(|(process, rows)| taken_up_last(rows, &process).cloned()).collect())
}

/// Returns the conversations of this agent that are going on in the worktree where it happened.
fn at_work_here(pen: &mut Pen<'_>, incoming: &Incoming, grounds: &Grounds) -> Result<Vec<Conversation>, StoreError> {
    let Some(ground) = grounds.of(incoming) else { return Ok(Vec::new()) };
    let worktree = Some(redact::text(&ground.place.worktree.to_string_lossy()).as_str().to_owned());
    let wanted = Wanted { worktree, statuses: vec![Status::Active], with_empty: true, ..Wanted::default() };
    let reads = pen.turn.reads()?;
    let mut found = Vec::new();
    for session in reads.sessions(&wanted, Some(LISTED))? {
        let goes_on = |row: &Conversation| row.agent == incoming.observed.agent && !row.is_left();
        found.extend(reads.conversations_in(session.key)?.into_iter().filter(goes_on));
    }
    Ok(found)
}

/// Reports whether nothing contradicts that an event is of a conversation: where its process is known, another one's events are not.
fn may_be_of(row: &Conversation, incoming: &Incoming) -> bool {
    incoming.observed.pid.is_none() || row.runs.is_empty()
}

fn by_marker(pen: &mut Pen<'_>, incoming: &Incoming, grounds: &Grounds) -> Result<Option<Incoming>, StoreError> {
    let marker = incoming.directory().and_then(|directory| grounds.marked.get(directory));
    // What was written down afterwards says nothing of what was before.
    let Some(marker) = marker.filter(|marker| marker.at.timestamp() <= incoming.at.moment.timestamp()) else { return Ok(None) };
    let id = redact::text(&marker.session_id);
    let key = ConversationKey::of(incoming.observed.agent.as_str(), id.as_str());
    let is_possible = pen.turn.conversation(key)?.is_none_or(|row| may_be_of(row, incoming));
    Ok(is_possible.then(|| incoming.named(id)))
}
