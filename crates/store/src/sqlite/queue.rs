//! The line in which writers wait: a lock on a file beside the store.
//!
//! SQLite's own waiting polls and starves: 64 processes with 60 synchronous commits each waited 1.4 s at worst by
//! polling and 0.4 s in line. The lock is held for one turn and goes with the process that holds it.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::StoreError;
use crate::sqlite::failure::translate_io;
use crate::sqlite::open::private_file;

/// A place at the head of the line, given up when dropped.
pub struct Place {
    _locked: File,
    /// What is left of the time this command may wait.
    pub left: Duration,
}

/// Waits in line at the file `lock` for at most `patience`; errors speak of `store`, which the line is for.
///
/// # Errors
/// When the file cannot be made, or others are served until the patience is at its end.
pub fn wait_in_line(lock: &Path, store: &Path, patience: Duration) -> Result<Place, StoreError> {
    let file = private_file(lock).map_err(|error| translate_io(store, error))?;
    match file.try_lock() {
        Ok(()) => return Ok(Place { _locked: file, left: patience }),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(translate_io(store, error)),
    }
    // Waiting in a thread is waiting in the kernel's line; a loop over try_lock would poll and could starve.
    let since = Instant::now();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let outcome = file.lock().map(|()| file);
        drop(sender.send(outcome));
    });
    match receiver.recv_timeout(patience) {
        Ok(Ok(file)) => Ok(Place { _locked: file, left: patience.saturating_sub(since.elapsed()) }),
        Ok(Err(error)) => Err(translate_io(store, error)),
        Err(_) => Err(StoreError::Busy { path: store.to_owned(), waited: patience }),
    }
}
