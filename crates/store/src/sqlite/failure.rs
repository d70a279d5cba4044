//! SQLite's and the system's codes in our words.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use crate::StoreError;

/// Translates what SQLite said about the file at `path`.
pub(crate) fn translate(path: &Path, error: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    if let rusqlite::Error::FromSqlConversionFailure(..) = error {
        return StoreError::Unreadable { path, source: error.into() };
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Broken { path, source: error.into() },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { path, waited: Duration::ZERO },
        Some(ErrorCode::DiskFull) => StoreError::Full { path },
        Some(ErrorCode::ReadOnly) => StoreError::ReadOnly { path, source: error.into() },
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure) => {
            StoreError::Unopenable { path, source: error.into() }
        }
        _ => StoreError::Refused { path, source: error.into() },
    }
}

/// Translates what the system said about the file at `path`.
pub(crate) fn translate_io(path: &Path, error: std::io::Error) -> StoreError {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let path = path.to_owned();
    match error.kind() {
        StorageFull | QuotaExceeded => StoreError::Full { path },
        ReadOnlyFilesystem | PermissionDenied => StoreError::ReadOnly { path, source: error.into() },
        _ => StoreError::Unopenable { path, source: error.into() },
    }
}

/// Lets `?` turn SQLite's errors into ours where only the connection is at hand.
pub(crate) trait Translate<T> {
    fn of(self, connection: &Connection) -> Result<T, StoreError>;
}

impl<T> Translate<T> for rusqlite::Result<T> {
    fn of(self, connection: &Connection) -> Result<T, StoreError> {
        self.map_err(|error| translate(&path_of(connection), error))
    }
}

/// Returns where a connection's file is.
pub(crate) fn path_of(connection: &Connection) -> PathBuf {
    connection.path().unwrap_or_default().into()
}
