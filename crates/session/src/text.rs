//! Strings that may be stored: text that passed redaction, tags, opaque JSON.

use serde::{Deserialize, Serialize};

/// Text that passed redaction and may be stored.
///
/// Nothing else is accepted in an event. The only caller of [`Text::redacted`] outside tests is the room
/// `redact`; `cargo xtask tidy` holds everybody to that.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// Wraps a string that the redactor has seen.
    pub fn redacted(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Wraps a string that comes back from the store or the inbox, where only redacted text is.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(&self.0)
    }
}

/// One JSON value as text, kept verbatim; its strings passed redaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(String);

impl Json {
    /// Wraps the text of a JSON value whose strings the redactor has seen.
    pub fn redacted(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Wraps JSON text that comes back from the store or the inbox, where only redacted strings are.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// Returns the JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names and JSON values in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(pub Vec<(Text, Json)>);

/// A label of a session: 1 to 64 characters, none of them white space or a control character, no `+` or `-` first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Text", into = "Text")]
pub struct Tag(Text);

/// Why a text is no tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tag is 1 to 64 characters without spaces and does not start with `+` or `-`")]
pub struct TagError;

impl Tag {
    /// Returns the tag.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<Text> for Tag {
    type Error = TagError;

    fn try_from(text: Text) -> Result<Self, TagError> {
        let length = text.as_str().chars().count();
        let allowed = |each: char| !each.is_whitespace() && !each.is_control();
        if (1..=64).contains(&length) && !text.as_str().starts_with(['+', '-']) && text.as_str().chars().all(allowed) {
            return Ok(Self(text));
        }
        Err(TagError)
    }
}

impl From<Tag> for Text {
    fn from(tag: Tag) -> Self {
        tag.0
    }
}

impl std::fmt::Display for Tag {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

/// Returns text without anything that drives a terminal: control characters, line feeds among them, and marks that turn the
/// direction of writing are spelled out.
pub fn harmless(text: &str) -> String {
    text.chars().flat_map(|each| if is_harmful(each) { each.escape_default().collect::<Vec<_>>() } else { vec![each] }).collect()
}

/// Reports whether a character could drive a terminal or hide what is written.
pub fn is_harmful(each: char) -> bool {
    let turns =
        matches!(each, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    // What has no width, and tags that nobody sees. Joiners have their place in words and emoji.
    let hides = matches!(each, '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    each.is_control() || turns || hides
}

/// Reports whether a character takes no room of its own, so that two words with and without it look the same.
pub fn is_unseen(each: char) -> bool {
    let is_format = matches!(each, '\u{ad}' | '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{180e}' | '\u{200b}'..='\u{200d}');
    let is_rarer = matches!(each, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}');
    is_format
        || is_rarer
        || matches!(each, '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Quotes a word for a POSIX shell, where it needs it: also in a hint that somebody types after us.
pub fn quoted(word: &str) -> String {
    let is_plain = |each: char| each.is_ascii_alphanumeric() || "/._-+:@%,".contains(each);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s7_nothing_stored_drives_the_terminal() {
        assert_eq!(harmless("a\u{1b}[31mb\nc\td\u{9b}e\u{202e}f\u{7f}"), r"a\u{1b}[31mb\nc\td\u{9b}e\u{202e}f\u{7f}");
        assert_eq!(harmless("é 🆔 漢字 \u{200d}"), "é 🆔 漢字 \u{200d}");
        assert_eq!(harmless("a\u{200b}b\u{feff}c\u{e0069}"), r"a\u{200b}b\u{feff}c\u{e0069}");
    }

    #[test]
    fn what_takes_no_room_is_not_seen() {
        for each in ['\u{200b}', '\u{200d}', '\u{ad}', '\u{2060}', '\u{feff}', '\u{e0041}'] {
            assert!(is_unseen(each), "{each:?}");
        }
        assert!(!['a', ' ', '-', 'é', '漢'].into_iter().any(is_unseen));
    }

    #[test]
    fn a_tag_is_one_word() {
        for good in ["a", "release-2", "ünïcode", &"x".repeat(64)] {
            assert!(Tag::try_from(Text::redacted(good)).is_ok(), "{good}");
        }
        for bad in ["", "+a", "-a", "two words", "tab\t", "esc\u{1b}[0m", &"x".repeat(65)] {
            assert_eq!(Tag::try_from(Text::redacted(bad)), Err(TagError), "{bad}");
        }
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        for (word, expected) in [
            ("claude", "claude"),
            ("/srv/a-b_c", "/srv/a-b_c"),
            ("", "''"),
            ("/my dir", "'/my dir'"),
            ("it's", r"'it'\''s'"),
            ("$(id) `id` \"x\" \\ ~ # =", "'$(id) `id` \"x\" \\ ~ # ='"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
