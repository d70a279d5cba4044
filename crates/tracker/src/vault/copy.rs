//! Copying what is new: the conversations that the agent would delete first come first.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use agents::claude_code::locations::folder_name;
use serde::Serialize;
use store::Progress;

use super::chunks::{Chunks, PutError, packed_length};
use super::kept::{Chunk, Kept};
use super::shelf::{Shelf, wait_in_line};
use super::{VaultError, room, source};
use crate::directory::{Directory, Seen, StepName, path_of};
use crate::holdings::{self, HeldFile, Holding};
use crate::{Note, Tracker};

/// What was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VaultCopyView {
    /// Conversations that are there.
    pub conversations: u64,
    /// Those that were new, or had changed.
    pub copied: u64,
    /// Files of theirs that were copied.
    pub files: u64,
    /// How long these are, in bytes.
    pub bytes: u64,
    /// How much more room the vault takes, in bytes; less than nothing where much was written over.
    pub grown: i64,
    /// Conversations in directories that are not to be recorded.
    pub excluded: u64,
    /// Conversations for which there was no room.
    pub left_out: u64,
    /// What could not be copied, each with its reason.
    pub unreadable: Vec<String>,
    /// What in the vault is damaged.
    pub damaged: Vec<String>,
}

impl Tracker {
    /// Copies what is new of agents' transcripts into the vault.
    ///
    /// # Errors
    /// When another command works on it, or it cannot be written. What was copied until then is whole.
    pub fn copy_to_vault(&self, progress: &mut Progress<'_>) -> Result<VaultCopyView, VaultError> {
        self.copy_new(self.config.patience(), true, progress)
    }

    /// Copies what is new; where that is not `thorough` and nothing is, nobody looks at the chunks, and nothing is written.
    fn copy_new(&self, patience: Duration, is_thorough: bool, progress: &mut Progress<'_>) -> Result<VaultCopyView, VaultError> {
        let vault = self.vault()?;
        let root = self.config.locations()?.projects();
        let _line = wait_in_line(&vault, patience)?;
        let held = holdings::find(&root, crate::index::threads());
        let shelf = Shelf::open(&vault).map_err(VaultError::at(&vault))?;
        if !is_thorough && !held.holdings.iter().any(|holding| has_news(&shelf, holding)) {
            let damaged = shelf.damages();
            return Ok(VaultCopyView { unreadable: held.troubles, damaged, ..VaultCopyView::default() });
        }
        let named = shelf.named().unwrap_or_default();
        let chunks = Chunks::open(&vault, self.config.vault_limit(), &named).map_err(VaultError::at(&vault))?;
        let before = chunks.bytes();
        let has_copied = |view: &VaultCopyView| is_thorough || view.copied > 0;
        let mut copying = Copying {
            now: self.clock.now().moment.micros(),
            excluded: self.config.excluded_everywhere(),
            view: VaultCopyView { unreadable: held.troubles, ..VaultCopyView::default() },
            vault: vault.clone(),
            chunks,
            shelf,
        };
        copying.copy_all(held.holdings, progress)?;
        copying.sweep()?;
        let (after, mut view) = (copying.chunks.bytes(), copying.view);
        view.grown = i64::try_from(after).unwrap_or(i64::MAX) - i64::try_from(before).unwrap_or(i64::MAX);
        view.damaged = copying.shelf.damages();
        if has_copied(&view) {
            super::status::note_copied(&vault, copying.now).map_err(VaultError::at(&vault))?;
        }
        Ok(view)
    }

    /// Copies what is new where somebody wants that, and notes what went wrong: nothing else depends on it, and nobody waits for it.
    pub fn copy_to_vault_if_on(&self) {
        if !self.config.is_vault_on() {
            return;
        }
        let view = match self.copy_new(Duration::ZERO, false, &mut |_, _| {}) {
            // Who has the vault copies.
            Err(VaultError::Busy { .. }) => return,
            Err(error) => return self.note(Note::VaultBehind { reason: words_of(&error) }),
            Ok(view) => view,
        };
        if view.left_out > 0 {
            self.note(Note::VaultFull { left_out: view.left_out });
        }
        if !view.damaged.is_empty() {
            self.note(Note::VaultDamaged { what: view.damaged });
        }
        if let Some((first, others)) = view.unreadable.split_first() {
            let others = if others.is_empty() { String::new() } else { format!(", and {} more", others.len()) };
            self.note(Note::VaultBehind { reason: format!("{first}{others}") });
        }
    }

    /// Returns the directory of the vault.
    pub(crate) fn vault(&self) -> Result<PathBuf, VaultError> {
        Ok(self.config.home()?.join("vault"))
    }
}

/// Reports whether anything of a conversation is not kept as it is, as far as the shelf knows.
fn has_news(shelf: &Shelf, holding: &Holding) -> bool {
    let Some(folder) = holding.place.first() else { return false };
    let name = Kept::name(holding.agent(), &holding.id, &holding.root, folder);
    let is_current = |file: &HeldFile| shelf.kept.get(&name).is_some_and(|kept| is_same(kept, &file.steps, &file.seen, |_| true));
    !holding.files.iter().all(is_current)
}

fn words_of(error: &VaultError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// A copy that goes on.
struct Copying {
    vault: PathBuf,
    chunks: Chunks,
    shelf: Shelf,
    /// In microseconds since 1970.
    now: i64,
    excluded: Vec<PathBuf>,
    view: VaultCopyView,
}

/// A conversation that has something new.
struct Job {
    holding: Holding,
    name: String,
    files: Vec<HeldFile>,
}

/// Why a conversation was not copied.
enum CopyError {
    /// There is no room.
    Full,
    /// The vault cannot be written.
    Vault(VaultError),
}

impl Copying {
    fn copy_all(&mut self, holdings: Vec<Holding>, progress: &mut Progress<'_>) -> Result<(), VaultError> {
        let mut jobs: Vec<Job> = holdings.into_iter().filter_map(|holding| self.job(holding)).collect();
        jobs.sort_by_key(|job| job.holding.aged_since());
        let (mut done, all) = (0, jobs.iter().flat_map(|job| &job.files).map(|file| file.seen.size).sum());
        let mut waiting = Vec::new();
        for job in jobs {
            done += job.files.iter().map(|file| file.seen.size).sum::<u64>();
            if !self.copy_or_make_room(&job)? {
                waiting.push(job);
            }
            progress(done, all);
        }
        // Others may have been written over since.
        for job in waiting {
            self.view.left_out += u64::from(!self.copy_or_make_room(&job)?);
        }
        Ok(())
    }

    /// Returns what is new of a conversation, if anything is.
    fn job(&mut self, holding: Holding) -> Option<Job> {
        // Directories of older programs are deleted by nobody but their own.
        let folder = holding.place.first()?;
        self.view.conversations += 1;
        let name = Kept::name(holding.agent(), &holding.id, &holding.root, folder);
        if self.shelf.is_of_another_build(&name) {
            self.view.unreadable.push(format!("{}/{}: another version of rutter keeps it", holding.directory().display(), holding.id));
            return None;
        }
        let kept = self.shelf.kept.get(&name);
        let is_new = |file: &&HeldFile| !kept.is_some_and(|kept| self.is_current(kept, file));
        let files: Vec<HeldFile> = holding.files.iter().filter(is_new).cloned().collect();
        if files.is_empty() {
            return None;
        }
        if self.is_excluded(&holding, folder) {
            self.view.excluded += 1;
            return None;
        }
        Some(Job { holding, name, files })
    }

    /// Reports whether a file is in the vault as it is now.
    fn is_current(&self, kept: &Kept, file: &HeldFile) -> bool {
        is_same(kept, &file.steps, &file.seen, |chunk| self.chunks.has(chunk))
    }

    /// Copies a conversation; where it does not fit, what was written over goes. Reports whether it fits then.
    fn copy_or_make_room(&mut self, job: &Job) -> Result<bool, VaultError> {
        let mut is_possible = false;
        loop {
            self.chunks.beside = self.shelf.bytes();
            match self.copy(job) {
                Ok(()) => return Ok(true),
                Err(CopyError::Vault(error)) => return Err(error),
                Err(CopyError::Full) => {}
            }
            // What has been written of it makes room as well.
            self.sweep()?;
            let thinned = room::thin_out(self.shelf.kept.iter());
            // Where nobody knows what is named, nothing that goes makes room.
            is_possible = is_possible || (!thinned.is_empty() && self.shelf.named().is_some() && self.can_fit(job));
            if thinned.is_empty() || !is_possible {
                return Ok(false);
            }
            for (name, kept) in thinned {
                self.shelf.put(&name, kept).map_err(VaultError::at(&self.vault))?;
            }
            self.sweep()?;
        }
    }

    /// Reports whether a conversation would fit if everything went that was written over.
    fn can_fit(&self, job: &Job) -> bool {
        let staying = room::staying(self.shelf.kept.values());
        let kept = self.shelf.kept.get(&job.name);
        let (mut seen, mut more) = (staying.clone(), 0);
        for file in &job.files {
            let last = kept.map(|kept| self.last_chunks(&job.name, kept, file)).unwrap_or_default();
            let taken = open(&job.holding.root, &file.steps).and_then(|open| {
                source::take(&open, file.has_lines(), &last, |chunk, bytes| {
                    if seen.insert(chunk.hash) {
                        more += packed_length(bytes)?;
                    }
                    Ok::<_, io::Error>(())
                })
            });
            // What cannot be read is not copied either.
            drop(taken);
        }
        self.chunks.would_fit(&staying, more)
    }

    fn copy(&mut self, job: &Job) -> Result<(), CopyError> {
        let holding = &job.holding;
        let fresh = || Kept::new(holding.agent(), &holding.id, &holding.root);
        let mut kept = self.shelf.kept.get(&job.name).cloned().unwrap_or_else(fresh);
        let (mut files, mut bytes) = (0, 0);
        for file in &job.files {
            let last = self.last_chunks(&job.name, &kept, file);
            match self.take(&holding.root, file, &last)? {
                Some(moment) => {
                    (files, bytes) = (files + 1, bytes + moment.length);
                    kept.take_in(&file.steps, moment, self.now);
                }
                None => continue,
            }
        }
        if files > 0 {
            let vault = self.vault.clone();
            let settled = self.chunks.settle().and_then(|()| self.shelf.put(&job.name, kept));
            settled.map_err(|error| CopyError::Vault(VaultError::at(&vault)(error)))?;
            self.view.copied += 1;
            self.view.files += files;
            self.view.bytes += bytes;
        }
        Ok(())
    }

    /// Returns the chunks that a file had when it was copied last: here, or where the client had it before it moved it.
    fn last_chunks(&self, name: &str, kept: &Kept, file: &HeldFile) -> Vec<Chunk> {
        let newest = |file: &super::kept::KeptFile| file.newest().map(|version| version.chunks.clone());
        if let Some(file) = kept.file(&file.steps) {
            return newest(file).unwrap_or_default();
        }
        if self.shelf.kept.contains_key(name) {
            return Vec::new();
        }
        let elsewhere = self.shelf.of(&kept.id).into_iter().flat_map(|kept| &kept.files);
        elsewhere.filter(|held| held.steps[1..] == file.steps[1..]).find_map(newest).unwrap_or_default()
    }

    /// Takes a file as it is now; none where it vanished, or cannot be read, which is said.
    fn take(&mut self, root: &Path, file: &HeldFile, last: &[Chunk]) -> Result<Option<source::Moment>, CopyError> {
        let chunks = &mut self.chunks;
        let taken = open(root, &file.steps)
            .map_err(TakeError::Source)
            .and_then(|open| source::take(&open, file.has_lines(), last, |chunk, bytes| chunks.put(chunk, bytes).map_err(TakeError::Put)));
        let path = || path_of(root, &file.steps);
        match taken {
            Ok(Some(moment)) => return Ok(Some(moment)),
            Ok(None) => self.view.unreadable.push(format!("{}: it is written to all the time", path().display())),
            Err(TakeError::Source(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Err(TakeError::Source(error)) => self.view.unreadable.push(format!("{}: {error}", path().display())),
            Err(TakeError::Put(PutError::Full)) => return Err(CopyError::Full),
            Err(TakeError::Put(PutError::System(error))) => {
                // What was begun takes room that somebody else may need.
                drop(self.sweep());
                return Err(CopyError::Vault(VaultError::at(&self.vault)(error)));
            }
        }
        Ok(None)
    }

    /// Removes what nobody names, if it is known what is named.
    fn sweep(&mut self) -> Result<(), VaultError> {
        let Some(named) = self.shelf.named() else { return Ok(()) };
        self.shelf.sweep().and_then(|()| self.chunks.sweep(&named)).map(drop).map_err(VaultError::at(&self.vault))
    }

    /// Reports whether a conversation is of a directory that is not to be recorded: by the name of its folder, else by where it says it was.
    fn is_excluded(&self, holding: &Holding, folder: &StepName) -> bool {
        let folder = folder.as_os().to_string_lossy();
        // What is below one may be called like what is beside it.
        let is_of = |excluded: &PathBuf| folder == folder_name(excluded);
        self.excluded.iter().any(is_of) || (!self.excluded.is_empty() && holding.files.iter().any(|file| self.says_excluded(holding, file)))
    }

    fn says_excluded(&self, holding: &Holding, file: &HeldFile) -> bool {
        file.has_lines() && open(&holding.root, &file.steps).and_then(|open| names_directory(open, &self.excluded)).unwrap_or(true)
    }
}

/// Reports whether what is kept of a file is what it is now.
pub(super) fn is_same(kept: &Kept, steps: &[StepName], seen: &Seen, has: impl Fn(Chunk) -> bool) -> bool {
    let newest = kept.file(steps).and_then(super::kept::KeptFile::newest);
    newest.is_some_and(|last| last.seen == *seen && last.length == seen.size && last.chunks.iter().all(|chunk| has(*chunk)))
}

/// Opens a file below a root.
fn open(root: &Path, steps: &[StepName]) -> io::Result<std::fs::File> {
    let not_found = || io::Error::from(io::ErrorKind::NotFound);
    let (name, directories) = steps.split_last().ok_or_else(not_found)?;
    Directory::open(root)?.walk(directories)?.file(name)
}

/// Why a file was not taken.
enum TakeError {
    /// It cannot be read.
    Source(io::Error),
    /// A chunk of it cannot be put into the vault.
    Put(PutError),
}

impl From<io::Error> for TakeError {
    fn from(error: io::Error) -> Self {
        Self::Source(error)
    }
}

/// Reports whether a transcript says that the agent was in one of some directories, or below one.
fn names_directory(mut transcript: impl Read, directories: &[PathBuf]) -> io::Result<bool> {
    const PART: usize = 1 << 20;
    let texts = directories.iter().filter_map(|directory| serde_json::to_string(&directory.to_string_lossy()).ok());
    let wanted: Vec<Vec<u8>> = texts.map(|text| format!("\"cwd\":{}", &text[..text.len() - 1]).into_bytes()).collect();
    let longest = wanted.iter().map(Vec::len).max().unwrap_or(0) + 1;
    let mut bytes = Vec::new();
    loop {
        let kept = bytes.len().min(longest);
        bytes.drain(..bytes.len() - kept);
        let read = transcript.by_ref().take(PART as u64).read_to_end(&mut bytes)?;
        // What comes next may not be read yet.
        let ends = |end: usize| bytes.get(end).map_or(read == 0, |byte| matches!(byte, b'"' | b'/'));
        let is_there = |text: &Vec<u8>| bytes.windows(text.len()).enumerate().any(|(at, part)| part == text && ends(at + text.len()));
        if wanted.iter().any(is_there) {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_a_transcript_names_is_found_wherever_it_stands() {
        let directories = [PathBuf::from("/srv/customer")];
        let says = |before: usize, cwd: &str| {
            let text = format!("{}\n{{\"cwd\":\"{cwd}\",\"x\":1}}\n", "x".repeat(before));
            names_directory(text.as_bytes(), &directories).unwrap()
        };
        for before in [0, 5, (1 << 20) - 23, (1 << 20) - 22, (1 << 20) - 21, (1 << 20) - 12, (1 << 20) - 1, 3 << 20] {
            assert!(says(before, "/srv/customer") && says(before, "/srv/customer/a"), "{before}");
            assert!(!says(before, "/srv/customers") && !says(before, "/srv"), "{before}");
        }
    }
}
