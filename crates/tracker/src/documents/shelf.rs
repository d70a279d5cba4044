//! The directory of documents in a worktree, `archive/sessions`, and the files in it that are ours.
//!
//! Nothing is written over but a document of the same session that nobody has changed by hand.

use std::io;
use std::path::{Path, PathBuf};

use session::{SessionId, Uuid};

use crate::foreign_place::ForeignPlace;

/// The names of the two directories, one in the other.
const NAMES: [&str; 2] = ["archive", "sessions"];

/// Longer files are none of ours.
const LONGEST: u64 = 64 << 20;

/// Where the seal stands in the last line.
const SEAL: &str = "rutter:";

/// The directory of documents in a worktree, open.
pub(crate) struct Shelf {
    open: ForeignPlace,
    path: PathBuf,
}

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It says what it said before.
    Same,
    /// It was written.
    Anew,
    /// Somebody changed it by hand, and it is left alone.
    Edited,
    /// A document of another session has its name, and is left alone.
    OfAnother,
}

impl Shelf {
    /// Opens the directory in a worktree, if it is there.
    pub(crate) fn open(worktree: &Path) -> io::Result<Option<Self>> {
        match Self::walk(worktree, ForeignPlace::below) {
            Ok(shelf) => Ok(Some(shelf)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens the directory in a worktree, making it where it is not there.
    pub(crate) fn make(worktree: &Path) -> io::Result<Self> {
        Self::walk(worktree, ForeignPlace::make_below)
    }

    fn walk(worktree: &Path, step: impl Fn(&ForeignPlace, &str) -> io::Result<ForeignPlace>) -> io::Result<Self> {
        let mut open = ForeignPlace::open(worktree)?;
        for name in NAMES {
            open = step(&open, name)?;
        }
        Ok(Self { open, path: worktree.join(NAMES[0]).join(NAMES[1]) })
    }

    /// Returns where a document is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Reports whether a document of a session is there.
    pub(crate) fn has(&self, name: &str, session: &SessionId) -> bool {
        self.read(name).ok().flatten().is_some_and(|text| is_of(&text, session))
    }

    /// Reports whether a document of another session, or something else, has the name.
    pub(crate) fn is_of_another(&self, name: &str, session: &SessionId) -> bool {
        self.read(name).ok().flatten().is_some_and(|text| !is_of(&text, session))
    }

    /// Writes a document of a session; the last line is sealed, so that it is noticed if somebody changes the others.
    pub(crate) fn write(&self, name: &str, session: &SessionId, body: &str, comment: Comment) -> io::Result<Written> {
        let sealed = comment.seal(body);
        match self.read(name)? {
            Some(held) if held == sealed => return Ok(Written::Same),
            Some(held) if !is_of(&held, session) => return Ok(Written::OfAnother),
            Some(held) if !is_sealed(&held) => return Ok(Written::Edited),
            _ => {}
        }
        self.open.replace(name, sealed.as_bytes(), None)?;
        Ok(Written::Anew)
    }

    /// Reads a document; line ends are ours, whatever git made of them.
    fn read(&self, name: &str) -> io::Result<Option<String>> {
        let bytes = self.open.read(name, LONGEST)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).replace("\r\n", "\n")))
    }
}

/// How a line is made a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comment {
    /// As in HTML, for Markdown.
    Markdown,
    /// With a `#` in front.
    Text,
}

impl Comment {
    /// Returns the body with its seal behind it.
    fn seal(self, body: &str) -> String {
        let seal = seal_of(body);
        match self {
            Self::Markdown => format!("{body}\n<!-- {SEAL}{seal} -->\n"),
            Self::Text => format!("{body}\n# {SEAL}{seal}\n"),
        }
    }
}

fn seal_of(body: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, body.as_bytes()).simple().to_string()[..16].to_owned()
}

/// Reports whether a document is as it was written.
fn is_sealed(text: &str) -> bool {
    let Some((body, last)) = text.trim_end_matches('\n').rsplit_once('\n') else { return false };
    let seal = last.split(SEAL).nth(1).map(|rest| rest.chars().take_while(char::is_ascii_hexdigit).collect::<String>());
    seal.is_some_and(|seal| seal == seal_of(body))
}

/// Reports whether a document is of a session: the first id in it is the session's.
fn is_of(text: &str, session: &SessionId) -> bool {
    let words = text.split(|each: char| !(each.is_ascii_alphanumeric() || each == '-'));
    words.filter_map(|word| word.parse::<SessionId>().ok()).next().is_some_and(|found| found == *session)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(suffix: &str) -> SessionId {
        format!("SESSION-20260216-173003-{suffix}").parse().unwrap()
    }

    fn body(id: &SessionId, rest: &str) -> String {
        format!("# Session 00003\n\n- Session: {id}\n\n{rest}\n")
    }

    #[test]
    fn a_document_is_written_once_and_again_when_it_says_something_else() {
        let worktree = tempfile::tempdir().unwrap();
        assert!(Shelf::open(worktree.path()).unwrap().is_none());
        let shelf = Shelf::make(worktree.path()).unwrap();
        let write = |rest| shelf.write("LOG.md", &id("AAAA"), &body(&id("AAAA"), rest), Comment::Markdown).unwrap();
        assert_eq!([write("one"), write("one"), write("two")], [Written::Anew, Written::Same, Written::Anew]);
        assert!(shelf.has("LOG.md", &id("AAAA")) && !shelf.has("LOG.md", &id("BBBB")));
    }

    #[test]
    fn what_others_wrote_or_changed_is_left_alone() {
        let worktree = tempfile::tempdir().unwrap();
        let shelf = Shelf::make(worktree.path()).unwrap();
        let path = shelf.path("LOG.md");
        let write = |id: &SessionId| shelf.write("LOG.md", id, &body(id, "text"), Comment::Markdown).unwrap();
        write(&id("AAAA"));
        assert_eq!(write(&id("BBBB")), Written::OfAnother);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace('\n', "\r\n")).unwrap();
        assert_eq!(write(&id("AAAA")), Written::Same, "line ends are git's business");
        std::fs::write(&path, text.replace("text", "my own words")).unwrap();
        assert_eq!(write(&id("AAAA")), Written::Edited);
        std::fs::write(&path, "somebody's notes\n").unwrap();
        assert_eq!(write(&id("AAAA")), Written::OfAnother);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "somebody's notes\n");
    }

    #[test]
    fn s1_no_link_leads_out_of_the_worktree() {
        let (worktree, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), worktree.path().join("archive")).unwrap();
        assert!(Shelf::make(worktree.path()).is_err());
        std::fs::remove_file(worktree.path().join("archive")).unwrap();
        let shelf = Shelf::make(worktree.path()).unwrap();
        std::fs::write(elsewhere.path().join("target"), "untouched").unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("target"), shelf.path("LOG.md")).unwrap();
        assert!(shelf.write("LOG.md", &id("AAAA"), &body(&id("AAAA"), "text"), Comment::Markdown).is_err());
        assert_eq!(std::fs::read_to_string(elsewhere.path().join("target")).unwrap(), "untouched");
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    }
}
