//! The part of the fold that is about the chain. What moved a head was decided when it was recorded; what it replaced follows from the
//! order in which things happened.

use std::collections::BTreeMap;

use crate::apply::{release, wait};
use crate::{Anomaly, Awaited, Event, EventId, Head, Moved, ProjectKey, Report, Reported, Rows, Scope, Standing, Transition, When};

/// Puts a transition into its place.
pub(crate) fn moved(rows: &mut Rows, project: ProjectKey, event: &Event, moved: &Moved) -> Vec<Anomaly> {
    if rows.transitions.contains_key(&event.id) {
        return Vec::new();
    }
    let mut fresh = fresh(project, event, moved);
    fresh.seq = make_room(rows, project, &fresh.when);
    link(rows, &mut fresh);
    rows.sequence.insert((project, fresh.seq), event.id);
    rows.transitions.insert(event.id, fresh);
    release(rows, Awaited::Transition(event.id))
}

/// Adds a report to a transition.
pub(crate) fn reported(rows: &mut Rows, event: &Event, reported: &Reported) -> Vec<Anomaly> {
    match rows.transitions.get_mut(&reported.transition) {
        Some(transition) => transition.report(event, reported),
        None => return wait(rows, Awaited::Transition(reported.transition), event),
    }
    Vec::new()
}

fn fresh(project: ProjectKey, event: &Event, moved: &Moved) -> Transition {
    let Moved { scope, new, from, source, standing, session, machine } = moved.clone();
    let report = Report { source, from, evidence: event.evidence, stamp: event.stamp() };
    let reports = BTreeMap::from([(event.id, report)]);
    Transition { event: event.id, project, seq: 0, scope, old: None, new, standing, session, machine, when: When::of(event), reports }
}

/// Moves everything that happened later one place on, and returns the place that is free then. Nearly always it is the last.
fn make_room(rows: &mut Rows, project: ProjectKey, when: &When) -> u64 {
    let sequence = rows.sequence.range((project, 0)..=(project, u64::MAX)).rev();
    let is_later = |event: &EventId| rows.transitions.get(event).is_some_and(|held| when.is_before(&held.when));
    let last = sequence.clone().next().map_or(0, |((_, seq), _)| *seq);
    let later: Vec<_> = sequence.take_while(|(_, event)| is_later(event)).map(|(&(_, seq), &event)| (seq, event)).collect();
    for &(seq, event) in &later {
        rows.sequence.insert((project, seq + 1), event);
        rows.transitions.entry(event).and_modify(|held| held.seq = seq + 1);
    }
    last + 1 - later.len() as u64
}

/// Finds out which head it replaced, and tells whoever found or replaced it in turn.
fn link(rows: &mut Rows, fresh: &mut Transition) {
    let key = (fresh.project, fresh.scope.clone());
    let later = rows.sequence.range((fresh.project, fresh.seq + 1)..=(fresh.project, u64::MAX)).map(|(_, event)| *event);
    let mut followers = Vec::new();
    let mut is_replaced = false;
    for event in later {
        let Some(held) = rows.transitions.get(&event).filter(|held| held.scope == key.1 && held.standing != Standing::Apart) else {
            continue;
        };
        followers.push(event);
        is_replaced = held.standing == Standing::Moved;
        if is_replaced {
            break;
        }
    }
    let found = followers.last().filter(|_| is_replaced).and_then(|event| rows.transitions.get(event));
    fresh.old = match (fresh.standing, found) {
        // What replaces no head names none.
        (Standing::Apart, _) => None,
        (_, Some(successor)) => successor.old.clone(),
        (_, None) => rows.heads.get(&key).map(|head| head.agent_session.clone()),
    };
    if fresh.standing != Standing::Moved {
        return;
    }
    for event in followers {
        rows.transitions.entry(event).and_modify(|held| held.old = Some(fresh.new.clone()));
    }
    if !is_replaced {
        rows.heads.insert(key, fresh.head());
    }
}

/// Returns the heads that a project's transitions lead to, and what is wrong with those that are held.
pub fn heads_of<'t>(transitions: impl IntoIterator<Item = &'t Transition>) -> BTreeMap<Scope, Head> {
    let mut in_order: Vec<_> = transitions.into_iter().filter(|held| held.standing == Standing::Moved).collect();
    in_order.sort_by_key(|held| held.seq);
    in_order.into_iter().map(|held| (held.scope.clone(), held.head())).collect()
}
