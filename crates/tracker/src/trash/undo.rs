//! Moving a conversation back from the trash.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use agents::transcripts::Agent;

use super::TrashError;
use super::bin::{Entry, deleted_at, entries, record};
use super::delete::name_of;
use super::merge::Merging;
use super::record::{DeletedFile, Way};
use super::tree::{OURS, read_all, remove};
use crate::Tracker;
use crate::directory::{Directory, Kind, StepName, path_of};
use crate::holdings::is_own;
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
    /// Puts a conversation back that was deleted last of all that have the id, with all that was deleted of it at once; none where the trash
    /// does not have it. `wanted` is another deletion: the name of one of its entries, or when it was deleted, as listed. `touched` is a time
    /// in nanoseconds since 1970, which its files get instead of their own.
    pub(crate) fn put_back_from_trash(
        &self,
        id: &str,
        wanted: Option<&str>,
        touched: Option<i64>,
    ) -> Result<Option<PutBackFiles>, FromTrashError> {
        let trash = self.trash()?;
        if !trash.is_dir() {
            return Ok(None);
        }
        let (trash, _line) = self.wait_for_trash()?;
        let mut all = entries(&trash).map_err(TrashError::at(&trash))?;
        all.retain(|entry| entry.deleted.id == id && has_pieces(entry));
        let offset = self.clock.now().moment.offset().seconds();
        let is_called = |entry: &Entry, name: &str| entry.name() == name || deleted_at(&entry.deleted, offset) == name;
        let Some(first) = all.iter().find(|entry| wanted.is_none_or(|name| is_called(entry, name))) else { return Ok(None) };
        let mut together: Vec<&Entry> = all.iter().filter(|entry| first.is_of_one_deletion(entry)).collect();
        // Nobody resumes a conversation that is half there.
        together.sort_by_key(|entry| has_file(entry));
        let mut undoing = Vec::new();
        for entry in together {
            let one = Undoing::begin(entry)?;
            one.check()?;
            undoing.push(one);
        }
        let mut done = PutBackFiles::default();
        for one in undoing {
            let mut merging = Merging { deleted: &one.entry.deleted, touched, done };
            let put = one.put_back(&mut merging);
            done = merging.done;
            if let Err(error) = put {
                if done == PutBackFiles::default() {
                    return Err(error);
                }
                done.left.push(error_words(error));
                done.entry = Some(one.entry.name());
            }
        }
        Ok(Some(done))
    }
}

fn error_words(error: FromTrashError) -> String {
    match error {
        FromTrashError::Damaged(path) => format!("{}: it is damaged", path.display()),
        FromTrashError::Trash(TrashError::File { path, source }) => format!("{}: {source}", path.display()),
        FromTrashError::Trash(error) => error.to_string(),
    }
}

/// Reports whether anything of a deletion is in the trash: who was killed before it moved anything left none.
fn has_pieces(entry: &Entry) -> bool {
    !found(entry).is_empty()
}

/// Reports whether a piece of it is a file.
fn has_file(entry: &Entry) -> bool {
    found(entry).contains(&Kind::File)
}

fn found(entry: &Entry) -> Vec<Kind> {
    let Ok(bin) = entry.open() else { return Vec::new() };
    (0..entry.deleted.pieces.len()).filter_map(|number| Some(bin.look(&name_of(number)).ok()?.0)).collect()
}

/// A conversation on its way back.
struct Undoing<'e> {
    root: Directory,
    bin: Directory,
    entry: &'e Entry,
}

impl<'e> Undoing<'e> {
    fn begin(entry: &'e Entry) -> Result<Self, TrashError> {
        let root = &entry.deleted.root;
        store::make_private_directories(root).map_err(TrashError::at(root))?;
        Ok(Self {
            root: Directory::open(root).map_err(TrashError::at(root))?,
            bin: entry.open().map_err(TrashError::at(&entry.path))?,
            entry,
        })
    }

    /// Returns the pieces that are in the trash, the transcript last: so nobody resumes a conversation that is half there.
    fn pieces(&self) -> Result<Vec<(StepName, &'e Way)>, FromTrashError> {
        let mut found = Vec::new();
        let entry = self.entry;
        for (number, piece) in entry.deleted.pieces.iter().enumerate() {
            let name = name_of(number);
            match self.bin.look(&name) {
                Ok((kind, _)) => found.push((self.is_transcript(piece), kind != Kind::Directory, number, (name, piece))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(TrashError::at(&self.entry.path)(error).into()),
            }
        }
        found.sort_by_key(|(is_transcript, is_file, number, _)| (*is_transcript, *is_file, *number));
        Ok(found.into_iter().map(|(.., found)| found).collect())
    }

    fn is_transcript(&self, piece: &Way) -> bool {
        let deleted = &self.entry.deleted;
        Agent::of(&deleted.agent).is_some_and(|agent| is_own(agent, &deleted.steps_to(piece), &deleted.id))
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

    fn put_back(&self, merging: &mut Merging<'_>) -> Result<(), FromTrashError> {
        let deleted = &self.entry.deleted;
        let place = path_of(&deleted.root, &deleted.place);
        for (name, piece) in self.pieces()? {
            let mut steps = deleted.steps_to(piece);
            let above = &steps[..steps.len() - 1];
            let to = self.root.make(above).map_err(TrashError::at(&place))?;
            merging.put(&self.bin, &name, &to, &mut steps);
            to.sync().map_err(TrashError::at(&place))?;
        }
        merging.note_there(&self.root);
        if !self.remove_if_empty().map_err(TrashError::at(&self.entry.path))? {
            merging.done.entry = Some(self.entry.name());
        }
        Ok(())
    }

    /// Removes the entry where nothing but its record is in it. Reports whether it is gone.
    fn remove_if_empty(&self) -> io::Result<bool> {
        // A killed one left it, and what it was copied from.
        if let Some(ours) = StepName::new(OURS) {
            remove(&self.bin, &ours)?;
        }
        let record = record();
        if self.bin.entries()?.iter().any(|(name, _)| *name != record) {
            return Ok(false);
        }
        self.bin.remove(&record)?;
        fs::remove_dir(&self.entry.path)?;
        Ok(true)
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
