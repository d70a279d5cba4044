//! The place in a text where the words are, on one line.

use std::collections::VecDeque;

use session::harmless;
use store::{Query, Term};

use super::view::Piece;
use super::words::{Word, words};

/// How many characters a snippet has about.
const LONGEST: usize = 160;

/// How many of them stand before what was found.
const BEFORE: usize = 50;

/// Words that are sought, one after the other.
struct Wanted {
    words: Vec<String>,
    /// All of them in one.
    joined: String,
    is_prefix: bool,
}

impl Wanted {
    fn of(term: &Term) -> Self {
        let words: Vec<String> = words(&term.text).map(|word| word.folded).collect();
        Self { joined: words.concat(), words, is_prefix: term.is_prefix }
    }

    /// Returns how many words fit from one on; 0 where none does.
    fn fits(&self, text: &[Word]) -> usize {
        let is_last = |place: usize| place + 1 == self.words.len();
        let fits = |(place, wanted): (usize, &String)| {
            text.get(place)
                .is_some_and(|word| word.folded == *wanted || self.is_prefix && is_last(place) && word.folded.starts_with(wanted))
        };
        if self.words.is_empty() {
            0
        } else if self.words.iter().enumerate().all(fits) {
            self.words.len()
        } else {
            usize::from(text.first().is_some_and(|word| word.has_parts && word.folded.contains(&self.joined)))
        }
    }
}

/// Returns the first place in a text where something is of what is sought, what was found apart from what stands around it.
pub(super) fn snippet(text: &str, query: &Query) -> Vec<Piece> {
    let wanted: Vec<Wanted> = query.shown().map(Wanted::of).collect();
    let first = first(text, &wanted);
    let begin = first.map_or(0, |first| back(text, first, BEFORE));
    let end = on(text, begin, LONGEST);
    let all: Vec<Word> = words(&text[begin..end]).map(|word| word.behind(begin)).collect();
    let fits = |at: usize| wanted.iter().map(|wanted| wanted.fits(&all[at..])).max().unwrap_or(0);
    let mut pieces = vec![Piece { text: if begin > 0 { "…".to_owned() } else { String::new() }, is_found: false }];
    let (mut done, mut at) = (begin, 0);
    while at < all.len() {
        let count = fits(at);
        if count == 0 {
            at += 1;
            continue;
        }
        let to = all[(at + count - 1).min(all.len() - 1)].to.min(end);
        add(&mut pieces, &text[done..all[at].from.max(done)], false);
        add(&mut pieces, &text[all[at].from.max(done)..to.max(done)], true);
        (done, at) = (to.max(done), at + count);
    }
    add(&mut pieces, &text[done..end.max(done)], false);
    if end < text.trim_end().len() {
        add(&mut pieces, "…", false);
    }
    trimmed(pieces)
}

/// Returns where the first thing stands that is sought. A long text is not read behind that.
fn first(text: &str, wanted: &[Wanted]) -> Option<usize> {
    let longest = wanted.iter().map(|wanted| wanted.words.len()).max().unwrap_or(0);
    let (mut rest, mut ahead) = (words(text), VecDeque::new());
    loop {
        ahead.extend(rest.by_ref().take(longest.max(1) - ahead.len().min(longest.max(1))));
        let from = ahead.front().map(|word: &Word| word.from)?;
        if wanted.iter().any(|wanted| wanted.fits(ahead.make_contiguous()) > 0) {
            return Some(from);
        }
        ahead.pop_front();
    }
}

/// Adds what stands on one line, with nothing in it that drives a terminal.
fn add(pieces: &mut Vec<Piece>, text: &str, is_found: bool) {
    let mut line = String::with_capacity(text.len());
    let mut was_space = pieces.last().is_none_or(|piece| piece.text.ends_with(' '));
    for each in text.chars() {
        let is_space = each.is_whitespace();
        if !(is_space && was_space) {
            line.push(if is_space { ' ' } else { each });
        }
        was_space = is_space;
    }
    let text = harmless(&line);
    match pieces.last_mut().filter(|last| last.is_found == is_found) {
        Some(last) => last.text.push_str(&text),
        None => pieces.push(Piece { text, is_found }),
    }
}

fn trimmed(mut pieces: Vec<Piece>) -> Vec<Piece> {
    if let Some(last) = pieces.last_mut() {
        last.text.truncate(last.text.trim_end().len());
    }
    if let Some(first) = pieces.first_mut() {
        first.text = first.text.trim_start().to_owned();
    }
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

/// Returns the beginning of a word some characters before a place.
fn back(text: &str, place: usize, count: usize) -> usize {
    let Some((from, _)) = text[..place].char_indices().rev().nth(count) else { return 0 };
    let behind = text[from..place].find(char::is_whitespace);
    behind.map_or(from, |space| from + space + text[from + space..].chars().next().map_or(0, char::len_utf8))
}

/// Returns the end of a word at most some characters behind a place.
fn on(text: &str, place: usize, count: usize) -> usize {
    let Some((end, _)) = text[place..].char_indices().nth(count) else { return text.len() };
    let whole = text[place..place + end].rfind(char::is_whitespace).filter(|space| *space > end / 2);
    place + whole.unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, query: &str, wanted: &str) {
        let pieces = snippet(text, &Query::read(query).unwrap());
        let said = |piece: &Piece| if piece.is_found { format!("[{}]", piece.text) } else { piece.text.clone() };
        assert_eq!(pieces.iter().map(said).collect::<String>(), wanted, "{query}");
    }

    #[test]
    fn what_was_found_stands_apart_from_what_is_around_it() {
        check("Fix the\n\tlogin form", "login", "Fix the [login] form");
        check("call getUserName(1)", "\"user name\"", "call [getUserName](1)");
        check("see foo_bar::baz here", "foo_bar::baz", "see [foo_bar::baz] here");
        check("tokens and tokenizers", "token*", "[tokens] and [tokenizers]");
        check("un café naïf", "cafe NAIF", "un [café] [naïf]");
        check("nothing of it", "other", "nothing of it");
        check("red \u{1b}[31m text\u{202e}", "text", "red \\u{1b}[31m [text]\\u{202e}");
        let long = format!("{} needle {}", "before ".repeat(100), "after ".repeat(100));
        let (before, after) = ("before ".repeat(7), "after ".repeat(17));
        check(&long, "needle", &format!("…{before}[needle] {}…", after.trim_end()));
    }

    proptest! {
        #[test]
        fn whatever_is_found_a_snippet_is_one_short_line(text in "\\PC{0,400}", query in "[a-zA-Zé \"*]{1,12}") {
            let Ok(query) = Query::read(&query) else { return Ok(()) };
            let line: String = snippet(&text, &query).into_iter().map(|piece| piece.text).collect();
            prop_assert!(line.chars().count() <= LONGEST + 2);
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}
