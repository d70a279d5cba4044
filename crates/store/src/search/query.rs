//! What people type, as an expression of FTS5.
//!
//! Words, all of which have to be there; `"a phrase"`; `some*` for what begins so; `-word` for what has it not; `this OR that`. Everything else is data:
//! an identifier is the phrase of its parts. Nothing that is typed is a mistake but too much of it.

use super::parts::parts;

/// Up to which length it is read, in bytes.
const LONGEST: usize = 4_096;

/// How many words it may have.
const MOST: usize = 64;

/// Why nothing is sought for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// There is nothing in it to seek for.
    #[error("there is no word in `{0}` to search for")]
    Empty(String),
    /// There is too much in it.
    #[error("that is too much to search for: at most {MOST} words and {LONGEST} bytes")]
    TooLong,
}

/// A word or a phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// As it was typed, without what says how.
    pub text: String,
    /// Whether it is only what a word begins with.
    pub is_prefix: bool,
}

/// What is sought: of each group one, and none of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// One of each has to be there.
    pub groups: Vec<Vec<Term>>,
    /// None of these may.
    pub without: Vec<Term>,
}

impl Query {
    /// Reads what was typed.
    ///
    /// # Errors
    /// When there is nothing in it to seek for, or too much.
    pub fn read(typed: &str) -> Result<Self, QueryError> {
        if typed.len() > LONGEST {
            return Err(QueryError::TooLong);
        }
        let mut query = Self::default();
        let mut is_alternative = false;
        for word in words(typed) {
            if word.is_or() {
                is_alternative = !query.groups.is_empty();
                continue;
            }
            let Some(term) = word.term() else { continue };
            match query.groups.last_mut().filter(|_| is_alternative) {
                _ if word.is_without => query.without.push(term),
                Some(group) => group.push(term),
                None => query.groups.push(vec![term]),
            }
            is_alternative &= word.is_without;
        }
        match query.groups.iter().map(Vec::len).sum::<usize>() + query.without.len() {
            0 => Err(QueryError::Empty(typed.chars().take(80).collect())),
            count if count > MOST => Err(QueryError::TooLong),
            _ => Ok(query),
        }
    }

    /// Returns the words that are to be shown where they are found.
    pub fn shown(&self) -> impl Iterator<Item = &Term> {
        self.groups.iter().flatten()
    }

    /// Returns the expression, with filters laid over it.
    pub(super) fn expression(&self, filters: &[String]) -> String {
        let any = |terms: &[Term]| format!("({})", terms.iter().map(Term::expression).collect::<Vec<_>>().join(" OR "));
        let mut all: Vec<String> = self.groups.iter().map(|group| any(group)).collect();
        all.extend_from_slice(filters);
        let wanted = all.join(" AND ");
        if self.without.is_empty() { wanted } else { format!("({wanted}) NOT {}", any(&self.without)) }
    }
}

impl Term {
    fn expression(&self) -> String {
        let star = if self.is_prefix { " *" } else { "" };
        // Quotes are data: within quotes, two are one.
        let quoted = |text: &str| format!("\"{}\"{star}", text.replace('"', "\"\"").replace('\0', " "));
        let whole = format!("{{text parts}} : {}", quoted(&self.text));
        // Of a phrase the parts of one word would say too little.
        let is_word = self.text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let apart = if is_word { parts(&self.text) } else { String::new() };
        if apart.is_empty() { whole } else { format!("{whole} OR parts : {}", quoted(&apart.replace(super::document::BETWEEN, " "))) }
    }
}

/// A word as it was typed.
struct Typed<'t> {
    text: &'t str,
    is_phrase: bool,
    is_without: bool,
    has_star: bool,
}

impl Typed<'_> {
    fn is_or(&self) -> bool {
        self.text == "OR" && !self.is_phrase && !self.is_without && !self.has_star
    }

    /// What has no letter and no digit is no word.
    fn term(&self) -> Option<Term> {
        let text: String = self.text.replace(super::document::BETWEEN, " ");
        text.chars().any(char::is_alphanumeric).then_some(Term { text, is_prefix: self.has_star })
    }
}

fn words(typed: &str) -> Vec<Typed<'_>> {
    let mut found = Vec::new();
    let mut rest = typed.trim_start();
    while !rest.is_empty() {
        let without = rest.strip_prefix('-').filter(|rest| rest.starts_with(|next: char| next == '"' || next.is_alphanumeric()));
        let is_without = without.is_some();
        rest = without.unwrap_or(rest);
        let (text, is_phrase) = match rest.strip_prefix('"') {
            Some(behind) => {
                let end = behind.find('"').unwrap_or(behind.len());
                rest = behind.get(end + 1..).unwrap_or_default();
                (&behind[..end], true)
            }
            None => {
                let end = rest.find(|each: char| each.is_whitespace() || each == '"').unwrap_or(rest.len());
                let (text, behind) = rest.split_at(end);
                rest = behind;
                (text, false)
            }
        };
        let (text, has_star) = match is_phrase {
            true => {
                let behind = rest.strip_prefix('*');
                rest = behind.unwrap_or(rest);
                (text, behind.is_some())
            }
            false => (text.trim_end_matches('*'), text.ends_with('*')),
        };
        found.push(Typed { text, is_phrase, is_without, has_star });
        rest = rest.trim_start();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, wanted: &str) {
        let query = Query::read(typed).unwrap();
        let term = |term: &Term| format!("{}{}", term.text, if term.is_prefix { "*" } else { "" });
        let group = |group: &Vec<Term>| group.iter().map(term).collect::<Vec<_>>().join("|");
        let mut said: Vec<String> = query.groups.iter().map(group).collect();
        said.extend(query.without.iter().map(|without| format!("-{}", term(without))));
        assert_eq!(said.join(" & "), wanted, "{typed}");
    }

    #[test]
    fn words_phrases_beginnings_exclusions_and_alternatives_are_told_apart() {
        check("fix login", "fix & login");
        check("\"fix the login\" tok*", "fix the login & tok*");
        check("a OR b c", "a|b & c");
        check("OR a OR", "a");
        check("a -b -\"c d\"", "a & -b & -c d");
        check("foo_bar::baz parse-tree src/main.rs", "foo_bar::baz & parse-tree & src/main.rs");
        check("\"get us\"* NEAR(a b) col:x", "get us* & NEAR(a & b) & col:x");
        check("\"never closed", "never closed");
        check("a - b", "a & b");
    }

    #[test]
    fn what_has_no_word_or_too_many_is_refused() {
        for typed in ["", "  ", "\"\"", "* - !? ::", "\u{e000}"] {
            assert!(matches!(Query::read(typed), Err(QueryError::Empty(_))), "{typed}");
        }
        assert_eq!(Query::read(&"a".repeat(100_000)), Err(QueryError::TooLong));
        assert_eq!(Query::read(&"a ".repeat(65)), Err(QueryError::TooLong));
    }
}
