//! Where agents' conversations are looked for: where the agents have them, and where the configuration says.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use agents::transcripts::Agent;

use crate::holdings::{self, Held, Holding};
use crate::index::Scratch;
use crate::{ConfigError, Tracker};

/// Puts the `wanted` ones first that were written to last, in their order; of one moment by their ids, and by where they are.
pub(super) fn newest_first(holdings: &mut [Holding], wanted: usize) {
    let rank = |holding: &Holding| std::cmp::Reverse(holding.modified());
    let order = |one: &Holding, other: &Holding| {
        let place = |holding: &Holding| (holding.agent, Arc::clone(&holding.root), holding.layout);
        let by_place = || place(one).cmp(&place(other)).then_with(|| one.place.cmp(&other.place));
        rank(one).cmp(&rank(other)).then_with(|| one.id.cmp(&other.id)).then_with(by_place)
    };
    if (1..holdings.len()).contains(&wanted) {
        holdings.select_nth_unstable_by(wanted - 1, order).0.sort_unstable_by(order);
    } else {
        holdings.sort_unstable_by(order);
    }
}

impl Tracker {
    /// Finds all conversations on the disk, the one that was written to last first; only those of an agent, where one is named.
    pub(super) fn held(&self, agent: Option<Agent>) -> Result<Held, ConfigError> {
        let mut all = self.held_unsorted(agent)?;
        newest_first(&mut all.holdings, usize::MAX);
        Ok(all)
    }

    /// Finds them in no order.
    pub(super) fn held_unsorted(&self, agent: Option<Agent>) -> Result<Held, ConfigError> {
        let mut roots = self.agent_roots()?;
        roots.retain(|(held, _)| agent.is_none_or(|agent| *held == agent));
        let may_have_database = roots.iter().any(|(agent, root)| *agent == Agent::Opencode && root.is_dir());
        // Without a place of its own it is the system's.
        let scratch = if may_have_database { Scratch::open(&self.home).ok() } else { None };
        Ok(holdings::find_all(&roots, scratch.as_ref()))
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
