//! Where files are copied to that cannot be read where they are.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The directory in the store's home.
const NAME: &str = "scratch";

/// A directory for copies, held while somebody makes some. Whoever holds it alone throws away what others left when they were killed.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    _held: File,
}

impl Scratch {
    /// Returns the store's home, in which it is.
    pub(crate) fn home(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// Opens it in a store's home, and makes it where it is not.
    pub(crate) fn open(home: &Path) -> io::Result<Self> {
        let path = home.join(NAME);
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        if !fs::symlink_metadata(&path)?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no directory"));
        }
        let held = File::open(&path)?;
        if held.try_lock().is_ok() {
            for entry in fs::read_dir(&path)?.filter_map(Result::ok) {
                drop(if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) });
            }
            held.unlock()?;
        }
        held.lock_shared()?;
        Ok(Self { path, _held: held })
    }

    /// Returns where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_left_is_thrown_away_unless_somebody_is_there() {
        let home = tempfile::tempdir().unwrap();
        let first = Scratch::open(home.path()).unwrap();
        fs::create_dir(first.path().join("rutter-1")).unwrap();
        fs::write(first.path().join("rutter-1/copy.db"), "1").unwrap();
        let second = Scratch::open(home.path()).unwrap();
        assert!(second.path().join("rutter-1/copy.db").exists());
        drop((first, second));
        let third = Scratch::open(home.path()).unwrap();
        assert_eq!(fs::read_dir(third.path()).unwrap().count(), 0);
    }
}
