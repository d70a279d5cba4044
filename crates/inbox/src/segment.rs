//! The files of the inbox: a segment holds one day of one machine.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::tz::Offset;
use session::Moment;

/// The directory of the inbox, seen from one machine.
#[derive(Clone, Debug)]
pub struct Inbox {
    pub(crate) directory: PathBuf,
    machine: u64,
}

/// One file of the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its name, by which its place is kept.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// How long it is, in bytes.
    pub length: u64,
    /// When it was last written.
    pub modified: Option<SystemTime>,
}

impl Inbox {
    /// Returns the inbox below a home, as the machine of this name writes it. Nothing is made yet.
    pub fn at(home: &Path, machine: &str) -> Self {
        // A machine may be called anything: only a hash of its name becomes part of a path.
        let hash =
            machine.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        Self { directory: home.join("inbox"), machine: hash }
    }

    /// Returns where the inbox is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the segment that something recorded at `moment` goes to.
    pub fn segment_of(&self, moment: Moment) -> PathBuf {
        let date = Offset::UTC.to_datetime(moment.timestamp()).date();
        self.directory.join(format!("{}-{:016x}.frames", date.strftime("%Y%m%d"), self.machine))
    }

    /// Returns the segments, those of other machines included, oldest first.
    ///
    /// # Errors
    /// When the directory is there and cannot be read.
    pub fn segments(&self) -> io::Result<Vec<Segment>> {
        let listed = match fs::read_dir(&self.directory) {
            Ok(listed) => listed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut segments: Vec<_> = listed.filter_map(|entry| segment(&entry.ok()?)).collect();
        segments.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(segments)
    }
}

/// How many bytes before a place tell one file from another.
const MARKED: u64 = 64;

/// Hashes bytes (FNV-1a).
fn fnv(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Returns the segment behind a directory entry; links, pipes and everything with another name are none.
fn segment(entry: &fs::DirEntry) -> Option<Segment> {
    let name = entry.file_name().into_string().ok().filter(|name| is_name(name))?;
    let found = entry.metadata().ok().filter(fs::Metadata::is_file)?;
    (found.uid() == rustix::process::geteuid().as_raw()).then(|| Segment {
        name,
        path: entry.path(),
        length: found.len(),
        modified: found.modified().ok(),
    })
}

/// Reports whether this is a name like `20260216-9f3c6b1d2e4a5f60.frames`.
fn is_name(name: &str) -> bool {
    let Some((day, machine)) = name.strip_suffix(".frames").and_then(|name| name.split_once('-')) else { return false };
    day.len() == 8
        && machine.len() == 16
        && day.bytes().all(|byte| byte.is_ascii_digit())
        && machine.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Segment {
    /// Reports whether it ends before a place, as it is now: since it was listed it may have grown.
    pub fn ends_before(&self, place: u64) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| found.len() < place)
    }

    /// Reads up to `most` bytes from a place on.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&self, from: u64, most: usize) -> io::Result<Vec<u8>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(from))?;
        let wanted = self.length.saturating_sub(from).min(most as u64);
        let mut bytes = Vec::with_capacity(usize::try_from(wanted).unwrap_or(0));
        file.take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Returns a hash of the last bytes before a place: another file of this name has others there.
    pub fn mark_at(&self, place: u64) -> u64 {
        let before = self.read(place.saturating_sub(MARKED), usize::try_from(place.min(MARKED)).unwrap_or(0)).unwrap_or_default();
        fnv(before)
    }

    /// Removes it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}
