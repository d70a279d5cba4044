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
}

impl std::fmt::Display for Hindrance {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Elsewhere(machine) => write!(out, "its transcript is on {machine}"),
            Self::Vanished => write!(out, "its transcript is gone"),
        }
    }
}

/// The transcripts that are here, listed once for whoever asks about many; none where nobody knows where they would be.
pub(crate) struct Transcripts(Option<BTreeSet<String>>);

impl Transcripts {
    /// Returns what hinders an agent session from being resumed here, as [`Tracker::hindrance`] does.
    pub(crate) fn hindrance(&self, agent_session: &AgentSession, machine: Option<&Text>) -> Option<Hindrance> {
        hindrance(agent_session, machine, |id| self.0.as_ref().is_none_or(|known| known.contains(id)))
    }
}

impl Tracker {
    /// Returns what hinders an agent session from being resumed here, if anything does. Of agents whose files are not known here nothing
    /// can be said.
    pub(crate) fn hindrance(&self, agent_session: &AgentSession, machine: Option<&Text>) -> Option<Hindrance> {
        let projects = self.locations().ok()?.projects();
        hindrance(agent_session, machine, |id| claude_code::transcript::find(&projects, id).is_some())
    }

    /// Lists the transcripts that are here.
    pub(crate) fn transcripts(&self) -> Transcripts {
        Transcripts(self.locations().ok().map(|locations| claude_code::transcript::all(&locations.projects())))
    }
}

fn hindrance(agent_session: &AgentSession, machine: Option<&Text>, is_here: impl FnOnce(&str) -> bool) -> Option<Hindrance> {
    if agent_session.agent.as_str() != claude_code::NAME || is_here(agent_session.id.as_str()) {
        return None;
    }
    let elsewhere = machine.map(Text::as_str).filter(|machine| *machine != machine::name());
    Some(elsewhere.map_or(Hindrance::Vanished, |machine| Hindrance::Elsewhere(machine.to_owned())))
}
