//! Where agents' conversations are looked for: where the agents have them, and where the configuration says.

use std::collections::HashSet;
use std::path::PathBuf;

use agents::transcripts::Agent;

use crate::holdings::{self, Held};
use crate::index::Scratch;
use crate::{ConfigError, Tracker};

impl Tracker {
    /// Finds all conversations on the disk, the one that was written to last first; only those of an agent, where one is named.
    pub(super) fn held(&self, agent: Option<Agent>) -> Result<Held, ConfigError> {
        let mut roots = self.agent_roots()?;
        roots.retain(|(held, _)| agent.is_none_or(|agent| *held == agent));
        let may_have_database = roots.iter().any(|(agent, root)| *agent == Agent::Opencode && root.is_dir());
        // Without a place of its own it is the system's.
        let scratch = if may_have_database { Scratch::open(&self.home).ok() } else { None };
        let mut all = holdings::find_all(&roots, scratch.as_ref().map(Scratch::path));
        all.holdings.sort_by_cached_key(|holding| (std::cmp::Reverse(holding.modified()), holding.id.clone()));
        Ok(all)
    }

    fn agent_roots(&self) -> Result<Vec<(Agent, PathBuf)>, ConfigError> {
        let mut roots = self.config.transcript_roots()?;
        roots.extend(self.config.agent_roots().into_iter().map(|root| (Agent::ClaudeCode, root)));
        // One directory may have several names; nothing in it is to be found twice.
        let mut known = HashSet::new();
        roots.retain(|(_, root)| known.insert(std::fs::canonicalize(root).unwrap_or_else(|_| root.clone())));
        Ok(roots)
    }
}
