//! A worker's word that one agent session follows another. The head moves only if it is the one the worker saw: compare and set, in the
//! transaction that records the transition. Who comes too late is a side branch, and nothing is lost.

use session::{
    AgentSession, Change, Conversation, ConversationKey, Evidence, Head, Moved, ProjectKey, Reading, Report, Reported, Scope, Standing,
    Text, Transition,
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
    /// The one it continues; none for a fresh one, and so is an empty one.
    pub old: Option<String>,
    /// The head that was seen, empty for none; that is `old` where nobody says, also an empty one. Without either the move is not compared.
    pub expect: Option<String>,
    /// What led to it: `build`, `metadata_generation`, `compact`, `update`.
    pub source: String,
    /// The version it is of.
    pub version: Option<String>,
    /// When it happened, if not now. That is what is shown; its place is that of what is said now.
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
    /// The head of its scope after it, if there is one.
    pub head: Option<String>,
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
    /// Nobody could look whether it can be resumed.
    #[error("nobody knows whether {id} can be resumed: {reason}")]
    Unseen {
        /// The agent session.
        id: String,
        /// Why.
        reason: String,
    },
    /// Hooks may have told of it, and that could not be taken in.
    #[error("what is to be resumed instead of {id} is not known: what hooks reported waits")]
    Waits {
        /// The agent session.
        id: String,
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
    /// What it continues, where it says nothing else; where there is no head yet, nobody can have been first.
    ThisOrNone(AgentSession),
}

impl Tracker {
    /// Records a transition that a worker reports.
    ///
    /// # Errors
    /// When a name is none, the project cannot be determined, or the store cannot take it.
    pub fn report_transition(&mut self, new: &NewTransition) -> Result<Said, ChainError> {
        let (given, project) = (read(new)?, self.project_to_record_in()?);
        // What is dated by hand is ordered by when it is said.
        let at = new.at.map(|at| Reading { boot: self.clock.now().boot, ..at });
        let (outcome, transition, head) = self.write(Durability::Full, Evidence::Said, at, |pen| -> Result<_, ChainError> {
            let project = project.settle(pen)?;
            let (outcome, transition) = report(pen, project, &given)?;
            Ok((outcome, transition, pen.turn.reads()?.head(project, &given.scope)?))
        })?;
        let head = head.map(|head| head.agent_session.id.as_str().to_owned());
        Ok(Said { outcome, transition: self.transition_view(&transition)?, head })
    }
}

fn report(pen: &mut Pen<'_>, project: ProjectKey, given: &Given) -> Result<(Outcome, Transition), StoreError> {
    let held = Held::of(pen, project, &given.scope, given)?;
    if let Some(same) = held.same_move(given) {
        let is_news = is_news(same, given);
        let known = add(pen, same, given)?;
        if is_news && given.scope != Scope::Project {
            take_project_along(pen, project, given)?;
        }
        return Ok((Outcome::Known, known));
    }
    if !is_expected(&given.expected, held.head.as_ref()) {
        if let Some(known) = held.said_before(given) {
            let outcome = if known.standing == Standing::Moved { Outcome::Known } else { Outcome::Lost };
            return Ok((outcome, known.clone()));
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
    match Held::of(pen, project, &Scope::Project, given)?.same_move(given) {
        Some(same) => add(pen, same, given).map(drop),
        None => record(pen, project, given, Scope::Project, Standing::Moved).map(drop),
    }
}

/// What a scope holds of the agent session that somebody reports.
struct Held {
    head: Option<Head>,
    /// The transitions to it, oldest first.
    to_new: Vec<Transition>,
    /// The place of the last move to the head that the worker says it saw.
    seen: Option<u64>,
}

impl Held {
    fn of(pen: &mut Pen<'_>, project: ProjectKey, scope: &Scope, given: &Given) -> Result<Self, StoreError> {
        let reads = pen.turn.reads()?;
        let to = |agent_session: &AgentSession| -> Result<Vec<Transition>, StoreError> {
            let mut known = reads.transitions_to(agent_session.id.as_str())?;
            known.retain(|held| held.project == project && held.scope == *scope && held.new == *agent_session);
            known.sort_by_key(|held| held.seq);
            Ok(known)
        };
        let seen = given.expected.head().map(to).transpose()?.unwrap_or_default();
        let seen = seen.iter().rfind(|held| held.standing == Standing::Moved).map(|held| held.seq);
        Ok(Self { head: reads.head(project, scope)?, to_new: to(&given.new)?, seen })
    }

    /// Returns the move that a worker tells of once more: one that a hook told of and no worker yet, else the one that led to the head.
    fn same_move(&self, given: &Given) -> Option<&Transition> {
        let moves = || self.to_new.iter().rev().filter(|held| held.standing == Standing::Moved);
        let head = moves().find(|held| self.is_at_head(held));
        // What begins afresh does so once; where nothing is compared, nothing else can tell that it is said again.
        let is_fresh = matches!(given.expected, Expected::Any);
        if let Some(held) = moves().find(|held| is_said_by(held, given) && (is_fresh || self.is_at_head(held))) {
            return Some(held);
        }
        let heard = || moves().filter(|held| !is_said(held) && !self.is_older_than_what_was_seen(held, given));
        let same_kind = || heard().filter(|held| held.is_from_itself() == given.is_from_itself());
        let heard = same_kind().find(|held| held.source() == given.source.as_str()).or_else(|| same_kind().next());
        // What continues itself is a move of its own; what does not say where it comes from may be any.
        match (&given.from, head) {
            (Some(from), _) if *from == given.new => heard,
            (None, _) => heard.or(head),
            (Some(_), None) => heard,
            (Some(_), Some(_)) => heard.or_else(|| moves().find(|held| !held.is_from_itself())).or(head),
        }
    }

    fn is_at_head(&self, held: &Transition) -> bool {
        self.head.as_ref().is_some_and(|head| head.transition == held.event)
    }

    /// Reports whether the worker saw a head that came after a move: then it goes back, and does not tell of that move.
    fn is_older_than_what_was_seen(&self, held: &Transition, given: &Given) -> bool {
        let seen = given.expected.head();
        seen != Some(&given.new) && seen != held.old.as_ref() && self.seen.is_some_and(|seen| seen > held.seq)
    }

    /// Returns the transition by which exactly this was said before.
    fn said_before(&self, given: &Given) -> Option<&Transition> {
        self.to_new.iter().rfind(|held| is_said_by(held, given))
    }
}

fn is_said(held: &Transition) -> bool {
    held.reports.values().any(|report| report.evidence == Evidence::Said)
}

/// Reports whether a worker said just that of a transition.
fn is_said_by(held: &Transition, given: &Given) -> bool {
    let is_it = |report: &Report| report.evidence == Evidence::Said && report.source == given.source && report.from == given.from;
    held.reports.values().any(is_it)
}

impl Given {
    fn is_from_itself(&self) -> bool {
        self.from.as_ref() == Some(&self.new)
    }
}

impl Expected {
    fn head(&self) -> Option<&AgentSession> {
        match self {
            Self::Any | Self::None => None,
            Self::This(head) | Self::ThisOrNone(head) => Some(head),
        }
    }
}

fn is_expected(expected: &Expected, head: Option<&Head>) -> bool {
    match (expected, head) {
        (Expected::Any, _) | (Expected::None | Expected::ThisOrNone(_), None) => true,
        (Expected::None, Some(_)) | (Expected::This(_), None) => false,
        (Expected::This(seen) | Expected::ThisOrNone(seen), Some(head)) => head.agent_session == *seen,
    }
}

fn is_news(held: &Transition, given: &Given) -> bool {
    !held.is_reported_by(given.source.as_str()) || (held.from().is_none() && given.from.is_some())
}

/// A second report of the same move is no lost race: it adds what it knows.
fn add(pen: &mut Pen<'_>, held: &Transition, given: &Given) -> Result<Transition, StoreError> {
    if !is_news(held, given) && is_said(held) {
        return Ok(held.clone());
    }
    let reported = Reported { transition: held.event, source: given.source.clone(), from: given.from.clone() };
    let id = pen.draw_event();
    pen.change_project(held.project, id, Change::Reported(Box::new(reported)))?;
    transition(pen, &held.new, held.event)
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
    let id = pen.draw_event();
    pen.change_project(project, id, Change::Moved(Box::new(moved)))?;
    transition(pen, &given.new, id)
}

fn transition(pen: &mut Pen<'_>, new: &AgentSession, event: session::EventId) -> Result<Transition, StoreError> {
    let known = pen.turn.reads()?.transitions_to(new.id.as_str())?;
    known.into_iter().find(|held| held.event == event).ok_or_else(|| StoreError::Missing { key: event.to_string() })
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
        (None, Some(old)) => Expected::ThisOrNone(old.clone()),
        // Who says that it continues nothing, saw nothing; who says nothing may have seen anything.
        (None, None) if new.old.is_some() => Expected::None,
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

/// Accepts one word in which nothing drives a terminal, turns the direction of writing, or is not seen.
fn name(text: &str, wanted: &'static str) -> Result<Text, ChainError> {
    let is_good = |each: char| !each.is_whitespace() && !session::is_harmful(each) && !session::is_unseen(each);
    if (1..=LONGEST).contains(&text.len()) && !text.starts_with('-') && text.chars().all(is_good) {
        return Ok(redact::text(text));
    }
    Err(ChainError::BadName { value: text.chars().take(80).collect(), wanted })
}
