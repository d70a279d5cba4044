//! The one function that derives rows from events.
//!
//! It is total, and independent of order: redelivered, early and interleaved events lead to the same rows, because
//! every field that can change is a register ordered by the events' own stamps, and what comes too early waits.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::observe::about_conversation;
use crate::{
    Activity, Anomaly, Awaited, Change, Described, Description, Ended, EntryCount, Event, Evidence, Lifecycle, Metadata, Moment, Opened,
    Project, ProjectFound, Reading, Register, Rows, Session, SessionKey, Stamp, Status, Subject, WorkCount, chain, record,
};

/// Applies one event to the rows it touches; `fold` does so for a whole log, in the order of `seq`.
///
/// Events arrive late, twice, or never. What does not fit becomes an [`Anomaly`]; it never stops the fold.
pub fn apply(rows: &mut Rows, event: &Event) -> Vec<Anomaly> {
    match event.about {
        Subject::Project(key) => about_project(rows, key, event),
        Subject::Session(key) => about_session(rows, key, event),
        Subject::Conversation(key) => about_conversation(rows, key, event),
        Subject::Mirror => match event.change {
            Change::LineFound { .. } => Vec::new(),
            _ => wrong_subject(event),
        },
    }
}

/// Folds a log into rows.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> (Rows, Vec<Anomaly>) {
    let mut rows = Rows::default();
    let anomalies = events.into_iter().flat_map(|event| apply(&mut rows, event)).collect();
    (rows, anomalies)
}

fn about_project(rows: &mut Rows, key: crate::ProjectKey, event: &Event) -> Vec<Anomaly> {
    if let Change::ProjectFound(found) = &event.change {
        return find_project(rows, key, event, found);
    }
    let Some(project) = rows.projects.get_mut(&key) else { return wait(rows, Awaited::Project(key), event) };
    let is_newest = event.revision > project.revision;
    project.revision = project.revision.max(event.revision);
    match &event.change {
        Change::ProjectMoved { place } => project.place.set(event.stamp(), place.clone()),
        Change::Moved(moved) => return chain::moved(rows, key, event, moved, is_newest),
        Change::Reported(reported) => return chain::reported(rows, event, reported),
        _ => return wrong_subject(event),
    }
    Vec::new()
}

fn find_project(rows: &mut Rows, key: crate::ProjectKey, event: &Event, found: &ProjectFound) -> Vec<Anomaly> {
    let fresh = Project {
        key,
        name: found.name.clone(),
        place: Register::new(event.stamp(), found.place.clone()),
        is_git: found.is_git,
        root_commit: found.root_commit.clone(),
        remote: found.remote.clone(),
        found_at: event.at.moment,
        found_by: event.stamp(),
        revision: event.revision,
    };
    match rows.projects.entry(key) {
        Entry::Vacant(vacant) => {
            vacant.insert(fresh);
            release(rows, Awaited::Project(key))
        }
        Entry::Occupied(held) if held.get().found_by == event.stamp() => Vec::new(),
        Entry::Occupied(_) => begun_twice(event, Awaited::Project(key)),
    }
}

fn about_session(rows: &mut Rows, key: SessionKey, event: &Event) -> Vec<Anomaly> {
    if let Change::Opened(opened) = &event.change {
        return open(rows, key, event, opened);
    }
    let Some(session) = rows.sessions.get_mut(&key) else {
        return wait(rows, Awaited::Session(key), event);
    };
    session.revision = session.revision.max(event.revision);
    session.touched.set(event.stamp(), touched(event));
    match &event.change {
        Change::Numbered { number } => session.number.set(event.stamp(), Some(*number)),
        Change::Described(described) => describe(session, event.stamp(), described),
        Change::Annotated { metadata } => annotate(session, event.stamp(), metadata),
        Change::Descended { parent } => session.parent.set(event.stamp(), Some(*parent)),
        Change::Tagged { tag, present } => {
            let fresh = Register::new(event.stamp(), *present);
            session.tags.entry(tag.clone()).or_insert_with(|| fresh).set(event.stamp(), *present);
        }
        Change::Ended(ended) => return end(session, event, ended),
        Change::Reopened => {
            let lifecycle = Lifecycle { status: Status::Active, since: event.at, reason: None, evidence: event.evidence };
            session.lifecycle.set(event.stamp(), lifecycle);
            session.made_current = session.made_current.max(current_from(event));
        }
        Change::MadeCurrent => session.made_current = session.made_current.max(Some(event.at.moment)),
        Change::Surveyed(survey) => return record::survey(rows, key, event, survey),
        Change::Based(baseline) => return record::base(rows, key, event, baseline),
        Change::WorkAdded(added) => return record::add_work(rows, key, event, added),
        Change::WorkMarked(marked) => return record::mark_work(rows, key, event, marked),
        Change::EntryAdded(added) => return record::add_entry(rows, key, event, added),
        Change::EntryMarked(marked) => return record::mark_entry(rows, key, event, marked),
        Change::HandedOver(_) => {}
        Change::LineFound { .. } => {}
        _ => return wrong_subject(event),
    }
    Vec::new()
}

fn open(rows: &mut Rows, key: SessionKey, event: &Event, opened: &Opened) -> Vec<Anomaly> {
    match rows.sessions.entry(key) {
        Entry::Vacant(vacant) => {
            vacant.insert(fresh_session(key, event, opened));
            release(rows, Awaited::Session(key))
        }
        Entry::Occupied(held) if held.get().opened_by == event.stamp() => Vec::new(),
        Entry::Occupied(_) => begun_twice(event, Awaited::Session(key)),
    }
}

fn fresh_session(key: SessionKey, event: &Event, opened: &Opened) -> Session {
    let stamp = event.stamp();
    let lifecycle = Lifecycle { status: Status::Active, since: event.at, reason: None, evidence: event.evidence };
    let description = opened.description.clone().map(|Described { text, rank }| Description { text, rank, stamp });
    Session {
        key,
        id: opened.id.clone(),
        number: Register::new(stamp, opened.number),
        project: opened.project,
        worktree: opened.worktree.clone(),
        opener: opened.opener,
        owner: opened.owner.clone(),
        agent: opened.agent.clone(),
        parent: Register::new(stamp, opened.parent),
        description,
        tags: opened.tags.iter().map(|tag| (tag.clone(), Register::new(stamp, true))).collect(),
        metadata: opened.metadata.clone(),
        annotated: BTreeMap::new(),
        started: event.at,
        lifecycle: Register::new(stamp, lifecycle),
        made_current: current_from(event),
        touched: Register::new(stamp, touched(event)),
        work: WorkCount::default(),
        entries: EntryCount::default(),
        surveyed: None,
        activity: Activity::default(),
        original: opened.original.clone(),
        opened_by: stamp,
        revision: event.revision,
    }
}

/// What was started or reopened here becomes current; what came in a file does not.
fn current_from(event: &Event) -> Option<Moment> {
    (event.evidence != Evidence::Import).then_some(event.at.moment)
}

/// What is dated by hand was written down later than it says.
fn touched(event: &Event) -> Reading {
    if event.at.boot.is_some() { event.at } else { Reading { moment: event.recorded_at, boot: None } }
}

/// Later values replace earlier ones of the same name, where they stand.
fn annotate(session: &mut Session, stamp: Stamp, metadata: &Metadata) {
    for (name, value) in &metadata.0 {
        let held = session.metadata.0.iter_mut().find(|(held, _)| held == name);
        let is_later = session.annotated.get(name).is_none_or(|held| *held < stamp);
        match held {
            Some(_) if !is_later => continue,
            Some((_, held)) => held.clone_from(value),
            None => session.metadata.0.push((name.clone(), value.clone())),
        }
        session.annotated.insert(name.clone(), stamp);
    }
}

fn describe(session: &mut Session, stamp: Stamp, described: &Described) {
    let held = session.description.as_ref().map(|held| (held.rank, held.stamp));
    if held.is_none_or(|held| held < (described.rank, stamp)) {
        session.description = Some(Description { text: described.text.clone(), rank: described.rank, stamp });
    }
}

fn end(session: &mut Session, event: &Event, ended: &Ended) -> Vec<Anomaly> {
    if !ended.status.is_ended() {
        return vec![Anomaly::NoEnd { event: event.id }];
    }
    let lifecycle = Lifecycle { status: ended.status, since: event.at, reason: ended.reason.clone(), evidence: event.evidence };
    session.lifecycle.set(event.stamp(), lifecycle);
    Vec::new()
}

pub(crate) fn wait(rows: &mut Rows, awaits: Awaited, event: &Event) -> Vec<Anomaly> {
    rows.waiting.entry(awaits).or_default().insert(event.id, event.clone());
    vec![Anomaly::Early { event: event.id, awaits }]
}

pub(crate) fn release(rows: &mut Rows, awaited: Awaited) -> Vec<Anomaly> {
    let waiting = rows.waiting.remove(&awaited).unwrap_or_default();
    waiting.values().flat_map(|event| apply(rows, event)).collect()
}

pub(crate) fn wrong_subject(event: &Event) -> Vec<Anomaly> {
    vec![Anomaly::WrongSubject { event: event.id }]
}

pub(crate) fn begun_twice(event: &Event, what: Awaited) -> Vec<Anomaly> {
    vec![Anomaly::BegunTwice { event: event.id, what }]
}
