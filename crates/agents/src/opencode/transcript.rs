//! Where the client's sessions are, and how they are read. All of them are in one database; those of older clients are each a tree of files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use super::head::{beside, entry, whose};
use super::{reader, tree};
use crate::claude_code::transcript::is_id;
use crate::transcripts::file::{FileRead, Place};
use crate::transcripts::holding::Stored;
use crate::transcripts::pass::{Pass, Wanted};
use crate::transcripts::walk::{FoundFile, Walked};

/// Reports whether a file of this name is a database of sessions, or one of these.
pub fn is_transcript(path: &Path) -> bool {
    is_database(path) || is_session(path)
}

fn is_database(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("opencode") && name.ends_with(".db")
}

fn is_session(path: &Path) -> bool {
    let is_named = |path: Option<&Path>, name: &str| path.and_then(Path::file_name).is_some_and(|own| own == name);
    let mut above = path.ancestors().skip(2);
    path.extension().is_some_and(|extension| extension == "json") && is_named(above.next(), "session") && is_named(above.next(), "storage")
}

/// Finds databases and sessions in a directory. What belongs to one of them, in files of its own, is told of as a part of it.
pub fn walk(root: &Path) -> Walked {
    let mut walked = Walked::default();
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) => {
            walked.is_missing = error.kind() == io::ErrorKind::NotFound;
            if !walked.is_missing {
                walked.troubles.push((root.to_owned(), Arc::new(error)));
            }
            return walked;
        }
    };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| is_database(path)) {
        match found_database(&path) {
            Ok(found) => walked.files.push(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => walked.troubles.push((path, Arc::new(error))),
        }
    }
    tree::sessions(&root.join("storage"), &mut walked.files);
    walked.files.sort_unstable_by(|one, other| one.path.as_os_str().cmp(other.path.as_os_str()));
    walked
}

/// Finds the databases of a directory that can be read.
pub(crate) fn databases(root: &Path) -> Vec<FoundFile> {
    let entries = fs::read_dir(root).into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<_> =
        entries.map(|entry| entry.path()).filter(|path| is_database(path)).filter_map(|path| found_database(&path).ok()).collect();
    found.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    found
}

/// Finds the sessions in the databases of a directory.
pub(crate) fn stored(root: &Path, scratch: Option<&Path>) -> (Vec<Stored>, Vec<(PathBuf, io::Error)>) {
    let (mut found, mut troubles) = (Vec::new(), Vec::new());
    let entries = fs::read_dir(root).into_iter().flatten().filter_map(Result::ok);
    for path in entries.map(|entry| entry.path()).filter(|path| is_database(path)) {
        match found_database(&path).and_then(|_| reader::list(&path, scratch)) {
            Ok(sessions) => found.extend(sessions),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => troubles.push((path, error)),
        }
    }
    (found, troubles)
}

/// Reports whether a session is in a directory: as a file, or in a database that can be asked without copying it. None where one cannot, and it is in no
/// other.
///
/// # Errors
/// When somebody could not look everywhere and it was not found.
pub(crate) fn is_here(roots: &[PathBuf], id: &str) -> io::Result<Option<bool>> {
    if !is_id(id) {
        return Ok(Some(false));
    }
    let (mut trouble, mut is_known) = (None, true);
    for root in roots {
        match tree::has(&root.join("storage"), id) {
            Ok(true) => return Ok(Some(true)),
            Ok(false) => {}
            Err(error) => trouble = Some(error),
        }
        let entries = match fs::read_dir(root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                trouble = Some(error);
                continue;
            }
        };
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| is_database(path)) {
            match reader::has(&path, id) {
                Ok(Some(true)) => return Ok(Some(true)),
                Ok(Some(false)) => {}
                // Whoever is told nothing asks the client, which says what is wrong with its database.
                Ok(None) | Err(_) => is_known = false,
            }
        }
    }
    trouble.map_or(Ok(is_known.then_some(false)), Err)
}

/// Tells of a database with its log.
fn found_database(path: &Path) -> io::Result<FoundFile> {
    let own = fs::symlink_metadata(path)?;
    if !own.is_file() {
        let what = if own.is_symlink() { "it is a link, which is not followed" } else { "it is no file" };
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    let mut file = FoundFile::of(path.to_owned(), &own);
    if let Ok(log) = fs::symlink_metadata(reader::log_of(path)) {
        let log = FoundFile::of(path.to_owned(), &log);
        file.size = file.size.saturating_add(log.size);
        file.changed_nanos = file.changed_nanos.max(log.changed_nanos);
    }
    Ok(file)
}

/// Reads a database or a session, and hands over what each session says.
///
/// # Errors
/// When it cannot be read, or changed while it was read. What was handed over is of no use then.
pub(crate) fn read_file(path: &Path, wanted: Wanted, scratch: Option<&Path>, take: &mut dyn FnMut(Pass)) -> io::Result<FileRead> {
    let found = if is_of_tree(path) { tree::found_session(path)? } else { found_database(path)? };
    if is_of_tree(path) {
        take(tree::read(path, wanted)?);
    } else {
        reader::read(path, wanted, scratch, take)?;
    }
    Ok(FileRead { found, goes_on: false, place: Place::default() })
}

/// Reports whether a transcript is a session of an older client, and no database.
pub(crate) fn is_of_tree(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}
