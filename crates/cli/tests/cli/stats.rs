use serde_json::json;

use crate::{env, object, started, started_at};

#[test]
fn the_numbers_of_a_session_are_laid_out_as_ever() {
    let env = env();
    let id = started(&env, "Feature implementation");
    let works: Vec<_> = (0..3).map(|number| env.answer(["work", "add", "IMPL", &format!("Part {number}")])).collect();
    env.answer(["work", "done", &works[0]]);
    env.answer(["end", "--at", "2026-02-16T18:55:36"]);
    insta::assert_snapshot!(env.run(["stats", &id]), @"");
}

#[test]
fn json_holds_the_session_and_its_numbers() {
    let env = env();
    let id = started(&env, "Feature implementation");
    env.answer(["work", "add", "IMPL", "Part"]);
    env.answer(["end", "--at", "2026-02-16T18:55:36"]);
    let stats = object(&env, ["stats", &id]);
    let numbers = ["duration_seconds", "total_work_items", "completed_work_items", "in_progress_work_items", "duration_formatted"];
    assert_eq!(numbers.map(|name| stats[name].clone()), [json!(5133.0), json!(1), json!(0), json!(1), json!("1:25:33")]);
}

#[test]
fn without_a_session_there_are_no_numbers() {
    insta::assert_snapshot!(env().run(["stats"]), @"");
}

#[test]
fn many_sessions_are_counted_in_groups() {
    let env = env();
    for (at, end, status) in [("09:00", "10:00", "COMPLETED"), ("11:00", "11:30", "FAILED")] {
        started_at(&env, &format!("2026-02-16T{at}"), status);
        env.answer(["work", "add", "IMPL", "Part"]);
        env.answer(["end", "--at", &format!("2026-02-16T{end}"), "--status", status]);
    }
    env.answer(["start", "--type", "TASK", "--project", "other", "--at", "2026-02-17T09:00"]);
    insta::assert_snapshot!(env.run(["stats", "--all-projects"]), @"");
    let overview = object(&env, ["stats", "--since", "2026-02-01"]);
    assert_eq!((&overview["sessions"], &overview["completion_rate"]), (&json!(2), &json!(0.5)));
    insta::assert_snapshot!(env.run(["stats", "1", "--all-projects"]), @"");
}

#[test]
fn nothing_counted_is_no_division_by_zero() {
    insta::assert_snapshot!(env().run(["stats", "--all-projects"]), @"");
}
