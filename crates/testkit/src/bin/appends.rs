//! Measures appending in process: `appends DIRECTORY SINGLES BATCHES` prints one line a measurement, its name and microseconds.
//!
//! One event a turn, durably and normally, in turn with writing 4 KiB and syncing them; then ten thousand events a turn.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for tests")]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use session::{Change, Described, Event, Rank, Revision, SessionKey, Subject, Text};
use store::{Access, Durability, SqliteStore, Store, StoreError, Turn};
use testkit::{opened_with, session_event, work_added};
use uuid::Uuid;

const BATCH: usize = 10_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (directory, singles, batches) = (Path::new(&arguments[1]), arguments[2].parse().unwrap(), arguments[3].parse().unwrap());
    measure_singles(directory, singles);
    measure_batches(directory, batches);
}

fn measure_singles(directory: &Path, times: usize) {
    let (mut full, mut normal) = (open(directory, "full"), open(directory, "normal"));
    let mut file = File::create(directory.join("synced")).unwrap();
    for event in events().take(times) {
        print("write 4 KiB + fdatasync", || sync(&mut file));
        print("append, full", || append(&mut full, Durability::Full, std::slice::from_ref(&event)));
        print("append, normal", || append(&mut normal, Durability::Normal, std::slice::from_ref(&event)));
    }
}

fn measure_batches(directory: &Path, times: usize) {
    let mut store = open(directory, "batches");
    let mut all = events();
    for _ in 0..times {
        let batch: Vec<Event> = all.by_ref().take(BATCH).collect();
        print("batch", || append(&mut store, Durability::Full, &batch));
    }
}

fn open(directory: &Path, name: &str) -> SqliteStore {
    SqliteStore::open(&directory.join(name), Access::Write, Duration::from_secs(10)).unwrap()
}

/// Runs something and prints how long it took.
fn print(name: &str, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    println!("{name}\t{:.1}", start.elapsed().as_secs_f64() * 1e6);
}

fn sync(file: &mut File) {
    file.write_all(&[7; 4_096]).unwrap();
    file.sync_data().unwrap();
}

fn append(store: &mut dyn Store, durability: Durability, batch: &[Event]) {
    let all = |turn: &mut dyn Turn| batch.iter().try_for_each(|event| turn.append(event).map(drop));
    store::write::<(), StoreError>(store, durability, all).unwrap();
}

/// Returns session after session: its opening, then three work items.
fn events() -> impl Iterator<Item = Event> {
    (1_u128..).flat_map(|session| (0..4).map(move |place| event(session, place)))
}

fn event(session: u128, place: u64) -> Event {
    let number = session * 4 + u128::from(place);
    let mut event = match place {
        0 => opened(session),
        _ => session_event(0, 0, place + 1, work(number)),
    };
    event.id = session::EventId::new(key(4, number));
    event.about = Subject::Session(SessionKey::new(key(2, session)));
    debug_assert_eq!(event.revision, Revision(place + 1));
    event
}

fn opened(session: u128) -> Event {
    opened_with(session, |opened| {
        opened.worktree = Some(Text::redacted("/home/ada/projects/login"));
        opened.description = Some(Described { text: Text::redacted(format!("Fix the login, part {session}")), rank: Rank::Person });
    })
}

fn work(number: u128) -> Change {
    let mut change = work_added(number);
    if let Change::WorkAdded(added) = &mut change {
        added.description = Text::redacted(format!("Check the token of the login, case {number}"));
    }
    change
}

/// Returns a key that sorts by its number, as keys drawn one after the other do.
fn key(kind: u128, number: u128) -> Uuid {
    Uuid::from_u128(0x0195_0000_0000_7000_8000_0000_0000_0000 + (kind << 48) + number)
}
