//! How an agent is started with a conversation of its own: which program, which arguments, in which directory.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use agents::claude_code::transcript::is_id;
use agents::transcripts::Agent;
use serde::Serialize;
use session::{AgentSession, Conversation, ConversationKey, Head, Latest, Moment, Project, ProjectKey, Scope, Session, Text};
use store::StoreError;

use super::transcripts::Hindrance;
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
    /// Its transcript is on another machine.
    #[error("{id} cannot be resumed here: its transcript is on {machine}")]
    Elsewhere {
        /// The agent session.
        id: String,
        /// The machine.
        machine: String,
    },
    /// It is no id that a shell or an agent could be given.
    #[error("`{}` is no id that an agent can be started with: one has letters, digits, `-` and `_`, and no `-` first", id.escape_debug())]
    NoId {
        /// What stands in its place.
        id: String,
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
        // Before anybody looks for its transcript: that may well be there.
        if !is_id(&id) {
            return Err(ResumeError::NoId { id });
        }
        match self.hindrance(&agent_session, machine.as_ref()) {
            Some(Hindrance::Elsewhere(machine)) => return Err(ResumeError::Elsewhere { id, machine }),
            Some(hindrance @ Hindrance::Vanished) => return Err(ResumeError::Hindered { id, reason: hindrance.to_string() }),
            Some(Hindrance::Unseen(reason)) => return Err(ChainError::Unseen { id, reason }.into()),
            None => {}
        }
        let Some(command) = command(&agent_session) else {
            return Err(ResumeError::UnknownAgent { agent: agent_session.agent.as_str().to_owned(), id });
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

    /// Returns what can be resumed here, of all projects: the head of this worktree first, then what was last at work.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn resumable(&self, limit: usize) -> Result<Vec<ResumeChoice>, ResumeError> {
        let here = self.head_here().ok().flatten();
        let mut candidates = here.iter().map(|head| self.candidate_of(head)).collect::<Result<Vec<_>, _>>()?;
        // What was never prompted has no transcript; a few of them lie between.
        let rows = self.store.reads().newest_conversations(limit.saturating_mul(8))?;
        let mut others: Vec<_> = rows.into_iter().map(Candidate::of).collect();
        others.extend(self.candidates_without_row()?);
        others.sort_by_key(|candidate| std::cmp::Reverse(candidate.last));
        candidates.extend(others);
        let mut seen = BTreeSet::new();
        candidates.retain(|candidate| seen.insert(candidate.agent_session.clone()));
        let transcripts = self.transcripts();
        let is_resumable = |candidate: &Candidate| {
            let Candidate { agent_session, machine, .. } = candidate;
            command(agent_session).is_some() && transcripts.hindrance(agent_session, machine.as_ref()).is_none()
        };
        let choices = candidates.into_iter().filter(is_resumable).take(limit);
        let is_here = |candidate: &Candidate| here.as_ref().is_some_and(|head| head.agent_session == candidate.agent_session);
        choices.map(|candidate| Ok(self.choice(&candidate, is_here(&candidate))?)).collect()
    }

    /// Returns the heads that only workers told of.
    fn candidates_without_row(&self) -> Result<Vec<Candidate>, StoreError> {
        let reads = self.store.reads();
        let projects = reads.projects()?.into_iter().map(|project| reads.heads(project.key));
        let heads = projects.collect::<Result<Vec<_>, _>>()?.concat();
        let candidates = heads.iter().map(|head| self.candidate_of(head)).collect::<Result<Vec<_>, _>>()?;
        Ok(candidates.into_iter().filter(|candidate| candidate.row.is_none()).collect())
    }

    fn candidate_of(&self, head: &Head) -> Result<Candidate, StoreError> {
        let key = ConversationKey::of(head.agent_session.agent.as_str(), head.agent_session.id.as_str());
        let (last, project) = (head.when.at.moment, Some(head.project));
        Ok(match self.store.reads().conversation(key)? {
            Some(row) => Candidate::of(row),
            None => Candidate { agent_session: head.agent_session.clone(), machine: head.machine.clone(), row: None, project, last },
        })
    }

    fn choice(&self, candidate: &Candidate, is_head_here: bool) -> Result<ResumeChoice, StoreError> {
        let session = self.session_of(candidate.row.as_ref())?;
        let project = session.as_ref().and_then(|session| session.project).or(candidate.project);
        Ok(ResumeChoice {
            agent_session: candidate.agent_session.id.as_str().to_owned(),
            session: session.as_ref().map(|session| session.id.to_string()),
            number: session.as_ref().and_then(|session| session.number.value),
            description: session.as_ref().and_then(|session| Some(session.description.as_ref()?.text.as_str().to_owned())),
            project: project.map(|key| self.name_of_project(key)).transpose()?.flatten(),
            last_at: candidate.last.to_string(),
            is_head_here,
            running: candidate.row.as_ref().and_then(|row| self.process_in(row)),
        })
    }

    /// Returns the agent session with exactly this id, else the one to resume of the session that the name stands for.
    fn agent_session_named(&self, name: &str) -> Result<(AgentSession, Option<Text>), ResumeError> {
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
        let rows = reads.conversations_of(session.key)?;
        // What has gone on in another session is taken up there.
        let gone_on = || rows.iter().filter(|row| !row.belongs_to(session.key)).max_by_key(|row| row.last.at.moment);
        let row = self.head_of(&session, &rows)?.or_else(gone_on).ok_or_else(nothing)?;
        Ok((row.agent_session(), machine(row)))
    }

    fn session_of(&self, row: Option<&Conversation>) -> Result<Option<Session>, StoreError> {
        row.and_then(Conversation::session).map(|key| self.store.reads().session(key)).transpose().map(Option::flatten)
    }

    /// Returns where the agent worked last, if that is still there, else the worktree of its session. Of what only workers told of it is the
    /// place of its project, if that is there.
    fn directory_of(&self, id: &str, row: Option<&Conversation>, session: Option<&Session>) -> Result<PathBuf, ResumeError> {
        let last = row.and_then(|row| Latest::get(&row.cwd)).map(|cwd| PathBuf::from(cwd.as_str()));
        let worktree = session.and_then(|session| session.worktree.as_ref()).map(|worktree| PathBuf::from(worktree.as_str()));
        let known: Vec<_> = last.into_iter().chain(worktree).collect();
        let Some(first) = known.first().cloned() else { return self.directory_of_transition(id) };
        known.into_iter().find(|path| is_there(path)).ok_or_else(|| ResumeError::NoDirectory { id: id.to_owned(), directory: first })
    }

    fn directory_of_transition(&self, id: &str) -> Result<PathBuf, ResumeError> {
        let reads = self.store.reads();
        let here = self.project_here().ok().flatten().map(|project| project.key);
        let newest = reads.transitions_to(id)?.into_iter().max_by_key(|held| (Some(held.project) == here, held.when.stamp));
        let Some(newest) = newest else { return Ok(self.place.directory.clone()) };
        let project = reads.project(newest.project)?;
        // Another worktree of the same repository is as good a place as its first.
        let is_worktree_here = Some(newest.project) == here && self.place.common.is_some();
        let place = match &newest.scope {
            Scope::Worktree(directory) => Some(PathBuf::from(directory.as_str())),
            _ if is_worktree_here => Some(self.place.worktree.clone()),
            _ => project.as_ref().and_then(directory_of_project),
        };
        Ok(place.filter(|path| is_there(path)).unwrap_or_else(|| self.place.directory.clone()))
    }

    fn process_in(&self, row: &Conversation) -> Option<u32> {
        row.running().find(|process| self.clock.is_running(process)).map(|process| process.pid)
    }
}

/// What may be resumed: a conversation that hooks told of, or a head that only workers told of.
struct Candidate {
    agent_session: AgentSession,
    machine: Option<Text>,
    row: Option<Conversation>,
    project: Option<ProjectKey>,
    last: Moment,
}

impl Candidate {
    fn of(row: Conversation) -> Self {
        let machine = row.arrival.as_ref().and_then(|arrival| arrival.value.machine.clone());
        Self { agent_session: row.agent_session(), machine, last: row.last.at.moment, project: None, row: Some(row) }
    }
}

/// Returns the program that resumes an agent session, and its arguments, where they are known.
fn command(agent_session: &AgentSession) -> Option<Vec<String>> {
    resume_command(agent_session.agent.as_str(), agent_session.id.as_str())
}

/// Returns the program that resumes an agent's session, and its arguments, where they are known.
pub(crate) fn resume_command(agent: &str, id: &str) -> Option<Vec<String>> {
    Agent::of(agent)?.resume(id)
}

/// Returns the directory that people call the project: of a repository the one that holds `.git`.
fn directory_of_project(project: &Project) -> Option<PathBuf> {
    let place = Path::new(project.place.value.as_str());
    if !project.is_git {
        return Some(place.to_owned());
    }
    place.parent().filter(|_| place.file_name().is_some_and(|name| name == ".git")).map(Path::to_owned)
}

fn is_there(path: &Path) -> bool {
    path.is_absolute() && path.is_dir()
}
