use crate::{env, object, transcript, worked};

const KEYS: [&str; 10] = ["project", "version", "worktree", "head", "session", "at", "machine", "fresh", "reason", "agent"];

#[test]
fn where_nothing_was_prompted_there_is_no_head() {
    let env = env();
    insta::assert_snapshot!(env.run(["head"]), @"
    [exit 1]
    [err] error: this directory has no head: no agent session was prompted yet
    [err] hint: start an agent here, or run `rutter chain --all-projects`
    ");
    let outcome = env.raw(["--json", "head", "--version", "v2"]);
    let view: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(outcome.code, 1);
    assert_eq!(view.as_object().unwrap().keys().collect::<Vec<_>>(), KEYS);
    assert!(view["head"].is_null() && view["version"] == "v2" && view["fresh"] == true);
}

#[test]
fn the_head_is_the_id_alone() {
    let env = env();
    worked(&env);
    for id in ["abc123", "def456", "ghi789"] {
        transcript(&env, id);
    }
    insta::assert_snapshot!(env.run(["head"]), @"
    [exit 0]
    [out] ghi789
    ");
    env.answer(["transition", "v", "--source", "build", "--version", "v2"]);
    transcript(&env, "v");
    env.answer(["transition", "w", "--source", "build"]);
    transcript(&env, "w");
    assert_eq!((env.answer(["head"]), env.answer(["head", "--version", "v2"])), ("w".into(), "v".into()));
    insta::assert_snapshot!(env.run(["head", "--version", "v3"]), @"
    [exit 1]
    [err] error: version v3 has no head: no agent session was prompted yet
    [err] hint: start an agent here, or run `rutter chain --all-projects`
    ");
    let view = object(&env, ["head"]);
    assert_eq!(view.as_object().unwrap().keys().collect::<Vec<_>>(), KEYS);
    assert!(view["head"] == "w" && view["fresh"] == false && view["reason"].is_null());
    assert_eq!(env.raw_with(&env.home(), ["--project", "project", "head"], b"").stdout, "w\n");
    assert_eq!(env.raw(["head", "-s", "1"]).code, 2);
}

#[test]
fn a_head_whose_transcript_is_gone_is_said_to_be_so() {
    let env = env();
    worked(&env);
    insta::assert_snapshot!(env.run(["head"]), @"
    [exit 0]
    [out] ghi789
    [err] warning: ghi789 cannot be resumed here: its transcript is gone; run `rutter recover ghi789`
    ");
}
