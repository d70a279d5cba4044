//! Waiting for what has to come: by looking again and again, with an end to it.

use std::time::{Duration, Instant};

/// How long between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Returns what a look finds as soon as it finds something.
///
/// # Panics
/// When nothing is found within the time; it says what was waited for.
#[track_caller]
pub fn wait_for<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + within;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited {within:?} in vain for {what}");
        std::thread::sleep(PAUSE);
    }
}
