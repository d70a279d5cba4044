//! The chunks on the disk: compressed, each a file of its own that is named by what is in it.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::Hash;
use super::cut::LONGEST;
use super::kept::{Chunk, Damage};

/// How hard it is compressed: harder takes several times as long, and saves a tenth.
const LEVEL: i32 = 3;

/// What a chunk's file is called behind its hash.
const SUFFIX: &str = ".zst";

/// What a chunk's file ends in while it is being written.
const FRESH: &str = "new";

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
    vault: PathBuf,
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
    unsettled: HashSet<PathBuf>,
}

impl Chunks {
    /// Looks which chunks are there. `named` are those that somebody names.
    pub(super) fn open(vault: &Path, limit: Option<u64>, named: &HashSet<Hash>) -> io::Result<Self> {
        let there: HashMap<Hash, u64> = list(vault)?.into_iter().map(|(hash, _, found)| (hash, found.len())).collect();
        let unsure = there.keys().filter(|hash| !named.contains(hash)).copied().collect();
        let bytes = there.values().sum();
        Ok(Self { vault: vault.to_owned(), there, bytes, limit, beside: 0, unsure, unsettled: HashSet::new() })
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
        let path = path_of(&self.vault, chunk.hash);
        let directory = path.parent().unwrap_or(&self.vault).to_owned();
        if self.has(chunk) {
            if self.unsure.remove(&chunk.hash) {
                self.unsettled.insert(directory);
            }
            return Ok(());
        }
        let packed = zstd::bulk::compress(bytes, LEVEL)?;
        let length = packed.len() as u64;
        if self.limit.is_some_and(|limit| self.bytes + self.beside + length > limit) {
            return Err(PutError::Full);
        }
        let fresh = path.with_extension(FRESH);
        store::make_private_directories(&directory)?;
        // A killed one may have left the beginning of it.
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        let written = file.write_all(&packed).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&fresh, &path));
        written.inspect_err(|_| drop(fs::remove_file(&fresh)))?;
        self.unsettled.insert(directory);
        self.there.insert(chunk.hash, length);
        self.bytes += length;
        Ok(())
    }

    /// Has the names of all chunks on the disk when it returns: only then may anybody name them.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        for directory in &self.unsettled {
            File::open(directory)?.sync_all()?;
        }
        self.unsettled.clear();
        Ok(())
    }

    /// Removes what nobody names, and what a killed one left. Returns how much room that gave.
    pub(super) fn sweep(&mut self, named: &HashSet<Hash>) -> io::Result<u64> {
        for directory in read_dir(&self.vault.join("chunks"))? {
            for entry in read_dir(&directory?.path())? {
                let path = entry?.path();
                if path.extension().is_some_and(|extension| extension == FRESH) {
                    fs::remove_file(path)?;
                }
            }
        }
        let garbage: Vec<Hash> = self.there.keys().filter(|hash| !named.contains(hash)).copied().collect();
        let mut freed = 0;
        for hash in garbage {
            fs::remove_file(path_of(&self.vault, hash))?;
            freed += self.there.remove(&hash).unwrap_or(0);
        }
        self.bytes -= freed;
        Ok(freed)
    }

    /// Moves a chunk that is not what it should be out of the way, so that the next copy puts it there again.
    pub(super) fn set_aside(&mut self, hash: Hash) -> io::Result<()> {
        let aside = self.vault.join(ASIDE);
        store::make_private_directories(&aside)?;
        fs::rename(path_of(&self.vault, hash), aside.join(format!("{hash}{SUFFIX}")))?;
        self.bytes -= self.there.remove(&hash).unwrap_or(0);
        Ok(())
    }
}

/// Returns how much room a chunk takes that is not there, in bytes.
pub(super) fn packed_length(bytes: &[u8]) -> io::Result<u64> {
    Ok(zstd::bulk::compress(bytes, LEVEL)?.len() as u64)
}

/// Reads a chunk. What comes back is what was put there, and nothing else.
pub(super) fn read(vault: &Path, chunk: Chunk) -> Result<Vec<u8>, ReadError> {
    let path = path_of(vault, chunk.hash);
    let packed = match bounded(&path) {
        Ok(packed) => packed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(ReadError::Damaged(Damage::Missing)),
        Err(error) => return Err(ReadError::System(path, error)),
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

/// Reads a file that is no longer than a chunk can be.
fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let longest = zstd::zstd_safe::compress_bound(LONGEST) as u64;
    io::Read::read_to_end(&mut io::Read::take(File::open(path)?, longest), &mut bytes)?;
    Ok(bytes)
}

/// Returns all chunks of a vault, each with its file and what the file system says of it.
pub(super) fn list(vault: &Path) -> io::Result<Vec<(Hash, PathBuf, fs::Metadata)>> {
    let mut found = Vec::new();
    for directory in read_dir(&vault.join("chunks"))? {
        for entry in read_dir(&directory?.path())? {
            let entry = entry?;
            let name = entry.file_name();
            let hash = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)).and_then(Hash::read);
            // It may have gone just now.
            if let (Some(hash), Ok(metadata)) = (hash, entry.metadata()) {
                found.push((hash, entry.path(), metadata));
            }
        }
    }
    Ok(found)
}

/// Returns what is in a directory of ours; one that is not there is empty.
pub(super) fn read_dir(directory: &Path) -> io::Result<Vec<io::Result<fs::DirEntry>>> {
    match fs::read_dir(directory) {
        Ok(entries) => Ok(entries.collect()),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn path_of(vault: &Path, hash: Hash) -> PathBuf {
    let name = hash.to_string();
    vault.join("chunks").join(&name[..2]).join(format!("{name}{SUFFIX}"))
}
