//! The rows of the chain: transitions from one agent session to the next, and the heads they lead to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Event, EventId, Evidence, ProjectKey, Reported, SessionKey, Stamp, Text, When};

/// A conversation of an agent, by the names people and programs use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AgentSession {
    /// The agent, as in `claude-code`.
    pub agent: Text,
    /// The agent's id of the conversation.
    pub id: Text,
}

/// What a head is the head of, within a project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The project itself.
    Project,
    /// A version of it, by name.
    Version(Text),
    /// One of its worktrees, by directory.
    Worktree(Text),
}

impl std::fmt::Display for Scope {
    /// Writes `project`, `version:<name>` or `worktree:<directory>`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Project => write!(out, "project"),
            Self::Version(name) => write!(out, "version:{name}"),
            Self::Worktree(directory) => write!(out, "worktree:{directory}"),
        }
    }
}

/// Whether a transition moved the head of its scope. Decided when it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It did.
    Moved,
    /// Somebody else had moved the head first: a side branch.
    Aside,
    /// It was never to: a sub-agent, or an agent that an agent started.
    Apart,
}

/// One agent session following another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// The event that recorded it; its key.
    pub event: EventId,
    /// The project.
    pub project: ProjectKey,
    /// Its place among the transitions of the project, from 1. Of one boot of a machine those that happened earlier come first, whenever
    /// they were recorded; else those that were recorded earlier.
    pub seq: u64,
    /// What head it is about.
    pub scope: Scope,
    /// The head it replaced, or found where it did not move one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<AgentSession>,
    /// The agent session that followed.
    pub new: AgentSession,
    /// Whether it moved the head.
    pub standing: Standing,
    /// The session that `new` belonged to then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionKey>,
    /// The machine that holds what can be resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Text>,
    /// When it happened.
    pub when: When,
    /// Everybody who reported it, by the event that did; the first is who recorded it.
    pub reports: BTreeMap<EventId, Report>,
}

/// One report of a transition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What led to it: `startup`, `resume`, `fork`, `build`.
    pub source: Text,
    /// The agent session that `new` continues, as far as this report knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<AgentSession>,
    /// How it is known.
    pub evidence: Evidence,
    /// Its place among the reports.
    pub stamp: Stamp,
}

/// The newest agent session of a scope that can be resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The project.
    pub project: ProjectKey,
    /// What it is the head of.
    pub scope: Scope,
    /// The agent session.
    pub agent_session: AgentSession,
    /// The transition that led to it.
    pub transition: EventId,
    /// The session it belonged to then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionKey>,
    /// The machine that holds what can be resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Text>,
    /// When it became the head.
    pub when: When,
}

impl Transition {
    /// Returns what led to it, as the first report says.
    pub fn source(&self) -> &str {
        self.reports.get(&self.event).map_or("", |report| report.source.as_str())
    }

    /// Returns everything that led to it, the first report's first, each once.
    pub fn sources(&self) -> Vec<&str> {
        let mut sources = vec![self.source()];
        for report in self.in_order() {
            if !sources.contains(&report.source.as_str()) {
                sources.push(report.source.as_str());
            }
        }
        sources
    }

    /// Returns the agent session that it continues: as the best evidence says, of equal evidence the first.
    pub fn from(&self) -> Option<&AgentSession> {
        let known = self.in_order().into_iter().filter(|report| report.from.is_some());
        known.rev().max_by_key(|report| report.evidence.weight()).and_then(|report| report.from.as_ref())
    }

    /// Returns the best evidence there is for it.
    pub fn evidence(&self) -> Evidence {
        let all = self.reports.values().map(|report| report.evidence);
        all.max_by_key(|evidence| evidence.weight()).unwrap_or(Evidence::Inferred)
    }

    /// Reports whether an agent session was taken up again, rather than begun.
    pub fn is_from_itself(&self) -> bool {
        self.from() == Some(&self.new)
    }

    /// Reports whether anybody named this as what led to it, a hook or a worker.
    pub fn is_reported_by(&self, source: &str) -> bool {
        self.reports.values().any(|report| report.source.as_str() == source)
    }

    /// Returns the head it leads to.
    pub fn head(&self) -> Head {
        Head {
            project: self.project,
            scope: self.scope.clone(),
            agent_session: self.new.clone(),
            transition: self.event,
            session: self.session,
            machine: self.machine.clone(),
            when: self.when,
        }
    }

    /// Takes one more report.
    pub(crate) fn report(&mut self, event: &Event, reported: &Reported) {
        let Reported { source, from, .. } = reported.clone();
        self.reports.insert(event.id, Report { source, from, evidence: event.evidence, stamp: event.stamp() });
    }

    fn in_order(&self) -> Vec<&Report> {
        let mut reports: Vec<_> = self.reports.values().collect();
        reports.sort_by_key(|report| report.stamp);
        reports
    }
}
