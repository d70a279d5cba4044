//! Deriving all rows again, and the mirror from them.

use store::{Progress, Rebuilt, StoreError};

use crate::{Note, Tracker};

/// What was rebuilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RebuildReport {
    /// What came of the rows.
    pub rows: Rebuilt,
    /// Whether the mirror was written again; `false` when it is off or could not be.
    pub mirror: bool,
}

impl Tracker {
    /// Derives all rows again and writes the mirror anew, telling `progress` how many of how many events and files are done.
    ///
    /// # Errors
    /// When the store cannot be written; a mirror that cannot becomes a note.
    pub fn rebuild(&mut self, progress: &mut Progress<'_>) -> Result<RebuildReport, StoreError> {
        let rows = self.store.rebuild(progress)?;
        let Some(root) = self.config.mirror_root() else { return Ok(RebuildReport { rows, mirror: false }) };
        let written = self.rebuild_mirror(progress);
        if let Err(error) = &written {
            self.note(Note::MirrorBehind { root, reason: error.in_words() });
        }
        Ok(RebuildReport { rows, mirror: written.is_ok() })
    }
}
