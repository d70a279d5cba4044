//! Stand-in.
use crate::Tracker;
use session::{Session, Survey};
use std::time::Duration;
use store::StoreError;
impl Tracker {
    pub(crate) fn survey(&self, session: &Session, _patience: Duration) -> Result<Survey, StoreError> {
        Ok(Survey {
            worktree: session.worktree.clone().unwrap_or_default(),
            at: self.now().moment,
            git: None,
            files: Vec::new(),
            more: 0,
            gaps: Vec::new(),
        })
    }
}
