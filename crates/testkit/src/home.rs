//! A temporary store and mirror, and trackers on them.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use session::ConversationKey;
use tempfile::TempDir;
use tracker::{Access, Config, ConfigError, Environment, Tracker, TrackerError};

use crate::{SeededDice, StillClock};

/// Every tracker of a test program throws its own sequence.
static SEED: AtomicU64 = AtomicU64::new(1);

/// A directory that has a store, a mirror and a project, and goes with the test.
#[derive(Debug)]
pub struct Home {
    directory: TempDir,
    /// The clock of all its trackers.
    pub clock: StillClock,
    variables: Vec<(String, String)>,
}

impl Home {
    /// Makes a home at 17:30:03 on 16 February 2026, one hour east of Greenwich.
    pub fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    /// Makes a home in memory, where that can be: for thousands of homes of which nothing has to last.
    pub fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Self::below(memory) } else { Self::new() }
    }

    fn below(directory: &Path) -> Self {
        let directory = tempfile::tempdir_in(directory).unwrap();
        for below in ["project", "markers"] {
            std::fs::DirBuilder::new().mode(0o755).create(directory.path().join(below)).unwrap();
        }
        Self { directory, clock: StillClock::at("2026-02-16T16:30:03.123456Z"), variables: Vec::new() }
    }

    /// Sets a variable for the trackers opened from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(held, _)| held != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Returns a path below the home.
    pub fn path(&self, below: &str) -> PathBuf {
        self.directory.path().join(below)
    }

    /// Returns the directory of the project.
    pub fn project(&self) -> PathBuf {
        self.path("project")
    }

    /// Opens a tracker that stands in the project.
    pub fn tracker(&self) -> Tracker {
        self.tracker_in(&self.project())
    }

    /// Opens a tracker that stands in a directory.
    pub fn tracker_in(&self, directory: &Path) -> Tracker {
        self.try_tracker(directory, Access::Write).unwrap()
    }

    /// Opens a tracker to answer the start of a conversation.
    pub fn tracker_to_answer(&self, conversation: ConversationKey) -> Tracker {
        let dice = SeededDice::new(SEED.fetch_add(1, Ordering::Relaxed));
        let clock = Box::new(self.clock.clone());
        Tracker::open_to_answer(self.config().unwrap(), &self.project(), clock, Box::new(dice), conversation).unwrap()
    }

    /// Opens a tracker, or says why not.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub fn try_tracker(&self, directory: &Path, access: Access) -> Result<Tracker, TrackerError> {
        let dice = SeededDice::new(SEED.fetch_add(1, Ordering::Relaxed));
        Tracker::open(self.config()?, directory, access, Box::new(self.clock.clone()), Box::new(dice))
    }

    fn config(&self) -> Result<Config, ConfigError> {
        let home = self.directory.path();
        let below = [("RUTTER_HOME", "store"), ("RUTTER_MIRROR", "mirror"), ("RUTTER_MARKER_DIR", "markers")];
        let own = below.map(|(name, below)| (name, home.join(below))).into_iter().chain([("HOME", home.to_path_buf())]);
        let own = own.map(|(name, path)| (name.to_owned(), path.to_string_lossy().into_owned()));
        let owner = [("RUTTER_OWNER".to_owned(), "ada".to_owned())];
        let environment = Environment::of(own.chain(owner).chain(self.variables.iter().cloned()));
        Config::load(&environment)
    }

    /// Returns the text of a file below the mirror's root.
    pub fn mirrored(&self, below: &str) -> String {
        std::fs::read_to_string(self.path("mirror").join(below)).unwrap()
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}
