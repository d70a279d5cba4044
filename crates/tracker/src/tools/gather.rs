//! The calls that are asked for, and whose they are: the session that a call was made in, the project of that, else of the directory.

use std::collections::HashMap;
use std::path::Path;

use agents::claude_code;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use session::{Conversation, ConversationKey, ProjectKey, Session, SessionKey};
use store::{Progress, StoreError};

use super::join::{JoinedCall, joined};
use super::{CallFact, CallOwner, ToolReport, ToolsBy, mark_retries, tool_report};
use crate::{CurrentError, IndexError, Place, ProjectError, Purpose, Tracker};

/// More conversations than any store has.
const ALL: usize = u32::MAX as usize;

/// Which calls to count, and how.
#[derive(Clone, Debug)]
pub struct WantedTools {
    /// Of this session; else of a project.
    pub session: Option<String>,
    /// What they are grouped by.
    pub by: ToolsBy,
    /// Not before, in milliseconds since 1970.
    pub since: Option<i64>,
    /// Before, in milliseconds since 1970.
    pub until: Option<i64>,
    /// Where days begin.
    pub zone: TimeZone,
    /// Of all projects, not only of this one.
    pub all_projects: bool,
}

/// Why calls cannot be counted.
#[derive(Debug, thiserror::Error)]
pub enum ToolsError {
    /// Transcripts could not be read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The session cannot be determined.
    #[error(transparent)]
    Current(#[from] CurrentError),
    /// The project cannot be determined.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What calls have to be of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Scope {
    Everything,
    Session(SessionKey),
    /// The place of a project.
    Project(String),
}

impl Tracker {
    /// Counts tool calls.
    ///
    /// # Errors
    /// When the session or the project cannot be determined, or transcripts or the store cannot be read.
    pub fn tools(&mut self, wanted: &WantedTools, progress: &mut Progress<'_>) -> Result<ToolReport, ToolsError> {
        let scope = self.scope(wanted)?;
        let ledger = self.ledger(progress)?;
        let mut known = Known::new(self);
        let conversations = known.conversations(&scope)?;
        let mut heard = Vec::new();
        for conversation in &conversations {
            heard.extend(self.store.reads().tool_calls_of(conversation.key)?);
        }
        let mut facts = Vec::new();
        for call in joined(&heard, &ledger) {
            facts.extend(known.fact(&call, &scope, &wanted.zone)?);
        }
        mark_retries(&mut facts);
        facts.retain(|fact| is_within(fact, wanted));
        Ok(tool_report(&facts, wanted.by))
    }

    fn scope(&self, wanted: &WantedTools) -> Result<Scope, ToolsError> {
        if let Some(named) = &wanted.session {
            return Ok(Scope::Session(self.resolve(Some(named), Purpose::Reading)?.key));
        }
        if wanted.all_projects {
            return Ok(Scope::Everything);
        }
        let place = self.project_here()?.map(|project| project.place.value.as_str().to_owned());
        Ok(Scope::Project(place.unwrap_or_else(|| self.place.project_place().to_string_lossy().into_owned())))
    }
}

/// Reports whether a call was made in the time that is asked for. Of one that has no time nobody can say so.
fn is_within(fact: &CallFact, wanted: &WantedTools) -> bool {
    let millis = fact.at.map(|at| at.div_euclid(1_000));
    wanted.since.is_none_or(|since| millis.is_some_and(|at| since <= at))
        && wanted.until.is_none_or(|until| millis.is_some_and(|at| at < until))
}

/// What the store knows, each asked once.
struct Known<'t> {
    tracker: &'t Tracker,
    conversations: HashMap<ConversationKey, Conversation>,
    /// Their keys by the agents' own ids.
    by_id: HashMap<String, ConversationKey>,
    sessions: HashMap<SessionKey, Option<Session>>,
    projects: HashMap<ProjectKey, Option<CallOwner>>,
    directories: HashMap<String, CallOwner>,
}

impl<'t> Known<'t> {
    fn new(tracker: &'t Tracker) -> Self {
        let (sessions, projects, directories) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { tracker, conversations: HashMap::new(), by_id: HashMap::new(), sessions, projects, directories }
    }

    /// Returns the conversations in which there may be calls that are asked for, and remembers all that may be named.
    fn conversations(&mut self, scope: &Scope) -> Result<Vec<Conversation>, StoreError> {
        let reads = self.tracker.store.reads();
        let found = match scope {
            Scope::Session(session) => reads.conversations_of(*session)?,
            Scope::Everything | Scope::Project(_) => reads.newest_conversations(ALL)?,
        };
        for conversation in &found {
            self.by_id.entry(conversation.id.as_str().to_owned()).or_insert(conversation.key);
            self.conversations.insert(conversation.key, conversation.clone());
        }
        let mut wanted = Vec::new();
        for conversation in found {
            if self.may_be_of(&conversation, scope)? {
                wanted.push(conversation);
            }
        }
        Ok(wanted)
    }

    fn may_be_of(&mut self, conversation: &Conversation, scope: &Scope) -> Result<bool, StoreError> {
        let Scope::Project(place) = scope else { return Ok(true) };
        for assignment in &conversation.assignments {
            if self.project_of_session(assignment.session)?.is_some_and(|project| project.key == *place) {
                return Ok(true);
            }
        }
        let cwd = conversation.cwd.as_ref().map(|cwd| cwd.value.as_str());
        Ok(self.project_of_directory(cwd)?.is_some_and(|project| project.key == *place))
    }

    /// Returns what is said of a call, if it is one of those that are asked for.
    fn fact(&mut self, call: &JoinedCall<'_>, scope: &Scope, zone: &TimeZone) -> Result<Option<CallFact>, StoreError> {
        let by_id = || call.agent_session.and_then(|id| self.by_id.get(id)).copied();
        let conversation = call.heard.map(|heard| heard.conversation).or_else(by_id).and_then(|key| self.conversations.get(&key)).cloned();
        let session = match call.heard {
            Some(heard) => heard.session,
            None => conversation.as_ref().and_then(|conversation| conversation.session_by_wall_clock(call.at)),
        };
        let of_session = session.map(|key| self.project_of_session(key)).transpose()?.flatten();
        let cwd = call.cwd.or_else(|| Some(conversation.as_ref()?.cwd.as_ref()?.value.as_str()));
        let project = match of_session {
            Some(project) => Some(project),
            None => self.project_of_directory(cwd)?,
        };
        let is_wanted = match scope {
            Scope::Everything => true,
            Scope::Session(wanted) => session == Some(*wanted),
            Scope::Project(place) => project.as_ref().is_some_and(|project| project.key == *place),
        };
        if !is_wanted {
            return Ok(None);
        }
        let agent = conversation.as_ref().map_or(claude_code::NAME, |conversation| conversation.agent.as_str());
        let agent_session = conversation.as_ref().map(|conversation| conversation.id.as_str()).or(call.agent_session).unwrap_or_default();
        let own = || Some(agent_session).filter(|id| !id.is_empty()).map(|id| CallOwner { key: id.to_owned(), label: None });
        Ok(Some(CallFact {
            id: call.id,
            agent_session: agent_session.to_owned(),
            session: session.map(|key| self.session_owner(key)).transpose()?.flatten().or_else(own),
            project,
            day: call.at.and_then(|at| Timestamp::from_microsecond(at).ok()).map(|at| at.to_zoned(zone.clone()).date().to_string()),
            at: call.at,
            tool: call.tool.to_owned(),
            about: call.about.map(str::to_owned),
            is_shell: agents::is_shell(agent, call.tool),
            outcome: call.outcome,
            took: call.took,
            is_retry: false,
        }))
    }

    fn session(&mut self, key: SessionKey) -> Result<Option<&Session>, StoreError> {
        if !self.sessions.contains_key(&key) {
            self.sessions.insert(key, self.tracker.store.reads().session(key)?);
        }
        Ok(self.sessions.get(&key).and_then(Option::as_ref))
    }

    fn session_owner(&mut self, key: SessionKey) -> Result<Option<CallOwner>, StoreError> {
        let owner = |session: &Session| CallOwner {
            key: session.id.as_str().to_owned(),
            label: session.description.as_ref().map(|description| description.text.as_str().to_owned()),
        };
        Ok(self.session(key)?.map(owner))
    }

    fn project_of_session(&mut self, session: SessionKey) -> Result<Option<CallOwner>, StoreError> {
        let Some(key) = self.session(session)?.and_then(|session| session.project) else { return Ok(None) };
        if !self.projects.contains_key(&key) {
            let project = self.tracker.store.reads().project(key)?;
            let owner = |project: session::Project| owner_of(project.place.value.as_str(), project.name.as_str());
            self.projects.insert(key, project.map(owner));
        }
        Ok(self.projects.get(&key).cloned().flatten())
    }

    /// Returns the project of a directory: the known one, else the repository, else the directory.
    fn project_of_directory(&mut self, directory: Option<&str>) -> Result<Option<CallOwner>, StoreError> {
        let Some(directory) = directory else { return Ok(None) };
        if let Some(known) = self.directories.get(directory) {
            return Ok(Some(known.clone()));
        }
        let place = Place::of(Path::new(directory));
        let owner = match self.tracker.known_at(&place)? {
            Some(project) => owner_of(project.place.value.as_str(), project.name.as_str()),
            None => owner_of(&place.project_place().to_string_lossy(), &place.project_name()),
        };
        self.directories.insert(directory.to_owned(), owner.clone());
        Ok(Some(owner))
    }
}

fn owner_of(place: &str, name: &str) -> CallOwner {
    CallOwner { key: place.to_owned(), label: Some(name.to_owned()) }
}
