//! The chunks on the disk: compressed, each a file of its own that is named by what is in it.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Hash;
use super::cut::LONGEST;
use super::hall::{self, FRESH, Hall, is_link_or_file, move_aside, step};
use super::kept::{Chunk, Damage};
use crate::directory::{Directory, Kind, Seen, StepName};

/// How hard it is compressed: harder takes several times as long, and saves a tenth.
const LEVEL: i32 = 3;

/// What a chunk's file is called behind its hash.
const SUFFIX: &str = ".zst";

/// Where chunks are.
const CHUNKS: &str = "chunks";

/// Where chunks are put that are not what they should be.
const ASIDE: &str = "damaged";

/// Why a chunk was not put there.
#[derive(Debug, thiserror::Error)]
pub(super) enum PutError {
    /// There is no room left for it.
    #[error("the vault is full")]
    Full,
    /// The system refused.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// The chunks of a vault.
pub(super) struct Chunks {
    hall: Arc<Hall>,
    /// Those that are there, and how much room each takes.
    there: HashMap<Hash, u64>,
    /// How much room all of them take, in bytes.
    bytes: u64,
    /// How much room they may take.
    limit: Option<u64>,
    /// How much of that is taken by what is no chunk, in bytes.
    pub(super) beside: u64,
    /// Chunks that nobody names: of those that a killed one left, the names may not be on the disk yet.
    unsure: HashSet<Hash>,
    /// Directories that have names which are not on the disk yet.
    unsettled: HashSet<String>,
}

impl Chunks {
    /// Looks which chunks are there. `named` are those that somebody names.
    pub(super) fn open(hall: &Arc<Hall>, limit: Option<u64>, named: &HashSet<Hash>) -> io::Result<Self> {
        let there: HashMap<Hash, u64> = list(hall)?.all.into_iter().map(|(hash, seen)| (hash, seen.size)).collect();
        let unsure = there.keys().filter(|hash| !named.contains(hash)).copied().collect();
        let bytes = there.values().sum();
        Ok(Self { hall: Arc::clone(hall), there, bytes, limit, beside: 0, unsure, unsettled: HashSet::new() })
    }

    /// Returns how much room all chunks take, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reports whether there would be room if only some chunks were left and some bytes came.
    pub(super) fn would_fit(&self, left: &HashSet<Hash>, more: u64) -> bool {
        let bytes: u64 = left.iter().filter_map(|hash| self.there.get(hash)).sum();
        self.limit.is_none_or(|limit| bytes + self.beside + more <= limit)
    }

    pub(super) fn has(&self, chunk: Chunk) -> bool {
        self.there.contains_key(&chunk.hash)
    }

    /// Puts a chunk there, if it is not.
    pub(super) fn put(&mut self, chunk: Chunk, bytes: &[u8]) -> Result<(), PutError> {
        let (folder, name) = names(chunk.hash);
        if self.has(chunk) {
            if self.unsure.remove(&chunk.hash) {
                self.unsettled.insert(folder);
            }
            return Ok(());
        }
        let packed = zstd::bulk::compress(bytes, LEVEL)?;
        let length = packed.len() as u64;
        if self.limit.is_some_and(|limit| self.bytes + self.beside + length > limit) {
            return Err(PutError::Full);
        }
        let (directory, name) = (self.hall.make(&[CHUNKS, &folder])?, step(&name)?);
        // What is no file is no chunk; a file or a link is replaced.
        if matches!(directory.look(&name), Ok((Kind::Directory, _))) {
            self.move_aside(&directory, &name)?;
        }
        hall::write(&directory, &name, &packed)?;
        self.unsettled.insert(folder);
        self.there.insert(chunk.hash, length);
        self.bytes += length;
        Ok(())
    }

    /// Has the names of all chunks on the disk when it returns: only then may anybody name them.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        for folder in &self.unsettled {
            self.hall.make(&[CHUNKS, folder])?.sync()?;
        }
        self.unsettled.clear();
        Ok(())
    }

    /// Removes what nobody names, and what a killed one left. Returns how much room that gave.
    pub(super) fn sweep(&mut self, named: &HashSet<Hash>) -> io::Result<u64> {
        for (_, directory) in folders(&self.hall)?.open {
            remove_fresh(&directory)?;
        }
        let garbage: Vec<Hash> = self.there.keys().filter(|hash| !named.contains(hash)).copied().collect();
        let mut freed = 0;
        for hash in garbage {
            let (folder, name) = names(hash);
            if let Some(directory) = self.hall.below(&[CHUNKS, &folder])? {
                directory.remove(&step(&name)?)?;
            }
            freed += self.there.remove(&hash).unwrap_or(0);
        }
        self.bytes -= freed;
        Ok(freed)
    }

    /// Moves a chunk that is not what it should be out of the way, so that the next copy puts it there again.
    pub(super) fn set_aside(&mut self, hash: Hash) -> io::Result<()> {
        let (folder, name) = names(hash);
        if let Some(directory) = self.hall.below(&[CHUNKS, &folder])? {
            self.move_aside(&directory, &step(&name)?)?;
        }
        self.bytes -= self.there.remove(&hash).unwrap_or(0);
        Ok(())
    }

    fn move_aside(&self, directory: &Directory, name: &StepName) -> io::Result<()> {
        let text = name.as_os().to_string_lossy().into_owned();
        move_aside(directory, name, &self.hall.make(&[ASIDE])?, &text, "").map(drop)
    }
}

/// Removes what killed ones left in a directory; another directory is left where it is, whatever it is called.
pub(super) fn remove_fresh(directory: &Directory) -> io::Result<()> {
    for (name, kind) in directory.entries()? {
        if kind != Kind::Directory && ends_in(&name, FRESH) {
            directory.remove(&name)?;
        }
    }
    Ok(())
}

/// Reports whether a name has an ending.
pub(super) fn ends_in(name: &StepName, ending: &str) -> bool {
    name.as_os().to_str().is_some_and(|name| name.ends_with(ending))
}

/// Returns how much room a chunk takes that is not there, in bytes.
pub(super) fn packed_length(bytes: &[u8]) -> io::Result<u64> {
    Ok(zstd::bulk::compress(bytes, LEVEL)?.len() as u64)
}

/// Reads a chunk. What comes back is what was put there, and nothing else.
pub(super) fn read(hall: &Hall, chunk: Chunk) -> Result<Vec<u8>, ReadError> {
    let path = || path_of(hall.path(), chunk.hash);
    let (folder, name) = names(chunk.hash);
    // No file that is longer than a chunk can be is one.
    let longest = zstd::zstd_safe::compress_bound(LONGEST) as u64;
    let directory = hall.below(&[CHUNKS, &folder]).map_err(|error| ReadError::System(path(), error))?;
    let read = directory.map(|directory| step(&name).and_then(|name| hall::read(&directory, &name, longest)));
    let packed = match read {
        None => return Err(ReadError::Damaged(Damage::Missing)),
        Some(Ok(packed)) => packed,
        Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => return Err(ReadError::Damaged(Damage::Missing)),
        Some(Err(error)) if error.kind() == io::ErrorKind::InvalidInput || is_link_or_file(&error) => {
            return Err(ReadError::Damaged(Damage::NoFile));
        }
        Some(Err(error)) => return Err(ReadError::System(path(), error)),
    };
    let bytes = zstd::bulk::decompress(&packed, chunk.length as usize).map_err(|_| ReadError::Damaged(Damage::Changed))?;
    if Chunk::of(&bytes) == chunk { Ok(bytes) } else { Err(ReadError::Damaged(Damage::Changed)) }
}

/// Why a chunk could not be read.
#[derive(Debug)]
pub(super) enum ReadError {
    /// It is not what was put there.
    Damaged(Damage),
    /// The system refused.
    System(PathBuf, io::Error),
}

/// What is where chunks are.
#[derive(Default)]
pub(super) struct Listed {
    /// The chunks, with what the file system says of each.
    pub(super) all: Vec<(Hash, Seen)>,
    /// What is called like one of ours, and is no file; it is left alone.
    pub(super) strange: Vec<PathBuf>,
}

/// Lists all chunks of a vault.
pub(super) fn list(hall: &Hall) -> io::Result<Listed> {
    let folders = folders(hall)?;
    let mut listed = Listed { all: Vec::new(), strange: folders.strange };
    for (folder, directory) in folders.open {
        for (name, kind) in directory.entries()? {
            let hash = name.as_os().to_str().and_then(|name| name.strip_suffix(SUFFIX)).and_then(Hash::read);
            // It may have gone just now.
            match (hash, kind, directory.look(&name)) {
                (Some(hash), Kind::File, Ok((Kind::File, seen))) => listed.all.push((hash, seen)),
                (Some(_), _, Ok(_)) => listed.strange.push(hall.path().join(CHUNKS).join(&folder).join(name.as_os())),
                (None, Kind::Directory, _) if ends_in(&name, FRESH) => {
                    listed.strange.push(hall.path().join(CHUNKS).join(&folder).join(name.as_os()));
                }
                _ => {}
            }
        }
    }
    Ok(listed)
}

/// The directories that chunks are in.
#[derive(Default)]
struct Folders {
    /// Each with its name.
    open: Vec<(PathBuf, Directory)>,
    /// What is in the place of one, and is none.
    strange: Vec<PathBuf>,
}

fn folders(hall: &Hall) -> io::Result<Folders> {
    let mut folders = Folders::default();
    let Some(chunks) = hall.below(&[CHUNKS])? else { return Ok(folders) };
    for (name, kind) in chunks.entries()? {
        match kind {
            Kind::Directory => folders.open.push((PathBuf::from(name.as_os()), chunks.below(&name)?)),
            Kind::Link => folders.strange.push(hall.path().join(CHUNKS).join(name.as_os())),
            Kind::File | Kind::Other => {}
        }
    }
    Ok(folders)
}

/// Returns the names of a chunk's directory and file.
fn names(hash: Hash) -> (String, String) {
    let name = hash.to_string();
    (name[..2].to_owned(), format!("{name}{SUFFIX}"))
}

fn path_of(vault: &Path, hash: Hash) -> PathBuf {
    let (folder, name) = names(hash);
    vault.join(CHUNKS).join(folder).join(name)
}
