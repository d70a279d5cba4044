//! What hooks are to heed: whether recording is paused, where nothing is recorded. A file beside the inbox, because a hook reads no
//! configuration.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use session::Moment;

/// The name of the file, below the home.
const FILE: &str = "hook.json";

/// What a hook is to heed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wishes {
    /// Until when nothing is recorded, in microseconds since 1970.
    pub paused_until: Option<i64>,
    /// Directories in which nothing is recorded, those below included.
    pub exclude: Vec<String>,
    /// Whether prompts are recorded.
    pub prompts: bool,
    /// Whether starts are answered.
    pub answer: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { paused_until: None, exclude: Vec::new(), prompts: true, answer: true }
    }
}

impl Wishes {
    /// Returns where they stand, below a home.
    pub fn path(home: &Path) -> PathBuf {
        home.join(FILE)
    }

    /// Reads them; none where there are none, or none that can be read.
    pub fn read(home: &Path) -> Option<Self> {
        const LONGEST: u64 = 1 << 20;
        const NONBLOCK: i32 = OFlags::NONBLOCK.bits().cast_signed();
        let mut text = String::new();
        // Something else than a file in its place, a pipe nobody writes to, must hold nobody up.
        let opened = OpenOptions::new().read(true).custom_flags(NONBLOCK).open(Self::path(home));
        let read = opened.and_then(|file| file.take(LONGEST).read_to_string(&mut text));
        read.ok().and_then(|_| serde_json::from_str(&text).ok())
    }

    /// Writes them, in one step.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, home: &Path) -> io::Result<()> {
        let fresh = home.join(format!("{FILE}.{}", std::process::id()));
        let text = serde_json::to_vec(self).map_err(io::Error::other)?;
        crate::append::make_private(home)?;
        let write = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
            file.write_all(&text)?;
            file.sync_data()?;
            fs::rename(&fresh, Self::path(home))
        };
        write().inspect_err(|_| drop(fs::remove_file(&fresh)))
    }

    /// Reports whether nothing is to be recorded now.
    pub fn is_paused(&self, now: Moment) -> bool {
        self.paused_until.is_some_and(|until| now.micros() < until)
    }

    /// Reports whether nothing is to be recorded in this directory.
    pub fn is_excluded(&self, directory: &str) -> bool {
        self.exclude.iter().any(|excluded| Path::new(directory).starts_with(excluded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excluded_directory_excludes_what_is_below_it_and_nothing_beside_it() {
        let wishes = Wishes { exclude: vec!["/home/me/private".into()], ..Wishes::default() };
        let excluded = ["/home/me/private", "/home/me/private/a", "/home/me/privateer", "/home/me"].map(|path| wishes.is_excluded(path));
        assert_eq!(excluded, [true, true, false, false]);
    }

    #[test]
    fn a_file_that_does_not_read_wishes_nothing() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(Wishes::read(home.path()), None);
        let wishes = Wishes { prompts: false, ..Wishes::default() };
        wishes.write(home.path()).unwrap();
        assert_eq!(Wishes::read(home.path()), Some(wishes.clone()));
        fs::write(Wishes::path(home.path()), "{\"prompts\": false, \"later\": 1}").unwrap();
        assert_eq!(Wishes::read(home.path()), Some(wishes));
        fs::write(Wishes::path(home.path()), "{").unwrap();
        assert_eq!(Wishes::read(home.path()), None);
    }
}
