//! JSON values: names tell what their values are, and some fields are never touched.

use serde_json::Value;
use session::Json;

use crate::{assignment, credentials, mask};

/// Fields whose strings are left as they are: ids, hashes and signatures, without which nothing can be found or checked again.
pub const EXEMPT: &[&str] = &[
    "agent_id",
    "agent_session_id",
    "cell_id",
    "conversation_id",
    "event_id",
    "integrity",
    "leafUuid",
    "message_id",
    "messageId",
    "parentUuid",
    "prompt_id",
    "promptId",
    "request_id",
    "requestId",
    "session_id",
    "sessionId",
    "sha",
    "sha256",
    "signature",
    "sourceToolAssistantUUID",
    "task_id",
    "thread_id",
    "tool_call_id",
    "tool_use_id",
    "toolUseID",
    "turn_id",
    "uuid",
];

/// Returns the JSON value with the secrets in its strings and names masked, fit to be stored. Of fields named in [`EXEMPT`] only what has the looks of a token is masked.
pub fn json(value: Value) -> Json {
    json_except(value, EXEMPT)
}

/// Returns the JSON value with its secrets masked, but for strings in the fields of these names.
pub fn json_except(mut value: Value, exempt: &[&str]) -> Json {
    mask_value(&mut value, exempt);
    Json::redacted(value.to_string())
}

/// Masks the secrets of a JSON value in place, but for strings in the fields of these names.
pub fn mask_value(value: &mut Value, exempt: &[&str]) {
    under(None, value, exempt);
}

fn under(name: Option<&str>, value: &mut Value, exempt: &[&str]) {
    match value {
        // Its name says that it is an id: what has the looks of a token is one all the same.
        Value::String(text) if name.is_some_and(|name| exempt.contains(&name)) => mask_string(None, text),
        Value::String(text) => mask_string(name, text),
        Value::Array(items) => items.iter_mut().for_each(|item| under(name, item, exempt)),
        Value::Object(fields) => {
            let named = named_by_a_field(fields);
            let taken = std::mem::take(fields);
            fields.extend(taken.into_iter().map(|(name, mut value)| {
                let said = named.as_deref().filter(|_| name == "value" || name == "Value");
                under(Some(said.unwrap_or(&name)), &mut value, exempt);
                (mask(&name).into_owned(), value)
            }));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns the name of `{"name": "DB_PASSWORD", "value": …}`, as environments are written.
fn named_by_a_field(fields: &serde_json::Map<String, Value>) -> Option<String> {
    let holds = fields.contains_key("value") || fields.contains_key("Value");
    let name = ["name", "key", "Name", "Key"].into_iter().find_map(|name| fields.get(name)?.as_str());
    name.filter(|_| holds).map(str::to_owned)
}

fn mask_string(name: Option<&str>, text: &mut String) {
    if let std::borrow::Cow::Owned(masked) = mask(text) {
        *text = masked;
    }
    let Some(name) = name else { return };
    if name.eq_ignore_ascii_case("authorization") || name.eq_ignore_ascii_case("proxy-authorization") {
        if let Some((range, kind)) = credentials::of_header(text) {
            text.replace_range(range, &format!("[REDACTED:{kind}]"));
        }
    } else if let Some(kind) = assignment::judge(name.as_bytes(), text.as_bytes(), true) {
        *text = format!("[REDACTED:{kind}]");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json as value;

    #[test]
    fn s10_json_stays_valid_and_keeps_its_order() {
        let secret = format!("ghp_{}", "a1".repeat(18));
        let value = value!({"z": [secret, 1, null], "a": {"quote\"": true}});
        assert_eq!(json(value).as_str(), r#"{"z":["[REDACTED:github-token]",1,null],"a":{"quote\"":true}}"#);
    }

    #[test]
    fn a_name_tells_what_its_value_is() {
        let given = value!({
            "password": "hunter22x", "api_key": ["Zk3mQ9vT1xLp"], "Authorization": "Bearer Zk3mQ9vT1xLp",
            "env": [{"name": "DB_PASSWORD", "value": "hunter22x"}], "note": "hunter22x", "token": "<your-token>", "max_tokens": 4096,
        });
        let expected = value!({
            "password": "[REDACTED:password]", "api_key": ["[REDACTED:secret]"], "Authorization": "Bearer [REDACTED:bearer-token]",
            "env": [{"name": "DB_PASSWORD", "value": "[REDACTED:password]"}], "note": "hunter22x", "token": "<your-token>", "max_tokens": 4096,
        });
        assert_eq!(json(given).as_str(), expected.to_string());
    }

    #[test]
    fn s10_an_id_is_left_alone_and_a_token_in_its_place_is_not() {
        let secret = format!("ghp_{}", "a1".repeat(18));
        let ids = value!({"session_id": "ec51036c-1976-4d78-a5d7-331869a23fc0", "tool_use_id": "toolu_01FakeKGwdzbsPAve000014"});
        assert_eq!(json(ids.clone()).as_str(), ids.to_string());
        for name in EXEMPT {
            let given = value!({"tool_input": {"deep": [{(*name): secret}]}});
            assert_eq!(json(given).as_str(), value!({"tool_input": {"deep": [{(*name): "[REDACTED:github-token]"}]}}).to_string());
        }
        assert_eq!(json_except(value!({"password": "hunter22x"}), &["password"]).as_str(), r#"{"password":"hunter22x"}"#);
    }
}
