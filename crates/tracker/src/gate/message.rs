//! Messages of commits: the subject, the sessions they name, and which are not asked for one.

use session::SessionId;

/// The name of the trailer.
pub(super) const TRAILER: &str = "Session";

/// Where git cuts a message that shows a diff for its writer.
const SCISSORS: &str = "------------------------ >8 ------------------------";

/// A message as it will be committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The first line; none where there is nothing.
    pub(super) subject: Option<String>,
    /// What its trailers `Session:` say, in order.
    pub(super) sessions: Vec<String>,
}

impl Message {
    /// Reads the file in which git keeps a message while it is written.
    pub(super) fn of_file(text: &str) -> Self {
        let is_scissors = |line: &str| line.starts_with('#') && line.contains(SCISSORS);
        let kept = text.lines().take_while(|line| !is_scissors(line)).filter(|line| !line.starts_with('#'));
        Self::of_lines(&kept.collect::<Vec<_>>())
    }

    fn of_lines(lines: &[&str]) -> Self {
        let subject = lines.iter().map(|line| line.trim()).find(|line| !line.is_empty()).map(str::to_owned);
        let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |at| at + 1);
        let begin = lines[..end].iter().rposition(|line| line.trim().is_empty()).map_or(0, |at| at + 1);
        let sessions = lines[begin..end].iter().filter_map(|line| trailer(line)).map(str::to_owned).collect();
        Self { subject, sessions }
    }
}

/// Returns what a trailer `Session:` says.
fn trailer(line: &str) -> Option<&str> {
    let (name, value) = line.split_once(':')?;
    name.trim().eq_ignore_ascii_case(TRAILER).then_some(value.trim())
}

/// Reports whether nobody expects a session of a commit with this subject: it is folded into another one before anybody sees it.
pub(super) fn is_fixup(subject: &str) -> bool {
    ["fixup! ", "squash! ", "amend! "].iter().any(|mark| subject.starts_with(mark))
}

/// Reports whether a bot made a commit.
pub(super) fn is_bot(name: &str, email: &str) -> bool {
    name.ends_with("[bot]") || email.contains("[bot]@")
}

/// Returns the first id among what trailers say.
pub(super) fn first_id(sessions: &[String]) -> Option<SessionId> {
    sessions.iter().find_map(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_named_in_the_last_paragraph() {
        let read = |text| Message::of_file(text);
        let message = read("Fix the login\n\nLong story.\n\nSigned-off-by: a\nsession: SESSION-20260216-173003-09RZ\n\n# Please enter\n");
        assert_eq!(message.subject.as_deref(), Some("Fix the login"));
        assert_eq!(message.sessions, ["SESSION-20260216-173003-09RZ"]);
        assert_eq!(read("Fix\n\nSession: in the text\n\nMore text\n").sessions, [""; 0]);
        assert_eq!(read("# only\n# comments\n"), Message { subject: None, sessions: Vec::new() });
        let cut = read("Fix\n# ------------------------ >8 ------------------------\ndiff\n\nSession: X\n");
        assert_eq!(cut.sessions, [""; 0]);
    }

    #[test]
    fn fixups_and_bots_are_not_asked() {
        assert!(is_fixup("fixup! Fix the login") && is_fixup("squash! a") && is_fixup("amend! a") && !is_fixup("Fix up!"));
        assert!(is_bot("dependabot[bot]", "support@github.com") && is_bot("x", "49699333+dependabot[bot]@users.noreply.github.com"));
        assert!(!is_bot("Ada", "ada@example.org"));
    }
}
