//! Payloads that are none, or not what they should be, one of each event: recorded or counted, never heard.

use inbox::Loss;
use serde_json::{Value, json};

use crate::call::Hook;
use crate::fixtures;

/// Calls the hook once for every event with what is made of its payload, and returns how many records and losses that made.
fn each(what: &str, broken: impl Fn(&Value) -> Vec<u8>) -> (usize, Vec<(Loss, u64)>) {
    let hook = Hook::new();
    for (number, payload) in fixtures::each_event().values().enumerate() {
        hook.call(broken(payload));
        let (recorded, lost) = (hook.records().len(), hook.lost());
        assert!(recorded as u64 + lost == number as u64 + 1 || lost + recorded as u64 == 0, "{what}: {recorded} recorded, {lost} lost");
    }
    hook.records().iter().for_each(|record| drop(record.understood()));
    (hook.records().len(), hook.losses())
}

/// Puts a piece of JSON into the payload as its first field.
fn with(piece: &str) -> impl Fn(&Value) -> Vec<u8> {
    let piece = piece.to_owned();
    move |payload| format!("{{{piece},{}", &payload.to_string()[1..]).into_bytes()
}

/// Replaces every field but one.
fn all_but(kept: &str, value: &Value) -> impl Fn(&Value) -> Vec<u8> {
    move |payload| {
        let mut payload = payload.clone();
        let fields = payload.as_object_mut().unwrap();
        fields.iter_mut().filter(|(name, _)| *name != kept).for_each(|(_, field)| *field = value.clone());
        payload.to_string().into_bytes()
    }
}

#[test]
fn h1_nothing_at_all_is_no_loss() {
    for nothing in ["", " \n\t\n"] {
        assert_eq!(each("nothing", |_| nothing.into()), (0, vec![]));
    }
}

#[test]
fn h1_what_is_no_payload_is_counted() {
    let deep = |open: &str, close: &str| open.repeat(100_000) + &close.repeat(100_000);
    let cases: [(&str, Vec<u8>); 12] = [
        ("text", b"hello".into()),
        ("a string", b"\"x\"".into()),
        ("null", b"null".into()),
        ("a list", b"[{}]".into()),
        ("bytes", vec![0xff; 3_000]),
        ("NUL bytes", vec![0; 3_000]),
        ("brackets that close nothing", b"}]}]".into()),
        ("an open string", b"{\"a".into()),
        ("deep lists", deep("[", "]").into()),
        ("deep objects", (deep("{\"a\":", "}").replacen('}', "1}", 1)).into()),
        ("deep and open", "[{\"a\":".repeat(50_000).into()),
        ("a number", b"1e99999".into()),
    ];
    for (what, bytes) in cases {
        assert_eq!(each(what, |_| bytes.clone()), (0, vec![(Loss::NoPayload, 32)]), "{what}");
    }
}

#[test]
fn h1_payloads_that_are_cut_are_counted() {
    for part in [2, 10, 50, 98] {
        let cut = |payload: &Value| {
            let mut text = payload.to_string().into_bytes();
            text.truncate(1.max(text.len() * part / 100));
            text
        };
        assert_eq!(each("cut", cut), (0, vec![(Loss::NoPayload, 32)]), "{part} %");
    }
}

#[test]
fn h1_what_json_allows_is_recorded_and_what_it_forbids_is_counted() {
    let nested = "[".repeat(110) + &"]".repeat(110);
    let recorded = [
        ("a field twice", r#""x":1,"x":2,"session_id":"s","hook_event_name":[1]"#.to_owned()),
        ("escapes", r#""x":"\u0000\u001b[31m\u202e\ud83d\ude00\"\\\/""#.to_owned()),
        ("escaped names", r#""\u0073ession\u005fid":"s","tool_name":"\u0042ash""#.to_owned()),
        ("half a character", r#""x":"\ud83d","tool_response":{"stdout":"\ude00 \ud83d"}"#.to_owned()),
        ("numbers", r#""x":[-0,1E-400,123456789012345678901234567890,0.1e1],"duration_ms":-1"#.to_owned()),
        ("nested", format!("\"x\":{nested}")),
        ("no name", "\"\":{\"\":\"\"}".to_owned()),
    ];
    for (what, piece) in recorded {
        assert_eq!(each(what, with(&piece)), (32, vec![]), "{what}");
    }
    for piece in ["\"x\":1e999", "\"x\":\"\u{0}\"", "\"x\":\"\n\"", "\"x\":\"\\x\"", "\"x\":NaN", "\"x\":01", "\"x\":\"\\ud8\"", "1:1"] {
        assert_eq!(each(piece, with(piece)), (0, vec![(Loss::NoPayload, 32)]), "{piece}");
    }
}

#[test]
fn h1_bytes_that_are_no_text_cost_only_themselves() {
    let broken = |payload: &Value| [b"{\"x\":\"a\xff\xfe\xf0\x9f\x98\xc3\",", &payload.to_string().as_bytes()[1..]].concat();
    assert_eq!(each("bytes in a string", broken), (32, vec![]));
    let hook = Hook::new();
    hook.call(broken(&fixtures::tool()));
    assert_eq!(hook.records()[0].payload()["x"], "a\u{fffd}\u{fffd}\u{fffd}\u{fffd}");
}

#[test]
fn h1_what_follows_a_payload_is_left_alone() {
    for behind in ["\n", "}}}", "{\"session_id\":\"other\"}", "\u{0}", "\" garbage"] {
        assert_eq!(each("garbage", |payload| (payload.to_string() + behind).into_bytes()), (32, vec![]), "{behind:?}");
    }
}

#[test]
fn h1_every_field_may_be_of_every_type() {
    let long = "x".repeat(70_000);
    for value in [json!(null), json!(true), json!(-1), json!(1e300), json!(""), json!([]), json!({}), json!([[{"a": null}]]), json!(long)] {
        for kept in ["hook_event_name", "session_id", ""] {
            assert_eq!(each("types", all_but(kept, &value)), (32, vec![]), "{kept} {value}");
        }
    }
}

#[test]
fn h1_every_field_may_be_missing() {
    for name in ["session_id", "hook_event_name", "cwd", "tool_use_id", "tool_name", "tool_input", "tool_response", "prompt", "source"] {
        let without = |payload: &Value| {
            let mut payload = payload.clone();
            payload.as_object_mut().unwrap().remove(name);
            payload.to_string().into_bytes()
        };
        assert_eq!(each(name, without), (32, vec![]), "{name}");
    }
    assert_eq!(each("all", |_| b"{}".into()), (32, vec![]));
}
