//! A text word by word, as the search reads it: letters and digits, without case and without marks on them.

/// A word and where it stands, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) from: usize,
    pub(super) to: usize,
    /// As it is compared.
    pub(super) folded: String,
    /// Whether it is put together from several, `getUserName`.
    pub(super) has_parts: bool,
}

impl Word {
    /// Returns it as a word of a text in which so much stands before.
    pub(super) fn behind(self, before: usize) -> Self {
        Self { from: self.from + before, to: self.to + before, ..self }
    }
}

/// Returns the words of a text, in order.
pub(super) fn words(text: &str) -> impl Iterator<Item = Word> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        while rest.next_if(|(_, each)| !is_of_word(*each)).is_some() {}
        let &(from, _) = rest.peek()?;
        let (mut to, mut folded, mut has_parts, mut before) = (from, String::new(), false, None);
        while let Some((at, each)) = rest.next_if(|(_, each)| is_of_word(*each)) {
            has_parts |= each.is_ascii_uppercase() && before.is_some_and(|before: char| before.is_ascii_alphanumeric());
            fold(each, &mut folded);
            (to, before) = (at + each.len_utf8(), Some(each));
        }
        Some(Word { from, to, folded, has_parts })
    })
}

fn is_of_word(each: char) -> bool {
    each.is_ascii_alphanumeric() || !each.is_ascii() && (each.is_alphanumeric() || is_mark(each))
}

/// Marks that stand behind their letter.
fn is_mark(each: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&each)
}

fn fold(each: char, folded: &mut String) {
    if each.is_ascii() {
        return folded.push(each.to_ascii_lowercase());
    }
    for lower in each.to_lowercase() {
        match LETTERS.iter().find(|(_, marked)| marked.contains(lower)) {
            Some((plain, _)) => folded.push(*plain),
            None if is_mark(lower) => {}
            None => folded.push(lower),
        }
    }
}

/// Letters with marks on them, as far as they are common: beyond that, what is found is found, and only not shown bold.
const LETTERS: [(char, &str); 20] = [
    ('a', "àáâãäåāăą"),
    ('c', "çćĉċč"),
    ('d', "ď"),
    ('e', "èéêëēĕėęě"),
    ('g', "ĝğġģ"),
    ('h', "ĥ"),
    ('i', "ìíîïĩīĭį"),
    ('j', "ĵ"),
    ('k', "ķ"),
    ('l', "ĺļľ"),
    ('n', "ñńņň"),
    ('o', "òóôõöōŏő"),
    ('r', "ŕŗř"),
    ('s', "śŝşš"),
    ('t', "ţť"),
    ('u', "ùúûüũūŭůűų"),
    ('w', "ŵ"),
    ('y', "ýÿŷ"),
    ('z', "źżž"),
    ('i', "ı"),
];

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_told_apart_and_compared_without_case_and_marks() {
        let found: Vec<_> = words("Naïve CAFÉ: getUserName(foo_bar) e\u{301}t漢字 12ab").map(|word| word.folded).collect();
        assert_eq!(found, ["naive", "cafe", "getusername", "foo", "bar", "et漢字", "12ab"]);
    }
}
