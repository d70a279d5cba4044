//! The public shapes of transitions and heads.

use serde::Serialize;
use session::{AgentSession, ConversationKey, Evidence, Head, ProjectKey, Scope, Standing, Text, Transition};
use store::StoreError;

use super::transcripts::Hindrance;
use crate::Tracker;

/// A transition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransitionView {
    /// Its place among the transitions of the project.
    pub seq: u64,
    /// The name of the project.
    pub project: Option<String>,
    /// The key of the project: names are not unique.
    #[serde(skip)]
    pub project_key: ProjectKey,
    /// The version whose head it is about; `null` for the project's own and a worktree's.
    pub version: Option<String>,
    /// The worktree whose head it is about.
    pub worktree: Option<String>,
    /// The head it replaced, or found where it lost.
    pub old: Option<String>,
    /// The agent session that followed.
    pub new: String,
    /// The agent session that `new` continues; `null` for a fresh one.
    pub from: Option<String>,
    /// What led to it, as the first report says.
    pub source: String,
    /// How it is known: `hook`, `stream`, `transcript`, `api`, `inferred`; the best there is.
    pub evidence: &'static str,
    /// The session that `new` belonged to then.
    pub session: Option<String>,
    /// When it happened.
    pub at: String,
    /// Whether somebody else had moved the head first.
    pub side_branch: bool,
    /// Whether the head of its scope moved with it.
    pub moved: bool,
    /// The agent.
    pub agent: String,
    /// Everything that led to it, the first report's first.
    pub sources: Vec<String>,
    /// The machine that holds what can be resumed.
    pub machine: Option<String>,
}

/// A head.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeadView {
    /// The name of the project.
    pub project: Option<String>,
    /// The key of the project: names are not unique.
    #[serde(skip)]
    pub project_key: Option<ProjectKey>,
    /// The version it is the head of.
    pub version: Option<String>,
    /// The worktree it is the head of.
    pub worktree: Option<String>,
    /// The agent session to resume; `null` where there is none.
    pub head: Option<String>,
    /// The session it belongs to.
    pub session: Option<String>,
    /// When it became the head.
    pub at: Option<String>,
    /// The machine that holds its transcript.
    pub machine: Option<String>,
    /// Whether the next one has to begin afresh.
    pub fresh: bool,
    /// Why.
    pub reason: Option<String>,
    /// The agent.
    pub agent: Option<String>,
    /// Whether it can be resumed on the machine that holds its transcript, and not here.
    #[serde(skip)]
    pub is_elsewhere: bool,
}

impl Tracker {
    pub(crate) fn transition_view(&self, transition: &Transition) -> Result<TransitionView, StoreError> {
        let (version, worktree) = names(&transition.scope);
        let id = |agent_session: &AgentSession| agent_session.id.as_str().to_owned();
        Ok(TransitionView {
            seq: transition.seq,
            project: self.name_of_project(transition.project)?,
            project_key: transition.project,
            version,
            worktree,
            old: transition.old.as_ref().map(id),
            new: id(&transition.new),
            from: transition.from().map(id),
            source: transition.source().to_owned(),
            evidence: evidence_word(transition.evidence()),
            session: self.session_name(transition.session)?,
            at: transition.when.at.moment.to_string(),
            side_branch: transition.standing == Standing::Aside,
            moved: transition.standing == Standing::Moved,
            agent: transition.new.agent.as_str().to_owned(),
            sources: transition.sources().into_iter().map(str::to_owned).collect(),
            machine: transition.machine.as_ref().map(text),
        })
    }

    pub(super) fn head_view(&self, head: &Head) -> Result<HeadView, StoreError> {
        let (version, worktree) = names(&head.scope);
        let hindrance = self.hindrance(&head.agent_session, head.machine.as_ref());
        let key = ConversationKey::of(head.agent_session.agent.as_str(), head.agent_session.id.as_str());
        // It may have gone on in another session since, or have got one.
        let session = self.store.reads().conversation(key)?.and_then(|row| row.session()).or(head.session);
        Ok(HeadView {
            project: self.name_of_project(head.project)?,
            project_key: Some(head.project),
            version,
            worktree,
            head: Some(text(&head.agent_session.id)),
            session: self.session_name(session)?,
            at: Some(head.when.at.moment.to_string()),
            machine: head.machine.as_ref().map(text),
            fresh: matches!(hindrance, Some(Hindrance::Elsewhere(_) | Hindrance::Vanished)),
            is_elsewhere: matches!(hindrance, Some(Hindrance::Elsewhere(_))),
            reason: hindrance.map(|hindrance| hindrance.to_string()),
            agent: Some(text(&head.agent_session.agent)),
        })
    }

    pub(crate) fn name_of_project(&self, key: ProjectKey) -> Result<Option<String>, StoreError> {
        Ok(self.store.reads().project(key)?.map(|project| text(&project.name)))
    }

    pub(super) fn session_name(&self, key: Option<session::SessionKey>) -> Result<Option<String>, StoreError> {
        let session = key.map(|key| self.store.reads().session(key)).transpose()?.flatten();
        Ok(session.map(|session| session.id.to_string()))
    }
}

/// Returns the version and the worktree that a scope names.
pub(super) fn names(scope: &Scope) -> (Option<String>, Option<String>) {
    match scope {
        Scope::Project => (None, None),
        Scope::Version(name) => (Some(text(name)), None),
        Scope::Worktree(directory) => (None, Some(text(directory))),
    }
}

/// What somebody said came in through a command or a library.
fn evidence_word(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Said => "api",
        other => other.as_str(),
    }
}

fn text(text: &Text) -> String {
    text.as_str().to_owned()
}
