use crate::files::git;
use crate::{env, object, started};

#[test]
fn init_says_where_everything_is_and_how_to_undo_it() {
    insta::assert_snapshot!(env().run(["init"]), @r#"
    [exit 0]
    [out] Store:  /home/.local/share/rutter/rutter.db
    [out] Files:  /home/.claude/memory
    [out] Config: /home/.config/rutter/config.toml
    [out]
    [out] Begin with: rutter start -d "what you are about to do"
    [out] To undo:    rm -r '/home/.local/share/rutter'
    [out]             and what rutter wrote below /home/.claude/memory; what other scripts wrote there stays theirs
    "#);
}

#[test]
fn init_again_changes_nothing() {
    let env = env();
    started(&env, "before");
    let first = env.run(["init", "--yes"]);
    assert_eq!(env.run(["init", "--yes"]), first);
    assert_eq!(env.answer(["list", "--json"]).lines().count(), 1);
}

#[test]
fn init_makes_no_files_where_the_mirror_is_off() {
    let mut env = env();
    env.set("RUTTER_MIRROR", "off");
    insta::assert_snapshot!(env.run(["init"]), @r#"
    [exit 0]
    [out] Store:  /home/.local/share/rutter/rutter.db
    [out] Files:  off
    [out] Config: /home/.config/rutter/config.toml
    [out]
    [out] Begin with: rutter start -d "what you are about to do"
    [out] To undo:    rm -r '/home/.local/share/rutter'
    "#);
    assert!(!env.path(".claude").exists());
    assert!(object(&env, ["init"])["mirror"].is_null());
}

#[test]
fn init_takes_in_what_other_scripts_left() {
    let env = env();
    let directory = env.path(".claude/memory/sessions");
    std::fs::create_dir_all(&directory).unwrap();
    let theirs = r#"{"session_id": "SESSION-20260216-173003-09RZ", "type": "SESSION", "description": "Theirs",
        "start_time": "2026-02-16T17:30:03.123456", "end_time": null, "status": "ACTIVE", "metadata": {}, "tasks": [], "work_items": []}"#;
    std::fs::write(directory.join("SESSION-20260216-173003-09RZ.json"), theirs).unwrap();
    insta::assert_snapshot!(env.run(["init"]), @r#"
    [exit 0]
    [out] Store:  /home/.local/share/rutter/rutter.db
    [out] Files:  /home/.claude/memory
    [out] Config: /home/.config/rutter/config.toml
    [out]
    [out] Begin with: rutter start -d "what you are about to do"
    [out] To undo:    rm -r '/home/.local/share/rutter'
    [out]             and what rutter wrote below /home/.claude/memory; what other scripts wrote there stays theirs
    [err] note: took in 1 session and 0 log lines of other scripts
    "#);
    insta::assert_snapshot!(env.run(["list", "--all-projects"]), @"
    [exit 0]
    [out] Recent Sessions (last 10):
    [out]
    [out] [~] SESSION-#1
    [out]    Started: <time>
    [out]    Status: ACTIVE
    [out]    Description: Theirs
    ");
}

#[test]
fn init_puts_no_git_hooks_where_nobody_can_be_asked() {
    let env = env();
    git(&env, &env.project(), &["init", "-q"]);
    for arguments in [&["init"][..], &["init", "--yes"], &["init", "--no-git"]] {
        assert_eq!(object(&env, arguments.iter().copied())["git"], serde_json::json!([]), "{arguments:?}");
    }
    assert!(!env.project().join(".git/hooks/commit-msg").exists());
}
