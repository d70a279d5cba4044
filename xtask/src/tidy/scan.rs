//! Tells the parts of Rust text apart that are not code: comments, strings, characters.

use std::ops::Range;

use super::words::is_of_word;

/// What a piece is.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Kind {
    Comment,
    Text,
    Letter,
}

/// Returns every comment, string and character literal with its place; what lies between is code.
pub(crate) fn pieces(text: &str) -> Vec<(Kind, Range<usize>)> {
    let (bytes, mut found, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        match piece(bytes, at) {
            Some((kind, end)) => {
                found.push((kind, at..end));
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// Returns the piece that begins at `at`, if one does, and where it ends.
fn piece(bytes: &[u8], at: usize) -> Option<(Kind, usize)> {
    match bytes[at] {
        b'/' => Some((Kind::Comment, comment_end(bytes, at)?)),
        b'"' => Some((Kind::Text, text_end(bytes, at))),
        b'r' | b'b' | b'c' => Some((Kind::Text, raw_text_end(bytes, at)?)),
        b'\'' => Some((Kind::Letter, letter_end(bytes, at)?)),
        _ => None,
    }
}

fn comment_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'/' => Some(find(bytes, at, b"\n").unwrap_or(bytes.len())),
        b'*' => Some(block_comment_end(bytes, at)),
        _ => None,
    }
}

/// Block comments nest.
fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start + 2, 1);
    while depth > 0 && at < bytes.len() {
        let step = match &bytes[at..] {
            [b'/', b'*', ..] => 1,
            [b'*', b'/', ..] => -1,
            _ => 0,
        };
        depth += step;
        at += if step == 0 { 1 } else { 2 };
    }
    at
}

fn text_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `r"…"`, `br#"…"#` and the like; a prefix is one only where a name could begin.
fn raw_text_end(bytes: &[u8], at: usize) -> Option<usize> {
    if at > 0 && (is_of_word(char::from(bytes[at - 1])) || bytes[at - 1] >= 0x80) {
        return None;
    }
    let raw = if bytes[at] == b'r' { at } else { at + 1 };
    let hashes = bytes.get(raw + 1..)?.iter().take_while(|byte| **byte == b'#').count();
    let quote = raw + 1 + hashes;
    if bytes[raw] != b'r' || bytes.get(quote) != Some(&b'"') {
        return None;
    }
    let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    Some(find(bytes, quote + 1, &close).map_or(bytes.len(), |at| at + close.len()))
}

/// Returns `None` for a lifetime, which has no second quote right behind its first letter.
fn letter_end(bytes: &[u8], at: usize) -> Option<usize> {
    let first = *bytes.get(at + 1)?;
    if first == b'\\' {
        return find(bytes, at + 3, b"'").map(|quote| quote + 1);
    }
    let quote = at + 1 + width(first);
    (bytes.get(quote) == Some(&b'\'')).then_some(quote + 1)
}

/// Returns how many bytes the letter has that begins with this byte.
fn width(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    let tail = bytes.get(from..)?;
    tail.windows(wanted.len()).position(|window| window == wanted).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(Kind, &str)]) {
        let found: Vec<_> = pieces(text).into_iter().map(|(kind, range)| (kind, &text[range])).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn comments_end_with_their_line_and_nest_in_blocks() {
        check("a // b \"c\"\nd", &[(Kind::Comment, "// b \"c\"")]);
        check("a / b /* c /* d */ e */ f", &[(Kind::Comment, "/* c /* d */ e */")]);
    }

    #[test]
    fn strings_know_escapes() {
        check(r#"f("a \" // b", b"c")"#, &[(Kind::Text, r#""a \" // b""#), (Kind::Text, r#""c""#)]);
        check(r#"("\\", x)"#, &[(Kind::Text, r#""\\""#)]);
    }

    #[test]
    fn raw_strings_end_with_their_hashes() {
        check("r#\"a \"b\" {\"# + x", &[(Kind::Text, "r#\"a \"b\" {\"#")]);
        check("br\"\\\" + y", &[(Kind::Text, "br\"\\\"")]);
        check("r#type + for\"a\"", &[(Kind::Text, "\"a\"")]);
        check("cr##\"\"#\"## \"", &[(Kind::Text, "cr##\"\"#\"##"), (Kind::Text, "\"")]);
    }

    #[test]
    fn characters_are_not_lifetimes() {
        check("fn f<'a>(x: &'a str) -> char { '{' }", &[(Kind::Letter, "'{'")]);
        check(
            r"['\'', '\\', '\u{7B}', b'}']",
            &[(Kind::Letter, r"'\''"), (Kind::Letter, r"'\\'"), (Kind::Letter, r"'\u{7B}'"), (Kind::Letter, "'}'")],
        );
        check("'…' 'label: loop { break 'label }", &[(Kind::Letter, "'…'")]);
    }

    #[test]
    fn text_that_never_ends_ends_with_the_file() {
        check("\"abc", &[(Kind::Text, "\"abc")]);
        check("\"abc\\", &[(Kind::Text, "\"abc\\")]);
        check("/* abc", &[(Kind::Comment, "/* abc")]);
        check("r#\"abc\"", &[(Kind::Text, "r#\"abc\"")]);
        check("'", &[]);
    }
}
