//! Directories, open: whatever is below one is reached step by step from it, and no link is followed on the way.
//!
//! An agent's files are in places where anybody who can write there may put a link. A path that is checked first and used later leads
//! wherever it leads by then; a step from an open directory does not.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, Stat, linkat, mkdirat, openat, renameat_with, statat, unlinkat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// One step of a path: a name that is neither empty nor `.` nor `..`, and has no `/` in it. In JSON a text, or hexadecimal bytes where it
/// is no UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub(crate) struct StepName(OsString);

#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Bytes { hex: String },
}

/// A name that is none.
#[derive(Debug, thiserror::Error)]
#[error("it is no name of a file")]
pub(crate) struct NoName;

impl StepName {
    /// Takes a name; none where it would lead elsewhere.
    pub(crate) fn new(name: impl Into<OsString>) -> Option<Self> {
        let name = name.into();
        let leads_elsewhere = name.is_empty() || name == "." || name == ".." || name.as_bytes().iter().any(|byte| matches!(byte, b'/' | 0));
        (!leads_elsewhere).then_some(Self(name))
    }

    pub(crate) fn as_os(&self) -> &OsStr {
        &self.0
    }
}

impl TryFrom<Written> for StepName {
    type Error = NoName;

    fn try_from(written: Written) -> Result<Self, NoName> {
        let name = match written {
            Written::Text(text) => OsString::from(text),
            Written::Bytes { hex } => OsString::from_vec(crate::vault::from_hex(&hex).ok_or(NoName)?),
        };
        Self::new(name).ok_or(NoName)
    }
}

impl From<StepName> for Written {
    fn from(name: StepName) -> Self {
        match name.0.into_string() {
            Ok(text) => Self::Text(text),
            Err(bytes) => Self::Bytes { hex: crate::vault::hex(bytes.as_bytes()) },
        }
    }
}

/// Returns the path of some steps below a directory.
pub(crate) fn path_of(root: &Path, steps: &[StepName]) -> PathBuf {
    steps.iter().fold(root.to_owned(), |path, step| path.join(step.as_os()))
}

/// What a name in a directory stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A file with bytes in it.
    File,
    /// A directory.
    Directory,
    /// A link, which is never followed.
    Link,
    /// A pipe, a socket, a device.
    Other,
}

impl Kind {
    fn of(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Link,
            _ => Self::Other,
        }
    }
}

/// What the file system says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Its length in bytes.
    pub(crate) size: u64,
    /// Its permissions.
    pub(crate) mode: u32,
    /// Its modification time, in nanoseconds since 1970.
    pub(crate) modified: i64,
    /// When anything of it changed, in nanoseconds since 1970; nobody can set it.
    pub(crate) changed: i64,
    /// The device it is on.
    pub(crate) device: u64,
    /// Its inode.
    pub(crate) inode: u64,
}

fn nanos(seconds: i64, nanos: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

impl Seen {
    /// Returns what the file system says of an open file.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        let found = file.metadata()?;
        Ok(Self {
            size: found.len(),
            mode: found.mode() & 0o7777,
            modified: nanos(found.mtime(), found.mtime_nsec()),
            changed: nanos(found.ctime(), found.ctime_nsec()),
            device: found.dev(),
            inode: found.ino(),
        })
    }

    fn of_name(found: &Stat) -> Self {
        let part = |nanos: u64| i64::try_from(nanos).unwrap_or(0);
        Self {
            size: u64::try_from(found.st_size).unwrap_or(0),
            mode: found.st_mode & 0o7777,
            modified: nanos(found.st_mtime, part(found.st_mtime_nsec)),
            changed: nanos(found.st_ctime, part(found.st_ctime_nsec)),
            device: found.st_dev,
            inode: found.st_ino,
        }
    }
}

/// A directory that is open.
#[derive(Debug)]
pub(crate) struct Directory(OwnedFd);

const STEP: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Directory {
    /// Opens a directory as a person names it: links on the way to it are theirs.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?))
    }

    /// Opens a directory below; a link is none.
    pub(crate) fn below(&self, name: &StepName) -> io::Result<Self> {
        Ok(Self(openat(&self.0, name.as_os(), STEP, Mode::empty())?))
    }

    /// Opens a directory some steps below.
    pub(crate) fn walk(&self, steps: &[StepName]) -> io::Result<Self> {
        let start = Self(self.0.try_clone()?);
        steps.iter().try_fold(start, |directory, step| directory.below(step))
    }

    /// Opens a directory some steps below; those that are missing are made, for their owner alone.
    pub(crate) fn make(&self, steps: &[StepName]) -> io::Result<Self> {
        let start = Self(self.0.try_clone()?);
        steps.iter().try_fold(start, |directory, step| {
            match mkdirat(&directory.0, step.as_os(), Mode::from_raw_mode(0o700)) {
                Ok(()) => directory.sync()?,
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            directory.below(step)
        })
    }

    /// Returns what is in the directory, in the order of the names.
    pub(crate) fn entries(&self) -> io::Result<Vec<(StepName, Kind)>> {
        let mut entries = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let Some(name) = StepName::new(OsStr::from_bytes(entry.file_name().to_bytes())) else { continue };
            let kind = match entry.file_type() {
                // Some file systems do not say so here.
                FileType::Unknown => match self.look(&name) {
                    Ok((kind, _)) => kind,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                },
                kind => Kind::of(kind),
            };
            entries.push((name, kind));
        }
        entries.sort();
        Ok(entries)
    }

    /// Returns what the file system says of a name; of a link, what it says of the link.
    pub(crate) fn look(&self, name: &StepName) -> io::Result<(Kind, Seen)> {
        let found = statat(&self.0, name.as_os(), AtFlags::SYMLINK_NOFOLLOW)?;
        Ok((Kind::of(FileType::from_raw_mode(found.st_mode)), Seen::of_name(&found)))
    }

    /// Reports whether anything has the name.
    pub(crate) fn has(&self, name: &StepName) -> io::Result<bool> {
        match self.look(name) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens a file to read. A link is no file, and no pipe is waited for.
    pub(crate) fn file(&self, name: &StepName) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(openat(&self.0, name.as_os(), flags, Mode::empty())?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file")) }
    }

    /// Makes a file that was not there, for its owner alone.
    pub(crate) fn make_file(&self, name: &StepName) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(openat(&self.0, name.as_os(), flags, Mode::from_raw_mode(0o600))?))
    }

    /// Moves what has a name to another name, here or elsewhere on the same file system; what is there is never replaced.
    pub(crate) fn move_to(&self, name: &StepName, other: &Self, new: &StepName) -> io::Result<()> {
        match renameat_with(&self.0, name.as_os(), &other.0, new.as_os(), RenameFlags::NOREPLACE) {
            Ok(()) => Ok(()),
            // Some file systems cannot promise that; a second name of a file never replaces another one either.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if self.look(name)?.0 == Kind::File => {
                linkat(&self.0, name.as_os(), &other.0, new.as_os(), AtFlags::empty())?;
                self.remove(name)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a file, or a link and not what it leads to.
    pub(crate) fn remove(&self, name: &StepName) -> io::Result<()> {
        Ok(unlinkat(&self.0, name.as_os(), AtFlags::empty())?)
    }

    /// Removes a directory that is empty.
    pub(crate) fn remove_directory(&self, name: &StepName) -> io::Result<()> {
        Ok(unlinkat(&self.0, name.as_os(), AtFlags::REMOVEDIR)?)
    }

    /// Returns what a link says, unread.
    pub(crate) fn link(&self, name: &StepName) -> io::Result<OsString> {
        let said = rustix::fs::readlinkat(&self.0, name.as_os(), Vec::new())?;
        Ok(OsString::from_vec(said.into_bytes()))
    }

    /// Makes a link that says what another one said.
    pub(crate) fn make_link(&self, name: &StepName, said: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(said, &self.0, name.as_os())?)
    }

    /// Returns what the file system says of the directory.
    pub(crate) fn seen(&self) -> io::Result<Seen> {
        Ok(Seen::of_name(&rustix::fs::fstat(&self.0)?))
    }

    /// Moves what has a name to another one here, in the place of a file or a link that has it: these are gone then, and what a link led to is not.
    pub(crate) fn replace(&self, name: &StepName, new: &StepName) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, name.as_os(), &self.0, new.as_os())?)
    }

    /// Sets permissions and modification time of the directory.
    pub(crate) fn set(&self, mode: u32, modified: i64) -> io::Result<()> {
        set(&self.0, mode, modified)
    }

    /// Has the names in it on the disk when it returns.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.0)?)
    }
}

/// Sets permissions and modification time of something that is open.
pub(crate) fn set(open: impl AsFd, mode: u32, modified: i64) -> io::Result<()> {
    rustix::fs::fchmod(&open, Mode::from_raw_mode(mode & 0o7777))?;
    let at = rustix::fs::Timespec { tv_sec: modified.div_euclid(1_000_000_000), tv_nsec: modified.rem_euclid(1_000_000_000) };
    let times = rustix::fs::Timestamps { last_access: at, last_modification: at };
    Ok(rustix::fs::futimens(&open, &times)?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn name(text: &str) -> StepName {
        StepName::new(text).unwrap()
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_none() {
        for bad in ["", ".", "..", "a/b", "/", "a\0"] {
            assert!(StepName::new(bad).is_none(), "{bad:?}");
        }
        let strange = StepName::new(OsStr::from_bytes(b"a\xff\n")).unwrap();
        let written = serde_json::to_string(&[strange.clone(), name("plain")]).unwrap();
        assert_eq!(written, r#"[{"hex":"61ff0a"},"plain"]"#);
        assert_eq!(serde_json::from_str::<Vec<StepName>>(&written).unwrap(), [strange, name("plain")]);
        for bad in [r#""..""#, r#"{"hex":"2e2e"}"#, r#"{"hex":"2f"}"#, r#"{"hex":"6"}"#, r#""a/b""#] {
            assert!(serde_json::from_str::<StepName>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_link_is_followed_and_nothing_is_replaced() {
        let (place, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("mine"), "mine").unwrap();
        fs::create_dir(place.path().join("a")).unwrap();
        fs::write(place.path().join("a/f"), "f").unwrap();
        fs::write(place.path().join("g"), "g").unwrap();
        std::os::unix::fs::symlink(outside.path(), place.path().join("l")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("mine"), place.path().join("m")).unwrap();
        let root = Directory::open(place.path()).unwrap();
        assert!(root.below(&name("l")).is_err() && root.file(&name("m")).is_err() && root.walk(&[name("l")]).is_err());
        assert!(root.make(&[name("l"), name("x")]).is_err());
        let kinds: Vec<_> = root.entries().unwrap().into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(kinds, [Kind::Directory, Kind::File, Kind::Link, Kind::Link]);
        assert!(root.move_to(&name("g"), &root.below(&name("a")).unwrap(), &name("f")).is_err());
        root.remove(&name("m")).unwrap();
        assert_eq!(fs::read_to_string(outside.path().join("mine")).unwrap(), "mine");
        assert_eq!(fs::read_to_string(place.path().join("a/f")).unwrap(), "f");
    }
}
