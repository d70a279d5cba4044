//! Finds and masks secrets. Every text that is stored passes here first, and only here becomes a [`Text`].
//!
//! | file | holds |
//! |---|---|
//! | `keywords` | the one scan clean text pays for |
//! | `pattern` | what follows a keyword, read by the compiler |
//! | `tokens` | secrets told by their looks, as data |
//! | `names`, `value`, `assignment` | secrets told by the name they are given to |
//! | `credentials` | secrets told by their place: headers, addresses, private keys |
//! | `view`, `encoded` | other ways to read a text |
//! | `search`, `mask` | finding and masking |
//! | `document` | JSON values |
//!
//! Pure: no IO. Masks decoded strings, never raw JSON, so JSON stays valid. Nothing is built at start: all tables are constants.

mod assignment;
mod credentials;
mod document;
mod encoded;
mod keywords;
mod mask;
mod names;
mod pattern;
mod search;
mod tokens;
mod value;
mod view;

use std::collections::BTreeSet;

use session::Text;

pub use document::{EXEMPT, json, json_except, mask_value};
pub use mask::mask;

/// Returns the text with its secrets masked, fit to be stored.
pub fn text(raw: &str) -> Text {
    Text::redacted(mask(raw))
}

/// Returns the kinds of secrets that are told apart.
pub fn kinds() -> BTreeSet<&'static str> {
    const BY_PLACE: [&str; 8] =
        ["password", "secret", "authorization", "bearer-token", "cookie", "url-password", "basic-auth", "private-key"];
    let tokens = tokens::TOKENS.iter().map(|token| token.kind);
    tokens.chain(names::MAKERS.iter().map(|maker| maker.kind)).chain(BY_PLACE).collect()
}
