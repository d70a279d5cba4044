use crate::{env, object, objects, started};

#[test]
fn adding_answers_the_bare_work_id() {
    let env = env();
    started(&env, "Fix the login");
    insta::assert_snapshot!(env.run(["work", "add", "impl", "Check the token"]), @"
    [exit 0]
    [out] IMPL-#1
    ");
    let added = object(&env, ["work", "add", "TEST", "Try it", "--meta", "file=auth.rs", "--at", "2026-02-16T17:31:05"]);
    assert_eq!((&added["metadata"]["file"], &added["status"]), (&"auth.rs".into(), &"IN_PROGRESS".into()));
}

#[test]
fn text_of_a_dash_is_read_from_stdin() {
    let env = env();
    started(&env, "Fix the login");
    let outcome = env.raw_with(&env.project(), ["work", "add", "IMPL", "-"], b"first line\nsecond line\n");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(object(&env, ["work", "list"])["description"], "first line\nsecond line");
}

#[test]
fn work_is_done_or_whatever_else_the_team_says() {
    let env = env();
    started(&env, "Fix the login");
    let id = env.answer(["work", "add", "IMPL", "Check the token", "--at", "2026-02-16T17:31:05"]);
    insta::assert_snapshot!(env.run(["work", "done", &id, "--at", "2026-02-16T17:45:22"]), @"
    [exit 0]
    [out] IMPL-#1 COMPLETED
    ");
    insta::assert_snapshot!(env.run(["work", "done", &id.to_lowercase()]), @"
    [exit 0]
    [out] IMPL-#1 COMPLETED
    [err] note: IMPL-#1 is COMPLETED already
    ");
    insta::assert_snapshot!(env.run(["work", "done", &id, "--status", "blocked"]), @"
    [exit 0]
    [out] IMPL-#1 BLOCKED
    ");
    insta::assert_snapshot!(env.run(["work", "done", &id, "--status", "not a word"]), @"
    [exit 2]
    [err] error: invalid value 'not a word' for '--status <STATUS>': it is COMPLETED, IN_PROGRESS or another word of letters and `_`
    [err]
    [err] For more information, try '--help'.
    ");
    insta::assert_snapshot!(env.run(["work", "done", "IMPL-20260216-173105-K2N4"]), @"
    [exit 1]
    [err] error: no work item `IMPL-#1`
    [err] hint: run `rutter work list` to see the ids
    ");
}

#[test]
fn work_items_are_listed_in_the_order_in_which_they_were_added() {
    let env = env();
    let id = started(&env, "Fix the login");
    insta::assert_snapshot!(env.run(["work", "list"]), @"
    [exit 0]
    [err] No work items in SESSION-#1 yet.
    ");
    env.answer(["work", "add", "IMPL", "One", "--at", "2026-02-16T17:31:05"]);
    let second = env.answer(["work", "add", "TEST", "Two", "--at", "2026-02-16T17:30:05"]);
    env.answer(["work", "done", &second]);
    insta::assert_snapshot!(env.run(["work", "list"]), @"
    [exit 0]
    [out] Work Items of SESSION-#1:
    [out]
    [out] [~] IMPL-#2
    [out]    Started: <time>
    [out]    Status: IN_PROGRESS
    [out]    Description: One
    [out]
    [out] [x] TEST-#3
    [out]    Started: <time>
    [out]    Status: COMPLETED
    [out]    Description: Two
    ");
    let listed: Vec<_> = objects(&env, ["work", "list", &id]).iter().map(|item| item["description"].clone()).collect();
    assert_eq!(listed, ["One", "Two"]);
}

#[test]
fn work_of_another_session_is_not_marked() {
    let env = env();
    started(&env, "First");
    let work = env.answer(["work", "add", "IMPL", "One"]);
    env.answer(["start", "--quiet"]);
    insta::assert_snapshot!(env.run(["-s", "2", "work", "done", &work]), @"
    [exit 1]
    [err] error: IMPL-#1 belongs to SESSION-#2
    [err] hint: leave `-s` away: a work id is enough
    ");
}

#[test]
fn work_after_the_end_is_recorded_and_that_is_said() {
    let env = env();
    let id = started(&env, "Fix the login");
    env.answer(["end"]);
    insta::assert_snapshot!(env.run(["work", "add", "IMPL", "Too late", "-s", &id]), @"
    [exit 0]
    [out] IMPL-#1
    [err] note: SESSION-#2 is COMPLETED; recorded with it all the same
    ");
    insta::assert_snapshot!(env.run(["work", "add", "IMPL", "Nowhere to go"]), @r#"
    [exit 1]
    [err] error: no current session
    [err] hint: run `rutter start -d "what you are about to do"`
    "#);
}
