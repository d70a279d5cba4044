//! Where agents' conversations are looked for: where the agents have them, and where the configuration says.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::holdings::{self, Held};
use crate::{ConfigError, Tracker};

impl Tracker {
    /// Finds all conversations on the disk, the one that was written to last first.
    pub(super) fn held(&self) -> Result<Held, ConfigError> {
        let mut all = Held::default();
        for root in self.agent_roots()? {
            let held = holdings::find(&root, crate::index::threads());
            all.holdings.extend(held.holdings);
            all.troubles.extend(held.troubles);
        }
        all.holdings.sort_by_cached_key(|holding| (std::cmp::Reverse(holding.modified()), holding.id.clone()));
        Ok(all)
    }

    fn agent_roots(&self) -> Result<Vec<PathBuf>, ConfigError> {
        let mut roots = vec![self.config.locations()?.projects()];
        roots.extend(self.config.agent_roots());
        // One directory may have several names; nothing in it is to be found twice.
        let mut known = HashSet::new();
        roots.retain(|root| known.insert(std::fs::canonicalize(root).unwrap_or_else(|_| root.clone())));
        Ok(roots)
    }
}
