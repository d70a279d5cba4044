//! Secrets that are told by where they stand: in a header, an address, an option of a command, or between the lines of a private key.

use std::ops::Range;

use crate::names::Promise;
use crate::value;

type Found = (Range<usize>, &'static str);

/// How far an address is read for the `@` behind its password.
const AUTHORITY: usize = 512;
/// How much is read of a header before it is called harmless.
const HEADER: usize = 512;
/// What was masked already has a colon of its own.
const MASK: &[u8] = b"[REDACTED";
const SCHEMES: [&str; 6] = ["bearer", "basic", "token", "bot", "digest", "apikey"];

/// Returns the credentials behind `authorization`, `cookie` or `bearer `, which end at `end`.
pub(crate) fn header(bytes: &[u8], end: usize, keyword: &[u8]) -> Option<Found> {
    if keyword.eq_ignore_ascii_case(b"cookie") {
        return cookie(bytes, end);
    }
    if keyword.eq_ignore_ascii_case(b"bearer ") {
        return credential(bytes, end, "bearer-token");
    }
    let start = end + run(bytes, end, 6, |byte| matches!(byte, b'"' | b'\'' | b']' | b':' | b'=' | b' ' | b'>' | b'`' | b','));
    let scheme = start + run(bytes, start, 8, |byte| byte.is_ascii_alphabetic());
    let has_scheme =
        bytes.get(scheme) == Some(&b' ') && SCHEMES.iter().any(|name| bytes[start..scheme].eq_ignore_ascii_case(name.as_bytes()));
    (start > end).then(|| credential(bytes, if has_scheme { scheme + 1 } else { start }, "authorization"))?
}

/// Returns the credential within the value of an `Authorization` header.
pub(crate) fn of_header(value: &str) -> Option<Found> {
    let (scheme, credential) = value.split_once(' ').unwrap_or(("", value));
    let known = scheme.is_empty() || SCHEMES.iter().any(|name| name.eq_ignore_ascii_case(scheme));
    let start = value.len() - credential.len();
    (known && looks_drawn(credential.as_bytes())).then_some((start..value.len(), "authorization"))
}

fn credential(bytes: &[u8], start: usize, kind: &'static str) -> Option<Found> {
    let end = start + bytes[start..].iter().take_while(|&&byte| of_a_credential(byte)).count();
    looks_drawn(&bytes[start..end]).then_some((start..end, kind))
}

fn of_a_credential(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b'+' | b'/' | b'=' | b':' | b'-')
}

fn looks_drawn(credential: &[u8]) -> bool {
    credential.len() >= 8 && (value::is_secret(credential, Promise::Key, true) || is_basic(credential))
}

/// User and password in base64 may happen to have no digit.
fn is_basic(credential: &[u8]) -> bool {
    let decoded = crate::encoded::text_in_base64(credential);
    decoded.contains(&b':') && decoded.len() * 4 + 8 > credential.len() * 3
}

/// Returns what is set by a cookie header, if any of it looks drawn.
fn cookie(bytes: &[u8], end: usize) -> Option<Found> {
    let start = end + run(bytes, end, 4, |byte| matches!(byte, b'"' | b'\'' | b':' | b' '));
    let line = bytes[start..].iter().take(HEADER).take_while(|&&byte| of_a_line(byte)).count();
    let pairs = &bytes[start..start + line];
    let secret = |pair: &[u8]| {
        let value = pair.iter().position(|&byte| byte == b'=').map_or(&b""[..], |at| &pair[at + 1..]);
        let value = value.split(|&byte| byte == b'&' || byte.is_ascii_whitespace()).next().unwrap_or(value);
        value.len() >= 8 && value::is_secret(value, Promise::Key, true)
    };
    if start == end || !bytes[end..start].contains(&b':') || !pairs.split(|&byte| byte == b';').any(secret) {
        return None;
    }
    let more = bytes[start + line..].iter().take_while(|&&byte| of_a_line(byte)).count();
    Some((start..start + line + more, "cookie"))
}

fn of_a_line(byte: u8) -> bool {
    !matches!(byte, b'\n' | b'\r' | b'"' | b'\'' | b'`' | b'\\')
}

fn run(bytes: &[u8], from: usize, most: usize, of: fn(u8) -> bool) -> usize {
    bytes[from..].iter().take(most).take_while(|&&byte| of(byte)).count()
}

/// Returns the password of the address whose `://` ends at `start`.
pub(crate) fn address(bytes: &[u8], start: usize) -> Option<Found> {
    let of_authority =
        |byte: &&u8| !byte.is_ascii_whitespace() && !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\');
    let length = bytes[start..].iter().take(AUTHORITY).take_while(of_authority).count();
    let authority = &bytes[start..start + length];
    let user_info = &authority[..authority.iter().rposition(|&byte| byte == b'@')?];
    if user_info.windows(MASK.len()).any(|window| window == MASK) {
        return None;
    }
    match user_info.iter().position(|&byte| byte == b':') {
        Some(colon) => pair(user_info, colon, start, "url-password", 1),
        None => (user_info.len() >= 20 && value::is_secret(user_info, Promise::Key, true))
            .then(|| (start..start + user_info.len(), "url-password")),
    }
}

/// Returns the password behind `-u user:`, where `start` is.
pub(crate) fn user(bytes: &[u8], start: usize) -> Option<Found> {
    let quote = run(bytes, start, 1, |byte| matches!(byte, b'"' | b'\''));
    let from = start + quote;
    let length =
        bytes[from..].iter().take(HEADER).take_while(|&&byte| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'\\')).count();
    let both = &bytes[from..from + length];
    let colon = both.iter().position(|&byte| byte == b':')?;
    let found = pair(both, colon, from, "basic-auth", 6)?;
    both[colon + 1..].iter().any(u8::is_ascii_alphabetic).then_some(found)
}

fn pair(both: &[u8], colon: usize, from: usize, kind: &'static str, least: usize) -> Option<Found> {
    let (user, password) = (&both[..colon], &both[colon + 1..]);
    let usual = [&b"password"[..], b"pass", b"passwd", b"pwd", b"secret", b"token", b"pw", b"PASSWORD", b"PASS", b"TOKEN"];
    let shown = value::is_placeholder(password) || usual.contains(&password) || password == user;
    (!shown && password.len() >= least).then(|| (from + colon + 1..from + both.len(), kind))
}

/// Finds private keys from front to back, each line once.
#[derive(Default)]
pub(crate) struct Blocks {
    /// Whether it is known that no block ends any more.
    none_ends: bool,
}

const HEADLINE: usize = 80;
/// The first line alone, as in the source of a parser, is no key.
const LEAST: usize = 8;

impl Blocks {
    /// Returns the private key that begins at `at`. One that was cut short reaches as far as it looks like a key.
    pub(crate) fn at(&mut self, bytes: &[u8], at: usize) -> Option<Found> {
        let line = at + 10;
        let length = bytes[line..].iter().take(HEADLINE).take_while(|&&byte| byte != b'-').count();
        let title = &bytes[line..line + length];
        if !(title.ends_with(b"PRIVATE KEY") || title.ends_with(b"PRIVATE KEY BLOCK")) || !bytes[line + length..].starts_with(b"-----") {
            return None;
        }
        let body = line + length + 5;
        let end = self.end(bytes, body).or_else(|| cut_short(bytes, body))?;
        Some((at..end, "private-key"))
    }

    fn end(&mut self, bytes: &[u8], body: usize) -> Option<usize> {
        if self.none_ends {
            return None;
        }
        let found = memchr::memmem::find(&bytes[body..], b"-----END ").map(|at| body + at);
        self.none_ends = found.is_none();
        let title = found? + 9;
        let length = bytes[title..].iter().take(HEADLINE).take_while(|&&byte| byte != b'-').count();
        Some(title + length + bytes[title + length..].iter().take(5).take_while(|&&byte| byte == b'-').count())
    }
}

/// Returns where a key without an end stops looking like one, if anything of it is there. A backslash there belongs to the quotes around it.
fn cut_short(bytes: &[u8], body: usize) -> Option<usize> {
    let length = bytes[body..].iter().take_while(|&&byte| of_a_block(byte)).count();
    let slashes = bytes[body..body + length].iter().rev().take_while(|&&byte| byte == b'\\').count();
    (length >= slashes + LEAST).then_some(body + length - slashes)
}

fn of_a_block(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || matches!(byte, b'+' | b'/' | b'=' | b'\\' | b':' | b',' | b'-' | b'.')
}

#[cfg(test)]
mod tests {
    use crate::mask;

    #[test]
    fn credentials_are_found_by_their_place() {
        for (text, expected) in [
            ("Authorization: Basic dXNlcjpodW50ZXIy", "Authorization: Basic [REDACTED:authorization]"),
            ("-H 'authorization: Bearer a1B2c3D4e5F6g7'", "-H 'authorization: Bearer [REDACTED:authorization]'"),
            ("postgres://app:hun%23ter@db/x", "postgres://app:[REDACTED:url-password]@db/x"),
            ("redis://:p4ss@[::1]:6379", "redis://:[REDACTED:url-password]@[::1]:6379"),
            ("curl -u admin:s3cr3ts https://x", "curl -u admin:[REDACTED:basic-auth] https://x"),
            ("Cookie: sid=a1B2c3D4e5F6g7; theme=dark\n", "Cookie: [REDACTED:cookie]\n"),
        ] {
            assert_eq!(mask(text), expected);
        }
    }

    #[test]
    fn s10_private_keys_are_masked_also_when_cut_short() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEabcd\n-----END RSA PRIVATE KEY-----";
        assert_eq!(mask(&format!("a {key} b {key}")), "a [REDACTED:private-key] b [REDACTED:private-key]");
        assert_eq!(mask(&key[..40]), "[REDACTED:private-key]");
        assert_eq!(mask(&format!("{{\"key\": \"{}\", \"a\": 1}}", &key[..40])), "{\"key\": \"[REDACTED:private-key]\", \"a\": 1}");
    }

    #[test]
    fn places_without_credentials_are_left_alone() {
        for text in [
            "Authorization: Bearer <token>",
            "postgres://user:password@localhost/db",
            "https://example.com/a@b:c",
            "docker run -u 1000:1000 image",
            "cookie: { httpOnly: true }",
            "bearer of bad news",
            "if line == \"-----BEGIN PRIVATE KEY-----\" {",
            "https://$USER:$PASS@host/",
        ] {
            assert_eq!(mask(text), text);
        }
    }
}
