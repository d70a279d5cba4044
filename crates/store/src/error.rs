//! Why a store could not answer.

use std::path::PathBuf;
use std::time::Duration;

/// The cause of an error, of whatever kind.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why the store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A newer build made it; it may be read, but not written.
    #[error("the store at `{path}` has schema {found}; this build writes up to {known}")]
    TooNew {
        /// Where it is.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest schema this build knows.
        known: u32,
    },
    /// The file is a database, but not one of ours.
    #[error("`{path}` is another program's database")]
    NotOurs {
        /// Where it is.
        path: PathBuf,
    },
    /// The file was damaged.
    #[error("the store at `{path}` is damaged")]
    Broken {
        /// Where it is.
        path: PathBuf,
        /// What SQLite said.
        source: BoxError,
    },
    /// Others kept writing, or somebody holds a lock.
    #[error("the store at `{path}` is locked by another program; waited {:.1} s", waited.as_secs_f64())]
    Busy {
        /// Where it is.
        path: PathBuf,
        /// How long this command waited.
        waited: Duration,
    },
    /// There is no room left.
    #[error("no room left on the disk that holds `{path}`")]
    Full {
        /// Where it is.
        path: PathBuf,
    },
    /// It may be read, but not written.
    #[error("the store at `{path}` cannot be written")]
    ReadOnly {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        source: BoxError,
    },
    /// It cannot be opened.
    #[error("cannot open the store at `{path}`")]
    Unopenable {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        source: BoxError,
    },
    /// The disk, or the way to the server, failed while a change was committed: it may be recorded or not.
    #[error("what holds `{path}` failed while the change was written; it may have been recorded or not")]
    Unsure {
        /// Where the store is.
        path: PathBuf,
        /// What was said.
        source: BoxError,
    },
    /// The server cannot be reached, or lets nobody in.
    #[error("cannot reach the store at `{place}`")]
    Unreachable {
        /// Names host, port, database and user, never a password.
        place: String,
        /// What the server or the system said.
        source: BoxError,
    },
    /// What was there a moment ago is gone: the store was replaced meanwhile.
    #[error("session {key} is no longer in the store")]
    Missing {
        /// Its key.
        key: String,
    },
    /// The SQLite that was linked has known defects.
    #[error("SQLite {found} is linked; at least {needed} is needed")]
    OldSqlite {
        /// What is linked.
        found: String,
        /// The oldest one allowed.
        needed: &'static str,
    },
    /// A row or an event does not read as what it should be.
    #[error("a row of the store at `{path}` does not read")]
    Unreadable {
        /// Where the store is.
        path: PathBuf,
        /// What is wrong with it.
        source: BoxError,
    },
    /// Anything else SQLite says; a defect of ours until shown otherwise.
    #[error("the store at `{path}` refused a statement")]
    Refused {
        /// Where it is.
        path: PathBuf,
        /// What SQLite said.
        source: BoxError,
    },
}
