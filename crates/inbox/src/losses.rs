//! Counting what could not be written. The file is made while there is room, and a count overwrites bytes that it has already:
//! a full disk can still be reported.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};

use rustix::fs::OFlags;

use crate::Inbox;
use crate::append::{is_allowed, make_private};

/// Why something was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// There was no room on the disk.
    Full,
    /// The disk or directory may not be written.
    Refused,
    /// Anything else the system said.
    Broken,
    /// It was longer than a record can be.
    TooLong,
    /// What came was no payload.
    NoPayload,
    /// The hook ran out of time.
    Late,
}

/// How much was lost, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses(pub Vec<(Loss, u64)>);

impl Loss {
    /// All reasons, in the order of their places in the file.
    const ALL: [Self; 6] = [Self::Full, Self::Refused, Self::Broken, Self::TooLong, Self::NoPayload, Self::Late];

    /// Returns the reason in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Full => "there was no room",
            Self::Refused => "writing was not allowed",
            Self::Broken => "the disk or the file was broken",
            Self::TooLong => "it was too long",
            Self::NoPayload => "it was no payload",
            Self::Late => "it took too long (it may be recorded all the same)",
        }
    }
}

/// Two hooks that count at once must not overwrite each other: each reason has this many places, chosen by process number.
const PLACES: u64 = 32;

const NAME: &str = "lost";

impl Inbox {
    /// Counts something that was lost. What cannot even be counted is not counted.
    pub fn count_loss(&self, loss: Loss) {
        // The first thing that comes may be a loss.
        drop(make_private(&self.directory));
        self.prepare_to_count();
        drop(self.try_count(loss));
    }

    fn try_count(&self, loss: Loss) -> io::Result<()> {
        let file = open(self, false)?;
        let place = (loss as u64 * PLACES + u64::from(std::process::id()) % PLACES) * 8;
        let mut count = [0; 8];
        file.read_exact_at(&mut count, place)?;
        is_allowed(place + 8)?;
        file.write_all_at(&u64::from_le_bytes(count).saturating_add(1).to_le_bytes(), place)
    }

    /// Makes the file of counts where it is missing.
    pub(crate) fn prepare_to_count(&self) {
        const SIZE: usize = Loss::ALL.len() * PLACES as usize * 8;
        let found = fs::symlink_metadata(self.directory.join(NAME)).ok();
        let length = found.as_ref().map_or(0, fs::Metadata::len);
        let (is_whole, is_private) = (length >= SIZE as u64, found.is_some_and(|found| found.mode() & 0o777 == 0o600));
        if is_whole && is_private {
            return;
        }
        let Ok(file) = open(self, true) else { return };
        if !is_private {
            drop(file.set_permissions(Permissions::from_mode(0o600)));
        }
        if !is_whole && is_allowed(SIZE as u64).is_ok() {
            // Written, not only lengthened: bytes that are there need no room later.
            drop(file.write_all_at(&[0; SIZE][usize::try_from(length).unwrap_or(0)..], length));
        }
    }

    /// Returns what was lost so far; reasons for which nothing was lost are left out.
    pub fn losses(&self) -> Losses {
        let bytes = fs::read(self.directory.join(NAME)).unwrap_or_default();
        let (counts, _) = bytes.as_chunks::<8>();
        let of = |loss: Loss| {
            let places = counts.iter().skip(loss as usize * PLACES as usize).take(PLACES as usize);
            places.fold(0_u64, |sum, count| sum.saturating_add(u64::from_le_bytes(*count)))
        };
        Losses(Loss::ALL.into_iter().map(|loss| (loss, of(loss))).filter(|(_, count)| *count > 0).collect())
    }
}

fn open(inbox: &Inbox, create: bool) -> io::Result<File> {
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or(0);
    OpenOptions::new().read(true).write(true).create(create).mode(0o600).custom_flags(flags).open(inbox.directory.join(NAME))
}
