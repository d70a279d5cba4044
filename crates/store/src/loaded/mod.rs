//! What one turn has loaded of all rows, whatever they are kept in: which rows applying an event reads, and which it changes.

mod chain;

use std::collections::{BTreeMap, BTreeSet};

use session::{
    Awaited, Change, Conversation, ConversationKey, Entry, EntryKey, Event, EventId, Footprint, Head, Observed, Project, ProjectKey, Rows,
    Scope, Session, SessionKey, Subject, ToolCall, ToolCallKey, Transition, Turn, TurnKey, When, WorkItem, WorkKey,
};

use crate::loaded::chain::LoadedChain;
use crate::store::{Recorded, Seq};

/// The tables of a backend, one row at a time. What is saved may be written later, but before anything else is asked.
pub(crate) trait Tables {
    /// Why a table could not answer.
    type Error;
    fn project(&self, key: ProjectKey) -> Result<Option<Project>, Self::Error>;
    fn session(&self, key: SessionKey) -> Result<Option<Session>, Self::Error>;
    fn work_item(&self, key: WorkKey) -> Result<Option<WorkItem>, Self::Error>;
    fn entry(&self, key: EntryKey) -> Result<Option<Entry>, Self::Error>;
    fn footprint(&self, key: SessionKey) -> Result<Option<Footprint>, Self::Error>;
    fn conversation(&self, key: ConversationKey) -> Result<Option<Conversation>, Self::Error>;
    fn turn(&self, key: TurnKey) -> Result<Option<Turn>, Self::Error>;
    fn tool_call(&self, key: ToolCallKey) -> Result<Option<ToolCall>, Self::Error>;
    fn turns_of(&self, conversation: ConversationKey) -> Result<Vec<Turn>, Self::Error>;
    fn tool_calls_of(&self, conversation: ConversationKey) -> Result<Vec<ToolCall>, Self::Error>;
    fn transition(&self, event: EventId) -> Result<Option<Transition>, Self::Error>;
    /// Returns the last transition of a project before a place in its sequence, or of all.
    fn last_transition_before(&self, project: ProjectKey, seq: Option<u64>) -> Result<Option<Transition>, Self::Error>;
    fn head(&self, project: ProjectKey, scope: &Scope) -> Result<Option<Head>, Self::Error>;
    /// Returns the events that wait for something, in their order.
    fn waiting_for(&self, awaited: Awaited) -> Result<Vec<Recorded>, Self::Error>;

    fn save_project(&self, row: &Project) -> Result<(), Self::Error>;
    fn save_session(&self, row: &Session) -> Result<(), Self::Error>;
    fn save_work_item(&self, row: &WorkItem) -> Result<(), Self::Error>;
    fn save_entry(&self, row: &Entry) -> Result<(), Self::Error>;
    fn save_footprint(&self, row: &Footprint) -> Result<(), Self::Error>;
    fn save_conversation(&self, row: &Conversation) -> Result<(), Self::Error>;
    fn save_turn(&self, row: &Turn) -> Result<(), Self::Error>;
    fn save_tool_call(&self, row: &ToolCall) -> Result<(), Self::Error>;
    fn save_transition(&self, row: &Transition) -> Result<(), Self::Error>;
    fn save_head(&self, row: &Head) -> Result<(), Self::Error>;
    fn forget_waiting(&self, awaited: Awaited) -> Result<(), Self::Error>;
}

/// The part of all rows that a turn has loaded, and which of them it has changed.
#[derive(Default)]
pub(crate) struct Loaded {
    pub(crate) rows: Rows,
    known: BTreeSet<Awaited>,
    changed: BTreeSet<Awaited>,
    known_turns: BTreeSet<TurnKey>,
    known_calls: BTreeSet<ToolCallKey>,
    known_footprints: BTreeSet<SessionKey>,
    chain: LoadedChain,
    /// Where in the log the events lie that wait.
    pub(crate) places: BTreeMap<EventId, Seq>,
}

impl Loaded {
    /// Loads what applying the event reads, and notes that it will change.
    pub(crate) fn load_for<T: Tables>(&mut self, tables: &T, event: &Event) -> Result<(), T::Error> {
        match event.about {
            Subject::Mirror => {}
            Subject::Project(key) => self.load(tables, Awaited::Project(key))?,
            Subject::Session(key) => self.load(tables, Awaited::Session(key))?,
            Subject::Conversation(key) => self.load(tables, Awaited::Conversation(key))?,
        }
        match (&event.change, event.about) {
            (Change::WorkAdded(added), _) => self.load(tables, Awaited::Work(added.key)),
            (Change::WorkMarked(marked), _) => self.load(tables, Awaited::Work(marked.key)),
            (Change::EntryAdded(added), _) => self.load(tables, Awaited::Entry(added.key)),
            (Change::EntryMarked(marked), _) => self.load(tables, Awaited::Entry(marked.key)),
            (Change::Based(_) | Change::Surveyed(_), Subject::Session(key)) => self.load_footprint(tables, key),
            (Change::Observed(observed), Subject::Conversation(key)) => self.load_for_observed(tables, key, event.id, observed),
            (Change::Assigned { session, .. }, Subject::Conversation(key)) => {
                self.load(tables, Awaited::Session(*session))?;
                self.load_all_of(tables, key)
            }
            (Change::Moved(moved), Subject::Project(project)) => {
                self.load(tables, Awaited::Transition(event.id))?;
                self.chain.load_for_moved(tables, &mut self.rows, project, moved, &When::of(event))
            }
            (Change::Reported(reported), _) => self.load(tables, Awaited::Transition(reported.transition)),
            _ => Ok(()),
        }
    }

    fn load_footprint<T: Tables>(&mut self, tables: &T, key: SessionKey) -> Result<(), T::Error> {
        if self.known_footprints.insert(key) {
            self.rows.footprints.extend(tables.footprint(key)?.map(|row| (key, row)));
        }
        Ok(())
    }

    fn load_for_observed<T: Tables>(
        &mut self,
        tables: &T,
        key: ConversationKey,
        event: EventId,
        observed: &Observed,
    ) -> Result<(), T::Error> {
        if let Some(prompt) = observed.turn(event) {
            let turn = TurnKey::of(key, prompt.as_str());
            if self.known_turns.insert(turn) {
                self.rows.turns.extend(tables.turn(turn)?.map(|row| (turn, row)));
            }
        }
        for tool in observed.what.tools() {
            let call = ToolCallKey::of(key, tool.call.as_str());
            if self.known_calls.insert(call) {
                self.rows.tool_calls.extend(tables.tool_call(call)?.map(|row| (call, row)));
            }
        }
        Ok(())
    }

    /// Loads everything a conversation did: it may belong elsewhere now.
    fn load_all_of<T: Tables>(&mut self, tables: &T, key: ConversationKey) -> Result<(), T::Error> {
        for turn in tables.turns_of(key)? {
            if self.known_turns.insert(turn.key) {
                self.rows.turns.insert(turn.key, turn);
            }
        }
        for call in tables.tool_calls_of(key)? {
            if self.known_calls.insert(call.key) {
                self.rows.tool_calls.insert(call.key, call);
            }
        }
        Ok(())
    }

    fn load<T: Tables>(&mut self, tables: &T, what: Awaited) -> Result<(), T::Error> {
        self.changed.insert(what);
        if !self.known.insert(what) {
            return Ok(());
        }
        match what {
            Awaited::Project(key) => self.rows.projects.extend(tables.project(key)?.map(|row| (key, row))),
            Awaited::Session(key) => self.rows.sessions.extend(tables.session(key)?.map(|row| (key, row))),
            Awaited::Work(key) => self.rows.work_items.extend(tables.work_item(key)?.map(|row| (key, row))),
            Awaited::Entry(key) => self.rows.entries.extend(tables.entry(key)?.map(|row| (key, row))),
            Awaited::Conversation(key) => self.load_conversation(tables, key)?,
            Awaited::Transition(event) => {
                self.chain.expect(event);
                self.chain.load(tables, &mut self.rows, event)?;
            }
        }
        for Recorded { seq, event } in tables.waiting_for(what)? {
            self.load_for(tables, &event)?;
            self.places.insert(event.id, seq);
            self.rows.waiting.entry(what).or_default().insert(event.id, event);
        }
        Ok(())
    }

    /// Returns a conversation as this turn sees it.
    pub(crate) fn conversation<T: Tables>(&mut self, tables: &T, key: ConversationKey) -> Result<Option<&Conversation>, T::Error> {
        self.load(tables, Awaited::Conversation(key))?;
        Ok(self.rows.conversations.get(&key))
    }

    /// Returns a session as this turn sees it.
    pub(crate) fn session<T: Tables>(&mut self, tables: &T, key: SessionKey) -> Result<Option<&Session>, T::Error> {
        self.load(tables, Awaited::Session(key))?;
        Ok(self.rows.sessions.get(&key))
    }

    /// Returns a project as this turn sees it.
    pub(crate) fn project<T: Tables>(&mut self, tables: &T, key: ProjectKey) -> Result<Option<&Project>, T::Error> {
        self.load(tables, Awaited::Project(key))?;
        Ok(self.rows.projects.get(&key))
    }

    /// Loads a conversation and the sessions in which its turns and tool calls count.
    fn load_conversation<T: Tables>(&mut self, tables: &T, key: ConversationKey) -> Result<(), T::Error> {
        let Some(row) = tables.conversation(key)? else { return Ok(()) };
        let sessions: Vec<_> = row.assignments.iter().map(|assignment| assignment.session).collect();
        self.rows.conversations.insert(key, row);
        sessions.into_iter().try_for_each(|session| self.load(tables, Awaited::Session(session)))
    }

    /// Writes what was changed and forgets everything.
    pub(crate) fn flush<T: Tables>(&mut self, tables: &T) -> Result<(), T::Error> {
        let Self { rows, changed, known_turns, known_calls, known_footprints, chain, .. } = std::mem::take(self);
        for what in changed {
            match what {
                Awaited::Project(key) => rows.projects.get(&key).map_or(Ok(()), |row| tables.save_project(row))?,
                Awaited::Session(key) => rows.sessions.get(&key).map_or(Ok(()), |row| tables.save_session(row))?,
                Awaited::Work(key) => rows.work_items.get(&key).map_or(Ok(()), |row| tables.save_work_item(row))?,
                Awaited::Entry(key) => rows.entries.get(&key).map_or(Ok(()), |row| tables.save_entry(row))?,
                Awaited::Conversation(key) => {
                    rows.conversations.get(&key).map_or(Ok(()), |row| tables.save_conversation(row))?;
                }
                // Written with the chain.
                Awaited::Transition(_) => {}
            }
            if !rows.waiting.contains_key(&what) {
                tables.forget_waiting(what)?;
            }
        }
        chain.flush(tables, &rows)?;
        let footprints = known_footprints.iter().filter_map(|key| rows.footprints.get(key));
        footprints.into_iter().try_for_each(|row| tables.save_footprint(row))?;
        let turns = known_turns.iter().filter_map(|key| rows.turns.get(key));
        turns.into_iter().try_for_each(|row| tables.save_turn(row))?;
        let mut calls = known_calls.iter().filter_map(|key| rows.tool_calls.get(key));
        calls.try_for_each(|row| tables.save_tool_call(row))
    }
}
