//! Looking at what sessions left behind, and keeping what was found: a worktree goes on changing, the record does not.

use std::time::Duration;

use session::{Change, Evidence, Session, Survey};
use store::{Durability, StoreError};

use crate::Tracker;
use crate::documents::Wish;

/// How many sessions that ended are looked at by one command.
const AT_ONCE: usize = 4;

/// What ended longer ago is not looked at any more unless somebody asks: the worktree is another one by now.
const LOOKED_BACK_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// How long git may take for each.
const PATIENCE: Duration = Duration::from_secs(2);

impl Tracker {
    /// Looks at what sessions left behind that ended since anybody looked, or whose conversations are being compacted, and writes their
    /// documents.
    pub(crate) fn look_after_ends(&mut self) {
        self.look_after(AT_ONCE, PATIENCE);
    }

    /// The same, within the time of somebody who waits.
    pub(crate) fn look_after(&mut self, at_once: usize, patience: Duration) {
        for conversation in std::mem::take(&mut self.compacting) {
            let row = self.store.reads().conversation(conversation).ok().flatten();
            let session = row.and_then(|row| row.session()).and_then(|key| self.store.reads().session(key).ok().flatten());
            if let Some(session) = session.filter(|session| !session.status().is_ended())
                && self.look_at(&session, patience).is_ok()
            {
                self.bring_documents_up(session.key, Wish::Living);
            }
        }
        let since = self.now().moment.micros().saturating_sub(LOOKED_BACK_MICROS);
        let Ok(ended) = self.store.reads().sessions_to_survey(since, at_once) else { return };
        for session in ended {
            if self.look_at(&session, patience).is_ok() {
                self.bring_documents_up(session.key, Wish::Living);
            }
        }
    }

    /// Looks at what a session left behind, and records what was found.
    pub(crate) fn look_at(&mut self, session: &Session, patience: Duration) -> Result<(), StoreError> {
        let survey = self.survey(session, patience)?;
        let held = self.store.reads().footprint(session.key)?.and_then(|footprint| footprint.survey);
        // Where nothing is new but the time, what was found then is still so.
        if !session.wants_survey() && held.is_some_and(|held| held.value == Survey { at: held.value.at, ..survey.clone() }) {
            return Ok(());
        }
        self.write(Durability::Normal, Evidence::Inferred, None, |pen| -> Result<(), StoreError> {
            pen.change_session(session.key, Change::Surveyed(Box::new(survey.clone()))).map(drop)
        })
    }
}
