//! The directory of markers, and looking at what is in it without touching what is somebody else's.
//!
//! A directory is used where nobody else can change what one of our names stands for: it belongs to us or to root, and others may not
//! write in it, or it is sticky as `/tmp` is. In a sticky directory others can take a name that is free. So everything found is held
//! against [`Occupant`] before it is read.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::Errno;

use super::content::LONGEST;

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryTrouble {
    /// It is not there, or cannot be opened.
    #[error("it cannot be opened")]
    Closed(#[source] io::Error),
    /// Somebody else can do with it whatever they like.
    #[error("it belongs to user {0}")]
    OfAnother(u32),
    /// Others can rename and remove what is in it.
    #[error("others can rename what is in it")]
    Open,
}

/// What has taken the name of a marker and is none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupant {
    /// A file of another user.
    OfAnother(u32),
    /// A link to somewhere else.
    Link,
    /// A file that has further names.
    Linked,
    /// A directory, a pipe or something else that is no file.
    NoFile,
    /// A file that is longer than any marker.
    TooLong,
}

impl std::fmt::Display for Occupant {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OfAnother(user) => write!(out, "something that belongs to user {user}"),
            Self::Link => out.pad("a link"),
            Self::Linked => out.pad("a file with further names"),
            Self::NoFile => out.pad("something that is no file"),
            Self::TooLong => out.pad("a file that is too long for a marker"),
        }
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Nothing,
    Foreign(Occupant),
    /// A file of ours, last changed at that second since 1970.
    Ours {
        changed: i64,
    },
}

/// What a name stands for, with its bytes where it is ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held {
    Nothing,
    Foreign(Occupant),
    Ours {
        bytes: Vec<u8>,
        /// Whether others could have written them.
        is_open: bool,
    },
}

/// A directory, open.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) open: OwnedFd,
    owner: u32,
}

impl Directory {
    /// Opens a directory that can be trusted by `owner`.
    pub(super) fn open(path: &Path, owner: u32) -> Result<Self, DirectoryTrouble> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let closed = |error: Errno| DirectoryTrouble::Closed(error.into());
        let open = rustix::fs::open(path, flags, Mode::empty()).map_err(closed)?;
        let found = fstat(&open).map_err(closed)?;
        if found.st_uid != owner && found.st_uid != 0 {
            return Err(DirectoryTrouble::OfAnother(found.st_uid));
        }
        let mode = Mode::from_raw_mode(found.st_mode);
        if mode.intersects(Mode::WGRP | Mode::WOTH) && !mode.contains(Mode::SVTX) {
            return Err(DirectoryTrouble::Open);
        }
        Ok(Self { open, owner })
    }

    /// Looks at what a name stands for, without opening it.
    pub(super) fn look(&self, name: &OsStr) -> io::Result<Look> {
        match statat(&self.open, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(self.occupant(&found).map_or(Look::Ours { changed: found.st_mtime }, Look::Foreign)),
            Err(Errno::NOENT) => Ok(Look::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads what a name stands for, if it is ours. No link is followed, no pipe waited for.
    pub(super) fn read(&self, name: &OsStr) -> io::Result<Held> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match openat(&self.open, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(Held::Nothing),
            // A link, a socket, a file that another user has closed to us.
            Err(error) => match self.look(name)? {
                Look::Foreign(occupant) => return Ok(Held::Foreign(occupant)),
                Look::Nothing | Look::Ours { .. } => return Err(error.into()),
            },
        };
        let found = fstat(&file)?;
        if let Some(occupant) = self.occupant(&found) {
            return Ok(Held::Foreign(occupant));
        }
        let mut bytes = Vec::with_capacity(256);
        file.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > LONGEST {
            return Ok(Held::Foreign(Occupant::TooLong));
        }
        Ok(Held::Ours { bytes, is_open: Mode::from_raw_mode(found.st_mode).intersects(Mode::WGRP | Mode::WOTH) })
    }

    /// Returns all names that begin in one way.
    pub(super) fn names(&self, prefix: &str) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.open)? {
            let entry = entry?;
            if entry.file_name().to_bytes().starts_with(prefix.as_bytes()) {
                names.push(OsStr::from_bytes(entry.file_name().to_bytes()).to_owned());
            }
        }
        Ok(names)
    }

    /// Returns why something is none of ours.
    fn occupant(&self, found: &Stat) -> Option<Occupant> {
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Symlink => Some(Occupant::Link),
            _ if found.st_uid != self.owner => Some(Occupant::OfAnother(found.st_uid)),
            // One that was replaced since it was opened has no name at all any more.
            FileType::RegularFile if found.st_nlink > 1 => Some(Occupant::Linked),
            FileType::RegularFile if u64::try_from(found.st_size).unwrap_or(u64::MAX) > LONGEST as u64 => Some(Occupant::TooLong),
            FileType::RegularFile => None,
            _ => Some(Occupant::NoFile),
        }
    }
}
