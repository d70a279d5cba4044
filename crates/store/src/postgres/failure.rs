//! PostgreSQL's codes in our words.

use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;

use postgres::Error;
use postgres::error::SqlState;

use crate::{BoxError, StoreError};

/// What can be done about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Another connection: this one is gone.
    Reconnect,
    /// The same again: somebody else was in the way.
    Repeat,
    /// Nothing.
    None,
}

/// Returns what can be done about a failure.
pub(crate) fn remedy(error: &Error) -> Remedy {
    let Some(code) = error.code() else {
        // Not the server's words: the connection itself. What could not be written or read at all is a defect, and stays one.
        let is_lost = error.is_closed() || error.source().is_some_and(|cause| cause.is::<std::io::Error>());
        return if is_lost { Remedy::Reconnect } else { Remedy::None };
    };
    match code.code() {
        "40001" | "40P01" => Remedy::Repeat,
        // Shut down, crashed, starting up, idle for too long, and all that is about connections.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "53300" => Remedy::Reconnect,
        other if other.starts_with("08") => Remedy::Reconnect,
        _ => Remedy::None,
    }
}

/// Translates what the server, or the way to it, said. `place` names the store without its password.
pub(crate) fn translate(place: &str, waited: Duration, error: &Error) -> StoreError {
    let path = PathBuf::from(place);
    let source = words(error);
    if remedy(error) == Remedy::Reconnect {
        return StoreError::Unreachable { place: place.to_owned(), source };
    }
    let Some(code) = error.code() else { return StoreError::Refused { path, source } };
    match *code {
        SqlState::LOCK_NOT_AVAILABLE => StoreError::Busy { path, waited },
        SqlState::DISK_FULL => StoreError::Full { path },
        SqlState::INSUFFICIENT_PRIVILEGE | SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::ReadOnly { path, source },
        SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => StoreError::Broken { path, source },
        SqlState::INVALID_PASSWORD
        | SqlState::INVALID_AUTHORIZATION_SPECIFICATION
        | SqlState::INVALID_CATALOG_NAME
        | SqlState::INVALID_SCHEMA_NAME => StoreError::Unreachable { place: place.to_owned(), source },
        _ => StoreError::Refused { path, source },
    }
}

/// Returns the cause that says most: what the server said, or the last word of the system.
pub(crate) fn words(error: &Error) -> BoxError {
    if let Some(said) = error.as_db_error() {
        let detail = said.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
        return format!("{}{detail}", said.message()).into();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string().into()
}
