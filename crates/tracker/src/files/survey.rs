//! What became of a worktree while a session went on: what git says, what tool calls name, and whose each file is.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agents::FileUse;
use session::{Attribution, Baseline, Commit, FileChange, GitState, Held, Session, Survey, Text, TouchedFile};
use store::{StoreError, Wanted};

use super::attribute::{Names, Other, attribute};
use super::baseline::MOST_REMEMBERED;
use super::blob::blob;
use super::changes::{Change, Changes};
use super::look::{Seen, Since, look, tracked};
use super::mark::{Letters, changed_at, is_there, letters_of_path, letters_of_source, looks, looks_of, marks};
use super::named::{Named, Uses};
use super::words::Gap;
use crate::git::{self, Entry};
use crate::{CurrentError, FileView, Place, Purpose, Tracker};

/// How long a person who asks waits for each answer of git.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many files are listed.
const MOST_LISTED: usize = 10_000;

/// How many sessions of a project are read to find those that overlapped: of those that run, and of the newest.
const MOST_READ: usize = 200;

/// Of how many other sessions tool calls are looked at.
const MOST_OTHERS: usize = 50;

/// How many files that only tool calls know git is asked about.
const MOST_ASKED: usize = 1_000;

/// By how much the clock that files get their times from may be behind, in microseconds.
const CLOCK_STEP_MICROS: i64 = 10_000;

/// How the worktree was when the session began, as far as that is known.
struct Start {
    since: Since,
    dirty: BTreeMap<Text, Text>,
    /// Whether what is not in `dirty` did not differ.
    is_whole: bool,
    began_micros: i64,
}

/// A file that was touched, before it is said whose it is.
struct Touched {
    file: TouchedFile,
    place: PathBuf,
    is_repository: bool,
}

impl Tracker {
    /// Returns the session that is meant, and the files that it touched: as they were found when it ended, where somebody looked then.
    ///
    /// # Errors
    /// When no session can be determined, or the store cannot answer.
    pub fn files(&self, named: Option<&str>) -> Result<(Session, Survey), CurrentError> {
        let session = self.resolve(named, Purpose::Reading)?;
        if session.status().is_ended() && !session.wants_survey() {
            let recorded = self.store.reads().footprint(session.key)?.and_then(|footprint| footprint.survey);
            if let Some(recorded) = recorded {
                return Ok((session, recorded.value));
            }
        }
        let mut survey = self.survey(&session, PATIENCE)?;
        if session.status().is_ended() {
            survey.gaps.push(said(&Gap::Late));
        }
        Ok((session, survey))
    }

    /// Returns the public shapes of the files of a survey.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn file_views(&self, survey: &Survey) -> Result<Vec<FileView>, StoreError> {
        let mut ids = BTreeMap::new();
        for key in survey.files.iter().flat_map(|file| &file.others) {
            if !ids.contains_key(key) {
                ids.insert(*key, self.store.reads().session(*key)?.map(|session| session.id.to_string()));
            }
        }
        let others = |file: &TouchedFile| file.others.iter().filter_map(|key| ids.get(key).cloned().flatten()).collect();
        Ok(survey.files.iter().map(|file| FileView::of(file, others(file))).collect())
    }

    /// Returns how many files were found when a session was last looked at.
    pub(crate) fn files_found(&self, session: &Session) -> Result<Option<u64>, StoreError> {
        if session.surveyed.is_none() {
            return Ok(None);
        }
        let survey = self.store.reads().footprint(session.key)?.and_then(|footprint| footprint.survey);
        Ok(survey.map(|held| held.value.files.len() as u64 + held.value.more))
    }

    /// Looks at what a session touched up to now; each call of git takes no longer than there is patience.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn survey(&self, session: &Session, patience: Duration) -> Result<Survey, StoreError> {
        let place = self.place_of(session);
        let named = self.named_by(session, &place.worktree)?;
        let others = self.others_beside(session, &place)?;
        let baseline = self.store.reads().footprint(session.key)?.and_then(|footprint| footprint.baseline);
        let mut gaps = Vec::new();
        let (git, touched) = match no_git(session, &place) {
            Some(gap) => {
                gaps.push(gap);
                (None, Vec::new())
            }
            None => {
                let start = start(session, &place, baseline.map(|held| held.value), &mut gaps);
                let seen = look(&self.config.programs, &place, &start.since, patience);
                gaps.extend(seen.gaps.iter().cloned());
                (Some(git_state(&place, &seen)), touched(&place.worktree, &start, &seen))
            }
        };
        let mut files = whose(touched, &named, &others);
        files.extend(self.beside_git(&place, &named, &others, &files, patience));
        gaps.extend((named.cut > 0).then_some(Gap::LongNames(named.cut)));
        let (files, more) = listed(files, patience, &mut gaps);
        let worktree = session.worktree.clone().unwrap_or_else(|| words(&place.worktree));
        Ok(Survey { worktree, at: self.now().moment, git, files, more, gaps: gaps.iter().map(said).collect() })
    }

    fn place_of(&self, session: &Session) -> Place {
        session.worktree.as_ref().map_or_else(|| self.place.clone(), |worktree| Place::of(Path::new(worktree.as_str())))
    }

    /// Returns the other sessions that worked in this project while this one did, and may have touched its files.
    fn others_beside(&self, session: &Session, place: &Place) -> Result<Vec<Other>, StoreError> {
        let worktree = session.worktree.as_ref().map(|worktree| worktree.as_str().to_owned());
        let wanted = match session.project {
            Some(project) => Wanted { project: Some(project), ..Wanted::default() },
            None => Wanted { worktree, ..Wanted::default() },
        };
        let wanted = Wanted { with_empty: true, made_current_here: true, ..wanted };
        // A project may have very many. Whoever still runs may have begun long ago; of those that ended the newest are asked.
        let running = Wanted { statuses: vec![session::Status::Active], ..wanted.clone() };
        let mut sessions = self.store.reads().sessions(&running, Some(MOST_READ))?;
        sessions.extend(self.store.reads().sessions(&wanted, Some(MOST_READ))?.into_iter().filter(|other| other.status().is_ended()));
        sessions.retain(|other| other.key != session.key && other.ended().is_none_or(|ended| ended.moment > session.started.moment));
        let of = |other: &Session| {
            let named = self.named_by(other, &place.worktree)?.files.into_keys().collect();
            Ok(Other { key: other.key, is_beside: other.worktree == session.worktree, named })
        };
        sessions.iter().take(MOST_OTHERS).map(of).collect()
    }

    /// Returns the files that tool calls wrote and git does not list: outside of the worktree, ignored, or as they were.
    fn beside_git(&self, place: &Place, named: &Named, others: &[Other], files: &[Touched], patience: Duration) -> Vec<Touched> {
        let known: BTreeSet<_> = files.iter().flat_map(|each| [Some(&each.file.path), each.file.from.as_ref()]).flatten().collect();
        let rest: Vec<_> = named.files.iter().filter(|(path, _)| !known.contains(path) && !is_own_document(path.as_str())).collect();
        let inside = rest.iter().map(|(path, _)| path.as_str()).filter(|path| !path.starts_with('/')).take(MOST_ASKED).collect::<Vec<_>>();
        let tracked = tracked(&self.config.programs, place, &inside, patience).unwrap_or_default();
        let tracked: BTreeSet<_> = tracked.iter().map(|path| words(path)).collect();
        let touched = |(path, uses): &(&Text, &Uses)| {
            let on_disk = place.worktree.join(path.as_str());
            let change = change_beside_git(uses, std::fs::symlink_metadata(&on_disk).is_ok(), tracked.contains(*path));
            let names = Names { path, from: None, is_repository: false };
            let (by, others) = attribute(&names, &BTreeSet::from([(*path).clone()]), others)?;
            let file = TouchedFile { path: (*path).clone(), change, from: None, held: Held::default(), by, others, blob: None };
            Some(Touched { file, place: on_disk, is_repository: false })
        };
        rest.iter().filter_map(touched).collect()
    }
}

fn change_beside_git(uses: &Uses, is_there: bool, is_tracked: bool) -> FileChange {
    match (is_there, is_tracked, uses.first) {
        (false, ..) => FileChange::Deleted,
        (true, true, _) => FileChange::Unchanged,
        // Whoever writes all of a file that was there looks at it first.
        (true, false, FileUse::Write) => FileChange::Created,
        (true, false, FileUse::Edit | FileUse::Read) => FileChange::Modified,
    }
}

/// Says why git is not asked, if it is not.
fn no_git(session: &Session, place: &Place) -> Option<Gap> {
    if session.made_current.is_none() {
        return Some(Gap::Elsewhere);
    }
    if !place.worktree.is_dir() || session.worktree.as_ref().is_some_and(|worktree| *worktree != words(&place.worktree)) {
        return Some(Gap::NoWorktree);
    }
    place.git_dir.is_none().then_some(Gap::NoGit)
}

/// Returns how the worktree was at the start: as somebody saw it, else as the log of `HEAD` and the times of files say.
fn start(session: &Session, place: &Place, baseline: Option<Baseline>, gaps: &mut Vec<Gap>) -> Start {
    let began_micros = session.started.moment.micros();
    let git_dir = place.git_dir.as_deref().unwrap_or(&place.worktree);
    let Some(baseline) = baseline else {
        gaps.push(Gap::NoStart);
        let (commit, moves) =
            git::before(git_dir, began_micros.div_euclid(1_000_000)).map_or((None, None), |(commit, moves)| (commit, Some(moves)));
        // Without a log nothing says which commits are older.
        let commit = if moves.is_some() { commit } else { place.common.as_deref().and_then(|common| git::head_commit(git_dir, common)) };
        return Start { since: Since { commit, moves }, dirty: BTreeMap::new(), is_whole: false, began_micros };
    };
    let moves = baseline.reflog.and_then(|reflog| git::moves_since(git_dir, reflog));
    let commit = baseline.commit.map(|commit| commit.as_str().to_owned());
    if moves.is_none() && commit != place.common.as_deref().and_then(|common| git::head_commit(git_dir, common)) {
        gaps.push(Gap::NoLog);
    }
    let (is_known, dirty) = (baseline.dirty.is_some(), baseline.dirty.unwrap_or_default());
    let is_cut = dirty.len() >= MOST_REMEMBERED;
    gaps.extend((!is_known).then_some(Gap::StartUnknown));
    gaps.extend(is_cut.then_some(Gap::StartCut(MOST_REMEMBERED)));
    Start { since: Since { commit, moves }, dirty, is_whole: is_known && !is_cut, began_micros }
}

impl Start {
    /// Reports whether a path differs in another way than at the start.
    fn is_news(&self, worktree: &Path, path: &Path, mark: &str) -> bool {
        match self.dirty.get(&words(path)) {
            Some(then) => then.as_str() != mark,
            None => self.is_whole || self.is_younger(&worktree.join(path)),
        }
    }

    /// Reports whether a file changed since the start, by its own times; one that is not there may have.
    fn is_younger(&self, path: &Path) -> bool {
        std::fs::symlink_metadata(path).map_or(true, |found| changed_at(&found) + CLOCK_STEP_MICROS >= self.began_micros)
    }
}

/// Returns what became of files since the start, by what git says.
fn touched(worktree: &Path, start: &Start, seen: &Seen) -> Vec<Touched> {
    let had = start.dirty.iter().map(|(path, mark)| (PathBuf::from(path.as_str()), is_there(mark.as_str())));
    let mut changes = Changes::after(had.collect());
    seen.commits.iter().for_each(|(_, files)| changes.commit(files));
    let entries = seen.status.as_ref().map(|status| status.entries.as_slice()).unwrap_or_default();
    let marks = marks(worktree, entries);
    let news: BTreeSet<_> =
        marks.iter().filter(|(path, mark)| start.is_news(worktree, path, mark)).map(|(path, _)| path.as_path()).collect();
    entries.iter().filter_map(|entry| news_of(entry, &news)).for_each(|entry| changes.differ(&entry));
    let vanished = if seen.status.is_some() { vanished(worktree, start, &marks, &changes) } else { Vec::new() };
    let each = |(path, change): (PathBuf, Change)| touched_file(worktree, path, change);
    changes.files.into_iter().filter(|(path, _)| !is_own_document(&path.to_string_lossy())).map(each).chain(vanished).collect()
}

/// Returns what of a difference is news: all of it, or of a rename one of the two names.
fn news_of<'e>(entry: &'e Entry, news: &BTreeSet<&Path>) -> Option<Cow<'e, Entry>> {
    let alone = |path: &Path, Letters { index, worktree }| {
        Cow::Owned(Entry { path: path.to_owned(), from: None, index, worktree, ..entry.clone() })
    };
    match (news.contains(entry.path.as_path()), entry.from.as_deref().map(|from| (from, news.contains(from)))) {
        (true, None | Some((_, true))) => Some(Cow::Borrowed(entry)),
        (true, Some(_)) => Some(alone(&entry.path, letters_of_path(entry))),
        (false, Some((from, true))) => Some(alone(from, letters_of_source(entry))),
        (false, _) => None,
    }
}

fn touched_file(worktree: &Path, path: PathBuf, found: Change) -> Touched {
    let place = worktree.join(&path);
    let is_there = std::fs::symlink_metadata(&place).is_ok_and(|on_disk| !on_disk.is_dir() || found.is_repository);
    let change = if found.change == FileChange::Deleted && is_there { FileChange::Modified } else { found.change };
    let from = found.from.as_deref().map(words);
    let file = TouchedFile { path: words(&path), change, from, held: found.held, by: Attribution::Diff, others: Vec::new(), blob: None };
    Touched { file, place, is_repository: found.is_repository }
}

/// Returns what differed at the start, differs no more, and is not what it was: thrown away, or put back.
fn vanished(worktree: &Path, start: &Start, marks: &BTreeMap<PathBuf, String>, changes: &Changes) -> Vec<Touched> {
    let differing = marks.keys().map(|path| words(path));
    let moved = changes.files.iter().flat_map(|(path, change)| [Some(words(path)), change.from.as_deref().map(words)]).flatten();
    let known: BTreeSet<_> = differing.chain(moved).collect();
    // A name that is not kept as it is cannot be looked for.
    let is_nameable = |path: &Text| !path.as_str().contains('\u{fffd}') && !path.as_str().contains("[REDACTED:");
    let rest = start.dirty.iter().filter(|(path, _)| !known.contains(*path) && is_nameable(path) && !is_own_document(path.as_str()));
    rest.filter_map(|(path, then)| {
        let place = worktree.join(path.as_str());
        let now = looks(&place);
        let change = match (is_there(then.as_str()), is_there(&now)) {
            _ if looks_of(then.as_str()) == now => return None,
            (true, false) => FileChange::Deleted,
            (false, true) => FileChange::Created,
            _ => FileChange::Modified,
        };
        let held = Held::default();
        let file = TouchedFile { path: path.clone(), change, from: None, held, by: Attribution::Diff, others: Vec::new(), blob: None };
        Some(Touched { file, place, is_repository: false })
    })
    .collect()
}

/// Keeps the files that are this session's, and says how that is known.
fn whose(touched: Vec<Touched>, named: &Named, others: &[Other]) -> Vec<Touched> {
    let mine: BTreeSet<_> = named.files.keys().cloned().collect();
    let keep = |mut each: Touched| {
        let names = Names { path: &each.file.path, from: each.file.from.as_ref(), is_repository: each.is_repository };
        (each.file.by, each.file.others) = attribute(&names, &mine, others)?;
        Some(each)
    };
    touched.into_iter().filter_map(keep).collect()
}

/// Returns the files that are listed, in the order of their paths, and how many more there are; those that tool calls named go first.
fn listed(mut files: Vec<Touched>, patience: Duration, gaps: &mut Vec<Gap>) -> (Vec<TouchedFile>, u64) {
    files.sort_by(|one, other| (one.file.by, &one.file.path).cmp(&(other.file.by, &other.file.path)));
    let more = files.len().saturating_sub(MOST_LISTED);
    files.truncate(MOST_LISTED);
    files.sort_by(|one, other| one.file.path.cmp(&other.file.path));
    let (began, mut unread) = (Instant::now(), 0);
    for each in &mut files {
        if began.elapsed() > patience {
            unread += 1;
            continue;
        }
        each.file.blob = blob(&each.place).map(|id| redact::text(&id));
    }
    gaps.extend((unread > 0).then_some(Gap::Blobs(unread)));
    (files.into_iter().map(|each| each.file).collect(), more as u64)
}

fn git_state(place: &Place, seen: &Seen) -> GitState {
    let (git_dir, common) = (place.git_dir.as_deref(), place.common.as_deref());
    let status = seen.status.as_ref();
    let branch = status.map_or_else(|| git_dir.and_then(git::branch), |status| status.branch.clone());
    let commit = status.map_or_else(|| git::head_commit(git_dir?, common?), |status| status.commit.clone());
    let texts = |texts: &[String]| texts.iter().map(|text| redact::text(text)).collect();
    let commits = seen.commits.iter().map(|(commit, _)| Commit {
        id: redact::text(&commit.id),
        subject: redact::text(&commit.subject),
        references: texts(&commit.references),
    });
    GitState {
        branch: branch.map(|branch| redact::text(&branch)),
        commit: commit.map(|commit| redact::text(&commit)),
        amid: git_dir.and_then(git::amid).map(|word| Text::stored(word.to_owned())),
        commits: commits.collect(),
    }
}

/// Reports whether a file is one of the documents that are written about sessions.
fn is_own_document(path: &str) -> bool {
    let number = path.strip_prefix("archive/sessions/SESSION-").and_then(|rest| rest.split_once('-')).map(|(number, _)| number);
    number.is_some_and(|number| number.len() >= 5 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn said(gap: &Gap) -> Text {
    redact::text(&gap.to_string())
}

fn words(path: &Path) -> Text {
    redact::text(&path.to_string_lossy())
}
