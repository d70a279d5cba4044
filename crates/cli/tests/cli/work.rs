use crate::{env, object, objects, started};

#[test]
fn adding_answers_the_bare_work_id() {
    let env = env();
    started(&env, "Fix the login");
    insta::assert_snapshot!(env.run(["work", "add", "impl", "Check the token"]), @"");
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
    insta::assert_snapshot!(env.run(["work", "done", &id, "--at", "2026-02-16T17:45:22"]), @"");
    insta::assert_snapshot!(env.run(["work", "done", &id.to_lowercase()]), @"");
    insta::assert_snapshot!(env.run(["work", "done", &id, "--status", "blocked"]), @"");
    insta::assert_snapshot!(env.run(["work", "done", &id, "--status", "not a word"]), @"");
    insta::assert_snapshot!(env.run(["work", "done", "IMPL-20260216-173105-K2N4"]), @"");
}

#[test]
fn work_items_are_listed_in_the_order_in_which_they_were_added() {
    let env = env();
    let id = started(&env, "Fix the login");
    insta::assert_snapshot!(env.run(["work", "list"]), @"");
    env.answer(["work", "add", "IMPL", "One", "--at", "2026-02-16T17:31:05"]);
    let second = env.answer(["work", "add", "TEST", "Two", "--at", "2026-02-16T17:30:05"]);
    env.answer(["work", "done", &second]);
    insta::assert_snapshot!(env.run(["work", "list"]), @"");
    let listed: Vec<_> = objects(&env, ["work", "list", &id]).iter().map(|item| item["description"].clone()).collect();
    assert_eq!(listed, ["One", "Two"]);
}

#[test]
fn work_of_another_session_is_not_marked() {
    let env = env();
    started(&env, "First");
    let work = env.answer(["work", "add", "IMPL", "One"]);
    env.answer(["start", "--quiet"]);
    insta::assert_snapshot!(env.run(["-s", "2", "work", "done", &work]), @"");
}

#[test]
fn work_after_the_end_is_recorded_and_that_is_said() {
    let env = env();
    let id = started(&env, "Fix the login");
    env.answer(["end"]);
    insta::assert_snapshot!(env.run(["work", "add", "IMPL", "Too late", "-s", &id]), @"");
    insta::assert_snapshot!(env.run(["work", "add", "IMPL", "Nowhere to go"]), @"");
}
