//! Everything that transcripts say, laid together.

use std::path::Path;
use std::time::Duration;

use agents::transcripts::Wanted;
use session::transcript::{Facts, Ledger};
use store::{AllUsage, Index, IndexedFile, Progress, StoreError};

use super::pass::{How, threads};
use super::sources::Sources;
use super::update::{IndexError, IndexView, unreadable};
use super::{pass, plan};
use crate::{Note, Tracker};

impl Tracker {
    /// Returns what all responses used. Where there is no index, transcripts are read as they are, and nothing is stored.
    ///
    /// # Errors
    /// When nobody knows where transcripts are, or the index cannot be read.
    pub fn ledger_of_usage(&mut self, progress: &mut Progress<'_>) -> Result<Ledger, IndexError> {
        if !self.is_indexed()? {
            return self.read_directly(Wanted::Usage, progress);
        }
        // Mostly nothing is new: what the index has is laid together while somebody looks whether that is so.
        let roots = self.config.transcript_roots()?;
        let (sources, early) = std::thread::scope(|scope| {
            let walk = scope.spawn(|| Sources::find(&roots, threads().saturating_sub(1).max(1)));
            let early = early_usage(&self.home, self.config.patience());
            (walk.join().unwrap_or_default(), early)
        });
        let (opened, early) = early.unzip();
        match self.index_for_reading_of(opened, &sources, progress)? {
            None => self.read_directly(Wanted::Usage, progress),
            Some((mut index, view)) => {
                let laid = match early.filter(|_| view.read == 0 && !view.took_back) {
                    Some(early) => Ok(early),
                    None => index.all_usage(),
                };
                match laid {
                    Ok(AllUsage { ledger, unread, to_lay }) => {
                        self.say_what_is_unread(unread);
                        // Who cannot write has the answer all the same.
                        if let Some(to_lay) = to_lay {
                            drop(index.lay(to_lay, &ledger));
                        }
                        Ok(ledger)
                    }
                    // It is read from the start, and made anew on the way.
                    Err(error) if Index::is_damaged(&self.home, &error) => self.ledger(progress),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }

    /// Returns everything that transcripts say.
    ///
    /// # Errors
    /// When nobody knows where transcripts are, or the index cannot be read.
    pub fn ledger(&mut self, progress: &mut Progress<'_>) -> Result<Ledger, IndexError> {
        match self.ledger_once(progress) {
            Err(IndexError::Store(error)) if Index::is_damaged(&self.home, &error) => {
                self.discard_index()?;
                self.ledger_once(progress)
            }
            done => done,
        }
    }

    fn ledger_once(&mut self, progress: &mut Progress<'_>) -> Result<Ledger, IndexError> {
        let Some(index) = self.index_for_reading(progress)? else { return self.read_directly(Wanted::Everything, progress) };
        let mut ledger = Ledger::default();
        let unread = index.look(|index| {
            let mut add = |agent: &str, facts: &Facts| {
                ledger.add(facts);
                ledger.note_agent(agent, facts);
            };
            let unread = index.each_usage(&mut add)?;
            Ok(unread.max(index.each_rest(add)?))
        })?;
        self.say_what_is_unread(unread);
        Ok(ledger)
    }

    fn say_what_is_unread(&self, parts: u64) {
        if parts > 0 {
            self.note(Note::PartsUnread { parts });
        }
    }

    /// Opens the index and reads what is new; none where it cannot be written.
    pub(super) fn index_for_reading(&mut self, progress: &mut Progress<'_>) -> Result<Option<Index>, IndexError> {
        let sources = Sources::find_all(&self.config.transcript_roots()?);
        Ok(self.index_for_reading_of(None, &sources, progress)?.map(|(index, _)| index))
    }

    /// Opens the index, unless it is, and reads what is new in the transcripts that were found; none where it cannot be written.
    fn index_for_reading_of(
        &mut self,
        opened: Option<Opened>,
        sources: &Sources,
        progress: &mut Progress<'_>,
    ) -> Result<Option<(Index, IndexView)>, IndexError> {
        let mut read = self.index_over(opened, sources, progress);
        if let Err(IndexError::Store(error)) = &read
            && Index::is_damaged(&self.home, error)
        {
            self.discard_index()?;
            read = self.index_over(None, sources, progress);
        }
        match read {
            Ok((index, mut view)) => {
                self.say_what_was_unreadable(std::mem::take(&mut view.unreadable));
                Ok(Some((index, view)))
            }
            Err(IndexError::Store(error)) if is_about_writing(&error) => {
                self.note(Note::NoIndex { reason: error.to_string() });
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn index_over(
        &mut self,
        opened: Option<Opened>,
        sources: &Sources,
        progress: &mut Progress<'_>,
    ) -> Result<(Index, IndexView), IndexError> {
        let (mut index, indexed) = match opened {
            Some(Opened { index, files }) => (index, Some(files)),
            None => (Index::open(&self.home, self.config.patience())?, None),
        };
        let view = self.bring_index_up(&mut index, indexed, sources, progress)?;
        // The store's copy is made by whoever may write it next.
        drop(self.keep_what_is_new(&mut index));
        index.settle();
        if view.read > 0 {
            self.copy_to_vault_if_on();
        }
        Ok((index, view))
    }

    /// Reads transcripts as they are, beside what the store keeps of those that are gone.
    fn read_directly(&mut self, wanted: Wanted, progress: &mut Progress<'_>) -> Result<Ledger, IndexError> {
        let sources = Sources::find_all(&self.config.transcript_roots()?);
        let mut troubles: Vec<String> = sources.troubles.iter().map(|(path, error)| unreadable(path, error)).collect();
        let plan = plan::plan(&sources, &[]);
        let mut ledger = Ledger::default();
        for part in self.store.reads().kept_parts()? {
            for facts in part.facts().iter().flatten() {
                ledger.add(facts);
                ledger.note_agent(&part.agent, facts);
            }
        }
        let mut tell = |done: u64| progress(done.min(plan.bytes), plan.bytes);
        let read = pass::read_all(
            &plan.jobs,
            How { wanted, scratch: None },
            &mut tell,
            |_, pass| pass.facts,
            |(job, outcome)| {
                match outcome {
                    Ok(read) => read.made.iter().for_each(|facts| {
                        ledger.add(facts);
                        ledger.note_agent(plan.jobs[job].agent.name(), facts);
                    }),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => troubles.push(unreadable(&plan.jobs[job].found.path, &error)),
                }
                Ok::<_, std::convert::Infallible>(())
            },
        );
        read.unwrap_or_else(|never| match never {});
        self.say_what_was_unreadable(troubles);
        Ok(ledger)
    }

    fn say_what_was_unreadable(&self, troubles: Vec<String>) {
        if !troubles.is_empty() {
            self.note(Note::Unreadable { troubles });
        }
    }
}

/// An index that was opened, with the files that it knows.
struct Opened {
    index: Index,
    files: Vec<IndexedFile>,
}

/// Opens an index that is there, and lays its responses together; none where it has nothing, or cannot be read.
fn early_usage(home: &Path, patience: Duration) -> Option<(Opened, AllUsage)> {
    let index = Index::is_there(home).then(|| Index::open(home, patience).ok()).flatten()?;
    // In this order: what somebody adds in between is then found to be read, and everything laid together again.
    let files = index.files().ok().filter(|files| !files.is_empty())?;
    let usage = index.all_usage().ok()?;
    Some((Opened { index, files }, usage))
}

/// Reports whether somebody who only reads can go on without.
fn is_about_writing(error: &StoreError) -> bool {
    use StoreError::{Busy, Full, ReadOnly, Unopenable, Unsure};
    matches!(error, Busy { .. } | Full { .. } | ReadOnly { .. } | Unopenable { .. } | Unsure { .. })
}
