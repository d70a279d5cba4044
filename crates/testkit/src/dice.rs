//! Dice that fall as a test wants them to.

use tracker::Dice;

/// Falls in a sequence that its seed decides (xorshift64*).
#[derive(Clone, Debug)]
pub struct SeededDice(u64);

impl SeededDice {
    /// Begins the sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
}

impl Dice for SeededDice {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            *byte = (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8;
        }
    }
}

/// Falls the same way every time, but for the keys that nobody sees: ids are drawn as if the random source were stuck.
#[derive(Clone, Debug, Default)]
pub struct StuckDice(u64);

impl Dice for StuckDice {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
        // Keys take ten bytes; a source that repeats these as well would repeat whole events.
        if bytes.len() == 10 {
            self.0 += 1;
            bytes[..8].copy_from_slice(&self.0.to_be_bytes());
        }
    }
}
