//! Whether an agent session can still be resumed here: its transcript has to be there.

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

impl Tracker {
    /// Returns what hinders an agent session from being resumed here, if anything does. Of agents whose files are not known here nothing
    /// can be said.
    pub(crate) fn hindrance(&self, agent_session: &AgentSession, machine: Option<&Text>) -> Option<Hindrance> {
        if agent_session.agent.as_str() != claude_code::NAME {
            return None;
        }
        let projects = self.locations().ok()?.projects();
        if claude_code::transcript::find(&projects, agent_session.id.as_str()).is_some() {
            return None;
        }
        let elsewhere = machine.map(Text::as_str).filter(|machine| *machine != machine::name());
        Some(elsewhere.map_or(Hindrance::Vanished, |machine| Hindrance::Elsewhere(machine.to_owned())))
    }
}
