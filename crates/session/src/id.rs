//! Tracking ids, `PREFIX-YYYYMMDD-HHMMSS-XXXX`: what people say and type.
//!
//! Parsing is strict and total: every string is either an id or a clear refusal. An id sorts by its local
//! time, but nothing of ours is ordered by it, and no id opens any door.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

/// The number of random characters an id is first drawn with.
pub const SUFFIX_MIN: usize = 4;

/// The number of random characters at which drawing gives up.
pub const SUFFIX_MAX: usize = 12;

const DRAWS_PER_LENGTH: usize = 8;

/// Returns how many random characters the `attempt`-th draw (from 0) has, or `None` when it is time to give up.
///
/// A suffix that is taken is drawn again eight times, then lengthened: 1,679,616 ids fit into a second at
/// first, 60 million after one step, and even a random source that is stuck finds a free place.
pub fn suffix_length(attempt: usize) -> Option<usize> {
    let length = SUFFIX_MIN + attempt / DRAWS_PER_LENGTH;
    (length <= SUFFIX_MAX).then_some(length)
}

/// Why a string is no tracking id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not three dashes between four parts.
    #[error("an id has four parts, `PREFIX-YYYYMMDD-HHMMSS-XXXX`")]
    Shape,
    /// The type prefix is not `[A-Z][A-Z0-9]{1,15}`.
    #[error("a type is 2 to 16 characters of `A-Z0-9` and starts with a letter")]
    Prefix,
    /// The date or time is none of the calendar's.
    #[error("`{0}` is not a date and time")]
    Time(String),
    /// The suffix is not 4 to 12 characters of `0-9A-Z`.
    #[error("an id ends with {SUFFIX_MIN} to {SUFFIX_MAX} characters of `0-9A-Z`")]
    Suffix,
}

/// The type that an id begins with: `SESSION`, `TASK`, `IMPL`, any `[A-Z][A-Z0-9]{1,15}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(String);

impl Prefix {
    /// Returns the prefix of a session that nobody gave a type.
    pub fn session() -> Self {
        Self("SESSION".to_owned())
    }

    /// Returns the prefix as it stands in an id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Prefix {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let starts_well = text.starts_with(|first: char| first.is_ascii_uppercase());
        let all_allowed = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if starts_well && all_allowed && (2..=16).contains(&text.len()) {
            return Ok(Self(text.to_owned()));
        }
        Err(IdError::Prefix)
    }
}

impl TryFrom<String> for Prefix {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> Self {
        prefix.0
    }
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(&self.0)
    }
}

macro_rules! tracking_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Composes an id from its parts; `at` is the local time of the creation.
            ///
            /// # Errors
            /// When `suffix` is not 4 to 12 characters of `0-9A-Z`, or the year has no four digits.
            pub fn compose(prefix: &Prefix, at: DateTime, suffix: &str) -> Result<Self, IdError> {
                format!("{prefix}-{}-{suffix}", at.strftime("%Y%m%d-%H%M%S")).parse()
            }

            /// Returns the id as people write it.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the type the id begins with.
            pub fn prefix(&self) -> Prefix {
                let end = self.0.find('-').expect("a parsed id has dashes");
                Prefix(self.0[..end].to_owned())
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                check(&text)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.pad(&self.0)
            }
        }
    };
}

tracking_id! {
    /// The id of a session, `SESSION-20260216-173003-09RZ`.
    SessionId
}
tracking_id! {
    /// The id of a work item, `IMPL-20260216-173105-K2N4`.
    WorkId
}
tracking_id! {
    /// The id of an entry, `DECISION-20260216-173105-K2N4`.
    EntryId
}

fn check(text: &str) -> Result<(), IdError> {
    let mut parts = text.split('-');
    let (Some(prefix), Some(date), Some(time), Some(suffix), None) = (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(IdError::Shape);
    };
    prefix.parse::<Prefix>()?;
    check_time(date, time)?;
    let allowed = suffix.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if !allowed || !(SUFFIX_MIN..=SUFFIX_MAX).contains(&suffix.len()) {
        return Err(IdError::Suffix);
    }
    Ok(())
}

fn check_time(date: &str, time: &str) -> Result<(), IdError> {
    let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(date, 8) || !digits(time, 6) {
        return Err(IdError::Shape);
    }
    let number = |text: &str| text.parse::<i8>().expect("two digits fit");
    let year = date[..4].parse::<i16>().expect("four digits fit");
    DateTime::new(year, number(&date[4..6]), number(&date[6..8]), number(&time[..2]), number(&time[2..4]), number(&time[4..6]), 0)
        .map(drop)
        .map_err(|_| IdError::Time(format!("{date}-{time}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check_refused(text: &str, expected: &IdError) {
        assert_eq!(text.parse::<SessionId>().as_ref(), Err(expected), "{text}");
    }

    #[test]
    fn the_ids_of_the_first_format_are_ids() {
        for text in ["SESSION-20260216-173003-09RZ", "TASK-20260216-000000-0000", "IMPL-20260216-173105-K2N4", "A1-99991231-235959-ZZZZZ"] {
            assert_eq!(text.parse::<SessionId>().map(String::from), Ok(text.to_owned()));
        }
    }

    #[test]
    fn everything_else_is_refused_with_a_reason() {
        for text in [
            "",
            "-",
            "../../x",
            "SESSION",
            "SESSION-20260216-173003",
            "SESSION-20260216-173003-09RZ-",
            "SESSION-2026021-173003-09RZ",
            "SESSION-２0260216-173003-09RZ",
        ] {
            check_refused(text, &IdError::Shape);
        }
        for text in
            ["session-20260216-173003-09RZ", "S-20260216-173003-09RZ", "1A-20260216-173003-09RZ", "ABCDEFGHIJKLMNOPQ-20260216-173003-09RZ"]
        {
            check_refused(text, &IdError::Prefix);
        }
        for text in [
            "SESSION-20260216-173003-09R",
            "SESSION-20260216-173003-09rz",
            "SESSION-20260216-173003-09R/",
            "SESSION-20260216-173003-ABCDEFGHIJKLM",
        ] {
            check_refused(text, &IdError::Suffix);
        }
        check_refused("SESSION-20260230-173003-09RZ", &IdError::Time("20260230-173003".to_owned()));
        check_refused("SESSION-20260216-173060-09RZ", &IdError::Time("20260216-173060".to_owned()));
        check_refused(&"S".repeat(10_000), &IdError::Shape);
    }

    #[test]
    fn a_stuck_source_is_lengthened_and_drawing_ends() {
        let lengths: Vec<_> = (0..).map_while(suffix_length).collect();
        assert_eq!((lengths[0], lengths[7], lengths[8]), (4, 4, 5));
        assert_eq!((lengths.len(), lengths.last()), (72, Some(&12)));
    }

    proptest! {
        #[test]
        fn parsing_is_total_and_round_trips(text in "\\PC{0,40}|[A-Z]{1,9}-[0-9]{8}-[0-9]{6}-[0-9A-Z]{3,6}") {
            if let Ok(id) = text.parse::<SessionId>() {
                prop_assert_eq!(id.as_str(), &text);
                prop_assert!(id.prefix().as_str().parse::<Prefix>().is_ok());
            }
        }
    }
}
