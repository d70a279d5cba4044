use crate::{env, object, started};

#[test]
fn tags_are_put_on_and_taken_off() {
    let env = env();
    started(&env, "Fix the login");
    insta::assert_snapshot!(env.run(["tag", "1", "+release", "+draft"]), @"
    [exit 0]
    [out] draft release
    ");
    insta::assert_snapshot!(env.run(["tag", "1", "-draft", "+login"]), @"
    [exit 0]
    [out] login release
    ");
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
    insta::assert_snapshot!(env.run(["tag", "+a", "-b"]), @"
    [exit 0]
    [out] a
    ");
}

#[test]
fn what_is_no_tag_is_refused_and_nothing_is_changed() {
    let env = env();
    started(&env, "Fix the login");
    insta::assert_snapshot!(env.run(["tag", "1", "+good", "+two words"]), @"
    [exit 2]
    [err] error: `two words` is not a tag: a tag is 1 to 64 characters without spaces and does not start with `+` or `-`
    ");
    insta::assert_snapshot!(env.run(["tag", "1", "+"]), @"
    [exit 2]
    [err] error: `` is not a tag: a tag is 1 to 64 characters without spaces and does not start with `+` or `-`
    ");
    insta::assert_snapshot!(env.run(["tag", "1"]), @"
    [exit 2]
    [err] error: no tag was named
    [err] hint: name some, as in `rutter tag +release -draft`
    ");
    insta::assert_snapshot!(env.run(["tag", "1", "release"]), @"
    [exit 2]
    [err] error: `release` is neither `+TAG` nor `-TAG`
    ");
    insta::assert_snapshot!(env.run(["tag", "1", "+release", "--color"]), @"
    [exit 2]
    [err] error: `--color` stands behind `tag`
    [err] hint: put flags in front of it, as in `rutter --json tag 3 +release`
    ");
    assert_eq!(object(&env, ["show"])["tags"], serde_json::json!([]));
}

#[test]
fn json_may_stand_behind_the_tags() {
    let env = env();
    started(&env, "Fix the login");
    let view: serde_json::Value = serde_json::from_str(&env.answer(["tag", "1", "+release", "--json"])).unwrap();
    assert_eq!(view["tags"], serde_json::json!(["release"]));
}
