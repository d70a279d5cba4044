//! The handoff: what the next session must know of one, generated from the record, claim by claim, each held against the world.
//!
//! Made when a session ends and when its conversation is compacted, and held against the world again when somebody receives it. An agent
//! that begins a conversation in a project is told of the sessions before it; what it was told is recorded word for word.
//!
//! | file | holds |
//! |---|---|
//! | `record` | everything that is recorded of a session, read once |
//! | `claims` | what it claims; pure |
//! | `check`, `commits` | claims held against the world |
//! | `text` | the words an agent is told: bounded, fenced, marked as data; pure |
//! | `deliver` | which sessions an agent is told of, and when |
//! | `survey` | looking at what ended sessions left behind |
//! | `view` | the public shape |

mod check;
mod claims;
mod commits;
mod deliver;
mod record;
mod survey;
mod text;
mod view;

use std::time::Duration;

use session::{Change, Session};
use store::StoreError;

use crate::{CurrentError, Purpose, Tracker};

pub use claims::{Check, Claim, ClaimKind};
pub(crate) use claims::{claims, short};
pub(crate) use record::Record;
pub use view::{HandoffView, ReceivedView};

/// How long a person waits for git.
const PATIENCE: Duration = Duration::from_secs(5);

impl Tracker {
    /// Returns the handoff of a session: of the one `named`, else of the current one, else of the one that the next session would be told
    /// of. Its claims are held against the world as it is now.
    ///
    /// # Errors
    /// When no session can be determined, or the store cannot answer.
    pub fn handoff(&mut self, named: Option<&str>) -> Result<HandoffView, CurrentError> {
        let mut parts = Vec::new();
        for session in self.sessions_to_hand_over(named)? {
            let mut record = self.record_of(session)?;
            if !record.session.status().is_ended() || record.survey.is_none() {
                record.survey = Some(self.survey(&record.session, PATIENCE)?);
            }
            let mut claims = claims(&record);
            self.check(&record, &mut claims, PATIENCE)?;
            parts.push((record, claims));
        }
        let text = text::told(&parts, self.config.handoff_limit());
        let (record, claims) = parts.into_iter().next().ok_or(CurrentError::None)?;
        let received = self.received_by(&record.session)?;
        Ok(HandoffView::of(&record, claims, text, received, &self.now()))
    }

    /// Looks at what a session left behind, records it, and writes its documents, the handoff among them. Returns their files.
    ///
    /// # Errors
    /// When no session can be determined, or the store cannot take it.
    pub fn write_handoff(&mut self, named: Option<&str>) -> Result<(Session, Vec<std::path::PathBuf>), CurrentError> {
        let session = self.sessions_to_hand_over(named)?.into_iter().next().ok_or(CurrentError::None)?;
        self.look_at(&session, PATIENCE)?;
        let files = self.bring_documents_up(session.key, crate::documents::Wish::Asked);
        Ok((session, files))
    }

    /// Returns what the agents of a session were told of sessions before it, oldest first.
    ///
    /// # Errors
    /// When no session can be determined, or the store cannot answer.
    pub fn received(&self, named: Option<&str>) -> Result<(Session, Vec<ReceivedView>), CurrentError> {
        let session = self.resolve(named, Purpose::Reading)?;
        let received = self.received_by(&session)?;
        Ok((session, received))
    }

    /// Returns the session that is named; else those that the next session is told of, the one that goes on now first.
    fn sessions_to_hand_over(&self, named: Option<&str>) -> Result<Vec<Session>, CurrentError> {
        let current = match self.resolve(named, Purpose::Reading) {
            Ok(session) if named.is_some() => return Ok(vec![session]),
            Ok(session) => Some(session),
            Err(CurrentError::None) => None,
            Err(error) => return Err(error),
        };
        let before = self.before(current.as_ref())?;
        Ok(current.into_iter().chain(before).take(deliver::MOST).collect())
    }

    fn received_by(&self, session: &Session) -> Result<Vec<ReceivedView>, StoreError> {
        let mut received = Vec::new();
        for recorded in self.store.reads().log_of(session.key)? {
            let Change::HandedOver(handed) = recorded.event.change else { continue };
            let mut from = Vec::new();
            for key in &handed.from {
                from.extend(self.store.reads().session(*key)?.map(|session| session.id.to_string()));
            }
            let text = handed.text.as_str().to_owned();
            received.push(ReceivedView {
                agent_session: handed.to.id.as_str().to_owned(),
                from,
                at: recorded.event.at.moment.to_string(),
                text,
            });
        }
        Ok(received)
    }
}
