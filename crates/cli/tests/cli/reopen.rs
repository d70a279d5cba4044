use crate::{env, object, started};

#[test]
fn a_reopened_session_is_current_again() {
    let env = env();
    let id = started(&env, "Fix the login");
    env.answer(["end"]);
    insta::assert_snapshot!(env.run(["reopen", &id]), @"");
    assert_eq!(env.answer(["current"]), id);
    assert!(object(&env, ["show"])["ended_at"].is_null());
}

#[test]
fn what_runs_cannot_be_reopened_and_that_is_no_failure() {
    let env = env();
    started(&env, "Fix the login");
    insta::assert_snapshot!(env.run(["reopen", "1"]), @"");
    insta::assert_snapshot!(env.run(["reopen", "2"]), @"");
    insta::assert_snapshot!(env.run(["reopen"]), @"");
}
