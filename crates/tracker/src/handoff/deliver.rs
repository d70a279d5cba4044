//! Which sessions an agent is told of when it begins a conversation, and when.
//!
//! | how it begins | it is told |
//! |---|---|
//! | `startup` | of the sessions before this one in the project, the newest first; of its own where it has one already |
//! | `compact` | of its own |
//! | `clear` | the name of the one before: somebody asked to begin afresh |
//! | `resume`, `fork` | nothing: it remembers |

use std::time::Duration;

use session::{Change, Conversation, Evidence, HandedOver, Opener, Session, SessionKey, Status};
use store::{Durability, StoreError, Wanted};

use super::claims::{Claim, claims};
use super::record::Record;
use super::text;
use crate::documents::Wish;
use crate::{Fate, Tracker};

/// How many sessions an agent is told of at most.
pub(super) const MOST: usize = 3;

/// Among how many sessions they are looked for.
const LOOKED_AT: usize = 24;

/// How long git may take while an agent waits.
const PATIENCE: Duration = Duration::from_millis(100);

/// What an agent is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// The sessions it is told of.
    pub(crate) from: Vec<SessionKey>,
    /// The words.
    pub(crate) text: String,
}

impl Tracker {
    /// Returns what the agent of a conversation that begins is to be told, and records it.
    pub(crate) fn hand_over(&mut self, row: &Conversation, session: &Session) -> Result<Option<Delivery>, StoreError> {
        let source = row.arrival.as_ref().map_or("startup", |arrival| arrival.value.source.as_str()).to_owned();
        let delivery = match source.as_str() {
            "compact" => self.own(session)?,
            "clear" => self.before(Some(session))?.first().map(|before| Delivery { from: vec![before.key], text: text::named(before) }),
            "startup" if self.is_started_by_another(session)? => None,
            "startup" if self.store.reads().conversations_of(session.key)?.len() > 1 => self.own(session)?,
            "startup" => self.earlier(session)?,
            _ => None,
        };
        if let Some(delivery) = &delivery {
            let text = redact::text(&delivery.text);
            let handed = HandedOver { to: row.agent_session(), from: delivery.from.clone(), text };
            self.write(Durability::Normal, Evidence::Inferred, None, |pen| -> Result<(), StoreError> {
                pen.change_session(session.key, Change::HandedOver(Box::new(handed.clone()))).map(drop)
            })?;
        }
        Ok(delivery)
    }

    /// Tells of the session itself, as it stands now.
    fn own(&mut self, session: &Session) -> Result<Option<Delivery>, StoreError> {
        self.look_at(session, PATIENCE)?;
        self.bring_documents_up(session.key, Wish::Living);
        let record = self.record_of(session.clone())?;
        self.told_of(vec![record])
    }

    /// Tells of the sessions before this one.
    fn earlier(&mut self, session: &Session) -> Result<Option<Delivery>, StoreError> {
        let before: Vec<_> = self.before(Some(session))?.into_iter().take(MOST).collect();
        // What ended just now nobody has looked at yet.
        for ended in before.iter().filter(|before| before.wants_survey()) {
            self.look_at(ended, PATIENCE)?;
            self.bring_documents_up(ended.key, Wish::Living);
        }
        let records = before.into_iter().map(|before| self.record_of(before)).collect::<Result<Vec<_>, _>>()?;
        self.told_of(records)
    }

    fn told_of(&self, records: Vec<Record>) -> Result<Option<Delivery>, StoreError> {
        let mut parts: Vec<(Record, Vec<Claim>)> = Vec::new();
        for record in records {
            let mut claims = claims(&record);
            self.check(&record, &mut claims, PATIENCE)?;
            parts.push((record, claims));
        }
        let from: Vec<_> = parts.iter().map(|(record, _)| record.session.key).collect();
        Ok((!parts.is_empty()).then(|| Delivery { from, text: text::told(&parts, self.config.handoff_limit()) }))
    }

    /// Returns the sessions of this project that are over, the one that ended last first; without those that another agent started for a
    /// part of its own work, and those in which nothing happened.
    pub(crate) fn before(&self, session: Option<&Session>) -> Result<Vec<Session>, StoreError> {
        let project = match session {
            Some(session) => session.project,
            None => self.project_here().ok().flatten().map(|project| project.key),
        };
        let Some(project) = project else { return Ok(Vec::new()) };
        let wanted = Wanted { project: Some(project), ..Wanted::default() };
        let mut found = Vec::new();
        for other in self.store.reads().sessions(&wanted, Some(LOOKED_AT))? {
            let is_other = session.is_none_or(|session| session.key != other.key) && other.project == Some(project);
            if is_other && !other.is_unused() && self.is_over(&other)? && !self.is_started_by_another(&other)? {
                found.push(other);
            }
        }
        found.sort_by_key(|other| std::cmp::Reverse(other.ended().unwrap_or(other.touched.value).moment.micros()));
        Ok(found)
    }

    /// Reports whether nobody works in a session any more: it has ended, or every process that did is gone and nobody has said so yet.
    fn is_over(&self, session: &Session) -> Result<bool, StoreError> {
        if session.status() != Status::Active {
            return Ok(true);
        }
        if session.opener != Opener::Agent {
            return Ok(false);
        }
        let conversations = self.store.reads().conversations_of(session.key)?;
        let mut processes =
            conversations.iter().filter(|row| row.session() == Some(session.key)).flat_map(Conversation::running).peekable();
        Ok(processes.peek().is_some() && processes.all(|process| self.clock.fate(process) == Fate::Gone))
    }

    /// Reports whether another agent started the session from its shell.
    fn is_started_by_another(&self, session: &Session) -> Result<bool, StoreError> {
        if session.parent.value.is_none() {
            return Ok(false);
        }
        let transitions = self.store.reads().transitions_of(session.key)?;
        Ok(transitions.iter().any(|transition| transition.is_reported_by("subagent")))
    }
}
