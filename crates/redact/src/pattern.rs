//! What follows a keyword, written like a regular expression and read by the compiler, so that a process compiles nothing.
//!
//! Known are `\w` (letters and digits), `\d`, `\h` (lower-case hex), `[…]` with ranges, `{n}`, `{n,}`, `{n,m}`, `?`, and at the end
//! `\b`. Each piece takes all it can and gives nothing back: matching is one walk, and a pattern that needs more does not fit here.

const PIECES: usize = 5;
const NO_LIMIT: u32 = u32::MAX;

/// How many bytes of which set.
#[derive(Clone, Copy)]
pub(crate) struct Piece {
    set: u128,
    least: u32,
    most: u32,
}

/// A sequence of pieces.
#[derive(Clone, Copy)]
pub(crate) struct Pattern {
    pieces: [Piece; PIECES],
    count: usize,
    ends_a_word: bool,
}

impl Piece {
    /// Reads the first piece of a pattern; of an empty one, the piece that takes nothing.
    pub(crate) const fn new(source: &str) -> Self {
        Pattern::new(source).pieces[0]
    }

    /// Returns where the match that ends at `to` begins.
    pub(crate) fn begin(self, bytes: &[u8], to: usize) -> Option<usize> {
        self.take(bytes[..to].iter().rev().copied()).map(|taken| to - taken)
    }

    fn has(self, byte: u8) -> bool {
        byte < 128 && self.set >> byte & 1 == 1
    }

    /// Returns how many bytes this piece takes, if they are enough.
    fn take(self, bytes: impl Iterator<Item = u8>) -> Option<usize> {
        let taken = bytes.take(self.most as usize).take_while(|&byte| self.has(byte)).count();
        (taken >= self.least as usize).then_some(taken)
    }
}

impl Pattern {
    /// Reads a pattern. What is wrong in it stops the compiler.
    pub(crate) const fn new(source: &str) -> Self {
        let source = source.as_bytes();
        let mut pattern = Self { pieces: [Piece { set: 0, least: 0, most: 0 }; PIECES], count: 0, ends_a_word: false };
        let mut at = 0;
        while at < source.len() {
            if source[at] == b'\\' && source[at + 1] == b'b' {
                assert!(at + 2 == source.len(), "`\\b` stands at the end");
                pattern.ends_a_word = true;
                return pattern;
            }
            let (set, next) = read_set(source, at);
            let (least, most, next) = read_count(source, next);
            pattern.pieces[pattern.count] = Piece { set, least, most };
            pattern.count += 1;
            at = next;
        }
        pattern
    }

    /// Returns where the match that begins at `from` ends.
    pub(crate) fn end(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        for piece in &self.pieces[..self.count] {
            at += piece.take(bytes[at..].iter().copied())?;
        }
        let goes_on = self.ends_a_word && bytes.get(at).is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (!goes_on).then_some(at)
    }

    /// Returns whether all the bytes match.
    pub(crate) fn is_all_of(&self, bytes: &[u8]) -> bool {
        self.end(bytes, 0) == Some(bytes.len())
    }
}

const fn read_set(source: &[u8], at: usize) -> (u128, usize) {
    match source[at] {
        b'\\' => (escape(source[at + 1]), at + 2),
        b'[' => read_class(source, at + 1),
        byte => (1 << byte, at + 1),
    }
}

const fn read_class(source: &[u8], mut at: usize) -> (u128, usize) {
    let mut set = 0;
    while source[at] != b']' {
        if source[at] == b'\\' {
            set |= escape(source[at + 1]);
            at += 2;
        } else if source[at + 1] == b'-' && source[at + 2] != b']' {
            set |= range(source[at], source[at + 2]);
            at += 3;
        } else {
            set |= 1 << source[at];
            at += 1;
        }
    }
    (set, at + 1)
}

const fn escape(byte: u8) -> u128 {
    match byte {
        b'w' => range(b'0', b'9') | range(b'a', b'z') | range(b'A', b'Z'),
        b'd' => range(b'0', b'9'),
        b'h' => range(b'0', b'9') | range(b'a', b'f'),
        _ => 1 << byte,
    }
}

const fn range(first: u8, last: u8) -> u128 {
    let (mut set, mut byte) = (0, first);
    while byte <= last {
        set |= 1 << byte;
        byte += 1;
    }
    set
}

const fn read_count(source: &[u8], at: usize) -> (u32, u32, usize) {
    if at < source.len() && source[at] == b'?' {
        return (0, 1, at + 1);
    }
    if at == source.len() || source[at] != b'{' {
        return (1, 1, at);
    }
    let (least, at) = read_number(source, at + 1);
    if source[at] == b'}' {
        return (least, least, at + 1);
    }
    let (most, end) = read_number(source, at + 1);
    (least, if end == at + 1 { NO_LIMIT } else { most }, end + 1)
}

const fn read_number(source: &[u8], mut at: usize) -> (u32, usize) {
    let mut number = 0;
    while source[at].is_ascii_digit() {
        number = number * 10 + (source[at] - b'0') as u32;
        at += 1;
    }
    (number, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: Option<usize>) {
        assert_eq!(Pattern::new(pattern).end(text.as_bytes(), 0), expected, "{pattern} on {text}");
    }

    #[test]
    fn a_pattern_takes_what_it_says() {
        check(r"\w{3,}", "abc9-", Some(4));
        check(r"\w{3,}", "ab-", None);
        check(r"[a-c_-]{2,3}x?", "a-_x", Some(4));
        check(r"\h{2}\b", "af", Some(2));
        check(r"\h{2}\b", "af_", None);
        check(r"\d{1,2}\.\d", "12.3", Some(4));
        check(r"\w{2}", "éé", None);
    }

    #[test]
    fn a_piece_is_also_read_backwards() {
        assert_eq!(Piece::new(r"\d{2,3}").begin(b"x1234", 5), Some(2));
        assert_eq!(Piece::new(r"\d{2,3}").begin(b"x1", 2), None);
        assert_eq!(Piece::new("").begin(b"x1", 2), Some(2));
    }
}
