//! A worker's word that one agent session follows another. The head moves only if it is the one the worker saw: compare and set, in the
//! transaction that records the transition. Who comes too late is a side branch, and nothing is lost.

use session::{
    AgentSession, Change, Conversation, ConversationKey, Evidence, Head, Moved, ProjectKey, Reading, Reported, Revision, Scope, Standing,
    Subject, Text, Transition,
};
use store::{Durability, StoreError};

use super::view::TransitionView;
use crate::tracker::Pen;
use crate::{CurrentError, ProjectError, Tracker};

/// The longest id, source and name of a version that is accepted, in bytes.
const LONGEST: usize = 255;

/// A transition that somebody reports.
#[derive(Clone, Debug, Default)]
pub struct NewTransition {
    /// The agent; Claude Code where nobody says.
    pub agent: Option<String>,
    /// The agent session that followed.
    pub new: String,
    /// The one it continues; none for a fresh one.
    pub old: Option<String>,
    /// The head that was seen, empty for none; that is `old` where nobody says. Without either the move is not compared.
    pub expect: Option<String>,
    /// What led to it: `build`, `metadata_generation`, `compact`, `update`.
    pub source: String,
    /// The version it is of.
    pub version: Option<String>,
    /// When it happened, if not now.
    pub at: Option<Reading>,
}

/// What became of a reported transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The head moved.
    Moved,
    /// It had moved so already.
    Known,
    /// Somebody else had moved the head: this is a side branch.
    Lost,
}

/// A transition that was reported, and the head after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// What became of it.
    pub outcome: Outcome,
    /// The transition.
    pub transition: TransitionView,
    /// The head of its scope now.
    pub head: String,
}

/// Why nothing could be said or recorded of a chain.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// Not a name that could be one.
    #[error("`{value}` is not {wanted}")]
    BadName {
        /// What was given.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// The session could not be told.
    #[error(transparent)]
    Current(#[from] CurrentError),
    /// The project could not be determined.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A transition with names that were read.
struct Given {
    scope: Scope,
    new: AgentSession,
    from: Option<AgentSession>,
    expected: Expected,
    source: Text,
}

/// Which head a worker says it saw.
enum Expected {
    Any,
    None,
    This(AgentSession),
}

impl Tracker {
    /// Records a transition that a worker reports.
    ///
    /// # Errors
    /// When a name is none, the project cannot be determined, or the store cannot take it.
    pub fn report_transition(&mut self, new: &NewTransition) -> Result<Said, ChainError> {
        let (given, project) = (read(new)?, self.project_to_record_in()?);
        let (outcome, transition) = self.write(Durability::Full, Evidence::Said, new.at, |pen| -> Result<_, ChainError> {
            let project = project.settle(pen)?;
            Ok(report(pen, project, &given)?)
        })?;
        let head = self.store.reads().head(transition.project, &transition.scope)?;
        let head = head.map_or_else(String::new, |head| head.agent_session.id.as_str().to_owned());
        Ok(Said { outcome, transition: self.transition_view(&transition)?, head })
    }
}

fn report(pen: &mut Pen<'_>, project: ProjectKey, given: &Given) -> Result<(Outcome, Transition), StoreError> {
    let head = pen.turn.reads()?.head(project, &given.scope)?;
    if let Some(head) = head.as_ref().filter(|head| head.agent_session == given.new) {
        return said_again(pen, head, given).map(|transition| (Outcome::Known, transition));
    }
    if !is_expected(&given.expected, head.as_ref()) {
        if let Some(known) = said_before(pen, project, given)? {
            let outcome = if known.standing == Standing::Moved { Outcome::Known } else { Outcome::Lost };
            return Ok((outcome, known));
        }
        return record(pen, project, given, given.scope.clone(), Standing::Aside).map(|transition| (Outcome::Lost, transition));
    }
    let moved = record(pen, project, given, given.scope.clone(), Standing::Moved)?;
    if given.scope != Scope::Project {
        take_project_along(pen, project, given)?;
    }
    Ok((Outcome::Moved, moved))
}

/// Whoever moves the head of a version moves that of the project.
fn take_project_along(pen: &mut Pen<'_>, project: ProjectKey, given: &Given) -> Result<(), StoreError> {
    match pen.turn.reads()?.head(project, &Scope::Project)?.filter(|head| head.agent_session == given.new) {
        Some(head) => said_again(pen, &head, given).map(drop),
        None => record(pen, project, given, Scope::Project, Standing::Moved).map(drop),
    }
}

/// In a scope without a head nobody can have been first.
fn is_expected(expected: &Expected, head: Option<&Head>) -> bool {
    match (expected, head) {
        (Expected::Any, _) | (_, None) => true,
        (Expected::None, Some(_)) => false,
        (Expected::This(seen), Some(head)) => head.agent_session == *seen,
    }
}

/// A second report of the same move is no lost race: it adds what it knows.
fn said_again(pen: &mut Pen<'_>, head: &Head, given: &Given) -> Result<Transition, StoreError> {
    let held = transition(pen, &head.agent_session, head.transition)?;
    let is_news = !held.is_reported_by(given.source.as_str()) || (held.from().is_none() && given.from.is_some());
    if is_news {
        let reported = Reported { transition: held.event, source: given.source.clone(), from: given.from.clone() };
        let revision = revision(pen, held.project)?;
        pen.record(Subject::Project(held.project), revision, Change::Reported(Box::new(reported)))?;
    }
    transition(pen, &head.agent_session, head.transition)
}

/// Returns the transition by which exactly this was said before.
fn said_before(pen: &mut Pen<'_>, project: ProjectKey, given: &Given) -> Result<Option<Transition>, StoreError> {
    let mut known = pen.turn.reads()?.transitions_to(given.new.id.as_str())?;
    known.retain(|held| held.project == project && held.scope == given.scope && held.new == given.new);
    known.sort_by_key(|held| std::cmp::Reverse(held.seq));
    Ok(known.into_iter().find(|held| held.is_reported_by(given.source.as_str()) && held.from() == given.from.as_ref()))
}

fn record(pen: &mut Pen<'_>, project: ProjectKey, given: &Given, scope: Scope, standing: Standing) -> Result<Transition, StoreError> {
    let key = ConversationKey::of(given.new.agent.as_str(), given.new.id.as_str());
    let moved = Moved {
        scope,
        new: given.new.clone(),
        from: given.from.clone(),
        source: given.source.clone(),
        standing,
        session: pen.turn.conversation(key)?.and_then(Conversation::session),
        machine: Some(Text::stored(machine::name())),
    };
    let (id, revision) = (pen.draw_event(), revision(pen, project)?);
    pen.record_as(id, Subject::Project(project), revision, Change::Moved(Box::new(moved)))?;
    transition(pen, &given.new, id)
}

fn transition(pen: &mut Pen<'_>, new: &AgentSession, event: session::EventId) -> Result<Transition, StoreError> {
    let known = pen.turn.reads()?.transitions_to(new.id.as_str())?;
    known.into_iter().find(|held| held.event == event).ok_or_else(|| StoreError::Missing { key: event.to_string() })
}

fn revision(pen: &mut Pen<'_>, project: ProjectKey) -> Result<Revision, StoreError> {
    Ok(pen.turn.reads()?.project(project)?.map_or(Revision(0), |project| project.revision).next())
}

fn read(new: &NewTransition) -> Result<Given, ChainError> {
    let agent = name(new.agent.as_deref().unwrap_or(agents::claude_code::NAME), "the name of an agent: one word, like `claude-code`")?;
    let agent_session = |id: &str| -> Result<AgentSession, ChainError> {
        Ok(AgentSession { agent: agent.clone(), id: name(id, "the id of an agent session: one word of 1 to 255 characters")? })
    };
    let from = new.old.as_deref().filter(|old| !old.is_empty()).map(agent_session).transpose()?;
    let expected = match (new.expect.as_deref(), &from) {
        (Some(""), _) => Expected::None,
        (Some(head), _) => Expected::This(agent_session(head)?),
        (None, Some(old)) => Expected::This(old.clone()),
        (None, None) => Expected::Any,
    };
    let version = new.version.as_deref().map(|version| name(version, "the name of a version: one word of 1 to 255 characters"));
    Ok(Given {
        scope: version.transpose()?.map_or(Scope::Project, Scope::Version),
        new: agent_session(&new.new)?,
        from,
        expected,
        source: name(&new.source, "a source: one word of 1 to 255 characters, like `build`")?,
    })
}

/// Accepts one word in which nothing drives a terminal or turns the direction of writing.
fn name(text: &str, wanted: &'static str) -> Result<Text, ChainError> {
    let is_good = |each: char| !each.is_whitespace() && !session::is_harmful(each);
    if (1..=LONGEST).contains(&text.len()) && !text.starts_with('-') && text.chars().all(is_good) {
        return Ok(redact::text(text));
    }
    Err(ChainError::BadName { value: text.chars().take(80).collect(), wanted })
}
