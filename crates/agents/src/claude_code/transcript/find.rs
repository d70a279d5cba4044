//! The client's transcripts: where the one of a conversation is, and which conversation it was copied from.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;

use crate::claude_code::locations::folder_name;
use crate::lenient;

/// Copied records stand at the beginning; this much of it has one.
const LOOKED_AT: u64 = 4 << 20;

/// Returns the transcript of a conversation, as [`look`] does; none where nobody could look.
pub fn find(projects: &Path, id: &str) -> Option<PathBuf> {
    look(projects, id).ok().flatten()
}

/// Returns the transcript of a conversation: `<projects>/<folder>/<id>.jsonl`. It may move from folder to folder, so that all are asked.
///
/// None where the id is no id of this agent's: it would become part of a path.
///
/// # Errors
/// When it was not found, and somewhere nobody could look.
pub fn look(projects: &Path, id: &str) -> io::Result<Option<PathBuf>> {
    let name = if is_id(id) { format!("{id}.jsonl") } else { return Ok(None) };
    let mut trouble = None;
    for folder in folders(projects, &mut trouble) {
        let path = folder.join(&name);
        match fs::symlink_metadata(&path) {
            Ok(file) if file.is_file() => return Ok(Some(path)),
            Ok(_) => {}
            Err(error) => trouble = trouble.or(real(error)),
        }
    }
    trouble.map_or(Ok(None), Err)
}

/// Returns the ids of all conversations that have a transcript, of each folder with one look, and why nobody could look everywhere.
pub fn all(projects: &Path) -> (BTreeSet<String>, Option<io::Error>) {
    let (mut trouble, mut found) = (None, BTreeSet::new());
    for folder in folders(projects, &mut trouble) {
        let files = fs::read_dir(folder).map_err(|error| trouble = trouble.take().or(real(error)));
        let files = files.into_iter().flatten().filter_map(Result::ok).filter(|file| file.file_type().is_ok_and(|kind| kind.is_file()));
        let ids = files.filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".jsonl")?.to_owned()));
        found.extend(ids.filter(|id| is_id(id)));
    }
    (found, trouble)
}

/// Returns the conversation of a directory (absolute, its links resolved) whose transcript was written last: a guess at the one that was just run there.
///
/// Where the client left none, the one that an older program did: a directory of its name with a `history.json` in it.
///
/// # Errors
/// When nobody could look.
pub fn newest(projects: &Path, directory: &Path) -> io::Result<Option<String>> {
    let of_client = |file: fs::DirEntry| {
        let id = file.file_name().to_str()?.strip_suffix(".jsonl")?.to_owned();
        file.file_type().ok()?.is_file().then_some((file.metadata().ok()?.modified().ok()?, id))
    };
    let of_older = |folder: fs::DirEntry| {
        let history = fs::symlink_metadata(folder.path().join("history.json")).ok().filter(fs::Metadata::is_file)?;
        let written_at = folder.metadata().ok()?.modified().ok()?.max(history.modified().ok()?);
        Some((written_at, folder.file_name().to_str()?.to_owned()))
    };
    match last_written(&projects.join(folder_name(directory)), of_client)? {
        Some(id) => Ok(Some(id)),
        None => last_written(projects, of_older),
    }
}

fn last_written(directory: &Path, dated: impl Fn(fs::DirEntry) -> Option<(SystemTime, String)>) -> io::Result<Option<String>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => return real(error).map_or(Ok(None), Err),
    };
    let found = entries.filter_map(Result::ok).filter_map(dated).filter(|(_, id)| is_id(id));
    Ok(found.max().map(|(_, id)| id))
}

fn folders(projects: &Path, trouble: &mut Option<io::Error>) -> Vec<PathBuf> {
    let folders = fs::read_dir(projects).map_err(|error| *trouble = real(error));
    folders.into_iter().flatten().filter_map(Result::ok).map(|folder| folder.path()).collect()
}

/// Returns why nobody could look; what is not there is no trouble.
fn real(error: io::Error) -> Option<io::Error> {
    let is_absence = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    (!is_absence).then_some(error)
}

/// Reports whether a text can be the id of a conversation: letters, digits and `-`, no `-` first, at most 128 of them.
pub fn is_id(text: &str) -> bool {
    let is_of_ids = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=128).contains(&text.len()) && text.bytes().all(is_of_ids) && !text.starts_with('-')
}

/// Returns the conversation that a forked one was copied from, as its first copied record says.
///
/// `/branch` says `forkedFrom` in every copied record; `--fork-session` leaves only `requestSessionId` in those of the agent.
pub fn copied_from(transcript: &Path, id: &str) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(transcript).ok()?.take(LOOKED_AT).read_to_end(&mut bytes).ok()?;
    let lines = bytes.split(|&byte| byte == b'\n');
    let others = lines.filter_map(|line| lenient::parse::<Record>(line).ok()).filter_map(Record::other);
    others.into_iter().find(|other| other != id && is_id(other))
}

/// What of a record tells where it comes from.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default)]
    forked_from: Option<Forked>,
    #[serde(default)]
    request_session_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Forked {
    session_id: String,
}

impl Record {
    fn other(self) -> Option<String> {
        self.forked_from.map(|forked| forked.session_id).or(self.request_session_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_is_found_among_all_as_by_itself() {
        let directory = tempfile::tempdir().unwrap();
        let projects = directory.path();
        for path in ["-a/c.jsonl", "-a/d.jsonl", "-b/e.jsonl", "-b/notes.txt", "-b/-x.jsonl", "-b/f.jsonl/below"] {
            fs::create_dir_all(projects.join(path).parent().unwrap()).unwrap();
            fs::write(projects.join(path), "").unwrap();
        }
        fs::write(projects.join("g.jsonl"), "").unwrap();
        assert_eq!(all(projects).0, ["c", "d", "e"].map(str::to_owned).into());
        for id in ["c", "d", "e", "f", "g", "-x"] {
            assert_eq!(find(projects, id).is_some(), all(projects).0.contains(id), "{id}");
        }
        let (found, trouble) = all(&projects.join("nowhere"));
        assert!(found.is_empty() && trouble.is_none() && look(&projects.join("nowhere"), "c").unwrap().is_none());
    }

    #[test]
    fn the_newest_is_of_that_directory_and_of_older_programs_only_where_there_is_none() {
        let home = tempfile::tempdir().unwrap();
        let projects = home.path();
        let write = |path: &str, second: u64| {
            fs::create_dir_all(projects.join(path).parent().unwrap()).unwrap();
            let file = File::create(projects.join(path)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(second)).unwrap();
        };
        let newest = |directory: &str| newest(projects, Path::new(directory)).unwrap();
        assert_eq!(newest("/p"), None);
        write("-p/b.jsonl", 20);
        write("-p/a.jsonl", 30);
        write("-p/-x.jsonl", 40);
        write("-p/notes.txt", 40);
        write("-p/below.jsonl/c.jsonl", 50);
        write("-q/c.jsonl", 60);
        assert_eq!((newest("/p").as_deref(), newest("/q").as_deref(), newest("/r")), (Some("a"), Some("c"), None));
        // The directories are as old as this test, their files are newer.
        write("user_123_old/history.json", 1 << 33);
        write("user_123_new/history.json", (1 << 33) + 1);
        write("user_123_empty/other.json", 1 << 34);
        write("-s/history.json", 1 << 34);
        assert_eq!((newest("/p").as_deref(), newest("/r").as_deref()), (Some("a"), Some("user_123_new")));
    }

    #[test]
    fn where_nobody_can_look_nothing_is_said_to_be_absent() {
        let directory = tempfile::tempdir().unwrap();
        let projects = directory.path();
        fs::create_dir(projects.join("-a")).unwrap();
        fs::write(projects.join("-a/c.jsonl"), "").unwrap();
        // Nobody can follow it, whoever asks.
        std::os::unix::fs::symlink("-b", projects.join("-b")).unwrap();
        assert!(look(projects, "c").unwrap().is_some() && look(projects, "d").is_err());
        assert!(look(&projects.join("-b"), "c").is_err());
        let (found, trouble) = all(projects);
        assert!(found.contains("c") && trouble.is_some());
    }

    #[test]
    fn only_ids_become_part_of_a_path() {
        for good in ["0b1c2d3e-0000-4000-8000-000000000001", "c", "a_b"] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", "-r", "../x", "a/b", "a b", "a\0", &"x".repeat(129)] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
