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
    insta::assert_snapshot!(env.run(["show", &id]), @"");
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
    insta::assert_snapshot!(env.run(["show", "TASK"]), @"");
    insta::assert_snapshot!(env.run(["show", "2"]), @"");
}

#[test]
fn a_prefix_of_two_is_read_as_the_newest() {
    let env = env();
    crate::started_at(&env, "2026-02-16T17:30:03", "First");
    crate::started_at(&env, "2026-02-16T17:31:03", "Second");
    insta::assert_snapshot!(env.run(["banner", "--short", "SESSION"]), @"");
    insta::assert_snapshot!(env.run(["end", "SESSION"]), @"");
}
