//! The part of the fold that is about the chain. What moved a head was decided when it was recorded; what it replaced follows from the
//! order in which things happened.

use std::collections::BTreeMap;

use crate::apply::{release, wait};
use crate::{Anomaly, Awaited, Event, EventId, Head, Moved, ProjectKey, Report, Reported, Rows, Scope, Standing, Transition, When};

/// Puts a transition into its place. It is the last, but before everything of its own boot that the boot clock puts after it: that is
/// what was heard before it and happened later.
///
/// The place depends on what was recorded earlier and on nothing else. So where something is applied that was recorded before what is there
/// already, all places are found again, in the order of recording.
pub(crate) fn moved(rows: &mut Rows, project: ProjectKey, event: &Event, moved: &Moved, is_newest: bool) -> Vec<Anomaly> {
    if rows.transitions.contains_key(&event.id) {
        return Vec::new();
    }
    let mut fresh = fresh(project, event, moved);
    if is_newest {
        fresh.seq = make_room(rows, project, &fresh.when);
        link(rows, &mut fresh);
        rows.sequence.insert((project, fresh.seq), event.id);
        rows.transitions.insert(event.id, fresh);
    } else {
        rows.transitions.insert(event.id, fresh);
        place_all(rows, project);
    }
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
    let last = sequence.clone().next().map_or(0, |((_, seq), _)| *seq);
    let held = |event: &EventId| rows.transitions.get(event).map(|held| &held.when);
    // What is of one boot stands in the order of its clock; what is of none, or of another, may stand between.
    let is_passed = |event: &EventId| when.at.boot.is_none() || held(event).is_some_and(|held| held.is_known_before(when));
    let mut later: Vec<_> = sequence.take_while(|(_, event)| !is_passed(event)).map(|(&(_, seq), &event)| (seq, event)).collect();
    let first = later.iter().rposition(|(_, event)| held(event).is_some_and(|held| when.is_known_before(held)));
    later.truncate(first.map_or(0, |first| first + 1));
    for &(seq, event) in &later {
        rows.sequence.insert((project, seq + 1), event);
        rows.transitions.entry(event).and_modify(|held| held.seq = seq + 1);
    }
    last + 1 - later.len() as u64
}

/// Finds the places of all transitions of a project again, and which head each replaced.
fn place_all(rows: &mut Rows, project: ProjectKey) {
    let mut recorded: Vec<_> =
        rows.transitions.values().filter(|held| held.project == project).map(|held| (held.when, held.event)).collect();
    recorded.sort_by_key(|(when, _)| when.stamp);
    let mut in_order: Vec<(When, EventId)> = Vec::new();
    for (when, event) in recorded {
        let place = in_order.iter().position(|(held, _)| when.is_known_before(held)).unwrap_or(in_order.len());
        in_order.insert(place, (when, event));
    }
    rows.heads.retain(|(of, _), _| *of != project);
    for (seq, (_, event)) in (1..).zip(in_order) {
        rows.sequence.insert((project, seq), event);
        let Some(held) = rows.transitions.get_mut(&event) else { continue };
        held.seq = seq;
        let key = (project, held.scope.clone());
        held.old = match held.standing {
            Standing::Apart => None,
            _ => rows.heads.get(&key).map(|head| head.agent_session.clone()),
        };
        if held.standing == Standing::Moved {
            rows.heads.insert(key, held.head());
        }
    }
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

/// Returns the heads that a project's transitions lead to.
pub fn heads_of<'t>(transitions: impl IntoIterator<Item = &'t Transition>) -> BTreeMap<Scope, Head> {
    let mut in_order: Vec<_> = transitions.into_iter().filter(|held| held.standing == Standing::Moved).collect();
    in_order.sort_by_key(|held| held.seq);
    in_order.into_iter().map(|held| (held.scope.clone(), held.head())).collect()
}
