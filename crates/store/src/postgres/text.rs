//! Foreign text as PostgreSQL can hold it: every character but U+0000.
//!
//! U+0000 becomes two U+0001, and U+0001 becomes U+0001 U+0002: what differs stays different, and what is sorted stays sorted.

use std::borrow::Cow;

/// Returns a text as it is stored.
pub(crate) fn stored(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte < 2) {
        return Cow::Borrowed(text);
    }
    let mut stored = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '\0' => stored.push_str("\u{1}\u{1}"),
            '\u{1}' => stored.push_str("\u{1}\u{2}"),
            other => stored.push(other),
        }
    }
    Cow::Owned(stored)
}

/// Returns a stored text as it was.
pub(crate) fn read(stored: &str) -> String {
    let mut text = String::with_capacity(stored.len());
    let mut letters = stored.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1}' => text.push(if letters.next() == Some('\u{1}') { '\0' } else { '\u{1}' }),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_comes_back_and_keeps_its_place(left in "[\0\u{1}\u{2}a🆔]{0,6}", right in "[\0\u{1}\u{2}a🆔]{0,6}") {
            prop_assert!(!stored(&left).contains('\0'));
            prop_assert_eq!(&read(&stored(&left)), &left);
            prop_assert_eq!(stored(&left).as_bytes().cmp(stored(&right).as_bytes()), left.as_bytes().cmp(right.as_bytes()));
        }
    }
}
