//! What stands in a text where a template says `{branch}`, `{ticket}`, `{date}` or `{user}`. Pure.
//!
//! `{{` and `}}` stand for the braces themselves. What is put in is never looked at again.

use std::collections::BTreeSet;

use serde_json::Value;

/// Everything that can be put in.
pub(super) const PLACEHOLDERS: [&str; 4] = ["branch", "ticket", "date", "user"];

/// What is put in.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    pub(super) branch: Option<String>,
    pub(super) ticket: Option<String>,
    pub(super) date: String,
    pub(super) user: String,
}

/// Puts in what there is, and remembers what there was not.
#[derive(Debug)]
pub(super) struct Filler {
    values: Values,
    pub(super) missing: BTreeSet<&'static str>,
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'t> {
    Text(&'t str),
    Placeholder(&'t str),
}

/// Divides a text into what stands there and what is put in.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut begun, mut at) = (0, 0);
    while let Some(found) = text[at..].find(['{', '}']).map(|found| at + found) {
        let doubled = text[found..].starts_with("{{") || text[found..].starts_with("}}");
        let word = text[found..].strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(word, _)| word).filter(|word| is_word(word));
        match (doubled, word) {
            (true, _) => {
                pieces.push(Piece::Text(&text[begun..=found]));
                (begun, at) = (found + 2, found + 2);
            }
            (false, Some(word)) => {
                pieces.extend([Piece::Text(&text[begun..found]), Piece::Placeholder(word)]);
                at = found + word.len() + 2;
                begun = at;
            }
            (false, None) => at = found + 1,
        }
    }
    pieces.push(Piece::Text(&text[begun..]));
    pieces
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Returns the first placeholder in a text that nobody knows.
pub(super) fn unknown_in(text: &str) -> Option<&str> {
    pieces(text).into_iter().find_map(|piece| match piece {
        Piece::Placeholder(word) if !PLACEHOLDERS.contains(&word) => Some(word),
        _ => None,
    })
}

/// Reports whether something is put into a text.
pub(super) fn has_placeholders(text: &str) -> bool {
    pieces(text).iter().any(|piece| matches!(piece, Piece::Placeholder(_)))
}

/// Returns a text that stands for another one, braces and all.
pub(super) fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// Returns a value of which every text stands for itself, however deep it lies.
pub(super) fn escaped_in(value: Value) -> Value {
    match value {
        Value::String(text) => escaped(&text).into(),
        Value::Array(values) => values.into_iter().map(escaped_in).collect(),
        Value::Object(pairs) => pairs.into_iter().map(|(name, value)| (name, escaped_in(value))).collect(),
        other => other,
    }
}

/// Returns the first placeholder that nobody knows in any text of a value.
pub(super) fn unknown_within(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => unknown_in(text),
        Value::Array(values) => values.iter().find_map(unknown_within),
        Value::Object(pairs) => pairs.values().find_map(unknown_within),
        _ => None,
    }
}

impl Filler {
    pub(super) fn new(values: Values) -> Self {
        Self { values, missing: BTreeSet::new() }
    }

    /// Returns a text with everything put in. Where something is missing, the spaces around it are not there twice.
    pub(super) fn fill(&mut self, text: &str) -> String {
        let mut filled = String::new();
        let mut has_gap = false;
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => {
                    let text = if has_gap && filled.ends_with(' ') { text.strip_prefix(' ').unwrap_or(text) } else { text };
                    filled.push_str(text);
                    has_gap &= text.is_empty();
                }
                Piece::Placeholder(word) => match self.value(word) {
                    Some(value) => filled.push_str(&value),
                    None => has_gap = true,
                },
            }
        }
        filled.trim().to_owned()
    }

    /// Returns a value with everything put into its texts, however deep they lie; none where that leaves nothing of it.
    pub(super) fn fill_in(&mut self, value: &Value) -> Option<Value> {
        match value {
            Value::String(text) => Some(self.fill(text)).filter(|text| !text.is_empty()).map(Value::String),
            Value::Array(values) => Some(values.iter().filter_map(|value| self.fill_in(value)).collect()),
            Value::Object(pairs) => Some(pairs.iter().filter_map(|(name, value)| Some((name.clone(), self.fill_in(value)?))).collect()),
            other => Some(other.clone()),
        }
    }

    fn value(&mut self, word: &str) -> Option<String> {
        let name = PLACEHOLDERS.into_iter().find(|known| *known == word)?;
        let value = match name {
            "branch" => self.values.branch.clone(),
            "ticket" => self.values.ticket.clone(),
            "date" => Some(self.values.date.clone()),
            _ => Some(self.values.user.clone()),
        };
        if value.is_none() {
            self.missing.insert(name);
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filler(branch: Option<&str>) -> Filler {
        let branch = branch.map(str::to_owned);
        Filler::new(Values { branch, ticket: None, date: "2026-02-16".into(), user: "{branch}".into() })
    }

    #[test]
    fn what_is_known_is_put_in_once_and_never_looked_at_again() {
        for (text, expected) in [
            ("Fix on {branch}, {date}", "Fix on a{date}b, 2026-02-16"),
            ("by {user}", "by {branch}"),
            ("{{branch}} {{ }} {x {1} {}", "{branch} { } {x {1} {}"),
            ("{{{branch}}}", "{a{date}b}"),
            ("{BRANCH} {bra nch}", "{BRANCH} {bra nch}"),
            ("", ""),
        ] {
            assert_eq!(filler(Some("a{date}b")).fill(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_missing_leaves_no_hole() {
        let mut filler = filler(None);
        for (text, expected) in
            [("Fix {ticket} on {branch}", "Fix on"), ("{ticket}: fix", ": fix"), ("{ticket}", ""), ("a {ticket}{branch} b  c", "a b  c")]
        {
            assert_eq!(filler.fill(text), expected, "{text}");
        }
        assert_eq!(filler.missing.into_iter().collect::<Vec<_>>(), ["branch", "ticket"]);
    }

    #[test]
    fn what_lies_deeper_is_filled_and_checked_like_the_rest() {
        let nested = serde_json::json!({"on": ["{branch}", {"deep": "{date}", "gone": "{ticket}"}, 1, ""], "is": true});
        let filled = filler(Some("main")).fill_in(&nested).unwrap();
        assert_eq!(filled, serde_json::json!({"on": ["main", {"deep": "2026-02-16"}, 1], "is": true}));
        assert_eq!(unknown_within(&serde_json::json!([1, {"a": ["{date}", "{brunch}"]}])), Some("brunch"));
        assert_eq!(unknown_within(&nested), None);
        let held = serde_json::json!({"a": ["{branch}", {"b": "}"}], "c": 1});
        assert_eq!(filler(None).fill_in(&escaped_in(held.clone())), Some(held));
    }

    #[test]
    fn what_nobody_knows_is_found() {
        assert_eq!(unknown_in("{branch} {brunch}"), Some("brunch"));
        assert_eq!(unknown_in("{branch} {{brunch}} {Brunch} {"), None);
        assert!(has_placeholders("{date}") && !has_placeholders("{{date}}"));
    }

    proptest! {
        #[test]
        fn whatever_is_escaped_stands_for_itself(text in "[{}a-z_é ]{0,30}") {
            prop_assert_eq!(filler(None).fill(&escaped(&text)), text.trim());
            prop_assert!(!has_placeholders(&escaped(&text)));
        }
    }
}
