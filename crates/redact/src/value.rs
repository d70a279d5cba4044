//! Whether a value looks like a secret, or like code, a placeholder or a name.

use crate::names::Promise;

/// How much of a value is looked at; what is longer is judged by its beginning.
pub(crate) const JUDGED: usize = 256;
/// How much of a value is compared with placeholders.
const SHOWN: usize = 48;

const SHORTEST_PASSWORD: usize = 6;
const SHORTEST_KEY: usize = 10;

/// What people write where a secret is to be put.
const PLACEHOLDERS: &[&str] = &[
    "[redacted",
    "example",
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "your",
    "xxxx",
    "****",
    "....",
    "dummy",
    "insert",
    "replace",
    "sample",
    "undefined",
    "********",
    "____",
    "abc123",
    "foobar",
    "123456789",
    "required",
    "optional",
    "invalid",
    "process.env",
    "os.environ",
    "secrets.",
    "{{",
    "}}",
    "${",
    "$(",
    "<%",
];

/// Returns whether the value may be what the name promised.
pub(crate) fn is_secret(value: &[u8], promise: Promise, quoted: bool) -> bool {
    let value = &value[..value.len().min(JUDGED)];
    if is_placeholder(value) || value.iter().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()) {
        return false;
    }
    if !quoted && is_code(value) {
        return false;
    }
    match promise {
        Promise::Password => value.len() >= SHORTEST_PASSWORD && is_password(value),
        Promise::Key => value.len() >= SHORTEST_KEY && is_random(value),
    }
}

/// Returns whether the value only shows where a secret goes.
pub(crate) fn is_placeholder(value: &[u8]) -> bool {
    let Some(first) = value.first() else { return true };
    if matches!(first, b'$' | b'<' | b'{' | b'%' | b'*' | b'&' | b'@' | b'(') {
        return true;
    }
    let lower = value[..value.len().min(SHOWN)].to_ascii_lowercase();
    let words = || PLACEHOLDERS.iter().any(|word| contains(&lower, word.as_bytes()));
    kinds_of_bytes(&lower) < 3 || contains(&value[..value.len().min(JUDGED)], b"[REDACTED") || words()
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window[0] == word[0] && window == word)
}

fn kinds_of_bytes(value: &[u8]) -> u32 {
    value.iter().fold(0_u128, |seen, byte| seen | 1 << (byte & 127)).count_ones()
}

/// Without quotes a value may be an expression: a call, an index, a path of names.
fn is_code(value: &[u8]) -> bool {
    if value.iter().any(|byte| matches!(byte, b'(' | b'[' | b'{')) || contains(value, b"::") || value.starts_with(b"!") {
        return true;
    }
    let names_itself = ["pass", "secret", "token", "key", "pwd"].iter().any(|word| contains(&value.to_ascii_lowercase(), word.as_bytes()));
    names_itself && is_identifier(value)
}

fn is_identifier(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')) && digits(value) < 3
}

fn digits(value: &[u8]) -> usize {
    value.iter().filter(|byte| byte.is_ascii_digit()).count()
}

/// A password has a digit, a sign that names do not have, or letters in no order.
fn is_password(value: &[u8]) -> bool {
    if looks_like_a_path(value) {
        return false;
    }
    let sign = |byte: &u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'-' | b'.' | b'/' | b':' | b'?' | b'!' | b'=' | b'>');
    let has_letter = value.iter().any(u8::is_ascii_alphabetic);
    if !has_letter {
        return digits(value) >= 8;
    }
    if is_identifier(value) && words_of_a_secret(value) {
        return false;
    }
    let large = value[1..].iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let shouted = large >= 2 && matches!(value.last(), Some(b'!' | b'?' | b'='));
    digits(value) > 0 || value.iter().any(sign) || shouted || (value.len() >= 12 && share_without_words(value) >= 50)
}

fn words_of_a_secret(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    digits(value) < 2 && ["password", "passwd", "secret", "token"].iter().any(|word| contains(&lower, word.as_bytes()))
}

/// What a machine drew at random mixes digits and letters, or large and small ones, as no name does.
fn is_random(value: &[u8]) -> bool {
    if looks_like_a_path(value) || kinds_of_bytes(value) < 6 || !value.iter().any(u8::is_ascii_alphabetic) || is_made_of_words(value) {
        return false;
    }
    if digits(value) == 0 {
        return value.len() >= 16 && share_without_words(value) >= 50;
    }
    let turns = value.windows(2).filter(|two| two[0].is_ascii_digit() != two[1].is_ascii_digit()).count();
    turns >= 4 || share_without_words(value) >= 40
}

fn looks_like_a_path(value: &[u8]) -> bool {
    let first = [&b"/"[..], b"./", b"../", b"~/", b"http://", b"https://", b"file:"].iter().any(|start| value.starts_with(start));
    first
        && (value.starts_with(b".")
            || value.starts_with(b"~")
            || contains(value, b"://")
            || parts_are_words(&value[1..], |byte| byte == b'/'))
}

/// `my-api-token-2`, `claude-3-5-sonnet-20241022`: each part a word or a number.
fn is_made_of_words(value: &[u8]) -> bool {
    value.iter().any(|byte| matches!(byte, b'-' | b'_' | b'.' | b'/' | b':'))
        && parts_are_words(value, |byte| matches!(byte, b'-' | b'_' | b'.' | b'/' | b':'))
}

fn parts_are_words(value: &[u8], between: fn(u8) -> bool) -> bool {
    value.split(|&byte| between(byte)).all(|part| {
        let all_digits = part.iter().all(u8::is_ascii_digit);
        all_digits || (part.len() <= 3) || share_without_words(part) <= 25 && digits(part) < 3
    })
}

/// Returns the percentage of bytes outside of runs that could be words: three letters or more of which only the first may be a large one,
/// or four large ones.
fn share_without_words(value: &[u8]) -> usize {
    let shouts = !value.iter().any(u8::is_ascii_lowercase);
    let (mut outside, mut at) = (0, 0);
    while at < value.len() {
        let rest = &value[at..];
        let large = rest.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
        let small = rest[large.min(1)..].iter().take_while(|byte| byte.is_ascii_lowercase()).count();
        let (run, least) = if large > 1 { (large, if shouts { 3 } else { 4 }) } else { ((large + small).max(1), 3) };
        outside += if run >= least { 0 } else { run };
        at += run;
    }
    outside * 100 / value.len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(promise: Promise, quoted: bool, expected: bool, values: &[&str]) {
        for value in values {
            assert_eq!(is_secret(value.as_bytes(), promise, quoted), expected, "{value}");
        }
    }

    #[test]
    fn passwords_are_told_from_words() {
        check(
            Promise::Password,
            true,
            true,
            &["hunter22", "Tr0ub4dor&3", "p@ssw0rd!", "s3cr3t", "qWeRtZuIoPaS", "19450508", "vtchAnMFplzu!"],
        );
        check(
            Promise::Password,
            true,
            false,
            &["Password", "required", "newPassword1", "current-password", "${DB_PASSWORD}", "<your-key>"],
        );
        check(Promise::Password, true, false, &["changeme", "xxxxxxxx", "********", "", "[REDACTED:password]", "Forgot your password?"]);
        check(
            Promise::Password,
            false,
            false,
            &["input(", "hash.digest", "newPassword1", "e.target.value", "Uri_PROPERTY", "a[1]", "!0", "Config::load2"],
        );
    }

    #[test]
    fn keys_are_told_from_names() {
        let random =
            ["9f86d081884c7d65", "wJq2rXUtnF9Mk/K7MbPx", "c0ffee12-3f2a-4c3d-9e8f-0f23d56b89ab", "Zk3mQ9vT1xLp", "QmFzZVN0cmluZ0Rh"];
        check(Promise::Key, true, true, &random);
        let named = [
            "my-secret-token-2",
            "claude-3-5-sonnet-20241022",
            "getUserToken2",
            "us-east-1",
            "/run/secrets/db_password",
            "bearer",
            "JsonWebToken",
        ];
        check(Promise::Key, true, false, &named);
    }
}
