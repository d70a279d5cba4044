use crate::{env, object, started};

#[test]
fn a_captured_start_answers_the_bare_id_and_shows_the_banner_beside_it() {
    insta::assert_snapshot!(env().run(["start", "-d", "Fix the login"]), @"
    [exit 0]
    [out] SESSION-#1
    [err] ================================================================================
    [err] SESSION ID FOR TRACKING
    [err] ================================================================================
    [err]
    [err] Session ID: SESSION-#1
    [err] Started: <time>
    [err] Status: ACTIVE
    [err] Description: Fix the login
    [err]
    [err] Use this ID to track this session in logs and reports
    [err] ================================================================================
    ");
}

#[test]
fn a_quiet_start_answers_the_id_alone() {
    insta::assert_snapshot!(env().run(["start", "--quiet"]), @"
    [exit 0]
    [out] SESSION-#1
    ");
}

#[test]
fn a_session_that_nobody_describes_is_described_by_when_it_began() {
    let env = env();
    env.answer(["start", "--at", "2026-02-16T17:30:03"]);
    assert_eq!(object(&env, ["show"])["description"], "Session started at 2026-02-16 17:30:03");
}

#[test]
fn a_type_begins_the_id() {
    insta::assert_snapshot!(env().run(["start", "--type", "task", "-d", "Bug fix"]), @"
    [exit 0]
    [out] TASK-#1
    [err] ================================================================================
    [err] SESSION ID FOR TRACKING
    [err] ================================================================================
    [err]
    [err] Session ID: TASK-#1
    [err] Started: <time>
    [err] Status: ACTIVE
    [err] Description: Bug fix
    [err]
    [err] Use this ID to track this session in logs and reports
    [err] ================================================================================
    ");
    insta::assert_snapshot!(env().run(["start", "--type", "T-1"]), @"
    [exit 2]
    [err] error: invalid value 'T-1' for '--type <TYPE>': a type is 2 to 16 characters of `A-Z0-9` and starts with a letter
    [err]
    [err] For more information, try '--help'.
    ");
}

#[test]
fn tags_and_metadata_are_kept() {
    let env = env();
    env.answer(["start", "--tag", "release", "--tag", "login", "--meta", "ticket=42", "--meta", "note=a=b"]);
    let shown = object(&env, ["show"]);
    assert_eq!(shown["tags"], serde_json::json!(["login", "release"]));
    assert_eq!(shown["metadata"], serde_json::json!({"ticket": "42", "note": "a=b"}));
    insta::assert_snapshot!(env.run(["start", "--tag", "two words"]), @"
    [exit 2]
    [err] error: `two words` is not a tag: a tag is 1 to 64 characters without spaces and does not start with `+` or `-`
    ");
    insta::assert_snapshot!(env.run(["start", "--meta", "ticket"]), @"
    [exit 2]
    [err] error: `ticket` is no `NAME=VALUE`
    ");
    assert_eq!(env.answer(["list", "--json"]).lines().count(), 1, "what was refused was not recorded");
}

#[test]
fn numbers_go_up_from_the_one_that_was_asked_for() {
    let env = env();
    let number = |arguments: &[&str]| object(&env, arguments.iter().copied())["number"].clone();
    assert_eq!(number(&["start"]), 1);
    assert_eq!(number(&["start", "--number", "7"]), 7);
    assert_eq!(number(&["start"]), 8);
}

#[test]
fn a_number_that_is_taken_is_refused_with_a_way_on() {
    let env = env();
    started(&env, "First");
    insta::assert_snapshot!(env.run(["start", "--number", "1"]), @"
    [exit 1]
    [err] error: session 00001 of this project is there already: SESSION-#1, ACTIVE
    [err] hint: to go on with it, name it with `-s 1`; for a new one, leave `--number` away
    ");
    env.answer(["end"]);
    insta::assert_snapshot!(env.run(["start", "--number", "1"]), @"
    [exit 1]
    [err] error: session 00001 of this project is there already: SESSION-#1, COMPLETED
    [err] hint: to go on with it, run `rutter reopen 1`; for a new one, leave `--number` away
    ");
    insta::assert_snapshot!(env.run(["start", "--number", "0"]), @"
    [exit 2]
    [err] error: 0 is not a number of a session: they go from 1 to 999999999
    ");
    insta::assert_snapshot!(env.run(["start", "--number", "-1"]), @"
    [exit 2]
    [err] error: unexpected argument '-1' found
    [err]
    [err] Usage: rutter start [OPTIONS]
    [err]
    [err] For more information, try '--help'.
    ");
}

#[test]
fn a_description_of_a_dash_is_read_from_stdin() {
    let env = env();
    let outcome = env.raw_with(&env.project(), ["start", "-d", "-"], "Über die Brücke\nund weiter\n".as_bytes());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(object(&env, ["show"])["description"], "Über die Brücke\nund weiter");
}

#[test]
fn json_is_the_whole_session_and_the_banner_stays_beside_it() {
    let env = env();
    let outcome = env.raw(["start", "--json", "-d", "Fix the login"]);
    let session: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((outcome.code, &session["description"], &session["status"]), (0, &"Fix the login".into(), &"ACTIVE".into()));
    assert!(outcome.stderr.contains("SESSION ID FOR TRACKING"), "{}", outcome.stderr);
}

#[test]
fn a_session_may_have_begun_earlier() {
    let env = env();
    let id = started(&env, "Before lunch");
    assert!(id.starts_with("SESSION-20260216-173003-"), "{id}");
    assert_eq!(object(&env, ["show"])["started_at"], "2026-02-16T17:30:03.000000+00:00");
    insta::assert_snapshot!(env.run(["start", "--at", "soon"]), @"
    [exit 2]
    [err] error: `soon` is not a time; try `13:45`, `2026-02-16`, `2026-02-16T13:45` or `10 minutes ago`
    ");
}

#[test]
fn metadata_that_only_its_name_says_to_be_a_secret_is_masked() {
    let env = env();
    let session = object(&env, ["start", "--meta", "password=hunter2hunter2", "--meta", "area=login"]);
    assert_eq!(session["metadata"]["area"], "login");
    assert!(!session.to_string().contains("hunter2"), "{session}");
}
