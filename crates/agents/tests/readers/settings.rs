//! Hooks into a text and out again.

use std::path::Path;

use agents::claude_code::settings::{EVENTS, Handler, Registration, SettingsError, register, registered, unregister};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::varied::{EDITABLE, texts};

fn ours() -> Registration {
    Registration::new(Path::new("/opt/rutter/bin/rutter-hook"), None).unwrap()
}

fn moved() -> Registration {
    Registration::new(Path::new("/home/ada/.cargo/bin/rutter"), Some(Path::new("/srv/book"))).unwrap()
}

fn with(text: &str) -> String {
    register(text, &ours()).unwrap()
}

fn without(text: &str) -> String {
    unregister(text, Handler::is_ours).unwrap()
}

fn value(text: &str) -> Value {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() { json!({}) } else { serde_json::from_str(text).unwrap() }
}

/// Empty events and an empty `hooks` say nothing.
fn without_the_empty(mut settings: Value) -> Value {
    if let Some(hooks) = settings["hooks"].as_object_mut() {
        hooks.retain(|_, groups| groups != &json!([]));
        if hooks.is_empty() {
            settings.as_object_mut().unwrap().remove("hooks");
        }
    }
    settings.as_object_mut().map(|members| members.retain(|_, value| !value.is_null())).unwrap();
    settings
}

fn without_space(text: &str) -> String {
    text.split_whitespace().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s12_what_is_registered_can_be_taken_out_to_the_byte(text in texts()) {
        let with = with(&text);
        prop_assert_eq!(registered(&with).unwrap().len(), EVENTS.len());
        prop_assert_eq!(without(&with), text);
    }

    #[test]
    fn registering_twice_changes_nothing(text in texts()) {
        let once = with(&text);
        prop_assert_eq!(with(&once), once);
    }

    #[test]
    fn a_program_that_moved_is_replaced_in_its_place(text in texts()) {
        let moved_over = register(&with(&text), &moved()).unwrap();
        let found = registered(&moved_over).unwrap();
        prop_assert_eq!(found.len(), EVENTS.len());
        prop_assert!(found.iter().all(|found| &found.handler == moved().handler()));
        prop_assert_eq!(without_space(&moved_over), without_space(&register(&text, &moved()).unwrap()));
        prop_assert_eq!(without(&moved_over), text);
    }

    #[test]
    fn s12_what_was_edited_in_between_stays_edited(text in texts(), edit in prop::sample::select(vec!["1", "[ {},\r\n 2]", "\"other\""])) {
        prop_assert_eq!(without(&with(&text).replace(EDITABLE, edit)), text.replace(EDITABLE, edit));
    }

    #[test]
    fn what_is_not_ours_means_what_it_meant(text in texts()) {
        let mut with = value(&with(&text));
        for event in EVENTS {
            let groups = with["hooks"][event.name].as_array_mut().unwrap();
            let ours = groups.pop().unwrap();
            prop_assert_eq!(&ours["hooks"][0]["command"], "/opt/rutter/bin/rutter-hook");
            prop_assert_eq!(&ours["hooks"][0]["timeout"], 5);
        }
        prop_assert_eq!(without_the_empty(with), without_the_empty(value(&text)));
    }

    #[test]
    fn a_formatter_and_hooks_of_others_around_ours_do_not_hide_them(text in texts(), is_pretty: bool) {
        let other = json!({ "matcher": "x", "hooks": [{ "type": "command", "command": "/opt/other" }] });
        let mut with = value(&with(&text));
        let mut expected = value(&text);
        for event in EVENTS.iter().step_by(2) {
            for settings in [&mut with, &mut expected] {
                let hooks = settings.as_object_mut().unwrap().entry("hooks").or_insert(json!({}));
                let groups = hooks.as_object_mut().unwrap().entry(event.name).or_insert(json!([])).as_array_mut().unwrap();
                groups.insert(0, other.clone());
                groups.push(other.clone());
            }
        }
        let formatted = if is_pretty { serde_json::to_string_pretty(&with).unwrap() } else { with.to_string() };
        prop_assert_eq!(without_the_empty(value(&without(&formatted))), without_the_empty(expected));
    }
}

#[test]
fn a_timeout_that_somebody_set_survives_a_move() {
    let text = with("{}").replace("\"timeout\": 5", "\"async\": true, \"timeout\": 60");
    assert_eq!(with(&text), text);
    let moved_over = register(&text, &moved()).unwrap();
    assert_eq!(moved_over.matches("\"async\": true, \"timeout\": 60").count(), EVENTS.len());
    assert_eq!(registered(&moved_over).unwrap()[0].handler, *moved().handler());
}

#[test]
fn a_handler_of_ours_in_a_group_of_somebody_elses_goes_alone() {
    let text = r#"{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"/opt/a"},{"type":"command","command":"/b/rutter-hook"}]}]}}"#;
    assert_eq!(without(text), r#"{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"/opt/a"}]}]}}"#);
}

#[test]
fn what_looks_like_ours_and_is_not_stays() {
    for command in ["/opt/rutter-hook.sh", "echo /b/rutter-hook x", "/opt/rutter"] {
        let text = json!({ "hooks": { "Stop": [{ "hooks": [{ "type": "command", "command": command }] }] } }).to_string();
        assert_eq!(without(&text), text);
    }
    let text = r#"{"hooks":{"Stop":[{"hooks":[{"type":"http","url":"x","command":"/b/rutter-hook"},7]}, 3, null]}, "x": []}"#;
    assert_eq!(without(text), text);
}

#[test]
fn what_was_there_and_empty_stays() {
    for text in
        [r#"{"hooks": {}}"#, r#"{"hooks": {"SessionStart": []}}"#, "{\n  \"hooks\": {\n  }\n}\n", "{\n  \"hooks\": {\"Stop\": []}\n}"]
    {
        assert_eq!(without(&with(text)), text);
    }
}

#[test]
fn an_editor_that_trims_lines_leaves_an_object() {
    let trimmed: String = with("").lines().map(|line| format!("{}\n", line.trim_end())).collect();
    assert_eq!(without(&trimmed), "{}\n");
}

fn refused(text: &str) -> String {
    let refusal = register(text, &ours()).unwrap_err();
    if !matches!(refusal, SettingsError::HooksNotObject { .. } | SettingsError::EventNotArray { .. }) {
        assert_eq!(unregister(text, Handler::is_ours), Err(refusal.clone()));
    }
    refusal.to_string()
}

#[test]
fn what_cannot_be_understood_is_refused_with_its_place() {
    insta::assert_snapshot!(refused("{\n  \"a\": 1,\n}"), @"no JSON in line `3`, column `1`: expected a key in double quotes");
    insta::assert_snapshot!(refused("{\"é\": tru}"), @"no JSON in line `1`, column `7`: expected a value");
    insta::assert_snapshot!(refused("{} x"), @"no JSON in line `1`, column `4`: expected the end");
    insta::assert_snapshot!(refused("{\"a\": 1"), @"no JSON in line `1`, column `8`: expected `,` or `}`");
    insta::assert_snapshot!(refused("{\n  // why\n}"), @"a comment in line `2`, column `3`, which JSON does not know");
    insta::assert_snapshot!(refused("{\"a\": 1 /* why */}"), @"a comment in line `1`, column `9`, which JSON does not know");
    insta::assert_snapshot!(refused(&"[".repeat(500)), @"nested too deeply in line `1`, column `121`");
    insta::assert_snapshot!(refused("\n []"), @"the settings are no object, in line `2`, column `2`");
    insta::assert_snapshot!(refused("{\"hooks\":\r\n  [] }"), @"`hooks` is no object, in line `2`, column `3`");
    insta::assert_snapshot!(refused("{\"hooks\": {\"Stop\": {}}}"), @"`Stop` under `hooks` is no array, in line `1`, column `20`");
}

/// Shows what a text becomes, without our events between the first and the last.
fn shown(text: &str) -> String {
    let with = with(text);
    let (head, rest) = with.split_once("\"SessionEnd\"").unwrap();
    let (_, tail) = rest.split_once("\"TeammateIdle\"").unwrap();
    format!("{head}…{tail}").replace('\t', "→").replace(" \n", "·\n").replace("\r\n", "¶\n")
}

#[test]
fn an_empty_object_is_filled_as_the_client_would() {
    insta::assert_snapshot!(shown("{}\n"), @r#"
    {
      "hooks": {
        "SessionStart": [
          {
            "hooks": [
              {
                "type": "command",
                "command": "/opt/rutter/bin/rutter-hook",
                "args": [
                  "claude-code"
                ],
                "timeout": 5
              }
            ]
          }
        ],
        …: [
          {
            "hooks": [
              {
                "type": "command",
                "command": "/opt/rutter/bin/rutter-hook",
                "args": [
                  "claude-code"
                ],
                "timeout": 5
              }
            ]
          }
        ]
      }
    }
    "#);
    let as_the_client_writes = format!("{}\n", serde_json::to_string_pretty(&value(&with("{}"))).unwrap());
    assert_eq!(with("{}\n"), as_the_client_writes);
}

#[test]
fn what_is_inserted_follows_the_file() {
    insta::assert_snapshot!(shown("{\r\n\t\"hooks\": {\r\n\t\t\"Stop\": []\r\n\t}\r\n}"), @r#"
    {¶
    →"hooks": {¶
    →→"Stop": [¶
    →→→{¶
    →→→→"hooks": [¶
    →→→→→{¶
    →→→→→→"type": "command",¶
    →→→→→→"command": "/opt/rutter/bin/rutter-hook",¶
    →→→→→→"args": [¶
    →→→→→→→"claude-code"¶
    →→→→→→],¶
    →→→→→→"timeout": 5¶
    →→→→→}¶
    →→→→]¶
    →→→} ¶
    →→],¶
    →→"SessionStart": [¶
    →→→{¶
    →→→→"hooks": [¶
    →→→→→{¶
    →→→→→→"type": "command",¶
    →→→→→→"command": "/opt/rutter/bin/rutter-hook",¶
    →→→→→→"args": [¶
    →→→→→→→"claude-code"¶
    →→→→→→],¶
    →→→→→→"timeout": 5¶
    →→→→→}¶
    →→→→]¶
    →→→}¶
    →→],¶
    →→…: [¶
    →→→{¶
    →→→→"hooks": [¶
    →→→→→{¶
    →→→→→→"type": "command",¶
    →→→→→→"command": "/opt/rutter/bin/rutter-hook",¶
    →→→→→→"args": [¶
    →→→→→→→"claude-code"¶
    →→→→→→],¶
    →→→→→→"timeout": 5¶
    →→→→→}¶
    →→→→]¶
    →→→}¶
    →→]¶
    →}¶
    }
    "#);
    insta::assert_snapshot!(shown(r#"{"model":"opus","x":1}"#), @r#"
    {"model":"opus","x":1,"hooks":{"SessionStart":[{"hooks":[{"type":"command","command":"/opt/rutter/bin/rutter-hook","args":["claude-code"],"timeout":5}]}],…:[{"hooks":[{"type":"command","command":"/opt/rutter/bin/rutter-hook","args":["claude-code"],"timeout":5}]}]}}
    "#);
    insta::assert_snapshot!(shown(r#"{"model": "opus", "x": 1}"#), @r#"
    {"model": "opus", "x": 1, "hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "/opt/rutter/bin/rutter-hook", "args": ["claude-code"], "timeout": 5}]}], …: [{"hooks": [{"type": "command", "command": "/opt/rutter/bin/rutter-hook", "args": ["claude-code"], "timeout": 5}]}]}}
    "#);
}
