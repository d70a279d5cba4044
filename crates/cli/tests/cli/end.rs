use crate::{env, object, started, started_at};

#[test]
fn ending_shows_the_numbers() {
    let env = env();
    started(&env, "Fix the login");
    env.answer(["work", "add", "IMPL", "Check the token"]);
    insta::assert_snapshot!(env.run(["end", "--at", "2026-02-16T18:55:36"]), @"
    [exit 0]
    [out] Session Statistics: SESSION-#1
    [out]
    [out] Duration: 1:25:33
    [out] Total Work Items: 1
    [out] Completed: 0
    [out] In Progress: 1
    [out] Status: COMPLETED
    ");
}

#[test]
fn a_status_says_how_it_ended() {
    let env = env();
    let id = started(&env, "Fix the login");
    assert_eq!(object(&env, ["end", "--status", "failed"])["status"], "FAILED");
    assert!(!object(&env, ["show", &id])["ended_at"].is_null());
    insta::assert_snapshot!(env.run(["end", "--status", "ACTIVE"]), @"
    [exit 2]
    [err] error: invalid value 'ACTIVE' for '--status <STATUS>': it is one of COMPLETED, FAILED, ABANDONED
    [err]
    [err] For more information, try '--help'.
    ");
}

#[test]
fn ending_twice_is_done_and_ending_otherwise_is_refused() {
    let env = env();
    let id = started(&env, "Fix the login");
    env.answer(["end", "--at", "2026-02-16T18:55:36"]);
    insta::assert_snapshot!(env.run(["end", &id, "--at", "2026-02-16T20:00"]), @"
    [exit 0]
    [out] Session Statistics: SESSION-#1
    [out]
    [out] Duration: 1:25:33
    [out] Total Work Items: 0
    [out] Completed: 0
    [out] In Progress: 0
    [out] Status: COMPLETED
    [err] note: SESSION-#1 is COMPLETED already
    ");
    insta::assert_snapshot!(env.run(["end", &id, "--status", "FAILED"]), @"
    [exit 1]
    [err] error: SESSION-#1 has ended already, as COMPLETED
    [err] hint: run `rutter reopen SESSION-#1` first
    ");
}

#[test]
fn without_a_current_session_nothing_ends() {
    insta::assert_snapshot!(env().run(["end"]), @r#"
    [exit 1]
    [err] error: no current session
    [err] hint: run `rutter start -d "what you are about to do"`
    "#);
}

#[test]
fn of_two_that_run_none_is_ended_unless_it_is_named() {
    let env = env();
    let first = started_at(&env, "2026-02-16T17:30:03", "First");
    started_at(&env, "2026-02-16T17:31:03", "Second");
    insta::assert_snapshot!(env.run(["end"]), @"
    [exit 1]
    [err] error: more than one session is running here: SESSION-#1, SESSION-#2
    [err] hint: name the one you mean, as in `-s SESSION-#1`
    ");
    env.answer(["end", "-s", "1"]);
    assert_eq!(object(&env, ["show", &first])["status"], "COMPLETED");
    env.answer(["end"]);
    assert_eq!(env.raw(["current"]).code, 1);
}

#[test]
fn no_session_ends_or_goes_on_before_it_began() {
    let env = env();
    started(&env, "Fix the login");
    for command in ["end", "reopen"] {
        let outcome = env.raw([command, "1", "--at", "2026-02-16T17:30:02"]);
        assert!(outcome.code == 2 && outcome.stderr.contains("began at 2026-02-16T17:30:03"), "{command}: {}", outcome.stderr);
    }
    assert_eq!(object(&env, ["show", "1"])["status"], "ACTIVE");
}

#[test]
fn whoever_names_two_sessions_is_asked_which_one_is_meant() {
    let env = env();
    started(&env, "Fix the login");
    started(&env, "Fix the logout");
    for words in [
        &["end", "1", "-s", "2"][..],
        &["-s", "2", "end", "1"],
        &["chain", "1", "-s", "nope"],
        &["-s", "2", "tag", "1", "+a"],
        &["store-id", "x", "-s", "foo"],
        &["get-id", "-s", "foo"],
        &["cleanup-ids", "-s", "x"],
    ] {
        assert_eq!(env.raw(words).code, 2, "{words:?}");
    }
    assert_eq!(object(&env, ["show", "1", "-s", "1"])["status"], "ACTIVE");
}
