//! The deletions in the trash, the line, and what is too old.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use session::Moment;

use super::record::Deleted;
use crate::directory::path_of;
use crate::{ConfigError, Tracker};

/// The file that says what was deleted.
pub(super) const RECORD: &str = "deleted.json";

/// Why nothing could be done with the trash.
#[derive(Debug, thiserror::Error)]
pub enum TrashError {
    /// Nobody says where it is.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Another command works on it.
    #[error("another command has worked on the trash for {:.1} s", waited.as_secs_f64())]
    Busy {
        /// How long this one waited.
        waited: Duration,
    },
    /// Something cannot be read, moved or written.
    #[error("cannot move `{path}`")]
    File {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl TrashError {
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::File { path: path.to_owned(), source }
    }
}

/// A conversation in the trash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrashedView {
    /// The agent's id of it.
    pub id: String,
    /// The agent.
    pub agent: String,
    /// Where it was.
    pub directory: PathBuf,
    /// When it was deleted.
    pub deleted_at: String,
    /// By which command.
    pub why: String,
    /// How many files it has.
    pub files: u64,
    /// How long these are, in bytes.
    pub size_bytes: u64,
    /// Where it is now.
    pub trash: PathBuf,
}

/// A deletion in the trash.
pub(super) struct Entry {
    /// Its directory.
    pub(super) path: PathBuf,
    pub(super) deleted: Deleted,
}

impl Entry {
    /// Returns the name of its directory.
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Reports whether both were deleted at once. Of older ones nobody knows.
    pub(super) fn is_of_one_deletion(&self, other: &Self) -> bool {
        self.path == other.path || (self.deleted.deletion.is_some() && self.deleted.deletion == other.deleted.deletion)
    }
}

impl Tracker {
    /// Returns the directory of the trash.
    pub(super) fn trash(&self) -> Result<PathBuf, TrashError> {
        Ok(self.config.home()?.join("trash"))
    }

    /// Waits in line for the trash, which is made if it is not there.
    pub(super) fn wait_for_trash(&self) -> Result<(PathBuf, store::Place), TrashError> {
        let trash = self.trash()?;
        store::make_private_directories(&trash).map_err(TrashError::at(&trash))?;
        fs::set_permissions(&trash, Permissions::from_mode(0o700)).map_err(TrashError::at(&trash))?;
        let lock = trash.join("lock");
        let place = store::wait_in_line(&lock, self.config.patience()).map_err(|error| match error {
            store::LineError::Busy { waited } => TrashError::Busy { waited },
            store::LineError::File(source) => TrashError::File { path: lock.clone(), source },
        })?;
        Ok((trash, place))
    }

    /// Returns what is in the trash, what was deleted last first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn trashed(&self) -> Result<Vec<TrashedView>, TrashError> {
        let trash = self.trash()?;
        let offset = self.clock.now().moment.offset().seconds();
        let entries = entries(&trash).map_err(TrashError::at(&trash))?;
        Ok(entries.into_iter().map(|entry| view(&entry, offset)).collect())
    }

    /// Empties the trash of what was deleted before a time in microseconds since 1970. Returns what is gone for good.
    ///
    /// # Errors
    /// When another command works on it, or it cannot be removed.
    pub fn empty_trash(&self, before: i64) -> Result<Vec<TrashedView>, TrashError> {
        let (trash, _line) = self.wait_for_trash()?;
        self.purge(&trash, before)
    }

    pub(super) fn purge(&self, trash: &Path, before: i64) -> Result<Vec<TrashedView>, TrashError> {
        let offset = self.clock.now().moment.offset().seconds();
        let (mut gone, mut trouble) = (Vec::new(), None);
        for entry in entries(trash).map_err(TrashError::at(trash))?.into_iter().filter(|entry| entry.deleted.deleted_at <= before) {
            // Goes down without following links. One that does not go keeps none of the others.
            match fs::remove_dir_all(&entry.path) {
                Ok(()) => gone.push(view(&entry, offset)),
                Err(error) => trouble = trouble.or(Some(TrashError::at(&entry.path)(error))),
            }
        }
        trouble.map_or(Ok(gone), Err)
    }
}

/// Returns all deletions, the last one first. What says nothing that reads is left alone.
pub(super) fn entries(trash: &Path) -> io::Result<Vec<Entry>> {
    let listed = match fs::read_dir(trash) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let mut entries = Vec::new();
    for listed in listed {
        let path = listed?.path();
        let deleted = fs::read(path.join(RECORD)).ok().and_then(|bytes| Deleted::decode(&bytes));
        entries.extend(deleted.map(|deleted| Entry { path, deleted }));
    }
    entries.sort_by(|one, other| (other.deleted.deleted_at, &other.path).cmp(&(one.deleted.deleted_at, &one.path)));
    Ok(entries)
}

/// Returns when something was deleted, as it is listed.
pub(super) fn deleted_at(deleted: &Deleted, offset: i32) -> String {
    Moment::from_micros(deleted.deleted_at, offset).map(|at| at.to_string()).unwrap_or_default()
}

fn view(entry: &Entry, offset: i32) -> TrashedView {
    let deleted = &entry.deleted;
    TrashedView {
        id: deleted.id.clone(),
        agent: deleted.agent.clone(),
        directory: path_of(&deleted.root, &deleted.place),
        deleted_at: deleted_at(deleted, offset),
        why: deleted.why.clone(),
        files: deleted.files.len() as u64,
        size_bytes: deleted.size(),
        trash: entry.path.clone(),
    }
}
