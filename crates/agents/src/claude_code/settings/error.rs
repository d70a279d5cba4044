//! Why a text is no `settings.json` that we would touch, with the place a person has to look at.

use super::spans::{Fault, Wrong};

/// Why a text is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The text is not JSON.
    #[error("no JSON in line `{line}`, column `{column}`: expected {expected}")]
    Invalid {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        /// What would have been JSON there.
        expected: &'static str,
    },
    /// The text has comments, which JSON does not know.
    #[error("a comment in line `{line}`, column `{column}`, which JSON does not know")]
    Comment {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
    },
    /// Nobody nests settings so deeply.
    #[error("nested too deeply in line `{line}`, column `{column}`")]
    TooDeep {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
    },
    /// The text is some other JSON.
    #[error("the settings are no object, in line `{line}`, column `{column}`")]
    NotObject {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
    },
    /// There is a `hooks`, but nothing can be added to it.
    #[error("`hooks` is no object, in line `{line}`, column `{column}`")]
    HooksNotObject {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
    },
    /// There is such an event, but nothing can be added to it.
    #[error("`{event}` under `hooks` is no array, in line `{line}`, column `{column}`")]
    EventNotArray {
        /// The event.
        event: &'static str,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
    },
}

impl SettingsError {
    pub(super) fn of(text: &str, fault: &Fault) -> Self {
        let (line, column) = place(text, fault.at);
        match fault.wrong {
            Wrong::Expected(expected) => Self::Invalid { line, column, expected },
            Wrong::Comment => Self::Comment { line, column },
            Wrong::TooDeep => Self::TooDeep { line, column },
        }
    }
}

/// Returns line and column of an offset.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..at];
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    // Continuation bytes begin no character.
    let column = before[line_start..].iter().filter(|&&byte| byte & 0xC0 != 0x80).count() + 1;
    (before.iter().filter(|&&byte| byte == b'\n').count() + 1, column)
}
