//! Which session is meant when none is named: one order, in one function, which can explain itself.

use session::{Conversation, Session, SessionId};
use store::{StoreError, Wanted};

use crate::address::{self, Found, LISTED, list};
use crate::ends::{may_be_run, taken_up_last};
use crate::{AddressError, Note, ProjectError, Purpose, Tracker};

/// Why no session could be told.
#[derive(Debug, thiserror::Error)]
pub enum CurrentError {
    /// Nothing is going on here.
    #[error("no current session")]
    None,
    /// Several are going on here, and one was to be changed.
    #[error("more than one session is running here: {}", list(ids))]
    Several {
        /// Which, newest first.
        ids: Vec<SessionId>,
    },
    /// Nothing of this agent's own is going on, and what is going on here is another one's.
    #[error("no current session of this agent's own; another one has {}", list(ids))]
    OfOthers {
        /// What others have, newest first.
        ids: Vec<SessionId>,
    },
    /// The one that was named is not there.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The project could not be determined.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where a current session is looked for, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// The one named on the command line.
    CommandLine,
    /// The one a variable names.
    Variable(&'static str),
    /// The agent that started the command from its shell.
    Agent,
    /// The ones that run in this worktree.
    Worktree,
    /// The one that was made current last, wherever that was.
    Marker,
}

impl std::fmt::Display for Looked {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CommandLine => out.pad("command line"),
            Self::Variable(name) => out.pad(name),
            Self::Agent => out.pad("this agent"),
            Self::Worktree => out.pad("this worktree"),
            Self::Marker => out.pad("last started"),
        }
    }
}

/// One step of the search and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it looked.
    pub looked: Looked,
    /// What it found, in words.
    pub found: String,
}

/// The whole search.
#[derive(Debug)]
pub struct Trace {
    /// Its steps, up to the one that answered.
    pub steps: Vec<Step>,
    /// What came of it.
    pub answer: Result<Session, CurrentError>,
}

impl Tracker {
    /// Returns the session that is meant: the one `named`, else the current one.
    ///
    /// # Errors
    /// When none is meant, several could be and one was to be changed, or the store cannot answer.
    pub fn resolve(&self, named: Option<&str>, purpose: Purpose) -> Result<Session, CurrentError> {
        self.search(named, purpose).answer
    }

    /// Looks for the session that is meant, and tells how it went.
    pub fn search(&self, named: Option<&str>, purpose: Purpose) -> Trace {
        let mut steps = Vec::new();
        let answer = self.walk(named, purpose, &mut steps);
        Trace { steps, answer }
    }

    fn walk(&self, named: Option<&str>, purpose: Purpose, steps: &mut Vec<Step>) -> Result<Session, CurrentError> {
        let mut step = |looked, found: String| steps.push(Step { looked, found });
        if let Some(name) = named.filter(|name| *name != "current") {
            let found = address::find(self.store.reads(), name, || self.project_for_numbers(), purpose)?;
            step(Looked::CommandLine, found.session.id.to_string());
            return Ok(self.take(found));
        }
        let agent = self.agent_session_here()?;
        for (variable, value) in &self.config.session_variables {
            let (session, words) = self.named_by_variable(variable, value, agent.as_ref(), purpose)?;
            step(Looked::Variable(variable), words);
            if let Some(session) = session {
                return Ok(session);
            }
        }
        if let Some(agent) = &agent {
            let session = agent.session().map(|key| self.store.reads().session(key)).transpose()?.flatten();
            let session = session.filter(|session| !session.status().is_ended());
            step(Looked::Agent, format!("{}, {}", agent.id, words_for(session.as_slice())));
            if let Some(session) = session {
                return Ok(session);
            }
        }
        let (running, mut others) = self.apart(self.running_here()?, agent.as_ref())?;
        step(Looked::Worktree, words_with(&running, &others));
        if let Some(found) = choose(running, purpose)? {
            return Ok(self.take(found));
        }
        let last = self.store.reads().last_made_current()?.filter(|session| !session.status().is_ended());
        let (marked, held) = self.apart(Vec::from_iter(last), agent.as_ref())?;
        step(Looked::Marker, words_with(&marked, &held));
        others.extend(held.into_iter().filter(|id| !others.contains(id)).collect::<Vec<_>>());
        let none = if others.is_empty() { CurrentError::None } else { CurrentError::OfOthers { ids: others } };
        let session = marked.into_iter().next().ok_or(none)?;
        if let Some(worktree) = &session.worktree {
            self.note(Note::FromElsewhere { id: session.id.clone(), worktree: worktree.as_str().to_owned() });
        }
        Ok(session)
    }

    /// Parts sessions from those that are not an agent's to take, because another agent session goes on in them. Whoever is no agent may
    /// take any.
    fn apart(&self, sessions: Vec<Session>, agent: Option<&Conversation>) -> Result<(Vec<Session>, Vec<SessionId>), StoreError> {
        let Some(agent) = agent else { return Ok((sessions, Vec::new())) };
        let (mut free, mut held) = (Vec::new(), Vec::new());
        for session in sessions {
            let conversations = self.store.reads().conversations_in(session.key)?;
            let is_held = conversations.iter().any(|other| other.key != agent.key && may_be_run(other, &*self.clock));
            if is_held { held.push(session.id) } else { free.push(session) }
        }
        Ok((free, held))
    }

    fn project_for_numbers(&self) -> Result<Option<session::ProjectKey>, ProjectError> {
        Ok(self.project_here()?.map(|project| project.key))
    }

    /// Returns the agent session from whose shell the command was started: that of a process it descends from, else the one that its
    /// variable names, unless that one is known to run no more.
    pub(crate) fn agent_session_here(&self) -> Result<Option<Conversation>, StoreError> {
        let reads = self.store.reads();
        for ancestor in self.clock.ancestors() {
            let runs = reads.conversations_run_by(&ancestor)?;
            let is_running = |row: &&Conversation| row.running().any(|run| *run == ancestor);
            if let Some(newest) = taken_up_last(runs.iter().filter(is_running), &ancestor) {
                return Ok(Some(newest.clone()));
            }
        }
        let Some(id) = &self.config.agent_session else { return Ok(None) };
        // A terminal that was once started from an agent's shell remembers it for ever.
        let is_possible = |row: &Conversation| row.runs.is_empty() || may_be_run(row, &*self.clock);
        Ok(reads.conversations_by_id(id)?.into_iter().find(is_possible))
    }

    /// A variable that names an ended or unknown session, or one that this agent session has left, is passed over with a note. One that fits
    /// several is as good as a name that was typed: reading takes the newest, writing refuses.
    fn named_by_variable(
        &self,
        variable: &'static str,
        value: &str,
        agent: Option<&Conversation>,
        purpose: Purpose,
    ) -> Result<(Option<Session>, String), CurrentError> {
        let has_left = |session: &Session| {
            let belonged = |row: &&Conversation| row.assignments.iter().any(|each| each.session == session.key);
            agent.filter(belonged).is_some_and(|row| row.session() != Some(session.key))
        };
        match address::find(self.store.reads(), value, || self.project_for_numbers(), purpose) {
            Ok(Found { session, .. }) if has_left(&session) => {
                let words = format!("{}, which this agent session has left", session.id);
                self.note(Note::EnvironmentLeft { variable, id: session.id });
                Ok((None, words))
            }
            Ok(found) if !found.session.status().is_ended() => {
                let words = found.session.id.to_string();
                Ok((Some(self.take(found)), words))
            }
            Ok(Found { session, .. }) => {
                let (id, status) = (session.id.clone(), session.status());
                let words = format!("{id}, which is {status}");
                self.note(Note::EnvironmentEnded { variable, id, status });
                Ok((None, words))
            }
            Err(AddressError::Store(error)) => Err(error.into()),
            Err(AddressError::Project(error)) => Err(error.into()),
            Err(AddressError::Ambiguous { name, ids }) => Err(AddressError::Ambiguous { name: format!("{variable}={name}"), ids }.into()),
            Err(AddressError::NoMatch { name }) => {
                let words = format!("`{name}`, which is no session here");
                self.note(Note::EnvironmentUnknown { variable, value: name });
                Ok((None, words))
            }
        }
    }

    pub(crate) fn running_here(&self) -> Result<Vec<Session>, StoreError> {
        let worktree = Some(redact::text(&self.place.worktree.to_string_lossy()).as_str().to_owned());
        let wanted =
            Wanted { worktree, statuses: vec![session::Status::Active], with_empty: true, made_current_here: true, ..Wanted::default() };
        self.store.reads().sessions(&wanted, Some(LISTED))
    }

    fn take(&self, found: Found) -> Session {
        if !found.others.is_empty() {
            self.note(Note::TookNewest { taken: found.session.id.clone(), others: found.others });
        }
        found.session
    }
}

fn choose(running: Vec<Session>, purpose: Purpose) -> Result<Option<Found>, CurrentError> {
    let ids: Vec<_> = running.iter().map(|session| session.id.clone()).collect();
    if ids.len() > 1 && purpose == Purpose::Writing {
        return Err(CurrentError::Several { ids });
    }
    let others = ids.get(1..).unwrap_or_default().to_vec();
    Ok(running.into_iter().next().map(|session| Found { session, others }))
}

fn words_with(sessions: &[Session], others: &[SessionId]) -> String {
    let words = words_for(sessions);
    if others.is_empty() { words } else { format!("{words}; another agent has {}", list(others)) }
}

fn words_for(sessions: &[Session]) -> String {
    let ids: Vec<_> = sessions.iter().map(|session| session.id.as_str()).collect();
    if ids.is_empty() { "nothing".to_owned() } else { ids.join(", ") }
}
