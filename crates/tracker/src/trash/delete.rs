//! Moving a conversation into the trash.

use std::fs::File;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::TrashError;
use super::bin::RECORD;
use super::record::{Deleted, DeletedFile, VERSION};
use super::tree::{move_over, read_all};
use crate::Tracker;
use crate::directory::{Directory, Seen, StepName, path_of};
use crate::holdings::{HeldFile, Holding};
use crate::naming::draw_uuid;
use crate::vault::Hasher;

const DAY: i64 = 86_400_000_000;

impl Tracker {
    /// Moves a conversation into the trash; `why` is the command that does so, `deletion` what all have in common that it deletes. What has been in the trash for too long goes for good.
    ///
    /// # Errors
    /// When another command works on the trash, or something cannot be moved. What was moved until then can be put back.
    pub(crate) fn put_into_trash(&mut self, holding: &Holding, why: &str, deletion: &str) -> Result<(), TrashError> {
        let (trash, _line) = self.wait_for_trash()?;
        let now = self.clock.now().moment;
        let keep = i64::try_from(self.config.trash_days()).unwrap_or(i64::MAX).saturating_mul(DAY);
        self.purge(&trash, now.micros().saturating_sub(keep))?;
        let place = holding.directory();
        let root = Directory::open(&holding.root).map_err(TrashError::at(&holding.root))?;
        let files = holding.files.iter().map(|file| hashed(&root, file)).collect::<io::Result<Vec<_>>>().map_err(TrashError::at(&place))?;
        let deleted = Deleted {
            version: VERSION,
            agent: holding.agent().to_owned(),
            id: holding.id.clone(),
            root: holding.root.clone(),
            place: holding.place.clone(),
            pieces: holding.pieces.clone(),
            files,
            deleted_at: now.micros(),
            why: why.to_owned(),
            deletion: Some(deletion.to_owned()),
        };
        let entry = trash.join(draw_uuid(&mut *self.dice, now).to_string());
        begin(&trash, &entry, &deleted).map_err(TrashError::at(&entry))?;
        let from = root.walk(&holding.place).map_err(TrashError::at(&place))?;
        let to = Directory::open(&entry).map_err(TrashError::at(&entry))?;
        for (number, piece) in holding.pieces.iter().enumerate() {
            match move_over(&from, piece, &to, &name_of(number)) {
                // Somebody else has deleted it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                moved => moved.map_err(TrashError::at(&path_of(&place, std::slice::from_ref(piece))))?,
            }
        }
        to.sync().and_then(|()| from.sync()).map_err(TrashError::at(&place))
    }
}

/// Returns the name of a piece in the trash.
pub(super) fn name_of(piece: usize) -> StepName {
    StepName::new(piece.to_string()).expect("digits are a name")
}

/// Writes down what is to be deleted, before anything moves.
fn begin(trash: &Path, entry: &Path, deleted: &Deleted) -> io::Result<()> {
    std::fs::DirBuilder::new().mode(0o700).create(entry)?;
    store::write_private(&entry.join(RECORD), &serde_json::to_vec(deleted)?)?;
    File::open(entry)?.sync_all()?;
    File::open(trash)?.sync_all()
}

fn hashed(root: &Directory, file: &HeldFile) -> io::Result<DeletedFile> {
    let (name, directories) = file.steps.split_last().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    let mut open = root.walk(directories)?.file(name)?;
    let mut hasher = Hasher::default();
    let mut size = 0;
    read_all(&mut open, |bytes| {
        hasher.add(bytes);
        size += bytes.len() as u64;
    })?;
    Ok(DeletedFile { steps: file.steps.clone(), seen: Seen { size, ..Seen::of(&open)? }, hash: hasher.hash() })
}
