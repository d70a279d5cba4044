use serde_json::json;

use crate::{env, object, transcript, worked};

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
