//! Sessions of older clients: `storage/session/<project>/<session>.json`, `storage/message/<session>/<message>.json` and
//! `storage/part/<message>/<part>.json`.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::gather::OfSession;
use super::told::{Message, Part, Session};
use crate::transcripts::file::open;
use crate::transcripts::pass::{Pass, Wanted};
use crate::transcripts::walk::FoundFile;

/// Up to which length a file is read.
const LONGEST: u64 = 32 << 20;

/// How many files a session may have.
const MOST: usize = 1 << 20;

/// Finds all sessions below a `storage` directory. Each is told of with the sum of what its files are long, and the last time one of them changed.
pub(super) fn sessions(storage: &Path, found: &mut Vec<FoundFile>) {
    for project in directories(&storage.join("session")) {
        for path in files(&project) {
            found.extend(found_session(&path).ok());
        }
    }
}

/// Reports whether there is the file of a session below a `storage` directory.
///
/// # Errors
/// When nobody could look.
pub(super) fn has(storage: &Path, id: &str) -> io::Result<bool> {
    let session = storage.join("session");
    match fs::read_dir(&session) {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(false),
        Err(error) => return Err(error),
    }
    let is_file = |path: PathBuf| fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    Ok(directories(&session).into_iter().any(|project| is_file(project.join(format!("{id}.json")))))
}

/// Tells of a session with all its files.
pub(super) fn found_session(path: &Path) -> io::Result<FoundFile> {
    let mut session = FoundFile::of(path.to_owned(), &fs::symlink_metadata(path)?);
    for file in files_of(path) {
        let Ok(other) = fs::symlink_metadata(&file) else { continue };
        let other = FoundFile::of(file, &other);
        session.size = session.size.saturating_add(other.size);
        session.changed_nanos = session.changed_nanos.max(other.changed_nanos);
    }
    Ok(session)
}

/// Reads a session with its messages and their parts.
pub(super) fn read(path: &Path, wanted: Wanted) -> io::Result<Pass> {
    let session = Session::read(&content(path)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no session"))?;
    let mut found = OfSession::new(session);
    for (file, parts) in messages(path) {
        let id = stem(&file).to_owned();
        let mut read = Vec::new();
        for part in parts {
            match content(&part).map(|bytes| Part::read(&bytes)) {
                Ok(Ok(part)) => read.push(part),
                Ok(Err(_)) => found.broken(),
                Err(_) => found.too_long(),
            }
        }
        match content(&file).map(|bytes| Message::read(&bytes, &id)) {
            Ok(Ok(message)) => found.message(&message, &read),
            Ok(Err(_)) => found.broken(),
            Err(_) => found.too_long(),
        }
    }
    Ok(Pass { facts: found.finish(wanted), ..Pass::default() })
}

/// Returns the files of a session but its own.
fn files_of(session: &Path) -> Vec<PathBuf> {
    messages(session).into_iter().flat_map(|(message, parts)| [vec![message], parts].concat()).take(MOST).collect()
}

/// Returns the messages of a session, each with its parts, in order: their names begin with when they were made.
pub(super) fn messages(session: &Path) -> Vec<(PathBuf, Vec<PathBuf>)> {
    // The project, `session`, and what they are in.
    let Some(storage) = session.ancestors().nth(3) else { return Vec::new() };
    let of_message = |path: PathBuf| {
        let parts = files(&storage.join("part").join(stem(&path)));
        (path, parts)
    };
    files(&storage.join("message").join(stem(session))).into_iter().map(of_message).collect()
}

pub(super) fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("-")
}

fn directories(path: &Path) -> Vec<PathBuf> {
    entries(path, |kind| kind.is_dir())
}

fn files(path: &Path) -> Vec<PathBuf> {
    let mut files = entries(path, |kind| kind.is_file());
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files
}

fn entries(path: &Path, is_wanted: impl Fn(fs::FileType) -> bool) -> Vec<PathBuf> {
    let is_directory = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    let entries = if is_directory { fs::read_dir(path).ok() } else { None };
    let entries = entries.into_iter().flatten().filter_map(Result::ok).filter(|entry| entry.file_type().is_ok_and(&is_wanted));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).take(MOST).collect();
    paths.sort_unstable();
    paths
}

pub(super) fn content(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}
