//! Moving a conversation into the trash.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::TrashError;
use super::bin::RECORD;
use super::record::{Deleted, DeletedFile, Way};
use super::tree::{move_over, read_all};
use crate::Tracker;
use crate::directory::{Directory, Kind, Seen, StepName, path_of};
use crate::holdings::{HeldFile, Holding};
use crate::naming::draw_uuid;
use crate::vault::Hasher;

const DAY: i64 = 86_400_000_000;

impl Tracker {
    /// Lets go for good what has been in the trash for too long, as far as it can be removed. Once for all that is deleted: everything that is in
    /// the trash is read for it.
    pub(crate) fn make_room_in_trash(&self) {
        let keep = i64::try_from(self.config.trash_days()).unwrap_or(i64::MAX).saturating_mul(DAY);
        drop(self.empty_trash(self.clock.now().moment.micros().saturating_sub(keep)));
    }

    /// Hashes a conversation that is to be moved into the trash; `why` is the command that does so, `deletion` what all have in common that it
    /// deletes.
    ///
    /// # Errors
    /// When another command works on the trash, or the conversation is not what it was when it was found. Nothing has been moved then.
    pub(crate) fn hash_for_trash<'h>(&mut self, holding: &'h Holding, why: &str, deletion: &str) -> Result<Leaving<'h>, TrashError> {
        let (trash, line) = self.wait_for_trash()?;
        let now = self.clock.now().moment;
        let root = Directory::open(&holding.root).map_err(TrashError::at(&holding.root))?;
        let mut files = Vec::new();
        for file in &holding.files {
            files.extend(hashed(&root, file).map_err(TrashError::at(&path_of(&holding.root, &file.steps)))?);
        }
        let place = holding.common();
        let pieces: Vec<Way> = holding.pieces.iter().filter_map(|piece| Way::of(&piece[place.len()..])).collect();
        let deleted = Deleted {
            version: Deleted::form(&pieces),
            agent: holding.agent.name().to_owned(),
            id: holding.id.clone(),
            root: holding.root.to_path_buf(),
            place,
            pieces,
            files,
            deleted_at: now.micros(),
            why: why.to_owned(),
            deletion: Some(deletion.to_owned()),
        };
        let entry = trash.join(draw_uuid(&mut *self.dice, now).to_string());
        Ok(Leaving { holding, root, deleted, trash, entry, _line: line })
    }
}

/// A conversation that is about to be moved into the trash.
pub(crate) struct Leaving<'h> {
    holding: &'h Holding,
    root: Directory,
    deleted: Deleted,
    trash: PathBuf,
    entry: PathBuf,
    _line: store::Place,
}

impl Leaving<'_> {
    /// Moves it. Reports whether anything of it was still there.
    ///
    /// # Errors
    /// When somebody wrote to it since it was found, or it cannot be moved. What was moved until then can be put back.
    pub(crate) fn go(self) -> Result<bool, TrashError> {
        for file in &self.holding.files {
            if !is_as_found(&self.root, file) {
                return Err(TrashError::at(&path_of(&self.holding.root, &file.steps))(changed()));
            }
        }
        begin(&self.trash, &self.entry, &self.deleted).map_err(TrashError::at(&self.entry))?;
        let to = Directory::open(&self.entry).map_err(TrashError::at(&self.entry))?;
        let moved = self.move_pieces(&to);
        if self.is_empty(&to) {
            // Its record alone says nothing.
            drop(fs::remove_file(self.entry.join(RECORD)).and_then(|()| fs::remove_dir(&self.entry)));
        }
        let moved = moved?;
        to.sync().map_err(TrashError::at(&self.entry))?;
        Ok(moved)
    }

    fn move_pieces(&self, to: &Directory) -> Result<bool, TrashError> {
        let mut is_moved = false;
        // The transcript last: where something else cannot be moved, it is there still.
        let mut pieces: Vec<(usize, &Way)> = self.deleted.pieces.iter().enumerate().collect();
        pieces.sort_by_key(|(_, way)| crate::holdings::is_own(self.holding.agent, &self.deleted.steps_to(way), &self.holding.id));
        for (number, piece) in pieces {
            let steps = self.deleted.steps_to(piece);
            match self.move_piece(&steps, to, &name_of(number)) {
                // Somebody else has deleted it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                moved => {
                    moved.map_err(TrashError::at(&path_of(&self.holding.root, &steps)))?;
                    is_moved = true;
                }
            }
        }
        Ok(is_moved)
    }

    fn move_piece(&self, steps: &[StepName], to: &Directory, new: &StepName) -> io::Result<()> {
        let Some((name, above)) = steps.split_last() else { return Err(io::ErrorKind::NotFound.into()) };
        let from = self.root.walk(above)?;
        move_over(&from, name, to, new)?;
        from.sync()
    }

    fn is_empty(&self, to: &Directory) -> bool {
        to.entries().is_ok_and(|entries| entries.iter().all(|(name, _)| name.as_os() == RECORD))
    }
}

fn changed() -> io::Error {
    io::Error::other("somebody wrote to it since it was listed")
}

/// Reports whether a file is what it was when it was found, or is gone.
fn is_as_found(root: &Directory, file: &HeldFile) -> bool {
    let Some((name, directories)) = file.steps.split_last() else { return true };
    match root.walk(directories).and_then(|directory| directory.look(name)) {
        Ok((kind, seen)) => kind == Kind::File && seen == file.seen,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
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

/// Hashes a file; none where somebody else has deleted it.
fn hashed(root: &Directory, file: &HeldFile) -> io::Result<Option<DeletedFile>> {
    let (name, directories) = file.steps.split_last().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    let mut open = match root.walk(directories).and_then(|directory| directory.file(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        open => open?,
    };
    let mut hasher = Hasher::default();
    if Seen::of(&open)? == file.seen {
        read_all(&mut open, |bytes| hasher.add(bytes))?;
    }
    if Seen::of(&open)? != file.seen {
        return Err(changed());
    }
    Ok(Some(DeletedFile { steps: file.steps.clone(), seen: file.seen, hash: hasher.hash() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_to_since_it_was_found_is_not_moved_and_what_is_gone_is_no_trouble() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("c.jsonl");
        fs::write(&path, "one").unwrap();
        let (root, name) = (Directory::open(place.path()).unwrap(), StepName::new("c.jsonl").unwrap());
        let file = HeldFile { steps: vec![name.clone()], seen: root.look(&name).unwrap().1 };
        assert!(is_as_found(&root, &file) && hashed(&root, &file).unwrap().is_some());
        fs::write(&path, "longer").unwrap();
        assert!(!is_as_found(&root, &file) && hashed(&root, &file).is_err());
        fs::remove_file(&path).unwrap();
        assert!(is_as_found(&root, &file) && hashed(&root, &file).unwrap().is_none());
    }

    #[test]
    fn what_is_written_to_after_it_was_hashed_stays_where_it_is() {
        let place = tempfile::tempdir().unwrap();
        let (folder, trash) = (place.path().join("root/-p"), place.path().join("trash"));
        [&folder, &trash].iter().for_each(|directory| fs::create_dir_all(directory).unwrap());
        fs::write(folder.join("c.jsonl"), "one").unwrap();
        let open = || Directory::open(&place.path().join("root")).unwrap();
        let steps: Vec<StepName> = ["-p", "c.jsonl"].into_iter().filter_map(StepName::new).collect();
        let seen = open().walk(&steps[..1]).unwrap().look(&steps[1]).unwrap().1;
        let held = crate::holdings::found_for_tests("c", &place.path().join("root"), HeldFile { steps, seen });
        let leaving = |entry: &str| {
            let root = open();
            let common = held.common();
            let pieces: Vec<Way> = held.pieces.iter().filter_map(|piece| Way::of(&piece[common.len()..])).collect();
            let files = held.files.iter().filter_map(|file| hashed(&root, file).unwrap()).collect();
            let deleted = Deleted {
                version: Deleted::form(&pieces),
                agent: held.agent.name().to_owned(),
                id: held.id.clone(),
                root: held.root.to_path_buf(),
                place: common,
                pieces,
                files,
                deleted_at: 0,
                why: String::new(),
                deletion: None,
            };
            let line = store::wait_in_line(&trash.join("lock"), std::time::Duration::from_secs(60)).unwrap();
            Leaving { holding: &held, root, deleted, trash: trash.clone(), entry: trash.join(entry), _line: line }
        };
        let late = leaving("late");
        let (before, path) = (fs::metadata(folder.join("c.jsonl")).unwrap().modified().unwrap(), folder.join("c.jsonl"));
        fs::write(&path, "longer").unwrap();
        assert!(late.go().is_err() && path.exists() && !trash.join("late").exists());
        drop(fs::write(&path, "one").and_then(|()| File::options().write(true).open(&path)?.set_modified(before)));
        // That it says the same again nobody can tell: what changed cannot be set back.
        assert!(hashed(&open(), &held.files[0]).is_err());
    }
}
