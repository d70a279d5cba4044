//! Turning what other scripts wrote into events. Event ids follow from what is said, so taking in twice changes nothing.

use std::collections::HashMap;

use jiff::civil::DateTime;
use session::{
    Change, Described, Ended, EventId, Evidence, Moment, Opened, Opener, Rank, Reading, Revision, SessionKey, Subject, WorkAdded, WorkKey,
    WorkMarked,
};
use store::{Durability, StoreError};

use super::foreign::WorkInFile;
use super::{Layout, MirrorError, SessionFile, marker};
use crate::Tracker;
use crate::lifecycle::read_metadata;
use crate::naming::derive_uuid;
use crate::tracker::Pen;

impl Tracker {
    /// Takes in every session file that the store does not know, oldest first, and returns how many.
    pub(crate) fn take_in_sessions(&mut self, layout: &Layout) -> Result<usize, MirrorError> {
        let listed = std::fs::read_dir(&layout.sessions).map_err(MirrorError::at(&layout.sessions))?;
        let mut files = Vec::new();
        for path in listed.filter_map(Result::ok).map(|entry| entry.path()) {
            let id = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".json")?.parse().ok());
            if let Some(id) = id
                && self.store.reads().session_by_id(&id)?.is_none()
            {
                files.extend(SessionFile::read(&path));
            }
        }
        files.sort_by(|left, right| (left.started, &left.id).cmp(&(right.started, &right.id)));
        let current = marker::named(layout);
        if !files.is_empty() {
            self.write_found(|zone, pen| {
                files.iter().try_for_each(|file| take_in_session(pen, zone, file))?;
                let marked = files.iter().find(|file| Some(&file.id) == current.as_ref() && !file.status.is_ended());
                marked.map_or(Ok(()), |file| make_current(pen, &file.id))
            })?;
        }
        Ok(files.len())
    }

    /// Takes in what another script added to the file of a session that we know; returns whether there was anything.
    pub(crate) fn take_in_additions(&mut self, key: SessionKey, file: &SessionFile) -> Result<bool, MirrorError> {
        let known = self.store.reads().work_items(key)?;
        let known: HashMap<_, _> = known.iter().map(|item| (&item.id, item)).collect();
        let added: Vec<_> = file.work_items.iter().filter(|item| !known.contains_key(&item.id)).collect();
        // An item whose status nobody changed here, but somebody did there.
        let untouched = |item: &WorkInFile| known.get(&item.id).filter(|held| held.status.stamp == held.added_by).map(|held| held.key);
        let ended = file.work_items.iter().filter(|item| !item.status.is_in_progress());
        let marked: Vec<_> = ended.filter_map(|item| Some((untouched(item)?, item))).collect();
        let said = self.said_in_file(key, file)?;
        if added.is_empty() && marked.is_empty() && said.is_empty() {
            return Ok(false);
        }
        self.write_found(|zone, pen| {
            said.iter().try_for_each(|change| {
                pen.at = if matches!(change, Change::Ended(_)) { reading(zone, file.ended.unwrap_or(file.started)) } else { pen.now };
                pen.change_session(key, change.clone()).map(drop)
            })?;
            added.iter().try_for_each(|item| take_in_work(pen, zone, key, item))?;
            marked.iter().try_for_each(|(work, item)| take_in_mark(pen, zone, key, *work, item))
        })?;
        Ok(true)
    }

    /// Returns what the file says of the session and we never did: how it ended, what it is about.
    fn said_in_file(&self, key: SessionKey, file: &SessionFile) -> Result<Vec<Change>, MirrorError> {
        let Some(session) = self.store.reads().session(key)? else { return Ok(Vec::new()) };
        let described = file.description.as_deref().map(redact::text);
        let held = session.description.as_ref().map(|description| &description.text);
        let is_described_otherwise = described.is_some() && described.as_ref() != held;
        let is_ended_there = file.status.is_ended() && !session.status().is_ended();
        if !is_described_otherwise && !is_ended_there {
            return Ok(Vec::new());
        }
        // The file may only be older than the store: what we said once ourselves is no news.
        let log = self.store.reads().log_of(key)?;
        let ended_by_us = |event: &session::Event| matches!(event.change, Change::Ended(_)) && Some(event.at.moment.local()) == file.ended;
        let text_of = |event: &session::Event| match &event.change {
            Change::Opened(opened) => opened.description.as_ref().map(|described| described.text.clone()),
            Change::Described(described) => Some(described.text.clone()),
            _ => None,
        };
        let mut said = Vec::new();
        if is_ended_there && !log.iter().any(|recorded| ended_by_us(&recorded.event)) {
            said.push(Change::Ended(Ended { status: file.status, reason: None }));
        }
        if let Some(text) =
            described.filter(|text| is_described_otherwise && !log.iter().any(|recorded| text_of(&recorded.event).as_ref() == Some(text)))
        {
            said.push(Change::Described(Described { text, rank: Rank::Person }));
        }
        Ok(said)
    }

    /// Takes in lines that others wrote into the log.
    pub(crate) fn take_in_lines(&mut self, lines: &[String]) -> Result<(), MirrorError> {
        let mut sessions = Vec::new();
        for line in lines {
            let id = line.split(" | ").nth(1).and_then(|id| id.parse().ok());
            let known = id.map(|id| self.store.reads().session_by_id(&id)).transpose()?.flatten();
            sessions.push(known.map_or(Subject::Mirror, |session| Subject::Session(session.key)));
        }
        self.write_found(|_, pen| {
            lines.iter().zip(&sessions).try_for_each(|(line, about)| {
                let change = Change::LineFound { line: redact::text(line) };
                pen.record(*about, Revision(0), change).map(drop)
            })
        })
    }

    fn write_found(
        &mut self,
        mut work: impl FnMut(&jiff::tz::TimeZone, &mut Pen<'_>) -> Result<(), StoreError>,
    ) -> Result<(), MirrorError> {
        let zone = self.clock.zone();
        Ok(self.write(Durability::Full, Evidence::Mirror, None, |pen| work(&zone, pen))?)
    }
}

fn take_in_session(pen: &mut Pen<'_>, zone: &jiff::tz::TimeZone, file: &SessionFile) -> Result<(), StoreError> {
    pen.at = reading(zone, file.started);
    let key = SessionKey::new(derive_uuid(file.id.as_str(), pen.at.moment));
    let said = |what: &str| format!("{} {what}", file.id);
    let opened = Opened {
        id: file.id.clone(),
        number: None,
        project: None,
        worktree: None,
        opener: Opener::Person,
        owner: pen.author.owner.clone(),
        agent: None,
        parent: None,
        description: file.description.as_deref().map(|text| Described { text: redact::text(text), rank: Rank::Person }),
        tags: Vec::new(),
        metadata: read_metadata(&file.metadata),
        original: Some(redact::json(file.whole.clone().into())),
    };
    say(pen, &said("opened"), key, Change::Opened(Box::new(opened)))?;
    for item in &file.work_items {
        take_in_work(pen, zone, key, item)?;
    }
    if file.status.is_ended() {
        pen.at = reading(zone, file.ended.unwrap_or(file.started));
        say(pen, &said("ended"), key, Change::Ended(Ended { status: file.status, reason: None }))?;
    }
    Ok(())
}

/// Goes by the marker of those who wrote the files: it names the session they were in.
fn make_current(pen: &mut Pen<'_>, id: &session::SessionId) -> Result<(), StoreError> {
    let Some(session) = pen.turn.reads()?.session_by_id(id)? else { return Ok(()) };
    pen.at = pen.now;
    let event = EventId::new(derive_uuid(&format!("{id} made current"), session.started.moment));
    pen.record_as(event, Subject::Session(session.key), session.revision.next(), Change::MadeCurrent).map(drop)
}

fn take_in_work(pen: &mut Pen<'_>, zone: &jiff::tz::TimeZone, session: SessionKey, item: &WorkInFile) -> Result<(), StoreError> {
    if pen.turn.reads()?.work_item_by_id(&item.id)?.is_some() {
        return Ok(());
    }
    pen.at = reading(zone, item.started);
    let key = WorkKey::new(derive_uuid(item.id.as_str(), pen.at.moment));
    let added = WorkAdded {
        key,
        id: item.id.clone(),
        prefix: item.prefix.clone(),
        description: redact::text(&item.description),
        metadata: read_metadata(&item.metadata),
    };
    say(pen, &format!("{} added", item.id), session, Change::WorkAdded(Box::new(added)))?;
    if item.status.is_in_progress() { Ok(()) } else { take_in_mark(pen, zone, session, key, item) }
}

fn take_in_mark(
    pen: &mut Pen<'_>,
    zone: &jiff::tz::TimeZone,
    session: SessionKey,
    key: WorkKey,
    item: &WorkInFile,
) -> Result<(), StoreError> {
    pen.at = reading(zone, item.completed.unwrap_or(item.started));
    let marked = WorkMarked { key, status: item.status.clone() };
    say(pen, &format!("{} {}", item.id, item.status), session, Change::WorkMarked(marked))
}

/// Records a change of a session under an id that follows from what is said.
fn say(pen: &mut Pen<'_>, what: &str, key: SessionKey, change: Change) -> Result<(), StoreError> {
    let revision = pen.turn.reads()?.session(key)?.map_or(Revision(0), |session| session.revision);
    let id = EventId::new(derive_uuid(what, pen.at.moment));
    pen.record_as(id, Subject::Session(key), revision.next(), change).map(drop)
}

/// The files have local times without an offset; the zone of this machine gives it back.
fn reading(zone: &jiff::tz::TimeZone, local: DateTime) -> Reading {
    let at = zone.to_ambiguous_timestamp(local).compatible().unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Reading { moment: Moment::new(at, zone.to_offset(at)), boot: None }
}
