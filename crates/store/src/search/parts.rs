//! What `getUserName` is put together from: `get user name`.

use super::document::BETWEEN;

/// Returns the parts of all words in a text that are put together from some, those of one word apart from those of the next.
pub(super) fn parts(text: &str) -> String {
    let mut found = String::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !is_of_word(bytes[at]) {
            at += 1;
            continue;
        }
        let end = bytes[at..].iter().position(|byte| !is_of_word(*byte)).map_or(bytes.len(), |length| at + length);
        split(&text[at..end], &mut found);
        at = end;
    }
    found
}

/// What is not ASCII is of a word for all that is known here: it may be a letter.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

fn split(word: &str, found: &mut String) {
    let bytes = word.as_bytes();
    let begins = |&at: &usize| {
        let next_is_lower = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        bytes[at].is_ascii_uppercase()
            && (bytes[at - 1].is_ascii_lowercase() || bytes[at - 1].is_ascii_digit() || bytes[at - 1].is_ascii_uppercase() && next_is_lower)
    };
    let mut from = 0;
    for at in (1..bytes.len()).filter(begins) {
        found.push_str(&word[from..at]);
        found.push(' ');
        from = at;
    }
    if from > 0 {
        found.push_str(&word[from..]);
        found.extend([' ', BETWEEN, ' ']);
    }
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn words_of_code_come_apart_where_they_were_put_together() {
        let check = |text: &str, wanted: &[&str]| {
            let found = parts(text);
            let found: Vec<&str> = found.split('\u{e000}').map(str::trim).filter(|part| !part.is_empty()).collect();
            assert_eq!(found, wanted, "{text}");
        };
        check("call getUserName(x)", &["get User Name"]);
        check("HTTPServer and XMLHttpRequest2Go", &["HTTP Server", "XML Http Request2 Go"]);
        check("plain snake_case kebab-case SHOUTED Capital 12ab", &[]);
        check("éUser naïveCafé", &["naïve Café"]);
    }
}
