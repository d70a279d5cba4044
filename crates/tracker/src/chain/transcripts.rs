//! Whether an agent session can still be resumed here: its transcript has to be there.

use std::collections::BTreeSet;

use agents::claude_code;
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
    /// Their ids; none where nobody knows where they would be.
    known: Option<BTreeSet<String>>,
    /// Why not all of them could be looked at.
    trouble: Option<String>,
}

impl Transcripts {
    /// Returns what hinders an agent session from being resumed here, as [`Tracker::hindrance`] does.
    pub(crate) fn hindrance(&self, agent_session: &AgentSession, machine: Option<&Text>) -> Option<Hindrance> {
        hindrance(agent_session, machine, |id| match (&self.known, &self.trouble) {
            (Some(known), _) if known.contains(id) => Ok(true),
            (Some(_), Some(trouble)) => Err(trouble.clone()),
            (known, _) => Ok(known.is_none()),
        })
    }
}

impl Tracker {
    /// Returns what hinders an agent session from being resumed here, if anything does. Of agents whose files are not known here nothing
    /// can be said.
    pub(crate) fn hindrance(&self, agent_session: &AgentSession, machine: Option<&Text>) -> Option<Hindrance> {
        let projects = self.locations().ok()?.projects();
        let look = |id: &str| claude_code::transcript::look(&projects, id).map(|found| found.is_some());
        hindrance(agent_session, machine, |id| look(id).map_err(|error| error.to_string()))
    }

    /// Lists the transcripts that are here.
    pub(crate) fn transcripts(&self) -> Transcripts {
        let Ok(locations) = self.locations() else { return Transcripts { known: None, trouble: None } };
        let (known, trouble) = claude_code::transcript::all(&locations.projects());
        Transcripts { known: Some(known), trouble: trouble.map(|error| error.to_string()) }
    }
}

fn hindrance(
    agent_session: &AgentSession,
    machine: Option<&Text>,
    is_here: impl FnOnce(&str) -> Result<bool, String>,
) -> Option<Hindrance> {
    if agent_session.agent.as_str() != claude_code::NAME {
        return None;
    }
    let elsewhere = machine.map(Text::as_str).filter(|machine| *machine != machine::name());
    match (is_here(agent_session.id.as_str()), elsewhere) {
        (Ok(true), _) => None,
        (_, Some(machine)) => Some(Hindrance::Elsewhere(machine.to_owned())),
        (Ok(false), None) => Some(Hindrance::Vanished),
        (Err(reason), None) => Some(Hindrance::Unseen(reason)),
    }
}
