//! Single events, for tests of the store.

use session::{
    Author, Change, EntryAdded, EntryKey, Event, EventId, Evidence, Metadata, Opened, Opener, Prefix, ProjectKey, Revision, SessionKey,
    Subject, Text, WorkAdded, WorkKey, Written,
};
use uuid::Uuid;

use crate::reading_at;

/// Returns an event about the session with a number as its key.
pub fn session_event(id: u128, session: u128, revision: u64, change: Change) -> Event {
    let at = reading_at("2026-02-16T16:30:03.123456Z");
    Event {
        id: EventId::new(Uuid::from_u128(id)),
        about: Subject::Session(SessionKey::new(Uuid::from_u128(session))),
        at,
        recorded_at: at.moment,
        by: Author { owner: Text::redacted("ada") },
        evidence: Evidence::Said,
        revision: Revision(revision),
        change,
        payload: None,
    }
}

/// Returns the opening of a session with a number as its key.
pub fn opened(session: u128) -> Event {
    opened_with(session, |_| {})
}

/// Returns the opening of a session, changed as the test wants it.
pub fn opened_with(session: u128, change: impl FnOnce(&mut Opened)) -> Event {
    let mut opened = Opened {
        id: format!("SESSION-20260216-173003-{session:04}").parse().unwrap(),
        number: u32::try_from(session).ok(),
        project: Some(ProjectKey::new(Uuid::from_u128(1))),
        worktree: None,
        opener: Opener::Person,
        owner: Text::redacted("ada"),
        agent: None,
        parent: None,
        description: None,
        tags: Vec::new(),
        metadata: Metadata::default(),
        original: None,
    };
    change(&mut opened);
    session_event(10_000 + session, session, 1, Change::Opened(Box::new(opened)))
}

/// Returns the change that adds an entry with a number as its key.
pub fn entry_added(entry: u128, what: Written) -> Change {
    Change::EntryAdded(Box::new(EntryAdded {
        key: EntryKey::new(Uuid::from_u128(entry)),
        id: format!("{}-20260216-173003-{entry:04}", what.kind().as_str().to_uppercase()).parse().unwrap(),
        text: Text::redacted("written"),
        what,
        replaces: None,
    }))
}

/// Returns the change that adds a work item with a number as its key.
pub fn work_added(work: u128) -> Change {
    Change::WorkAdded(Box::new(WorkAdded {
        key: WorkKey::new(Uuid::from_u128(work)),
        id: format!("IMPL-20260216-173003-{work:04}").parse().unwrap(),
        prefix: "IMPL".parse::<Prefix>().unwrap(),
        description: Text::redacted("work"),
        metadata: Metadata::default(),
    }))
}
