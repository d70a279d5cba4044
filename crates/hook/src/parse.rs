//! Bytes to a payload: as they are, and where that fails, with what is no text replaced.

use serde_json::Value;

/// How long something may be that is replaced in: that takes several times its memory.
const LONGEST_REPLACED: usize = 4 << 20;

/// Returns the object that the bytes stand for.
pub(crate) fn object(bytes: &[u8]) -> Option<Value> {
    let read = serde_json::from_slice(bytes).or_else(|error| {
        let is_short = bytes.len() <= LONGEST_REPLACED;
        if is_short { serde_json::from_str(&replaced(bytes)) } else { Err(error) }
    });
    read.ok().filter(Value::is_object)
}

/// Agents cut long text anywhere, also between the halves of a character. JavaScript writes such a half as `\ud83d`, which is JSON
/// and no text; half a character of UTF-8 is neither.
fn replaced(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let (mut kept, mut rest) = (String::with_capacity(text.len()), &*text);
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        kept.push_str(before);
        let length = match (half(escape), escape.get(6..).and_then(half)) {
            (Some(Half::First), Some(Half::Second)) => 12,
            (Some(_), _) => 6,
            (None, _) => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
        };
        let (escape, behind) = escape.split_at(length);
        kept.push_str(if length == 6 { "\\ufffd" } else { escape });
        rest = behind;
    }
    kept.push_str(rest);
    kept
}

/// Half a character outside the first plane.
enum Half {
    First,
    Second,
}

/// Returns which half an escape stands for.
fn half(escape: &str) -> Option<Half> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(Half::First),
        0xdc00..=0xdfff => Some(Half::Second),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &[u8], expected: &str) {
        let read = object(&[br#"{"a": ""#, json, br#""}"#].concat());
        assert_eq!(read.map(|read| read["a"].clone()), Some(expected.into()), "{json:?}");
    }

    #[test]
    fn half_a_character_costs_itself_and_not_the_payload() {
        check(br"cut \ud83d", "cut \u{fffd}");
        check(br"\ude00\ud83d\ude00\ud83dx\\ud83d\\\ud83d", "\u{fffd}😀\u{fffd}x\\ud83d\\\u{fffd}");
        check(b"cut \xf0\x9f\x98 here \\\"", "cut \u{fffd} here \"");
        check("\\ud83d\\\u{e9}".replace("\\\u{e9}", "\u{e9}").as_bytes(), "\u{fffd}\u{e9}");
    }

    #[test]
    fn what_is_no_object_is_no_payload() {
        for text in ["", "{", "[]", "{\"a\": \"\\u12\"}", "{\"a\": \"\\", "{\"a\": \"\\ud83d", "\u{e9}\\\u{e9}\\ud8\u{e9}0"] {
            assert_eq!(object(text.as_bytes()), None, "{text}");
        }
    }
}
