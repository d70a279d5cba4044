//! How long the client keeps transcripts: what nobody has written to for so many days it deletes, and the conversation's folder with it.

use serde_json::Value;

/// After how many days, where nobody says otherwise.
pub const USUAL_DAYS: u64 = 30;

/// Returns after how many days the client deletes a transcript, as its settings say; what does not read says nothing.
pub fn days(settings: &[u8]) -> u64 {
    let settings = serde_json::from_slice::<Value>(settings).ok();
    let said = settings.and_then(|settings| settings.get("cleanupPeriodDays").and_then(Value::as_u64));
    said.map_or(USUAL_DAYS, |days| days.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_settings_say_counts_and_what_does_not_read_says_nothing() {
        for (settings, expected) in [
            ("", 30),
            ("{}", 30),
            (r#"{"cleanupPeriodDays": 99999}"#, 99_999),
            (r#"{"cleanupPeriodDays": 0}"#, 1),
            (r#"{"cleanupPeriodDays": -3}"#, 30),
            (r#"{"cleanupPeriodDays": "7"}"#, 30),
        ] {
            assert_eq!(days(settings.as_bytes()), expected, "{settings}");
        }
    }
}
