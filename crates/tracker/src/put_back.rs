//! Putting a file back where an agent had it: whole or not at all, and never in the place of another one.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use crate::directory::{Directory, StepName, set};

/// What became of the files of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PutBackFiles {
    /// Those that were put back.
    pub(crate) restored: Vec<PathBuf>,
    /// Those that were there, with what would have been put back, or more.
    pub(crate) there: Vec<PathBuf>,
    /// Those that were there with something else, and were left alone.
    pub(crate) differing: Vec<PathBuf>,
    /// What could not be put back, each with its reason; it is in the trash still.
    pub(crate) left: Vec<String>,
    /// The entry of the trash that holds what was not put back.
    pub(crate) entry: Option<String>,
}

/// A file that is to be put back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PutBack<'s> {
    /// Where, below the root.
    pub(crate) steps: &'s [StepName],
    /// With which permissions.
    pub(crate) mode: u32,
    /// As if it had been written to last then, in nanoseconds since 1970.
    pub(crate) modified: i64,
}

impl PutBack<'_> {
    /// Writes the file beside its place under a name of ours, and gives it its own once all of it is on the disk. Directories that are missing
    /// are made. Only one may be at work in a directory under that name: a file that has it was left by a killed one.
    ///
    /// # Errors
    /// When it cannot be written, or something has its name; nothing is left behind then.
    pub(crate) fn write<E: From<io::Error>>(
        &self,
        root: &Directory,
        ours: &StepName,
        write: impl FnOnce(&mut File) -> Result<(), E>,
    ) -> Result<(), E> {
        let (name, directories) = self.steps.split_last().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let directory = root.make(directories)?;
        if directory.has(ours)? {
            directory.remove(ours)?;
        }
        let mut file = directory.make_file(ours)?;
        let finish = |file: &mut File| -> Result<(), E> {
            write(file)?;
            set(&*file, self.mode & 0o777, self.modified)?;
            file.sync_all()?;
            directory.move_to(ours, &directory, name)?;
            Ok(directory.sync()?)
        };
        finish(&mut file).inspect_err(|_| drop(directory.remove(ours)))
    }
}
