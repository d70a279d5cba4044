//! What the client tells its status line, as captured.

use std::fs;

use agents::claude_code::statusline::{StatusLine, parse};
use serde_json::Value;

fn fixture(name: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/fixtures/claude-code/2.1.328/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn variant(name: &str) -> StatusLine {
    let variants: Value = serde_json::from_slice(&fixture("statusline-variants.json")).unwrap();
    parse(variants[name].to_string().as_bytes()).unwrap()
}

#[test]
fn a_captured_line_is_read_whole() {
    let expected = StatusLine {
        session_id: "76c78858-b528-4aac-b078-a7ac52ae24a0".to_owned(),
        model: Some("Opus 5.5".to_owned()),
        cost_usd: Some(0.013_7),
        context_used_percent: Some(0.0),
    };
    assert_eq!(parse(&fixture("statusline.json")), Some(expected));
}

#[test]
fn before_the_first_response_nothing_is_known_of_the_context() {
    for name in ["before-first-prompt", "after-clear"] {
        let line = variant(name);
        assert_eq!((line.context_used_percent, line.cost_usd), (None, Some(0.0)), "{name}");
    }
}

#[test]
fn every_captured_moment_is_read() {
    assert_eq!(variant("after-compact").context_used_percent, Some(0.0));
    assert_eq!(variant("renamed-session").model.as_deref(), Some("Sonnet 5.5"));
    assert_eq!(variant("branched").session_id, "672f6554-5ff5-42de-aaf9-b84bebb5d41e");
}

#[test]
fn what_is_missing_or_of_another_type_is_not_known() {
    let line = parse(br#"{"session_id": "s", "cwd": "/p", "model": {"id": "m"}, "cost": 3, "context_window": null}"#).unwrap();
    assert_eq!((line.model.as_deref(), line.cost_usd, line.context_used_percent), (Some("m"), None, None));
    for broken in ["", "{}", "[]", r#"{"session_id": 1}"#] {
        assert_eq!(parse(broken.as_bytes()), None, "{broken}");
    }
}
