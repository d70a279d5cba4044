//! The vault's directory, held open: everything in it is reached from there step by step, and no link is followed. Somebody may have put one there.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::directory::{Directory, Kind, StepName};

/// What a file ends in while it is being written.
pub(super) const FRESH: &str = ".new";

/// A vault that is open.
#[derive(Debug)]
pub(super) struct Hall {
    path: PathBuf,
    /// None where there is none: nothing is in it then.
    directory: Option<Directory>,
}

impl Hall {
    /// Opens it where a person says that it is; it need not be there.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let directory = match Directory::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            directory => Some(directory?),
        };
        Ok(Self { path: path.to_owned(), directory })
    }

    fn directory(&self) -> io::Result<&Directory> {
        self.directory.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Returns where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a directory of it; none where there is none.
    pub(super) fn below(&self, names: &[&str]) -> io::Result<Option<Directory>> {
        match self.directory().and_then(|directory| directory.walk(&steps(names)?)) {
            Ok(directory) => Ok(Some(directory)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if is_link_or_file(&error) => Err(no_directory(&self.path, names)),
            Err(error) => Err(error),
        }
    }

    /// Opens a directory of it, made where it is missing.
    pub(super) fn make(&self, names: &[&str]) -> io::Result<Directory> {
        let made = self.directory()?.make(&steps(names)?);
        made.map_err(|error| if is_link_or_file(&error) { no_directory(&self.path, names) } else { error })
    }

    /// Reads a file right in it, at most so much.
    pub(super) fn read(&self, name: &str, most: u64) -> io::Result<Vec<u8>> {
        read(self.directory()?, &step(name)?, most)
    }

    /// Replaces a file right in it.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        write(self.directory()?, &step(name)?, bytes)
    }

    /// Removes a file right in it; one that is not there is removed already.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        match self.directory()?.remove(&step(name)?) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

/// Reports whether something was in the way that is no directory.
pub(super) fn is_link_or_file(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotADirectory) || error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

fn no_directory(path: &Path, names: &[&str]) -> io::Error {
    let place = names.iter().fold(path.to_owned(), |path, name| path.join(name));
    io::Error::new(io::ErrorKind::NotADirectory, format!("`{}` is no directory of its own", place.display()))
}

/// Returns a name of ours.
pub(super) fn step(name: &str) -> io::Result<StepName> {
    StepName::new(name).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

fn steps(names: &[&str]) -> io::Result<Vec<StepName>> {
    names.iter().map(|name| step(name)).collect()
}

/// Reads a file, at most so much. A link is none, and nobody waits for a pipe.
pub(super) fn read(directory: &Directory, name: &StepName, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    directory.file(name)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Replaces a file, or a link and not what it leads to, in one step. Its name is on the disk only once somebody has synced the directory.
pub(super) fn write(directory: &Directory, name: &StepName, bytes: &[u8]) -> io::Result<()> {
    let (fresh, mut file) = begin(directory, name)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| directory.replace(&fresh, name));
    written.inspect_err(|_| drop(directory.remove(&fresh)))
}

/// Makes the file that is written first. What a killed one left is removed; of something that cannot be removed the name is not used.
fn begin(directory: &Directory, name: &StepName) -> io::Result<(StepName, File)> {
    let mut text = name.as_os().to_owned();
    loop {
        let mut fresh = text.clone();
        fresh.push(FRESH);
        let fresh = StepName::new(fresh).ok_or(io::ErrorKind::InvalidInput)?;
        match directory.look(&fresh) {
            Ok((Kind::Directory, _)) => {
                text.push("_");
                continue;
            }
            Ok(_) => directory.remove(&fresh)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let file = directory.make_file(&fresh)?;
        return Ok((fresh, file));
    }
}

/// Moves something to a name of its own in a directory: what was put there before stays.
pub(super) fn move_aside(from: &Directory, name: &StepName, to: &Directory, new: &str, ending: &str) -> io::Result<StepName> {
    for number in 0_u64.. {
        let number = if number == 0 { String::new() } else { format!(".{number}") };
        let aside = step(&format!("{new}{number}{ending}"))?;
        match from.move_to(name, to, &aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            moved => return moved.map(|()| aside),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
