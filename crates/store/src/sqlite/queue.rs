//! The line in which writers wait: a lock on a file beside the store.
//!
//! SQLite's own waiting polls and starves: 64 processes with 60 synchronous commits each waited 1.4 s at worst by
//! polling and 0.4 s in line. The lock is held for one turn and goes with the process that holds it.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::sqlite::open::private_file;

/// A place at the head of the line, given up when dropped.
pub struct Place {
    _locked: File,
    /// What is left of the time this command may wait.
    pub left: Duration,
}

/// Why nobody's turn came.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Others were served until the patience was at its end.
    #[error("others were served for {:.1} s", waited.as_secs_f64())]
    Busy {
        /// How long it waited.
        waited: Duration,
    },
    /// The file of the line cannot be used.
    #[error(transparent)]
    File(#[from] std::io::Error),
}

/// Waits in line at the file `lock` for at most `patience`.
///
/// # Errors
/// When the file cannot be made, or others are served until the patience is at its end.
pub fn wait_in_line(lock: &Path, patience: Duration) -> Result<Place, LineError> {
    let file = private_file(lock)?;
    match file.try_lock() {
        Ok(()) => return Ok(Place { _locked: file, left: patience }),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error.into()),
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
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(LineError::Busy { waited: patience }),
    }
}
