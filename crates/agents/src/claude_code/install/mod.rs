//! Our hooks in a `settings.json` on disk: read, changed by `settings`, replaced in one step, undone to the byte.
//!
//! | file | what is in it |
//! |---|---|
//! | `replace` | a file read with its mode and owner, and replaced only while it is still that |
//! | `keep` | what we keep of a file before we first change it |
//! | `found` | what of ours is registered, and whether it would run |
//!
//! An installation that nobody touched is undone from the kept bytes; one that was edited since, by surgery. A file that cannot
//! be changed for sure is refused, with a reason, and stays as it is.

mod found;
mod keep;
mod replace;

use std::fs;
use std::path::{Path, PathBuf};

use super::settings::{Handler, Registration, SettingsError, register, unregister};
use keep::{Fingerprint, Keep, Record};
use replace::{Found, Outcome, read, remove, replace, resolve};

pub use found::{FoundHandler, InstalledHooks, Program, find};

/// What an installation starts with where there is no file.
const FRESH: &str = "{}\n";

/// How often we begin again when somebody else writes the file.
const ATTEMPTS: usize = 5;

/// What installing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    /// There was no file.
    Created,
    /// The file has our hooks now, or has them at their new place.
    Changed,
    /// Everything was registered.
    Already,
}

/// What uninstalling did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uninstalled {
    /// The file is gone: we had made it, and nothing else is in it.
    Deleted,
    /// Nobody had touched the file: its bytes are those from before.
    Restored,
    /// The file was edited since: only what is ours was taken out.
    Removed,
    /// Nothing of ours was there.
    Nothing,
}

/// Why a file is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Its text is refused.
    #[error("cannot change the hooks in `{path}`")]
    Settings {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SettingsError,
    },
    /// It is not text.
    #[error("`{path}` is not UTF-8")]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// It is a directory, a pipe, a device.
    #[error("`{path}` is not a file")]
    NotFile {
        /// What stands in a file's place.
        path: PathBuf,
    },
    /// It is a link to nothing.
    #[error("`{path}` is a link that leads to nothing")]
    Dangling {
        /// The link.
        path: PathBuf,
    },
    /// It has several names, and replacing it would part them.
    #[error("`{path}` has other names (hard links), which would keep the old text")]
    HardLinked {
        /// One of its names.
        path: PathBuf,
    },
    /// Somebody has said that it is not to be changed.
    #[error("`{path}` is read-only")]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// Nobody's settings are that large.
    #[error("`{path}` is larger than `{most}` bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How large a file may be.
        most: u64,
    },
    /// Somebody else writes it all the time.
    #[error("`{path}` was changed by somebody else `{attempts}` times in a row")]
    KeepsChanging {
        /// The file.
        path: PathBuf,
        /// How often we tried.
        attempts: usize,
    },
    /// The system says no.
    #[error("cannot read or replace `{path}`")]
    File {
        /// What it says no to.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl InstallError {
    fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::File { path: path.to_owned(), source }
    }

    fn settings(path: &Path) -> impl FnOnce(SettingsError) -> Self {
        move |source| Self::Settings { path: path.to_owned(), source }
    }
}

/// Registers our hooks in a file, which is made if it is missing. Done twice it changes nothing.
///
/// What the file was before is kept in `keep`, a directory of ours.
pub fn install(settings: &Path, registration: &Registration, keep: &Path) -> Result<Installed, InstallError> {
    let target = resolve(settings)?;
    let kept = Keep::of(keep, &target);
    let missing = missing_parents(&target);
    let is_known = kept.record().is_some();
    let installed = attempt(&target, || install_once(&target, registration, &kept, &missing));
    if installed.is_err() {
        remove_empty(missing.iter().map(PathBuf::as_path));
        if !is_known {
            kept.forget();
        }
    }
    installed
}

/// Takes our hooks out of a file; what we made for them goes as well, as long as nothing else is in it.
pub fn uninstall(settings: &Path, keep: &Path) -> Result<Uninstalled, InstallError> {
    let target = resolve(settings)?;
    let kept = Keep::of(keep, &target);
    let uninstalled = attempt(&target, || uninstall_once(&target, &kept))?;
    if uninstalled == Uninstalled::Deleted {
        let made = kept.record().map_or(0, |record| record.directories_made);
        remove_empty(target.ancestors().skip(1).take(made));
    }
    kept.forget();
    Ok(uninstalled)
}

/// Tries again while somebody else was faster.
fn attempt<T>(target: &Path, mut once: impl FnMut() -> Result<Option<T>, InstallError>) -> Result<T, InstallError> {
    for _ in 0..ATTEMPTS {
        if let Some(done) = once()? {
            return Ok(done);
        }
    }
    Err(InstallError::KeepsChanging { path: target.to_owned(), attempts: ATTEMPTS })
}

fn install_once(target: &Path, registration: &Registration, kept: &Keep, missing: &[PathBuf]) -> Result<Option<Installed>, InstallError> {
    let found = read(target)?;
    let text = found.as_ref().map_or(Ok(FRESH), |found| found.text(target))?;
    let wanted = register(text, registration).map_err(InstallError::settings(target))?;
    if found.is_some() && wanted == text {
        return Ok(Some(Installed::Already));
    }
    found.as_ref().map_or(Ok(()), |found| found.check_replaceable(target))?;
    let record = record(target, found.as_ref(), &wanted, kept, missing)?;
    kept.keep(&record, found.as_ref().map(|found| &*found.bytes))?;
    missing.iter().rev().try_for_each(|directory| make(directory))?;
    Ok(match replace(target, found.as_ref(), wanted.as_bytes())? {
        Outcome::Done => Some(if found.is_some() { Installed::Changed } else { Installed::Created }),
        Outcome::ChangedMeanwhile => None,
    })
}

/// Says what has to be known to undo the installation that is about to be made.
///
/// Bytes are restored only over what we wrote ourselves. A file that has ours in it and is not what we wrote was edited since
/// the last installation: its bytes from before lack that edit, so it is to be undone by surgery.
fn record(target: &Path, found: Option<&Found>, wanted: &str, kept: &Keep, missing: &[PathBuf]) -> Result<Record, InstallError> {
    let written = Some(Fingerprint::of(wanted.as_bytes()));
    let Some(found) = found else {
        let earlier = kept.record().map_or(0, |earlier| earlier.directories_made);
        return Ok(Record {
            written,
            existed: false,
            original: None,
            mode: None,
            directories_made: missing.len().max(earlier),
            path: Record::name(target),
        });
    };
    let text = found.text(target)?;
    let has_ours = unregister(text, Handler::is_ours).map_err(InstallError::settings(target))? != text;
    match kept.record() {
        Some(earlier) if has_ours => {
            let is_untouched = earlier.written == Some(Fingerprint::of(&found.bytes));
            Ok(Record { written: written.filter(|_| is_untouched), ..earlier })
        }
        _ => Ok(Record {
            written: written.filter(|_| !has_ours),
            existed: true,
            original: Some(Fingerprint::of(&found.bytes)),
            mode: Some(found.mode),
            directories_made: 0,
            path: Record::name(target),
        }),
    }
}

fn uninstall_once(target: &Path, kept: &Keep) -> Result<Option<Uninstalled>, InstallError> {
    let Some(found) = read(target)? else { return Ok(Some(Uninstalled::Nothing)) };
    let record = kept.record();
    let is_untouched = record.as_ref().is_some_and(|record| record.written == Some(Fingerprint::of(&found.bytes)));
    let (after, uninstalled) = match record.as_ref().filter(|_| is_untouched) {
        Some(record) if !record.existed => (None, Uninstalled::Deleted),
        Some(record) if let Some(original) = kept.original(record) => (Some(original), Uninstalled::Restored),
        _ => by_surgery(target, &found, record.as_ref())?,
    };
    if after.as_ref() == Some(&found.bytes) {
        return Ok(Some(Uninstalled::Nothing));
    }
    found.check_replaceable(target)?;
    let outcome = match after {
        Some(bytes) => replace(target, Some(&found), &bytes)?,
        None => remove(target, &found)?,
    };
    Ok((outcome == Outcome::Done).then_some(uninstalled))
}

fn by_surgery(target: &Path, found: &Found, record: Option<&Record>) -> Result<(Option<Vec<u8>>, Uninstalled), InstallError> {
    let text = unregister(found.text(target)?, Handler::is_ours).map_err(InstallError::settings(target))?;
    let is_bare = serde_json::from_str(&text).is_ok_and(|value: serde_json::Map<_, _>| value.is_empty());
    if is_bare && record.is_some_and(|record| !record.existed) {
        return Ok((None, Uninstalled::Deleted));
    }
    Ok((Some(text.into_bytes()), Uninstalled::Removed))
}

/// Returns the directories above a file that are missing, innermost first.
fn missing_parents(target: &Path) -> Vec<PathBuf> {
    let is_missing = |directory: &&Path| !directory.as_os_str().is_empty() && fs::symlink_metadata(directory).is_err();
    target.ancestors().skip(1).take_while(is_missing).map(Path::to_owned).collect()
}

fn make(directory: &Path) -> Result<(), InstallError> {
    match fs::create_dir(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(InstallError::at(directory)(error)),
        _ => Ok(()),
    }
}

/// Removes directories, innermost first, up to one that is not empty.
fn remove_empty<'p>(directories: impl Iterator<Item = &'p Path>) {
    let _ = directories.map(fs::remove_dir).take_while(Result::is_ok).count();
}
