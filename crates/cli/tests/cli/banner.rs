use crate::{env, started};

#[test]
fn the_banner_counts_work_items() {
    let env = env();
    started(&env, "Fix the login");
    env.answer(["work", "add", "IMPL", "Check the token"]);
    insta::assert_snapshot!(env.run(["banner"]), @"");
}

#[test]
fn the_short_banner_is_id_start_and_status() {
    let env = env();
    let id = started(&env, "Fix the login");
    insta::assert_snapshot!(env.run(["banner", &id, "--short"]), @"");
}

#[test]
fn there_is_no_banner_without_a_session() {
    insta::assert_snapshot!(env().run(["banner"]), @"");
}
