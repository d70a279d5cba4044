//! Other ways to read a text: with its escapes undone, its percent signs undone, its broken lines joined. A view knows where each of its
//! bytes came from, so that what is found in it is masked in the text itself.

use std::ops::Range;

use memchr::{memchr, memchr2, memchr3};

/// A text read in another way.
#[derive(Default)]
pub(crate) struct View {
    /// What it reads.
    pub(crate) bytes: Vec<u8>,
    /// From each place in `bytes` on, places in the text are counted from there, until the next step.
    steps: Vec<(usize, usize)>,
}

impl View {
    /// Returns where in the text a range of the view came from.
    pub(crate) fn origin(&self, range: &Range<usize>) -> Range<usize> {
        self.place(range.start)..self.place(range.end - 1) + self.width(range.end - 1)
    }

    /// Returns whether the range was put together from several places.
    pub(crate) fn is_joined(&self, range: &Range<usize>) -> bool {
        self.origin(range).len() != range.len()
    }

    fn step(&self, at: usize) -> usize {
        self.steps.partition_point(|step| step.0 <= at).saturating_sub(1)
    }

    fn place(&self, at: usize) -> usize {
        let (view, text) = self.steps[self.step(at)];
        text + at - view
    }

    /// Returns how many bytes of the text the byte at this place stands for.
    fn width(&self, at: usize) -> usize {
        let next = self.steps.get(self.step(at) + 1);
        next.filter(|next| next.0 == at + 1).map_or(1, |next| next.1 - self.place(at))
    }

    fn copy(&mut self, text: &[u8], range: Range<usize>) {
        self.steps.push((self.bytes.len(), range.start));
        self.bytes.extend_from_slice(&text[range]);
    }
}

/// Returns the text with the escapes of JSON and most languages undone, if it has any.
pub(crate) fn unescaped(text: &[u8]) -> Option<View> {
    replaced(text, b'\\', |rest| {
        let byte = match rest.get(1)? {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            byte @ (b'"' | b'\'' | b'\\' | b'/' | b'`') => *byte,
            b'u' => return unicode(rest),
            _ => return None,
        };
        Some((byte, 2))
    })
}

/// Escapes hide only ASCII from the rules, so only that is undone.
fn unicode(rest: &[u8]) -> Option<(u8, usize)> {
    let code = std::str::from_utf8(rest.get(2..6)?).ok()?;
    u8::from_str_radix(code, 16).ok().filter(u8::is_ascii).map(|byte| (byte, 6))
}

/// Returns the text with its percent encoding undone, if it has any.
pub(crate) fn unpercented(text: &[u8]) -> Option<View> {
    replaced(text, b'%', |rest| {
        let code = std::str::from_utf8(rest.get(1..3)?).ok()?;
        u8::from_str_radix(code, 16).ok().filter(u8::is_ascii).map(|byte| (byte, 3))
    })
}

/// Reads the text with a byte in place of each thing that begins with `sign` and that `read` knows.
fn replaced(text: &[u8], sign: u8, read: fn(&[u8]) -> Option<(u8, usize)>) -> Option<View> {
    let mut view = View::default();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = memchr(sign, &text[at..]).map(|more| at + more) {
        at = found + 1;
        if let Some((byte, width)) = read(&text[found..]) {
            view.copy(text, copied..found);
            view.steps.push((view.bytes.len(), found));
            view.bytes.push(byte);
            (copied, at) = (found + width, found + width);
        }
    }
    if view.bytes.is_empty() {
        return None;
    }
    view.copy(text, copied..text.len());
    Some(view)
}

/// Returns the text without what nobody sees: colours and other codes for terminals, zeros, and characters without a width. A program that
/// shows where something was found puts codes into the middle of words.
pub(crate) fn shown(text: &[u8]) -> Option<View> {
    let mut view = View::default();
    let (mut copied, mut at) = (0, 0);
    let mut is_any = false;
    while let Some(found) = first_that_hides(&text[at..]).map(|more| at + more) {
        at = found + 1;
        if let Some(width) = hidden(&text[found..]) {
            is_any = true;
            view.copy(text, copied..found);
            (copied, at) = (found + width, found + width);
        }
    }
    is_any.then(|| {
        view.copy(text, copied..text.len());
        view
    })
}

fn first_that_hides(text: &[u8]) -> Option<usize> {
    let one = memchr3(0x1b, 0, 0xe2, text);
    let other = memchr2(0xc2, 0xef, &text[..one.unwrap_or(text.len())]);
    other.or(one)
}

/// Returns how many bytes of what nobody sees a text begins with.
fn hidden(text: &[u8]) -> Option<usize> {
    match text {
        // ECMA-48: a control sequence ends with a byte from `@` on, a string with BEL or ESC.
        [0x1b, b'[', rest @ ..] => {
            let length = rest.iter().take_while(|byte| (0x20..0x40).contains(*byte)).count();
            rest.get(length).filter(|byte| (0x40..0x7f).contains(*byte)).map(|_| length + 3)
        }
        [0x1b, b']' | b'P' | b'_' | b'^' | b'X', rest @ ..] => {
            let length = memchr2(0x07, 0x1b, &rest[..rest.len().min(LONGEST_STRING)])?;
            Some(2 + length + if rest[length] == 0x07 { 1 } else { 2 }).filter(|width| *width <= text.len())
        }
        [0x1b, 0x20..0x30, 0x30..0x7f, ..] => Some(3),
        [0x1b, 0x30..0x7f, ..] => Some(2),
        [0, ..] => Some(1),
        // Soft hyphens, spaces without a width, marks of direction, joiners, byte order marks.
        [0xc2, 0xad, ..] => Some(2),
        [0xe2, 0x80, 0x8b..=0x8f | 0xaa..=0xae, ..] | [0xe2, 0x81, 0xa0..=0xaf, ..] | [0xef, 0xbb, 0xbf, ..] => Some(3),
        _ => None,
    }
}

/// How long a string for a terminal is believed to be, such as a title.
const LONGEST_STRING: usize = 4_096;

/// A piece of a key that was broken over lines has at least so many bytes.
const PIECE: usize = 4;

/// Returns the words that go on in the next line, joined; one to a line, without all the rest.
pub(crate) fn joined(text: &[u8]) -> Option<View> {
    let mut view = View::default();
    let (mut at, mut end) = (0, 0);
    while let Some(line_end) = memchr(b'\n', &text[at..]).map(|more| at + more) {
        at = line_end + 1;
        let Some((first, next)) = join(text, line_end) else { continue };
        if view.bytes.is_empty() || first.end != end {
            view.bytes.extend(b"\n");
            view.copy(text, first);
        }
        end = next.end;
        view.copy(text, next);
    }
    (!view.bytes.is_empty()).then(|| {
        view.steps.insert(0, (0, 0));
        view
    })
}

/// Returns the word before the line end and the one that is all of the next line.
fn join(text: &[u8], line_end: usize) -> Option<(Range<usize>, Range<usize>)> {
    let next = word_that_is_the_line(text, line_end + 1).filter(|next| next.len() >= PIECE)?;
    let end = line_end - text[..line_end].iter().rev().take(8).take_while(|&&byte| closes(byte)).count();
    let first = end - text[..end].iter().rev().take_while(|&&byte| of_a_word(byte)).count()..end;
    (first.len() >= PIECE).then_some((first, next))
}

fn word_that_is_the_line(text: &[u8], line: usize) -> Option<Range<usize>> {
    let opens = |byte: &&u8| matches!(byte, b'"' | b'\'' | b'`' | b' ' | b'\t');
    let start = line + text[line..].iter().take(64).take_while(opens).count();
    let end = start + text[start..].iter().take_while(|&&byte| of_a_word(byte)).count();
    let ends = |byte: &&u8| closes(**byte) || matches!(byte, b',' | b';' | b')' | b'}' | b']');
    let rest = end + text[end..].iter().take(8).take_while(ends).count();
    text.get(rest).is_none_or(|&byte| byte == b'\n').then_some(start..end)
}

fn closes(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`' | b' ' | b'+' | b'\\' | b'\r')
}

fn of_a_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'=' | b':' | b'$' | b'~' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, view: Option<View>, word: &str, expected: &str) {
        let view = view.unwrap();
        let at = view.bytes.windows(word.len()).position(|window| window == word.as_bytes()).unwrap();
        assert_eq!(&text[view.origin(&(at..at + word.len()))], expected);
    }

    #[test]
    fn what_a_view_shows_is_found_in_the_text() {
        let escaped = r#"{\"a\":\"b\u002dc\\n\"}"#;
        check(escaped, unescaped(escaped.as_bytes()), r#""b-c"#, r#"\"b\u002dc"#);
        check("?q=%67%68p_1&r", unpercented(b"?q=%67%68p_1&r"), "ghp_", "%67%68p_");
        let coloured = "DB_\u{1b}[01;31m\u{1b}[KPASS\u{1b}[m\u{1b}[K=gh\u{200b}p\0_1 \u{1b}]0;title\u{7}x";
        check(coloured, shown(coloured.as_bytes()), "DB_PASS=ghp_1 x", coloured);
        let broken = "key: >-\n  abcd-\n  efgh\n  ijkl\nnext: 1";
        check(broken, joined(broken.as_bytes()), "abcd-efghijkl", "abcd-\n  efgh\n  ijkl");
        let strings = "x = \"abcd\" +\n    \"efgh\";\n";
        check(strings, joined(strings.as_bytes()), "abcdefgh", "abcd\" +\n    \"efgh");
    }

    #[test]
    fn a_text_that_reads_the_same_has_no_view() {
        assert!(unescaped(b"C:\\Windows").is_none());
        assert!(unpercented(b"100 % of %zz").is_none());
        assert!(joined(b"one two\nthree four\n").is_none());
        assert!(shown("“quoted” naïve\u{a0}text \u{ff}".as_bytes()).is_none() && shown(b"\x1b[12;\x1b").is_none());
    }
}
