use crate::{env, objects, started, started_at};

fn ids<'a>(env: &testkit::TestEnv, arguments: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    objects(env, arguments).iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_empty_store_says_so_on_stderr() {
    insta::assert_snapshot!(env().run(["list"]), @"
    [exit 0]
    [err] No sessions here yet; `--all-projects` looks everywhere.
    ");
    insta::assert_snapshot!(env().run(["list", "--all-projects", "--json"]), @"
    [exit 0]
    [err] No sessions yet.
    ");
    assert!(!env().path(".local").exists(), "reading makes nothing");
}

#[test]
fn sessions_are_listed_newest_first() {
    let env = env();
    started_at(&env, "2026-02-16T17:30:03", "Feature implementation");
    env.answer(["end", "--at", "2026-02-16T18:55:36"]);
    // Recorded later, begun earlier: the time counts.
    started_at(&env, "2026-02-16T14:55:20", "Bug investigation");
    insta::assert_snapshot!(env.run(["list"]), @"
    [exit 0]
    [out] Recent Sessions (last 10):
    [out]
    [out] [x] SESSION-#1
    [out]    Started: <time>
    [out]    Status: COMPLETED
    [out]    Description: Feature implementation
    [out]
    [out] [~] SESSION-#2
    [out]    Started: <time>
    [out]    Status: ACTIVE
    [out]    Description: Bug investigation
    ");
}

#[test]
fn every_status_has_a_mark_of_its_own() {
    let env = env();
    for (minute, status) in [(0, "COMPLETED"), (1, "FAILED"), (2, "ABANDONED")] {
        started_at(&env, &format!("2026-02-16T17:0{minute}:00"), status);
        env.answer(["end", "--status", status]);
    }
    let listed = env.answer(["list"]);
    let marks: Vec<_> = listed.lines().filter(|line| line.starts_with('[')).map(|line| &line[..3]).collect();
    assert_eq!(marks, ["[-]", "[!]", "[x]"]);
}

#[test]
fn a_limit_keeps_the_newest() {
    let env = env();
    let ids_started: Vec<_> = (0..12).map(|minute| started_at(&env, &format!("2026-02-16T17:{minute:02}:00"), "one of many")).collect();
    let newest_first: Vec<_> = ids_started.iter().rev().cloned().collect();
    assert_eq!(ids(&env, ["list"]), newest_first[..10]);
    assert_eq!(ids(&env, ["list", "--limit", "3"]), newest_first[..3]);
    assert_eq!(ids(&env, ["list", "--limit", "99"]), newest_first);
    assert!(env.answer(["list", "--limit", "3"]).starts_with("Recent Sessions (last 3):\n"));
}

#[test]
fn filters_narrow_the_list() {
    let mut env = env();
    let old = started_at(&env, "2026-01-10T09:00:00", "Old");
    env.answer(["end", "--status", "failed"]);
    let task = env.answer(["start", "--quiet", "--type", "TASK", "--tag", "a", "--tag", "b", "--at", "2026-02-16T10:00:00"]);
    env.set("RUTTER_OWNER", "bob");
    let bobs = env.answer(["start", "--quiet", "--tag", "a", "--at", "2026-02-16T11:00:00"]);
    let check = |arguments: &[&str], expected: &[&String]| {
        let listed = ids(&env, ["list"].iter().chain(arguments).copied());
        assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{arguments:?}");
    };
    check(&["--status", "FAILED"], &[&old]);
    check(&["--status", "failed", "--status", "active"], &[&bobs, &task, &old]);
    check(&["--type", "task"], &[&task]);
    check(&["--tag", "a"], &[&bobs, &task]);
    check(&["--tag", "a", "--tag", "b"], &[&task]);
    check(&["--since", "2026-02-01"], &[&bobs, &task]);
    check(&["--owner", "bob"], &[&bobs]);
    check(&["--owner", "bo"], &[]);
    check(&["--agent", "claude-code"], &[]);
}

#[test]
fn a_filter_that_nothing_fits_and_one_that_is_none_say_so() {
    let env = env();
    started(&env, "Fix the login");
    insta::assert_snapshot!(env.run(["list", "--status", "FAILED"]), @"
    [exit 0]
    [err] No session here fits; `--all-projects` looks everywhere.
    ");
    insta::assert_snapshot!(env.run(["list", "--status", "DONE"]), @"
    [exit 2]
    [err] error: invalid value 'DONE' for '--status <STATUS>': it is one of ACTIVE, COMPLETED, FAILED, ABANDONED
    [err]
    [err] For more information, try '--help'.
    ");
    insta::assert_snapshot!(env.run(["list", "--since", "soon"]), @"
    [exit 2]
    [err] error: `soon` is not a time; try `13:45`, `2026-02-16`, `2026-02-16T13:45` or `10 minutes ago`
    ");
    insta::assert_snapshot!(env.run(["list", "--tag", "two words"]), @"
    [exit 2]
    [err] error: `two words` is not a tag: a tag is 1 to 64 characters without spaces and does not start with `+` or `-`
    ");
}

#[test]
fn other_projects_are_listed_when_asked_for() {
    let env = env();
    let here = started_at(&env, "2026-02-16T17:30:03", "Here");
    let there = env.answer(["start", "--quiet", "--project", "other", "--at", "2026-02-16T17:31:03"]);
    let elsewhere = env.home();
    let elsewhere = elsewhere.to_str().unwrap();
    assert_eq!(ids(&env, ["list"]), [here.as_str()]);
    assert_eq!(ids(&env, ["list", "--project", "other"]), [there.as_str()]);
    assert_eq!(ids(&env, ["-C", elsewhere, "list", "--project", env.project().to_str().unwrap()]), [here.as_str()]);
    assert_eq!(ids(&env, ["-C", elsewhere, "list", "--all-projects"]), [there.as_str(), here.as_str()]);
    insta::assert_snapshot!(env.run(["-C", elsewhere, "list"]), @"
    [exit 0]
    [err] No sessions here yet; `--all-projects` looks everywhere.
    ");
    insta::assert_snapshot!(env.run(["list", "--project", "nowhere"]), @"
    [exit 1]
    [err] error: no project `nowhere`
    [err] hint: run `rutter list --all-projects --json` to see the projects' names
    ");
    insta::assert_snapshot!(env.run(["-C", "/no/such/place", "list"]), @"
    [exit 2]
    [err] error: cannot run in `/no/such/place`
    [err]   cause: No such file or directory (os error 2)
    ");
}
