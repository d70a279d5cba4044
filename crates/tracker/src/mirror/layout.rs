//! Where the files are, the lock, replacing a file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use session::SessionId;
use store::LineError;

use super::MirrorError;

/// The files of one mirror.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) root: PathBuf,
    pub(crate) sessions: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) marker: PathBuf,
}

impl Layout {
    pub(crate) fn at(root: &Path) -> Self {
        let (sessions, log) = (root.join("sessions"), root.join("logs/sessions.log"));
        Self { root: root.to_owned(), sessions, log, marker: root.join(".current-session.json") }
    }

    /// Makes the directories, closed to others; those that are there stay as they are.
    pub(crate) fn prepare(&self) -> Result<(), MirrorError> {
        for directory in [&self.sessions, &self.root.join("logs")] {
            store::make_private_directories(directory).map_err(MirrorError::at(directory))?;
        }
        Ok(())
    }

    /// Waits until nobody else writes the mirror.
    pub(crate) fn lock(&self, patience: Duration) -> Result<store::Place, MirrorError> {
        let lock = self.root.join(".rutter.lock");
        store::wait_in_line(&lock, patience).map_err(|error| match error {
            LineError::Busy { waited } => MirrorError::Busy { root: self.root.clone(), waited },
            LineError::File(error) => MirrorError::at(&lock)(error),
        })
    }

    /// Returns the file of a session. An id that parsed is a safe file name.
    pub(crate) fn session_file(&self, id: &SessionId) -> PathBuf {
        self.sessions.join(format!("{id}.json"))
    }

    /// Returns the length of the log, 0 where there is none.
    pub(crate) fn log_length(&self) -> u64 {
        fs::metadata(&self.log).map_or(0, |found| found.len())
    }

    /// Returns the modification time of the directory of sessions, in nanoseconds since 1970.
    pub(crate) fn directory_nanos(&self) -> Option<i64> {
        let found = fs::metadata(&self.sessions).ok()?;
        found.mtime().checked_mul(1_000_000_000)?.checked_add(found.mtime_nsec())
    }

    /// Replaces a file in one step, so that a reader sees the old one or the new one.
    pub(crate) fn replace(&self, path: &Path, content: &[u8]) -> Result<(), MirrorError> {
        let temporary = path.with_file_name(".rutter.tmp");
        let write = || {
            let mut file = create_anew(&temporary)?;
            file.write_all(content)?;
            fs::rename(&temporary, path)
        };
        write().map_err(|error| {
            drop(fs::remove_file(&temporary));
            MirrorError::at(path)(error)
        })
    }
}

/// Makes a file that was not there, whatever a killed writer left under its name.
fn create_anew(path: &Path) -> io::Result<File> {
    let create = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match create() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            create()
        }
        other => other,
    }
}
