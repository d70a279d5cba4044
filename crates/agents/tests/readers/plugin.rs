//! The files of the plugin, as they are written.

use std::path::Path;

use agents::claude_code::plugin::files;
use agents::claude_code::settings::{EVENTS, Handler, Registration, registered, unregister};

#[test]
fn the_plugin_is_its_own_marketplace_and_runs_our_hook_without_a_shell() {
    let registration = Registration::new(Path::new("/opt/a b/rutter-hook"), None).unwrap();
    let files = files(&registration, "1.2.3");
    let [market, plugin, hooks, words @ ..] = &files[..] else { panic!("{files:?}") };
    let paths: Vec<_> = words.iter().map(|file| file.path).collect();
    assert_eq!(
        paths,
        [
            "skills/recording/SKILL.md",
            "commands/log.md",
            "commands/decision.md",
            "commands/test.md",
            "commands/blocker.md",
            "commands/todo.md",
            "commands/handoff.md"
        ]
    );
    // What an agent reads of a file begins with what it is for.
    assert!(words.iter().all(|file| file.content.starts_with("---\n") && file.content.contains("\ndescription: ")), "{words:#?}");
    insta::assert_snapshot!(format!("{}\n{}", market.path, market.content), @r#"
    .claude-plugin/marketplace.json
    {
      "name": "rutter",
      "description": "Keeps the book of every session",
      "owner": {
        "name": "rutter"
      },
      "plugins": [
        {
          "name": "rutter",
          "source": "./",
          "description": "Keeps the book of every session"
        }
      ]
    }
    "#);
    insta::assert_snapshot!(format!("{}\n{}", plugin.path, plugin.content), @r#"
    .claude-plugin/plugin.json
    {
      "name": "rutter",
      "version": "1.2.3",
      "description": "Keeps the book of every session",
      "author": {
        "name": "rutter"
      },
      "license": "MIT OR Apache-2.0"
    }
    "#);
    let two: Vec<_> = hooks.content.lines().take(30).collect();
    insta::assert_snapshot!(format!("{}\n{}", hooks.path, two.join("\n")), @r#"
    hooks/hooks.json
    {
      "hooks": {
        "SessionStart": [
          {
            "hooks": [
              {
                "type": "command",
                "command": "/opt/a b/rutter-hook",
                "args": [
                  "claude-code"
                ],
                "timeout": 5
              }
            ]
          }
        ],
        "SessionEnd": [
          {
            "hooks": [
              {
                "type": "command",
                "command": "/opt/a b/rutter-hook",
                "args": [
                  "claude-code"
                ],
                "timeout": 5
              }
            ]
          }
        ],
    "#);
    assert_eq!(registered(&hooks.content).unwrap().len(), EVENTS.len());
    assert_eq!(unregister(&hooks.content, Handler::is_ours).unwrap(), "{}\n");
}
