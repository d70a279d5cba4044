//! How an agent is started with a conversation of its own: which program, which arguments, in which directory.

use std::path::{Path, PathBuf};

use agents::claude_code;
use serde::Serialize;
use session::{AgentSession, Conversation, ConversationKey, Head, Latest, Session};
use store::StoreError;

use super::transition::ChainError;
use crate::{Purpose, Tracker};

/// How to resume an agent session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Resume {
    /// The agent.
    pub agent: String,
    /// The agent session.
    pub agent_session: String,
    /// Our session that it belongs to.
    pub session: Option<String>,
    /// Where to start the agent.
    pub directory: PathBuf,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The number of a process that runs it already.
    pub running: Option<u32>,
}

/// An agent session that can be resumed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResumeChoice {
    /// The agent session.
    pub agent_session: String,
    /// Our session that it belongs to.
    pub session: Option<String>,
    /// That session's number in its project.
    pub number: Option<u32>,
    /// What it is about.
    pub description: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// When something was last heard of it.
    pub last_at: String,
    /// Whether it is the head of the worktree here, else of the project here.
    pub is_head_here: bool,
    /// The number of a process that runs it already.
    pub running: Option<u32>,
}

/// Why an agent session cannot be resumed.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// There is none.
    #[error("there is nothing to resume {place}")]
    Nothing {
        /// Where.
        place: String,
    },
    /// Its transcript is not here.
    #[error("{id} cannot be resumed: {reason}")]
    Hindered {
        /// The agent session.
        id: String,
        /// Why.
        reason: String,
    },
    /// Nobody here knows how to start the agent.
    #[error("nobody here knows how to start `{agent}` with {id}")]
    UnknownAgent {
        /// The agent.
        agent: String,
        /// The agent session.
        id: String,
    },
    /// The directories in which it worked are gone.
    #[error("{id} worked in `{directory}`, which is gone")]
    NoDirectory {
        /// The agent session.
        id: String,
        /// Where it worked last.
        directory: PathBuf,
    },
    /// The chain does not say.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl From<StoreError> for ResumeError {
    fn from(error: StoreError) -> Self {
        Self::Chain(error.into())
    }
}

impl From<crate::CurrentError> for ResumeError {
    fn from(error: crate::CurrentError) -> Self {
        Self::Chain(error.into())
    }
}

impl Tracker {
    /// Returns how to resume a session, an agent session, or, where nobody names one, the head of this worktree, else of its project.
    ///
    /// # Errors
    /// When there is none, or it cannot be resumed here.
    pub fn resume(&self, named: Option<&str>) -> Result<Resume, ResumeError> {
        let (agent_session, machine) = match named {
            Some(name) => self.agent_session_named(name)?,
            None => {
                let nothing = || ResumeError::Nothing { place: format!("in {}", self.place.worktree.display()) };
                let Head { agent_session, machine, .. } = self.head_here()?.ok_or_else(nothing)?;
                (agent_session, machine)
            }
        };
        let id = agent_session.id.as_str().to_owned();
        if let Some(hindrance) = self.hindrance(&agent_session, machine.as_ref()) {
            return Err(ResumeError::Hindered { id, reason: hindrance.to_string() });
        }
        let command = match agent_session.agent.as_str() {
            claude_code::NAME if claude_code::transcript::is_id(&id) => vec!["claude".to_owned(), "--resume".to_owned(), id.clone()],
            agent => return Err(ResumeError::UnknownAgent { agent: agent.to_owned(), id }),
        };
        let row = self.store.reads().conversation(ConversationKey::of(agent_session.agent.as_str(), &id))?;
        let session = self.session_of(row.as_ref())?;
        let directory = self.directory_of(&id, row.as_ref(), session.as_ref())?;
        Ok(Resume {
            agent: agent_session.agent.as_str().to_owned(),
            agent_session: id,
            session: session.map(|session| session.id.to_string()),
            directory,
            command,
            running: row.as_ref().and_then(|row| self.process_in(row)),
        })
    }

    /// Returns what can be resumed here, of all projects, what was last at work first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn resumable(&self, limit: usize) -> Result<Vec<ResumeChoice>, ResumeError> {
        let here = self.head_here().ok().flatten().map(|head| head.agent_session);
        let mut choices = Vec::new();
        // What was never prompted has no transcript; a few of them lie between.
        for row in self.store.reads().newest_conversations(limit.saturating_mul(8))? {
            let machine = row.arrival.as_ref().and_then(|arrival| arrival.value.machine.as_ref());
            if choices.len() >= limit || self.hindrance(&row.agent_session(), machine).is_some() {
                continue;
            }
            let session = self.session_of(Some(&row))?;
            let project = session.as_ref().and_then(|session| session.project).map(|key| self.name_of_project(key)).transpose()?.flatten();
            choices.push(ResumeChoice {
                agent_session: row.id.as_str().to_owned(),
                session: session.as_ref().map(|session| session.id.to_string()),
                number: session.as_ref().and_then(|session| session.number.value),
                description: session.as_ref().and_then(|session| Some(session.description.as_ref()?.text.as_str().to_owned())),
                project,
                last_at: row.last.at.moment.to_string(),
                is_head_here: here.as_ref() == Some(&row.agent_session()),
                running: self.process_in(&row),
            });
        }
        // What is to be resumed here comes first.
        choices.sort_by_key(|choice| !choice.is_head_here);
        Ok(choices)
    }

    /// Returns the agent session with exactly this id, else the one to resume of the session that the name stands for.
    fn agent_session_named(&self, name: &str) -> Result<(AgentSession, Option<session::Text>), ResumeError> {
        let reads = self.store.reads();
        let machine = |row: &Conversation| row.arrival.as_ref().and_then(|arrival| arrival.value.machine.clone());
        if let Some(row) = reads.conversations_by_id(name)?.first() {
            return Ok((row.agent_session(), machine(row)));
        }
        if let Some(transition) = reads.transitions_to(name)?.into_iter().next() {
            return Ok((transition.new, transition.machine));
        }
        let session = self.resolve(Some(name), Purpose::Reading)?;
        let nothing = || ResumeError::Nothing { place: format!("of {}", session.id) };
        let head = self.view(&session)?.head.ok_or_else(nothing)?;
        let row = reads.conversations_by_id(&head)?.into_iter().next().ok_or_else(nothing)?;
        Ok((row.agent_session(), machine(&row)))
    }

    fn session_of(&self, row: Option<&Conversation>) -> Result<Option<Session>, StoreError> {
        row.and_then(Conversation::session).map(|key| self.store.reads().session(key)).transpose().map(Option::flatten)
    }

    /// Returns where the agent worked last, if that is still there, else the worktree of its session.
    fn directory_of(&self, id: &str, row: Option<&Conversation>, session: Option<&Session>) -> Result<PathBuf, ResumeError> {
        let last = row.and_then(|row| Latest::get(&row.cwd)).map(|cwd| PathBuf::from(cwd.as_str()));
        let worktree = session.and_then(|session| session.worktree.as_ref()).map(|worktree| PathBuf::from(worktree.as_str()));
        let known: Vec<_> = last.into_iter().chain(worktree).collect();
        let Some(first) = known.first().cloned() else { return Ok(self.place.directory.clone()) };
        let is_there = |path: &PathBuf| path.is_absolute() && Path::is_dir(path);
        known.into_iter().find(is_there).ok_or_else(|| ResumeError::NoDirectory { id: id.to_owned(), directory: first })
    }

    fn process_in(&self, row: &Conversation) -> Option<u32> {
        row.running().find(|process| self.clock.is_running(process)).map(|process| process.pid)
    }
}
