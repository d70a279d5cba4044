//! `rutter check`: what would be committed now, and ranges, with a store and without one.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Repository;
use super::faults::figure;
use crate::{objects, started};

#[test]
fn what_would_be_committed_now_is_held_against_the_rules() {
    let repository = Repository::bare_of_hooks();
    let env = &repository.env;
    insta::assert_snapshot!(env.run(["check"]), @r#"
    [exit 0]
    [out] session: no session is going on here, and the commit names none
    [out]   do: rutter start -d "what you are about to do"
    [err] a commit made now: 1 objection; the mode is advise, so nothing is refused
    "#);
    insta::assert_snapshot!(env.run(["check", "--mode", "strict"]), @r#"
    [exit 1]
    [out] session: no session is going on here, and the commit names none
    [out]   do: rutter start -d "what you are about to do"
    [err] error: a commit made now: 1 objection
    "#);
    assert_eq!(env.run(["check", "--mode", "off"]), "[exit 0]\n");
    started(env, "Fix the login");
    repository.log("Rewrote the check");
    insta::assert_snapshot!(env.run(["check", "--mode", "strict"]), @r#"
    [exit 0]
    [err] a commit made now: nothing is missing.
    "#);
}

#[test]
fn ranges_that_git_does_not_know_are_wrong_usage_and_run_nothing() {
    let repository = Repository::bare_of_hooks();
    for range in ["nothing..HEAD", "HEAD~7", "a b", "HEAD; touch x", "^", ""] {
        let outcome = repository.env.raw(["check", range]);
        assert!(outcome.code != 0 && outcome.stderr.contains("git does not know the range"), "{range}: {outcome:?}");
    }
    let outcome = repository.env.raw(["check", "--", "--output=x"]);
    assert!(outcome.code != 0 && outcome.stderr.contains("git does not know the range"), "{outcome:?}");
    assert_eq!(repository.env.raw(["check", "--output=x"]).code, 2);
    assert!(!repository.at.join("x").exists());
}

#[test]
fn every_commit_of_a_range_is_asked_but_merges_fixups_and_bots() {
    let repository = Repository::bare_of_hooks();
    let id = started(&repository.env, "Fix the login");
    repository.log("Rewrote the check");
    repository.committed(&format!("One\n\nSession: {id}"));
    repository.committed("Two");
    repository.committed("fixup! Two");
    repository.git(["commit", "-q", "--allow-empty", "--author", "x[bot] <x[bot]@example.org>", "-m", "Bump"]);
    let found = objects(&repository.env, ["check", "HEAD~4..HEAD"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["rule"], &found[0]["subject"]), (&Value::from("session"), &Value::from("Two")));
    let outcome = repository.env.raw(["check", "HEAD~4..HEAD", "--mode", "strict"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("4 commits, 2 not asked: 1 objection"), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("the commit names no session\n  do: git rebase -i "), "{}", outcome.stdout);
    assert_eq!(repository.env.raw(["check", "HEAD~4..HEAD~3", "--mode", "strict"]).code, 0);
}

#[test]
fn each_session_of_a_squashed_commit_is_asked() {
    let repository = Repository::bare_of_hooks();
    let first = started(&repository.env, "Fix the login");
    repository.log("Rewrote the check");
    let second = repository.env.answer(["start", "--quiet", "-d", "Fix the logout"]);
    let message = format!("Squashed\n\nSession: {first}\nSession: {second}");
    repository.committed(&message);
    let found = objects(&repository.env, ["check", "HEAD~1..HEAD"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["rule"], &found[0]["session"]), (&Value::from("log"), &Value::from(second)));
}

#[test]
fn without_a_store_the_documents_in_the_worktree_are_read() {
    let repository = Repository::bare_of_hooks();
    let id = "SESSION-20260216-173003-09RZ";
    repository.committed(&format!("One\n\nSession: {id}"));
    let write = |name: &str, rest: &str| {
        repository.write(&format!("archive/sessions/SESSION-00003-{name}"), format!("# Session 00003\n\n- Session: {id}\n{rest}"));
    };
    let rules = || {
        let found = objects(&repository.env, ["check", "HEAD~1..HEAD"]);
        found.iter().map(|each| each["rule"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(rules(), ["session"], "nobody here knows it");
    write("LOG.md", "\n## Entries\n");
    write("DECISIONS.md", "\n## 1. With\n\n- Because: it is so\n\n## 2. Without\n\n- Id: x\n");
    write("HANDOFF.md", "\n## Open blockers\n\n- No credentials\n");
    assert_eq!(rules(), ["log", "decisions", "blockers"]);
    write("LOG.md", "\n## Entries\n\n- 2026-02-16 17:30:03 · **log** · Done\n");
    write("DECISIONS.md", "\n## 1. With\n\n- Because: it is so\n");
    write("HANDOFF.md", "\n## Open blockers\n");
    assert_eq!(rules(), [""; 0]);
    assert!(!repository.env.path(".local/share/rutter/rutter.db").exists(), "checking makes no store");
}

#[test]
fn ten_thousand_commits_are_checked_in_no_time() {
    let repository = Repository::bare_of_hooks();
    let id = started(&repository.env, "Fix the login");
    repository.log("Rewrote the check");
    let mut import = repository.command("git").args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = import.stdin.take().unwrap();
    let mut text = String::new();
    for commit in 0..10_000 {
        let message = format!("Commit {commit}\n\nA line of text\n\nSession: {id}\n");
        let from = if commit == 0 { "from refs/heads/main^0\n" } else { "" };
        text += &format!(
            "commit refs/heads/main\ncommitter Ada <ada@example.org> {} +0000\ndata {}\n{message}{from}\n",
            1_771_263_003 + commit,
            message.len()
        );
    }
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    assert!(import.wait().unwrap().success());
    let begin = Instant::now();
    let outcome = repository.env.raw(["check", "main~10000..main", "--mode", "strict"]);
    let took = begin.elapsed();
    assert!(outcome.code == 0 && outcome.stderr.contains("10000 commits: nothing is missing"), "{outcome:?}");
    figure(&format!("10,000 commits are checked in {took:?}"));
    assert!(took < Duration::from_secs(if cfg!(debug_assertions) { 6 } else { 2 }), "{took:?}");
}
