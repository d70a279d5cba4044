use crate::{env, object, started};

#[test]
fn everything_is_derived_again_as_it_was() {
    let env = env();
    let id = started(&env, "Fix the login");
    env.answer(["work", "add", "IMPL", "Check the token"]);
    let shown = env.answer(["show", &id, "--json", "--quiet"]);
    std::fs::remove_dir_all(env.path(".claude")).unwrap();
    insta::assert_snapshot!(env.run(["rebuild"]), @"
    [exit 0]
    [out] 3 events: 1 session and 1 work item, as they were
    [out] The files are written again
    ");
    assert!(env.path(&format!(".claude/memory/sessions/{id}.json")).exists());
    let without_duration = |text: &str| {
        let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
        value["duration_seconds"].take();
        value
    };
    assert_eq!(without_duration(&env.answer(["show", &id, "--json"])), without_duration(&shown));
    assert_eq!(object(&env, ["rebuild"])["identical"], true);
}

#[test]
fn rebuilding_nothing_is_fine() {
    insta::assert_snapshot!(env().run(["rebuild"]), @"
    [exit 0]
    [out] 0 events: 0 sessions and 0 work items, as they were
    [out] The files are written again
    ");
}
