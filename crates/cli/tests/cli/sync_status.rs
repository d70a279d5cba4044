use rusqlite::Connection;
use serde_json::json;
use testkit::TestEnv;

use crate::{env, object, objects, worked};

/// Changes the store past the program.
fn tamper(env: &TestEnv, sql: &str) {
    let store = Connection::open(env.path(".local/share/rutter/rutter.db")).unwrap();
    assert!(store.execute(sql, []).unwrap() > 0, "{sql}");
}

#[test]
fn where_there_is_no_head_nothing_is_out_of_step() {
    let env = env();
    insta::assert_snapshot!(env.run(["sync-status"]), @"
    [exit 0]
    [err] No heads here yet.
    ");
    assert_eq!(object(&env, ["sync-status"]), json!({"rate": 1.0, "chain": "SYNCED"}));
}

#[test]
fn every_head_is_in_step_by_construction() {
    let env = env();
    worked(&env);
    env.answer(["transition", "jkl", "--source", "build", "--version", "v2"]);
    env.answer(["transition", "mno", "--source", "update"]);
    insta::assert_snapshot!(env.run(["sync-status"]), @"
    [exit 0]
    [out]                    head of the project  this head  status
    [out]   project project                  mno        mno  SYNCED
    [out]   version v2                       mno        jkl  SYNCED
    [out]
    [out] Rate: 100%
    [out] Chain: SYNCED
    ");
    insta::assert_snapshot!(env.run(["--json", "sync-status"]), @r#"
    [exit 0]
    [out] {"project":"project","version":null,"worktree":null,"project_session":"mno","version_session":"mno","status":"SYNCED"}
    [out] {"project":"project","version":"v2","worktree":null,"project_session":"mno","version_session":"jkl","status":"SYNCED"}
    [out] {"rate":1.0,"chain":"SYNCED"}
    "#);
    assert_eq!(env.raw(["sync-status", "-s", "1"]).code, 2);
}

#[test]
fn a_head_that_was_changed_past_us_is_found_and_mended() {
    let env = env();
    worked(&env);
    tamper(&env, "UPDATE heads SET agent_session = 'abc123', row = replace(row, 'ghi789', 'abc123') WHERE scope = 'project'");
    assert_eq!(env.raw(["head"]).stdout, "abc123\n");
    insta::assert_snapshot!(env.run(["sync-status"]), @"
    [exit 1]
    [out]                    head of the project  this head       status
    [out]   project project               abc123     abc123  OUT_OF_SYNC
    [out]
    [out] Rate: 0%
    [out] Chain: SYNCED
    [err] error: heads or transitions are not what was recorded
    [err] hint: run `rutter sync-status --repair`
    ");
    let outcome = env.raw(["--json", "sync-status"]);
    assert!(outcome.code == 1 && outcome.stdout.ends_with("{\"rate\":0.0,\"chain\":\"SYNCED\"}\n"), "{outcome:?}");
    insta::assert_snapshot!(env.run(["sync-status", "--repair"]), @"
    [exit 0]
    [out]                    head of the project  this head  status
    [out]   project project               ghi789     ghi789  SYNCED
    [out]
    [out] Rate: 100%
    [out] Chain: SYNCED
    [err] note: derived again from what was recorded
    ");
    assert_eq!((env.raw(["sync-status"]).code, env.raw(["head"]).stdout.as_str()), (0, "ghi789\n"));
    insta::assert_snapshot!(env.raw(["sync-status", "--repair"]).stderr, @"note: nothing was out of step");
}

#[test]
fn a_head_that_was_lost_and_a_transition_that_was_changed_are_found_too() {
    let env = env();
    worked(&env);
    for change in [
        "DELETE FROM heads",
        "UPDATE transitions SET row = replace(row, 'metadata_generation', 'update')",
        "DELETE FROM transitions WHERE new = 'def456'",
    ] {
        tamper(&env, change);
        assert_eq!(env.raw(["sync-status"]).code, 1, "{change}");
        assert_eq!(env.raw(["sync-status", "--repair"]).code, 0, "{change}");
        assert_eq!(env.raw(["sync-status"]).code, 0, "{change}");
    }
    assert_eq!(objects(&env, ["chain"])[1]["source"], "metadata_generation");
}
