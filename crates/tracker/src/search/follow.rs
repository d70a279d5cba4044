//! Entries, sessions and prompts, followed in the store's events.

use std::collections::BTreeSet;

use session::{Change, Event, Happened, SessionKey, Subject};
use store::{Document, Lot, Packed, Part, Reads, Search, Seq, StoreError};

use super::document;
use super::places::Places;
use crate::Tracker;

/// How many events are followed in one transaction.
const CHUNK: usize = 4_096;

/// Whose documents entries and prompts are.
const STORE: &str = "store";

/// Where it is noted how far events were followed, and which one was the last.
const SEQ: &str = "seq";
const EVENT: &str = "event";

/// What a part of the log comes to.
#[derive(Default)]
struct Followed {
    documents: Vec<Document>,
    /// Sessions of which something changed.
    sessions: BTreeSet<SessionKey>,
}

impl Tracker {
    /// Takes in what was recorded since somebody did so last.
    pub(super) fn follow_store(&self, search: &mut Search) -> Result<(), StoreError> {
        let mut after = self.followed_up_to(search)?;
        let mut places = Places::new(self)?;
        loop {
            let reads = self.store.reads();
            let part = reads.log_of_words(after, CHUNK)?;
            let Some(end) = part.end else { return Ok(()) };
            let followed = self.followed(&part, &mut places)?;
            let sessions = followed.sessions.iter().map(|key| Ok((*key, of_session(reads, *key)?)));
            let sessions = sessions.collect::<Result<Vec<_>, StoreError>>()?;
            let last = event_at(reads, end)?;
            let is_ours = search.write(|turn| {
                // Somebody else may have been here since this one looked.
                if turn.fact(SEQ)?.unwrap_or_default() != noted(after) {
                    return Ok(false);
                }
                let lot = |owner: String, documents| Lot { owner, packed: Packed::of(documents), is_again: false };
                let mut all = vec![lot(STORE.to_owned(), followed.documents)];
                for (key, documents) in sessions {
                    let owner = format!("session {key}");
                    turn.forget(&owner)?;
                    all.push(lot(owner, documents));
                }
                turn.add(all)?;
                turn.set_fact(EVENT, &last)?;
                turn.set_fact(SEQ, &end.to_string())?;
                Ok(true)
            })?;
            after = if is_ours { end } else { self.followed_up_to(search)? };
        }
    }

    /// Returns the last event that was followed; none where the store is another one than it was.
    fn followed_up_to(&self, search: &mut Search) -> Result<Seq, StoreError> {
        let seq = search.fact(SEQ)?.and_then(|seq| seq.parse::<Seq>().ok()).unwrap_or(0);
        if seq == 0 || search.fact(EVENT)?.unwrap_or_default() == event_at(self.store.reads(), seq)? {
            return Ok(seq);
        }
        search.write(|turn| {
            turn.forget_all_but_files()?;
            turn.set_fact(SEQ, "")
        })?;
        Ok(0)
    }

    fn followed(&self, part: &Part, places: &mut Places) -> Result<Followed, StoreError> {
        let mut followed = Followed::default();
        for recorded in &part.events {
            let event = &recorded.event;
            match event.about {
                Subject::Session(key) => self.follow_session(event, key, &mut followed)?,
                Subject::Conversation(key) => {
                    let Change::Observed(observed) = &event.change else { continue };
                    let Happened::Prompted { text: Some(said), .. } = &observed.what else { continue };
                    let row = self.store.reads().conversation(key)?;
                    followed.documents.push(document::of_prompt(event, observed, said.as_str(), row.as_ref(), places));
                }
                Subject::Project(_) | Subject::Mirror => {}
            }
        }
        Ok(followed)
    }

    fn follow_session(&self, event: &Event, key: SessionKey, followed: &mut Followed) -> Result<(), StoreError> {
        match &event.change {
            Change::EntryAdded(added) => {
                let session = self.store.reads().session(key)?;
                followed.documents.extend(session.map(|session| document::of_entry(event, added, &session)));
            }
            Change::EntryMarked(marked) => {
                let session = self.store.reads().session(key)?;
                let said = marked.text.as_ref().zip(session);
                followed.documents.extend(said.map(|(said, session)| document::of_settling(event, said.as_str(), &session)));
            }
            Change::Opened(_)
            | Change::Described(_)
            | Change::Annotated { .. }
            | Change::Tagged { .. }
            | Change::WorkAdded(_)
            | Change::Numbered { .. } => {
                followed.sessions.insert(key);
            }
            _ => {}
        }
        Ok(())
    }
}

fn of_session(reads: &dyn Reads, key: SessionKey) -> Result<Vec<Document>, StoreError> {
    let Some(session) = reads.session(key)? else { return Ok(Vec::new()) };
    Ok(vec![document::of_session(&session, &reads.work_items(key)?)])
}

fn noted(seq: Seq) -> String {
    if seq == 0 { String::new() } else { seq.to_string() }
}

/// Returns the id of the event at a place; empty where it does not read.
fn event_at(reads: &dyn Reads, seq: Seq) -> Result<String, StoreError> {
    let part = reads.log(seq - 1, 1)?;
    Ok(part.events.first().filter(|recorded| recorded.seq == seq).map(|recorded| recorded.event.id.to_string()).unwrap_or_default())
}
