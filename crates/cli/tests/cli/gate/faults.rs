//! What may break without a commit noticing: the program, the store, the home. And what a commit waits for it.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use super::{Repository, said};
use crate::machine::Sqlite;
use crate::started;

/// What a commit waits at most for two hooks that answer nothing, with room for a machine that is busy.
const AT_MOST: Duration = Duration::from_secs(5);

/// Lets the hooks of a strict repository call another program, and expects a commit without a session to be made.
fn with_program(text: Option<&str>, mode: u32) -> String {
    let repository = Repository::strict();
    let program = repository.at.join("stub");
    if let Some(text) = text {
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    for hook in ["prepare-commit-msg", "commit-msg"] {
        let file = repository.at.join(".git/hooks").join(hook);
        let script = std::fs::read_to_string(&file).unwrap();
        let line = script.lines().find(|line| line.starts_with("rutter_program=")).unwrap();
        std::fs::write(&file, script.replace(line, &format!("rutter_program='{}'", program.display()))).unwrap();
    }
    let begin = Instant::now();
    let (done, said) = repository.commit("One");
    assert!(done, "{text:?}: {said}");
    assert!(begin.elapsed() < AT_MOST, "{text:?}: {:?}", begin.elapsed());
    said
}

#[test]
fn a_program_that_is_missing_or_broken_blocks_no_commit() {
    assert_eq!(with_program(None, 0), "rutter is not there any more: the commit is not checked\n");
    with_program(Some("#!/bin/sh\nexit 1\n"), 0o644);
    for code in [1, 2, 126, 127, 137] {
        assert_eq!(with_program(Some(&format!("#!/bin/sh\nexit {code}\n")), 0o755), "");
    }
    with_program(Some("#!/bin/sh\nprintf 'garbage\\000\\377\\n'; echo rutter; exit 1\n"), 0o755);
    with_program(Some("#!/no/such/shell\n"), 0o755);
    with_program(Some("\u{7f}ELF"), 0o755);
    with_program(Some("#!/bin/sh\nkill -SEGV $$\n"), 0o755);
}

#[test]
fn a_program_that_hangs_is_not_waited_for() {
    if std::process::Command::new("timeout").arg("--version").output().is_err() {
        crate::machine::skip("no `timeout` on this machine");
        return;
    }
    with_program(Some("#!/bin/sh\nsleep 60\n"), 0o755);
    with_program(Some("#!/bin/sh\ntrap '' TERM\nsleep 60\nsleep 60\n"), 0o755);
}

#[test]
fn a_store_that_somebody_holds_blocks_no_commit() {
    let repository = Repository::strict();
    let id = started(&repository.env, "Fix the login");
    repository.log("Rewrote the check");
    let database = repository.env.path(".local/share/rutter/rutter.db");
    let Some(_held) = Sqlite::holding(&database, "BEGIN EXCLUSIVE;") else { return };
    let begin = Instant::now();
    let (done, said) = repository.commit("One");
    assert!(done && begin.elapsed() < AT_MOST, "{said}");
    assert_eq!(repository.sessions("HEAD"), [id]);
}

#[test]
fn a_store_that_is_broken_blocks_no_commit() {
    let repository = Repository::strict();
    started(&repository.env, "Fix the login");
    let database = repository.env.path(".local/share/rutter/rutter.db");
    for name in ["rutter.db-wal", "rutter.db-shm"] {
        std::fs::remove_file(database.with_file_name(name)).ok();
    }
    for bytes in [&b"nothing that anybody could read"[..], &[0; 8192], b"SQLite format 3\0"] {
        std::fs::write(&database, bytes).unwrap();
        let (done, said) = repository.commit("One");
        assert!(done && said.starts_with("rutter: the commit was not checked: "), "{said}");
        assert_eq!(std::fs::read(&database).unwrap(), bytes, "a commit mends nothing");
    }
}

#[test]
fn a_home_that_is_missing_closed_or_not_even_named_blocks_no_commit() {
    let repository = Repository::strict();
    started(&repository.env, "Fix the login");
    let without = repository.command("git").env_remove("HOME").args(["commit", "-q", "--allow-empty", "-m", "One"]).output().unwrap();
    assert!(without.status.success(), "{}", said(&without));
    let config = repository.env.path(".config/rutter/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    std::fs::write(&config, "[gate\nmode = ").unwrap();
    let (done, said) = repository.commit("Two");
    assert!(done && said.starts_with("rutter: the commit was not checked: "), "{said}");
}

#[test]
fn hooks_add_little_to_a_commit() {
    const ROUNDS: usize = 15;
    let repository = Repository::new();
    started(&repository.env, "Fix the login");
    repository.log("Rewrote the check");
    let median = |words: &[&str]| {
        let mut took: Vec<_> = (0..ROUNDS)
            .map(|_| {
                let begin = Instant::now();
                repository.git(words.iter().copied().chain(["commit", "-q", "--allow-empty", "-m", "One"]));
                begin.elapsed()
            })
            .collect();
        took.sort();
        took[ROUNDS / 2]
    };
    let without = median(&["-c", "core.hooksPath=/dev/null"]);
    let with = median(&[]);
    figure(&format!("a commit takes {without:?} without hooks, {with:?} with them"));
    // The bar is 50 ms for the program that is shipped; this one may be built for debugging, on a machine that is busy.
    let bar = Duration::from_millis(if cfg!(debug_assertions) { 500 } else { 50 });
    assert!(with.saturating_sub(without) < bar, "{without:?} without, {with:?} with");
}

#[expect(clippy::print_stderr, reason = "a figure that nobody sees is none")]
pub(super) fn figure(words: &str) {
    eprintln!("FIGURE: {words}");
}
