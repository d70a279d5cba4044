//! Dice that fall the same way each time, and the notation in which made-up secrets are written.
//!
//! `{w36}` is 36 letters and digits; `h` are hex digits, `d` digits, `u` large letters and digits, `l` small ones, `s` also `-` and `_`,
//! `b` also `+` and `/`. No secret stands in the repository: all are put together while the tests run.

use std::ops::Range;

/// A small generator (xorshift), the same on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % limit as u64).expect("less than a limit that fits")
    }

    pub(crate) fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).expect("less than 256")
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    pub(crate) fn drawn(&mut self, class: char, length: usize) -> String {
        let alphabet = alphabet(class).as_bytes();
        (0..length).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }

    /// Fills a template. Returns the text, and where in it the first and the last drawn character stand.
    pub(crate) fn fill(&mut self, template: &str) -> (String, Range<usize>) {
        let (mut text, mut rest, mut first, mut last) = (String::new(), template, None, 0);
        while let Some((before, more)) = rest.split_once('{') {
            let Some((class, length, after)) = slot(more) else {
                text.push_str(before);
                text.push('{');
                rest = more;
                continue;
            };
            text.push_str(before);
            first.get_or_insert(text.len());
            text.push_str(&self.drawn(class, length));
            last = text.len();
            rest = after;
        }
        text.push_str(rest);
        (text, first.unwrap_or(0)..last)
    }
}

fn slot(text: &str) -> Option<(char, usize, &str)> {
    let (inside, after) = text.split_once('}')?;
    let class = inside.chars().next().filter(|class| "whdulsb".contains(*class))?;
    Some((class, inside[1..].parse().ok()?, after))
}

fn alphabet(class: char) -> &'static str {
    const ALL: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    match class {
        'h' => &ALL[..16],
        'd' => &ALL[..10],
        'l' => &ALL[..36],
        'w' => &ALL[..62],
        's' => ALL,
        'u' => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        'b' => "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/",
        _ => unreachable!("classes are checked where they are read"),
    }
}
