use serde_json::json;

use crate::{env, object};

#[test]
fn where_nothing_was_used_the_total_is_nothing() {
    let env = env();
    insta::assert_snapshot!(env.run(["usage"]), @"
    [exit 0]
    [err] Nothing was used here that fits; `--all-projects` looks everywhere.
    ");
    let total = object(&env, ["usage", "session", "--all-projects", "--quiet"]);
    let told = ["key", "responses", "output", "cost_usd", "at_least", "agent", "block", "own_cost_usd"].map(|key| total[key].clone());
    assert_eq!(told, [json!("total"), json!(0), json!(0), json!(0.0), json!(false), json!(null), json!(null), json!(null)]);
    assert_eq!(total.as_object().unwrap().len(), 27);
}

#[test]
fn what_cannot_be_meant_is_refused_with_what_to_type() {
    let env = env();
    insta::assert_snapshot!(env.run(["usage", "--timezone", "Middle/Earth"]), @"
    [exit 2]
    [err] error: `Middle/Earth` is no time zone; try `Europe/Berlin`, `UTC` or `+02:00`
    ");
    insta::assert_snapshot!(env.run(["usage", "--since", "soon"]), @"
    [exit 2]
    [err] error: `soon` is not a time; try `13:45`, `2026-02-16`, `2026-02-16T13:45` or `10 minutes ago`
    ");
    insta::assert_snapshot!(env.run(["usage", "-s", "1"]), @"
    [exit 1]
    [err] error: no session matches `1`
    [err] hint: run `rutter list --all-projects` to see the ids
    ");
    insta::assert_snapshot!(env.run(["usage", "-s", "1", "--all-projects"]), @"
    [exit 2]
    [err] error: `-s` names one session, and `--all-projects` means many
    [err] hint: leave one of them away
    ");
    assert_eq!(env.raw(["usage", "fortnight"]).code, 2);
}

#[test]
fn a_price_that_does_not_read_stops_nothing_but_usage() {
    let env = env();
    let file = env.answer(["config"]).lines().next().unwrap().replace("Configuration file: ", "");
    std::fs::create_dir_all(std::path::Path::new(&file).parent().unwrap()).unwrap();
    std::fs::write(&file, "[[prices]]\nmodel = \"mine\"\ninput = \"much\"\noutput = 1\n").unwrap();
    insta::assert_snapshot!(env.run(["usage"]), @"
    [exit 3]
    [err] error: cannot use the prices in `/home/.config/rutter/config.toml`
    [err]   cause: `input` of price 1 is not a number of dollars, with at most six digits behind the point
    [err] hint: correct it there; a price begins with `[[prices]]`, `model`, `input` and `output`
    ");
    assert_eq!(env.raw(["list"]).code, 0);
    env.answer(["config", "gate.mode", "strict"]);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("[[prices]]\nmodel = \"mine\""), "{text}");
    let finding = env.answer(["doctor"]);
    assert!(finding.contains("`input` of price 1 is not a number of dollars"), "{finding}");
}
