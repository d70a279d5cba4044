use crate::{env, started};

#[test]
fn a_session_is_shown_whole() {
    let env = env();
    let id = env.answer([
        "start",
        "--quiet",
        "--at",
        "2026-02-16T17:30:03",
        "-d",
        "Fix the login\nand the logout",
        "--tag",
        "b",
        "--tag",
        "a",
        "--meta",
        "ticket=42",
    ]);
    env.answer(["work", "add", "IMPL", "Check the token", "--at", "2026-02-16T17:31:05"]);
    env.answer(["end", "--at", "2026-02-16T18:55:36"]);
    insta::assert_snapshot!(env.run(["show", &id]), @r"
    [exit 0]
    [out] ================================================================================
    [out] SESSION ID FOR TRACKING
    [out] ================================================================================
    [out]
    [out] Session ID: SESSION-#1
    [out] Started: <time>
    [out] Status: COMPLETED
    [out] Description: Fix the login\nand the logout
    [out] Work Items: 1
    [out]
    [out] Use this ID to track this session in logs and reports
    [out] ================================================================================
    [out]
    [out] Number: 00001
    [out] Project: project
    [out] Owner: ada
    [out] Worktree: /project
    [out] Duration: 1:25:33
    [out] Ended: <time>
    [out] Tags: a b
    [out] Metadata: ticket = 42
    [out]
    [out] Description
    [out]   Fix the login
    [out]   and the logout
    [out]
    [out] Work Items of SESSION-#1:
    [out]
    [out] [~] IMPL-#2
    [out]    Started: <time>
    [out]    Status: IN_PROGRESS
    [out]    Description: Check the token
    ");
}

#[test]
fn a_session_is_named_by_number_prefix_or_in_lower_case() {
    let env = env();
    let id = started(&env, "Fix the login");
    let shown = env.answer(["banner", &id]);
    for name in ["1", "00001", "#1", "SESSION-2026", "session-20260216", &id.to_lowercase(), "current", " 1 "] {
        assert_eq!(env.answer(["banner", name]), shown, "{name}");
    }
}

#[test]
fn a_name_that_fits_nothing_is_an_answer_too() {
    let env = env();
    started(&env, "Fix the login");
    insta::assert_snapshot!(env.run(["show", "TASK"]), @"
    [exit 1]
    [err] error: no session matches `TASK`
    [err] hint: run `rutter list --all-projects` to see the ids
    ");
    insta::assert_snapshot!(env.run(["show", "2"]), @"
    [exit 1]
    [err] error: no session matches `2`
    [err] hint: run `rutter list --all-projects` to see the ids
    ");
}

#[test]
fn a_prefix_of_two_is_read_as_the_newest() {
    let env = env();
    crate::started_at(&env, "2026-02-16T17:30:03", "First");
    crate::started_at(&env, "2026-02-16T17:31:03", "Second");
    insta::assert_snapshot!(env.run(["banner", "--short", "SESSION"]), @"
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
    [err] note: more than one session fits; taking the newest, SESSION-#1 (others: SESSION-#2)
    ");
    insta::assert_snapshot!(env.run(["end", "SESSION"]), @"
    [exit 1]
    [err] error: `SESSION` fits more than one session: SESSION-#1, SESSION-#2
    [err] hint: type more of the id
    ");
}
