//! Bringing the index up to date.

use std::path::Path;

use agents::transcripts::Agent;
use serde::Serialize;
use store::{Index, IndexedFile, Progress, StoreError};

use super::plan::{self, Plan};
use super::scratch::Scratch;
use super::sources::Sources;
use super::told::Told;
use super::withheld::Withheld;
use super::write;
use crate::{ConfigError, Tracker};

/// Why transcripts could not be read.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Nobody knows where they are.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store or the index could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct IndexView {
    /// Files of transcripts that are there.
    pub files: u64,
    /// Files that were new, or had changed.
    pub read: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Files that are not there any more; what they said is kept.
    pub gone: u64,
    /// Sessions that were found in them and not known.
    pub sessions: u64,
    /// Lines that are no JSON, in what was read.
    pub broken_lines: u64,
    /// Files and directories that could not be read, each with its reason.
    pub unreadable: Vec<String>,
    /// Whether something came back from the store.
    #[serde(skip)]
    pub(super) took_back: bool,
}

impl Tracker {
    /// Reads what is new in transcripts, and takes in the sessions that nobody recorded.
    ///
    /// # Errors
    /// When nobody knows where transcripts are, or the store or the index cannot be written. What was done until then stays done.
    pub fn index(&mut self, progress: &mut Progress<'_>) -> Result<IndexView, IndexError> {
        let view = self.index_whole(progress)?;
        self.copy_to_vault_if_on();
        Ok(view)
    }

    /// Does the same for somebody who has done so a moment ago: where nothing is new, nothing is copied.
    ///
    /// # Errors
    /// As [`index`](Self::index).
    pub fn index_again(&mut self, progress: &mut Progress<'_>) -> Result<IndexView, IndexError> {
        let view = self.index_whole(progress)?;
        if view.read > 0 {
            self.copy_to_vault_if_on();
        }
        Ok(view)
    }

    fn index_whole(&mut self, progress: &mut Progress<'_>) -> Result<IndexView, IndexError> {
        match self.index_once(progress) {
            Err(IndexError::Store(error)) if Index::is_damaged(&self.home, &error) => {
                self.discard_index()?;
                self.index_once(progress)
            }
            done => done,
        }
    }

    fn index_once(&mut self, progress: &mut Progress<'_>) -> Result<IndexView, IndexError> {
        let mut index = Index::open(&self.home, self.config.patience())?;
        let sources = Sources::find_all(&self.config.transcript_roots()?);
        self.compare_with_what_is_kept(&mut index)?;
        let mut view = self.bring_index_up(&mut index, None, &sources, progress)?;
        let names = index.to_take_in()?;
        // The store's copy is made while somebody finds out what sessions there were.
        let (home, patience) = (self.home.clone(), self.config.patience());
        let (told, kept) = std::thread::scope(|scope| {
            let told = scope.spawn(|| match names.is_empty() {
                true => Ok(Vec::new()),
                false => Index::open(&home, patience)?.look(|index| Told::all(index, &names)),
            });
            let kept = self.keep_what_is_new(&mut index);
            (told.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), kept)
        });
        kept?;
        // What hooks have told meanwhile is theirs.
        drop(self.take_in());
        // Meanwhile the index is put in order for whoever asks next.
        let put_in_order = |index: &mut Index| {
            let laid = if view.read > 0 { index.lay_together() } else { Ok(()) };
            index.settle();
            // Whoever asks lays them together himself.
            drop(laid);
        };
        view.sessions = self.take_in_history(&mut index, &names, told?, put_in_order)?;
        Ok(view)
    }

    /// Throws the index away. What the store keeps of transcripts stays, and what only the index has is kept first, unless it is damaged.
    ///
    /// # Errors
    /// When it cannot be removed, or the store cannot keep what would be lost.
    pub fn throw_index_away(&mut self) -> Result<(), IndexError> {
        if Index::is_there(&self.home)
            && let Ok(mut index) = Index::open(&self.home, self.config.patience())
        {
            match self.keep_what_is_new(&mut index) {
                Err(error) if !Index::is_damaged(&self.home, &error) => return Err(error.into()),
                _ => {}
            }
        }
        self.discard_index()
    }

    /// Throws the index away as it is.
    pub(super) fn discard_index(&self) -> Result<(), IndexError> {
        Ok(Index::remove(&self.home, self.config.patience())?)
    }

    /// Reads what is new in the transcripts that were found into an index, which may have been asked for its files already.
    pub(super) fn bring_index_up(
        &mut self,
        index: &mut Index,
        indexed: Option<Vec<IndexedFile>>,
        sources: &Sources,
        progress: &mut Progress<'_>,
    ) -> Result<IndexView, IndexError> {
        let took_back = self.take_back_what_is_kept(index)?;
        let mut view = IndexView { files: sources.all.len() as u64, took_back, ..IndexView::default() };
        view.unreadable = sources.troubles.iter().map(|(path, error)| unreadable(path, error)).collect();
        let indexed = indexed.map_or_else(|| index.files(), Ok)?;
        let plan = plan::plan(sources, &indexed);
        view.gone = plan.lost.len() as u64;
        if plan.jobs.is_empty() && plan.lost.is_empty() {
            return Ok(view);
        }
        let born = self.clock.now().moment.micros();
        let scratch = self.scratch_for(&plan);
        write::read_into(index, &plan, born, &Withheld::by(self), scratch.as_ref(), progress, &mut view)?;
        if !plan.lost.is_empty() {
            index.write(|turn| plan.lost.iter().try_for_each(|id| turn.lose(*id)))?;
        }
        Ok(view)
    }
}

impl Tracker {
    /// Opens a place for copies, if one may be needed. Where there can be none, the system's is used.
    fn scratch_for(&self, plan: &Plan) -> Option<Scratch> {
        let is_needed = plan.jobs.iter().any(|job| job.agent == Agent::Opencode);
        is_needed.then(|| Scratch::open(&self.home).ok()).flatten()
    }
}

/// Says what could not be read, and why.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
