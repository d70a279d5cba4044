//! A value given to a name: `API_KEY=…`, `"password": "…"`, `let token: &str = "…"`, `--token …`, `<secret>…</secret>`, `setPassword("…")`.

use std::ops::Range;

use crate::names::{self, Promise};
use crate::value::{self, JUDGED};

/// How far a name reaches to each side of the word that was found.
const NAME: usize = 48;
/// How much white space may stand around an operator.
const SPACE: usize = 16;
/// How long a type between a name and its value may be.
const TYPE: usize = 40;

/// A name, and the value given to it.
pub(crate) struct Assignment {
    /// Where the name ends, or the value behind it that was judged: so far no other name is looked for.
    pub(crate) end: usize,
    /// Where the secret is, and of which kind, if it is one.
    pub(crate) secret: Option<(Range<usize>, &'static str)>,
}

/// Returns the kind of secret that the value is under this name.
pub(crate) fn judge(name: &[u8], value: &[u8], quoted: bool) -> Option<&'static str> {
    let promise = names::promise(name)?;
    let judged = &value[..value.len().min(JUDGED)];
    if value::is_placeholder(judged) {
        return None;
    }
    if let Some(maker) = names::maker_of(name, judged) {
        return Some(maker.kind);
    }
    value::is_secret(judged, promise, quoted).then_some(match promise {
        Promise::Password => "password",
        Promise::Key => "secret",
    })
}

/// Reads the assignment to the name that stands around `at`.
pub(crate) fn read(bytes: &[u8], at: usize) -> Assignment {
    let name = name_around(bytes, at);
    let nothing = Assignment { end: name.end, secret: None };
    let Some(start) = value_start(bytes, &name) else { return nothing };
    let is_mask = bytes[..name.start].ends_with(b"[REDACTED:");
    if is_mask || names::promise(&bytes[name.clone()]).is_none() {
        return nothing;
    }
    let (value, quoted) = value_at(bytes, start);
    let Some(kind) = judge(&bytes[name.clone()], &bytes[value.clone()], quoted) else {
        return Assignment { end: if quoted { name.end } else { name.end.max(value.end) }, secret: None };
    };
    Assignment { end: name.end, secret: Some((whole(bytes, value, quoted), kind)) }
}

fn of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn name_around(bytes: &[u8], at: usize) -> Range<usize> {
    let before = bytes[..at].iter().rev().take(NAME).take_while(|&&byte| of_a_name(byte)).count();
    let behind = bytes[at..].iter().take(NAME).take_while(|&&byte| of_a_name(byte)).count();
    at - before..at + behind
}

/// Returns where the value begins: behind an operator, or behind an option's space.
fn value_start(bytes: &[u8], name: &Range<usize>) -> Option<usize> {
    let closed = name.end + count(bytes, name.end, 2, |byte| matches!(byte, b'"' | b'\'' | b'`' | b']'));
    if closed == name.end && bytes.get(closed) == Some(&b'(') {
        return quote_at(bytes, closed + 1).then_some(closed + 1);
    }
    if closed == name.end && bytes.get(closed) == Some(&b'>') {
        return Some(closed + 1);
    }
    let spaced = closed + spaces(bytes, closed);
    if bytes[spaced..].starts_with(b"::") {
        return None;
    }
    let operator = count(bytes, spaced, 3, |byte| matches!(byte, b'=' | b':' | b'>' | b'?' | b'+' | b'!'));
    if operator == 0 || !bytes[spaced..spaced + operator].iter().any(|byte| matches!(byte, b'=' | b':')) {
        let is_option = bytes[name.start..].starts_with(b"--") && spaced == name.end + 1;
        return is_option.then_some(spaced);
    }
    let after = spaced + operator + spaces(bytes, spaced + operator);
    let typed = if bytes[spaced] == b':' { behind_type(bytes, after) } else { None };
    Some(typed.unwrap_or_else(|| behind_marks(bytes, after)))
}

fn count(bytes: &[u8], from: usize, most: usize, of: fn(u8) -> bool) -> usize {
    bytes[from..].iter().take(most).take_while(|&&byte| of(byte)).count()
}

fn spaces(bytes: &[u8], from: usize) -> usize {
    count(bytes, from, SPACE, |byte| byte == b' ' || byte == b'\t')
}

fn quote_at(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), Some(b'"' | b'\'' | b'`'))
}

/// Skips a type and the `=` behind it, as in `password: &str = "…"`.
fn behind_type(bytes: &[u8], from: usize) -> Option<usize> {
    let of_a_type = |byte: u8| {
        byte.is_ascii_alphabetic() || matches!(byte, b'&' | b'\'' | b'<' | b'>' | b'[' | b']' | b'|' | b'_' | b':' | b'?' | b' ')
    };
    let equals = from + count(bytes, from, TYPE, of_a_type);
    let after = equals + 1 + spaces(bytes, (equals + 1).min(bytes.len()));
    (equals > from && bytes.get(equals) == Some(&b'=') && quote_at(bytes, after)).then_some(after)
}

/// Skips what may stand between an operator and a value: a letter before quotes, the sign of a YAML block and its line end.
fn behind_marks(bytes: &[u8], from: usize) -> usize {
    if matches!(bytes.get(from), Some(b'b' | b'r' | b'f' | b'u')) && quote_at(bytes, from + 1) {
        return from + 1;
    }
    let block = count(bytes, from, 2, |byte| matches!(byte, b'|' | b'>' | b'-'));
    if block > 0 && bytes.get(from + block) == Some(&b'\n') {
        return from + block + 1 + spaces(bytes, from + block + 1);
    }
    from
}

/// Returns the value, as much of it as is judged, and whether it stands in quotes.
fn value_at(bytes: &[u8], start: usize) -> (Range<usize>, bool) {
    if quote_at(bytes, start) {
        let quote = bytes[start];
        let text = &bytes[start + 1..];
        return (start + 1..start + 1 + in_quotes(&text[..text.len().min(JUDGED)], quote), true);
    }
    let length = bytes[start..].iter().take(JUDGED).take_while(|&&byte| of_a_bare_value(byte)).count();
    (start..start + length, false)
}

/// Returns how much there is before the closing quote, or before the line ends. A quote behind a backslash closes nothing.
fn in_quotes(text: &[u8], quote: u8) -> usize {
    let mut escapes = false;
    let inside = |byte: &&u8| {
        let goes_on = **byte != b'\n' && (**byte != quote || escapes);
        escapes = **byte == b'\\' && !escapes;
        goes_on
    };
    text.iter().take_while(inside).count()
}

fn of_a_bare_value(byte: u8) -> bool {
    !byte.is_ascii_whitespace()
        && !matches!(byte, b'"' | b'\'' | b'`' | b',' | b';' | b'&' | b'<' | b'>' | b'|' | b')' | b'}' | b']' | b'\\')
}

/// Returns the whole value, of which only the beginning was judged.
fn whole(bytes: &[u8], value: Range<usize>, quoted: bool) -> Range<usize> {
    let rest = &bytes[value.start..];
    let length =
        if quoted { in_quotes(rest, bytes[value.start - 1]) } else { rest.iter().take_while(|&&byte| of_a_bare_value(byte)).count() };
    value.start..value.start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let at = text.to_ascii_lowercase().find("pass").expect("each case has the word");
        let found = read(text.as_bytes(), at).secret.map(|(range, _)| &text[range]);
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn values_are_found_in_many_languages() {
        for text in [
            "DB_PASSWORD=hunter22x",
            "export PASSWORD=\"hunter22x\"",
            "password: hunter22x\n",
            "\"password\" : \"hunter22x\"",
            "config['password'] = 'hunter22x';",
            "let password: &str = \"hunter22x\";",
            "const password: string | null = 'hunter22x'",
            "--password hunter22x --verbose",
            "--password=hunter22x",
            "<password>hunter22x</password>",
            "builder.setPassword(\"hunter22x\")",
            "password => 'hunter22x',",
            "password := `hunter22x`",
            "password: >-\n    hunter22x\n",
            "if password == b'hunter22x':",
            "?password=hunter22x&next=1",
        ] {
            check(text, Some("hunter22x"));
        }
    }

    #[test]
    fn expressions_are_no_values() {
        for text in [
            "password = os.environ[\"DB_PASSWORD\"]",
            "password = getpass.getpass()",
            "password: string;",
            "the password is hunter22x",
            "one_pass::case_17",
            "password = ${PASSWORD}",
            "password: Option<String>",
            "password_hash = \"9f86d081884c7d65\"",
            "password: \"Enter your password\"",
            "[REDACTED:password]: hunter22x",
        ] {
            check(text, None);
        }
    }
}
