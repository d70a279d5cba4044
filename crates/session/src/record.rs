//! The part of `apply` about what is written down in a session: work items, entries, and what the session left behind.

use std::collections::btree_map::Entry as Place;

use crate::apply::{begun_twice, release, wait, wrong_subject};
use crate::{
    Anomaly, Awaited, Baseline, Entry, EntryAdded, EntryMarked, EntryStanding, Event, Footprint, Register, Rows, SessionKey, Survey,
    WorkAdded, WorkItem, WorkMarked, WorkStatus,
};

pub(crate) fn add_work(rows: &mut Rows, session: SessionKey, event: &Event, added: &WorkAdded) -> Vec<Anomaly> {
    let stamp = event.stamp();
    let fresh = WorkItem {
        key: added.key,
        id: added.id.clone(),
        session,
        prefix: added.prefix.clone(),
        description: added.description.clone(),
        metadata: added.metadata.clone(),
        started: event.at,
        added_by: stamp,
        status: Register::new(stamp, (WorkStatus::in_progress(), None)),
    };
    match rows.work_items.entry(added.key) {
        Place::Vacant(vacant) => {
            vacant.insert(fresh);
            count(rows, session, &WorkStatus::in_progress(), true);
            release(rows, Awaited::Work(added.key))
        }
        Place::Occupied(held) if held.get().added_by == stamp => Vec::new(),
        Place::Occupied(_) => begun_twice(event, Awaited::Work(added.key)),
    }
}

pub(crate) fn mark_work(rows: &mut Rows, session: SessionKey, event: &Event, marked: &WorkMarked) -> Vec<Anomaly> {
    let Some(item) = rows.work_items.get_mut(&marked.key) else {
        return wait(rows, Awaited::Work(marked.key), event);
    };
    if item.session != session {
        return wrong_subject(event);
    }
    let was = item.status.value.0.clone();
    item.status.set(event.stamp(), (marked.status.clone(), Some(event.at)));
    let now = item.status.value.0.clone();
    count(rows, session, &was, false);
    count(rows, session, &now, true);
    Vec::new()
}

/// Counts a work item of the session in (`more`) or out.
fn count(rows: &mut Rows, session: SessionKey, status: &WorkStatus, more: bool) {
    let Some(session) = rows.sessions.get_mut(&session) else { return };
    let step = |number: &mut u32, counts: bool| match (counts, more) {
        (false, _) => {}
        (true, true) => *number = number.saturating_add(1),
        (true, false) => *number = number.saturating_sub(1),
    };
    step(&mut session.work.total, true);
    step(&mut session.work.completed, status.is_completed());
    step(&mut session.work.in_progress, status.is_in_progress());
}

pub(crate) fn add_entry(rows: &mut Rows, session: SessionKey, event: &Event, added: &EntryAdded) -> Vec<Anomaly> {
    let stamp = event.stamp();
    let fresh = Entry {
        key: added.key,
        id: added.id.clone(),
        session,
        text: added.text.clone(),
        what: added.what.clone(),
        replaces: added.replaces,
        at: event.at,
        written_at: event.recorded_at,
        author: event.by.owner.clone(),
        added_by: stamp,
        standing: Register::new(stamp, EntryStanding::default()),
    };
    match rows.entries.entry(added.key) {
        Place::Vacant(vacant) => {
            vacant.insert(fresh);
            if let (None, Some(session)) = (added.replaces, rows.sessions.get_mut(&session)) {
                let count = session.entries.of_kind(added.what.kind());
                *count = count.saturating_add(1);
            }
            release(rows, Awaited::Entry(added.key))
        }
        Place::Occupied(held) if held.get().added_by == stamp => Vec::new(),
        Place::Occupied(_) => begun_twice(event, Awaited::Entry(added.key)),
    }
}

pub(crate) fn mark_entry(rows: &mut Rows, session: SessionKey, event: &Event, marked: &EntryMarked) -> Vec<Anomaly> {
    let Some(entry) = rows.entries.get_mut(&marked.key) else {
        return wait(rows, Awaited::Entry(marked.key), event);
    };
    if entry.session != session {
        return wrong_subject(event);
    }
    let standing = EntryStanding { is_open: marked.is_open, since: Some(event.at), text: marked.text.clone(), session: marked.session };
    entry.standing.set(event.stamp(), standing);
    Vec::new()
}

/// The first baseline counts, whenever it comes: later ones are of a session that went on already.
pub(crate) fn base(rows: &mut Rows, session: SessionKey, event: &Event, baseline: &Baseline) -> Vec<Anomaly> {
    let fresh = Register::new(event.stamp(), baseline.clone());
    let held = &mut footprint(rows, session).baseline;
    if held.as_ref().is_none_or(|held| event.stamp() < held.stamp) {
        *held = Some(fresh);
    }
    Vec::new()
}

pub(crate) fn survey(rows: &mut Rows, session: SessionKey, event: &Event, survey: &Survey) -> Vec<Anomaly> {
    let stamp = event.stamp();
    let held = &mut footprint(rows, session).survey;
    if held.as_ref().is_none_or(|held| held.stamp < stamp) {
        *held = Some(Register::new(stamp, survey.clone()));
    }
    if let Some(row) = rows.sessions.get_mut(&session) {
        row.surveyed = row.surveyed.max(Some(stamp));
    }
    Vec::new()
}

fn footprint(rows: &mut Rows, session: SessionKey) -> &mut Footprint {
    rows.footprints.entry(session).or_insert_with(|| Footprint { session, baseline: None, survey: None })
}
