use serde_json::Value;

use crate::{env, object, started};

const SESSION: [&str; 26] = [
    "id",
    "number",
    "project",
    "type",
    "description",
    "status",
    "owner",
    "agent",
    "started_at",
    "ended_at",
    "end_reason",
    "end_evidence",
    "duration_seconds",
    "parent",
    "tags",
    "metadata",
    "work_items",
    "entries",
    "agent_sessions",
    "head",
    "turns",
    "tool_calls",
    "files",
    "usage",
    "key",
    "worktree",
];
const NUMBERS: [&str; 4] = ["total_work_items", "completed_work_items", "in_progress_work_items", "duration_formatted"];

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_session_has_every_key_and_what_is_absent_is_null() {
    let env = env();
    let id = started(&env, "Fix the login");
    let shown = object(&env, ["show"]);
    assert_eq!(keys(&shown), SESSION.into_iter().chain(["timeline"]).collect::<Vec<_>>());
    for arguments in [&["banner"][..], &["current"], &["list"], &["reopen", &id], &["tag", "+a"]] {
        let session = object(&env, arguments.iter().copied());
        assert_eq!(keys(&session), SESSION, "{arguments:?}");
        assert_eq!(keys(&session["work_items"]), ["total", "completed", "in_progress"]);
        assert_eq!(keys(&session["entries"]), ["log", "decision", "test", "blocker", "todo"]);
        let absent: Vec<_> = SESSION.into_iter().filter(|key| session[*key].is_null()).collect();
        assert_eq!(absent, ["agent", "ended_at", "end_reason", "end_evidence", "parent", "head", "files", "usage"], "{arguments:?}");
    }
    let fresh = object(&env, ["start", "--quiet"]);
    assert_eq!(keys(&fresh), SESSION);
}

#[test]
fn the_numbers_of_a_session_are_its_shape_and_four_more() {
    let env = env();
    let id = started(&env, "Fix the login");
    let expected: Vec<_> = SESSION.into_iter().chain(NUMBERS).collect();
    assert_eq!(keys(&object(&env, ["stats"])), expected);
    assert_eq!(keys(&object(&env, ["end", &id])), expected);
}

#[test]
fn the_numbers_of_many_are_totals_and_groups() {
    let env = env();
    started(&env, "Fix the login");
    let overview = object(&env, ["stats", "--all-projects"]);
    assert_eq!(
        keys(&overview),
        [
            "sessions",
            "average_duration_seconds",
            "completion_rate",
            "total_work_items",
            "completed_work_items",
            "by_type",
            "by_project",
            "by_day"
        ]
    );
    for group in ["by_type", "by_project", "by_day"] {
        assert_eq!(keys(&overview[group][0]), ["key", "sessions", "average_duration_seconds", "completion_rate"]);
    }
}

#[test]
fn a_work_item_has_every_key() {
    let env = env();
    started(&env, "Fix the login");
    let added = object(&env, ["work", "add", "IMPL", "Check the token"]);
    let expected = ["id", "session", "type", "description", "status", "started_at", "completed_at", "duration_seconds", "metadata"];
    assert_eq!(keys(&added), expected);
    assert_eq!(keys(&object(&env, ["work", "list"])), expected);
    let done = object(&env, ["work", "done", added["id"].as_str().unwrap()]);
    assert_eq!(keys(&done), expected);
    assert!(done["completed_at"].is_string() && done["duration_seconds"].is_number());
}

#[test]
fn everything_else_has_keys_to_rely_on_too() {
    let env = env();
    started(&env, "Fix the login");
    assert_eq!(keys(&object(&env, ["init"])), ["store", "mirror", "config", "hooks", "git", "transcripts", "vault"]);
    assert_eq!(keys(&object(&env, ["current", "--why"])), ["id", "steps"]);
    assert_eq!(keys(&object(&env, ["rebuild"])), ["events", "sessions", "work_items", "unreadable_events", "identical", "mirror"]);
    assert_eq!(keys(&object(&env, ["config", "ui.ascii"])), ["key", "value", "origin", "variable", "about"]);
    for finding in crate::objects(&env, ["doctor"]) {
        assert_eq!(keys(&finding), ["check", "severity", "found", "hint"]);
    }
}

#[test]
fn an_answer_of_no_is_no_json_but_an_exit_code() {
    let outcome = env().raw(["--json", "show"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""));
}
