//! Putting a conversation back as it was copied last, or as it was at some time.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use agents::transcripts::Agent;
use session::Moment;

use super::chunks::{self, ReadError};
use super::copy::lasting;
use super::hall::{Hall, is_link_or_file};
use super::kept::{AsOf, Kept, KeptFile};
use super::shelf::{Shelf, enter, wait_in_line};
use super::{Hasher, VaultError};
use crate::Tracker;
use crate::directory::{Directory, StepName, path_of};
use crate::holdings::is_own;
use crate::put_back::{PutBack, PutBackFiles};

/// What a conversation is called in the vault behind its name there.
const ENDING: &str = ".json";

/// What a file is written to before it takes its name.
const OURS: &str = ".rutter-restore.new";

/// One of several things that the vault keeps under one id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEntry {
    /// What it is called.
    pub entry: String,
    /// Where it was.
    pub directory: PathBuf,
    /// When it was written to last.
    pub modified_at: String,
}

/// Why a conversation was not put back from the vault.
#[derive(Debug)]
pub(crate) enum FromVaultError {
    /// The vault cannot be used, or the place not be written.
    Vault(VaultError),
    /// What is kept of this file is not whole.
    Damaged(PathBuf),
    /// It was in several places, and was not the same everywhere.
    Several(Vec<KeptEntry>),
    /// It was copied for the first time then, later than it is wanted.
    NotThen(String),
}

impl From<VaultError> for FromVaultError {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl Tracker {
    /// Puts a conversation back; none where the vault does not have it. `wanted` names one of several that have the id. `as_of` is a time in
    /// microseconds since 1970; `touched` one in nanoseconds, which its files get instead of their own.
    pub(crate) fn put_back_from_vault(
        &self,
        id: &str,
        entry: Option<&str>,
        as_of: Option<i64>,
        touched: Option<i64>,
    ) -> Result<Option<PutBackFiles>, FromVaultError> {
        let vault = self.vault()?;
        if !vault.is_dir() {
            return Ok(None);
        }
        let _line = wait_in_line(&vault, self.config.patience())?;
        let hall = enter(&vault)?;
        let shelf = Shelf::open(&hall).map_err(VaultError::at(&vault))?;
        let mut all = shelf.of(id);
        all.retain(|(name, _)| entry.is_none_or(|entry| name.strip_suffix(ENDING) == Some(entry)));
        if all.is_empty() {
            // It may be what is damaged.
            let damaged = shelf.damaged.into_iter().next().filter(|_| entry.is_none());
            return damaged.map_or(Ok(None), |(path, _)| Err(FromVaultError::Damaged(path)));
        }
        let offset = self.clock.now().moment.offset().seconds();
        let moment = |micros: i64| Moment::from_micros(micros, offset).map(|at| at.to_string()).unwrap_or_default();
        let files = wanted(&all, as_of);
        if let Some(first) = not_then(&all, &files) {
            return Err(FromVaultError::NotThen(moment(first)));
        }
        for chosen in &files {
            check(&hall, &chosen.as_of).map_err(|error| chosen.failed(error))?;
        }
        if !is_one(&hall, &all, &files, as_of)? {
            let entry = |(name, kept): &(&str, &Kept)| KeptEntry {
                entry: name.strip_suffix(ENDING).unwrap_or(name).to_owned(),
                directory: directory_of(kept),
                modified_at: moment(kept.modified() / 1_000),
            };
            return Err(FromVaultError::Several(all.iter().map(entry).collect()));
        }
        put_back_all(&hall, files, touched).map(Some)
    }
}

/// A file that is to be put back.
struct Chosen<'k> {
    kept: &'k Kept,
    file: &'k KeptFile,
    as_of: AsOf<'k>,
    lasting: Vec<OsString>,
}

impl Chosen<'_> {
    fn path(&self) -> PathBuf {
        path_of(&self.kept.root, &self.file.steps)
    }

    fn failed(&self, error: ReadError) -> FromVaultError {
        match error {
            ReadError::Damaged(_) => FromVaultError::Damaged(self.path()),
            ReadError::System(chunk, source) => {
                let path = if chunk.as_os_str().is_empty() { self.path() } else { chunk };
                FromVaultError::Vault(VaultError::File { path, source })
            }
        }
    }
}

fn put_back_all(hall: &Hall, files: Vec<Chosen<'_>>, touched: Option<i64>) -> Result<PutBackFiles, FromVaultError> {
    let mut done = PutBackFiles::default();
    for chosen in files {
        let root = &chosen.kept.root;
        store::make_private_directories(root).map_err(VaultError::at(root))?;
        let root = Directory::open(root).map_err(VaultError::at(root))?;
        let put = put_back(hall, &root, &chosen, touched).map_err(|error| chosen.failed(error))?;
        match put {
            Put::Restored => done.restored.push(chosen.path()),
            Put::There => done.there.push(chosen.path()),
            Put::Differs => done.differing.push(chosen.path()),
        }
    }
    Ok(done)
}

/// Returns the directory that everything of a conversation was in, or below.
fn directory_of(kept: &Kept) -> PathBuf {
    let own = kept.files.iter().find(|file| is_own_of(kept, file)).or(kept.files.first());
    own.map(|file| path_of(&kept.root, &file.steps[..file.steps.len() - 1])).unwrap_or_else(|| kept.root.clone())
}

fn is_own_of(kept: &Kept, file: &KeptFile) -> bool {
    Agent::of(&kept.agent).is_some_and(|agent| is_own(agent, &file.steps, &kept.id))
}

/// Returns when a conversation was copied first whose transcript is kept, and is not among what is wanted: nobody resumes one that is half there.
fn not_then(all: &[(&str, &Kept)], files: &[Chosen<'_>]) -> Option<i64> {
    let own = || all.iter().flat_map(|(_, kept)| kept.files.iter().filter(|file| is_own_of(kept, file)));
    let is_half = files.is_empty() || (own().next().is_some() && !files.iter().any(|chosen| is_own_of(chosen.kept, chosen.file)));
    let first = || own().filter_map(KeptFile::first_copied_at).min();
    let any = || all.iter().flat_map(|(_, kept)| &kept.files).filter_map(KeptFile::first_copied_at).min();
    if is_half { first().or_else(any) } else { None }
}

/// Reports whether everything that is kept under an id is in what is wanted of it: what a client left where it had it before is the beginning of it.
fn is_one(hall: &Hall, all: &[(&str, &Kept)], files: &[Chosen<'_>], as_of: Option<i64>) -> Result<bool, FromVaultError> {
    for (_, kept) in all {
        for file in &kept.files {
            let lasting = lasting(&kept.agent, &file.steps);
            let chosen = files.iter().find(|chosen| chosen.kept.agent == kept.agent && chosen.lasting == lasting);
            let (Some(chosen), Some(other)) = (chosen, file.as_of(as_of)) else { continue };
            if std::ptr::eq(chosen.kept, *kept) || begins_with_all(hall, chosen, other)? {
                continue;
            }
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reports whether a file that is to be put back begins with all of another one.
fn begins_with_all(hall: &Hall, chosen: &Chosen<'_>, other: AsOf<'_>) -> Result<bool, FromVaultError> {
    if other.length > chosen.as_of.length {
        return Ok(false);
    }
    if chosen.as_of.version.chunks == other.version.chunks {
        return Ok(true);
    }
    let hash = |as_of: AsOf<'_>| {
        let mut hasher = Hasher::default();
        each_part(hall, &AsOf { length: other.length, ..as_of }, |bytes| {
            hasher.add(bytes);
            Ok(())
        })?;
        Ok(hasher.hash())
    };
    let both = hash(chosen.as_of).and_then(|one| Ok(one == hash(other)?));
    both.map_err(|error| chosen.failed(error))
}

/// Hands over a file as it was, part by part.
fn each_part(hall: &Hall, as_of: &AsOf<'_>, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> Result<(), ReadError> {
    let mut left = as_of.length;
    for chunk in &as_of.version.chunks {
        if left == 0 {
            break;
        }
        let bytes = chunks::read(hall, *chunk)?;
        let taken = left.min(bytes.len() as u64);
        each(&bytes[..usize::try_from(taken).unwrap_or(0)])?;
        left -= taken;
    }
    Ok(())
}

/// Returns the files that are wanted: the transcript last, so that nobody resumes a conversation that is half there.
///
/// A conversation may lie in several folders. What is in the one that was written to last is wanted, and of the others what that one has not:
/// a client that moves a conversation leaves nothing behind.
fn wanted<'k>(all: &[(&'k str, &'k Kept)], as_of: Option<i64>) -> Vec<Chosen<'k>> {
    let mut files: Vec<Chosen<'k>> = Vec::new();
    for (_, kept) in all {
        let chosen = kept
            .files
            .iter()
            .filter_map(|file| Some(Chosen { kept, file, as_of: file.as_of(as_of)?, lasting: lasting(&kept.agent, &file.steps) }));
        let mut of_folder: Vec<_> = chosen.collect();
        // What was packed is what it was: the later one counts.
        of_folder.sort_by_key(|chosen| std::cmp::Reverse((chosen.as_of.copied_at, chosen.as_of.modified)));
        for chosen in of_folder {
            let is_there = |other: &Chosen<'_>| other.kept.agent == chosen.kept.agent && other.lasting == chosen.lasting;
            if !files.iter().any(is_there) {
                files.push(chosen);
            }
        }
    }
    files.sort_by(|one, other| {
        let key = |chosen: &Chosen<'_>| (is_own_of(chosen.kept, chosen.file), std::cmp::Reverse(chosen.file.steps.len()));
        (key(one), &one.file.steps).cmp(&(key(other), &other.file.steps))
    });
    files
}

enum Put {
    Restored,
    There,
    Differs,
}

fn put_back(hall: &Hall, root: &Directory, chosen: &Chosen<'_>, touched: Option<i64>) -> Result<Put, ReadError> {
    let (file, as_of) = (chosen.file, &chosen.as_of);
    let system = |error| ReadError::System(PathBuf::new(), error);
    match open(root, &file.steps) {
        Ok(None) => {}
        Ok(Some(there)) => return Ok(if begins_with(hall, &there, as_of)? { Put::There } else { Put::Differs }),
        // A link, a pipe, or a file where a directory should be.
        Err(error) if is_in_the_way(&error) => return Ok(Put::Differs),
        Err(error) => return Err(system(error)),
    }
    let ours = StepName::new(OURS).ok_or_else(|| system(io::ErrorKind::InvalidInput.into()))?;
    let back = PutBack { steps: &file.steps, mode: as_of.version.seen.mode, modified: touched.unwrap_or(as_of.modified) };
    let written = back.write(root, &ours, |open| each_part(hall, as_of, |bytes| open.write_all(bytes)));
    match written {
        Ok(()) => Ok(Put::Restored),
        // Somebody made it meanwhile.
        Err(ReadError::System(path, error))
            if path.as_os_str().is_empty() && (error.kind() == io::ErrorKind::AlreadyExists || is_in_the_way(&error)) =>
        {
            Ok(Put::Differs)
        }
        Err(error) => Err(error),
    }
}

/// Reports whether something else is where a file, or a directory on the way to it, should be.
fn is_in_the_way(error: &io::Error) -> bool {
    is_link_or_file(error) || error.kind() == io::ErrorKind::InvalidInput
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::System(PathBuf::new(), error)
    }
}

/// Reads all that is to be put back, so that nothing is of what is not whole.
fn check(hall: &Hall, as_of: &AsOf<'_>) -> Result<(), ReadError> {
    each_part(hall, as_of, |_| Ok(()))
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

/// Reports whether a file begins with all that is to be put back.
fn begins_with(hall: &Hall, file: &File, as_of: &AsOf<'_>) -> Result<bool, ReadError> {
    let (mut place, mut is_same) = (0, true);
    each_part(hall, as_of, |wanted| {
        let mut bytes = vec![0; wanted.len()];
        is_same = is_same
            && match file.read_exact_at(&mut bytes, place) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
                read => read.map(|()| bytes == wanted)?,
            };
        place += wanted.len() as u64;
        Ok(())
    })?;
    Ok(is_same)
}
