//! Conversations of one project: those that were recorded in it, and those that nobody recorded and that worked there.

use std::fs;

use serde_json::Value;
use testkit::TestEnv;

use crate::vault::{conversation, projects, told, write};
use crate::{env, objects, prompted};

fn ids(views: &[Value]) -> Vec<&str> {
    let mut ids: Vec<_> = views.iter().map(|view| view["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

/// Writes a rollout of an agent that worked in a directory.
fn rollout(env: &TestEnv, id: &str, cwd: &str) {
    let head = format!(
        "{{\"timestamp\":\"2026-01-02T09:41:54.000Z\",\"type\":\"session_meta\",\"payload\":{{\"id\":\"{id}\",\"cwd\":\"{cwd}\",\"source\":\"cli\"}}}}\n"
    );
    write(&env.path(&format!(".codex/sessions/2026/01/02/rollout-2026-01-02T09-41-54-{id}.jsonl")), head, 1_767_400_000);
}

const HERE: &str = "01a1f855-7d9a-7770-bcea-000000000001";
const BELOW: &str = "01a1f855-7d9a-7770-bcea-000000000002";
const OTHER: &str = "01a1f855-7d9a-7770-bcea-000000000003";
const NOWHERE: &str = "01a1f855-7d9a-7770-bcea-000000000004";

/// Returns a home in which agents have worked in two projects that are recorded, `p0` and `p1`, and elsewhere.
fn with_two_projects() -> TestEnv {
    let env = env();
    for name in ["p0", "p1"] {
        let directory = env.path(name);
        fs::create_dir_all(directory.join("deep")).unwrap();
        env.answer(["-C", directory.to_str().unwrap(), "start", "--quiet", "-d", name]);
    }
    let at = |path: &str| env.path(path).display().to_string();
    rollout(&env, HERE, &at("p0"));
    rollout(&env, BELOW, &at("p0/deep"));
    rollout(&env, OTHER, &at("p1"));
    rollout(&env, NOWHERE, "/nowhere/at-all");
    write(&env.path(".claude/projects/user_12/history.json"), r#"{"turns": []}"#, 1_767_400_000);
    env
}

#[test]
fn what_is_listed_or_cleaned_up_of_a_project_is_its_own() {
    let env = with_two_projects();
    assert_eq!(objects(&env, ["agents", "list"]).len(), 5);
    assert_eq!(ids(&objects(&env, ["agents", "list", "--project", "p0"])), [HERE, BELOW]);
    assert_eq!(ids(&objects(&env, ["agents", "list", "--project", "p1"])), [OTHER]);
    assert_eq!(ids(&objects(&env, ["agents", "list", "--project", env.path("p1").to_str().unwrap()])), [OTHER]);
    let clean = |more: &[&str]| objects(&env, [&["agents", "clean", "--older-than", "30d", "--project", "p0"], more].concat());
    assert_eq!(ids(&clean(&["--dry-run"])), [HERE, BELOW]);
    assert_eq!(ids(&clean(&[])), [HERE, BELOW]);
    assert_eq!(ids(&objects(&env, ["agents", "list"])), [OTHER, NOWHERE, "user_12"]);
    assert!(clean(&[]).is_empty());
}

#[test]
fn where_it_was_recorded_says_more_than_where_it_worked() {
    let env = with_two_projects();
    // Recorded in the project here, and its transcript says that it worked in another directory.
    prompted(&env, &env.project(), "c", "startup", "Mend");
    env.answer(["current"]);
    conversation(&env, "c");
    let path = projects(&env)
        .join(fs::read_dir(projects(&env)).unwrap().map(|entry| entry.unwrap().file_name()).find(|name| name != "user_12").unwrap());
    let (transcript, here) = (path.join("c.jsonl"), env.project().display().to_string());
    let text = fs::read_to_string(&transcript).unwrap().replace(&here, &env.path("p0").display().to_string());
    fs::write(&transcript, text).unwrap();
    assert_eq!(ids(&objects(&env, ["agents", "list", "--project", &here])), ["c"]);
    assert_eq!(ids(&objects(&env, ["agents", "list", "--project", "p0"])), [HERE, BELOW]);
}

#[test]
fn a_project_that_nobody_knows_has_nothing_to_clean_up() {
    let env = with_two_projects();
    insta::assert_snapshot!(told(&env, &["agents", "clean", "--older-than", "30d", "--project", "nope"]), @"
    [exit 1]
    [err] error: no project `nope`
    [err] hint: run `rutter list --all-projects --json` to see the projects' names
    ");
    for project in ["nope", "./nope", "/"] {
        assert_eq!(env.raw(["agents", "list", "--project", project]).code, 1, "{project}");
        assert_eq!(env.raw(["agents", "clean", "--older-than", "30d", "--project", project]).code, 1, "{project}");
    }
    assert_eq!(objects(&env, ["agents", "list"]).len(), 5);
}

#[test]
fn a_project_is_refused_where_it_would_change_nothing() {
    let env = with_two_projects();
    insta::assert_snapshot!(told(&env, &["agents", "delete", HERE, "--project", "p1"]), @"
    [exit 2]
    [err] error: `--project` names a project, and this is not about one
    [err] hint: leave it away: it would change nothing
    ");
    let all: [&[&str]; 9] = [
        &["agents", "info", HERE],
        &["agents", "restore", HERE],
        &["agents", "trash"],
        &["agents", "trash", "--empty"],
        &["vault"],
        &["vault", "copy"],
        &["vault", "verify"],
        &["vault", "on"],
        &["index"],
    ];
    for words in all {
        assert_eq!(env.raw([words, &["--project", "p1"]].concat()).code, 2, "{words:?}");
    }
    assert_eq!(objects(&env, ["agents", "list"]).len(), 5);
}
