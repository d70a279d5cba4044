//! Two users in one directory: one stores, reads and cleans markers, the other takes their names with whatever it likes.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use testkit::StillClock;
use tracker::Markers;

const NOBODY: u32 = 65_534;
const DAY: Duration = Duration::from_secs(86_400);
const NAME: &str = "claude_session_demo";
const NOW: &str = "2026-02-16T16:30:03.123456Z";
const YESTERDAY: &str = "2026-02-15T16:30:00Z";

/// A directory with this mode, a victim beside it, and the other user's program where that user finds it.
struct Stage(TempDir);

impl Stage {
    #[expect(clippy::print_stderr, reason = "a test that did nothing must not look like one that passed")]
    fn set(mode: u32) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("SKIPPED: only root can start a program as another user");
            return None;
        }
        let stage = Self(tempfile::tempdir().unwrap());
        fs::create_dir(stage.directory()).unwrap();
        fs::write(stage.victim(), "precious").unwrap();
        fs::copy(env!("CARGO_BIN_EXE_plant"), stage.0.path().join("plant")).unwrap();
        for (path, mode) in [(stage.0.path(), 0o755), (&stage.directory(), mode), (&stage.0.path().join("plant"), 0o755)] {
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
        Some(stage)
    }

    fn directory(&self) -> PathBuf {
        self.0.path().join("markers")
    }

    fn victim(&self) -> PathBuf {
        self.0.path().join("victim")
    }

    /// Lets the other user plant so often, and us store, read and clean all the while; returns how often the name was taken, and what of
    /// theirs was removed or written.
    #[expect(clippy::print_stdout, reason = "figures that were measured are worth a look")]
    fn race(&self, rounds: usize) -> [usize; 3] {
        let (is_over, stored, cleaned) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
        let (now, yesterday) = (StillClock::at(NOW), StillClock::at(YESTERDAY));
        let markers = |clock| Markers::new(self.directory(), DAY, rustix::process::geteuid().as_raw(), clock);
        let again = |work: &dyn Fn() -> bool| {
            let done = std::iter::from_fn(|| (!is_over.load(Ordering::Relaxed)).then(work));
            done.inspect(|_| std::thread::yield_now()).filter(|is_done| *is_done).count()
        };
        let store = |clock, id| again(&|| markers(clock).store_session_id(id, "demo"));
        let clean = || again(&|| markers(&now).cleanup_stale_sessions() > 0);
        let printed = std::thread::scope(|scope| {
            scope.spawn(|| stored.fetch_add(store(&now, "fresh"), Ordering::Relaxed));
            scope.spawn(|| stored.fetch_add(store(&yesterday, "stale"), Ordering::Relaxed));
            scope.spawn(|| cleaned.fetch_add(clean(), Ordering::Relaxed));
            scope.spawn(|| again(&|| read_is_ours(&markers(&now))));
            let mut attack = Command::new(self.0.path().join("plant"));
            attack.arg(self.directory()).arg(NAME).arg(self.victim()).arg(rounds.to_string()).current_dir("/");
            let output = attack.uid(NOBODY).gid(NOBODY).stderr(Stdio::inherit()).output();
            is_over.store(true, Ordering::Relaxed);
            output.unwrap().stdout
        });
        assert_eq!(fs::read_to_string(self.victim()).unwrap(), "precious", "nothing was written through a link");
        let printed = String::from_utf8(printed).unwrap();
        let [stored, cleaned] = [stored, cleaned].map(AtomicUsize::into_inner);
        println!("ours: {stored} stored, {cleaned} times cleaned; theirs: {}", printed.trim());
        let numbers: Vec<usize> = printed.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        numbers.try_into().unwrap()
    }

    /// Returns what is left of ours besides the marker. Of theirs something may be: two of their things cannot have one name.
    fn leftovers(&self) -> Vec<std::ffi::OsString> {
        let entries = fs::read_dir(self.directory()).unwrap().map(Result::unwrap);
        let is_ours = |entry: &fs::DirEntry| entry.metadata().unwrap().uid() != NOBODY && entry.file_name() != NAME;
        entries.filter(is_ours).map(|entry| entry.file_name()).collect()
    }
}

/// Reads the marker, which is never theirs nor stale; reports whether there was one.
fn read_is_ours(markers: &Markers<'_>) -> bool {
    let read = markers.get_stored_session_id("demo");
    assert!(["unknown", "fresh"].contains(&read.as_str()), "{read}");
    read == "fresh"
}

fn in_a_sticky_directory(rounds: usize) {
    let Some(stage) = Stage::set(0o1777) else { return };
    let [taken, removed, written] = stage.race(rounds);
    assert!(taken > rounds / 100, "the name was taken {taken} times");
    assert_eq!((removed, written), (0, 0));
    assert!(stage.leftovers().is_empty(), "{:?}", stage.leftovers());
}

fn in_a_directory_that_is_not_sticky(rounds: usize) {
    let Some(stage) = Stage::set(0o777) else { return };
    let [taken, removed, written] = stage.race(rounds);
    assert_eq!((taken, removed, written), (rounds, 0, 0));
}

#[test]
fn s2_another_user_plants_1_000_markers_in_a_sticky_directory() {
    in_a_sticky_directory(1_000);
}

#[test]
fn s2_another_user_plants_1_000_markers_in_a_directory_that_is_not_sticky() {
    in_a_directory_that_is_not_sticky(1_000);
}

#[test]
#[ignore = "takes minutes: 10,000 rounds"]
fn s2_another_user_plants_10_000_markers_in_a_sticky_directory() {
    in_a_sticky_directory(10_000);
}

#[test]
#[ignore = "takes minutes: 10,000 rounds"]
fn s2_another_user_plants_10_000_markers_in_a_directory_that_is_not_sticky() {
    in_a_directory_that_is_not_sticky(10_000);
}
