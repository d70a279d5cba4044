//! Entries: what people and agents write down in a session, and what becomes of it.
//!
//! Nothing is overwritten: a better entry is a new one that replaces the old one, and what settles a blocker or an open point is said
//! beside it, also from a later session.

use session::{
    Category, Change, Entry, EntryAdded, EntryId, EntryKey, EntryKind, EntryMarked, EntryStanding, Evidence, Prefix, Reading, Session,
    TestResult, Written,
};
use store::{Durability, StoreError};

use crate::documents::Wish;
use crate::naming::{draw_entry_id, draw_uuid};
use crate::{CurrentError, EntryView, NamingError, Note, Purpose, Tracker};

/// How many entries are listed where a name fits several.
const LISTED: usize = 6;

/// What is to be written down.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// What it says.
    pub text: String,
    /// What kind of entry it is.
    pub what: NewWritten,
    /// The entry that it replaces, by its id or the beginning of it.
    pub replaces: Option<String>,
    /// When it happened, if not now.
    pub at: Option<Reading>,
}

/// What an entry says beyond its text.
#[derive(Clone, Debug)]
pub enum NewWritten {
    /// Something happened.
    Log {
        /// What sort of work it was.
        category: Option<Category>,
    },
    /// Something was decided.
    Decision {
        /// Why.
        rationale: String,
        /// What was decided against.
        alternatives: Vec<String>,
    },
    /// Something was tested.
    Test(NewTest),
    /// Something is in the way.
    Blocker,
    /// Something is left for whoever comes next.
    Todo,
}

/// What came of a test run.
#[derive(Clone, Debug, Default)]
pub struct NewTest {
    /// Tests that passed.
    pub passed: u32,
    /// Tests that failed.
    pub failed: u32,
    /// Tests that were not run.
    pub skipped: u32,
    /// The names of those that failed.
    pub failures: Vec<String>,
    /// The command that ran them.
    pub command: Option<String>,
    /// The runner whose output was read; none where somebody said the numbers.
    pub runner: Option<&'static str>,
}

/// Why nothing was written down.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// It says nothing.
    #[error("there is nothing to write down")]
    NoText,
    /// A decision without a reason.
    #[error("a decision needs its reason")]
    NoReason,
    /// There is no such entry.
    #[error("no entry `{name}`")]
    NoMatch {
        /// What was typed, shortened.
        name: String,
    },
    /// More than one id begins so.
    #[error("`{name}` fits more than one entry: {}", ids.iter().map(EntryId::as_str).collect::<Vec<_>>().join(", "))]
    Ambiguous {
        /// What was typed.
        name: String,
        /// Some that fit.
        ids: Vec<EntryId>,
    },
    /// It is of a kind that is neither open nor settled, or not of the kind that was meant.
    #[error("{id} is no {}", wanted.as_str())]
    OtherKind {
        /// The entry.
        id: EntryId,
        /// What it should have been.
        wanted: EntryKind,
    },
    /// It belongs to another session.
    #[error("{id} is of another session")]
    OfAnother {
        /// The entry.
        id: EntryId,
    },
    /// No id could be drawn.
    #[error(transparent)]
    Naming(#[from] NamingError),
    /// No session could be told.
    #[error(transparent)]
    Current(#[from] CurrentError),
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which entries are wanted; an empty list means "any".
#[derive(Clone, Debug, Default)]
pub struct WantedEntries {
    /// Those of one of these kinds.
    pub kinds: Vec<EntryKind>,
    /// Only blockers and open points that still stand.
    pub open: bool,
}

impl Tracker {
    /// Writes something down in a session.
    ///
    /// # Errors
    /// When it says nothing, no session can be determined, or the store cannot take it; nothing is recorded then.
    pub fn write_down(&mut self, named: Option<&str>, new: &NewEntry) -> Result<Entry, EntryError> {
        let (text, what) = (redact::text(required(&new.text, EntryError::NoText)?), written(&new.what)?);
        let session = self.resolve(named, Purpose::Writing)?;
        let replaces = new.replaces.as_deref().map(|name| self.entry_to_replace(name, &session, what.kind())).transpose()?;
        self.note_if_ended(&session);
        self.note_what_is_missing(new);
        let prefix: Prefix = what.kind().as_str().to_ascii_uppercase().parse().expect("a kind is a word of letters");
        let entry = self.write(Durability::Full, Evidence::Said, new.at, |pen| -> Result<Entry, EntryError> {
            let id = draw_entry_id(pen.turn.reads()?, pen.dice, &prefix, pen.at.moment)?;
            let key = EntryKey::new(draw_uuid(pen.dice, pen.now.moment));
            let added = EntryAdded { key, id, text: text.clone(), what: what.clone(), replaces: replaces.as_ref().map(|held| held.key) };
            pen.wake(session.key)?;
            pen.change_session(session.key, Change::EntryAdded(Box::new(added)))?;
            // What was settled in other words stays settled.
            if let Some(EntryStanding { is_open: false, text, session: by, .. }) = replaces.as_ref().map(|held| held.standing.value.clone())
            {
                let marked = EntryMarked { key, is_open: false, text, session: by };
                pen.change_session(session.key, Change::EntryMarked(marked))?;
            }
            pen.turn.reads()?.entry(key)?.ok_or_else(|| EntryError::NoMatch { name: key.to_string() })
        })?;
        self.bring_mirror_up();
        self.bring_documents_up(session.key, Wish::Living);
        Ok(entry)
    }

    /// Settles a blocker or an open point (`is_open` false), or takes it up again, saying why. Where it stands so already, nothing is
    /// recorded. The session that it is of stays as it is: a later one may settle what it left.
    ///
    /// # Errors
    /// When there is no such entry, it is of another kind, or the store cannot take it.
    pub fn settle(
        &mut self,
        named: Option<&str>,
        kind: EntryKind,
        entry: &str,
        is_open: bool,
        text: Option<&str>,
        at: Option<Reading>,
    ) -> Result<Entry, EntryError> {
        let held = self.last_replacement(self.entry_named(entry)?)?;
        if held.kind() != kind {
            return Err(EntryError::OtherKind { id: held.id, wanted: kind });
        }
        if held.standing.value.is_open == is_open {
            let what = if is_open { "open" } else { "settled" };
            self.note(Note::AlreadySo { id: held.id.to_string(), what: what.to_owned() });
            return Ok(held);
        }
        // Who settles it may be in no session at all.
        let session = match named {
            Some(name) => Some(self.resolve(Some(name), Purpose::Writing)?.key),
            None => self.resolve(None, Purpose::Writing).ok().map(|session| session.key),
        };
        let text = text.map(str::trim).filter(|text| !text.is_empty()).map(redact::text);
        let marked = EntryMarked { key: held.key, is_open, text, session };
        let entry = self.write(Durability::Full, Evidence::Said, at, |pen| -> Result<Entry, EntryError> {
            pen.change_session(held.session, Change::EntryMarked(marked.clone()))?;
            pen.turn.reads()?.entry(held.key)?.ok_or_else(|| EntryError::NoMatch { name: held.id.to_string() })
        })?;
        self.bring_mirror_up();
        self.bring_documents_up(held.session, Wish::Living);
        Ok(entry)
    }

    /// Returns a session and its entries in the order in which they were written.
    ///
    /// # Errors
    /// When no session can be determined.
    pub fn entries(&self, named: Option<&str>, wanted: &WantedEntries) -> Result<(Session, Vec<EntryView>), EntryError> {
        let session = self.resolve(named, Purpose::Reading)?;
        let views = self.entries_of(&session, wanted)?;
        Ok((session, views))
    }

    /// Returns the entries of a session in the order in which they were written.
    pub(crate) fn entries_of(&self, session: &Session, wanted: &WantedEntries) -> Result<Vec<EntryView>, StoreError> {
        let all = self.store.reads().entries(session.key)?;
        let is_wanted = |entry: &&Entry| {
            let is_of_kind = wanted.kinds.is_empty() || wanted.kinds.contains(&entry.kind());
            is_of_kind && (!wanted.open || (entry.is_open() && replacement(&all, entry.key).is_none()))
        };
        Ok(all.iter().filter(is_wanted).map(|entry| EntryView::of(entry, session, &all)).collect())
    }

    /// Returns the public shape of an entry.
    ///
    /// # Errors
    /// When its session is gone or the store cannot answer.
    pub fn entry_view(&self, entry: &Entry) -> Result<EntryView, EntryError> {
        let reads = self.store.reads();
        let missing = || StoreError::Missing { key: entry.session.to_string() };
        let session = reads.session(entry.session)?.ok_or_else(missing)?;
        Ok(EntryView::of(entry, &session, &reads.entries(session.key)?))
    }

    /// Returns what stands in the place of an entry now.
    fn last_replacement(&self, entry: Entry) -> Result<Entry, EntryError> {
        let all = self.store.reads().entries(entry.session)?;
        let mut last = &entry;
        for _ in 0..all.len() {
            match replacement(&all, last.key) {
                Some(next) => last = next,
                None => break,
            }
        }
        if last.key != entry.key {
            self.note(Note::TookReplacement { named: entry.id.clone(), taken: last.id.clone() });
        }
        Ok(last.clone())
    }

    fn entry_to_replace(&self, name: &str, session: &Session, kind: EntryKind) -> Result<Entry, EntryError> {
        let held = self.last_replacement(self.entry_named(name)?)?;
        if held.session != session.key {
            return Err(EntryError::OfAnother { id: held.id });
        }
        if held.kind() != kind {
            return Err(EntryError::OtherKind { id: held.id, wanted: kind });
        }
        Ok(held)
    }

    fn entry_named(&self, name: &str) -> Result<Entry, EntryError> {
        let shown: String = name.trim().chars().take(80).collect();
        let prefix = shown.to_ascii_uppercase();
        let is_prefix = prefix.contains('-') && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let found = if is_prefix { self.store.reads().entries_by_prefix(&prefix, LISTED)? } else { Vec::new() };
        let exact = found.iter().position(|entry| entry.id.as_str() == prefix);
        match (exact, found.len()) {
            (Some(at), _) => Ok(found.into_iter().nth(at).expect("it was found there")),
            (None, 0) => Err(EntryError::NoMatch { name: shown }),
            (None, 1) => Ok(found.into_iter().next().expect("there is one")),
            (None, _) => Err(EntryError::Ambiguous { name: shown, ids: found.into_iter().map(|entry| entry.id).collect() }),
        }
    }

    /// Says what would make the entry worth more to whoever reads it later. It is recorded all the same.
    fn note_what_is_missing(&self, new: &NewEntry) {
        if matches!(new.what, NewWritten::Log { category: None }) {
            self.note(Note::NoCategory);
        }
        // The numbers of a test say what there is to say.
        if !matches!(new.what, NewWritten::Test(_)) && is_vague(&new.text) {
            self.note(Note::Vague);
        }
    }
}

/// Returns the entry that replaces another one, the last of several.
pub(crate) fn replacement(all: &[Entry], key: EntryKey) -> Option<&Entry> {
    all.iter().rfind(|entry| entry.replaces == Some(key))
}

pub(crate) fn required(text: &str, missing: EntryError) -> Result<&str, EntryError> {
    let text = text.trim();
    if text.is_empty() { Err(missing) } else { Ok(text) }
}

pub(crate) fn written(new: &NewWritten) -> Result<Written, EntryError> {
    let texts = |texts: &[String]| texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).map(redact::text).collect();
    Ok(match new {
        NewWritten::Log { category } => Written::Log { category: *category },
        NewWritten::Decision { rationale, alternatives } => {
            Written::Decision { rationale: redact::text(required(rationale, EntryError::NoReason)?), alternatives: texts(alternatives) }
        }
        NewWritten::Test(test) => Written::Test(TestResult {
            passed: test.passed,
            // Who is named has failed.
            failed: test.failed.max(u32::try_from(test.failures.len()).unwrap_or(u32::MAX)),
            skipped: test.skipped,
            failures: texts(&test.failures),
            command: test.command.as_deref().map(redact::text),
            runner: test.runner.map(redact::text),
        }),
        NewWritten::Blocker => Written::Blocker,
        NewWritten::Todo => Written::Todo,
    })
}

/// Reports whether a text names nothing that somebody could look for later: "Did some work", "Fixed the bug".
fn is_vague(text: &str) -> bool {
    const EMPTY: &[&str] = &[
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "bit",
        "bug",
        "bugs",
        "change",
        "changed",
        "changes",
        "code",
        "did",
        "do",
        "done",
        "error",
        "errors",
        "few",
        "file",
        "files",
        "fix",
        "fixed",
        "fixes",
        "for",
        "function",
        "in",
        "is",
        "issue",
        "issues",
        "it",
        "made",
        "more",
        "of",
        "on",
        "other",
        "problem",
        "problems",
        "progress",
        "small",
        "some",
        "something",
        "stuff",
        "test",
        "tests",
        "that",
        "the",
        "them",
        "things",
        "this",
        "to",
        "update",
        "updated",
        "updates",
        "various",
        "was",
        "wip",
        "with",
        "work",
        "worked",
        "working",
    ];
    let words = text.split(|each: char| !each.is_alphanumeric()).filter(|word| !word.is_empty());
    words.filter(|word| !EMPTY.contains(&word.to_lowercase().as_str())).count() < 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vague_is_what_nobody_can_look_for() {
        for vague in ["Did some work on the connector", "Fixed the bug", "wip", "Updated some files", "done"] {
            assert!(is_vague(vague), "{vague}");
        }
        for clear in [
            "Implemented Level 3 discovery",
            "Created filesystem connector",
            "Use SHA-256 for hashing",
            "Completed Level 4 change tracking implementation",
            "ログイン画面を 直した",
        ] {
            assert!(!is_vague(clear), "{clear}");
        }
    }
}
