use serde_json::Value;
use testkit::{Outcome, TestEnv};

use crate::{env, object, started, started_at};

fn import(env: &TestEnv, text: &str) -> Outcome {
    env.raw_with(&env.project(), ["import", "-"], text.as_bytes())
}

fn without_what_is_local(mut session: Value) -> Value {
    ["project", "number", "worktree", "end_evidence"].iter().for_each(|key| drop(session[*key].take()));
    session
}

#[test]
fn another_store_takes_everything_in_once() {
    let (mut here, mut there) = (env(), env());
    here.set("RUTTER_OWNER", "eve");
    let id = started(&here, "Fix the login\n\u{1b}[31m\"quoted\" é");
    here.answer(["tag", "+a"]);
    here.answer(["work", "add", "IMPL", "Check the token", "--meta", "file=auth.rs", "--at", "2026-02-16T17:31:05"]);
    here.answer(["end", "--at", "2026-02-16T18:55:36"]);
    there.set("TZ", "Asia/Tokyo");
    let text = here.answer(["export"]);
    let first = import(&there, &text);
    insta::assert_snapshot!(there.comparable(&format!("{}{}", first.stdout, first.stderr)), @"1 new session, 0 known, 5 new events");
    let again = import(&there, &text);
    insta::assert_snapshot!(there.comparable(&format!("{}{}", again.stdout, again.stderr)), @"0 new sessions, 1 known, 0 new events");
    assert_eq!(without_what_is_local(object(&there, ["show", &id])), without_what_is_local(object(&here, ["show", &id])));
    assert_eq!(object(&there, ["show", &id])["end_evidence"], "import");
    assert_eq!(object(&there, ["work", "list", &id]), object(&here, ["work", "list", &id]));
    assert_eq!((first.code, again.code), (0, 0));
}

#[test]
fn a_number_that_is_taken_is_given_anew() {
    let (here, there) = (env(), env());
    let theirs = here.answer(["start", "--quiet", "--project", "shared", "-d", "Theirs"]);
    let ours = there.answer(["start", "--quiet", "--project", "shared", "-d", "Ours"]);
    let outcome = import(&there, &here.answer(["export", &theirs]));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(object(&there, ["show", &ours])["number"], 1);
    assert_eq!(object(&there, ["show", &theirs])["number"], 2);
}

#[test]
fn work_done_since_the_last_import_is_added() {
    let (here, there) = (env(), env());
    let id = started(&here, "Fix the login");
    assert_eq!(import(&there, &here.answer(["export"])).code, 0);
    here.answer(["work", "add", "IMPL", "Check the token"]);
    let outcome = import(&there, &here.answer(["export"]));
    insta::assert_snapshot!(outcome.stdout, @"0 new sessions, 1 known, 1 new event");
    assert_eq!(object(&there, ["work", "list", &id])["description"], "Check the token");
}

#[test]
fn a_file_is_read_and_what_is_no_export_is_refused() {
    let env = env();
    let file = env.path("x.json");
    let path = file.to_str().unwrap();
    insta::assert_snapshot!(env.run(["import", path]), @"
    [exit 3]
    [err] error: cannot read `/home/x.json`
    [err]   cause: No such file or directory (os error 2)
    ");
    std::fs::write(&file, "{}").unwrap();
    insta::assert_snapshot!(env.run(["import", path]), @r#"
    [exit 1]
    [err] error: this is not an export of rutter: it has no `"format": "rutter-export"`
    [err] hint: make one with `rutter export --format json -o FILE`
    "#);
    std::fs::write(&file, "not even JSON").unwrap();
    insta::assert_snapshot!(env.run(["import", path]), @"
    [exit 1]
    [err] error: this is not an export of rutter: expected ident at line 1 column 2
    [err] hint: make one with `rutter export --format json -o FILE`
    ");
    std::fs::write(&file, r#"{"format": "rutter-export", "version": 99}"#).unwrap();
    insta::assert_snapshot!(env.run(["import", path]), @"
    [exit 3]
    [err] error: the export has version 99; this build reads up to 1
    [err] hint: upgrade rutter on this machine
    ");
    std::fs::write(&file, b"\xff\xfe").unwrap();
    insta::assert_snapshot!(env.run(["import", path]), @"
    [exit 3]
    [err] error: cannot read `/home/x.json`
    [err]   cause: stream did not contain valid UTF-8
    ");
    insta::assert_snapshot!(env.run(["list", "--all-projects"]), @"
    [exit 0]
    [err] No sessions yet.
    ");
}

#[test]
fn several_sessions_come_in_together_and_all_are_listed() {
    let (here, there) = (env(), env());
    let ids: Vec<_> = (0..3).map(|minute| started_at(&here, &format!("2026-02-16T17:3{minute}:03"), "One of three")).collect();
    let file = here.path("all.json");
    here.answer(["export", "-o", file.to_str().unwrap()]);
    let imported = object(&there, ["import", file.to_str().unwrap()]);
    assert_eq!(imported["new"].as_array().unwrap().len(), 3);
    assert_eq!(imported["refused"], serde_json::json!([]));
    for id in &ids {
        assert_eq!(there.raw(["show", id]).code, 0);
    }
}
