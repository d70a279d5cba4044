use crate::{env, object, started, started_at};

#[test]
fn without_a_session_there_is_none_and_a_hint_what_to_type() {
    insta::assert_snapshot!(env().run(["current"]), @r#"
    [exit 1]
    [err] error: no current session
    [err] hint: run `rutter start -d "what you are about to do"`
    "#);
}

#[test]
fn captured_it_is_the_bare_id() {
    let env = env();
    let id = started(&env, "Fix the login");
    let outcome = env.raw(["current"]);
    assert_eq!((outcome.code, outcome.stdout, outcome.stderr), (0, format!("{id}\n"), String::new()));
}

#[test]
fn an_ended_session_is_no_longer_current() {
    let env = env();
    started(&env, "Fix the login");
    env.answer(["end"]);
    insta::assert_snapshot!(env.run(["current", "--quiet"]), @r#"
    [exit 1]
    [err] error: no current session
    [err] hint: run `rutter start -d "what you are about to do"`
    "#);
}

#[test]
fn a_variable_names_it_by_id_or_number() {
    let mut env = env();
    let first = started_at(&env, "2026-02-16T17:30:03", "First");
    let second = started_at(&env, "2026-02-16T17:31:03", "Second");
    env.set("CURRENT_SESSION", "00001");
    assert_eq!(env.answer(["current"]), first);
    env.set("RUTTER_SESSION", &second);
    assert_eq!(env.answer(["current"]), second, "RUTTER_SESSION is asked first");
    assert_eq!(env.answer(["-s", "1", "current"]), first, "the command line is asked before it");
}

#[test]
fn a_variable_that_names_an_ended_or_unknown_session_is_passed_over_with_a_note() {
    let mut env = env();
    let first = started_at(&env, "2026-02-16T17:30:03", "First");
    env.answer(["end"]);
    started_at(&env, "2026-02-16T17:31:03", "Second");
    env.set("RUTTER_SESSION", &first).set("CURRENT_SESSION", "99");
    insta::assert_snapshot!(env.run(["current"]), @"
    [exit 0]
    [out] SESSION-#1
    [err] note: RUTTER_SESSION names SESSION-#2, which is COMPLETED; passed over
    [err] note: CURRENT_SESSION names `99`, which is no session here; passed over
    ");
}

#[test]
fn of_two_that_run_reading_takes_the_newest_and_says_so() {
    let env = env();
    started_at(&env, "2026-02-16T17:30:03", "First");
    let second = started_at(&env, "2026-02-16T17:31:03", "Second");
    assert_eq!(env.raw(["current"]).stdout.trim(), second);
    insta::assert_snapshot!(env.run(["current"]), @"
    [exit 0]
    [out] SESSION-#1
    [err] note: more than one session fits; taking the newest, SESSION-#1 (others: SESSION-#2)
    ");
}

#[test]
fn elsewhere_it_is_the_one_started_last_and_that_is_said() {
    let env = env();
    started(&env, "First");
    let elsewhere = env.home();
    insta::assert_snapshot!(env.run(["-C", elsewhere.to_str().unwrap(), "current"]), @"
    [exit 0]
    [out] SESSION-#1
    [err] note: SESSION-#1 was started in /project
    ");
}

#[test]
fn why_tells_where_it_looked() {
    let mut env = env();
    insta::assert_snapshot!(env.run(["current", "--why"]), @r#"
    [exit 1]
    [out] this worktree: nothing
    [out] last started: nothing
    [out] So: none
    [err] error: no current session
    [err] hint: run `rutter start -d "what you are about to do"`
    "#);
    let first = started(&env, "First");
    env.set("RUTTER_SESSION", "99");
    insta::assert_snapshot!(env.run(["current", "--why"]), @"
    [exit 0]
    [out] RUTTER_SESSION: `99`, which is no session here
    [out] this worktree: SESSION-#1
    [out] So: SESSION-#1
    [err] note: RUTTER_SESSION names `99`, which is no session here; passed over
    ");
    let why = object(&env, ["current", "--why", "--quiet"]);
    assert_eq!((&why["id"], why["steps"].as_array().unwrap().len()), (&first.into(), 2));
}
