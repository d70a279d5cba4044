//! A description where nobody gave one: branch, last commit, time. A better one replaces it whenever it comes.

use std::ffi::OsStr;

use session::{Described, Moment, Rank};

use crate::{Place, git};

/// Describes a session by what it begins from.
pub(crate) fn automatically(programs: &OsStr, place: &Place, at: Moment) -> Described {
    let time = at.local().strftime("%Y-%m-%d %H:%M:%S");
    let branch = place.git_dir.as_deref().and_then(git::branch);
    let subject = place.common.as_ref().and_then(|_| git::last_subject(programs, &place.worktree));
    let text = match (branch, subject) {
        (Some(branch), Some(subject)) => format!("On {branch} after \"{}\", started at {time}", shorten(&subject)),
        (Some(branch), None) => format!("On {branch}, started at {time}"),
        (None, Some(subject)) => format!("After \"{}\", started at {time}", shorten(&subject)),
        (None, None) => format!("Session started at {time}"),
    };
    Described { text: redact::text(&text), rank: Rank::Automatic }
}

/// Describes a session without asking git: what is known of it grows with its first prompt.
pub(crate) fn from_branch(place: &Place, at: Moment) -> Described {
    let time = at.local().strftime("%Y-%m-%d %H:%M:%S");
    let text = match place.git_dir.as_deref().and_then(git::branch) {
        Some(branch) => format!("On {branch}, started at {time}"),
        None => format!("Session started at {time}"),
    };
    Described { text: redact::text(&text), rank: Rank::Automatic }
}

fn shorten(subject: &str) -> String {
    const LONGEST: usize = 72;
    if subject.chars().count() <= LONGEST {
        return subject.to_owned();
    }
    let kept: String = subject.chars().take(LONGEST - 1).collect();
    format!("{}…", kept.trim_end())
}
