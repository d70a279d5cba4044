use serde_json::Value;

use crate::{env, started, started_at};

fn exported(text: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!((&value["format"], &value["version"]), (&"rutter-export".into(), &1.into()));
    value["sessions"].as_array().unwrap().iter().map(|each| each["session"]["description"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_export_is_the_sessions_of_this_project_or_those_that_are_named() {
    let env = env();
    started_at(&env, "2026-02-16T17:30:03", "First");
    let second = started_at(&env, "2026-02-16T17:31:03", "Second");
    env.answer(["start", "--quiet", "--project", "other", "-d", "Other", "--at", "2026-02-16T17:32:03"]);
    assert_eq!(exported(&env.answer(["export"])), ["Second", "First"]);
    assert_eq!(exported(&env.answer(["export", "--all-projects"])), ["Other", "Second", "First"]);
    assert_eq!(exported(&env.answer(["export", &second, "1", "--format", "json"])), ["Second", "First"]);
    assert_eq!(exported(&env.answer(["export", "--status", "FAILED"])), [] as [&str; 0]);
}

#[test]
fn a_file_takes_it_and_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let env = env();
    started(&env, "First");
    let file = env.path("export.json");
    std::fs::write(&file, "what was there before, and longer than nothing").unwrap();
    insta::assert_snapshot!(env.run(["export", "-o", file.to_str().unwrap()]), @"[exit 0]");
    assert_eq!(exported(&std::fs::read_to_string(&file).unwrap()), ["First"]);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn stdout_may_be_named_as_a_file_too() {
    let env = env();
    started(&env, "First");
    assert_eq!(exported(&env.answer(["export", "-o", "-"])), ["First"]);
    assert_eq!(exported(&env.answer(["export", "-o", "/dev/stdout"])), ["First"]);
    assert!(!env.project().join("-").exists());
}

#[test]
fn what_cannot_be_written_or_is_not_there_says_so() {
    let env = env();
    started(&env, "First");
    insta::assert_snapshot!(env.run(["export", "-o", "/no/such/place/x.json"]), @"
    [exit 3]
    [err] error: cannot write `/no/such/place/x.json`
    [err]   cause: No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(env.run(["export", "99"]), @"
    [exit 1]
    [err] error: no session matches `99`
    [err] hint: run `rutter list --all-projects` to see the ids
    ");
    insta::assert_snapshot!(env.run(["export", "1", "--tag", "a"]), @"
    [exit 2]
    [err] error: the argument '[SESSION]...' cannot be used with '--tag <TAG>'
    [err]
    [err] Usage: rutter export <SESSION>...
    [err]
    [err] For more information, try '--help'.
    ");
    insta::assert_snapshot!(env.run(["export", "--format", "docx"]), @"
    [exit 2]
    [err] error: invalid value 'docx' for '--format <FORMAT>'
    [err]   [possible values: json]
    [err]
    [err] For more information, try '--help'.
    ");
}
