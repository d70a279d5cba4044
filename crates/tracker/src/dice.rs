//! Randomness, passed in: tests throw what they want, the program asks the system.

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
        // A machine without randomness still gets unique ids: draws that collide are lengthened.
        if getrandom::fill(bytes).is_err() {
            bytes.fill(0);
        }
    }
}
