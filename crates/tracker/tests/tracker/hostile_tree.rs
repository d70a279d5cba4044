//! Files, folders, links and pipes with hostile names below what agents keep: listed, cleaned up and put back, nothing outside is touched, and what
//! was taken comes back byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, FileTimes};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use testkit::Home;
use tracker::{Choice, Cleaning, RestoreError, Restoring, Tracker};

/// Where agents keep conversations.
const PLACES: [&str; 12] = [
    ".claude/projects",
    ".claude/projects/-p",
    ".claude/projects/-p/0b1c2d3e-0000-4000-8000-00000000000a",
    ".claude/projects/-p/0b1c2d3e-0000-4000-8000-00000000000a/subagents",
    ".codex/sessions/2026/01/02",
    ".codex/archived_sessions",
    ".gemini/tmp/demo/chats",
    ".gemini/tmp/demo/chats/6f362f6f-5c75-44c6-bbfb-d580cd1b6111",
    ".local/share/opencode/storage/session/p",
    ".local/share/opencode/storage/message/ses_c",
    ".copilot/session-state",
    ".copilot/session-state/1d6ae405-5d76-4d5d-b8df-54b22161769c",
];

/// Where agents have their conversations, and how these are called.
const CONVERSATIONS: [(&str, &str, &str); 6] = [
    (".claude/projects/-p", "", ".jsonl"),
    (".claude/projects/-p", "", ""),
    (".codex/sessions/2026/01/02", "rollout-2026-01-02T09-41-54-", ".jsonl"),
    (".gemini/tmp/demo/chats", "session-2026-01-02T09-43-", ".json"),
    (".local/share/opencode/storage/session/p", "ses_", ".json"),
    (".copilot/session-state", "", ""),
];

/// What a name begins with that an agent gives.
const BEGINNINGS: [&str; 6] = ["", "", "rollout-2026-01-02T09-41-54-", "session-2026-01-02T09-43-", "ses_", "agent-"];

const ENDS: [&str; 6] = ["", ".jsonl", ".jsonl", ".json", ".jsonl.zst", ".jsonl "];

const PARTS: [&[u8]; 30] = [
    b"..",
    b"...",
    b".",
    b"-rf",
    b"--",
    b"\n",
    b"\r",
    b"\t",
    b"\x1b[31m",
    b"\x07\x08\x7f",
    b"\xff\xfe",
    b"\xc3",
    b"\xed\xa0\x80",
    b"c",
    b"01a1f855-7d9a-7770-bcea-000000000001",
    b"\xe2\x80\xae",
    b"\xe2\x80\x8b",
    b"e\xcc\x81",
    b"\xc3\xa9",
    b"\xef\xbc\x8f",
    b" ",
    b"~",
    b"$HOME",
    b"%2e%2e%2f",
    b"*",
    b"\\",
    b"`id`",
    b"deleted",
    b"history",
    b"sentinel",
];

/// Draws numbers that are always the same.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    /// Draws where an agent has a conversation, so that there is something to delete.
    fn conversation(&mut self) -> String {
        let (place, beginning, end) = CONVERSATIONS[self.below(CONVERSATIONS.len())];
        format!("{place}/{beginning}{:08x}-0000-4000-8000-{:012x}{end}", self.below(1 << 31), self.below(1 << 31))
    }

    fn name(&mut self) -> OsString {
        let mut name = self.of(&BEGINNINGS).as_bytes().to_vec();
        for _ in 0..=self.below(3) {
            name.extend(self.of(&PARTS));
        }
        if self.below(20) == 0 {
            name.extend([b'x'].repeat(240 - name.len()));
        }
        name.extend(self.of(&ENDS).as_bytes());
        OsString::from_vec(name)
    }
}

/// What lies at a path: its mode, its modification time, what is in it or where it leads.
type Found = (u32, i64, Vec<u8>);

fn tree(root: &Path, is_wanted: impl Fn(&fs::Metadata) -> bool) -> BTreeMap<PathBuf, Found> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(path) = waiting.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let content = match metadata.file_type() {
            kind if kind.is_file() => fs::read(&path).unwrap(),
            kind if kind.is_symlink() => fs::read_link(&path).unwrap().into_os_string().into_vec(),
            _ => Vec::new(),
        };
        if metadata.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        if is_wanted(&metadata) {
            found.insert(path, (metadata.mode(), metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec(), content));
        }
    }
    found
}

/// Plants things with hostile names, and returns how many have one now.
fn plant(home: &Home, draws: &mut Draws, count: usize) -> usize {
    let sentinel = home.path("sentinel");
    let mut folders: Vec<PathBuf> = PLACES.iter().map(|place| home.path(place)).collect();
    folders.iter().for_each(|folder| fs::create_dir_all(folder).unwrap());
    let mut planted = 0;
    for number in 0..count {
        let is_conversation = draws.below(4) == 0;
        let path = match is_conversation {
            true => home.path(&draws.conversation()),
            false => folders[draws.below(folders.len())].join(draws.name()),
        };
        let done = match draws.below(16) {
            _ if is_conversation && path.extension().is_none() => fs::create_dir(&path).map(|()| folders.push(path)),
            0 => fs::create_dir(&path).map(|()| folders.push(path)),
            1 => symlink(&sentinel, path),
            2 => symlink(sentinel.join("c.jsonl"), path),
            3 => symlink("/", path),
            4 => symlink(path.file_name().unwrap_or_default(), &path),
            5 => symlink("/nowhere", path),
            6 => symlink("../../../../../sentinel", path),
            7 if number % 40 == 0 => Command::new("mkfifo").arg("--").arg(path).stderr(std::process::Stdio::null()).status().map(drop),
            // A name that was drawn before stays what it is.
            _ => {
                File::create_new(path).and_then(|mut file| std::io::Write::write_all(&mut file, format!("{{\"n\":{number}}}\n").as_bytes()))
            }
        };
        planted += usize::from(done.is_ok());
    }
    planted
}

/// Makes everything old, to nanoseconds of its own.
fn age(roots: &[PathBuf]) {
    let is_planted = |found: &fs::Metadata| !found.is_symlink() && !found.file_type().is_fifo();
    let all: Vec<PathBuf> = roots.iter().flat_map(|root| tree(root, is_planted).into_keys()).collect();
    for (number, path) in all.into_iter().enumerate() {
        let at = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000 + number as u64, 123_456_789);
        File::open(path).unwrap().set_times(FileTimes::new().set_modified(at)).unwrap();
    }
}

/// Puts back everything that is in the trash, one deletion after the other.
fn restore_all(tracker: &Tracker) -> usize {
    let trashed = tracker.trashed().unwrap();
    for view in &trashed {
        let entry = view.trash.file_name().map(|name| name.to_str().unwrap().to_owned());
        match tracker.restore(&view.id, &Restoring { entry, ..Restoring::default() }) {
            // It came back with another one of its deletion.
            Ok(_) | Err(RestoreError::Unknown { .. }) => {}
            Err(error) => panic!("{:?}: {error:?}", view.id),
        }
    }
    trashed.len()
}

fn one_round(draws: &mut Draws, count: usize) -> (usize, usize) {
    let home = Home::in_memory();
    let (sentinel, roots) = (home.path("sentinel"), [".claude", ".codex", ".gemini", ".local", ".copilot"].map(|root| home.path(root)));
    // Whoever follows a link finds conversations of every agent there.
    for path in [
        "c.jsonl",
        "c/history.json",
        "rollout-2026-01-02T09-41-54-c.jsonl",
        "session-2026-01-02T09-43-c.json",
        "ses_c.json",
        "events.jsonl",
    ] {
        fs::create_dir_all(sentinel.join(path).parent().unwrap()).unwrap();
        fs::write(sentinel.join(path), "mine").unwrap();
    }
    fs::create_dir(sentinel.join(OsStr::from_bytes(b"\xff\n"))).unwrap();
    let planted = plant(&home, draws, count);
    age(&roots);
    age(std::slice::from_ref(&sentinel));
    let outside = tree(&sentinel, |_| true);
    let files = || -> BTreeMap<_, _> { roots.iter().flat_map(|root| tree(root, fs::Metadata::is_file)).collect() };
    let before = files();
    let mut tracker = home.tracker();
    let listed = tracker.agent_sessions(&Choice::default()).unwrap().views;
    assert!(listed.iter().all(|view| view.active.is_none()));
    let cleaning = Cleaning { before: 1_760_000_000_000_000, owner: None, agent: None, of_project: false };
    let gone = tracker.clean_agent_sessions(&cleaning, false).unwrap();
    assert_eq!(gone.iter().find(|view| view.trouble.is_some()), None);
    let (there, taken) = (files(), gone.iter().map(|view| usize::try_from(view.files).unwrap()).sum::<usize>());
    assert_eq!((there.len() + taken, gone.len()), (before.len(), listed.len()));
    assert_eq!(tree(&sentinel, |_| true), outside);
    assert_eq!(restore_all(&tracker), gone.len());
    let (after, names) = (files(), |all: &BTreeMap<PathBuf, Found>| all.keys().cloned().collect::<BTreeSet<_>>());
    assert_eq!(names(&after), names(&before));
    assert!(after == before, "modes, times or bytes differ");
    assert_eq!(tree(&sentinel, |_| true), outside);
    (planted, gone.len())
}

#[expect(clippy::print_stdout, reason = "a figure is what this is for")]
fn nothing_outside_is_touched_and_everything_comes_back(names: usize) {
    let (mut draws, mut planted, mut taken) = (Draws(1), 0, 0);
    while planted < names {
        let (more, gone) = one_round(&mut draws, 600);
        planted += more;
        taken += gone;
    }
    println!("{planted} hostile names, {taken} conversations deleted and put back");
    assert!(taken > names / 20, "{taken}");
}

#[test]
fn s4_what_thousands_of_hostile_names_take_comes_back_and_nothing_outside_is_touched() {
    nothing_outside_is_touched_and_everything_comes_back(3_000);
}

#[test]
#[ignore = "takes minutes: 100,000 names"]
fn s4_what_100_000_hostile_names_take_comes_back_and_nothing_outside_is_touched() {
    nothing_outside_is_touched_and_everything_comes_back(100_000);
}
