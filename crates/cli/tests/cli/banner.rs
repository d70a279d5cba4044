use crate::{env, started};

#[test]
fn the_banner_counts_work_items() {
    let env = env();
    started(&env, "Fix the login");
    env.answer(["work", "add", "IMPL", "Check the token"]);
    insta::assert_snapshot!(env.run(["banner"]), @"
    [exit 0]
    [out] ================================================================================
    [out] SESSION ID FOR TRACKING
    [out] ================================================================================
    [out]
    [out] Session ID: SESSION-#1
    [out] Started: <time>
    [out] Status: ACTIVE
    [out] Description: Fix the login
    [out] Work Items: 1
    [out]
    [out] Use this ID to track this session in logs and reports
    [out] ================================================================================
    ");
}

#[test]
fn the_short_banner_is_id_start_and_status() {
    let env = env();
    let id = started(&env, "Fix the login");
    insta::assert_snapshot!(env.run(["banner", &id, "--short"]), @"
    [exit 0]
    [out] ================================================================================
    [out] SESSION ID FOR TRACKING
    [out] ================================================================================
    [out]
    [out] Session ID: SESSION-#1
    [out] Started: <time>
    [out] Status: ACTIVE
    [out]
    [out] Use this ID to track this session in logs and reports
    [out] ================================================================================
    ");
}

#[test]
fn there_is_no_banner_without_a_session() {
    insta::assert_snapshot!(env().run(["banner"]), @r#"
    [exit 1]
    [err] error: no current session
    [err] hint: run `rutter start -d "what you are about to do"`
    "#);
}
