//! The end of a project's chain, where new transitions find their place.

use std::collections::BTreeSet;

use session::{EventId, Moved, ProjectKey, Rows, Scope, Transition, When};

use crate::loaded::Tables;

/// What of the chain a turn has loaded.
#[derive(Default)]
pub(crate) struct LoadedChain {
    transitions: BTreeSet<EventId>,
    heads: BTreeSet<(ProjectKey, Scope)>,
}

impl LoadedChain {
    /// Loads what a new transition needs to find its place: the head, and everything behind the place. Where something was recorded later,
    /// that is the whole chain.
    pub(crate) fn load_for_moved<T: Tables>(
        &mut self,
        tables: &T,
        rows: &mut Rows,
        project: ProjectKey,
        moved: &Moved,
        when: &When,
    ) -> Result<(), T::Error> {
        let key = (project, moved.scope.clone());
        if self.heads.insert(key.clone()) {
            rows.heads.extend(tables.head(project, &moved.scope)?.map(|head| (key, head)));
        }
        if rows.projects.get(&project).is_some_and(|project| when.stamp.revision <= project.revision) {
            return self.load_all(tables, rows, project);
        }
        let mut first = rows.sequence.range((project, 0)..=(project, u64::MAX)).next().map(|((_, seq), _)| *seq);
        let held = rows.sequence.range((project, 0)..=(project, u64::MAX)).rev();
        let mut held = held.filter_map(|(_, event)| rows.transitions.get(event)).map(|held| &held.when);
        let is_far_enough = |held: &When| when.at.boot.is_none() || held.is_known_before(when);
        let mut reaches = held.any(is_far_enough);
        let (mut found, mut needed) = (Vec::new(), usize::from(first.is_none()));
        while !reaches && let Some(transition) = tables.last_transition_before(project, first)? {
            first = Some(transition.seq);
            reaches = is_far_enough(&transition.when);
            needed = if when.is_known_before(&transition.when) { found.len() + 1 } else { needed };
            found.push(transition);
        }
        found.into_iter().take(needed).for_each(|transition| self.hold_in_place(rows, transition));
        Ok(())
    }

    fn load_all<T: Tables>(&mut self, tables: &T, rows: &mut Rows, project: ProjectKey) -> Result<(), T::Error> {
        let mut first = rows.sequence.range((project, 0)..=(project, u64::MAX)).next().map(|((_, seq), _)| *seq);
        while let Some(transition) = tables.last_transition_before(project, first)? {
            first = Some(transition.seq);
            self.heads.insert((project, transition.scope.clone()));
            self.hold_in_place(rows, transition);
        }
        Ok(())
    }

    fn hold_in_place(&mut self, rows: &mut Rows, transition: Transition) {
        rows.sequence.insert((transition.project, transition.seq), transition.event);
        self.hold(rows, transition);
    }

    /// Loads a transition.
    pub(crate) fn load<T: Tables>(&mut self, tables: &T, rows: &mut Rows, event: EventId) -> Result<(), T::Error> {
        if !rows.transitions.contains_key(&event) {
            tables.transition(event)?.into_iter().for_each(|transition| self.hold(rows, transition));
        }
        Ok(())
    }

    /// Notes that a transition is about to be made.
    pub(crate) fn expect(&mut self, event: EventId) {
        self.transitions.insert(event);
    }

    fn hold(&mut self, rows: &mut Rows, transition: Transition) {
        self.transitions.insert(transition.event);
        rows.transitions.entry(transition.event).or_insert(transition);
    }

    /// Writes what was loaded or made.
    pub(crate) fn flush<T: Tables>(self, tables: &T, rows: &Rows) -> Result<(), T::Error> {
        let mut transitions = self.transitions.iter().filter_map(|event| rows.transitions.get(event));
        transitions.try_for_each(|transition| tables.save_transition(transition))?;
        let mut heads = self.heads.iter().filter_map(|key| rows.heads.get(key));
        heads.try_for_each(|head| tables.save_head(head))
    }
}
