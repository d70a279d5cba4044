//! The conversations in the vault, and the line in which those wait who change something.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Hash;
use super::chunks::read_dir;
use super::kept::{Damage, Kept};
use crate::ConfigError;

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
#[derive(Debug, Default)]
pub(super) struct Shelf {
    vault: PathBuf,
    pub(super) kept: BTreeMap<String, Kept>,
    /// Files that are no conversations: what they name is not known, so that nothing is garbage as long as there is one.
    pub(super) damaged: Vec<(PathBuf, Damage)>,
}

/// What a damaged one is called.
const DAMAGED: &str = "damaged";

impl Shelf {
    /// Reads all conversations; what is damaged is told, and does not stop the others.
    pub(super) fn open(vault: &Path) -> io::Result<Self> {
        let mut shelf = Self { vault: vault.to_owned(), ..Self::default() };
        for entry in read_dir(&vault.join("kept"))? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
            if name.ends_with(DAMAGED) {
                shelf.damaged.push((path, Damage::Changed));
            } else if name.ends_with(".json") {
                match Kept::decode(&fs::read(&path)?) {
                    Ok(kept) => drop(shelf.kept.insert(name, kept)),
                    Err(damage) => shelf.damaged.push((path, damage)),
                }
            }
        }
        shelf.damaged.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(shelf)
    }

    /// Puts a conversation there, in the place of what was kept of it. A damaged one is set aside.
    pub(super) fn put(&mut self, name: &str, kept: Kept) -> io::Result<()> {
        let directory = self.vault.join("kept");
        let path = directory.join(name);
        if let Some(damaged) = self.damaged.iter_mut().find(|(damaged, _)| *damaged == path) {
            let aside = directory.join(format!("{name}.{DAMAGED}"));
            fs::rename(&path, &aside)?;
            damaged.0 = aside;
        }
        store::write_private(&path, &kept.encode()?)?;
        File::open(&directory)?.sync_all()?;
        self.kept.insert(name.to_owned(), kept);
        Ok(())
    }

    /// Returns all chunks that are named; none where nobody knows all of them.
    pub(super) fn named(&self) -> Option<HashSet<Hash>> {
        let all = self.kept.values().flat_map(Kept::chunks).map(|chunk| chunk.hash).collect();
        self.damaged.is_empty().then_some(all)
    }

    /// Returns what is kept of a conversation, the one that was written to last first.
    pub(super) fn of(&self, id: &str) -> Vec<&Kept> {
        let mut found: Vec<_> = self.kept.values().filter(|kept| kept.id == id).collect();
        found.sort_by_key(|kept| std::cmp::Reverse(kept.modified()));
        found
    }

    /// Removes what a killed one left beside the conversations.
    pub(super) fn sweep(&self) -> io::Result<()> {
        for entry in read_dir(&self.vault.join("kept"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "new") {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
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
