//! The deletions in the trash, the line, and what is too old.

use std::fs::{self, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use session::Moment;

use super::record::Deleted;
use super::tree::remove;
use crate::directory::{Directory, Kind, StepName, path_of};
use crate::{ConfigError, Tracker};

/// The file that says what was deleted.
pub(super) const RECORD: &str = "deleted.json";

/// The command by which people delete single conversations.
pub(crate) const DELETE: &str = "agents delete";

/// The longest such file that is read.
const LONGEST_RECORD: u64 = 256 << 20;

/// What the name of a deletion ends in that is going for good: whoever finds it goes on.
const GONE: &str = ".gone";

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
    /// What can be searched cannot be written.
    #[error(transparent)]
    Store(#[from] store::StoreError),
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

    /// Opens its directory; a link is none.
    pub(super) fn open(&self) -> io::Result<Directory> {
        let name = StepName::new(self.path.file_name().unwrap_or_default()).ok_or(io::ErrorKind::NotFound)?;
        Directory::open(self.path.parent().unwrap_or(Path::new("/")))?.below(&name)
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
        let directory = Directory::open(trash).map_err(TrashError::at(trash))?;
        let (mut gone, mut trouble) = (Vec::new(), finish(&directory).err().map(TrashError::at(trash)));
        let all = entries(trash).map_err(TrashError::at(trash))?;
        let old: Vec<Entry> = all.into_iter().filter(|entry| entry.deleted.deleted_at <= before).collect();
        // First: whoever is killed behind it finds the files still there, and does both again.
        // What was only cleaned away to make room is still found.
        let meant: Vec<&Deleted> = old.iter().map(|entry| &entry.deleted).filter(|deleted| deleted.why == DELETE).collect();
        let conversations: Vec<_> = meant.iter().map(|deleted| (deleted.agent.as_str(), deleted.id.as_str())).collect();
        let files = meant.iter().flat_map(|deleted| deleted.files.iter().map(|file| path_of(&deleted.root, &file.steps)));
        self.forget_text_of(&conversations, &files.collect::<Vec<_>>())?;
        for entry in old {
            // One that does not go keeps none of the others.
            match remove_for_good(&directory, &entry.name()) {
                Ok(()) => gone.push(view(&entry, offset)),
                Err(error) => trouble = trouble.or(Some(TrashError::at(&entry.path)(error))),
            }
        }
        trouble.map_or(Ok(gone), Err)
    }
}

/// Removes a deletion. Whoever is killed leaves either all of it, or something that is gone already and that the next one removes.
fn remove_for_good(trash: &Directory, name: &str) -> io::Result<()> {
    let step = |name: String| StepName::new(name).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput));
    let (entry, going) = (step(name.to_owned())?, step(format!("{name}{GONE}"))?);
    trash.move_to(&entry, trash, &going)?;
    // What cannot be removed is to be seen. Its record goes last.
    remove(trash, &going).inspect_err(|_| drop(trash.move_to(&going, trash, &entry)))
}

/// Removes what killed ones left: what was going, and deletions that have nothing written down, of which nobody could put anything back.
fn finish(trash: &Directory) -> io::Result<()> {
    for (name, kind) in trash.entries()? {
        let text = name.as_os().to_str().unwrap_or_default();
        let is_drawn = |name: &str| uuid::Uuid::parse_str(name).is_ok();
        let is_left = || match text.strip_suffix(GONE) {
            Some(name) => Ok(is_drawn(name)),
            None => Ok::<_, io::Error>(is_drawn(text) && !trash.below(&name)?.has(&record())?),
        };
        if kind == Kind::Directory && is_left()? {
            remove(trash, &name)?;
        }
    }
    Ok(())
}

/// Returns the name of the file that says what was deleted.
pub(super) fn record() -> StepName {
    StepName::new(RECORD).expect("it is a name")
}

/// Returns all deletions, the last one first. What says nothing that reads is left alone.
pub(super) fn entries(trash: &Path) -> io::Result<Vec<Entry>> {
    let directory = match Directory::open(trash) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        directory => directory?,
    };
    let mut entries = Vec::new();
    for (name, kind) in directory.entries()? {
        let is_going = || name.as_os().to_str().is_some_and(|name| name.ends_with(GONE));
        if kind == Kind::Directory && !is_going() {
            let path = trash.join(name.as_os());
            let deleted = directory.below(&name).and_then(|entry| read_record(&entry)).ok().and_then(|bytes| Deleted::decode(&bytes));
            entries.extend(deleted.map(|deleted| Entry { path, deleted }));
        }
    }
    entries.sort_by(|one, other| (other.deleted.deleted_at, &other.path).cmp(&(one.deleted.deleted_at, &one.path)));
    Ok(entries)
}

fn read_record(entry: &Directory) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.file(&record())?.take(LONGEST_RECORD).read_to_end(&mut bytes)?;
    Ok(bytes)
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
