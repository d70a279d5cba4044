//! `rutter files`

use std::path::Path;
use std::process::Command;

use crate::{env, objects, prompted, says, started};
use serde_json::json;
use testkit::TestEnv;

pub(crate) fn git(env: &TestEnv, directory: &Path, arguments: &[&str]) {
    let settings = ["user.name=ada", "user.email=ada@example.org", "init.defaultBranch=main", "commit.gpgsign=false"];
    let mut command = Command::new("git");
    command.env_clear().env("HOME", env.home()).env("PATH", "/usr/local/bin:/usr/bin:/bin").env("GIT_CONFIG_NOSYSTEM", "1");
    command.env("GIT_AUTHOR_DATE", "1771259403 +0100").env("GIT_COMMITTER_DATE", "1771259403 +0100");
    let done = command.args(settings.iter().flat_map(|setting| ["-c", setting])).args(arguments).current_dir(directory).output().unwrap();
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn repository() -> TestEnv {
    let env = env();
    let project = env.project();
    for name in ["a", "b", "c"] {
        std::fs::write(project.join(name), format!("{name}\n").repeat(9)).unwrap();
    }
    git(&env, &project, &["init", "-q"]);
    git(&env, &project, &["add", "-A"]);
    git(&env, &project, &["commit", "-q", "-m", "first"]);
    env
}

#[test]
fn files_are_grouped_by_what_became_of_them() {
    let env = repository();
    env.answer(["start", "--quiet", "-d", "one"]);
    insta::assert_snapshot!(env.run(["files"]), @"
    [exit 0]
    [err] No files touched yet.
    ");
    let project = env.project();
    git(&env, &project, &["mv", "a", "moved"]);
    git(&env, &project, &["commit", "-q", "-m", "move"]);
    std::fs::write(project.join("b"), "changed\n").unwrap();
    std::fs::write(project.join("new\u{1b}[31m"), "new\n").unwrap();
    std::fs::remove_file(project.join("c")).unwrap();
    insta::assert_snapshot!(env.run(["files"]), @r#"
    [exit 0]
    [out] Files of SESSION-#1:
    [out]
    [out] Created (1)
    [out]   new\u{1b}[31m  [untracked, by diff]
    [out]
    [out] Modified (1)
    [out]   b  [unstaged, by diff]
    [out]
    [out] Deleted (1)
    [out]   c  [unstaged, by diff]
    [out]
    [out] Renamed (1)
    [out]   moved (was a)  [committed, by diff]
    [out]
    [out] 4 files: 0 by tool calls, 4 by what differs; 1 commit
    "#);
    insta::assert_snapshot!(env.run(["files", "1", "--json"]), @r#"
    [exit 0]
    [out] {"path":"b","change":"modified","from":null,"committed":false,"staged":false,"unstaged":true,"untracked":false,"by":"diff","others":[],"blob":"5ea2ed416fbd4a4cbe227b75fe255dd7fa6bd4d6"}
    [out] {"path":"c","change":"deleted","from":null,"committed":false,"staged":false,"unstaged":true,"untracked":false,"by":"diff","others":[],"blob":null}
    [out] {"path":"moved","change":"renamed","from":"a","committed":true,"staged":false,"unstaged":false,"untracked":false,"by":"diff","others":[],"blob":"b5cc179c1f97da63e84d3328e136059478ce5d61"}
    [out] {"path":"new\u001b[31m","change":"created","from":null,"committed":false,"staged":false,"unstaged":false,"untracked":true,"by":"diff","others":[],"blob":"3e757656cf36eca53338e520d134963a44f793f8"}
    "#);
}

#[test]
fn what_tool_calls_named_comes_first_and_others_are_named() {
    let env = repository();
    let project = env.project();
    prompted(&env, &project, "one", "startup", "Change a");
    let another = started(&env, "another");
    std::fs::write(project.join("a"), "changed\n").unwrap();
    std::fs::write(project.join("b"), "changed\n").unwrap();
    let input = json!({"tool_name": "Edit", "tool_use_id": "t", "prompt_id": "one-p", "tool_input": {"file_path": project.join("a")}});
    says(&env, &project, "PostToolUse", "one", input);
    let found = objects(&env, ["files", "one"]);
    let named: Vec<_> = found.iter().map(|file| (file["path"].as_str().unwrap(), file["by"].as_str().unwrap())).collect();
    assert_eq!(named, [("a", "tool"), ("b", "diff")]);
    let another = objects(&env, ["files", another.as_str()]);
    assert_eq!(another.len(), 1);
    assert_eq!((&another[0]["path"], another[0]["others"].as_array().unwrap().len()), (&json!("b"), 1));
}

#[test]
fn outside_git_it_is_said() {
    let env = env();
    env.answer(["start", "--quiet", "-d", "one"]);
    insta::assert_snapshot!(env.run(["files"]), @"
    [exit 0]
    [err] No files touched yet.
    [err] note: no git here: only files that tool calls named are listed
    ");
}
