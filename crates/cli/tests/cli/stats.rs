use serde_json::json;

use crate::{env, object, started, started_at};

#[test]
fn the_numbers_of_a_session_are_laid_out_as_ever() {
    let env = env();
    let id = started(&env, "Feature implementation");
    let works: Vec<_> = (0..3).map(|number| env.answer(["work", "add", "IMPL", &format!("Part {number}")])).collect();
    env.answer(["work", "done", &works[0]]);
    env.answer(["end", "--at", "2026-02-16T18:55:36"]);
    insta::assert_snapshot!(env.run(["stats", &id]), @"
    [exit 0]
    [out] Session Statistics: SESSION-#1
    [out]
    [out] Duration: 1:25:33
    [out] Total Work Items: 3
    [out] Completed: 1
    [out] In Progress: 2
    [out] Status: COMPLETED
    ");
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
    insta::assert_snapshot!(env().run(["stats"]), @r#"
    [exit 1]
    [err] error: no current session
    [err] hint: run `rutter start -d "what you are about to do"`
    "#);
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
    insta::assert_snapshot!(env.run(["stats", "--all-projects"]), @"
    [exit 0]
    [out] Session Statistics
    [out]
    [out] Sessions: 3
    [out] Average Duration: 0:45:00
    [out] Completion Rate: 50%
    [out] Work Items: 2 (0 completed)
    [out]
    [out] By type
    [out]            sessions  average  rate
    [out]   SESSION         2  0:45:00   50%
    [out]   TASK            1        -     -
    [out]
    [out] By project
    [out]            sessions  average  rate
    [out]   project         2  0:45:00   50%
    [out]   other           1        -     -
    [out]
    [out] By day
    [out]               sessions  average  rate
    [out]   2026-02-16         2  0:45:00   50%
    [out]   2026-02-17         1        -     -
    ");
    let overview = object(&env, ["stats", "--since", "2026-02-01"]);
    assert_eq!((&overview["sessions"], &overview["completion_rate"]), (&json!(2), &json!(0.5)));
    insta::assert_snapshot!(env.run(["stats", "1", "--all-projects"]), @"
    [exit 2]
    [err] error: the argument '[SESSION]' cannot be used with '--all-projects'
    [err]
    [err] Usage: rutter stats <SESSION>
    [err]
    [err] For more information, try '--help'.
    ");
}

#[test]
fn a_filter_alone_counts_those_that_fit_here() {
    let env = env();
    started(&env, "Feature implementation");
    env.answer(["start", "--quiet", "--type", "TASK"]);
    assert_eq!(object(&env, ["stats", "--type", "TASK"])["sessions"], 1);
    assert_eq!(object(&env, ["stats", "--status", "FAILED"])["sessions"], 0);
}

#[test]
fn nothing_counted_is_no_division_by_zero() {
    insta::assert_snapshot!(env().run(["stats", "--all-projects"]), @"
    [exit 0]
    [out] Session Statistics
    [out]
    [out] Sessions: 0
    [out] Average Duration: -
    [out] Completion Rate: -
    [out] Work Items: 0 (0 completed)
    [out]
    [out] By type
    [out]     sessions  average  rate
    [out]
    [out] By project
    [out]     sessions  average  rate
    [out]
    [out] By day
    [out]     sessions  average  rate
    ");
}
