//! Appending: one record, one `write()`.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::process::Resource;
use session::{EventId, Moment};

use crate::{Inbox, LONGEST, Loss, encode};

/// Whether a record must survive a power cut by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// On disk when the call returns, and all earlier ones with it.
    Now,
    /// Survives the death of the process; the next one that is synced makes it durable.
    Later,
}

/// Why a record was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// It is longer than a record can be.
    #[error("a record of {length} bytes is too long")]
    TooLong {
        /// How long its body is.
        length: usize,
    },
    /// The disk took only a part of it.
    #[error("the disk took {written} of {length} bytes")]
    Torn {
        /// How many bytes it took.
        written: usize,
        /// How many there are.
        length: usize,
    },
    /// What is there is no file of ours.
    #[error("it is no file of ours")]
    NotOurs,
    /// The system refused.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl AppendError {
    /// Returns under which heading the loss is counted.
    pub fn loss(&self) -> Loss {
        match self {
            Self::TooLong { .. } => Loss::TooLong,
            Self::Torn { .. } => Loss::Full,
            Self::System(error) if is_full(error.kind()) => Loss::Full,
            Self::System(error) if matches!(error.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied) => Loss::Refused,
            Self::NotOurs | Self::System(_) => Loss::Broken,
        }
    }
}

fn is_full(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

impl Inbox {
    /// Appends a record to the segment of `moment`. The directory and the segment are made where they are missing.
    ///
    /// # Errors
    /// When the record is not in the inbox now, or not on disk where it was to be synced.
    pub fn append(&self, moment: Moment, id: EventId, body: &[u8], sync: Sync) -> Result<(), AppendError> {
        if body.len() > LONGEST {
            return Err(AppendError::TooLong { length: body.len() });
        }
        let path = self.segment_of(moment);
        let (mut file, length) = self.open(&path)?;
        let is_new = length == 0;
        if is_new {
            close_to_others(&self.directory)?;
            // While there is room: what does not fit is to be counted.
            self.prepare_to_count();
            self.finish_day_before(moment);
        }
        let record = encode(id, body);
        is_allowed(length + record.len() as u64)?;
        let written = file.write(&record)?;
        if written < record.len() {
            return Err(AppendError::Torn { written, length: record.len() });
        }
        if sync == Sync::Now {
            rustix::fs::fdatasync(&file).map_err(io::Error::from)?;
        }
        // Once a day: later records are durable only if their segment has a name.
        if is_new {
            drop(File::open(&self.directory).and_then(|directory| directory.sync_all()));
        }
        Ok(())
    }

    /// Syncs the segment of the day before: a boundary event in the new one makes durable only what is in the same file, and what came
    /// earlier must not be lost where that is kept.
    fn finish_day_before(&self, moment: Moment) {
        const DAY_IN_MICROS: i64 = 86_400_000_000;
        let day_before = Moment::from_micros(moment.micros() - DAY_IN_MICROS, 0).map(|moment| self.segment_of(moment));
        drop(day_before.map(|path| reading(&path).and_then(|file| file.sync_data())));
    }

    /// Opens a segment and returns how long it is.
    fn open(&self, path: &Path) -> Result<(File, u64), AppendError> {
        let file = match open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make_private(&self.directory)?;
                open(path)?
            }
            opened => opened?,
        };
        let found = file.metadata()?;
        if !found.is_file() || found.uid() != rustix::process::geteuid().as_raw() {
            return Err(AppendError::NotOurs);
        }
        if found.mode() & 0o777 != 0o600 {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        Ok((file, found.len()))
    }
}

/// Reports whether a file may become so long. Beyond that limit the system does not refuse: it ends the process.
pub(crate) fn is_allowed(length: u64) -> io::Result<()> {
    let limit = rustix::process::getrlimit(Resource::Fsize).current;
    if limit.is_some_and(|limit| length > limit) { Err(ErrorKind::FileTooLarge.into()) } else { Ok(()) }
}

/// Opens without following a link, and without waiting at a pipe.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(careful()).open(path)
}

/// Opens what is there, as carefully.
fn reading(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(careful()).open(path)
}

fn careful() -> i32 {
    i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or(0)
}

/// Takes from others what an older build, or somebody's `mkdir`, left open to them.
fn close_to_others(directory: &Path) -> io::Result<()> {
    let is_open = fs::metadata(directory)?.mode() & 0o077 != 0;
    if is_open { fs::set_permissions(directory, Permissions::from_mode(0o700)) } else { Ok(()) }
}

/// Makes the directory and what is missing above it, each closed to others whatever the umask.
pub(crate) fn make_private(directory: &Path) -> io::Result<()> {
    let missing: Vec<_> = directory.ancestors().take_while(|each| !each.is_dir()).collect();
    for each in missing.into_iter().rev() {
        match fs::DirBuilder::new().mode(0o700).create(each) {
            Ok(()) => {
                fs::set_permissions(each, Permissions::from_mode(0o700))?;
                drop(each.parent().map(|parent| File::open(parent)?.sync_all()));
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
