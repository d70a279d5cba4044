//! Commits, and the files in them.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::references::references;
use super::{Git, Trouble};

/// More commits are not looked at.
pub(crate) const MOST_COMMITS: usize = 10_000;

/// A commit, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Its id.
    pub(crate) id: String,
    /// The ids of its parents.
    pub(crate) parents: Vec<String>,
    /// The first line of its message.
    pub(crate) subject: String,
    /// The lines below it that refer to something.
    pub(crate) references: Vec<String>,
}

/// What became of one file in a commit, or between two of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delta {
    /// Git's letter: `A`, `M`, `D`, `R`, `T`.
    pub(crate) letter: u8,
    /// The path, from the top of the worktree.
    pub(crate) path: PathBuf,
    /// Where it was before, if it was renamed.
    pub(crate) from: Option<PathBuf>,
}

/// Returns the commits that can be reached from `tips` and not from `base`, parents first; the newest, where there are too many.
pub(crate) fn commits(git: &Git<'_>, tips: &[String], base: Option<&str>) -> Result<Vec<Listed>, Trouble> {
    let most = format!("--max-count={MOST_COMMITS}");
    let wanted: String = tips.iter().map(|tip| format!("{tip}\n")).chain(base.map(|base| format!("^{base}\n"))).collect();
    let list = |format: &str| {
        let arguments = [
            "log",
            "-z",
            "--stdin",
            "--no-patch",
            "--reverse",
            "--topo-order",
            "--no-color",
            "--no-show-signature",
            "--encoding=UTF-8",
            format,
            &most,
        ];
        git.ask(&arguments, wanted.as_bytes())
    };
    // Where people write books into their messages, what they refer to is not looked for.
    let answer = match list("--format=%H%x1f%P%x1f%s%n%b") {
        Err(Trouble::TooMuch) => list("--format=%H%x1f%P%x1f%s"),
        answer => answer,
    };
    answer.map(|answer| parse_list(&answer))
}

fn parse_list(answer: &[u8]) -> Vec<Listed> {
    let read = |record: &[u8]| {
        let record = String::from_utf8_lossy(record);
        let mut fields = record.trim_start_matches('\n').splitn(3, '\u{1f}');
        let id = fields.next().filter(|id| is_id(id.as_bytes()))?.to_owned();
        let parents = fields.next()?.split_whitespace().map(str::to_owned).collect();
        let message = fields.next()?;
        let (subject, body) = message.split_once('\n').unwrap_or((message, ""));
        Some(Listed { id, parents, subject: subject.to_owned(), references: references(body) })
    };
    answer.split(|byte| *byte == 0).filter_map(read).collect()
}

/// Returns the files of commits, in the order in which they are given: each against its parents, or against the commit beside it. Of a
/// merge these are the files that are like in none of its parents.
pub(crate) fn files_of(git: &Git<'_>, commits: &[(&str, Option<&str>)]) -> Result<Vec<(String, Vec<Delta>)>, Trouble> {
    let arguments = [
        "diff-tree",
        "--stdin",
        "-r",
        "-z",
        "--root",
        "-M",
        "-c",
        "--name-status",
        "--no-ext-diff",
        "--no-textconv",
        "--ignore-submodules=none",
    ];
    let line = |(id, against): &(&str, Option<&str>)| against.map_or_else(|| format!("{id}\n"), |against| format!("{id} {against}\n"));
    let wanted: String = commits.iter().map(line).collect();
    git.ask(&arguments, wanted.as_bytes()).map(|answer| parse_files(&answer))
}

fn parse_files(answer: &[u8]) -> Vec<(String, Vec<Delta>)> {
    let mut found: Vec<(String, Vec<Delta>)> = Vec::new();
    let mut words = answer.split(|byte| *byte == 0).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        if is_id(word) {
            found.push((String::from_utf8_lossy(word).into_owned(), Vec::new()));
            continue;
        }
        let from = is_rename(word).then(|| words.next().map(path)).flatten();
        let (Some((_, files)), Some(name)) = (found.last_mut(), words.next()) else { break };
        files.push(Delta { letter: letter(word), path: path(name), from });
    }
    found
}

/// A rename has how like the two are behind its letter; of a merge there is a letter for each parent, and one name.
fn is_rename(word: &[u8]) -> bool {
    matches!(word.split_first(), Some((b'R' | b'C', likeness)) if !likeness.is_empty() && likeness.iter().all(u8::is_ascii_digit))
}

fn letter(word: &[u8]) -> u8 {
    let first = word[0];
    let is_agreed = is_rename(word) || word.iter().all(|each| *each == first);
    if is_agreed && matches!(first, b'A' | b'D' | b'R') { first } else { b'M' }
}

pub(super) fn is_id(word: &[u8]) -> bool {
    word.len() >= 40 && word.iter().all(u8::is_ascii_hexdigit)
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "30c6924f772eec659d08ea91b9077c006e147bf8";
    const OTHER: &str = "ddb016eae4843116c1e718683227c2fa77fe160d";

    #[test]
    fn commits_are_listed_with_parents_and_subject() {
        let answer = format!("{ID}\u{1f}\u{1f}initial\n\0{OTHER}\u{1f}{ID} {ID}\u{1f}a \u{1f} b\nWhy\n\nFixes: #12\n\0");
        let listed = parse_list(answer.as_bytes());
        assert_eq!(listed[0], Listed { id: ID.into(), parents: vec![], subject: "initial".into(), references: vec![] });
        assert_eq!((listed[1].parents.len(), listed[1].subject.as_str()), (2, "a \u{1f} b"));
        assert_eq!(listed[1].references, ["Fixes: #12"]);
        assert_eq!(parse_list(b"\0nonsense\0"), []);
    }

    #[test]
    fn files_of_commits_are_read() {
        let answer = format!("{ID}\0R087\0a b\0c\nd\0A\0R100\0T\0link\0{OTHER}\0MM\0both\0AA\0new\0DD\0gone\0RM\0x\0");
        let words: Vec<_> = parse_files(answer.as_bytes())
            .into_iter()
            .map(|(id, files)| {
                let word = |each: &Delta| format!("{} {:?} {:?}", char::from(each.letter), each.path, each.from.as_deref());
                (id, files.iter().map(word).collect::<Vec<_>>().join(", "))
            })
            .collect();
        let expected = [
            (ID.to_owned(), r#"R "c\nd" Some("a b"), A "R100" None, M "link" None"#.to_owned()),
            (OTHER.to_owned(), r#"M "both" None, A "new" None, D "gone" None, M "x" None"#.to_owned()),
        ];
        assert_eq!(words, expected);
        assert_eq!(parse_files(b"A\0name\0"), []);
    }
}
