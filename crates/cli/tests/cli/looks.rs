use testkit::TestEnv;

use crate::{env, started, started_at};

/// Runs the program and replaces the random part of ids: what is left is what people know from the first scripts.
fn shown<const N: usize>(env: &TestEnv, arguments: [&str; N], ids: &[&str]) -> String {
    let answer = env.answer(arguments);
    ids.iter().fold(answer, |text, id| text.replace(id, &format!("{}XXXX", &id[..id.len() - 4])))
}

fn with_emoji() -> TestEnv {
    let mut env = env();
    env.set("RUTTER_ASCII", "0");
    env
}

#[test]
fn the_banner_looks_as_ever() {
    let env = with_emoji();
    let id = started(&env, "Session started at 2026-02-16 17:30:03");
    (0..5).for_each(|number| drop(env.answer(["work", "add", "IMPL", &number.to_string()])));
    insta::assert_snapshot!(shown(&env, ["banner"], &[&id]), @"
    ================================================================================
    📋 SESSION ID FOR TRACKING
    ================================================================================

    🆔 Session ID: SESSION-20260216-173003-XXXX
    📅 Started: 2026-02-16T17:30:03
    📊 Status: ACTIVE
    📝 Description: Session started at 2026-02-16 17:30:03
    🔧 Work Items: 5

    💡 Use this ID to track this session in logs and reports
    ================================================================================
    ");
    insta::assert_snapshot!(shown(&env, ["banner", "--short"], &[&id]), @"
    ================================================================================
    📋 SESSION ID FOR TRACKING
    ================================================================================

    🆔 Session ID: SESSION-20260216-173003-XXXX
    📅 Started: 2026-02-16T17:30:03
    📊 Status: ACTIVE

    💡 Use this ID to track this session in logs and reports
    ================================================================================
    ");
}

#[test]
fn the_list_looks_as_ever() {
    let env = with_emoji();
    let older = started_at(&env, "2026-02-16T14:55:20", "Bug investigation");
    let newer = started(&env, "Feature implementation");
    env.answer(["end", &newer]);
    insta::assert_snapshot!(shown(&env, ["list"], &[&older, &newer]), @"
    📋 Recent Sessions (last 10):

    ✅ SESSION-20260216-173003-XXXX
       Started: 2026-02-16T17:30:03
       Status: COMPLETED
       Description: Feature implementation

    🔄 SESSION-20260216-145520-XXXX
       Started: 2026-02-16T14:55:20
       Status: ACTIVE
       Description: Bug investigation
    ");
}

#[test]
fn the_numbers_look_as_ever() {
    let env = with_emoji();
    let id = started(&env, "Feature implementation");
    let works: Vec<_> = (0..8).map(|number| env.answer(["work", "add", "IMPL", &number.to_string()])).collect();
    works[..6].iter().for_each(|work| drop(env.answer(["work", "done", work])));
    env.answer(["end", "--at", "2026-02-16T18:55:36"]);
    insta::assert_snapshot!(shown(&env, ["stats", &id], &[&id]), @"
    📊 Session Statistics: SESSION-20260216-173003-XXXX

    Duration: 1:25:33
    Total Work Items: 8
    Completed: 6
    In Progress: 2
    Status: COMPLETED
    ");
}

#[test]
fn captured_there_are_neither_emoji_nor_colours() {
    let mut env = env();
    env.set("LANG", "C.UTF-8");
    started(&env, "Fix the login");
    for command in ["banner", "list", "stats", "show"] {
        let outcome = env.raw([command]);
        assert!(outcome.stdout.is_ascii() && !outcome.stdout.contains('\u{1b}'), "{command}: {}", outcome.stdout);
    }
}

#[test]
fn colours_are_there_when_asked_for_and_mean_nothing_alone() {
    let mut env = env();
    started(&env, "Fix the login");
    let coloured = env.answer(["list", "--color", "always"]);
    assert!(coloured.contains("\u{1b}[36mACTIVE\u{1b}[0m"), "{coloured}");
    let mut bare = coloured.clone();
    while let Some(at) = bare.find('\u{1b}') {
        let end = at + bare[at..].find('m').unwrap();
        bare.replace_range(at..=end, "");
    }
    assert_eq!(bare, env.answer(["list"]));
    env.set("NO_COLOR", "1");
    assert_eq!(env.answer(["list"]), bare);
    assert_eq!(env.answer(["list", "--color", "always"]), coloured, "what is typed wins");
    assert_eq!(env.answer(["list", "--color", "never"]), bare);
}

#[test]
fn json_has_neither_colours_nor_emoji() {
    let env = with_emoji();
    started(&env, "Fix the login");
    let answer = env.answer(["list", "--json", "--color", "always"]);
    assert!(answer.is_ascii() && !answer.contains('\u{1b}'), "{answer}");
}
