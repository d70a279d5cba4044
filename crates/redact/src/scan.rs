//! Finding and masking: one pass over the text, nothing copied where there is no secret.

use std::borrow::Cow;
use std::ops::Range;

use crate::rules::{PRIVATE_KEY, RULES, Rule};

/// Returns the text with each secret replaced by `[REDACTED:kind]`.
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut found = secrets(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let (mut masked, mut copied) = (String::with_capacity(text.len()), 0);
    for (range, name) in found {
        if range.start < copied {
            continue;
        }
        masked.push_str(&text[copied..range.start]);
        masked.push_str(&format!("[REDACTED:{name}]"));
        copied = range.end;
    }
    masked.push_str(&text[copied..]);
    Cow::Owned(masked)
}

fn secrets(text: &str) -> Vec<(Range<usize>, &'static str)> {
    RULES.iter().flat_map(|rule| tokens(text, rule)).chain(private_keys(text)).collect()
}

/// Returns the tokens of one rule. A keyword within a token begins no other one, so the text is passed once.
fn tokens(text: &str, rule: &Rule) -> Vec<(Range<usize>, &'static str)> {
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(start) = text[from..].find(rule.keyword).map(|at| from + at) {
        let token = token(text, start, rule);
        from = token.as_ref().map_or(start + rule.keyword.len(), |(range, _)| range.end);
        found.extend(token);
    }
    found
}

/// Returns the token at `start`, if it is long enough and does not stand in the middle of a word.
fn token(text: &str, start: usize, rule: &Rule) -> Option<(Range<usize>, &'static str)> {
    let before = text[..start].bytes().next_back();
    if rule.begins_a_word && before.is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let body = start + rule.keyword.len();
    let length = text[body..].bytes().take_while(|&byte| (rule.body)(byte)).count();
    (length >= rule.least).then(|| (start..body + length, rule.name))
}

fn private_keys(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let (begin, end) = PRIVATE_KEY;
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(start) = text[from..].find(begin).map(|at| from + at) {
        from = start + begin.len();
        let header = text[from..].find("-----").map(|at| from + at + 5);
        let Some(header) = header.filter(|&header| text[start..header].ends_with(end)) else { continue };
        // A key that was cut short is masked to the end.
        let footer =
            text[header..].find("-----END ").and_then(|at| text[header + at..].find(end).map(|more| header + at + more + end.len()));
        from = footer.unwrap_or(text.len());
        found.push((start..from, "private-key"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        assert_eq!(mask(input), expected);
    }

    #[test]
    fn s10_secrets_with_a_known_beginning_are_masked() {
        for rule in RULES {
            let secret = format!("{}{}", rule.keyword, "A".repeat(rule.least));
            check(&format!("é key={secret}, next"), &format!("é key=[REDACTED:{}], next", rule.name));
            check(&secret[..secret.len() - 1], &secret[..secret.len() - 1]);
            let in_a_word = format!("n{secret}");
            let expected = if rule.begins_a_word { in_a_word.clone() } else { format!("n[REDACTED:{}]", rule.name) };
            check(&in_a_word, &expected);
        }
    }

    #[test]
    fn s10_private_keys_are_masked_also_when_cut_short() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
        check(&format!("a {key} b {key}"), "a [REDACTED:private-key] b [REDACTED:private-key]");
        check(&key[..40], "[REDACTED:private-key]");
        check("-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----");
    }

    #[test]
    fn a_text_made_of_keywords_is_passed_once() {
        for keyword in ["sk-ant-", "AKIA", "-----BEGIN ", "-----BEGIN RSA PRIVATE KEY-----", "-----END ", "xAIza"] {
            let text = keyword.repeat(200_000);
            assert!(mask(&text).len() <= text.len(), "{keyword}");
        }
    }

    #[test]
    fn clean_text_is_not_copied() {
        assert!(matches!(mask("task-force, npm_config, sk-antique"), Cow::Borrowed(_)));
    }
}
