//! Reading everything again.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Serialize;
use store::Progress;

use super::VaultError;
use super::chunks::{self, Chunks, ReadError};
use super::hall::Hall;
use super::kept::{Chunk, Damage, Kept};
use super::shelf::{Shelf, enter, strange, wait_in_line};
use crate::Tracker;
use crate::directory::path_of;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VerifiedView {
    /// Conversations that were read.
    pub conversations: u64,
    /// Files of theirs, each version once.
    pub files: u64,
    /// How long these are, in bytes.
    pub bytes: u64,
    /// Files that are not whole any more, each with its reason.
    pub damaged: Vec<String>,
}

impl Tracker {
    /// Reads everything in the vault, and compares it with its hashes. What is damaged is moved out of the way: where the agent still has it,
    /// the next copy takes it again.
    ///
    /// # Errors
    /// When another command works on it, or it cannot be read.
    pub fn verify_vault(&self, progress: &mut Progress<'_>) -> Result<VerifiedView, VaultError> {
        let vault = self.vault()?;
        let _line = wait_in_line(&vault, self.config.patience())?;
        let hall = enter(&vault)?;
        let shelf = Shelf::open(&hall).map_err(VaultError::at(&vault))?;
        let mut all = Chunks::open(&hall, None, &shelf.named().unwrap_or_default()).map_err(VaultError::at(&vault))?;
        let mut view = VerifiedView { damaged: shelf.damages(), ..VerifiedView::default() };
        let strangers = chunks::list(&hall).map_err(VaultError::at(&vault))?.strange;
        view.damaged.extend(strangers.iter().map(|path| strange(path)));
        let mut known: HashMap<Chunk, Option<Damage>> = HashMap::new();
        let (mut done, total) = (0, shelf.kept.values().flat_map(Kept::chunks).map(|chunk| u64::from(chunk.length)).sum());
        for kept in shelf.kept.values() {
            view.conversations += 1;
            for (path, version) in versions(kept) {
                (view.files, view.bytes) = (view.files + 1, view.bytes + version.length);
                let mut damage = None;
                for chunk in &version.chunks {
                    let found = match known.get(chunk) {
                        Some(found) => *found,
                        None => verify(&hall, *chunk, &mut all)?,
                    };
                    known.insert(*chunk, found);
                    damage = damage.or(found);
                    done += u64::from(chunk.length);
                }
                progress(done, total);
                view.damaged.extend(damage.map(|damage| format!("{}: {damage}", path.display())));
            }
        }
        Ok(view)
    }
}

fn versions(kept: &Kept) -> impl Iterator<Item = (PathBuf, &super::kept::Version)> {
    kept.files.iter().flat_map(|file| file.versions.iter().map(|version| (path_of(&kept.root, &file.steps), version)))
}

fn verify(hall: &Hall, chunk: Chunk, all: &mut Chunks) -> Result<Option<Damage>, VaultError> {
    match chunks::read(hall, chunk) {
        Ok(_) => Ok(None),
        Err(ReadError::Damaged(Damage::Missing)) => Ok(Some(Damage::Missing)),
        Err(ReadError::Damaged(damage)) => {
            all.set_aside(chunk.hash).map_err(VaultError::at(hall.path()))?;
            Ok(Some(damage))
        }
        Err(ReadError::System(path, source)) => Err(VaultError::File { path, source }),
    }
}
