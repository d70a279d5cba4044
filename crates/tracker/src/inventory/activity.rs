//! Which conversations are in use: somebody would miss them at once.

use std::collections::HashSet;
use std::time::Duration;

use agents::transcripts::Agent;
use machine::OpenFiles;
use session::ConversationKey;

use super::InventoryError;
use crate::Tracker;
use crate::holdings::Holding;

/// So long after it was written to, a conversation is in use, in nanoseconds.
const RECENTLY: i64 = 600_000_000_000;

/// So long what processes have open is taken for what they have open now: to look costs as much as all else that is asked of one that is
/// cleaned up.
const STILL_OPEN: Duration = Duration::from_millis(200);

/// Which conversations are in use, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct InUse {
    /// Those in which an agent runs, or of which a process has a file open.
    pub(super) running: HashSet<String>,
    /// Those that are the head of a project, a version or a worktree.
    pub(super) heads: HashSet<String>,
    /// Those that were written to a moment ago, wherever their other files lie.
    pub(super) recent: HashSet<String>,
}

impl InUse {
    /// Returns why a conversation is in use: `running`, `head`, `recent`.
    pub(super) fn why(&self, holding: &Holding) -> Option<&'static str> {
        if self.running.contains(&holding.id) {
            return Some("running");
        }
        if self.heads.contains(&holding.id) {
            return Some("head");
        }
        self.recent.contains(&holding.id).then_some("recent")
    }
}

impl Tracker {
    /// Finds out which conversations are in use.
    pub(super) fn in_use(&self, holdings: &[Holding]) -> Result<InUse, InventoryError> {
        let mut running: HashSet<String> = self.running_agents()?.into_iter().filter_map(|agent| agent.agent_session).collect();
        let held_open = holdings.iter().filter(|holding| may_be_open(holding)).collect::<Vec<_>>();
        if !held_open.is_empty() {
            let open = OpenFiles::look();
            running.extend(held_open.into_iter().filter(|holding| is_open(holding, &open)).map(|holding| holding.id.clone()));
        }
        Ok(InUse { running, heads: self.all_heads()?, recent: recent(holdings, self.nanos_now()) })
    }

    fn nanos_now(&self) -> i64 {
        self.clock.now().moment.micros().saturating_mul(1_000)
    }

    fn all_heads(&self) -> Result<HashSet<String>, InventoryError> {
        let reads = self.store.reads();
        let mut heads = HashSet::new();
        for project in reads.projects()? {
            let of_project = reads.heads(project.key)?.into_iter().map(|head| head.agent_session);
            heads.extend(of_project.map(|agent_session| agent_session.id.as_str().to_owned()));
        }
        Ok(heads)
    }

    /// Reports whether a conversation is in use now, that was not a moment ago; of one that somebody named it only counts whether it runs. Asks
    /// for this one alone.
    pub(super) fn is_used_now(&self, holding: &Holding, is_named: bool, open: &mut Option<OpenFiles>) -> Result<bool, InventoryError> {
        let conversation = self.store.reads().conversation(ConversationKey::of(holding.agent.name(), &holding.id))?;
        let runs = conversation.is_some_and(|conversation| conversation.running().any(|process| self.clock.is_running(process)));
        if runs || self.registered().iter().any(|entry| entry.session_id.as_deref() == Some(holding.id.as_str())) {
            return Ok(true);
        }
        if may_be_open(holding) {
            if is_named || open.as_ref().is_none_or(|open| open.is_older_than(STILL_OPEN)) {
                *open = Some(OpenFiles::look());
            }
            if open.as_ref().is_some_and(|open| is_open(holding, open)) {
                return Ok(true);
            }
        }
        Ok(!is_named && (!recent(std::slice::from_ref(holding), self.nanos_now()).is_empty() || self.all_heads()?.contains(&holding.id)))
    }
}

/// Reports whether processes are to be asked for a conversation. Claude Code says itself what runs, and keeps no transcript open.
fn may_be_open(holding: &Holding) -> bool {
    holding.agent != Agent::ClaudeCode && !holding.files.is_empty()
}

fn is_open(holding: &Holding, open: &OpenFiles) -> bool {
    holding.files.iter().any(|file| open.has(file.seen.device, file.seen.inode))
}

/// Returns the ids of conversations that were written to a moment before `now`, in nanoseconds since 1970.
fn recent(holdings: &[Holding], now: i64) -> HashSet<String> {
    let is_recent = |holding: &&Holding| holding.modified() > now.saturating_sub(RECENTLY);
    holdings.iter().filter(is_recent).map(|holding| holding.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::directory::Seen;
    use crate::holdings::{HeldFile, Layout};

    #[test]
    fn what_runs_what_is_a_head_and_what_was_just_used_is_in_use() {
        let holding = |id: &str, modified| Holding {
            id: id.to_owned(),
            agent: Agent::ClaudeCode,
            root: Arc::from(Path::new("/p")),
            layout: Layout::Files,
            place: Vec::new(),
            pieces: Vec::new(),
            files: vec![HeldFile { steps: Vec::new(), seen: Seen { size: 1, mode: 0, modified, changed: 0, device: 0, inode: 0 } }],
            others: 0,
            folders_modified: 0,
            stored: None,
        };
        // One that lies in two folders is in use in both.
        let all = [holding("r", 0), holding("h", 0), holding("x", 9 * RECENTLY), holding("y", 9 * RECENTLY + 1), holding("y", 0)];
        let recent = recent(&all, 10 * RECENTLY);
        let in_use = InUse { running: ["r".to_owned()].into(), heads: ["h".to_owned()].into(), recent };
        let why = all.map(|holding| in_use.why(&holding));
        assert_eq!(why, [Some("running"), Some("head"), None, Some("recent"), Some("recent")]);
        assert_eq!(in_use.why(&holding("hh", 0)), None);
    }
}
