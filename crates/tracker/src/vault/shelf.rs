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
    /// How much room all of them take, in bytes, by their names.
    lengths: BTreeMap<String, u64>,
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
            shelf.lengths.insert(name.clone(), fs::symlink_metadata(&path)?.len());
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

    /// Returns how much room the conversations take, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.lengths.values().sum()
    }

    /// Reports whether another build keeps a conversation: it is whole, and only that one can add to it.
    pub(super) fn is_of_another_build(&self, name: &str) -> bool {
        let path = self.vault.join("kept").join(name);
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
        let directory = self.vault.join("kept");
        let path = directory.join(name);
        if let Some(damaged) = self.damaged.iter_mut().find(|(damaged, _)| *damaged == path) {
            let aside = unused(&directory, name)?;
            fs::rename(&path, &aside)?;
            damaged.0 = aside;
        }
        let bytes = kept.encode()?;
        store::write_private(&path, &bytes)?;
        File::open(&directory)?.sync_all()?;
        self.lengths.insert(name.to_owned(), bytes.len() as u64);
        self.kept.insert(name.to_owned(), kept);
        Ok(())
    }

    /// Says what is damaged.
    pub(super) fn damages(&self) -> Vec<String> {
        self.damaged.iter().map(|(path, damage)| format!("{}: {damage}", path.display())).collect()
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

/// Returns where a damaged one can be put: what was put aside before stays.
fn unused(directory: &Path, name: &str) -> io::Result<PathBuf> {
    let mut aside = directory.join(format!("{name}.{DAMAGED}"));
    for number in 1_u64.. {
        match fs::symlink_metadata(&aside) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        aside = directory.join(format!("{name}.{number}.{DAMAGED}"));
    }
    Ok(aside)
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
        let mut shelf = Shelf::open(vault.path()).unwrap();
        assert!(shelf.is_of_another_build("c.json") && !shelf.is_of_another_build("d.json"));
        assert!(shelf.put("c.json", Kept::new("claude-code", "c", Path::new("/p"))).is_err());
        assert_eq!((fs::read(kept.join("c.json")).unwrap(), fs::read_dir(kept).unwrap().count()), (newer.encode().unwrap(), 1));
    }

    #[test]
    fn what_is_damaged_is_set_aside_each_time_under_a_name_of_its_own() {
        let (vault, kept) = vault();
        for round in 0..3 {
            fs::write(kept.join("c.json"), format!("damaged {round}")).unwrap();
            let mut shelf = Shelf::open(vault.path()).unwrap();
            shelf.put("c.json", Kept::new("claude-code", "c", Path::new("/p"))).unwrap();
            let on_disk: u64 = fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
            assert_eq!(Shelf::open(vault.path()).unwrap().bytes(), on_disk);
        }
        let mut aside: Vec<_> = fs::read_dir(&kept).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
        aside.retain(|text| text.starts_with("damaged"));
        aside.sort();
        assert_eq!(aside, ["damaged 0", "damaged 1", "damaged 2"]);
    }
}
