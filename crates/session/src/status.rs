//! Where a session or a work item stands.

use serde::{Deserialize, Serialize};

/// Where a session stands; folded from events, never set by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Going on.
    Active,
    /// Ended as intended.
    Completed,
    /// Ended, and somebody said that it failed.
    Failed,
    /// Given up, or gone silent.
    Abandoned,
}

/// Why a word is no status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a status")]
pub struct StatusError(pub String);

impl Status {
    /// All statuses, in the order of a session's life.
    pub const ALL: [Self; 4] = [Self::Active, Self::Completed, Self::Failed, Self::Abandoned];

    /// Returns the word as it stands in files and views.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Abandoned => "ABANDONED",
        }
    }

    /// Reports whether the session is over.
    pub fn is_ended(self) -> bool {
        self != Self::Active
    }
}

impl std::str::FromStr for Status {
    type Err = StatusError;

    fn from_str(word: &str) -> Result<Self, StatusError> {
        Self::ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(word)).ok_or_else(|| StatusError(word.to_owned()))
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(self.as_str())
    }
}

/// Where a work item stands: `IN_PROGRESS`, `COMPLETED`, or another word of `[A-Z][A-Z_]{0,31}` that a team uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkStatus(String);

impl WorkStatus {
    /// Returns the status a work item begins with.
    pub fn in_progress() -> Self {
        Self("IN_PROGRESS".to_owned())
    }

    /// Returns the status of work that is done.
    pub fn completed() -> Self {
        Self("COMPLETED".to_owned())
    }

    /// Returns the word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reports whether the work is still being done.
    pub fn is_in_progress(&self) -> bool {
        self.0 == "IN_PROGRESS"
    }

    /// Reports whether the work was done.
    pub fn is_completed(&self) -> bool {
        self.0 == "COMPLETED"
    }
}

impl std::str::FromStr for WorkStatus {
    type Err = StatusError;

    fn from_str(word: &str) -> Result<Self, StatusError> {
        let upper = word.to_ascii_uppercase();
        let starts_well = upper.starts_with(|first: char| first.is_ascii_uppercase());
        if starts_well && upper.len() <= 32 && upper.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') {
            return Ok(Self(upper));
        }
        Err(StatusError(word.to_owned()))
    }
}

impl TryFrom<String> for WorkStatus {
    type Error = StatusError;

    fn try_from(word: String) -> Result<Self, StatusError> {
        word.parse()
    }
}

impl From<WorkStatus> for String {
    fn from(status: WorkStatus) -> Self {
        status.0
    }
}

impl std::fmt::Display for WorkStatus {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_in_any_case_and_written_in_one() {
        assert_eq!("completed".parse(), Ok(Status::Completed));
        assert_eq!("DONE".parse::<Status>(), Err(StatusError("DONE".to_owned())));
        assert_eq!("blocked".parse::<WorkStatus>().map(String::from), Ok("BLOCKED".to_owned()));
        for bad in ["", "_A", "IN PROGRESS", "A1", &"A".repeat(33)] {
            assert!(bad.parse::<WorkStatus>().is_err(), "{bad}");
        }
    }
}
