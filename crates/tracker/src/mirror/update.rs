//! Bringing the mirror up from the position at which it was left.

use std::collections::{BTreeMap, BTreeSet};

use session::{Change, Evidence, Session, SessionKey, Subject};
use store::{Durability, MirrorName, MirrorPosition, Progress, Recorded, StoreError};

use super::log::Line;
use super::record::{in_text, render};
use super::{Layout, MirrorError, SessionFile, log, marker};
use crate::{Note, Tracker};

const CHUNK: usize = 4_096;

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What was recorded until now, unless somebody else has written it by the time it is our turn.
    Recorded,
    /// What changed since the position, here or in the files.
    Changed,
    /// Every session and every line, whatever the position says.
    Everything,
}

impl Tracker {
    /// Brings the mirror up; what hinders it becomes a note, because the store has everything.
    pub(crate) fn bring_mirror_up(&mut self) {
        self.try_mirror(Extent::Recorded);
    }

    /// Makes the mirror if it is missing and takes in what others wrote there.
    pub fn prepare_mirror(&mut self) {
        self.try_mirror(Extent::Changed);
    }

    /// Says that there are session files which nobody took in, where nothing was ever recorded.
    pub(crate) fn note_files_that_wait(&self) -> Result<(), StoreError> {
        let Some(root) = self.config.mirror_root() else { return Ok(()) };
        let mut files = std::fs::read_dir(Layout::at(&root).sessions).into_iter().flatten().filter_map(Result::ok);
        if self.store.reads().last_seq()? == 0 && files.any(|file| file.file_name().to_string_lossy().ends_with(".json")) {
            self.note(Note::FilesWait { root });
        }
        Ok(())
    }

    fn try_mirror(&mut self, extent: Extent) {
        let Some(root) = self.config.mirror_root() else { return };
        let layout = Layout::at(&root);
        if let Err(error) = self.update_mirror(&layout, extent, &mut |_, _| {}) {
            self.note(Note::MirrorBehind { root, reason: error.in_words() });
        }
    }

    /// Writes every file and every missing line again.
    pub(crate) fn rebuild_mirror(&mut self, progress: &mut Progress<'_>) -> Result<(), MirrorError> {
        match self.config.mirror_root() {
            Some(root) => self.update_mirror(&Layout::at(&root), Extent::Everything, progress),
            None => Ok(()),
        }
    }

    fn update_mirror(&mut self, layout: &Layout, extent: Extent, progress: &mut Progress<'_>) -> Result<(), MirrorError> {
        layout.prepare()?;
        let recorded = self.store.reads().last_seq()?;
        let _alone = layout.lock(self.config.patience())?;
        let name = MirrorName { machine: machine::name(), root: layout.root.to_string_lossy().into_owned() };
        let kept = self.store.reads().mirror_position(&name)?;
        // Whoever had the lock before us has often written our events with theirs; what came since is for those who wrote it.
        if extent == Extent::Recorded && kept.is_some_and(|kept| kept.seq >= recorded) {
            return Ok(());
        }
        log::cut_zeros(&layout.log).map_err(MirrorError::at(&layout.log))?;
        // A log that is shorter than it was lost lines: all are written again, in their order.
        let is_cut = kept.is_some_and(|kept| layout.log_length() < kept.log_length);
        let extent = if is_cut { Extent::Everything } else { extent };
        let mut position = kept.filter(|_| extent != Extent::Everything).unwrap_or_default();
        let taken = if position.directory_nanos.is_none() || position.directory_nanos != layout.directory_nanos() {
            self.take_in_sessions(layout)?
        } else {
            0
        };
        let lines = self.write_pending(layout, extent, &mut position, progress)?;
        position.directory_nanos = layout.directory_nanos();
        if taken + lines > 0 {
            self.note(Note::TakenIn { sessions: taken, lines });
        }
        if kept != Some(position) {
            store::write(&mut *self.store, Durability::Normal, |turn| turn.set_mirror_position(&name, &position))?;
        }
        Ok(())
    }

    /// Writes what is behind the position and moves it; returns how many lines of others were taken in.
    fn write_pending(
        &mut self,
        layout: &Layout,
        extent: Extent,
        position: &mut MirrorPosition,
        progress: &mut Progress<'_>,
    ) -> Result<usize, MirrorError> {
        let mut file = log::open(&layout.log).map_err(MirrorError::at(&layout.log))?;
        let length = file.metadata().map_err(MirrorError::at(&layout.log))?.len();
        // Where the log is not as it was left, our own lines must be told from others', so all that are due are needed at once.
        let chunk = if length == position.log_length { CHUNK } else { usize::MAX };
        let mut taken = 0;
        loop {
            let pending = self.store.reads().log_of_people(position.seq, chunk)?;
            let due = self.due(&pending.events, extent)?;
            let tail = log::read_tail(&mut file, position.log_length, &due.lines).map_err(MirrorError::at(&layout.log))?;
            if !tail.foreign.is_empty() {
                taken += tail.foreign.len();
                self.take_in_lines(&tail.foreign)?;
            }
            let added = self.write_sessions(layout, due.sessions, progress)?;
            let missing = due.lines.iter().zip(&tail.written).filter(|(line, written)| !**written && line.is_written_when_missing);
            let missing = missing.map(|(line, _)| line.text.as_str());
            position.log_length = log::append(&mut file, &tail.completion, missing).map_err(MirrorError::at(&layout.log))?;
            position.seq = pending.end.unwrap_or(position.seq);
            if due.moves_marker {
                marker::update(layout, self.store.reads())?;
            }
            // What was taken in just now is in the files already; the next round passes over it.
            if pending.events.len() + pending.unreadable.len() < chunk && tail.foreign.is_empty() && !added {
                return Ok(taken);
            }
        }
    }

    /// Returns what these events make due.
    fn due(&self, pending: &[Recorded], extent: Extent) -> Result<Due, StoreError> {
        let mut due = Due::default();
        let mut ids = BTreeMap::new();
        for Recorded { event, .. } in pending {
            let is_theirs = event.evidence == Evidence::Mirror;
            if let Change::LineFound { line } = &event.change {
                due.lines.push(Line { text: line.as_str().to_owned(), is_written_when_missing: extent == Extent::Everything });
                continue;
            }
            if is_theirs && extent != Extent::Everything {
                continue;
            }
            let Subject::Session(key) = event.about else { continue };
            due.sessions.insert(key);
            due.moves_marker |= matches!(event.change, Change::Opened(_) | Change::Reopened | Change::MadeCurrent | Change::Ended(_));
            if is_theirs {
                continue;
            }
            if let std::collections::btree_map::Entry::Vacant(vacant) = ids.entry(key) {
                vacant.insert(self.store.reads().session(key)?.map(|session| session.id));
            }
            let work = match &event.change {
                Change::WorkMarked(marked) => self.store.reads().work_item(marked.key)?.map(|item| item.id),
                _ => None,
            };
            let text = ids[&key].as_ref().and_then(|id| log::line(event, id, work));
            due.lines.extend(text.map(|text| Line { text, is_written_when_missing: true }));
        }
        Ok(due)
    }

    /// Writes the files of sessions; returns whether others had added something to them.
    fn write_sessions(&mut self, layout: &Layout, keys: BTreeSet<SessionKey>, progress: &mut Progress<'_>) -> Result<bool, MirrorError> {
        let (mut added, all) = (false, keys.len() as u64);
        for (done, key) in (1..).zip(keys) {
            progress(done, all);
            if let Some(session) = self.store.reads().session(key)? {
                added |= self.write_session(layout, &session)?;
            }
        }
        Ok(added)
    }

    fn write_session(&mut self, layout: &Layout, session: &Session) -> Result<bool, MirrorError> {
        let path = layout.session_file(&session.id);
        let there = SessionFile::read_known(&path)?;
        let added = match &there {
            Some(file) => self.take_in_additions(session.key, file)?,
            None => false,
        };
        let session = self.store.reads().session(session.key)?.unwrap_or_else(|| session.clone());
        let items = self.store.reads().work_items(session.key)?;
        let whole = there.map(|file| file.whole);
        let conversations = self.store.reads().conversations_of(session.key)?;
        let file = render(&session, &items, &conversations, whole.clone());
        // Others' files keep their own layout for as long as they say the same.
        if whole.as_ref() != Some(&file) {
            layout.replace(&path, &in_text(&file))?;
        }
        Ok(added)
    }
}

/// What some events make due in the files.
#[derive(Default)]
struct Due {
    sessions: BTreeSet<SessionKey>,
    lines: Vec<Line>,
    moves_marker: bool,
}
