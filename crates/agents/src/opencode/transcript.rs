//! Where the client's sessions are, and how they are read. All of them are in one database; those of older clients are each a tree of files.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{reader, tree};
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
    for entry in entries.filter_map(Result::ok).filter(|entry| is_database(&entry.path())) {
        if let Some(found) = entry.metadata().ok().filter(fs::Metadata::is_file) {
            let mut file = FoundFile::of(entry.path(), &found);
            if let Ok(log) = fs::symlink_metadata(reader::log_of(&entry.path())) {
                let log = FoundFile::of(entry.path(), &log);
                file.size = file.size.saturating_add(log.size);
                file.changed_nanos = file.changed_nanos.max(log.changed_nanos);
            }
            walked.files.push(file);
        }
    }
    tree::sessions(&root.join("storage"), &mut walked.files);
    walked.files.sort_unstable_by(|one, other| one.path.as_os_str().cmp(other.path.as_os_str()));
    walked
}

/// Reads a database or a session, and hands over what each session says.
///
/// # Errors
/// When it cannot be read, or changed while it was read. What was handed over is of no use then.
pub fn read(path: &Path, wanted: Wanted, take: &mut dyn FnMut(Pass)) -> io::Result<()> {
    if path.extension().is_some_and(|extension| extension == "json") {
        take(tree::read(path, wanted)?);
        return Ok(());
    }
    reader::read(path, wanted, take)
}
