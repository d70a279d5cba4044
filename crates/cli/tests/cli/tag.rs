use crate::{env, object, started};

#[test]
fn tags_are_put_on_and_taken_off() {
    let env = env();
    started(&env, "Fix the login");
    insta::assert_snapshot!(env.run(["tag", "1", "+release", "+draft"]), @"");
    insta::assert_snapshot!(env.run(["tag", "1", "-draft", "+login"]), @"");
    assert_eq!(object(&env, ["show"])["tags"], serde_json::json!(["login", "release"]));
}

#[test]
fn a_dash_takes_a_tag_off_also_where_it_looks_like_a_flag() {
    let env = env();
    env.answer(["start", "--quiet", "--tag", "stale", "--tag", "s"]);
    assert_eq!(env.answer(["tag", "-stale"]), "s");
    assert_eq!(env.answer(["tag", "1", "-s"]), "");
}

#[test]
fn a_tag_that_is_there_already_is_no_failure() {
    let env = env();
    env.answer(["start", "--quiet", "--tag", "a"]);
    insta::assert_snapshot!(env.run(["tag", "+a", "-b"]), @"");
}

#[test]
fn what_is_no_tag_is_refused_and_nothing_is_changed() {
    let env = env();
    started(&env, "Fix the login");
    insta::assert_snapshot!(env.run(["tag", "1", "+good", "+two words"]), @"");
    insta::assert_snapshot!(env.run(["tag", "1", "+"]), @"");
    insta::assert_snapshot!(env.run(["tag", "1"]), @"");
    insta::assert_snapshot!(env.run(["tag", "1", "release"]), @"");
    insta::assert_snapshot!(env.run(["tag", "1", "+release", "--json"]), @"");
    assert_eq!(object(&env, ["show"])["tags"], serde_json::json!([]));
}
