//! `3 failed, 5 passed`: numbers with a word each, as most runners sum up.

/// Returns a number and its words: `3 failed`. A number too great is the greatest there is.
pub(super) fn item(text: &str) -> Option<(u32, &str)> {
    let (number, words) = text.trim().split_once(' ')?;
    Some((number_of(number)?, words))
}

/// Returns all items of a list, or none when one of them is not an item: then it is a sentence.
pub(super) fn items<'t>(list: &'t str, separator: &str) -> Option<Vec<(u32, &'t str)>> {
    list.split(separator).map(item).collect()
}

/// Returns the number that stands for it, when a text has digits and nothing else.
pub(super) fn number_of(digits: &str) -> Option<u32> {
    let are_digits = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    are_digits.then(|| digits.parse().unwrap_or(u32::MAX))
}

/// Returns the sum of the items that have one of the words.
pub(super) fn sum(items: &[(u32, &str)], words: &[&str]) -> u32 {
    items.iter().filter(|(_, word)| words.contains(word)).fold(0, |sum: u32, (number, _)| sum.saturating_add(*number))
}

/// Returns whether a text is a length of time as runners print it: `0.12s`, `13ms`, `2m`.
pub(super) fn is_duration(text: &str) -> bool {
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = &text[number.len()..];
    let is_number = number.starts_with(|first: char| first.is_ascii_digit()) && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_number && matches!(unit, "ms" | "s" | "m" | "h")
}
