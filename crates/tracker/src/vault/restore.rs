//! Putting a conversation back as it was copied last, or as it was at some time.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::chunks::{self, ReadError};
use super::kept::{Kept, KeptFile, Version};
use super::shelf::{Shelf, wait_in_line};
use super::{Hash, VaultError};
use crate::Tracker;
use crate::directory::{Directory, StepName, path_of};
use crate::put_back::{PutBack, PutBackFiles};

/// What a file is written to before it takes its name.
const OURS: &str = ".rutter-restore.new";

/// Why a conversation was not put back from the vault.
#[derive(Debug)]
pub(crate) enum FromVaultError {
    /// The vault cannot be used, or the place not be written.
    Vault(VaultError),
    /// What is kept of this file is not whole.
    Damaged(PathBuf),
}

impl From<VaultError> for FromVaultError {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl Tracker {
    /// Puts a conversation back; none where the vault does not have it. `as_of` is a time in microseconds since 1970; `touched` one in
    /// nanoseconds, which its files get instead of their own.
    pub(crate) fn put_back_from_vault(
        &self,
        id: &str,
        as_of: Option<i64>,
        touched: Option<i64>,
    ) -> Result<Option<PutBackFiles>, FromVaultError> {
        let vault = self.vault()?;
        if !vault.is_dir() {
            return Ok(None);
        }
        let _line = wait_in_line(&vault, self.config.patience())?;
        let shelf = Shelf::open(&vault).map_err(VaultError::at(&vault))?;
        let files = wanted(&shelf.of(id), as_of);
        if files.is_empty() {
            // It may be what is damaged.
            return shelf.damaged.into_iter().next().map_or(Ok(None), |(path, _)| Err(FromVaultError::Damaged(path)));
        }
        for (kept, file, version) in &files {
            check(&vault, version).map_err(|error| at_file(&kept.root, file, error))?;
        }
        let mut done = PutBackFiles::default();
        for (kept, file, version) in files {
            store::make_private_directories(&kept.root).map_err(VaultError::at(&kept.root))?;
            let root = Directory::open(&kept.root).map_err(VaultError::at(&kept.root))?;
            let path = path_of(&kept.root, &file.steps);
            let put = put_back(&vault, &root, file, version, touched).map_err(|error| at_file(&kept.root, file, error))?;
            match put {
                Put::Restored => done.restored.push(path),
                Put::There => done.there.push(path),
                Put::Differs => done.differing.push(path),
            }
        }
        Ok(Some(done))
    }
}

/// Returns the files that are wanted: the transcript last, so that nobody resumes a conversation that is half there.
///
/// A conversation may lie in several folders. What is in the one that was written to last is wanted, and of the others what that one has not:
/// a client that moves a conversation leaves nothing behind.
fn wanted<'k>(all: &[&'k Kept], as_of: Option<i64>) -> Vec<(&'k Kept, &'k KeptFile, &'k Version)> {
    let mut files: Vec<(&Kept, &KeptFile, &Version)> = Vec::new();
    for kept in all {
        let is_new = |file: &&KeptFile| !files.iter().any(|(_, other, _)| other.steps[1..] == file.steps[1..]);
        let of_folder = kept.files.iter().filter(is_new).filter_map(|file| Some((*kept, file, file.as_of(as_of)?)));
        let of_folder: Vec<_> = of_folder.collect();
        files.extend(of_folder);
    }
    files.sort_by_key(|(_, file, _)| std::cmp::Reverse(file.steps.len()));
    files
}

enum Put {
    Restored,
    There,
    Differs,
}

fn put_back(vault: &Path, root: &Directory, file: &KeptFile, version: &Version, touched: Option<i64>) -> Result<Put, ReadError> {
    let system = |error| ReadError::System(PathBuf::new(), error);
    if let Some(there) = open(root, &file.steps).map_err(system)? {
        return Ok(if begins_with(&there, version).map_err(system)? { Put::There } else { Put::Differs });
    }
    let ours = StepName::new(OURS).ok_or_else(|| system(io::ErrorKind::InvalidInput.into()))?;
    let back = PutBack { steps: &file.steps, mode: version.seen.mode, modified: touched.unwrap_or(version.seen.modified) };
    let written = back.write(root, &ours, |open| {
        for chunk in &version.chunks {
            open.write_all(&chunks::read(vault, *chunk)?)?;
        }
        Ok::<_, ReadError>(())
    });
    match written {
        Ok(()) => Ok(Put::Restored),
        // Somebody made it meanwhile.
        Err(ReadError::System(_, error)) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Put::Differs),
        Err(error) => Err(error),
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::System(PathBuf::new(), error)
    }
}

fn at_file(root: &Path, file: &KeptFile, error: ReadError) -> FromVaultError {
    let path = path_of(root, &file.steps);
    match error {
        ReadError::Damaged(_) => FromVaultError::Damaged(path),
        ReadError::System(chunk, source) => {
            let path = if chunk.as_os_str().is_empty() { path } else { chunk };
            FromVaultError::Vault(VaultError::File { path, source })
        }
    }
}

/// Reads all of a version, so that nothing is put back of what is not whole.
fn check(vault: &Path, version: &Version) -> Result<(), ReadError> {
    version.chunks.iter().try_for_each(|chunk| chunks::read(vault, *chunk).map(drop))
}

/// Opens what is in the place of a file; none where there is nothing.
fn open(root: &Directory, steps: &[StepName]) -> io::Result<Option<File>> {
    let Some((name, directories)) = steps.split_last() else { return Ok(None) };
    match root.walk(directories).and_then(|directory| directory.file(name)) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reports whether a file begins with all of a version.
fn begins_with(file: &File, version: &Version) -> io::Result<bool> {
    let mut place = 0;
    for chunk in &version.chunks {
        let mut bytes = vec![0; chunk.length as usize];
        match file.read_exact_at(&mut bytes, place) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            read => read?,
        }
        if Hash::of(&bytes) != chunk.hash {
            return Ok(false);
        }
        place += u64::from(chunk.length);
    }
    Ok(true)
}
