use crate::{env, object, objects};

#[test]
fn every_setting_says_where_it_comes_from() {
    let mut env = env();
    env.set("RUTTER_STORE_WAIT_SECONDS", "3");
    insta::assert_snapshot!(env.run(["config"]), @"");
    let keys: Vec<_> = objects(&env, ["config"]).iter().map(|setting| setting["key"].as_str().unwrap().to_owned()).collect();
    assert_eq!(keys, ["store.home", "store.wait_seconds", "session.owner", "session.project", "mirror.root", "ui.ascii"]);
}

#[test]
fn a_setting_is_read_and_set() {
    let env = env();
    insta::assert_snapshot!(env.run(["config", "mirror.root"]), @"");
    insta::assert_snapshot!(env.run(["config", "mirror.root", "off"]), @"");
    insta::assert_snapshot!(env.run(["config", "mirror.root"]), @"");
    assert_eq!(object(&env, ["config", "mirror.root"])["origin"], "file");
}

#[test]
fn setting_keeps_what_else_is_in_the_file() {
    let env = env();
    std::fs::create_dir_all(env.path(".config/rutter")).unwrap();
    let file = env.path(".config/rutter/config.toml");
    std::fs::write(&file, "# mine\n[session]\nowner = \"eve\" # for now\n").unwrap();
    env.answer(["config", "ui.ascii", "1"]);
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text, "# mine\n[session]\nowner = \"eve\" # for now\n\n[ui]\nascii = \"1\"\n");
    assert_eq!(env.answer(["config", "session.owner"]), "eve");
}

#[test]
fn a_key_or_value_that_is_none_is_refused() {
    let env = env();
    insta::assert_snapshot!(env.run(["config", "colour"]), @"");
    insta::assert_snapshot!(env.run(["config", "colour", "blue"]), @"");
    insta::assert_snapshot!(env.run(["config", "store.wait_seconds", "long"]), @"");
    insta::assert_snapshot!(env.run(["config", "mirror.root", "here"]), @"");
    assert!(!env.path(".config").exists(), "nothing was written");
}
