//! Randomness, passed in: tests throw what they want, the program asks the system.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Throws bytes.
pub trait Dice {
    /// Fills the buffer with random bytes.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// The system's random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemDice;

impl Dice for SystemDice {
    fn fill(&mut self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            from_circumstances(bytes);
        }
    }
}

/// Fills the buffer on a machine without randomness: from what no two processes and no two calls have in common.
fn from_circumstances(bytes: &mut [u8]) {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    for chunk in bytes.chunks_mut(8) {
        let mut hasher = DefaultHasher::new();
        (std::process::id(), CALLS.fetch_add(1, Ordering::Relaxed), Instant::now()).hash(&mut hasher);
        chunk.copy_from_slice(&hasher.finish().to_le_bytes()[..chunk.len()]);
    }
}
