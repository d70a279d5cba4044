//! The mirror: files for people and scripts, beside the store.
//!
//! ```text
//! <root>/sessions/<ID>.json       one session each, for jq
//! <root>/logs/sessions.log        TIMESTAMP | SESSION_ID | EVENT | DETAILS, for grep
//! <root>/.current-session.json    the session started last, while it runs
//! ```
//!
//! Written after the commit, under one lock, from rows read under it, and from a position kept in the store: a slow writer
//! never puts an older state back, and the next one finishes what a killed one left. What other scripts put into these
//! files is taken in first and never dropped. Files are replaced by renaming; they are not synced to the disk, because all of
//! them can be rebuilt. A missing or stale mirror is never an error.
//!
//! | file | holds |
//! |---|---|
//! | `layout` | where the files are, the lock, replacing a file |
//! | `update` | bringing the mirror up from its position |
//! | `record` | a session as JSON |
//! | `log` | lines of the log: made, matched, appended |
//! | `marker` | the current session |
//! | `foreign` | reading what other scripts wrote |
//! | `take_in` | turning that into events |

mod foreign;
mod layout;
mod log;
mod marker;
mod record;
mod take_in;
mod update;

use std::path::PathBuf;
use std::time::Duration;

use store::StoreError;

pub(crate) use foreign::SessionFile;
pub(crate) use layout::Layout;
pub(crate) use log::is_shown;
pub(crate) use record::agent_sessions_in;

/// Why the mirror could not be written.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// A file or directory cannot be used.
    #[error("cannot use `{path}`")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others kept writing it.
    #[error("others were writing `{root}` for {:.1} s", waited.as_secs_f64())]
    Busy {
        /// The mirror.
        root: PathBuf,
        /// How long this command waited.
        waited: Duration,
    },
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MirrorError {
    fn at(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// Returns the error with its cause, on one line.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::File { source, .. } => format!("{self}: {source}"),
            Self::Busy { .. } | Self::Store(_) => self.to_string(),
        }
    }
}
