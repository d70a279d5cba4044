//! Sessions in groups, in a repository with branches and commits, and with transcripts.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use testkit::{BEGINNING, TestEnv, Transcript};

use crate::machine::{own_mounts, with_own_mounts};
use crate::{env, objects, started_at};

/// Runs git in the project.
fn git(env: &TestEnv, words: &[&str]) {
    let mut command = env.command_of(Path::new("git"), &env.project());
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_EDITOR", "true");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "ada@example.org");
    }
    let output = command.args(words).output().unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository with three sessions: one that went from `main` to a branch and committed, one that goes on there, one on `main`.
fn worked_in() -> TestEnv {
    let env = env();
    git(&env, &["init", "-q", "-b", "main"]);
    git(&env, &["commit", "-q", "--allow-empty", "-m", "Begin (#7)"]);
    env.answer(["start", "--quiet", "-d", "Fix the login", "--tag", "web", "--tag", "api"]);
    git(&env, &["checkout", "-q", "-b", "feature/SHOP-12-login"]);
    git(
        &env,
        &[
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "Fix the login (#34)\n\nIt was wrong since #5.\n\nRefs: SHOP-13\nSigned-off-by: A <a@b-9.org>",
        ],
    );
    env.answer(["end"]);
    env.answer(["start", "--quiet", "--tag", "web", "--meta", "issue=#35"]);
    git(&env, &["checkout", "-q", "main"]);
    env.answer(["end", "--status", "FAILED"]);
    env.answer(["start", "--quiet", "-d", "Look at UTF-8 names"]);
    env
}

/// Returns for each group its name and the numbers of its sessions.
fn groups(env: &TestEnv, by: &str) -> Vec<(Value, Vec<u64>)> {
    let numbers = |group: &Value| group["listed"].as_array().unwrap().iter().map(|session| session["number"].as_u64().unwrap()).collect();
    objects(env, ["list", "--by", by]).iter().map(|group| (group["key"].clone(), numbers(group))).collect()
}

#[test]
fn sessions_are_grouped_by_what_they_have_in_common() {
    let env = worked_in();
    let check = |by: &str, expected: &[(Value, &[u64])]| {
        let expected: Vec<_> = expected.iter().map(|(key, numbers)| (key.clone(), numbers.to_vec())).collect();
        assert_eq!(groups(&env, by), expected, "{by}");
    };
    check("project", &[(json!("project"), &[3, 2, 1])]);
    check("branch", &[(json!("main"), &[3, 2, 1]), (json!("feature/SHOP-12-login"), &[2, 1])]);
    check(
        "ticket",
        &[(json!("#35"), &[2]), (json!("SHOP-12"), &[2, 1]), (json!("#34"), &[1]), (json!("SHOP-13"), &[1]), (Value::Null, &[3])],
    );
    check("tag", &[(json!("web"), &[2, 1]), (json!("api"), &[1]), (Value::Null, &[3])]);
    check("status", &[(json!("ACTIVE"), &[3]), (json!("FAILED"), &[2]), (json!("COMPLETED"), &[1])]);
    check("type", &[(json!("SESSION"), &[3, 2, 1])]);
    check("agent", &[(Value::Null, &[3, 2, 1])]);
    check("chain", &[(Value::Null, &[3, 2, 1])]);
}

#[test]
fn groups_are_headings_with_sessions_below() {
    let env = worked_in();
    insta::assert_snapshot!(env.run(["list", "--by", "tag"]));
    insta::assert_snapshot!(env.run(["list", "--by", "branch", "--limit", "1"]));
    insta::assert_snapshot!(env.run(["list", "--by", "tag", "--status", "ABANDONED"]));
    assert_eq!(env.raw(["list", "--by", "mood"]).code, 2);
}

#[test]
fn groups_are_counted_in_rows_and_each_session_once_in_the_total() {
    let env = env();
    for (hour, tags, status) in [(9, &["web", "api"][..], "COMPLETED"), (11, &["web"], "FAILED"), (13, &[], "COMPLETED")] {
        let id = started_at(&env, &format!("2026-02-16T{hour:02}:00"), "Work");
        tags.iter().for_each(|tag| drop(env.answer(["tag", &id, &format!("+{tag}")])));
        let work = env.answer(["work", "add", "IMPL", "Part", "-s", &id]);
        env.answer(["work", "done", &work]);
        env.answer(["end", &id, "--at", &format!("2026-02-16T{hour:02}:30"), "--status", status]);
    }
    insta::assert_snapshot!(env.run(["stats", "--by", "tag"]));
    let rows = objects(&env, ["stats", "--by", "tag", "--quiet"]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&rows[0]).unwrap().replace(rows[0]["newest_at"].as_str().unwrap(), "<time>"));
    let of = |row: &Value| ["sessions", "completed", "failed", "active"].map(|key| row[key].as_u64().unwrap());
    let told: Vec<_> = rows.iter().map(|row| (row["key"].as_str().map(str::to_owned), of(row))).collect();
    let expected = [(None, [1, 1, 0, 0]), (Some("api"), [1, 1, 0, 0]), (Some("total"), [3, 2, 1, 0]), (Some("web"), [2, 1, 1, 0])];
    let mut sorted = told.clone();
    sorted.sort();
    assert_eq!(sorted, expected.map(|(key, counts)| (key.map(str::to_owned), counts)));
    assert_eq!(told.last().unwrap().0.as_deref(), Some("total"));
    assert_eq!(env.raw(["stats", "1", "--by", "tag"]).code, 2, "a session and groups");
}

/// Writes a transcript whose records have a branch.
fn transcript(env: &TestEnv, id: &str, hours: i64, branch: &str) {
    let mut transcript = Transcript::new(id, &env.project(), BEGINNING + hours * 3_600);
    transcript.prompt("Fix the login").tool(1, 50, "Bash", &json!({"command": "ls"}), false).answer(2, 100);
    transcript.text = transcript.text.replace("\"gitBranch\":\"main\"", &json!({"gitBranch": branch}).to_string().replace(['{', '}'], ""));
    transcript.write(&env.path(".claude/projects"));
}

#[test]
fn what_was_used_is_in_each_group_and_once_in_the_total() {
    let env = env();
    transcript(&env, "11111111-1111-4111-8111-111111111111", 0, "SHOP-1-and-SHOP-2");
    transcript(&env, "22222222-2222-4222-8222-222222222222", 2, "SHOP-2-again");
    transcript(&env, "33333333-3333-4333-8333-333333333333", 4, "HEAD");
    env.answer(["index"]);
    env.answer(["tag", "1", "+web"]);
    assert_eq!(groups(&env, "branch").len(), 3, "a detached head is no branch");
    insta::assert_snapshot!(env.run(["usage", "ticket"]));
    insta::assert_snapshot!(env.run(["usage", "tag"]));
    let total = objects(&env, ["usage", "--all-projects", "--quiet"]).pop().unwrap();
    for by in ["ticket", "tag", "branch", "session"] {
        let rows = objects(&env, ["usage", by, "--quiet"]);
        let used = ["input", "output", "cache_read", "cost_usd", "responses", "models"];
        assert_eq!(used.map(|key| rows.last().unwrap()[key].clone()), used.map(|key| total[key].clone()), "{by}");
    }
    let rows = objects(&env, ["stats", "--by", "ticket", "--quiet"]);
    let told: Vec<_> = rows.iter().map(|row| json!([row["key"], row["sessions"], row["tool_calls"], row["usage"]["output"]])).collect();
    let expected = [json!(["SHOP-2", 2, 2, 300]), json!(["SHOP-1", 1, 1, 150]), json!([null, 1, 1, 150]), json!(["total", 3, 3, 450])];
    assert_eq!(told, expected);
    assert_eq!(rows.last().unwrap()["usage"]["cost_usd"], total["cost_usd"]);
}

#[test]
fn a_setting_says_which_tickets_count() {
    let mut env = worked_in();
    env.set("RUTTER_GROUPS_TICKETS", "shop");
    let keys: Vec<_> = groups(&env, "ticket").into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [json!("SHOP-12"), json!("SHOP-13"), Value::Null]);
    env.set("RUTTER_GROUPS_TICKETS", "(.*)+");
    insta::assert_snapshot!(env.run(["list", "--by", "ticket"]));
}

#[test]
fn what_a_repository_calls_its_branches_drives_no_terminal() {
    let env = env();
    git(&env, &["init", "-q", "-b", "main"]);
    std::fs::write(env.project().join(".git/HEAD"), "ref: refs/heads/\u{1b}[31mred\u{202e}\n").unwrap();
    env.answer(["start", "--quiet", "-d", "x", "--tag", "\u{200b}hidden"]);
    for arguments in [&["list", "--by", "branch"][..], &["stats", "--by", "branch"], &["list", "--by", "tag"], &["usage", "branch"]] {
        let shown = env.raw(arguments.iter().copied());
        assert_eq!(shown.code, 0, "{}", shown.stderr);
        assert!(!shown.stdout.contains(['\u{1b}', '\u{202e}', '\u{200b}']), "{:?}", shown.stdout);
    }
}

#[test]
fn a_group_that_is_called_total_is_not_the_total() {
    let env = env();
    for (hour, tag) in [(9, "total"), (11, "web")] {
        let id = started_at(&env, &format!("2026-02-16T{hour:02}:00"), "Work");
        env.answer(["tag", &id, &format!("+{tag}")]);
    }
    let rows = objects(&env, ["stats", "--by", "tag"]);
    let told: Vec<_> = rows.iter().map(|row| json!([row["key"], row["is_total"], row["sessions"]])).collect();
    assert_eq!(told, [json!(["web", false, 1]), json!(["total", false, 1]), json!(["total", true, 2])]);
    let page = env.answer(["stats", "--by", "tag"]);
    let names: Vec<_> = page.lines().map(|line| line.trim().split("  ").next().unwrap()).collect();
    assert_eq!(&names[1..], ["web", "total (tag)", "total"], "{page}");
}

#[test]
fn a_home_that_cannot_be_written_has_the_same_numbers() {
    let Some(way) = own_mounts() else { return };
    let env = env();
    let mut transcript = Transcript::new("c", &env.project(), BEGINNING);
    transcript.prompt("Mend it").tool(1, 50, "Edit", &json!({"file_path": "/x"}), false).answer(2, 50);
    let file = transcript.write(&env.path(".claude/projects"));
    env.answer(["index"]);
    // What only the index knows still.
    fs::remove_file(file).unwrap();
    let before = env.answer(["stats", "--by", "agent", "--json"]);
    assert_eq!(objects(&env, ["stats", "--by", "agent"])[0]["tool_calls"], 1);
    let script = r#"mount --bind "$HOME" "$HOME" && mount -o remount,ro,bind "$HOME" || exit 9; exec "$0" stats --by agent --json"#;
    let output = with_own_mounts(&env, way, script);
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), before.trim_end());
}
