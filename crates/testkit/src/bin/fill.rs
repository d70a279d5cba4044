//! Fills a store: `fill HOME PROJECTS SESSIONS` records that many sessions in fifty projects, the directories `PROJECTS/00` to `49`.
//!
//! For measuring at a size that nobody has yet. Every fifth session is of the first project, a fifth has two work items,
//! a third has tags, nearly all have ended. The last session is recorded by itself, as a command would.

#![expect(clippy::unwrap_used, reason = "a program for tests")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use session::{
    Author, Change, Described, Ended, Event, EventId, Evidence, Moment, Opened, Prefix, ProjectFound, ProjectKey, Rank, Reading, Revision,
    SessionId, SessionKey, Status, Subject, Tag, Text, WorkAdded, WorkId, WorkKey,
};
use store::{Access, Durability, SqliteStore, Store, StoreError};
use testkit::{opened_with, reading_at};
use uuid::Uuid;

const PROJECTS: u64 = 50;
const BATCH: usize = 10_000;
const TAGS: [&str; 5] = ["release-2", "bug", "docs", "spike", "review"];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (home, projects, sessions) = (Path::new(&arguments[1]), PathBuf::from(&arguments[2]), arguments[3].parse::<u64>().unwrap());
    let mut store = SqliteStore::open(home, Access::Write, Duration::from_secs(10)).unwrap();
    let last = sessions - 1;
    let mut events = (0..PROJECTS).map(|number| found(number, &projects)).chain((0..last).flat_map(|number| told(number, &projects)));
    loop {
        let batch: Vec<Event> = events.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        append(&mut store, Durability::Normal, &batch);
    }
    append(&mut store, Durability::Full, &told(last, &projects));
}

fn append(store: &mut dyn Store, durability: Durability, batch: &[Event]) {
    let all = |turn: &mut dyn store::Turn| batch.iter().try_for_each(|event| turn.append(event).map(drop));
    store::write::<(), StoreError>(store, durability, all).unwrap();
}

/// Returns the event that makes a project known, a repository.
fn found(number: u64, projects: &Path) -> Event {
    let found = ProjectFound {
        name: Text::redacted(format!("{number:02}")),
        place: Text::redacted(worktree(number, projects) + "/.git"),
        is_git: true,
        root_commit: Some(Text::redacted(format!("{number:040x}"))),
        remote: Some(Text::redacted(format!("https://host.example/team/{number:02}.git"))),
    };
    let mut event = event(0, 0, Subject::Project(project(number)), 1, Change::ProjectFound(found));
    event.id = EventId::new(key(began(0), Kind::Project, number));
    event
}

/// Returns everything that happened in a session.
fn told(number: u64, projects: &Path) -> Vec<Event> {
    let about = Subject::Session(session_key(number));
    let works = if number % 5 == 1 { 2 } else { 0 };
    let mut events = vec![opened(number, projects)];
    for index in 0..works {
        events.push(event(number * 30 + 10 * (index + 1), 8 * number + index + 1, about, index + 2, work(number, index)));
    }
    if number % 20 != 19 {
        let ended = Change::Ended(Ended { status: Status::Completed, reason: None });
        events.push(event(number * 30 + 1_500, 8 * number + works + 1, about, works + 2, ended));
    }
    events
}

fn opened(number: u64, projects: &Path) -> Event {
    let change = |opened: &mut Opened| {
        let home = home_of(number);
        opened.id = SessionId::compose(&Prefix::session(), began(number).local(), &suffix(number)).unwrap();
        opened.number = Some(number_in_project(number));
        opened.project = Some(project(home));
        opened.worktree = Some(Text::redacted(worktree(home, projects)));
        opened.description = Some(Described { text: Text::redacted(format!("Fix the login, part {number}")), rank: Rank::Person });
        opened.tags = tags(number);
    };
    let mut opened = opened_with(0, change);
    opened.id = EventId::new(key(began(number), Kind::Event, 8 * number));
    opened.about = Subject::Session(session_key(number));
    (opened.at.moment, opened.recorded_at) = (began(number), began(number));
    opened
}

fn session_key(number: u64) -> SessionKey {
    SessionKey::new(key(began(number), Kind::Session, number))
}

fn work(number: u64, index: u64) -> Change {
    let prefix: Prefix = "IMPL".parse().unwrap();
    Change::WorkAdded(Box::new(WorkAdded {
        key: WorkKey::new(key(began(number), Kind::Work, 2 * number + index)),
        id: WorkId::compose(&prefix, began(number).local(), &suffix(2 * number + index)).unwrap(),
        prefix,
        description: Text::redacted(format!("Check the token, case {index}")),
        metadata: session::Metadata::default(),
    }))
}

fn tags(number: u64) -> Vec<Tag> {
    let tag = |place: u64| Tag::try_from(Text::redacted(TAGS[(place % 5) as usize])).unwrap();
    if number.is_multiple_of(3) { vec![tag(number), tag(number + 1)] } else { Vec::new() }
}

/// Returns an event some seconds after the beginning of all sessions.
fn event(after: u64, number: u64, about: Subject, revision: u64, change: Change) -> Event {
    let moment = later(began(0), after);
    Event {
        id: EventId::new(key(moment, Kind::Event, number)),
        about,
        at: Reading { moment, boot: None },
        recorded_at: moment,
        by: Author { owner: Text::redacted("ada") },
        evidence: Evidence::Said,
        revision: Revision(revision),
        change,
        payload: None,
    }
}

/// Returns when a session began: one every thirty seconds.
fn began(number: u64) -> Moment {
    later(reading_at("2025-01-01T08:00:00Z").moment, number * 30)
}

fn later(moment: Moment, seconds: u64) -> Moment {
    let at: Timestamp = moment.timestamp() + SignedDuration::from_secs(seconds.cast_signed());
    Moment::new(at, moment.offset())
}

/// Returns the project of a session: the first one has a fifth of them, so that a small store fills a page as well.
fn home_of(number: u64) -> u64 {
    if number.is_multiple_of(5) { 0 } else { 1 + number % (PROJECTS - 1) }
}

/// Returns a number that grows within the project; a store with gaps is a good one.
fn number_in_project(number: u64) -> u32 {
    u32::try_from(number + 1).unwrap()
}

fn project(number: u64) -> ProjectKey {
    ProjectKey::new(key(began(0), Kind::Project, number))
}

fn worktree(number: u64, projects: &Path) -> String {
    projects.join(format!("{number:02}")).to_string_lossy().into_owned()
}

/// What a key is for.
#[derive(Clone, Copy)]
enum Kind {
    Project = 1,
    Session = 2,
    Work = 3,
    Event = 4,
}

/// Returns a UUIDv7, the same one every time.
fn key(at: Moment, kind: Kind, number: u64) -> Uuid {
    let millis = at.timestamp().as_millisecond().cast_unsigned();
    let mut ten = [0; 10];
    ten[1] = kind as u8;
    ten[2..].copy_from_slice(&number.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(millis, &ten).into_uuid()
}

fn suffix(number: u64) -> String {
    const LETTERS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let letter = |place: u32| char::from(LETTERS[(number / 36_u64.pow(place) % 36) as usize]);
    (0..4).rev().map(letter).collect()
}
