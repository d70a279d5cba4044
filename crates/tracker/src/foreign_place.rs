//! Files of ours in places that others may have prepared: a repository that was cloned, a directory of hooks.
//!
//! A link there may lead anywhere. So every step below the place is taken from an open directory and follows no link, and what is written
//! is written to a file of its own that takes the name in one step.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

use rustix::fs::{AtFlags, Mode, OFlags, fchmod, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;

/// What a file is written to before it takes its name.
const TEMPORARY: &str = ".rutter.tmp";

/// A directory in a place that is not to be trusted, open.
pub(crate) struct ForeignPlace(OwnedFd);

impl ForeignPlace {
    /// Opens a place, as it is named.
    pub(crate) fn open(place: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::open(place, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?))
    }

    /// Opens a directory below; a link is none.
    pub(crate) fn below(&self, name: &str) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Self(openat(&self.0, name, flags, Mode::empty())?))
    }

    /// Opens a directory below, made where it is not there.
    pub(crate) fn make_below(&self, name: &str) -> io::Result<Self> {
        match mkdirat(&self.0, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => self.below(name),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the directory of a file below, made where it is not there.
    pub(crate) fn make_parent_of(place: &Path, file: &Path) -> io::Result<Self> {
        let mut open = Self::open(place)?;
        for step in file.parent().into_iter().flat_map(Path::components) {
            match step {
                Component::Normal(name) => open = open.make_below(&name.to_string_lossy())?,
                _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "it leads out of its place")),
            }
        }
        Ok(open)
    }

    /// Reads a file of at most so many bytes; none where there is nothing. A link is no file, and no pipe is waited for.
    pub(crate) fn read(&self, name: &str, longest: u64) -> io::Result<Option<Vec<u8>>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match openat(&self.0, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
        }
        let mut bytes = Vec::new();
        file.take(longest).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Replaces a file in one step. What has its name, a link too, is gone then.
    pub(crate) fn replace(&self, name: &str, bytes: &[u8], mode: Option<u32>) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let create = || openat(&self.0, TEMPORARY, flags, Mode::from_raw_mode(0o666));
        let open = match create() {
            Err(Errno::EXIST) => {
                // A killed writer left it, or somebody planted it: it goes, and not what it leads to.
                unlinkat(&self.0, TEMPORARY, AtFlags::empty())?;
                create()?
            }
            other => other?,
        };
        let write = || -> io::Result<()> {
            let mut file = File::from(open);
            file.write_all(bytes)?;
            if let Some(mode) = mode {
                fchmod(&file, Mode::from_raw_mode(mode))?;
            }
            file.sync_data()?;
            Ok(renameat(&self.0, TEMPORARY, &self.0, name)?)
        };
        let written = write();
        if written.is_err() {
            // What is left there is removed by the next writer.
            unlinkat(&self.0, TEMPORARY, AtFlags::empty()).ok();
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn s12_nothing_that_was_planted_leads_out_of_its_place() {
        let (place, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("mine"), "mine").unwrap();
        let tree =
            || fs::read_dir(outside.path()).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect::<Vec<_>>();
        for planted in [TEMPORARY, "file"] {
            symlink(outside.path().join("mine"), place.path().join(planted)).unwrap();
        }
        ForeignPlace::open(place.path()).unwrap().replace("file", b"ours", Some(0o755)).unwrap();
        assert_eq!((fs::read_to_string(place.path().join("file")).unwrap().as_str(), tree()), ("ours", vec!["mine".to_owned()]));
        symlink(outside.path(), place.path().join("utils")).unwrap();
        assert!(ForeignPlace::make_parent_of(place.path(), Path::new("utils/file")).is_err());
        assert!(ForeignPlace::make_parent_of(place.path(), Path::new("../file")).is_err());
        assert_eq!(tree(), ["mine"]);
    }
}
