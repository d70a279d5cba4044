//! Finding words in text, and the line an offset is in.

/// Returns where `word` stands by itself: not inside a longer word, where a word is made of letters, digits and `_`.
pub(crate) fn words<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    text.match_indices(word).map(|(at, _)| at).filter(move |at| is_alone(text, *at, word))
}

/// Returns the line, counted from 1, that an offset is in.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Returns the name that `text` begins with; it may be empty.
pub(crate) fn leading_name(text: &str) -> &str {
    let end = text.find(|letter| !is_of_word(letter)).unwrap_or(text.len());
    &text[..end]
}

/// Says whether a letter can be part of a name.
pub(crate) fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn is_alone(text: &str, at: usize, word: &str) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + word.len()..].chars().next();
    !grown_together(before, word.chars().next()) && !grown_together(word.chars().next_back(), after)
}

fn grown_together(left: Option<char>, right: Option<char>) -> bool {
    left.is_some_and(is_of_word) && right.is_some_and(is_of_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, word: &str, expected: &[usize]) {
        assert_eq!(words(text, word).collect::<Vec<_>>(), expected, "{word} in {text}");
    }

    #[test]
    fn a_word_is_found_only_by_itself() {
        check("mod a; modern commod _mod (mod)", "mod", &[0, 27]);
        check("println! eprintln!", "println!", &[0]);
        check("ABAB AB", "AB", &[5]);
        check("a::b(", "a::b", &[0]);
        check("größe", "gr", &[]);
    }

    #[test]
    fn lines_count_from_one() {
        assert_eq!(line_of("a\nb\n", 0), 1);
        assert_eq!(line_of("a\nb\n", 2), 2);
        assert_eq!(line_of("a\nb\n", 4), 3);
    }

    #[test]
    fn a_name_ends_where_punctuation_begins() {
        assert_eq!(leading_name("fold(log)"), "fold");
        assert_eq!(leading_name("(log)"), "");
        assert_eq!(leading_name("all"), "all");
    }
}
