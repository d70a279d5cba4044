//! One file: read with mode and owner, and replaced in one step, only while it still is what was read.

use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, OFlags, access};

use super::InstallError;

/// Larger files are nobody's settings.
const LARGEST: u64 = 16 << 20;

/// A file as it was when it was read.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) bytes: Vec<u8>,
    pub(super) mode: u32,
    owner: (u32, u32),
    names: u64,
}

/// Whether a file was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    ChangedMeanwhile,
}

impl Found {
    pub(super) fn text(&self, path: &Path) -> Result<&str, InstallError> {
        std::str::from_utf8(&self.bytes).map_err(|_| InstallError::NotText { path: path.to_owned() })
    }

    /// Refuses what a rename would get past: the mark that says read-only, which root would not even notice, and other names.
    pub(super) fn check_replaceable(&self, path: &Path) -> Result<(), InstallError> {
        if self.mode & 0o222 == 0 || access(path, Access::WRITE_OK).is_err() {
            return Err(InstallError::ReadOnly { path: path.to_owned() });
        }
        if self.names > 1 {
            return Err(InstallError::HardLinked { path: path.to_owned() });
        }
        Ok(())
    }
}

/// Follows links to the file itself; one that is missing is left to be made.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, InstallError> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => match fs::symlink_metadata(path) {
            Ok(_) => Err(InstallError::Dangling { path: path.to_owned() }),
            Err(_) => resolve_missing(path).map_err(InstallError::at(path)),
        },
        resolved => resolved.map_err(InstallError::at(path)),
    }
}

/// Follows the links above a missing file, so that it is called the same once it is there.
fn resolve_missing(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let known = path.ancestors().skip(1).find_map(|above| Some((above, fs::canonicalize(above).ok()?)));
    let resolved = known.and_then(|(above, real)| Some(real.join(path.strip_prefix(above).ok()?)));
    Ok(resolved.unwrap_or(path))
}

/// Reads a file; a missing one is none.
pub(super) fn read(path: &Path) -> Result<Option<Found>, InstallError> {
    // A pipe would wait for somebody to write into it.
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC).bits() as i32;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(InstallError::at(path))?,
    };
    let metadata = file.metadata().map_err(InstallError::at(path))?;
    if !metadata.is_file() {
        return Err(InstallError::NotFile { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(InstallError::at(path))?;
    if bytes.len() as u64 > LARGEST {
        return Err(InstallError::TooLarge { path: path.to_owned(), most: LARGEST });
    }
    let owner = (metadata.uid(), metadata.gid());
    Ok(Some(Found { bytes, mode: metadata.mode() & 0o7777, owner, names: metadata.nlink() }))
}

/// Replaces a file, unless it is no longer what was read.
pub(super) fn replace(path: &Path, found: Option<&Found>, bytes: &[u8]) -> Result<Outcome, InstallError> {
    let temporary = beside(path);
    let replaced = write_anew(&temporary, found, bytes).map_err(InstallError::at(path)).and_then(|()| {
        if !is_still(path, found)? {
            return Ok(Outcome::ChangedMeanwhile);
        }
        fs::rename(&temporary, path).map_err(InstallError::at(path)).map(|()| Outcome::Done)
    });
    if !matches!(replaced, Ok(Outcome::Done)) {
        drop(fs::remove_file(&temporary));
        return replaced;
    }
    sync_parent(path)?;
    replaced
}

/// Removes a file, unless it is no longer what was read.
pub(super) fn remove(path: &Path, found: &Found) -> Result<Outcome, InstallError> {
    if !is_still(path, Some(found))? {
        return Ok(Outcome::ChangedMeanwhile);
    }
    fs::remove_file(path).map_err(InstallError::at(path))?;
    sync_parent(path)?;
    Ok(Outcome::Done)
}

/// Returns a name nobody else has, in the same directory, so that renaming is one step. A process id would not do: containers
/// that share a home have the same ones.
pub(super) fn beside(path: &Path) -> PathBuf {
    let drawn = RandomState::new().hash_one(std::process::id());
    path.with_file_name(format!(".rutter-{drawn:016x}.tmp"))
}

fn write_anew(path: &Path, found: Option<&Found>, bytes: &[u8]) -> io::Result<()> {
    let mode = found.map_or(0o666, |_| 0o600);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    if let Some(found) = found {
        let made = file.metadata()?;
        if (made.uid(), made.gid()) != found.owner {
            fchown(&file, Some(found.owner.0), Some(found.owner.1))?;
        }
        file.set_permissions(Permissions::from_mode(found.mode))?;
    }
    file.sync_all()
}

/// Compares everything, because a file may be written in place, and within one tick of the clock.
fn is_still(path: &Path, found: Option<&Found>) -> Result<bool, InstallError> {
    Ok(match (read(path)?, found) {
        (Some(now), Some(found)) => now.bytes == found.bytes && now.mode == found.mode && now.owner == found.owner,
        (now, found) => now.is_none() && found.is_none(),
    })
}

fn sync_parent(path: &Path) -> Result<(), InstallError> {
    let parent = path.parent().unwrap_or(path);
    File::open(parent).and_then(|directory| directory.sync_all()).map_err(InstallError::at(parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s12_what_somebody_wrote_in_between_is_not_lost() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("settings.json");
        fs::write(&path, "{}").unwrap();
        let found = read(&path).unwrap().unwrap();
        fs::write(&path, "{ }").unwrap();
        assert_eq!(replace(&path, Some(&found), b"ours").unwrap(), Outcome::ChangedMeanwhile);
        assert_eq!(remove(&path, &found).unwrap(), Outcome::ChangedMeanwhile);
        assert_eq!(replace(&path, None, b"ours").unwrap(), Outcome::ChangedMeanwhile);
        assert_eq!(fs::read(&path).unwrap(), b"{ }");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_file_has_the_name_it_will_have() {
        let directory = tempfile::tempdir().unwrap();
        let real = fs::canonicalize(directory.path()).unwrap().join("real");
        fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink("real", directory.path().join("link")).unwrap();
        assert_eq!(resolve(&directory.path().join("link/a/settings.json")).unwrap(), real.join("a/settings.json"));
    }
}
