//! Copying what is new: the conversations that the agent would delete first come first.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agents::transcripts::Agent;
use serde::Serialize;
use store::Progress;

use super::chunks::{self, Chunks, PutError, packed_length};
use super::excluded::Excluded;
use super::hall::Hall;
use super::kept::{Chunk, Kept};
use super::shelf::{Shelf, enter, strange, wait_in_line};
use super::source::open;
use super::{VaultError, room, source};
use crate::directory::{Seen, StepName, path_of};
use crate::holdings::{self, HeldFile, Holding, Layout};
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
        let roots = self.config.transcript_roots()?;
        let _line = wait_in_line(&vault, patience)?;
        let hall = enter(&vault)?;
        let held = holdings::find_files(&roots);
        let shelf = Shelf::open(&hall).map_err(VaultError::at(&vault))?;
        if !is_thorough && !held.holdings.iter().any(|holding| has_news(&shelf, holding)) {
            let damaged = shelf.damages();
            return Ok(VaultCopyView { unreadable: held.troubles, damaged, ..VaultCopyView::default() });
        }
        let named = shelf.named().unwrap_or_default();
        let chunks = Chunks::open(&hall, self.config.vault_limit(), &named).map_err(VaultError::at(&vault))?;
        let before = chunks.bytes();
        let mut copying = Copying {
            now: self.clock.now().moment.micros(),
            excluded: Excluded(self.config.excluded_everywhere()),
            view: VaultCopyView { unreadable: held.troubles, ..VaultCopyView::default() },
            hall,
            chunks,
            shelf,
        };
        copying.copy_all(held.holdings, progress)?;
        copying.sweep()?;
        let Copying { hall, chunks, shelf, mut view, now, .. } = copying;
        view.grown = i64::try_from(chunks.bytes()).unwrap_or(i64::MAX) - i64::try_from(before).unwrap_or(i64::MAX);
        view.damaged = shelf.damages();
        let strangers = chunks::list(&hall).map_err(VaultError::at(&vault))?.strange;
        view.damaged.extend(strangers.iter().map(|path| strange(path)));
        if let Err(error) = super::status::note_copied(&hall, (is_thorough || view.copied > 0).then_some(now), view.left_out) {
            // The copies are whole, whatever stands in the place of this.
            view.damaged.push(format!("{}: {error}", vault.display()));
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
pub(super) fn has_news(shelf: &Shelf, holding: &Holding) -> bool {
    let kept = shelf.kept.get(&name_of(holding));
    let is_current = |file: &HeldFile| kept.is_some_and(|kept| is_same(kept, &file.steps, &file.seen, |_| true));
    is_kept(holding) && !holding.files.iter().all(is_current)
}

/// Reports whether a conversation is one that is copied. Directories of older programs are deleted by nobody but their own.
pub(super) fn is_kept(holding: &Holding) -> bool {
    holding.layout == Layout::Files
}

/// Returns the name under which a conversation is kept.
pub(super) fn name_of(holding: &Holding) -> String {
    Kept::name(holding.agent.name(), &holding.id, &holding.root, &holding.place)
}

/// Returns what of a file's place stays when its agent moves the conversation.
pub(super) fn lasting(agent: &str, steps: &[StepName]) -> Vec<OsString> {
    let steps: Vec<OsString> = steps.iter().map(|step| step.as_os().to_owned()).collect();
    Agent::of(agent).map_or_else(|| steps.clone(), |agent| agent.lasting(&steps))
}

pub(super) fn words_of(error: &VaultError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// A copy that goes on.
struct Copying {
    hall: Arc<Hall>,
    chunks: Chunks,
    shelf: Shelf,
    /// In microseconds since 1970.
    now: i64,
    excluded: Excluded,
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
        if !is_kept(&holding) {
            return None;
        }
        self.view.conversations += 1;
        let name = name_of(&holding);
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
        if self.excluded.has(&holding) {
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
                self.shelf.put(&name, kept).map_err(VaultError::at(self.hall.path()))?;
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
        let fresh = || Kept::new(holding.agent.name(), &holding.id, &holding.root);
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
            let hall = Arc::clone(&self.hall);
            let settled = self.chunks.settle().and_then(|()| self.shelf.put(&job.name, kept));
            settled.map_err(|error| CopyError::Vault(VaultError::at(hall.path())(error)))?;
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
        let agent = &kept.agent;
        let of_agent = self.shelf.of(&kept.id).into_iter().filter(|(_, other)| other.agent == *agent);
        let wanted = lasting(agent, &file.steps);
        let mut elsewhere = of_agent.flat_map(|(_, kept)| &kept.files).filter(|held| lasting(agent, &held.steps) == wanted);
        elsewhere.find_map(newest).unwrap_or_default()
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
                return Err(CopyError::Vault(VaultError::at(self.hall.path())(error)));
            }
        }
        Ok(None)
    }

    /// Removes what nobody names, if it is known what is named.
    fn sweep(&mut self) -> Result<(), VaultError> {
        let Some(named) = self.shelf.named() else { return Ok(()) };
        self.shelf.sweep().and_then(|()| self.chunks.sweep(&named)).map(drop).map_err(VaultError::at(self.hall.path()))
    }
}

/// Reports whether what is kept of a file is what it is now.
pub(super) fn is_same(kept: &Kept, steps: &[StepName], seen: &Seen, has: impl Fn(Chunk) -> bool) -> bool {
    let newest = kept.file(steps).and_then(super::kept::KeptFile::newest);
    newest.is_some_and(|last| last.seen == *seen && last.length == seen.size && last.chunks.iter().all(|chunk| has(*chunk)))
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
