use std::os::unix::fs::PermissionsExt;

use crate::{env, objects, started};

fn severities(env: &testkit::TestEnv) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    objects(env, ["doctor"]).iter().map(|finding| (text(&finding["check"]), text(&finding["severity"]))).collect()
}

#[test]
fn before_the_first_session_it_says_what_to_type() {
    let said = env().run(["doctor"]);
    assert!(said.starts_with("[exit 0]\n[out] warning store: there is none yet at /home/.local/share/rutter/rutter.db"), "{said}");
    assert!(said.contains("[out]          hint: rutter init\n"), "{said}");
}

#[test]
fn a_healthy_store_has_nothing_to_complain_about() {
    let env = env();
    started(&env, "Fix the login");
    let said = severities(&env);
    assert!(said.len() >= 7 && said.iter().all(|(_, severity)| severity == "ok"), "{said:?}");
}

#[test]
fn what_others_can_read_is_a_problem_and_exits_1() {
    let env = env();
    started(&env, "Fix the login");
    let database = env.path(".local/share/rutter/rutter.db");
    std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = env.run(["doctor"]);
    assert!(said.starts_with("[exit 1]\n"), "{said}");
    assert!(said.contains("[out] problem privacy: others can read /home/.local/share/rutter/rutter.db\n"), "{said}");
    assert!(said.contains("[err] error: 1 of ") && said.ends_with(" checks found a problem\n"), "{said}");
}

#[test]
fn files_that_do_not_read_and_stores_set_aside_are_named() {
    let env = env();
    let id = started(&env, "Fix the login");
    std::fs::write(env.path(&format!(".claude/memory/sessions/{id}.json")), "{").unwrap();
    let aside = env.path(".local/share/rutter/rutter.db.broken-1");
    std::fs::write(&aside, "").unwrap();
    std::fs::set_permissions(&aside, std::fs::Permissions::from_mode(0o600)).unwrap();
    let warned: Vec<_> = severities(&env).into_iter().filter(|(_, severity)| severity == "warning").map(|(check, _)| check).collect();
    assert_eq!(warned, ["damage", "mirror files"]);
}
