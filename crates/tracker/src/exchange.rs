//! Sessions as one file that can be imported elsewhere: their events, beside their shape for whoever reads it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use session::{Change, Event, EventId, Evidence, ProjectKey, Session, SessionId, SessionKey, Subject};
use store::{Appended, Durability, StoreError};

use crate::lifecycle::LAST_NUMBER;
use crate::naming::derive_uuid;
use crate::tracker::Pen;
use crate::{CurrentError, Listing, ProjectError, Purpose, Tracker};

const FORMAT: &str = "rutter-export";
const VERSION: u32 = 1;

/// Why sessions were not exported or imported.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The text is no export of ours.
    #[error("this is not an export of rutter: {reason}")]
    NotOurs {
        /// Why.
        reason: String,
    },
    /// A newer build made it.
    #[error("the export has version {found}; this build reads up to {VERSION}")]
    TooNew {
        /// Its version.
        found: u32,
    },
    /// No session could be told.
    #[error(transparent)]
    Current(#[from] CurrentError),
    /// The project could not be determined.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Sessions that are new here.
    pub new: Vec<SessionId>,
    /// Sessions that were here; what was missing of them was added.
    pub known: Vec<SessionId>,
    /// Sessions whose id another session has here; nothing of them was imported.
    pub refused: Vec<SessionId>,
    /// Events that are new here.
    pub events: usize,
}

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    version: u32,
    projects: Vec<Event>,
    sessions: Vec<Exported>,
}

#[derive(Serialize, Deserialize)]
struct Exported {
    session: Value,
    events: Vec<Event>,
}

impl Tracker {
    /// Returns the named sessions as one JSON value, or all that are asked for where none is named.
    ///
    /// # Errors
    /// When a session cannot be determined or the store cannot answer.
    pub fn export(&self, named: &[String], listing: &Listing) -> Result<Value, ExchangeError> {
        let sessions: Vec<Session> = if named.is_empty() {
            self.list(listing)?
        } else {
            named.iter().map(|name| self.resolve(Some(name), Purpose::Reading)).collect::<Result<_, _>>()?
        };
        let mut exported = Vec::new();
        for session in &sessions {
            let events = self.store.reads().log_of(session.key)?.into_iter().map(|recorded| recorded.event).collect();
            exported.push(Exported { session: json!(self.view(session)?), events });
        }
        let file = File { format: FORMAT.to_owned(), version: VERSION, projects: self.project_events(&sessions)?, sessions: exported };
        Ok(json!(file))
    }

    fn project_events(&self, sessions: &[Session]) -> Result<Vec<Event>, StoreError> {
        let wanted: std::collections::BTreeSet<ProjectKey> = sessions.iter().filter_map(|session| session.project).collect();
        let (mut found, mut after) = (Vec::new(), 0);
        loop {
            let part = self.store.reads().log_of_people(after, 4_096)?;
            let Some(end) = part.end else { return Ok(found) };
            after = end;
            let is_wanted = |event: &Event| matches!(event.about, Subject::Project(key) if wanted.contains(&key));
            found.extend(part.events.into_iter().map(|recorded| recorded.event).filter(is_wanted));
        }
    }

    /// Takes the sessions of an export in. Everything keeps its key, so importing twice changes nothing.
    ///
    /// # Errors
    /// When the text is no export, or the store cannot take it; nothing is imported then.
    pub fn import(&mut self, text: &str) -> Result<Imported, ExchangeError> {
        let file = read(text)?;
        let imported = self.write(Durability::Full, Evidence::Import, None, |pen| -> Result<Imported, ExchangeError> {
            let mut imported = Imported::default();
            let mut homes = Vec::new();
            for event in &file.projects {
                homes.extend(import_project(pen, event)?);
            }
            for exported in &file.sessions {
                import_session(pen, &homes, &exported.events, &mut imported)?;
            }
            Ok(imported)
        })?;
        self.bring_mirror_up();
        Ok(imported)
    }
}

/// Reads an export. Its strings are foreign: they pass redaction before anything else.
fn read(text: &str) -> Result<File, ExchangeError> {
    let not_ours = |reason: String| ExchangeError::NotOurs { reason };
    let value: Value = serde_json::from_str(text).map_err(|error| not_ours(error.to_string()))?;
    if value.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(not_ours(format!("it has no `\"format\": \"{FORMAT}\"`")));
    }
    let found = value.get("version").and_then(Value::as_u64).unwrap_or(0);
    if found > u64::from(VERSION) {
        return Err(ExchangeError::TooNew { found: u32::try_from(found).unwrap_or(u32::MAX) });
    }
    let file: File = serde_json::from_str(redact::json(value).as_str()).map_err(|error| not_ours(error.to_string()))?;
    // A revision that nothing can follow would freeze its session.
    let is_absurd = |event: &Event| event.revision.0 > 1 << 40;
    if file.sessions.iter().flat_map(|exported| &exported.events).any(is_absurd) {
        return Err(not_ours("a revision is out of range".to_owned()));
    }
    let is_no_number =
        |event: &Event| number_said(event).and_then(|(_, number)| number).is_some_and(|number| !(1..=LAST_NUMBER).contains(&number));
    if file.sessions.iter().flat_map(|exported| &exported.events).any(is_no_number) {
        return Err(not_ours("a number is out of range".to_owned()));
    }
    Ok(file)
}

/// Which project of ours one of the export's is.
struct Home {
    theirs: ProjectKey,
    ours: ProjectKey,
}

/// Takes a project's event in, unless it is a project that is known here under another key.
fn import_project(pen: &mut Pen<'_>, event: &Event) -> Result<Option<Home>, StoreError> {
    let Subject::Project(theirs) = event.about else { return Ok(None) };
    let Change::ProjectFound(found) = &event.change else { return Ok(None) };
    if pen.turn.reads()?.project(theirs)?.is_some() {
        return Ok(None);
    }
    let is_same = |project: &session::Project| {
        project.place.value == found.place
            || (found.root_commit.is_some() && project.root_commit == found.root_commit && project.remote == found.remote)
    };
    if let Some(project) = pen.turn.reads()?.projects()?.into_iter().find(is_same) {
        return Ok(Some(Home { theirs, ours: project.key }));
    }
    pen.turn.append(&Event { evidence: Evidence::Import, ..event.clone() })?;
    Ok(None)
}

fn import_session(pen: &mut Pen<'_>, homes: &[Home], events: &[Event], imported: &mut Imported) -> Result<(), StoreError> {
    let opening = events.iter().find_map(|event| match (&event.about, &event.change) {
        (Subject::Session(key), Change::Opened(opened)) => Some((*key, opened)),
        _ => None,
    });
    let Some((key, opened)) = opening else { return Ok(()) };
    let held = pen.turn.reads()?.session(key)?;
    if is_taken(pen, key, events)? {
        imported.refused.push(opened.id.clone());
        return Ok(());
    }
    let list = if held.is_some() { &mut imported.known } else { &mut imported.new };
    list.push(opened.id.clone());
    // Lines are of the log they were found in. Numbers are given by the store that a session is in: those of the other one only
    // say what is wished for.
    let wished = events.iter().filter_map(number_said).max().and_then(|(_, number)| number);
    let is_ours = |event: &&Event| {
        event.about == Subject::Session(key) && !matches!(event.change, Change::Numbered { .. } | Change::LineFound { .. })
    };
    for event in events.iter().filter(is_ours) {
        let fitted = fit(event, homes);
        if matches!(pen.turn.append(&fitted)?, Appended::New(..)) {
            imported.events += 1;
        }
    }
    match held {
        None => give_number(pen, key, wished),
        Some(_) => Ok(()),
    }
}

/// Returns the number that an event gives, and when.
fn number_said(event: &Event) -> Option<(session::Stamp, Option<u32>)> {
    match &event.change {
        Change::Opened(opened) => Some((event.stamp(), opened.number)),
        Change::Numbered { number } => Some((event.stamp(), Some(*number))),
        _ => None,
    }
}

/// Reports whether an id of the session or of its work items belongs to something else here.
fn is_taken(pen: &mut Pen<'_>, key: SessionKey, events: &[Event]) -> Result<bool, StoreError> {
    let reads = pen.turn.reads()?;
    for event in events {
        let taken = match &event.change {
            Change::Opened(opened) => reads.session_by_id(&opened.id)?.is_some_and(|held| held.key != key),
            Change::WorkAdded(added) => reads.work_item_by_id(&added.id)?.is_some_and(|held| held.key != added.key),
            _ => false,
        };
        if taken {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An opening leaves its number to this store and goes to our own project.
fn fit(event: &Event, homes: &[Home]) -> Event {
    let mut event = Event { evidence: Evidence::Import, ..event.clone() };
    if let Change::Opened(opened) = &mut event.change {
        opened.number = None;
        let home = homes.iter().find(|home| Some(home.theirs) == opened.project);
        opened.project = home.map(|home| home.ours).or(opened.project);
    }
    event
}

/// Gives an imported session its own number if it is free here, else the next one.
fn give_number(pen: &mut Pen<'_>, key: SessionKey, wanted: Option<u32>) -> Result<(), StoreError> {
    let Some(session) = pen.turn.reads()?.session(key)? else { return Ok(()) };
    let (Some(project), Some(wanted)) = (session.project, wanted) else { return Ok(()) };
    let reads = pen.turn.reads()?;
    let number = match reads.session_by_number(project, wanted)? {
        None => wanted,
        Some(_) => reads.last_number(project)?.saturating_add(1),
    };
    let id = EventId::new(derive_uuid(&format!("{key} numbered {number}"), pen.now.moment));
    pen.record_as(id, Subject::Session(key), session.revision.next(), Change::Numbered { number }).map(drop)
}
