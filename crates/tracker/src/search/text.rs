//! The text of transcripts, followed in their files: a stage of its own, because it takes longer than everything else.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use agents::transcripts::{Agent, FoundFile};
use store::{LineError, Lot, Progress, Search, SearchIn, StoreError, TextFile, TextFileId, wait_in_line};

use super::hear::{Job, Slice, hear_all};
use super::kept::Kept;
use super::places::Places;
use crate::index::{Scratch, name_of, threads};
use crate::place::{read_short, write_short};
use crate::{IndexError, Note, Tracker};

/// How much text is written in one transaction, in bytes.
const BATCH: usize = 32 << 20;

/// How many slices are: many short files.
const MANY: usize = 512;

/// Where it is noted whether text is kept, and of what.
const TEXT: &str = "text";

/// Where it is noted which configuration allowed it.
const ALLOWED_BY: &str = "allowed by";

/// Where it is noted that what was forgotten may be in the log still: somebody was reading.
const LEFT_IN_LOG: &str = "left in log";

/// The file in which it is noted when somebody looked for new text last, in milliseconds since 1970, among how many files, and how much he left, in
/// bytes. Beside the other one: what is written there waits for the disk.
const LOOKED: &str = "search-looked";

/// For how many milliseconds nobody looks for new text again, at most. To look takes some microseconds for each file: in one for each of them in
/// milliseconds, the looking of all who search is less than a hundredth of the time.
const LOOK_EVERY: i64 = 60_000;

/// What was done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextView {
    /// Whether people allowed it.
    pub is_on: bool,
    /// Files that were new, or had changed.
    pub read: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Bytes that were left for later.
    pub left: u64,
    /// Whether somebody else is at it.
    pub is_busy: bool,
    /// Files and directories that could not be read, each with its reason.
    pub unreadable: Vec<String>,
}

impl Tracker {
    /// Reads what is new in the text of transcripts, where people allowed it; removes what is there, where they do not allow it any more.
    ///
    /// # Errors
    /// When nobody knows where transcripts are, or what can be searched cannot be written. What was done until then stays done.
    pub fn index_text(&mut self, progress: &mut Progress<'_>) -> Result<TextView, IndexError> {
        if !self.is_text_on() && !Search::is_there(&self.home) {
            return Ok(TextView::default());
        }
        match self.index_text_once(progress) {
            Err(IndexError::Store(error)) if Search::is_damaged(&self.home, &error) => {
                self.throw_search_away()?;
                self.note(Note::SearchAnew);
                self.index_text_once(progress)
            }
            done => done,
        }
    }

    fn index_text_once(&mut self, progress: &mut Progress<'_>) -> Result<TextView, IndexError> {
        let mut search = Search::open(&self.home, self.config.patience())?;
        if search.is_anew() {
            self.note(Note::SearchAnew);
        }
        self.bring_text_up(&mut search, u64::MAX, progress)
    }

    /// Throws away what can be searched. It is made anew by whoever searches next; of transcripts that are gone nothing is left.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn throw_search_away(&self) -> Result<(), StoreError> {
        Search::remove(&self.home, self.config.patience())
    }

    /// Reports whether people allowed that text is kept.
    pub fn is_text_on(&self) -> bool {
        // What is kept is thrown away where it is off: no variable of one shell may do that.
        self.config.is_put_on_in_file("index.transcript_text")
    }

    /// Reports whether somebody has looked for new text only just now, and returns how much was left then, in bytes.
    pub(super) fn has_looked_for_text(&self) -> (bool, u64) {
        let noted = read_short(&self.home.join(LOOKED)).unwrap_or_default();
        let numbers: Vec<i64> = noted.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let &[at, among, left] = &numbers[..] else { return (false, 0) };
        let while_new = 0..among.min(LOOK_EVERY);
        (while_new.contains(&(self.now_millis() - at)), left.cast_unsigned())
    }

    fn note_that_text_was_looked_for(&self, among: usize, left: u64) {
        let noted = format!("{} {among} {left}\n", self.now_millis());
        // Where it cannot be written, or is damaged, the next one looks again.
        drop(write_short(&self.home.join(LOOKED), &noted));
    }

    fn forget_that_text_was_looked_for(&self) {
        drop(fs::remove_file(self.home.join(LOOKED)));
    }

    fn now_millis(&self) -> i64 {
        self.clock.now().moment.micros() / 1_000
    }

    /// Removes text that people do not want to be kept; reports whether they want any.
    pub(super) fn settle_text(&self, search: &mut Search) -> Result<bool, StoreError> {
        let kept = Kept::by(self);
        let wanted = if self.is_text_on() { kept.name() } else { String::new() };
        let held = search.fact(TEXT)?.unwrap_or_default();
        if search.fact(LEFT_IN_LOG)?.is_some_and(|left| !left.is_empty()) {
            leave_nothing(search)?;
        }
        if held == wanted {
            return Ok(!wanted.is_empty());
        }
        let allowed_by = search.fact(ALLOWED_BY)?.unwrap_or_default();
        if wanted.is_empty() && !allowed_by.is_empty() && allowed_by != name_of(&self.config.file) {
            // Another configuration is read in this shell, and says nothing of it. What is kept is not shown here, and stays.
            return Ok(false);
        }
        if !held.is_empty() && wanted.is_empty() {
            // Made anew, so that no page of it is left in the file.
            self.throw_search_away()?;
            *search = Search::open(&self.home, self.config.patience())?;
        } else if !held.is_empty() {
            self.keep_only(search, &kept, &held)?;
        }
        self.forget_that_text_was_looked_for();
        search.write(|turn| {
            turn.set_fact(TEXT, &wanted)?;
            turn.set_fact(ALLOWED_BY, &name_of(&self.config.file))
        })?;
        leave_nothing(search)?;
        Ok(!wanted.is_empty())
    }

    /// Removes what may not be kept any more, and has that read which may be now. Of transcripts that are gone, everything else stays.
    fn keep_only(&self, search: &mut Search, kept: &Kept, held: &str) -> Result<(), StoreError> {
        let files = search.text_files()?;
        let excluded = files.iter().filter(|(_, file)| kept.is_file_excluded(Path::new(&file.path))).map(|(id, _)| id.owner());
        let excluded: HashSet<String> = excluded.collect();
        search.write(|turn| {
            turn.keep_only(&mut |owner, document| {
                document.among != SearchIn::Transcripts || !excluded.contains(owner) && kept.lets(&document.cwd, &document.role)
            })?;
            if kept.lets_more_than(held) {
                turn.read_files_again(None)?;
            }
            Ok(())
        })
    }

    /// Removes what transcripts said of conversations that people have deleted for good, by agent and id, and all that these files said. What
    /// stands in another file, because a fork has taken it or somebody has put it back, is read again.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub(crate) fn forget_text_of(&self, conversations: &[(&str, &str)], files: &[PathBuf]) -> Result<(), StoreError> {
        if conversations.is_empty() || !Search::is_there(&self.home) {
            return Ok(());
        }
        let mut search = Search::open(&self.home, self.config.patience())?;
        let names: HashSet<String> = files.iter().map(|path| name_of(path)).collect();
        let held = search.text_files()?;
        let theirs = held.iter().filter(|(_, file)| names.contains(&file.path)).map(|(id, _)| *id);
        search.write(|turn| {
            theirs.clone().try_for_each(|id| turn.forget_file(id))?;
            for (agent, id) in conversations {
                turn.forget_conversation(agent, id)?;
            }
            turn.merge_words()?;
            let agents: BTreeSet<&str> = conversations.iter().map(|(agent, _)| *agent).collect();
            agents.into_iter().try_for_each(|agent| turn.read_files_again(Some(agent)))
        })?;
        self.forget_that_text_was_looked_for();
        leave_nothing(&mut search)
    }

    /// Reads what is new, if it is not more than `most` bytes.
    pub(super) fn bring_text_up(&self, search: &mut Search, most: u64, progress: &mut Progress<'_>) -> Result<TextView, IndexError> {
        let mut view = TextView { is_on: self.settle_text(search)?, ..TextView::default() };
        if !view.is_on {
            return Ok(view);
        }
        // Two at once would read everything twice.
        let _place = match wait_in_line(&self.home.join("search-text.lock"), Duration::ZERO) {
            Ok(place) => place,
            Err(LineError::Busy { .. }) => return Ok(TextView { is_busy: true, ..view }),
            Err(LineError::File(error)) => {
                view.unreadable.push(error.to_string());
                return Ok(view);
            }
        };
        let (jobs, among) = self.jobs(search, &mut view)?;
        let bytes: u64 = jobs.iter().map(Job::length).sum();
        // One that is large keeps none of the small ones from being read.
        let mut length = 0;
        let small = jobs.iter().rev().take_while(|job| {
            length += job.length();
            length <= most
        });
        let small = jobs.len() - small.count();
        let (left, fits) = jobs.split_at(small);
        view.left = left.iter().map(Job::length).sum();
        self.read_text(search, fits, bytes - view.left, &mut view, progress)?;
        self.note_that_text_was_looked_for(among, view.left);
        Ok(view)
    }

    /// Returns the files in which something is new, the largest first, and how many there are.
    fn jobs(&self, search: &Search, view: &mut TextView) -> Result<(Vec<Job>, usize), IndexError> {
        let held = search.text_files()?;
        let by_path: HashMap<&str, &(TextFileId, TextFile)> = held.iter().map(|known| (known.1.path.as_str(), known)).collect();
        let by_inode: HashMap<(u64, u64), &(TextFileId, TextFile)> =
            held.iter().map(|known| ((known.1.device, known.1.inode), known)).collect();
        let (mut jobs, mut among) = (Vec::new(), 0);
        for (agent, root) in self.config.transcript_roots()? {
            let walked = agent.walk(&root, threads());
            let troubles = walked.troubles.iter().map(|(path, error)| format!("{}: {error}", path.display()));
            view.unreadable.extend(troubles);
            among += walked.files.len();
            for found in walked.files {
                let path = name_of(&found.path);
                let moved = || by_inode.get(&(found.device, found.inode)).copied().filter(|known| !Path::new(&known.1.path).exists());
                let known = by_path.get(path.as_str()).copied().or_else(moved);
                if known.is_none_or(|known| !is_unchanged(&known.1, &found, &path)) {
                    jobs.push(Job::of(agent, found, path, known));
                }
            }
        }
        jobs.sort_by_key(|job| std::cmp::Reverse(job.length()));
        Ok((jobs, among))
    }

    fn read_text(
        &self,
        search: &mut Search,
        jobs: &[Job],
        bytes: u64,
        view: &mut TextView,
        progress: &mut Progress<'_>,
    ) -> Result<(), StoreError> {
        let kept = Kept::by(self);
        let mut writer = Writer { search, jobs, begun: HashMap::new(), waiting: Vec::new(), length: 0 };
        let places = Mutex::new(Places::new(self)?);
        let is_copied = jobs.iter().any(|job| job.agent == Agent::Opencode);
        let scratch = is_copied.then(|| Scratch::open(&self.home).ok()).flatten();
        hear_all(jobs, &kept, &places, scratch.as_ref().map(Scratch::path), |slice| {
            match &slice.file {
                Ok(file) => {
                    let is_last = file.size > 0 || jobs[slice.job].found.size == 0;
                    view.read += u64::from(is_last);
                    view.bytes += if is_last { jobs[slice.job].length() } else { 0 };
                    progress(view.bytes, bytes);
                    writer.take(slice)
                }
                // It vanished while nobody looked.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                Err(error) => {
                    view.unreadable.push(format!("{}: {error}", jobs[slice.job].found.path.display()));
                    Ok(())
                }
            }
        })?;
        writer.write()
    }
}

fn is_unchanged(held: &TextFile, found: &FoundFile, path: &str) -> bool {
    (held.size, held.changed_nanos, held.device, held.inode, held.path.as_str())
        == (found.size, found.changed_nanos, found.device, found.inode, path)
}

/// Empties the log of what was forgotten, or notes that somebody has to, because another one reads just now.
fn leave_nothing(search: &mut Search) -> Result<(), StoreError> {
    let is_noted = search.fact(LEFT_IN_LOG)?.is_some_and(|left| !left.is_empty());
    match (search.empty_log(), is_noted) {
        (true, true) => search.write(|turn| turn.set_fact(LEFT_IN_LOG, "")),
        (false, false) => search.write(|turn| turn.set_fact(LEFT_IN_LOG, "yes")),
        _ => Ok(()),
    }
}

/// Writes slices, many at a time.
struct Writer<'s> {
    search: &'s mut Search,
    jobs: &'s [Job],
    /// Files of which a part was written: their ids, and how far they were read.
    begun: HashMap<usize, (TextFileId, u64)>,
    waiting: Vec<Slice>,
    length: usize,
}

impl Writer<'_> {
    fn take(&mut self, slice: Slice) -> Result<(), StoreError> {
        self.length += slice.packed.bytes;
        self.waiting.push(slice);
        if self.length >= BATCH || self.waiting.len() >= MANY { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let (jobs, slices, begun) = (self.jobs, std::mem::take(&mut self.waiting), &mut self.begun);
        self.length = 0;
        self.search.write(|turn| {
            let mut all = Vec::new();
            for slice in slices {
                let Ok(file) = slice.file else { continue };
                let job = &jobs[slice.job];
                let known = job.known.as_ref().map(|(id, file)| (*id, file.place));
                let id = match begun.get(&slice.job).copied().or(known) {
                    Some((id, from)) => turn.go_on_in_file(id, from, &file)?.then_some(id),
                    None => Some(turn.begin_file(&file)?),
                };
                // Somebody else was here since this command looked.
                let Some(id) = id else { continue };
                begun.insert(slice.job, (id, file.place));
                all.push(Lot { owner: id.owner(), packed: slice.packed, is_again: job.is_again });
            }
            turn.add(all)
        })?;
        self.search.settle();
        Ok(())
    }
}
