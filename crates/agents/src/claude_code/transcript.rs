//! The client's transcripts: where the one of a conversation is, and which conversation it was copied from.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Copied records stand at the beginning; this much of it has one.
const LOOKED_AT: u64 = 4 << 20;

/// Returns the transcript of a conversation: `<projects>/<folder>/<id>.jsonl`. It may move from folder to folder, so that all are asked.
///
/// None where the id is no id of this agent's: it would become part of a path.
pub fn find(projects: &Path, id: &str) -> Option<PathBuf> {
    let name = if is_id(id) { format!("{id}.jsonl") } else { return None };
    let folders = fs::read_dir(projects).ok()?.filter_map(Result::ok);
    let mut found =
        folders.map(|folder| folder.path().join(&name)).filter(|path| fs::symlink_metadata(path).is_ok_and(|file| file.is_file()));
    found.next()
}

/// Returns the ids of all conversations that have a transcript: of each folder, one look.
pub fn all(projects: &Path) -> BTreeSet<String> {
    let folders = fs::read_dir(projects).into_iter().flatten().filter_map(Result::ok);
    let files = folders.filter_map(|folder| fs::read_dir(folder.path()).ok()).flatten().filter_map(Result::ok);
    let files = files.filter(|file| file.file_type().is_ok_and(|kind| kind.is_file()));
    files.filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".jsonl")?.to_owned())).filter(|id| is_id(id)).collect()
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
    let others = lines.filter_map(|line| serde_json::from_slice::<Record>(line).ok()).filter_map(Record::other);
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
        assert_eq!(all(projects), ["c", "d", "e"].map(str::to_owned).into());
        for id in ["c", "d", "e", "f", "g", "-x"] {
            assert_eq!(find(projects, id).is_some(), all(projects).contains(id), "{id}");
        }
        assert_eq!(all(&projects.join("nowhere")), BTreeSet::new());
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
