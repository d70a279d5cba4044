//! Rows of the chain, to columns and back: transitions, heads, and the end of a project's sequence, where new ones find their place.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use session::{EventId, Head, Moved, ProjectKey, Rows, Scope, Transition, When};

use crate::sqlite::rows::{first_column, json};

/// What of the chain a turn has loaded.
#[derive(Default)]
pub(crate) struct LoadedChain {
    transitions: BTreeSet<EventId>,
    heads: BTreeSet<(ProjectKey, Scope)>,
}

impl LoadedChain {
    /// Loads what a new transition needs to find its place: the head, and everything behind the place. Where something was recorded later,
    /// that is the whole chain.
    pub(crate) fn load_for_moved(
        &mut self,
        connection: &Connection,
        rows: &mut Rows,
        project: ProjectKey,
        moved: &Moved,
        when: &When,
    ) -> rusqlite::Result<()> {
        let key = (project, moved.scope.clone());
        if self.heads.insert(key.clone()) {
            rows.heads.extend(head(connection, project, &moved.scope)?.map(|head| (key, head)));
        }
        if rows.projects.get(&project).is_some_and(|project| when.stamp.revision <= project.revision) {
            return self.load_all(connection, rows, project);
        }
        let mut first = rows.sequence.range((project, 0)..=(project, u64::MAX)).next().map(|((_, seq), _)| *seq);
        let held = rows.sequence.range((project, 0)..=(project, u64::MAX)).rev();
        let mut held = held.filter_map(|(_, event)| rows.transitions.get(event)).map(|held| &held.when);
        let is_far_enough = |held: &When| when.at.boot.is_none() || held.is_known_before(when);
        let mut reaches = held.any(is_far_enough);
        let (mut found, mut needed) = (Vec::new(), usize::from(first.is_none()));
        while !reaches && let Some(transition) = last_before(connection, project, first)? {
            first = Some(transition.seq);
            reaches = is_far_enough(&transition.when);
            needed = if when.is_known_before(&transition.when) { found.len() + 1 } else { needed };
            found.push(transition);
        }
        found.into_iter().take(needed).for_each(|transition| self.hold_in_place(rows, transition));
        Ok(())
    }

    fn load_all(&mut self, connection: &Connection, rows: &mut Rows, project: ProjectKey) -> rusqlite::Result<()> {
        let mut first = rows.sequence.range((project, 0)..=(project, u64::MAX)).next().map(|((_, seq), _)| *seq);
        while let Some(transition) = last_before(connection, project, first)? {
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
    pub(crate) fn load(&mut self, connection: &Connection, rows: &mut Rows, event: EventId) -> rusqlite::Result<()> {
        if !rows.transitions.contains_key(&event) {
            let held = connection
                .prepare_cached("SELECT row FROM transitions WHERE event = ?1")?
                .query_row([event.uuid().as_bytes()], first_column)
                .optional()?;
            held.into_iter().for_each(|transition| self.hold(rows, transition));
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
    pub(crate) fn flush(self, connection: &Connection, rows: &Rows) -> rusqlite::Result<()> {
        let mut transitions = self.transitions.iter().filter_map(|event| rows.transitions.get(event));
        transitions.try_for_each(|transition| save_transition(connection, transition))?;
        let mut heads = self.heads.iter().filter_map(|key| rows.heads.get(key));
        heads.try_for_each(|head| save_head(connection, head))
    }
}

fn last_before(connection: &Connection, project: ProjectKey, seq: Option<u64>) -> rusqlite::Result<Option<Transition>> {
    let before = seq.map_or(i64::MAX, u64::cast_signed);
    connection
        .prepare_cached("SELECT row FROM transitions WHERE project = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT 1")?
        .query_row(params![project.uuid().as_bytes(), before], first_column)
        .optional()
}

pub(crate) fn head(connection: &Connection, project: ProjectKey, scope: &Scope) -> rusqlite::Result<Option<Head>> {
    connection
        .prepare_cached("SELECT row FROM heads WHERE project = ?1 AND scope = ?2")?
        .query_row(params![project.uuid().as_bytes(), scope.to_string()], first_column)
        .optional()
}

fn save_transition(connection: &Connection, row: &Transition) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO transitions (event, project, seq, new, session, row) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (event) DO UPDATE SET seq = excluded.seq, row = excluded.row",
        )?
        .execute(params![
            row.event.uuid().as_bytes(),
            row.project.uuid().as_bytes(),
            row.seq.cast_signed(),
            row.new.id.as_str(),
            row.session.map(|key| key.uuid().into_bytes()),
            json(row)?,
        ])
        .map(drop)
}

fn save_head(connection: &Connection, row: &Head) -> rusqlite::Result<()> {
    let (agent, id) = (row.agent_session.agent.as_str(), row.agent_session.id.as_str());
    connection
        .prepare_cached(
            "INSERT INTO heads (project, scope, agent, agent_session, row) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (project, scope) DO UPDATE SET agent = excluded.agent, agent_session = excluded.agent_session, row = excluded.row",
        )?
        .execute(params![row.project.uuid().as_bytes(), row.scope.to_string(), agent, id, json(row)?])
        .map(drop)
}
