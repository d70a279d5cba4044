//! What differs in a worktree, as `git status --porcelain=v2 -z` says it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::{Git, Trouble};

/// What differs in a worktree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// The commit that is checked out; none before the first one.
    pub(crate) commit: Option<String>,
    /// The branch that is checked out; none when detached.
    pub(crate) branch: Option<String>,
    /// Each path that differs. One that left the index and lies there untracked is in it twice.
    pub(crate) entries: Vec<Entry>,
}

/// One path that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The path, from the top of the worktree.
    pub(crate) path: PathBuf,
    /// Where it was before, if it was renamed.
    pub(crate) from: Option<PathBuf>,
    /// What sort of difference it is.
    pub(crate) kind: Kind,
    /// Git's letter for the index against the commit, `.` for none.
    pub(crate) index: u8,
    /// Git's letter for the worktree against the index, `.` for none.
    pub(crate) worktree: u8,
    /// What the index holds.
    pub(crate) staged: String,
    /// Whether it is a repository of its own.
    pub(crate) is_repository: bool,
}

/// What sort of difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Git tracks it.
    Tracked,
    /// A merge could not decide about it.
    Conflict,
    /// Git does not track it.
    Untracked,
}

/// Asks what differs. Submodules are looked at for their commits alone: to look into them is to obey their configuration.
pub(crate) fn status(git: &Git<'_>) -> Result<Status, Trouble> {
    let arguments = [
        "status",
        "--porcelain=v2",
        "--branch",
        "-z",
        "--untracked-files=all",
        "--ignored=no",
        "--ignore-submodules=dirty",
        "--find-renames",
        "--no-ahead-behind",
    ];
    git.ask(&arguments, &[]).map(|answer| parse(&answer))
}

fn parse(answer: &[u8]) -> Status {
    let mut status = Status::default();
    let mut lines = answer.split(|byte| *byte == 0).filter(|line| !line.is_empty());
    while let Some(line) = lines.next() {
        match line[0] {
            b'#' => read_header(&mut status, line),
            b'1' => status.entries.extend(read_entry(line, Kind::Tracked, 8)),
            b'2' => {
                let from = lines.next().map(path);
                status.entries.extend(read_entry(line, Kind::Tracked, 9).map(|entry| Entry { from, ..entry }));
            }
            b'u' => status.entries.extend(read_entry(line, Kind::Conflict, 10)),
            b'?' => status.entries.extend(line.get(2..).map(untracked)),
            _ => {}
        }
    }
    status
}

fn read_header(status: &mut Status, line: &[u8]) {
    let line = String::from_utf8_lossy(line);
    if let Some(commit) = line.strip_prefix("# branch.oid ") {
        status.commit = Some(commit.to_owned()).filter(|commit| commit != "(initial)");
    }
    if let Some(branch) = line.strip_prefix("# branch.head ") {
        status.branch = Some(branch.to_owned()).filter(|branch| branch != "(detached)");
    }
}

/// Reads a line of which the path is the field with this number.
fn read_entry(line: &[u8], kind: Kind, place: usize) -> Option<Entry> {
    let fields: Vec<_> = line.splitn(place + 1, |byte| *byte == b' ').collect();
    let letters = fields.get(1).filter(|letters| letters.len() == 2)?;
    Some(Entry {
        path: path(fields.get(place)?),
        from: None,
        kind,
        index: letters[0],
        worktree: letters[1],
        staged: String::from_utf8_lossy(fields[7]).into_owned(),
        is_repository: fields[2].starts_with(b"S"),
    })
}

/// A repository of its own, which git does not look into, ends with a slash.
fn untracked(line: &[u8]) -> Entry {
    let (line, is_repository) = line.strip_suffix(b"/").map_or((line, false), |line| (line, true));
    Entry { path: path(line), from: None, kind: Kind::Untracked, index: b'?', worktree: b'?', staged: String::new(), is_repository }
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(answer: &str) -> Vec<String> {
        let word = |entry: &Entry| {
            let letters = format!("{}{}", char::from(entry.index), char::from(entry.worktree));
            let from = entry.from.as_ref().map_or_else(String::new, |from| format!(" < {}", from.display()));
            format!("{letters} {:?}{from} {:?}{}", entry.path, entry.kind, if entry.is_repository { " repository" } else { "" })
        };
        parse(&answer.replace('@', "\0").into_bytes()).entries.iter().map(word).collect()
    }

    #[test]
    fn every_kind_of_line_is_read() {
        let answer = "# branch.oid 1111@# branch.head main@# stash 1@\
            1 .M N... 100644 100644 100644 aa bb a b@\
            1 AD N... 000000 100644 000000 00 bb new@\
            1 M. SC.. 160000 160000 160000 aa bb sub@\
            2 RM N... 100644 100644 100644 aa bb R100 to here@from\n there@\
            u UU N... 100644 100644 100644 100644 aa bb cc both@\
            ? \"quoted\"@? nested/@! ignored@";
        let expected = [
            ".M \"a b\" Tracked",
            "AD \"new\" Tracked",
            "M. \"sub\" Tracked repository",
            "RM \"to here\" < from\n there Tracked",
            "UU \"both\" Conflict",
            "?? \"\\\"quoted\\\"\" Untracked",
            "?? \"nested\" Untracked repository",
        ];
        assert_eq!(words(answer), expected);
    }

    #[test]
    fn a_worktree_says_where_it_stands() {
        let read = |answer: &str| parse(&answer.replace('@', "\0").into_bytes());
        let status = read("# branch.oid 1111@# branch.head main@");
        assert_eq!((status.commit.as_deref(), status.branch.as_deref()), (Some("1111"), Some("main")));
        let status = read("# branch.oid (initial)@# branch.head main@");
        assert_eq!((status.commit.as_deref(), status.branch.as_deref()), (None, Some("main")));
        let status = read("# branch.oid 1111@# branch.head (detached)@");
        assert_eq!((status.commit.as_deref(), status.branch.as_deref()), (Some("1111"), None));
    }

    #[test]
    fn lines_that_are_cut_are_passed_over() {
        for answer in ["1 .M", "2 R. N... 100644", "u", "?", "1 .MM N... 1 1 1 a b c", "@@", "# branch.oid"] {
            assert_eq!(words(answer), [] as [&str; 0], "{answer}");
        }
    }
}
