//! Moving a conversation back from the trash.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use super::TrashError;
use super::bin::{Entry, entries};
use super::delete::name_of;
use super::record::DeletedFile;
use super::tree::{move_over, read_all};
use crate::Tracker;
use crate::directory::{Directory, Kind, StepName, path_of, set};
use crate::put_back::PutBackFiles;
use crate::vault::Hasher;

/// Why a conversation was not put back from the trash.
#[derive(Debug)]
pub(crate) enum FromTrashError {
    /// The trash cannot be used, or the place not be written.
    Trash(TrashError),
    /// This file in it is not what was put there.
    Damaged(PathBuf),
}

impl From<TrashError> for FromTrashError {
    fn from(error: TrashError) -> Self {
        Self::Trash(error)
    }
}

impl Tracker {
    /// Puts a conversation back that was deleted last of all that have the id; none where the trash does not have it. `touched` is a time in
    /// nanoseconds since 1970, which its files get instead of their own.
    pub(crate) fn put_back_from_trash(&self, id: &str, touched: Option<i64>) -> Result<Option<PutBackFiles>, FromTrashError> {
        let trash = self.trash()?;
        if !trash.is_dir() {
            return Ok(None);
        }
        let (trash, _line) = self.wait_for_trash()?;
        let all = entries(&trash).map_err(TrashError::at(&trash))?;
        let Some(entry) = all.into_iter().find(|entry| entry.deleted.id == id && has_pieces(entry)) else { return Ok(None) };
        let root = &entry.deleted.root;
        store::make_private_directories(root).map_err(TrashError::at(root))?;
        let mut undoing = Undoing {
            root: Directory::open(root).map_err(TrashError::at(root))?,
            bin: Directory::open(&entry.path).map_err(TrashError::at(&entry.path))?,
            entry: &entry,
            touched,
            done: PutBackFiles::default(),
        };
        undoing.check()?;
        undoing.put_all_back()?;
        let done = undoing.done;
        if done.differing.is_empty() {
            fs::remove_dir_all(&entry.path).map_err(TrashError::at(&entry.path))?;
        }
        Ok(Some(done))
    }
}

/// Reports whether anything of a deletion is in the trash: who was killed before it moved anything left none.
fn has_pieces(entry: &Entry) -> bool {
    (0..entry.deleted.pieces.len()).any(|number| fs::symlink_metadata(entry.path.join(number.to_string())).is_ok())
}

/// A conversation on its way back.
struct Undoing<'e> {
    root: Directory,
    bin: Directory,
    entry: &'e Entry,
    touched: Option<i64>,
    done: PutBackFiles,
}

impl<'e> Undoing<'e> {
    /// Returns the pieces that are in the trash, the transcript last: so nobody resumes a conversation that is half there.
    fn pieces(&self) -> Result<Vec<(StepName, &'e StepName)>, FromTrashError> {
        let mut found = Vec::new();
        let entry = self.entry;
        for (number, piece) in entry.deleted.pieces.iter().enumerate() {
            let name = name_of(number);
            match self.bin.look(&name) {
                Ok((kind, _)) => found.push((kind != Kind::Directory, name, piece)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(TrashError::at(&self.entry.path)(error).into()),
            }
        }
        found.sort();
        Ok(found.into_iter().map(|(_, name, piece)| (name, piece)).collect())
    }

    /// Compares everything in the trash with what was put there. What was written to a file since, by an agent that still had it open, is no
    /// damage; what has been put back already is where it belongs.
    fn check(&self) -> Result<(), FromTrashError> {
        for (name, piece) in self.pieces()? {
            for (file, below) in self.entry.deleted.files_of(piece) {
                let is_whole = match open(&self.bin, &name, below) {
                    Ok(open) => begins_with(&open, file),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(self.is_back(file)),
                    Err(error) => Err(error),
                };
                if !is_whole.map_err(TrashError::at(&self.entry.path))? {
                    return Err(FromTrashError::Damaged(path_of(&self.entry.path.join(name.as_os()), below)));
                }
            }
        }
        Ok(())
    }

    fn is_back(&self, file: &DeletedFile) -> bool {
        let Some((name, directories)) = file.steps.split_last() else { return false };
        let there = self.root.walk(directories).and_then(|directory| directory.file(name));
        there.and_then(|there| begins_with(&there, file)).unwrap_or(false)
    }

    fn put_all_back(&mut self) -> Result<(), FromTrashError> {
        let place = path_of(&self.entry.deleted.root, &self.entry.deleted.place);
        let to = self.root.make(&self.entry.deleted.place).map_err(TrashError::at(&place))?;
        for (name, piece) in self.pieces()? {
            let path = place.join(piece.as_os());
            let put = if to.has(piece).map_err(TrashError::at(&path))? {
                self.put_what_is_missing(&to, &name, piece)
            } else {
                move_over(&self.bin, &name, &to, piece).and_then(|()| self.note_restored(&to, piece))
            };
            put.map_err(TrashError::at(&path))?;
        }
        Ok(to.sync().map_err(TrashError::at(&place))?)
    }

    fn note_restored(&mut self, to: &Directory, piece: &StepName) -> io::Result<()> {
        let entry = self.entry;
        for (file, below) in entry.deleted.files_of(piece) {
            if let Some(touched) = self.touched {
                set(open(to, piece, below)?, file.seen.mode, touched)?;
            }
            self.done.restored.push(path_of(&self.entry.deleted.root, &file.steps));
        }
        Ok(())
    }

    /// Something has the name of a piece: those of its files are put back that are missing there.
    fn put_what_is_missing(&mut self, to: &Directory, name: &StepName, piece: &StepName) -> io::Result<()> {
        let entry = self.entry;
        for (file, below) in entry.deleted.files_of(piece) {
            let path = path_of(&self.entry.deleted.root, &file.steps);
            match open(to, piece, below) {
                Ok(there) if begins_with(&there, file)? => self.done.there.push(path),
                Ok(_) => self.done.differing.push(path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let Some((last, directories)) = below.split_last() else { continue };
                    let start = [std::slice::from_ref(name), directories].concat();
                    let target = [std::slice::from_ref(piece), directories].concat();
                    let target = to.make(&target)?;
                    move_over(&self.bin.walk(&start)?, last, &target, last)?;
                    if let Some(touched) = self.touched {
                        set(target.file(last)?, file.seen.mode, touched)?;
                    }
                    target.sync()?;
                    self.done.restored.push(path);
                }
                // A link, or a directory in its place.
                Err(_) => self.done.differing.push(path),
            }
        }
        Ok(())
    }
}

/// Opens a file of a piece: the piece itself, or one below it.
fn open(directory: &Directory, piece: &StepName, below: &[StepName]) -> io::Result<fs::File> {
    match below.split_last() {
        None => directory.file(piece),
        Some((name, steps)) => directory.below(piece)?.walk(steps)?.file(name),
    }
}

/// Reports whether a file begins with what was deleted.
fn begins_with(file: &fs::File, deleted: &DeletedFile) -> io::Result<bool> {
    if file.metadata()?.len() < deleted.seen.size {
        return Ok(false);
    }
    let mut hasher = Hasher::default();
    let mut bytes = file.take(deleted.seen.size);
    read_all(&mut bytes, |part| hasher.add(part))?;
    Ok(hasher.hash() == deleted.hash)
}
