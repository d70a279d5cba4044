//! Bringing the index up to date.

use std::path::{Path, PathBuf};

use agents::claude_code;
use agents::claude_code::locations::folder_name;
use agents::claude_code::transcript::{self, Walked, Wanted};
use serde::Serialize;
use session::transcript::{Facts, Name, TitleKind};
use store::{EncodedFacts, FileId, Index, IndexTurn, IndexedFile, Progress, ReadFile, StoreError};

use super::pass::{self, Outcome, ReadNow};
use super::plan::{self, Plan};
use super::told::Told;
use crate::{ConfigError, Tracker};

/// After how many files the index is written.
const BATCH: usize = 128;

/// From how many parts on the parts of a file are made one.
const MANY_PARTS: u64 = 12;

/// Up to which length all parts of a file are made one, in bytes: it is done in memory.
const MUCH: u64 = 4 << 20;

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
        let walked = transcript::walk(&self.locations()?.projects(), pass::threads());
        let mut view = self.bring_index_up(&mut index, None, walked, progress)?;
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
        walked: Walked,
        progress: &mut Progress<'_>,
    ) -> Result<IndexView, IndexError> {
        self.take_back_what_is_kept(index)?;
        let mut view = IndexView { files: walked.files.len() as u64, ..IndexView::default() };
        let is_whole = walked.troubles.is_empty() && !walked.is_missing;
        view.unreadable = walked.troubles.iter().map(|(path, error)| unreadable(path, error)).collect();
        let indexed = indexed.map_or_else(|| index.files(), Ok)?;
        let plan = plan::plan(walked.files, &indexed, is_whole);
        view.gone = plan.lost.len() as u64;
        if plan.jobs.is_empty() && plan.lost.is_empty() {
            return Ok(view);
        }
        let born = self.clock.now().moment.micros();
        read_into(index, &plan, born, &Withheld::by(self), progress, &mut view)?;
        if !plan.lost.is_empty() {
            index.write(|turn| plan.lost.iter().try_for_each(|id| turn.lose(*id)))?;
        }
        Ok(view)
    }
}

/// Says what could not be read, and why.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// What people do not want to be recorded.
struct Withheld {
    prompts: bool,
    directories: Vec<PathBuf>,
}

impl Withheld {
    fn by(tracker: &Tracker) -> Self {
        let directories = tracker.config.excluded_everywhere();
        Self { prompts: !tracker.config.is_on_in_file("record.prompts"), directories }
    }

    /// Takes words that are not to be recorded out of what was found. What was used is counted all the same.
    fn apply(&self, path: &Path, mut facts: Facts) -> Facts {
        let folder = path.components().map(|part| part.as_os_str().to_string_lossy());
        let is_of = |folder: &str, excluded: &Path| {
            folder.strip_prefix(&*folder_name(excluded)).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        let folders: Vec<_> = folder.collect();
        let is_in_folder = self.directories.iter().any(|excluded| folders.iter().any(|folder| is_of(folder, excluded)));
        let is_excluded =
            |cwd: &Name| facts.name(*cwd).is_some_and(|cwd| self.directories.iter().any(|excluded| Path::new(cwd).starts_with(excluded)));
        // A title may stand in a part by itself: nobody knows then where it was given.
        let is_unknown = facts.cwds.is_empty() && !self.directories.is_empty();
        if is_in_folder || is_unknown || facts.cwds.iter().any(is_excluded) {
            facts.titles.clear();
            facts.calls.iter_mut().for_each(|call| call.about = Name::default());
        } else if self.prompts {
            facts.titles.retain(|title| title.kind != TitleKind::Prompt);
        }
        facts
    }
}

/// What was made of a file, to be written.
struct Packed {
    /// None where a file has only grown by half a line, which says nothing.
    facts: Option<EncodedFacts>,
    conversations: Vec<String>,
}

impl Packed {
    fn of(facts: Facts) -> Self {
        let conversations = conversations(&facts);
        Self { facts: (facts.counts.lines > 0).then(|| EncodedFacts::of(facts)), conversations }
    }
}

type Waiting = (usize, ReadNow<Packed>);

fn read_into(
    index: &mut Index,
    plan: &Plan,
    born: i64,
    withheld: &Withheld,
    progress: &mut Progress<'_>,
    view: &mut IndexView,
) -> Result<(), StoreError> {
    let mut waiting: Vec<Waiting> = Vec::new();
    let mut tell = |done: u64| progress(done.min(plan.bytes), plan.bytes);
    pass::read_all(
        &plan.jobs,
        Wanted::Everything,
        &mut tell,
        |path, facts| Packed::of(withheld.apply(path, facts)),
        |(job, outcome): Outcome<Packed>| {
            match outcome {
                Ok(read) => {
                    view.read += 1;
                    view.bytes += read.place - read.known.map_or(0, |known| known.place);
                    view.broken_lines += read.broken_lines;
                    waiting.push((job, read));
                }
                // It vanished while nobody looked.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => view.unreadable.push(unreadable(&plan.jobs[job].found.path, &error)),
            }
            if waiting.len() >= BATCH { write(index, plan, born, &mut waiting) } else { Ok(()) }
        },
    )?;
    write(index, plan, born, &mut waiting)
}

/// Returns the conversations that facts are about.
pub(super) fn conversations(facts: &Facts) -> Vec<String> {
    let own = facts.conversations.iter().map(|(name, _)| *name);
    let responses = facts.responses.iter().map(|response| response.conversation);
    let names: std::collections::BTreeSet<_> = own.chain(responses).collect();
    names.into_iter().filter_map(|name| facts.name(name)).map(str::to_owned).collect()
}

fn write(index: &mut Index, plan: &Plan, born: i64, waiting: &mut Vec<Waiting>) -> Result<(), StoreError> {
    index.write(|turn| waiting.iter().try_for_each(|(number, read)| write_one(turn, plan, *number, born, read)))?;
    // Outside: reading all parts of a file is not to hold others up.
    let grown: Vec<FileId> = waiting.iter().filter_map(|(_, read)| read.known).map(|known| known.file).collect();
    waiting.clear();
    grown.into_iter().try_for_each(|file| merge_when_many(index, file))
}

fn write_one(turn: &IndexTurn<'_>, plan: &Plan, number: usize, born: i64, read: &ReadNow<Packed>) -> Result<(), StoreError> {
    let job = &plan.jobs[number];
    let ReadNow { found, known, place, mark, made, .. } = read;
    let file = ReadFile {
        agent: claude_code::NAME.to_owned(),
        path: job.path.clone(),
        // A file that takes another's path may not have its name.
        born: born.saturating_add(i64::try_from(number).unwrap_or(0)),
        device: found.device,
        inode: found.inode,
        size: found.size,
        changed_nanos: found.changed_nanos,
        place: *place,
        mark: *mark,
    };
    let id = match known {
        Some(known) => turn.go_on(known.file, known.place, &file)?.then_some(known.file),
        // Somebody else was here since this command looked.
        None if turn.is_taken(&file.path, plan.newest)? => None,
        None => Some(turn.add(&file)?),
    };
    let Some(id) = id else { return Ok(()) };
    made.iter().try_for_each(|packed| match &packed.facts {
        Some(facts) => turn.add_part(id, facts, &packed.conversations),
        None => Ok(()),
    })
}

/// Makes the parts of a file one, where it was read so often that they are many.
fn merge_when_many(index: &mut Index, file: FileId) -> Result<(), StoreError> {
    let (count, bytes) = index.write(|turn| turn.parts(file))?;
    if count < MANY_PARTS || bytes > MUCH {
        return Ok(());
    }
    let parts = index.facts_of(file)?;
    // What this build cannot read stays as it is.
    let Some(parts) = parts.into_iter().collect::<Option<Vec<_>>>() else { return Ok(()) };
    let whole = parts.into_iter().flatten().reduce(|mut whole, next| {
        whole.append(next);
        whole
    });
    let Some(encoded) = whole.map(EncodedFacts::of) else { return Ok(()) };
    index.write(|turn| {
        // Nothing was added meanwhile.
        if turn.parts(file)?.0 == count { turn.merge(file, &encoded) } else { Ok(()) }
    })
}
