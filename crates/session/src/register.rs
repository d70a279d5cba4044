//! The last writer wins, where "last" is said by the writer's revision and not by arrival or by a clock.

use serde::{Deserialize, Serialize};

use crate::EventId;

/// One more than the greatest revision of its subject that its writer had seen.
///
/// Whoever records a change reads the subject's revision in the same transaction and writes the next one, so within
/// one store a later change has a greater revision whatever the clocks say; changes made without knowing of each
/// other may share one, and the event id decides. That order is in the events themselves: every
/// interleaving of their sources folds to the same rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// Returns the revision of a change made in knowledge of this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The place of one change in the order of its subject's changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// One more than what the writer had seen.
    pub revision: Revision,
    /// Decides between writers who had seen the same.
    pub event: EventId,
}

/// A value and the stamp of the change that set it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Register<T> {
    /// When it was set.
    pub stamp: Stamp,
    /// What it was set to.
    pub value: T,
}

impl<T> Register<T> {
    /// Makes a register that was set once.
    pub fn new(stamp: Stamp, value: T) -> Self {
        Self { stamp, value }
    }

    /// Takes the value if its stamp is later than the one held.
    pub fn set(&mut self, stamp: Stamp, value: T) {
        if stamp > self.stamp {
            *self = Self { stamp, value };
        }
    }
}
