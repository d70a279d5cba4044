//! The row of a work item.

use serde::{Deserialize, Serialize};

use crate::{Metadata, Prefix, Reading, Register, SessionKey, Stamp, Text, WorkId, WorkKey, WorkStatus};

/// A unit of work inside a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkItem {
    /// Its key.
    pub key: WorkKey,
    /// Its id, `IMPL-20260216-173105-K2N4`.
    pub id: WorkId,
    /// The session it belongs to.
    pub session: SessionKey,
    /// Its type, `IMPL`.
    pub prefix: Prefix,
    /// What is to be done.
    pub description: Text,
    /// Names and values given with it.
    pub metadata: Metadata,
    /// When it began.
    pub started: Reading,
    /// The event that says so.
    pub added_by: Stamp,
    /// Where it stands, and when it came to stand there (none while it never changed).
    pub status: Register<(WorkStatus, Option<Reading>)>,
}

impl WorkItem {
    /// Returns when the work was over: completed, or left with any status but `IN_PROGRESS`.
    pub fn completed_at(&self) -> Option<Reading> {
        let (status, at) = &self.status.value;
        if status.is_in_progress() { None } else { *at }
    }
}
