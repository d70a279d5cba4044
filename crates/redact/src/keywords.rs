//! The one scan that clean text pays for: is there any keyword here? Its table is made by the compiler, so no process builds it.
//!
//! Three bytes, in lower case, are hashed; a slot that is not empty names the keywords that begin so.

use crate::tokens;

/// What a keyword gives reason to look at.
#[derive(Clone, Copy)]
pub(crate) enum Meaning {
    /// A token of this place in the table.
    Token(usize),
    /// The name of something secret, to which a value may be assigned.
    Name,
    /// The name of a header that carries credentials, or the word before them; so many bytes long.
    Header(usize),
    /// An option of a command, before user and password; so many bytes long.
    User(usize),
    /// An address with a password in it.
    Address,
    /// The first line of a private key.
    Block,
}

/// Words and marks that are not the beginning of a token.
const OTHERS: [(&str, Meaning); 14] = [
    ("pass", Meaning::Name),
    ("pwd", Meaning::Name),
    ("secret", Meaning::Name),
    ("token", Meaning::Name),
    ("credential", Meaning::Name),
    ("key", Meaning::Name),
    ("_auth", Meaning::Name),
    ("authorization", Meaning::Header(13)),
    ("cookie", Meaning::Header(6)),
    ("bearer ", Meaning::Header(7)),
    (" -u ", Meaning::User(4)),
    ("--user ", Meaning::User(7)),
    ("://", Meaning::Address),
    ("-----begin", Meaning::Block),
];

const COUNT: usize = tokens::COUNT + OTHERS.len();
const SLOTS: usize = 4096;
const NONE: u8 = 0;

/// For each slot the first keyword of its chain, and for each keyword the next one; both counted from 1.
static CHAINS: ([u8; SLOTS], [u8; COUNT + 1]) = chains();

/// The keywords themselves, apart from their tokens, so that a look takes few pages of memory.
static KEYWORDS: [&str; COUNT] = keywords();

/// Finds the places at which keywords stand.
pub(crate) struct Keywords<'a> {
    bytes: &'a [u8],
    /// Where the next look is taken. Whoever has understood what stands there moves it on.
    pub(crate) at: usize,
}

impl<'a> Keywords<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Returns the next place at which a keyword may begin, and the chain of what it may be.
    pub(crate) fn next(&mut self) -> Option<(usize, Chain<'a>)> {
        while let Some(four) = self.bytes.get(self.at..self.at + 4) {
            let first = CHAINS.0[slot(u32::from_le_bytes([four[0], four[1], four[2], four[3]]))];
            self.at += 1;
            if first != NONE {
                return Some((self.at - 1, Chain { bytes: &self.bytes[self.at - 1..], next: first }));
            }
        }
        let three = self.bytes.get(self.at..self.at + 3)?;
        let first = CHAINS.0[slot(u32::from_le_bytes([three[0], three[1], three[2], 0]))];
        self.at += 1;
        Some((self.at - 1, Chain { bytes: three, next: first }))
    }
}

/// The keywords that stand at one place.
pub(crate) struct Chain<'a> {
    bytes: &'a [u8],
    next: u8,
}

impl Iterator for Chain<'_> {
    type Item = Meaning;

    fn next(&mut self) -> Option<Meaning> {
        while self.next != NONE {
            let index = usize::from(self.next) - 1;
            self.next = CHAINS.1[index + 1];
            if let Some(meaning) = meaning_of(index, self.bytes) {
                return Some(meaning);
            }
        }
        None
    }
}

fn meaning_of(index: usize, bytes: &[u8]) -> Option<Meaning> {
    let keyword = KEYWORDS[index].as_bytes();
    let found = bytes.get(..keyword.len())?;
    if index < tokens::COUNT {
        return (found == keyword).then_some(Meaning::Token(index));
    }
    found.eq_ignore_ascii_case(keyword).then(|| OTHERS[index - tokens::COUNT].1)
}

const fn keywords() -> [&'static str; COUNT] {
    let (mut keywords, mut index) = ([""; COUNT], 0);
    while index < COUNT {
        keywords[index] = if index < tokens::COUNT { tokens::TOKENS[index].keyword } else { OTHERS[index - tokens::COUNT].0 };
        index += 1;
    }
    keywords
}

const fn slot(little_endian: u32) -> usize {
    let lower = little_endian & 0x00ff_ffff | 0x0020_2020;
    (lower.wrapping_mul(0x9e37_79b1) >> 20) as usize
}

const fn chains() -> ([u8; SLOTS], [u8; COUNT + 1]) {
    let (mut slots, mut nexts, mut index) = ([NONE; SLOTS], [NONE; COUNT + 1], 0);
    while index < COUNT {
        let keyword = KEYWORDS[index].as_bytes();
        let slot = slot(u32::from_le_bytes([keyword[0], keyword[1], keyword[2], 0]));
        nexts[index + 1] = slots[slot];
        assert!(index < 255, "a keyword's number fits a byte");
        slots[slot] = index as u8 + 1;
        index += 1;
    }
    (slots, nexts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<usize> {
        let mut keywords = Keywords::new(text.as_bytes());
        let mut places = Vec::new();
        while let Some((at, chain)) = keywords.next() {
            if chain.count() > 0 {
                places.push(at);
            }
        }
        places
    }

    #[test]
    fn every_keyword_is_found_wherever_it_stands() {
        let keywords = tokens::TOKENS.iter().map(|token| token.keyword).chain(OTHERS.iter().map(|other| other.0));
        for keyword in keywords {
            for text in [keyword.to_owned(), format!("é{keyword}"), format!("{keyword}..")] {
                let at = text.find(keyword).expect("it was put there");
                assert!(found(&text).contains(&at), "{text}");
            }
        }
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(found("a PassWord, a TOKEN"), [2, 14]);
        assert_eq!(found("plain"), [0_usize; 0]);
        assert_eq!(found("ke"), [0_usize; 0]);
    }
}
