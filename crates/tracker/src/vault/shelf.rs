//! The conversations in the vault, and the line in which those wait who change something.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Hash;
use super::chunks::{ends_in, remove_fresh};
use super::hall::{self, FRESH, Hall, move_aside, step};
use super::kept::{Damage, Kept};
use crate::ConfigError;
use crate::directory::Kind;

/// Why nothing could be done with the vault.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Nobody says where it is, or where agents have their files.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Another command works on it.
    #[error("another command has worked on the vault for {:.1} s", waited.as_secs_f64())]
    Busy {
        /// How long this one waited.
        waited: Duration,
    },
    /// A file of it cannot be read or written.
    #[error("cannot use `{path}`")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl VaultError {
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::File { path: path.to_owned(), source }
    }
}

/// The conversations of a vault, by the names of their files.
#[derive(Debug)]
pub(super) struct Shelf {
    hall: Arc<Hall>,
    pub(super) kept: BTreeMap<String, Kept>,
    /// Files that are no conversations: what they name is not known, so that nothing is garbage as long as there is one.
    pub(super) damaged: Vec<(PathBuf, Damage)>,
    /// What somebody else put there; it is left alone.
    strange: Vec<PathBuf>,
    /// How much room all of them take, in bytes, by their names.
    lengths: BTreeMap<String, u64>,
}

/// Where conversations are.
const KEPT: &str = "kept";

/// What a damaged one is called.
const DAMAGED: &str = ".damaged";

/// The longest one that is read.
const LONGEST: u64 = 1 << 30;

impl Shelf {
    /// Reads all conversations; what is damaged is told, and does not stop the others.
    pub(super) fn open(hall: &Arc<Hall>) -> io::Result<Self> {
        let (kept, damaged, strange, lengths) = Default::default();
        let mut shelf = Self { hall: Arc::clone(hall), kept, damaged, strange, lengths };
        let Some(directory) = hall.below(&[KEPT])? else { return Ok(shelf) };
        for (step, kind) in directory.entries()? {
            let Some(name) = step.as_os().to_str().map(str::to_owned) else { continue };
            let path = shelf.path_of(&name);
            let is_ours = name.ends_with(".json") || name.ends_with(DAMAGED);
            match kind {
                Kind::File => {}
                // Set aside, nobody asks any more what it is.
                _ if is_ours => {
                    shelf.damaged.push((path, Damage::NoFile));
                    continue;
                }
                Kind::Directory if ends_in(&step, FRESH) => {
                    shelf.strange.push(path);
                    continue;
                }
                _ => continue,
            }
            shelf.lengths.insert(name.clone(), directory.look(&step)?.1.size);
            if name.ends_with(DAMAGED) {
                shelf.damaged.push((path, Damage::Changed));
            } else if name.ends_with(".json") {
                match hall::read(&directory, &step, LONGEST).map(|bytes| Kept::decode(&bytes)) {
                    Ok(Ok(kept)) => drop(shelf.kept.insert(name, kept)),
                    Ok(Err(damage)) => shelf.damaged.push((path, damage)),
                    Err(error) => return Err(error),
                }
            }
        }
        shelf.damaged.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(shelf)
    }

    fn path_of(&self, name: &str) -> PathBuf {
        self.hall.path().join(KEPT).join(name)
    }

    /// Returns how much room the conversations take, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.lengths.values().sum()
    }

    /// Reports whether another build keeps a conversation: it is whole, and only that one can add to it.
    pub(super) fn is_of_another_build(&self, name: &str) -> bool {
        let path = self.path_of(name);
        self.damaged.iter().any(|(other, damage)| *other == path && *damage == Damage::Unknown)
    }

    /// Puts a conversation there, in the place of what was kept of it. A damaged one is set aside.
    ///
    /// # Errors
    /// When it cannot be written, or another build keeps the conversation.
    pub(super) fn put(&mut self, name: &str, kept: Kept) -> io::Result<()> {
        if self.is_of_another_build(name) {
            return Err(io::Error::other(Damage::Unknown));
        }
        let (directory, path, file) = (self.hall.make(&[KEPT])?, self.path_of(name), step(name)?);
        if let Some(damaged) = self.damaged.iter_mut().find(|(damaged, _)| *damaged == path) {
            let aside = move_aside(&directory, &file, &directory, name, DAMAGED)?;
            damaged.0 = path.with_file_name(aside.as_os());
        }
        let bytes = kept.encode()?;
        hall::write(&directory, &file, &bytes)?;
        directory.sync()?;
        self.lengths.insert(name.to_owned(), bytes.len() as u64);
        self.kept.insert(name.to_owned(), kept);
        Ok(())
    }

    /// Says what is damaged.
    pub(super) fn damages(&self) -> Vec<String> {
        let damaged = self.damaged.iter().map(|(path, damage)| format!("{}: {damage}", path.display()));
        damaged.chain(self.strange.iter().map(|path| strange(path))).collect()
    }

    /// Returns all chunks that are named; none where nobody knows all of them.
    pub(super) fn named(&self) -> Option<HashSet<Hash>> {
        let all = self.kept.values().flat_map(Kept::chunks).map(|chunk| chunk.hash).collect();
        self.damaged.is_empty().then_some(all)
    }

    /// Returns what is kept of a conversation, the one that was written to last first.
    pub(super) fn of(&self, id: &str) -> Vec<(&str, &Kept)> {
        let mut found: Vec<_> = self.kept.iter().filter(|(_, kept)| kept.id == id).map(|(name, kept)| (name.as_str(), kept)).collect();
        found.sort_by_key(|(_, kept)| std::cmp::Reverse(kept.modified()));
        found
    }

    /// Removes what a killed one left beside the conversations.
    pub(super) fn sweep(&self) -> io::Result<()> {
        self.hall.below(&[KEPT])?.map_or(Ok(()), |directory| remove_fresh(&directory))
    }
}

/// Says of something that it is called like one of ours, and is none.
pub(super) fn strange(path: &Path) -> String {
    format!("{}: {}", path.display(), Damage::NoFile)
}

/// Opens the vault.
pub(super) fn enter(vault: &Path) -> Result<Arc<Hall>, VaultError> {
    Ok(Arc::new(Hall::open(vault).map_err(VaultError::at(vault))?))
}

/// Makes the vault's directory, for its owner alone, and waits in line for it.
pub(super) fn wait_in_line(vault: &Path, patience: Duration) -> Result<store::Place, VaultError> {
    store::make_private_directories(vault).map_err(VaultError::at(vault))?;
    // One that was opened to others is closed again.
    let is_open = fs::metadata(vault).map_err(VaultError::at(vault))?.permissions().mode() & 0o077 != 0;
    if is_open {
        fs::set_permissions(vault, Permissions::from_mode(0o700)).map_err(VaultError::at(vault))?;
    }
    let lock = vault.join("lock");
    store::wait_in_line(&lock, patience).map_err(|error| match error {
        store::LineError::Busy { waited } => VaultError::Busy { waited },
        store::LineError::File(source) => VaultError::File { path: lock.clone(), source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> (tempfile::TempDir, PathBuf) {
        let vault = tempfile::tempdir().unwrap();
        let kept = vault.path().join("kept");
        fs::create_dir(&kept).unwrap();
        (vault, kept)
    }

    #[test]
    fn what_another_build_keeps_is_left_alone() {
        let (vault, kept) = vault();
        let newer = Kept { version: 2, ..Kept::new("claude-code", "c", Path::new("/p")) };
        fs::write(kept.join("c.json"), newer.encode().unwrap()).unwrap();
        let mut shelf = Shelf::open(&enter(vault.path()).unwrap()).unwrap();
        assert!(shelf.is_of_another_build("c.json") && !shelf.is_of_another_build("d.json"));
        assert!(shelf.put("c.json", Kept::new("claude-code", "c", Path::new("/p"))).is_err());
        assert_eq!((fs::read(kept.join("c.json")).unwrap(), fs::read_dir(kept).unwrap().count()), (newer.encode().unwrap(), 1));
    }

    #[test]
    fn what_is_damaged_is_set_aside_each_time_under_a_name_of_its_own() {
        let (vault, kept) = vault();
        for round in 0..3 {
            fs::write(kept.join("c.json"), format!("damaged {round}")).unwrap();
            let mut shelf = Shelf::open(&enter(vault.path()).unwrap()).unwrap();
            shelf.put("c.json", Kept::new("claude-code", "c", Path::new("/p"))).unwrap();
            let on_disk: u64 = fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
            assert_eq!(Shelf::open(&enter(vault.path()).unwrap()).unwrap().bytes(), on_disk);
        }
        let mut aside: Vec<_> = fs::read_dir(&kept).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
        aside.retain(|text| text.starts_with("damaged"));
        aside.sort();
        assert_eq!(aside, ["damaged 0", "damaged 1", "damaged 2"]);
    }
}
