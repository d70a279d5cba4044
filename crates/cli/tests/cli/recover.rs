use serde_json::json;

use crate::{env, object, prompted, transcript, worked};

#[test]
fn what_to_resume_is_the_answer_and_why_is_beside_it() {
    let env = env();
    worked(&env);
    for id in ["abc123", "def456", "ghi789"] {
        transcript(&env, id);
    }
    insta::assert_snapshot!(env.run(["recover", "ghi789"]), @"
    [exit 0]
    [out] ghi789
    [err] valid: it can be resumed
    ");
    insta::assert_snapshot!(env.run(["recover", "abc123"]), @"
    [exit 0]
    [out] ghi789
    [err] superseded: def456 continues it since <time>; ghi789 is the newest that can be resumed
    ");
    insta::assert_snapshot!(env.run(["recover", "nobody"]), @"
    [exit 0]
    [out] ghi789
    [err] unknown: nobody ever reported it; ghi789 is the newest that can be resumed
    ");
    std::fs::remove_file(env.path(".claude/projects/-p/ghi789.jsonl")).unwrap();
    insta::assert_snapshot!(env.run(["recover", "ghi789"]), @"
    [exit 0]
    [out] def456
    [err] vanished: its transcript is gone; def456 is the newest that can be resumed
    ");
    let expected =
        json!({"id": "def456", "verdict": "vanished", "reason": "its transcript is gone; def456 is the newest that can be resumed"});
    assert_eq!(object(&env, ["recover", "ghi789"]), expected);
}

#[test]
fn where_nothing_can_be_resumed_the_answer_is_empty() {
    let env = env();
    insta::assert_snapshot!(env.run(["recover", "x\u{1b}y"]), @"
    [exit 1]
    [err] error: unknown: nobody ever reported it, and nothing else can be resumed: begin afresh
    ");
    worked(&env);
    insta::assert_snapshot!(env.run(["--json", "recover", "ghi789"]), @r#"
    [exit 1]
    [out] {"id":null,"verdict":"vanished","reason":"its transcript is gone, and nothing else can be resumed: begin afresh"}
    [err] error: vanished: its transcript is gone, and nothing else can be resumed: begin afresh
    "#);
}

#[test]
fn what_is_on_another_machine_is_to_be_resumed_there() {
    let env = env();
    worked(&env);
    let store = rusqlite::Connection::open(env.path(".local/share/rutter/rutter.db")).unwrap();
    for table in ["heads", "transitions"] {
        store.execute(&format!("UPDATE {table} SET row = json_set(row, '$.machine', 'babbage')"), []).unwrap();
    }
    insta::assert_snapshot!(env.run(["recover", "ghi789"]), @"
    [exit 0]
    [out] ghi789
    [err] elsewhere: its transcript is on babbage
    ");
    insta::assert_snapshot!(env.run(["head"]), @"
    [exit 0]
    [out] ghi789
    [err] warning: ghi789 cannot be resumed here: its transcript is on babbage; run `rutter resume ghi789` on babbage
    ");
    insta::assert_snapshot!(env.run(["resume"]), @"
    [exit 1]
    [err] error: ghi789 cannot be resumed here: its transcript is on babbage
    [err] hint: run `rutter resume ghi789` on babbage
    ");
}

#[test]
fn what_hooks_told_of_and_nobody_can_take_in_is_not_said_to_be_unknown() {
    let env = env();
    worked(&env);
    transcript(&env, "ghi789");
    let store = rusqlite::Connection::open(env.path(".local/share/rutter/rutter.db")).unwrap();
    store.execute_batch("BEGIN IMMEDIATE;").unwrap();
    prompted(&env, &env.project(), "c", "startup", "Go");
    for id in ["c", "nobody"] {
        let outcome = env.raw(["recover", id]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{id}: {}", outcome.stderr);
    }
    assert_eq!(env.answer(["recover", "ghi789"]), "ghi789");
    drop(store);
    assert_eq!(env.raw(["recover", "nobody"]).code, 0);
}
