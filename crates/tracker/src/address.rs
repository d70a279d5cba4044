//! What a person may type for a session: an id, a number, a prefix that only one id has, or an agent's own id of a conversation.

use session::{ProjectKey, Session, SessionId};
use store::{Reads, StoreError};

use crate::ProjectError;

/// What the session is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be read: where two could be meant, the newest is taken and that is said.
    Reading,
    /// To be changed: where two could be meant, they are listed and nothing is done.
    Writing,
}

/// Why no session was found under a name.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Nothing has that name.
    #[error("no session matches `{name}`")]
    NoMatch {
        /// What was typed, shortened.
        name: String,
    },
    /// More than one id begins so.
    #[error("`{name}` fits more than one session: {}", list(ids))]
    Ambiguous {
        /// What was typed.
        name: String,
        /// Which ids fit, newest first.
        ids: Vec<SessionId>,
    },
    /// The project, whose numbers are meant, could not be determined.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns ids as an error lists them.
pub(crate) fn list(ids: &[SessionId]) -> String {
    ids.iter().map(SessionId::as_str).collect::<Vec<_>>().join(", ")
}

/// How many sessions are listed where a name fits several.
pub(crate) const LISTED: usize = 6;

/// A session that was found, and those that were passed over for it.
pub(crate) struct Found {
    pub(crate) session: Session,
    pub(crate) others: Vec<SessionId>,
}

/// Finds the session a name stands for; numbers are those of `project`.
pub(crate) fn find(
    reads: &dyn Reads,
    name: &str,
    project: impl FnOnce() -> Result<Option<ProjectKey>, ProjectError>,
    purpose: Purpose,
) -> Result<Found, AddressError> {
    let name = name.trim();
    let no_match = || AddressError::NoMatch { name: shorten(name) };
    if let Some(number) = as_number(name) {
        let found = project()?.map(|project| reads.session_by_number(project, number)).transpose()?.flatten();
        return found.map(alone).ok_or_else(no_match);
    }
    if let Ok(id) = name.parse::<SessionId>()
        && let Some(session) = reads.session_by_id(&id)?
    {
        return Ok(alone(session));
    }
    if let Some(key) = reads.conversations_by_id(name)?.iter().find_map(session::Conversation::session)
        && let Some(session) = reads.session(key)?
    {
        return Ok(alone(session));
    }
    let prefix = name.to_ascii_uppercase();
    let is_prefix =
        (1..=64).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_prefix {
        return Err(no_match());
    }
    choose(reads.sessions_by_prefix(&prefix, LISTED)?, name, purpose)
}

fn choose(mut fitting: Vec<Session>, name: &str, purpose: Purpose) -> Result<Found, AddressError> {
    let ids = |sessions: &[Session]| sessions.iter().map(|session| session.id.clone()).collect();
    if fitting.len() > 1 && purpose == Purpose::Writing {
        return Err(AddressError::Ambiguous { name: name.to_owned(), ids: ids(&fitting) });
    }
    let others = ids(fitting.get(1..).unwrap_or_default());
    fitting.truncate(1);
    let session = fitting.pop().ok_or_else(|| AddressError::NoMatch { name: shorten(name) })?;
    Ok(Found { session, others })
}

fn alone(session: Session) -> Found {
    Found { session, others: Vec::new() }
}

/// Reads `3`, `00003` and `#3`.
fn as_number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix('#').unwrap_or(name);
    let is_number = (1..=10).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

/// An error repeats what was typed, but not ten thousand characters of it.
fn shorten(name: &str) -> String {
    const LONGEST: usize = 80;
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_and_without_zeros() {
        for (name, expected) in
            [("3", Some(3)), ("00003", Some(3)), ("#42", Some(42)), ("", None), ("3a", None), ("-3", None), ("99999999999", None)]
        {
            assert_eq!(as_number(name), expected, "{name}");
        }
    }
}
