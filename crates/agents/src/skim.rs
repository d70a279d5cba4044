//! Reads a JSON value from its bytes and builds nothing: whoever skims is told of keys and takes what he wants, the rest is passed over.
//!
//! Transcripts are mostly long strings that nobody here asks for. A parser that makes values of them takes five times as long, one that checks
//! what it ignores byte by byte twice as long. The whole grammar is checked all the same: a line is broken or it is not, whatever is wanted of it.

use crate::lenient;

/// The value is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

type Result<T> = std::result::Result<T, Broken>;

/// How deep values may lie in each other.
const DEEPEST: usize = 512;

/// A place in a JSON text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Skim<'b> {
    bytes: &'b [u8],
    at: usize,
}

/// A string as it stands between its quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Raw<'b> {
    /// Its bytes, escapes and all.
    pub(crate) bytes: &'b [u8],
    /// Whether there are any escapes.
    pub(crate) is_escaped: bool,
}

impl<'b> Raw<'b> {
    /// Returns what it says, up to a number of bytes as they stand in the text; what is no UTF-8 is replaced.
    pub(crate) fn text(&self, longest: usize) -> String {
        let mut end = self.bytes.len().min(longest);
        if end < self.bytes.len() {
            // Neither an escape nor a character is cut through.
            let escape = self.bytes[..end].iter().rev().take(12).position(|&byte| byte == b'\\');
            end = if self.is_escaped { escape.map_or(end, |back| end - back - 1) } else { end };
            while end > 0 && self.bytes[end] & 0xC0 == 0x80 {
                end -= 1;
            }
            // Nor are the two halves of a character parted.
            if let Some([b'\\', b'u', b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', _, _]) = self.bytes[..end].last_chunk::<6>() {
                end -= 6;
            }
            while end > 0 && self.bytes[end - 1] == b'\\' {
                end -= 1;
            }
        }
        let cut = String::from_utf8_lossy(&self.bytes[..end]);
        if !self.is_escaped {
            return cut.into_owned();
        }
        lenient::parse(format!("\"{cut}\"").as_bytes()).unwrap_or_else(|_| cut.into_owned())
    }

    /// Reports whether it is exactly this, where this needs no escapes.
    pub(crate) fn is(&self, text: &[u8]) -> bool {
        if self.is_escaped { self.text(usize::MAX).as_bytes() == text } else { self.bytes == text }
    }
}

impl<'b> Skim<'b> {
    /// Begins at the beginning of a text.
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Returns the first byte of the value that comes next, which tells its kind.
    pub(crate) fn peek(&mut self) -> Result<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Ok(byte);
            }
            self.at += 1;
        }
        Err(Broken)
    }

    /// Reports whether nothing comes any more.
    pub(crate) fn is_over(&mut self) -> bool {
        self.peek().is_err()
    }

    /// Goes over the members of an object; `each` has to take the value of every key. A value that is no object is passed over.
    pub(crate) fn object(&mut self, mut each: impl FnMut(&[u8], &mut Self) -> Result<()>) -> Result<()> {
        if self.peek()? != b'{' {
            return self.skip();
        }
        self.at += 1;
        if self.peek()? == b'}' {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.expect_peeked(b'"')?;
            let key = self.rest_of_string()?;
            self.expect(b':')?;
            if key.is_escaped {
                each(key.text(usize::MAX).as_bytes(), self)?;
            } else {
                each(key.bytes, self)?;
            }
            match self.next()? {
                b',' => {}
                b'}' => return Ok(()),
                _ => return Err(Broken),
            }
        }
    }

    /// Goes over the elements of an array; `each` has to take every one. A value that is no array is passed over.
    pub(crate) fn array(&mut self, mut each: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        if self.peek()? != b'[' {
            return self.skip();
        }
        self.at += 1;
        if self.peek()? == b']' {
            self.at += 1;
            return Ok(());
        }
        loop {
            each(self)?;
            match self.next()? {
                b',' => {}
                b']' => return Ok(()),
                _ => return Err(Broken),
            }
        }
    }

    /// Takes a string; none where the value is something else.
    pub(crate) fn string(&mut self) -> Result<Option<Raw<'b>>> {
        if self.peek()? != b'"' {
            return self.skip().map(|()| None);
        }
        self.at += 1;
        self.rest_of_string().map(Some)
    }

    /// Takes a number with a fraction; none where the value is something else.
    pub(crate) fn decimal(&mut self) -> Result<Option<f64>> {
        self.peek()?;
        let from = self.at;
        self.skip()?;
        Ok(std::str::from_utf8(&self.bytes[from..self.at])
            .ok()
            .and_then(|text| text.parse().ok())
            .filter(|number: &f64| number.is_finite()))
    }

    /// Takes a number that is not negative, also one that somebody wrote as a string; none where the value is something else.
    pub(crate) fn count(&mut self) -> Result<Option<u64>> {
        let from = self.at;
        let number = match self.peek()? {
            b'"' => self.string()?.map_or(&[][..], |raw| raw.bytes),
            b'-' | b'0'..=b'9' => {
                self.skip()?;
                self.bytes[from..self.at].trim_ascii_start()
            }
            _ => return self.skip().map(|()| None),
        };
        Ok(read_count(number))
    }

    /// Takes a string to where it is held; what is something else changes nothing there.
    pub(crate) fn text_into(&mut self, held: &mut Raw<'b>) -> Result<()> {
        if let Some(said) = self.string()? {
            *held = said;
        }
        Ok(())
    }

    /// Takes a count to where it is held; what is something else is 0.
    pub(crate) fn count_into(&mut self, held: &mut u64) -> Result<()> {
        *held = self.count()?.unwrap_or(0);
        Ok(())
    }

    /// Takes a truth value; none where the value is something else.
    pub(crate) fn flag(&mut self) -> Result<Option<bool>> {
        let kind = self.peek()?;
        self.skip()?;
        Ok(match kind {
            b't' => Some(true),
            b'f' => Some(false),
            _ => None,
        })
    }

    /// Passes over one value, whatever it is.
    pub(crate) fn skip(&mut self) -> Result<()> {
        // One bit for each open value: whether it is an object.
        let (mut open, mut depth) = ([0_u64; DEEPEST / 64], 0_usize);
        loop {
            match self.next()? {
                b'"' => drop(self.rest_of_string()?),
                opening @ (b'{' | b'[') => {
                    let is_object = opening == b'{';
                    if self.peek()? == if is_object { b'}' } else { b']' } {
                        self.at += 1;
                    } else {
                        let word = open.get_mut(depth / 64).ok_or(Broken)?;
                        *word = *word & !(1 << (depth % 64)) | u64::from(is_object) << (depth % 64);
                        depth += 1;
                        if is_object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                b't' => self.word(b"rue")?,
                b'f' => self.word(b"alse")?,
                b'n' => self.word(b"ull")?,
                first @ (b'-' | b'0'..=b'9') => self.number(first)?,
                _ => return Err(Broken),
            }
            // A value is over: what comes next belongs to what it lies in.
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let is_object = open[(depth - 1) / 64] >> ((depth - 1) % 64) & 1 == 1;
                match (self.next()?, is_object) {
                    (b',', true) => break self.key()?,
                    (b',', false) => break,
                    (b'}', true) | (b']', false) => depth -= 1,
                    _ => return Err(Broken),
                }
            }
        }
    }

    fn key(&mut self) -> Result<()> {
        self.expect_peeked(b'"')?;
        self.rest_of_string()?;
        self.expect(b':')
    }

    fn next(&mut self) -> Result<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    fn expect(&mut self, wanted: u8) -> Result<()> {
        if self.next()? == wanted { Ok(()) } else { Err(Broken) }
    }

    fn expect_peeked(&mut self, wanted: u8) -> Result<()> {
        self.expect(wanted)
    }

    fn word(&mut self, rest: &[u8]) -> Result<()> {
        let is_it = self.bytes[self.at..].starts_with(rest);
        self.at += rest.len();
        if is_it { Ok(()) } else { Err(Broken) }
    }

    /// Passes over a number of which the first byte is taken.
    fn number(&mut self, first: u8) -> Result<()> {
        let leading = if first == b'-' { self.digit()? } else { first };
        if leading != b'0' {
            self.digits();
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digit()?;
            self.digits();
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digit()?;
            self.digits();
        }
        Ok(())
    }

    fn digit(&mut self) -> Result<u8> {
        let digit = *self.bytes.get(self.at).filter(|byte| byte.is_ascii_digit()).ok_or(Broken)?;
        self.at += 1;
        Ok(digit)
    }

    fn digits(&mut self) {
        self.at += self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    }

    /// Takes the rest of a string whose first quote is taken.
    fn rest_of_string(&mut self) -> Result<Raw<'b>> {
        let from = self.at;
        let mut is_escaped = false;
        loop {
            self.at += plain(&self.bytes[self.at..]);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Raw { bytes: &self.bytes[from..self.at - 1], is_escaped });
                }
                Some(b'\\') => {
                    is_escaped = true;
                    self.at += match self.bytes.get(self.at + 1) {
                        Some(b'n' | b'"' | b'\\' | b't' | b'/' | b'r' | b'b' | b'f') => 2,
                        Some(b'u') => match self.bytes.get(self.at + 2..self.at + 6) {
                            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => 6,
                            _ => return Err(Broken),
                        },
                        _ => return Err(Broken),
                    };
                }
                _ => return Err(Broken),
            }
        }
    }
}

const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
const BACKSLASHES: u64 = u64::from_ne_bytes([b'\\'; 8]);
const SPACES: u64 = u64::from_ne_bytes([b' '; 8]);

/// Returns how many bytes come before the next quote, backslash or control character.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    let mut place = 0;
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let word = u64::from_le_bytes(word.try_into().unwrap_or_default());
        let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
        let special = zero(word ^ QUOTES) | zero(word ^ BACKSLASHES) | (word.wrapping_sub(SPACES) & !word & HIGHS);
        if special != 0 {
            // The lowest mark is exact; those above it may not be.
            return place + special.trailing_zeros() as usize / 8;
        }
        place += 8;
    }
    place + words.remainder().iter().take_while(|&&byte| byte != b'"' && byte != b'\\' && byte >= b' ').count()
}

/// Reads a count; a fraction is cut, what is too large for 64 bits is none.
fn read_count(number: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(number).ok()?.trim();
    if let Ok(count) = text.parse::<u64>() {
        return Some(count);
    }
    let number: f64 = text.parse().ok()?;
    (0.0..18_446_744_073_709_549_568.0).contains(&number).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn is_whole(text: &[u8]) -> bool {
        let mut skim = Skim::new(text);
        skim.skip().is_ok() && skim.is_over()
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\"\\\\a\\u{0}-\\u{30}é😀]{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 60, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..8).prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_json_is_taken_whole(value in any_json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            prop_assert!(is_whole(text.as_bytes()), "{text}");
        }

        #[test]
        fn what_is_no_json_is_broken(value in any_json(), places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..3), cut in any::<prop::sample::Index>()) {
            let mut text = serde_json::to_vec(&value).unwrap();
            for (place, byte) in places {
                let place = place.index(text.len());
                text[place] = byte & 0x7f;
            }
            let whole = serde_json::from_slice::<Value>(&text);
            // Numbers too large and broken characters are no reason to lose a line: only who has to hold them refuses them.
            let spared = ["out of range", "surrogate", "hex escape", "unicode"];
            let is_grammar = whole.as_ref().err().map(ToString::to_string).is_some_and(|error| !spared.iter().any(|word| error.contains(word)));
            if whole.is_ok() || is_grammar {
                prop_assert_eq!(is_whole(&text), whole.is_ok(), "{}", String::from_utf8_lossy(&text));
            }
            let cut = &text[..cut.index(text.len())];
            if serde_json::from_slice::<Value>(cut).is_ok() {
                prop_assert!(is_whole(cut));
            }
        }

        #[test]
        fn members_are_told_as_they_are(members in prop::collection::btree_map(any::<String>(), any_json(), 0..8)) {
            let text = serde_json::to_string(&members).unwrap();
            let mut told = Vec::new();
            let mut skim = Skim::new(text.as_bytes());
            skim.object(|key, value| {
                let key = String::from_utf8(key.to_vec()).unwrap();
                let from = value.at;
                value.skip()?;
                told.push((key, serde_json::from_slice::<Value>(&value.bytes[from..value.at]).unwrap()));
                Ok(())
            }).unwrap();
            prop_assert!(skim.is_over());
            let read: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(told, read.as_object().unwrap().clone().into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn strings_are_read_as_they_are_and_cut_between_characters(said in any::<String>(), longest in 0_usize..60) {
            let text = serde_json::to_string(&said).unwrap();
            let raw = Skim::new(text.as_bytes()).string().unwrap().unwrap();
            prop_assert_eq!(raw.text(usize::MAX), said.as_str());
            prop_assert!(said.starts_with(&raw.text(longest)), "{:?} {:?}", said, raw.text(longest));
        }

        #[test]
        fn escaped_strings_are_cut_between_characters(said in "[a\\\\nu😀é]{0,20}", longest in 0_usize..80) {
            let escape = |unit: u16| format!("\\u{unit:04x}");
            let text: String = said.chars().map(|one| if one.is_ascii_lowercase() { one.to_string() } else { one.encode_utf16(&mut [0; 2]).iter().map(|unit| escape(*unit)).collect() }).collect();
            let raw = Raw { bytes: text.as_bytes(), is_escaped: text.contains('\\') };
            prop_assert!(said.starts_with(&raw.text(longest)), "{:?} {:?}", text, raw.text(longest));
        }

        #[test]
        fn counts_are_what_they_are(number in any::<u64>()) {
            for text in [format!("{number}"), format!("\"{number}\""), format!(" {number} ")] {
                prop_assert_eq!(Skim::new(text.as_bytes()).count().unwrap(), Some(number));
            }
        }
    }

    #[test]
    fn what_is_no_count_is_none() {
        for (text, count) in
            [("-1", None), ("1.9", Some(1)), ("1e3", Some(1_000)), ("null", None), ("\"x\"", None), ("1e40", None), ("[1]", None)]
        {
            assert_eq!(Skim::new(text.as_bytes()).count().unwrap(), count, "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(is_whole(&nested(DEEPEST)) && !is_whole(&nested(DEEPEST + 2)) && !is_whole(&nested(1_000_000)));
    }
}
