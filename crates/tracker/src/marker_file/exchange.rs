//! Putting a file in the place of another and taking one away, so that nothing is removed but what is ours.
//!
//! Between a look at a name and a call that changes it, the name may come to stand for something else. In a sticky directory the
//! system itself refuses to rename what belongs to others, but not to root, nor to the owner of the directory. So no call here removes
//! what stands at a marker's name. A new marker changes places with what is there, and a stale one is moved aside. Then we look at what
//! came out, under a name that nobody else uses: what is ours is removed, what is not goes back.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, fchmod, openat, renameat, renameat_with, unlinkat};
use rustix::io::Errno;

use super::directory::{Directory, Held, Look, Occupant};
use crate::{Dice, SystemDice};

/// What the names begin with that a file has for a moment. None of them looks like a marker's.
pub(super) const PASSING: &str = ".rutter-marker-";

/// How often a name is tried that others change at the same time.
const TRIES: usize = 16;

/// Why a marker was not put into its place.
#[derive(Debug)]
pub(super) enum NotPut {
    Occupied(Occupant),
    File(io::Error),
}

impl<E: Into<io::Error>> From<E> for NotPut {
    fn from(error: E) -> Self {
        Self::File(error.into())
    }
}

impl Directory {
    /// Puts bytes under a name, on the disk before anybody can see them there. What is not ours stays.
    pub(super) fn put(&self, name: &OsStr, bytes: &[u8]) -> Result<(), NotPut> {
        let passing = self.create(bytes)?;
        let put = self.change_places(&passing, name);
        // What was replaced, or what could not be put.
        self.remove_ours(&passing);
        put
    }

    /// Takes away what a name stands for, if it is ours and still what is to go; reports whether it was.
    pub(super) fn take_away(&self, name: &OsStr, is_to_go: impl Fn(&Held) -> bool) -> io::Result<bool> {
        let aside = passing_name();
        match self.rename(name, &aside, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Ok(false),
            Err(error) if is_unknown(error) => return self.take_away_plainly(name, is_to_go),
            Err(error) => return Err(error.into()),
        }
        let is_gone = self.read(&aside).is_ok_and(|held| is_to_go(&held));
        if is_gone {
            unlinkat(&self.open, &aside, AtFlags::empty())?;
        } else {
            self.give_back(&aside, name);
        }
        Ok(is_gone)
    }

    /// Makes a file that nobody knows yet and writes it to the disk.
    fn create(&self, bytes: &[u8]) -> io::Result<OsString> {
        let (name, mode) = (passing_name(), Mode::RUSR | Mode::WUSR);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&self.open, &name, flags, mode)?;
        let write = || {
            // Whatever the umask says.
            fchmod(&file, mode)?;
            let mut file = File::from(file);
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().inspect_err(|_| self.remove_ours(&name))?;
        Ok(name)
    }

    /// Gives a file of ours the name, and its passing name to what had the name before.
    fn change_places(&self, passing: &OsStr, name: &OsStr) -> Result<(), NotPut> {
        for _ in 0..TRIES {
            let flags = match self.look(name)? {
                Look::Nothing => RenameFlags::NOREPLACE,
                Look::Ours { .. } => RenameFlags::EXCHANGE,
                Look::Foreign(occupant) => return Err(NotPut::Occupied(occupant)),
            };
            match self.rename(passing, name, flags) {
                Ok(()) if flags == RenameFlags::NOREPLACE => return Ok(()),
                Ok(()) => match self.look(passing)? {
                    Look::Nothing | Look::Ours { .. } => return Ok(()),
                    Look::Foreign(_) => self.give_back(passing, name),
                },
                // The name was taken, or has become free, since we looked.
                Err(Errno::EXIST | Errno::NOENT) => {}
                // The file system cannot; there the system's own rules for sticky directories have to do.
                Err(error) if is_unknown(error) => return Ok(renameat(&self.open, passing, &self.open, name)?),
                Err(error) => return Err(error.into()),
            }
        }
        Err(Errno::AGAIN.into())
    }

    /// Gives a name back to what had it. A marker of ours stays away where a newer one has the name by now; what is not ours does not.
    fn give_back(&self, passing: &OsStr, name: &OsStr) {
        if self.rename(passing, name, RenameFlags::NOREPLACE).is_ok() {
            return;
        }
        if matches!(self.look(passing), Ok(Look::Foreign(_))) {
            self.rename(passing, name, RenameFlags::EXCHANGE).ok();
        }
        self.remove_ours(passing);
    }

    /// Removes a file of ours under a passing name; nobody else could have changed what that stands for.
    fn remove_ours(&self, passing: &OsStr) {
        if matches!(self.look(passing), Ok(Look::Ours { .. })) {
            unlinkat(&self.open, passing, AtFlags::empty()).ok();
        }
    }

    fn take_away_plainly(&self, name: &OsStr, is_to_go: impl Fn(&Held) -> bool) -> io::Result<bool> {
        let is_gone = is_to_go(&self.read(name)?);
        if is_gone {
            unlinkat(&self.open, name, AtFlags::empty())?;
        }
        Ok(is_gone)
    }

    fn rename(&self, from: &OsStr, to: &OsStr, flags: RenameFlags) -> rustix::io::Result<()> {
        renameat_with(&self.open, from, &self.open, to, flags)
    }
}

/// Draws a name that nobody can guess and take first. It is gone at once, so it needs no dice that a test could load.
fn passing_name() -> OsString {
    let mut bytes = [0; 16];
    SystemDice.fill(&mut bytes);
    format!("{PASSING}{:032x}", u128::from_ne_bytes(bytes)).into()
}

/// Reports whether the file system does not know how to rename in this way.
fn is_unknown(error: Errno) -> bool {
    matches!(error, Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}
