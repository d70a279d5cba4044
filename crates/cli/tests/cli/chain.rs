use serde_json::{Value, json};

use crate::{env, objects, prompted, says, worked};

const KEYS: [&str; 16] = [
    "seq",
    "project",
    "version",
    "worktree",
    "old",
    "new",
    "from",
    "source",
    "evidence",
    "session",
    "at",
    "side_branch",
    "moved",
    "agent",
    "sources",
    "machine",
];

#[test]
fn where_nothing_followed_anything_the_answer_is_empty() {
    let env = env();
    insta::assert_snapshot!(env.run(["chain"]), @"
    [exit 0]
    [err] No transitions here yet; `--all-projects` looks everywhere.
    ");
    insta::assert_snapshot!(env.run(["--json", "chain", "--version", "v2"]), @"
    [exit 0]
    [err] No transitions of version v2 yet.
    ");
    insta::assert_snapshot!(env.run(["chain", "--all-projects", "-s", "7"]), @"
    [exit 1]
    [err] error: no session matches `7`
    [err] hint: run `rutter list --all-projects` to see the ids
    ");
}

#[test]
fn each_agent_session_stands_below_the_one_it_continues() {
    let env = env();
    worked(&env);
    insta::assert_snapshot!(env.run(["chain"]), @"
    [exit 0]
    [out] Chain of project:
    [out]
    [out] * abc123
    [out] |  <time> build (api)
    [out] * def456
    [out] |  <time> metadata_generation (api)
    [out] * ghi789  head of the project
    [out]    <time> compact (api)
    ");
    let seen: Vec<_> = objects(&env, ["chain"]).iter().map(|view| json!([view["seq"], view["old"], view["new"], view["from"]])).collect();
    let expected = [json!([1, null, "abc123", null]), json!([2, "abc123", "def456", "abc123"]), json!([3, "def456", "ghi789", "def456"])];
    assert_eq!(seen, expected);
}

#[test]
fn what_was_too_late_stands_beside_what_led_to_the_head() {
    let env = env();
    worked(&env);
    assert_eq!(env.raw(["transition", "xyz", "--source", "update", "--old", "abc123"]).code, 1);
    env.answer(["transition", "jkl", "--source", "build", "--old", "ghi789", "--version", "v2"]);
    assert_eq!(env.raw(["transition", "uvw", "--source", "update", "--old", "xyz"]).code, 1);
    insta::assert_snapshot!(env.run(["chain"]), @"
    [exit 0]
    [out] Chain of project:
    [out]
    [out] * abc123
    [out] |  <time> build (api)
    [out] |-* xyz  side branch
    [out] | |  <time> update, too late: the head was ghi789 (api)
    [out] | `-* uvw  side branch
    [out] |      <time> update, too late: the head was jkl (api)
    [out] * def456
    [out] |  <time> metadata_generation (api)
    [out] * ghi789
    [out] |  <time> compact (api)
    [out] * jkl  head of the project, version v2
    [out]    <time> build of version v2 (api)
    ");
    insta::assert_snapshot!(env.run(["chain", "--version", "v2"]), @"
    [exit 0]
    [out] Chain of project:
    [out]
    [out] * jkl  head of the project, version v2
    [out]    <time> build of version v2, continues ghi789 (api)
    ");
}

#[test]
fn what_hooks_report_is_one_node_with_its_session_and_its_heads() {
    let env = env();
    prompted(&env, &env.project(), "c", "startup", "Go");
    says(&env, &env.project(), "SessionStart", "c", json!({"source": "compact"}));
    for number in 1..=4 {
        says(&env, &env.project(), "SubagentStart", "c", json!({"agent_id": format!("a{number}"), "agent_type": "x", "prompt_id": "c-p"}));
    }
    says(&env, &env.project(), "SessionEnd", "c", json!({"reason": "clear"}));
    prompted(&env, &env.project(), "d", "clear", "Anew");
    let tree = env.run(["chain"]);
    insta::assert_snapshot!(tree, @"
    [exit 0]
    [out] Chain of project:
    [out]
    [out] * c  SESSION-#1 #00001
    [out] |  <time> startup
    [out] |  <time> compact
    [out] |- 4 sub-agents
    [out] * d  SESSION-#2 #00002  head of the project, worktree /project
    [out]    <time> clear
    ");
    insta::assert_snapshot!(env.run(["chain", "2"]), @"
    [exit 0]
    [out] Chain of project:
    [out]
    [out] * d  SESSION-#1 #00002  head of the project, worktree /project
    [out]    <time> clear, continues c
    ");
    let all = env.answer(["chain", "--all"]);
    assert!((1..=4).all(|number| all.contains(&format!("|-* a{number}  "))), "{all}");
    // A list of this project's, or of all.
    let elsewhere = env.home();
    assert_eq!(env.raw_with(&elsewhere, ["chain"], b"").stdout, "");
    assert_eq!(env.comparable(&env.raw_with(&elsewhere, ["chain", "--all-projects"], b"").stdout).lines().count(), 8);
    let shown = env.answer(["show", "2"]);
    assert!(shown.contains("Head: d\nCame from: c (clear)\n"), "{shown}");
    let shown = env.answer(["show", "1"]);
    assert!(shown.contains(" (its agent said so)\n") && shown.contains("Head: c\n") && !shown.contains("Came from"), "{shown}");
}

#[test]
fn a_transition_has_every_key() {
    let env = env();
    worked(&env);
    prompted(&env, &env.project(), "c", "startup", "Go");
    let all = objects(&env, ["chain"]);
    assert_eq!(all.len(), 5);
    for view in all {
        assert_eq!(view.as_object().unwrap().keys().collect::<Vec<_>>(), KEYS);
    }
}

#[test]
fn circles_are_steps_and_not_children() {
    let env = env();
    worked(&env);
    // Back to the beginning, on purpose.
    env.answer(["transition", "abc123", "--source", "update", "--old", "ghi789"]);
    insta::assert_snapshot!(env.run(["chain"]), @"
    [exit 0]
    [out] Chain of project:
    [out]
    [out] * abc123  head of the project
    [out] |  <time> build (api)
    [out] |  <time> update, continues ghi789 (api)
    [out] * def456
    [out] |  <time> metadata_generation (api)
    [out] * ghi789
    [out]    <time> compact (api)
    ");
}

#[test]
fn s7_an_agent_s_id_drives_no_terminal() {
    let env = env();
    let hostile = "x\u{1b}[31m\n\u{202e}; touch y";
    prompted(&env, &env.project(), hostile, "startup", "Go");
    for arguments in [&["chain"][..], &["head"], &["sync-status"], &["resume", hostile], &["show"]] {
        let outcome = env.raw(arguments);
        let text = outcome.stdout + &outcome.stderr;
        assert!(text.contains(r"x\u{1b}[31m\n\u{202e}; touch y"), "{arguments:?}: {text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{arguments:?}: {text}");
    }
    assert!(!env.raw(["recover", hostile]).stderr.contains(['\u{1b}', '\u{202e}']));
    let all: Vec<Value> = objects(&env, ["chain"]);
    assert!(all.iter().all(|view| view["new"] == hostile));
    // What is to be typed is one word for a shell.
    assert!(env.raw(["head"]).stderr.contains(r"run `rutter recover 'x\u{1b}[31m\n\u{202e}; touch y'`"));
}
