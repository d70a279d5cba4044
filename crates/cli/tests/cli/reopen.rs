use crate::{env, object, started};

#[test]
fn a_reopened_session_is_current_again() {
    let env = env();
    let id = started(&env, "Fix the login");
    env.answer(["end"]);
    insta::assert_snapshot!(env.run(["reopen", &id]), @"
    [exit 0]
    [out] SESSION-#1
    ");
    assert_eq!(env.answer(["current"]), id);
    assert!(object(&env, ["show"])["ended_at"].is_null());
}

#[test]
fn what_runs_cannot_be_reopened_and_that_is_no_failure() {
    let env = env();
    started(&env, "Fix the login");
    insta::assert_snapshot!(env.run(["reopen", "1"]), @"
    [exit 0]
    [out] SESSION-#1
    [err] note: SESSION-#1 is ACTIVE already
    ");
    insta::assert_snapshot!(env.run(["reopen", "2"]), @"
    [exit 1]
    [err] error: no session matches `2`
    [err] hint: run `rutter list --all-projects` to see the ids
    ");
    insta::assert_snapshot!(env.run(["reopen"]), @"
    [exit 2]
    [err] error: no session was named
    [err] hint: run `rutter list` to see the ids
    ");
}
