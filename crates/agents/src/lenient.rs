//! JSON as agents write it, with halves of characters in it.
//!
//! A client that cuts a string where a character takes two escapes leaves one of them behind: `"\ud83d"`. That is JSON by its grammar, and no parser that
//! makes strings takes it: the whole value would be lost for one half of a smile.

use serde::de::DeserializeOwned;

/// How long an escape by number is.
const ESCAPE: usize = 6;

/// Parses a value; where that fails, once more with a replacement character for each half that stands alone.
///
/// # Errors
/// When it is no such value even so.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(bytes).or_else(|error| mended(bytes).map_or(Err(error), |mended| serde_json::from_slice(&mended)))
}

/// Returns a text with a replacement character for each half of a character that stands alone; none where there is no such half. It is as long as before.
fn mended(text: &[u8]) -> Option<Vec<u8>> {
    let mut mended: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(step) = text[at..].iter().position(|&byte| byte == b'\\') {
        at += step;
        let Some(unit) = unit(&text[at..]) else {
            // Whatever is escaped begins no escape of its own.
            at = text.len().min(at + 2);
            continue;
        };
        let is_whole = is_first(unit) && text.get(at + ESCAPE..).and_then(self::unit).is_some_and(is_second);
        if is_whole {
            at += ESCAPE;
        } else if is_first(unit) || is_second(unit) {
            mended.get_or_insert_with(|| text.to_vec())[at..at + ESCAPE].copy_from_slice(b"\\ufffd");
        }
        at += ESCAPE;
    }
    mended
}

fn is_first(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

fn is_second(unit: u16) -> bool {
    (0xdc00..0xe000).contains(&unit)
}

/// Returns what an escape by number says, where a text begins with one.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | u16::try_from(char::from(*digit).to_digit(16)?).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// A piece of a string as it is written, and as it is read.
    fn piece() -> impl Strategy<Value = (String, String)> {
        let escape = |unit: u16, is_upper: bool| if is_upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
        prop_oneof![
            "[a-du😀é]{0,3}".prop_map(|plain| (plain.clone(), plain)),
            any::<char>().prop_map(move |one| {
                (one.encode_utf16(&mut [0; 2]).iter().map(|unit| escape(*unit, false)).collect(), one.to_string())
            }),
            // A half, and something behind it that makes no other half of it.
            (0xd800_u16..0xe000, any::<bool>()).prop_map(move |(unit, is_upper)| (escape(unit, is_upper) + "-", "\u{fffd}-".to_owned())),
            (0_usize..4, any::<bool>()).prop_map(|(pairs, is_more)| {
                let (written, read) = ("\\\\".repeat(pairs), "\\".repeat(pairs));
                if is_more { (written + "\\\\ud83d", read + "\\ud83d") } else { (written + "\\n", read + "\n") }
            }),
        ]
    }

    proptest! {
        #[test]
        fn halves_are_replaced_wherever_they_stand_and_nothing_else_is(pieces in prop::collection::vec(piece(), 0..12)) {
            let (written, read): (Vec<String>, Vec<String>) = pieces.into_iter().unzip();
            let text = format!("{{\"{0}\":[\"{0}\"]}}", written.concat());
            let value: Value = parse(text.as_bytes()).unwrap();
            prop_assert_eq!(&value[read.concat()][0], &Value::String(read.concat()));
            let is_whole = serde_json::from_str::<Value>(&text).is_ok();
            prop_assert_eq!(mended(text.as_bytes()).is_none(), is_whole, "{}", text);
        }

        #[test]
        fn whatever_it_is_it_is_as_long_as_before(text in prop::collection::vec(prop::sample::select(&b"\\\\\\u\\ud8d8dcDC0f\"x"[..]), 0..40)) {
            if let Some(mended) = mended(&text) {
                prop_assert_eq!(mended.len(), text.len());
                prop_assert!(super::mended(&mended).is_none());
            }
        }
    }

    #[test]
    fn two_first_halves_are_one_half_and_a_character_where_a_second_follows() {
        let read = |text: &str| parse::<String>(text.as_bytes()).ok();
        assert_eq!(read(r#""\ud83d\ud83d\ude00""#).as_deref(), Some("\u{fffd}😀"));
        assert_eq!(read(r#""\ude00\ud83d""#).as_deref(), Some("\u{fffd}\u{fffd}"));
        assert_eq!(read(r#""\\\ud83d""#).as_deref(), Some("\\\u{fffd}"));
        assert_eq!(read(r#""\ud83"#), None);
    }
}
