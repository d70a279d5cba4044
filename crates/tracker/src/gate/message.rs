//! Messages of commits: the subject, the sessions they name, and which are not asked for one.

use std::borrow::Cow;

use session::SessionId;

/// The name of the trailer.
pub(super) const TRAILER: &str = "Session";

/// Where git cuts a message that shows a diff for its writer.
const SCISSORS: &[u8] = b"------------------------ >8 ------------------------";

/// A message as it will be committed, read from the file in which git keeps it while it is written. No byte of it is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The first line; none where there is nothing that git would commit.
    pub(super) subject: Option<String>,
    /// What its trailers `Session:` say, in order.
    pub(super) sessions: Vec<String>,
    /// Where its text ends, in bytes; behind it are comments.
    end: usize,
    /// Whether its last paragraph is one of trailers.
    has_trailers: bool,
}

impl Message {
    /// Reads a message in which lines that begin with `comment` are none of it.
    pub(super) fn of_file(bytes: &[u8], comment: &str) -> Self {
        let is_comment = |line: &[u8]| !comment.is_empty() && line.starts_with(comment.as_bytes());
        let is_scissors = |line: &[u8]| is_comment(line) && line.windows(SCISSORS.len()).any(|window| window == SCISSORS);
        let mut at = 0;
        let mut lines = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n').take_while(|line| !is_scissors(line)) {
            at += line.len();
            if !is_comment(line) {
                lines.push((String::from_utf8_lossy(line), at));
            }
        }
        let is_text = |(line, _): &(Cow<'_, str>, usize)| !line.trim().is_empty();
        let last = lines.iter().rposition(is_text);
        let end = last.map_or(0, |last| lines[last].1);
        let lines: Vec<&str> = lines[..last.map_or(0, |last| last + 1)].iter().map(|(line, _)| line.trim_end()).collect();
        // What git signs by itself is no text: who wrote nothing else gave the commit up.
        let is_written = |line: &&str| !line.trim().is_empty() && !line.starts_with("Signed-off-by: ");
        let subject = lines.iter().copied().find(is_written).map(|line| line.trim().to_owned());
        let block = last_paragraph(&lines).filter(|lines| are_trailers(lines));
        let sessions = block.unwrap_or_default().iter().filter_map(|line| session_in(line)).map(str::to_owned).collect();
        Self { subject, sessions, end, has_trailers: block.is_some() }
    }

    /// Returns the bytes it was read from, with a trailer more.
    pub(super) fn with_trailer(&self, bytes: &[u8], session: &SessionId) -> Vec<u8> {
        let (text, rest) = bytes.split_at(self.end);
        let feed = if text.ends_with(b"\r\n") { "\r\n" } else { "\n" };
        let missing = if text.ends_with(b"\n") { "" } else { feed };
        let blank = if self.has_trailers { "" } else { feed };
        [text, format!("{missing}{blank}{TRAILER}: {session}{feed}").as_bytes(), rest].concat()
    }
}

/// Returns the last paragraph, unless it is the first as well: a subject is no trailer.
fn last_paragraph<'l>(lines: &'l [&'l str]) -> Option<&'l [&'l str]> {
    let blank = lines.iter().rposition(|line| line.trim().is_empty())?;
    let has_more = lines[..blank].iter().any(|line| !line.trim().is_empty());
    has_more.then(|| &lines[blank + 1..])
}

/// Reports whether git takes lines for trailers: all of them, or a quarter where one is of git's own making.
fn are_trailers(lines: &[&str]) -> bool {
    let is_gits = |line: &str| line.starts_with("Signed-off-by: ") || line.starts_with("(cherry picked from commit ");
    let is_one = |line: &str| is_gits(line) || is_trailer(line);
    let lines: Vec<_> = lines.iter().filter(|line| !line.starts_with([' ', '\t'])).collect();
    let count = lines.iter().filter(|line| is_one(line)).count();
    count > 0 && (count == lines.len() || lines.iter().any(|line| is_gits(line)) && count * 4 >= lines.len())
}

fn is_trailer(line: &str) -> bool {
    let is_token = |token: &str| !token.is_empty() && token.chars().all(|each| each.is_ascii_alphanumeric() || each == '-');
    line.split_once(':').is_some_and(|(token, _)| is_token(token.trim_end()))
}

/// Returns what a trailer `Session:` says.
fn session_in(line: &str) -> Option<&str> {
    let (name, value) = line.split_once(':')?;
    name.trim_end().eq_ignore_ascii_case(TRAILER).then_some(value.trim())
}

/// Reports whether nobody expects a session of a commit with this subject: it is folded into another one before anybody sees it.
pub(super) fn is_fixup(subject: &str) -> bool {
    ["fixup! ", "squash! ", "amend! "].iter().any(|mark| subject.starts_with(mark))
}

/// Reports whether a bot made a commit.
pub(super) fn is_bot(name: &str, email: &str) -> bool {
    name.ends_with("[bot]") || email.contains("[bot]@") || email.starts_with("bot@")
}

/// Returns the ids among what trailers say.
pub(super) fn ids(sessions: &[String]) -> Vec<SessionId> {
    sessions.iter().filter_map(|text| text.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "SESSION-20260216-173003-09RZ";

    fn read(text: &str) -> Message {
        Message::of_file(text.as_bytes(), "#")
    }

    #[test]
    fn the_session_is_named_among_the_trailers() {
        let message = read(&format!("Fix the login\n\nLong story.\n\nSigned-off-by: a\nsession: {ID}\n\n# Please enter\n"));
        assert_eq!(message.subject.as_deref(), Some("Fix the login"));
        assert_eq!(message.sessions, [ID]);
        let none = [
            "Fix\n\nSession: in the text\n\nMore text\n",
            "Fix\n\nA text with\nSession: in it\n",
            "Fix\nSession: X\n",
            "Session: X\n",
            "Fix\n# ------------------------ >8 ------------------------\ndiff\n\nSession: X\n",
        ];
        for text in none {
            assert_eq!(read(text).sessions, [""; 0], "{text}");
        }
    }

    #[test]
    fn what_git_would_not_commit_has_no_subject() {
        for text in ["", "\n\n", "\n# only\n# comments\n", "\nSigned-off-by: Ada <ada@example.org>\n\n# x\n"] {
            assert_eq!(read(text).subject, None, "{text}");
        }
        assert_eq!(Message::of_file(b"\n; only\n; comments\n", ";").subject, None);
    }

    #[test]
    fn a_trailer_changes_no_other_byte() {
        let id = ID.parse().unwrap();
        let cases: [(&[u8], &[u8], &[u8]); 7] = [
            (b"Fix", b"\n\n", b""),
            (b"Fix\n", b"\n", b""),
            (b"Fix\r\n\r\nWhy\r\n", b"\r\n", b""),
            (b"F\xefx\n\n\xff\0\n", b"\n", b"\n\n# Please\n"),
            (b"Fix\n\nSigned-off-by: a\n", b"", b"\n# Please\n"),
            (b"Fix\n\nSee: a\n and more\n(cherry picked from commit 1)\n", b"", b"\n"),
            (b"Fix\n", b"\n", b"# ------------------------ >8 ------------------------\ndiff\n\nA: b\n"),
        ];
        for (text, gap, rest) in cases {
            let bytes = [text, rest].concat();
            let feed: &[u8] = if text.contains(&b'\r') { b"\r\n" } else { b"\n" };
            let expected = [text, gap, b"Session: ", ID.as_bytes(), feed, rest].concat();
            let with = Message::of_file(&bytes, "#").with_trailer(&bytes, &id);
            assert_eq!(String::from_utf8_lossy(&with), String::from_utf8_lossy(&expected));
            assert_eq!(Message::of_file(&with, "#").sessions, [ID]);
        }
    }

    #[test]
    fn fixups_and_bots_are_not_asked() {
        assert!(is_fixup("fixup! Fix the login") && is_fixup("squash! a") && is_fixup("amend! a") && !is_fixup("Fix up!"));
        assert!(is_bot("dependabot[bot]", "support@github.com") && is_bot("x", "49699333+dependabot[bot]@users.noreply.github.com"));
        assert!(!is_bot("Ada", "ada@example.org"));
    }
}
