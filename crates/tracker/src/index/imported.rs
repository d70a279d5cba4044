//! Sessions that came out of a mirror's files without their conversations: one that is found again in transcripts belongs to them, and is no other one.
//!
//! A store may be made anew beside a mirror that was left. Its files say which agent sessions were in a session; those of older builds do not, and
//! there the session is known by when it began: one that was found in a transcript began with its first record, to the millisecond.

use std::collections::HashMap;

use session::{ConversationKey, ProjectKey, Session, SessionKey};
use store::{Reads, StoreError, Wanted};
use uuid::Uuid;

use crate::mirror::agent_sessions_in;

const SECOND_MICROS: i64 = 1_000_000;

/// Sessions that were taken in from files, by what they can be known by.
#[derive(Debug, Default)]
pub(super) struct Imported {
    by_conversation: HashMap<ConversationKey, SessionKey>,
    by_start: HashMap<i64, Vec<(SessionKey, String)>>,
}

impl Imported {
    /// Asks for all of them: none has a project, because no file tells of one.
    pub(super) fn all(reads: &dyn Reads) -> Result<Self, StoreError> {
        let of_none = Wanted { project: Some(ProjectKey::new(Uuid::nil())), with_empty: true, ..Wanted::default() };
        let mut sessions = reads.sessions(&of_none, None)?;
        // Where two files name the same one, it moved on from the older to the newer.
        sessions.sort_by_key(|session| (session.started.moment.micros(), session.id.clone()));
        let mut all = Self::default();
        sessions.iter().for_each(|session| all.note(session));
        Ok(all)
    }

    fn note(&mut self, session: &Session) {
        let Some(original) = session.original.as_ref().and_then(|text| serde_json::from_str(text.as_str()).ok()) else { return };
        let named = agent_sessions_in(&original);
        if named.is_empty() {
            let description = session.description.as_ref().map(|held| held.text.as_str().to_owned()).unwrap_or_default();
            self.by_start.entry(session.started.moment.micros()).or_default().push((session.key, description));
        }
        self.by_conversation.extend(named.iter().map(|(agent, id)| (ConversationKey::of(agent, id), session.key)));
    }

    /// Returns the session of a conversation that began then and would be described so. One that has a conversation has not lost it.
    pub(super) fn of(
        &self,
        conversation: ConversationKey,
        began: i64,
        description: &str,
        reads: &dyn Reads,
    ) -> Result<Option<SessionKey>, StoreError> {
        if let Some(session) = self.by_conversation.get(&conversation) {
            return Ok(Some(*session));
        }
        let Some(begun_then) = self.by_start.get(&began) else { return Ok(None) };
        let mut free = Vec::new();
        for (session, held) in begun_then {
            if reads.conversations_of(*session)?.is_empty() {
                free.push((*session, held));
            }
        }
        let described = free.iter().find(|(_, held)| *held == description);
        // Whole seconds are what many a script writes: that much may be chance.
        let is_telling = began % SECOND_MICROS != 0;
        Ok(described.or_else(|| free.first().filter(|_| is_telling)).map(|(session, _)| *session))
    }
}
