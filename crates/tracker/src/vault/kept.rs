//! What is kept of a conversation: its files, the versions of each, the chunks of each version.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Hash;
use super::cut::LONGEST;
use super::source::Moment;
use crate::directory::{Seen, StepName};

/// The form in which conversations are written down.
const VERSION: u32 = 1;

/// So many versions of a file are kept that is written anew; one that only grows has one.
pub(super) const MOST_VERSIONS: usize = 8;

/// So often it is known of a file that only grows how long it was.
pub(super) const MOST_EARLIER: usize = 32;

/// A piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Chunk {
    /// What is in it.
    pub(super) hash: Hash,
    /// How long it is, in bytes.
    pub(super) length: u32,
}

impl Chunk {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { hash: Hash::of(bytes), length: u32::try_from(bytes.len()).unwrap_or(u32::MAX) }
    }
}

/// What a file was before it grew: so much of what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Earlier {
    /// How much of it was kept, in bytes.
    pub(super) length: u64,
    /// Its modification time then, in nanoseconds since 1970.
    pub(super) modified: i64,
    /// When it was copied, in microseconds since 1970.
    pub(super) copied_at: i64,
}

/// A file as it was at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AsOf<'v> {
    /// The version that begins with it, or is it.
    pub(super) version: &'v Version,
    /// How much of that it is, in bytes.
    pub(super) length: u64,
    /// Its modification time then, in nanoseconds since 1970.
    pub(super) modified: i64,
    /// When it was copied, in microseconds since 1970.
    pub(super) copied_at: i64,
}

/// A file as it was when it was copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Version {
    /// What the file system said of it.
    pub(super) seen: Seen,
    /// How much of it is kept, in bytes: less than it had where it was being written to.
    pub(super) length: u64,
    /// When it was copied, in microseconds since 1970.
    pub(super) copied_at: i64,
    /// What it is made of.
    pub(super) chunks: Vec<Chunk>,
    /// What it was when it was copied before, and grew since; the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) earlier: Vec<Earlier>,
}

impl Version {
    fn whole(&self) -> AsOf<'_> {
        AsOf { version: self, length: self.length, modified: self.seen.modified, copied_at: self.copied_at }
    }

    /// Returns what it was at a time, as the copy before it has it.
    fn as_of(&self, at: i64) -> Option<AsOf<'_>> {
        if self.copied_at <= at {
            return Some(self.whole());
        }
        let earlier = self.earlier.iter().rfind(|earlier| earlier.copied_at <= at)?;
        Some(AsOf { version: self, length: earlier.length, modified: earlier.modified, copied_at: earlier.copied_at })
    }
}

/// A file of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptFile {
    /// Where it is below the directory of transcripts.
    pub(super) steps: Vec<StepName>,
    /// What it was, the newest last; never empty.
    pub(super) versions: Vec<Version>,
}

impl KeptFile {
    /// Returns what it was last.
    pub(super) fn newest(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// Returns what it was at a time, in microseconds since 1970: as the copy before it has it.
    pub(super) fn as_of(&self, at: Option<i64>) -> Option<AsOf<'_>> {
        match at {
            None => self.newest().map(Version::whole),
            Some(at) => self.versions.iter().rev().find_map(|version| version.as_of(at)),
        }
    }

    /// Returns when it was copied first, as far as anybody knows.
    pub(super) fn first_copied_at(&self) -> Option<i64> {
        let first = self.versions.first()?;
        Some(first.earlier.first().map_or(first.copied_at, |earlier| earlier.copied_at))
    }

    /// Takes in what it is now. What only grew replaces what it was; else both are kept.
    pub(super) fn take_in(&mut self, moment: Moment, copied_at: i64) {
        let mut earlier = Vec::new();
        if moment.cut.goes_on
            && let Some(last) = self.versions.pop()
        {
            earlier = last.earlier;
            earlier.push(Earlier { length: last.length, modified: last.seen.modified, copied_at: last.copied_at });
            thin_out(&mut earlier);
        }
        self.versions.push(Version { seen: moment.seen, length: moment.length, copied_at, chunks: moment.cut.chunks, earlier });
        let too_many = self.versions.len().saturating_sub(MOST_VERSIONS);
        self.versions.drain(..too_many);
    }
}

/// Leaves of what a file was before it grew every second one out, the newest excepted, where that are too many.
fn thin_out(earlier: &mut Vec<Earlier>) {
    if earlier.len() > MOST_EARLIER {
        let (half, mut place) = (earlier.len() / 2, 0);
        earlier.retain(|_| {
            place += 1;
            place > half || place % 2 == 1
        });
    }
}

/// What is kept of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The form of this file.
    pub(super) version: u32,
    /// The agent.
    pub(super) agent: String,
    /// The agent's id of the conversation.
    pub(super) id: String,
    /// The directory of transcripts, as it was called.
    pub(super) root: PathBuf,
    /// Its files, by where they are.
    pub(super) files: Vec<KeptFile>,
}

impl Kept {
    /// Begins with nothing.
    pub(super) fn new(agent: &str, id: &str, root: &Path) -> Self {
        Self { version: VERSION, agent: agent.to_owned(), id: id.to_owned(), root: root.to_owned(), files: Vec::new() }
    }

    /// Returns the name of the file that it is kept in: made from a hash, so that nobody else's words become part of a path.
    ///
    /// A conversation is kept once for each folder that it was found in.
    pub(super) fn name(agent: &str, id: &str, root: &Path, place: &[StepName]) -> String {
        let place: Vec<&[u8]> = place.iter().map(|step| step.as_os().as_bytes()).collect();
        let place = place.join(&b'/');
        let parts = [agent.as_bytes(), id.as_bytes(), root.as_os_str().as_bytes(), &place];
        format!("{}.json", &Hash::of(&parts.join(&0)).to_string()[..32])
    }

    /// Returns what is kept of a file.
    pub(super) fn file(&self, steps: &[StepName]) -> Option<&KeptFile> {
        self.files.iter().find(|file| file.steps == steps)
    }

    /// Takes in what a file is now.
    pub(super) fn take_in(&mut self, steps: &[StepName], moment: Moment, copied_at: i64) {
        match self.files.iter_mut().find(|file| file.steps == steps) {
            Some(file) => file.take_in(moment, copied_at),
            None => {
                let mut file = KeptFile { steps: steps.to_vec(), versions: Vec::new() };
                file.take_in(moment, copied_at);
                self.files.push(file);
                self.files.sort_by(|one, other| one.steps.cmp(&other.steps));
            }
        }
    }

    /// Returns all chunks it names.
    pub(super) fn chunks(&self) -> impl Iterator<Item = Chunk> + '_ {
        self.files.iter().flat_map(|file| &file.versions).flat_map(|version| version.chunks.iter().copied())
    }

    /// Returns when it was last written to by the agent, in nanoseconds since 1970.
    pub(super) fn modified(&self) -> i64 {
        self.files.iter().filter_map(KeptFile::newest).map(|version| version.seen.modified).max().unwrap_or(0)
    }

    /// Returns it as its file has it: a line of JSON, and its hash behind it.
    pub(super) fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let line = serde_json::to_string(self)?;
        Ok(format!("{line}\n{}\n", Hash::of(line.as_bytes())).into_bytes())
    }

    /// Reads what [`Self::encode`] wrote; anything else is damaged.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Damage> {
        let text = std::str::from_utf8(bytes).map_err(|_| Damage::Changed)?;
        let (line, hash) = text.strip_suffix('\n').and_then(|text| text.split_once('\n')).ok_or(Damage::Changed)?;
        if Hash::read(hash) != Some(Hash::of(line.as_bytes())) {
            return Err(Damage::Changed);
        }
        let kept: Self = serde_json::from_str(line).map_err(|_| Damage::Unknown)?;
        if kept.version == VERSION && kept.files.iter().all(is_sound) { Ok(kept) } else { Err(Damage::Unknown) }
    }
}

/// Reports whether a file says nothing that cannot be.
fn is_sound(file: &KeptFile) -> bool {
    let length = |chunk: &Chunk| u64::from(chunk.length);
    let is_whole = |version: &Version| {
        version.chunks.iter().all(|chunk| (1..=LONGEST).contains(&(chunk.length as usize)))
            && version.chunks.iter().map(length).sum::<u64>() == version.length
            && version.earlier.iter().all(|earlier| earlier.length <= version.length)
    };
    !file.steps.is_empty() && !file.versions.is_empty() && file.versions.iter().all(is_whole)
}

/// Why something in the vault cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Damage {
    /// It is not what was written.
    #[error("it is damaged")]
    Changed,
    /// It is whole, and of another build.
    #[error("another version of rutter wrote it")]
    Unknown,
    /// Something has its name that is no file.
    #[error("it is no file")]
    NoFile,
    /// It is not there.
    #[error("it is missing")]
    Missing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::cut::Cut;

    fn moment(size: u64, modified: i64, contents: &[&[u8]], goes_on: bool) -> Moment {
        let seen = Seen { size, mode: 0o600, modified, changed: modified, device: 1, inode: 1 };
        Moment { seen, length: size, cut: Cut { chunks: contents.iter().map(|bytes| Chunk::of(bytes)).collect(), goes_on, end: None } }
    }

    fn kept() -> Kept {
        let steps = ["-p", "c.jsonl"].map(|step| StepName::new(step).unwrap());
        let mut kept = Kept::new("claude-code", "c", Path::new("/p"));
        kept.take_in(&steps, moment(3, 1, &[b"one"], false), 10);
        kept.take_in(&steps, moment(6, 2, &[b"one", b"two"], true), 20);
        kept.take_in(&steps, moment(5, 3, &[b"three"], false), 30);
        kept
    }

    #[test]
    fn what_only_grew_is_one_version_of_which_it_is_known_how_long_it_was_and_what_was_replaced_stays() {
        let kept = kept();
        let lengths = |at| kept.files[0].as_of(at).map(|version| version.length);
        assert_eq!((kept.files[0].versions.len(), lengths(None), lengths(Some(29)), lengths(Some(19))), (2, Some(5), Some(6), Some(3)));
        assert_eq!(
            (lengths(Some(9)), kept.files[0].as_of(Some(19)).unwrap().modified, kept.files[0].first_copied_at()),
            (None, 1, Some(10))
        );
        assert_eq!((kept.chunks().count(), kept.modified()), (3, 3));
    }

    #[test]
    fn no_file_has_more_versions_than_it_may() {
        let mut kept = kept();
        let steps = kept.files[0].steps.clone();
        (0..20).for_each(|round| kept.take_in(&steps, moment(5, round, &[b"again"], false), round));
        assert_eq!((kept.files[0].versions.len(), kept.files[0].newest().unwrap().copied_at), (MOST_VERSIONS, 19));
    }

    #[test]
    fn of_what_grows_and_grows_it_is_known_how_long_it_was_first_and_last() {
        let mut kept = Kept::new("claude-code", "c", Path::new("/p"));
        let steps = [StepName::new("c.jsonl").unwrap()];
        (0..1_000).for_each(|round| kept.take_in(&steps, moment(5, round, &[b"again"], true), round));
        let earlier = &kept.files[0].newest().unwrap().earlier;
        assert!(earlier.len() <= MOST_EARLIER && earlier.is_sorted_by_key(|earlier| earlier.copied_at));
        assert_eq!((earlier[0].copied_at, earlier.last().unwrap().copied_at), (0, 998));
    }

    #[test]
    fn whatever_byte_is_damaged_it_is_seen() {
        let kept = kept();
        let bytes = kept.encode().unwrap();
        assert_eq!(Kept::decode(&bytes), Ok(kept));
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1;
            assert!(Kept::decode(&damaged).is_err(), "{place}");
            assert!(Kept::decode(&bytes[..place]).is_err(), "{place}");
        }
    }

    #[test]
    fn what_cannot_be_is_not_believed() {
        let refused = |change: fn(&mut Kept)| {
            let mut other = kept();
            change(&mut other);
            Kept::decode(&other.encode().unwrap()) == Err(Damage::Unknown)
        };
        assert!(refused(|kept| kept.version = 2));
        assert!(refused(|kept| kept.files[0].versions[0].length += 1));
        assert!(refused(|kept| kept.files[0].versions[0].chunks[0].length = u32::MAX));
        assert!(refused(|kept| kept.files[0].versions.clear()));
        assert!(refused(|kept| kept.files[0].steps.clear()));
        assert!(refused(|kept| kept.files[0].versions[0].earlier[0].length = 7));
    }
}
