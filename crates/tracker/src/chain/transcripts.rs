//! Whether an agent session can still be resumed here: its transcript has to be there.

use std::collections::BTreeSet;
use std::path::PathBuf;

use agents::claude_code;
use agents::transcripts::Agent;
use session::{AgentSession, Text};

use crate::Tracker;

/// Why an agent session cannot be resumed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// Its transcript is on another machine.
    Elsewhere(String),
    /// Its transcript is gone.
    Vanished,
    /// Nobody could look for its transcript, for this reason.
    Unseen(String),
}

impl std::fmt::Display for Hindrance {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Elsewhere(machine) => write!(out, "its transcript is on {machine}"),
            Self::Vanished => write!(out, "its transcript is gone"),
            Self::Unseen(reason) => write!(out, "its transcript cannot be looked for: {reason}"),
        }
    }
}

/// The transcripts that are here, listed once for whoever asks about many.
pub(crate) struct Transcripts {
    roots: Vec<(Agent, PathBuf)>,
    /// The ids of Claude Code's; none where nobody knows where they would be.
    known: Option<BTreeSet<String>>,
    /// Why not all of them could be looked at.
    trouble: Option<String>,
}

impl Transcripts {
    /// Returns what hinders an agent session from being resumed here, as [`Tracker::hindrance`] does.
    pub(crate) fn hindrance(&self, agent_session: &AgentSession, machine: Option<&Text>) -> Option<Hindrance> {
        hindrance(agent_session, machine, |agent, id| match (agent, &self.known, &self.trouble) {
            (Agent::ClaudeCode, Some(known), _) if known.contains(id) => Ok(Some(true)),
            (Agent::ClaudeCode, Some(_), Some(trouble)) => Err(trouble.clone()),
            (Agent::ClaudeCode, known, _) => Ok(known.as_ref().map(|_| false)),
            _ => look(&self.roots, agent, id),
        })
    }
}

impl Tracker {
    /// Returns what hinders an agent session from being resumed here, if anything does. Of agents whose files are not known here nothing
    /// can be said.
    pub(crate) fn hindrance(&self, agent_session: &AgentSession, machine: Option<&Text>) -> Option<Hindrance> {
        let roots = self.config.transcript_roots().ok()?;
        hindrance(agent_session, machine, |agent, id| look(&roots, agent, id))
    }

    /// Lists the transcripts that are here.
    pub(crate) fn transcripts(&self) -> Transcripts {
        let Ok(locations) = self.locations() else { return Transcripts { roots: Vec::new(), known: None, trouble: None } };
        let (known, trouble) = claude_code::transcript::all(&locations.projects());
        let roots = self.config.transcript_roots().unwrap_or_default();
        Transcripts { roots, known: Some(known), trouble: trouble.map(|error| error.to_string()) }
    }
}

fn look(roots: &[(Agent, PathBuf)], agent: Agent, id: &str) -> Result<Option<bool>, String> {
    let own: Vec<PathBuf> = roots.iter().filter(|(held, _)| *held == agent).map(|(_, root)| root.clone()).collect();
    agent.is_here(&own, id).map_err(|error| error.to_string())
}

fn hindrance(
    agent_session: &AgentSession,
    machine: Option<&Text>,
    is_here: impl FnOnce(Agent, &str) -> Result<Option<bool>, String>,
) -> Option<Hindrance> {
    let agent = Agent::of(agent_session.agent.as_str())?;
    let elsewhere = machine.map(Text::as_str).filter(|machine| *machine != machine::name());
    match (is_here(agent, agent_session.id.as_str()), elsewhere) {
        (Ok(Some(true)), _) | (Ok(None), None) => None,
        (_, Some(machine)) => Some(Hindrance::Elsewhere(machine.to_owned())),
        (Ok(Some(false)), None) => Some(Hindrance::Vanished),
        (Err(reason), None) => Some(Hindrance::Unseen(reason)),
    }
}
