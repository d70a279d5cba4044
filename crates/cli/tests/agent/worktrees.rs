//! Worktrees of one repository: each has a head of its own, and moves that of the project.

use std::path::{Path, PathBuf};

use serde_json::json;
use testkit::{Step, bash, say, tool};

use crate::stage::Stage;

/// Makes the project a repository with a commit in it.
fn commit(stage: &Stage) {
    stage.home.init_git();
    git(stage, &["commit", "-q", "--allow-empty", "-m", "Begin"]);
}

fn git(stage: &Stage, arguments: &[&str]) {
    let status = stage.home.program(Path::new("git")).args(arguments).status().unwrap();
    assert!(status.success(), "git {arguments:?}");
}

/// Compares what is told of sessions and of the chain of the project, and the heads of it and of worktrees.
#[track_caller]
fn tells(stage: &Stage, conversations: &[&str], sessions: &[&str], chain: &[&str], heads: &[(&str, &Path)]) {
    let answers = stage.answers(&stage.store());
    let numbers = |id: &str| answers.number_of(id);
    let named = |id: &str| crate::story::letter(conversations, id);
    assert_eq!(answers.sessions_told(&numbers, &named), sessions);
    assert_eq!(answers.chain_told("", &numbers, &named), chain);
    let mut expected: Vec<_> = heads.iter().map(|(head, worktree)| format!("{head} of {}", worktree.display())).collect();
    let mut told = answers.heads_told(&named);
    expected.sort();
    told.sort();
    assert_eq!(told, expected);
}

#[test]
fn each_worktree_of_a_repository_has_a_head_and_moves_that_of_the_project() {
    let Some(stage) = Stage::set() else { return };
    commit(&stage);
    let (here, second): (PathBuf, PathBuf) = (stage.home.project(), stage.home.beside("second"));
    git(&stage, &["worktree", "add", "-q", second.to_str().unwrap()]);
    let a = stage.run("Go. @@tools", &[]).session_id();
    let run = stage.home.spawn_print_in(&second, "Go. @@fail", &[]).wait();
    stage.compare_stream(&run);
    let b = run.session_id();
    let sessions = ["#1 a: COMPLETED, other (hook)", "#2 b: COMPLETED, other (hook)"];
    let chain = ["a: - < -, startup #1", "b: a < -, startup #2"];
    tells(&stage, &[&a, &b], &sessions, &chain, &[("b", Path::new("project")), ("a", &here), ("b", &second)]);
    stage.run("And on. @@ok", &["--resume", &a]);
    let chain = [&chain[..], &["a: b < a, resume #1"]].concat();
    tells(&stage, &[&a, &b], &sessions, &chain, &[("a", Path::new("project")), ("a", &here), ("b", &second)]);
    stage.compare(3);
    stage.replayed_in_other_orders();
}

#[test]
fn a_worktree_that_the_agent_makes_for_itself_is_one_of_the_project() {
    let Some(stage) = Stage::set() else { return };
    commit(&stage);
    let here = stage.home.project();
    let a = stage.run("Go. @@tools", &[]).session_id();
    let b = stage.run("Go. @@fail", &["--worktree", "aside"]).session_id();
    let sessions = ["#1 a: COMPLETED, other (hook)", "#2 b: COMPLETED, other (hook)"];
    let chain = ["a: - < -, startup #1", "b: a < -, startup #2"];
    let aside = here.join(".claude/worktrees/aside");
    tells(&stage, &[&a, &b], &sessions, &chain, &[("b", Path::new("project")), ("a", &here), ("b", &aside)]);
    assert_eq!(stage.session_of(&b)["worktree"], aside.to_str().unwrap());
    stage.compare(2);
    stage.replayed_in_other_orders();
}

#[test]
fn an_agent_that_enters_a_worktree_and_leaves_it_stays_in_its_session() {
    let Some(stage) = Stage::set() else { return };
    commit(&stage);
    let here = stage.home.project();
    let enter = Step::of([tool("EnterWorktree", json!({"name": "aside"}))]);
    let leave = Step::of([tool("ExitWorktree", json!({"action": "keep"}))]);
    stage.api.add("aside", [enter, Step::of([bash("pwd")]), leave, Step::of([say("There and back.")])]);
    let a = stage.run("Go. @@aside", &[]).session_id();
    tells(&stage, &[&a], &["#1 a: COMPLETED, other (hook)"], &["a: - < -, startup #1"], &[("a", Path::new("project")), ("a", &here)]);
    assert_eq!(stage.session_of(&a)["worktree"], here.to_str().unwrap());
    stage.compare(1);
    stage.replayed_in_other_orders();
}
