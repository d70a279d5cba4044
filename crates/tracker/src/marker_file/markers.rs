//! Storing, reading and cleaning markers. The three functions that scripts know by name never fail: they answer `false`, `unknown` or
//! a count, and keep what went wrong as notes.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::Access;
use session::Moment;

use super::content::{self, Content};
use super::directory::{Directory, DirectoryTrouble, Held, Look, Occupant};
use super::exchange::{NotPut, PASSING};
use super::name;
use crate::{Clock, Note};

/// What is answered where no marker says which conversation it is.
pub const UNKNOWN: &str = "unknown";

/// More than this at once is worth a warning: whoever leaves so many may have a script that does not clean up.
const MANY: usize = 10;

/// What was left under a passing name is left for good after that many seconds: nobody needs longer.
const LEFT: i64 = 3_600;

/// The markers of one user in one directory.
pub struct Markers<'c> {
    directory: PathBuf,
    ttl: Duration,
    owner: u32,
    clock: &'c dyn Clock,
    notes: RefCell<Vec<Note>>,
}

/// A marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Where it stands.
    pub file: PathBuf,
    /// The agent's own id of the conversation.
    pub session_id: String,
    /// When that was so.
    pub at: Moment,
}

/// What was found where a marker should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A marker.
    Marker(Marker),
    /// Nothing.
    Nothing,
    /// One that is too old, or from the future.
    Stale,
    /// A file of ours that is none, or that others could have written.
    Corrupt,
}

/// Why there is no marker.
#[derive(Debug, thiserror::Error)]
pub enum MarkerError {
    /// A project without a name has no marker.
    #[error("the project has no name")]
    NoProject,
    /// The id would not be one line.
    #[error("the id cannot stand in a marker: {why}")]
    BadId {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The directory cannot be used.
    #[error("cannot keep markers in `{path}`")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: DirectoryTrouble,
    },
    /// The name is taken by something that is not ours. It was not touched.
    #[error("`{file}` is {occupant}")]
    Occupied {
        /// The file.
        file: PathBuf,
        /// What it is.
        occupant: Occupant,
    },
    /// The file cannot be read or written.
    #[error("cannot use the marker `{file}`")]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl MarkerError {
    /// Returns what failed, and why, in one line.
    pub fn with_cause(&self) -> String {
        let causes = std::iter::successors(std::error::Error::source(self), |cause| cause.source());
        causes.fold(self.to_string(), |said, cause| format!("{said}: {cause}"))
    }
}

impl<'c> Markers<'c> {
    /// Keeps markers of the user `owner` in a directory; they are stale after `ttl`.
    pub fn new(directory: PathBuf, ttl: Duration, owner: u32, clock: &'c dyn Clock) -> Self {
        Self { directory, ttl, owner, clock, notes: RefCell::default() }
    }

    /// Returns them with another time after which they are stale.
    #[must_use]
    pub fn with_ttl(self, ttl: Duration) -> Self {
        Self { ttl, ..self }
    }

    /// Stores which conversation a project's agent has; reports whether that could be done.
    pub fn store_session_id(&self, session_id: &str, project_name: impl AsRef<OsStr>) -> bool {
        self.answer(self.store(session_id, project_name)).is_some()
    }

    /// Returns the conversation that a project's agent has, `unknown` where no fresh marker says so.
    pub fn get_stored_session_id(&self, project_name: impl AsRef<OsStr>) -> String {
        match self.answer(self.read(project_name)) {
            Some(Found::Marker(marker)) => marker.session_id,
            Some(Found::Nothing | Found::Stale | Found::Corrupt) | None => UNKNOWN.to_owned(),
        }
    }

    /// Removes stale and corrupt markers of all projects; returns how many.
    pub fn cleanup_stale_sessions(&self) -> usize {
        self.answer(self.clean()).unwrap_or_default()
    }

    /// Returns what should be said beside the answers so far.
    pub fn take_notes(&self) -> Vec<Note> {
        self.notes.take()
    }

    /// Stores which conversation a project's agent has; the directory is made where it is missing.
    ///
    /// # Errors
    /// When there is no marker now that says so. What was there before is there still.
    pub fn store(&self, session_id: &str, project_name: impl AsRef<OsStr>) -> Result<Marker, MarkerError> {
        self.store_as_of(session_id, project_name.as_ref(), self.now())
    }

    /// Stores what was so at another time than now.
    pub(super) fn store_as_of(&self, session_id: &str, project: &OsStr, at: Timestamp) -> Result<Marker, MarkerError> {
        if let Some(why) = content::trouble_with(session_id) {
            return Err(MarkerError::BadId { why });
        }
        let file = self.file(project)?;
        let content = content::write(session_id, at, &self.clock.zone());
        match self.open_or_make()?.put(last(&file), content.as_bytes()) {
            Ok(()) => Ok(self.marker(file, session_id.to_owned(), at)),
            Err(NotPut::Occupied(occupant)) => Err(MarkerError::Occupied { file, occupant }),
            Err(NotPut::File(source)) => Err(MarkerError::File { file, source }),
        }
    }

    /// Reads a project's marker; one that is stale or corrupt is removed.
    ///
    /// # Errors
    /// When the directory cannot be used, the name is taken, or the file cannot be read.
    pub fn read(&self, project_name: impl AsRef<OsStr>) -> Result<Found, MarkerError> {
        let found = self.look(project_name.as_ref())?;
        if let Found::Stale | Found::Corrupt = found {
            let file = self.file(project_name.as_ref())?;
            let taken = self.open()?.map(|directory| directory.take_away(last(&file), |held| self.is_to_go(held)));
            if let Some(Ok(true)) = taken {
                let why = if found == Found::Stale { "it was stale" } else { "it was corrupt" };
                self.notes.borrow_mut().push(Note::MarkerRemoved { file, why });
            }
        }
        Ok(found)
    }

    /// Reads a project's marker and leaves it where it is.
    ///
    /// # Errors
    /// When the directory cannot be used, the name is taken, or the file cannot be read.
    pub fn look(&self, project_name: impl AsRef<OsStr>) -> Result<Found, MarkerError> {
        let file = self.file(project_name.as_ref())?;
        let Some(directory) = self.open()? else { return Ok(Found::Nothing) };
        let held = directory.read(last(&file)).map_err(|source| MarkerError::File { file: file.clone(), source })?;
        match self.judge(&held) {
            Verdict::Nothing => Ok(Found::Nothing),
            Verdict::Foreign(occupant) => Err(MarkerError::Occupied { file, occupant }),
            Verdict::Stale => Ok(Found::Stale),
            Verdict::Corrupt => Ok(Found::Corrupt),
            Verdict::Fresh(Content { id, at }) => Ok(Found::Marker(self.marker(file, id, at))),
        }
    }

    /// Removes stale and corrupt markers of all projects, and what killed writers have left; returns how many markers.
    ///
    /// # Errors
    /// When the directory cannot be used.
    pub fn clean(&self) -> Result<usize, MarkerError> {
        let Some(directory) = self.open()? else { return Ok(0) };
        let closed = |source| MarkerError::Directory { path: self.directory.clone(), source: DirectoryTrouble::Closed(source) };
        let is_to_go = |held: &Held| self.is_to_go(held);
        let is_gone = |name: &OsString| {
            directory.read(name).is_ok_and(|held| is_to_go(&held)) && directory.take_away(name, is_to_go).unwrap_or(false)
        };
        let cleaned = directory.names(name::PREFIX).map_err(closed)?.iter().filter(|name| is_gone(name)).count();
        let now = self.now().as_second();
        for name in directory.names(PASSING).map_err(closed)? {
            if matches!(directory.look(&name), Ok(Look::Ours { changed }) if now - changed > LEFT) {
                drop(directory.take_away(&name, |held| matches!(held, Held::Ours { .. })));
            }
        }
        if cleaned > MANY {
            self.notes.borrow_mut().push(Note::ManyMarkers { cleaned, directory: self.directory.clone() });
        }
        Ok(cleaned)
    }

    /// Returns the file of a project's marker.
    ///
    /// # Errors
    /// When the project has no name.
    pub fn file(&self, project: &OsStr) -> Result<PathBuf, MarkerError> {
        name::file_name(project).map(|name| self.directory.join(name)).ok_or(MarkerError::NoProject)
    }

    /// Returns the directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Reports whether files can be made in the directory; one that is not there can be made itself.
    pub(super) fn is_writable(&self) -> bool {
        !self.directory.exists() || rustix::fs::access(&self.directory, Access::WRITE_OK | Access::EXEC_OK).is_ok()
    }

    /// Reports whether a marker of that time would be fresh.
    pub(super) fn is_fresh(&self, at: Timestamp) -> bool {
        !Content { id: String::new(), at }.is_stale(self.now(), self.ttl)
    }

    /// Opens the directory, if there is one.
    fn open(&self) -> Result<Option<Directory>, MarkerError> {
        match Directory::open(&self.directory, self.owner) {
            Ok(directory) => Ok(Some(directory)),
            Err(DirectoryTrouble::Closed(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(MarkerError::Directory { path: self.directory.clone(), source }),
        }
    }

    fn open_or_make(&self) -> Result<Directory, MarkerError> {
        if let Some(directory) = self.open()? {
            return Ok(directory);
        }
        let made = store::make_private_directories(&self.directory).map_err(DirectoryTrouble::Closed);
        let opened = made.and_then(|()| Directory::open(&self.directory, self.owner));
        opened.map_err(|source| MarkerError::Directory { path: self.directory.clone(), source })
    }

    fn judge(&self, held: &Held) -> Verdict {
        match held {
            Held::Nothing => Verdict::Nothing,
            Held::Foreign(occupant) => Verdict::Foreign(*occupant),
            Held::Ours { is_open: true, .. } => Verdict::Corrupt,
            Held::Ours { bytes, .. } => match content::read(bytes, &self.clock.zone()) {
                None => Verdict::Corrupt,
                Some(content) if content.is_stale(self.now(), self.ttl) => Verdict::Stale,
                Some(content) => Verdict::Fresh(content),
            },
        }
    }

    fn is_to_go(&self, held: &Held) -> bool {
        matches!(self.judge(held), Verdict::Stale | Verdict::Corrupt)
    }

    fn marker(&self, file: PathBuf, session_id: String, at: Timestamp) -> Marker {
        Marker { file, session_id, at: Moment::new(at, self.clock.zone().to_offset(at)) }
    }

    fn now(&self) -> Timestamp {
        self.clock.now().moment.timestamp()
    }

    fn answer<T>(&self, done: Result<T, MarkerError>) -> Option<T> {
        done.map_err(|error| self.notes.borrow_mut().push(Note::NoMarker { reason: error.with_cause() })).ok()
    }
}

/// What is to be thought of something that is held.
enum Verdict {
    Nothing,
    Foreign(Occupant),
    Stale,
    Corrupt,
    Fresh(Content),
}

/// Returns the last part of the path of a marker.
fn last(file: &Path) -> &OsStr {
    file.file_name().unwrap_or_default()
}
