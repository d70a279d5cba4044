//! A description where nobody gave one: branch, last commit, time. A better one replaces it whenever it comes.

use std::ffi::OsStr;

use session::{Described, Moment, Rank};

use crate::{Place, git};

/// What of a prompt becomes a description.
const LONGEST_TITLE: usize = 100;

/// Describes a session by what it begins from.
pub(crate) fn automatically(programs: &OsStr, place: &Place, at: Moment) -> Described {
    let time = at.local().strftime("%Y-%m-%d %H:%M:%S");
    let branch = place.git_dir.as_deref().and_then(git::branch);
    let subject = place.common.as_ref().and_then(|_| git::last_subject(programs, &place.worktree));
    let text = match (branch, subject) {
        (Some(branch), Some(subject)) => format!("On {branch} after \"{}\", started at {time}", shorten(&subject)),
        (Some(branch), None) => format!("On {branch}, started at {time}"),
        (None, Some(subject)) => format!("After \"{}\", started at {time}", shorten(&subject)),
        (None, None) => by_time(at),
    };
    Described { text: redact::text(&text), rank: Rank::Automatic }
}

/// Describes a session without asking git: what is known of it grows with its first prompt.
pub(crate) fn from_branch(place: &Place, at: Moment) -> Described {
    let text = match place.git_dir.as_deref().and_then(git::branch) {
        Some(branch) => format!("On {branch}, started at {}", at.local().strftime("%Y-%m-%d %H:%M:%S")),
        None => by_time(at),
    };
    Described { text: redact::text(&text), rank: Rank::Automatic }
}

/// Returns the branch that a description made here names.
pub(crate) fn branch_in(description: &str) -> Option<&str> {
    let rest = description.strip_prefix("On ")?;
    // No branch has a space in its name.
    let (branch, rest) = rest.split_once(' ')?;
    match branch.strip_suffix(',') {
        Some(branch) => rest.starts_with("started at ").then_some(branch),
        None => rest.starts_with("after \"").then_some(branch),
    }
}

/// Describes a session of which nothing is known but when it began.
pub(crate) fn by_time(at: Moment) -> String {
    format!("Session started at {}", at.local().strftime("%Y-%m-%d %H:%M:%S"))
}

fn shorten(subject: &str) -> String {
    const LONGEST: usize = 72;
    if subject.chars().count() <= LONGEST {
        return subject.to_owned();
    }
    let kept: String = subject.chars().take(LONGEST - 1).collect();
    format!("{}…", kept.trim_end())
}

/// Returns the first line that says something, at a word's end.
pub(crate) fn in_one_line(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    if line.chars().count() <= LONGEST_TITLE {
        return Some(line.to_owned());
    }
    let cut: String = line.chars().take(LONGEST_TITLE).collect();
    let at_word = cut.rfind(char::is_whitespace).filter(|&at| at > LONGEST_TITLE / 2).map_or(cut.as_str(), |at| &cut[..at]);
    Some(format!("{}…", at_word.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_made_here_names_its_branch() {
        for (description, expected) in [
            ("On feature/ABC-1 after \"Fix, it\", started at 2026-02-16 17:30:03", Some("feature/ABC-1")),
            ("On main, started at 2026-02-16 17:30:03", Some("main")),
            ("After \"Fix it\", started at 2026-02-16 17:30:03", None),
            ("Session started at 2026-02-16 17:30:03", None),
            ("On Monday we go on", None),
        ] {
            assert_eq!(branch_in(description), expected, "{description}");
        }
    }
}
