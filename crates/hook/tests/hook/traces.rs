//! What calls leave behind, for whom, and where: one file for the day, one for what was lost, nothing that runs.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::call::{Hook, has_strace};
use crate::errors::{call_of, traced_as_it_is};
use crate::fixtures;

/// Returns every path below a directory with its mode.
fn tree(root: &Path) -> Vec<(PathBuf, u32)> {
    let (mut found, mut waiting) = (Vec::new(), vec![root.to_owned()]);
    while let Some(path) = waiting.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        found.push((path, metadata.mode() & 0o7777));
    }
    found
}

/// Reports whether any process runs this program.
fn is_running(program: &Path) -> bool {
    let processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path().join("exe"));
    processes.filter_map(|exe| fs::read_link(exe).ok()).any(|exe| exe == program)
}

#[test]
fn h3_a_thousand_calls_leave_nothing_behind_but_what_they_record() {
    let hook = Hook::new();
    let beside =
        |hook: &Hook| tree(hook.root()).into_iter().filter(|(path, _)| !path.starts_with(hook.root().join("home"))).collect::<Vec<_>>();
    let said = hook.script(&[], "mkdir temporary");
    let before = beside(&hook);
    let said = said + &hook.script(&[], r#"export TMPDIR="$PWD/temporary"; for round in $(seq 32); do all "$0" claude-code; done"#);
    assert_eq!((said.as_str(), hook.records().len(), hook.lost()), ("", 1_024, 0));
    assert!(!is_running(&hook.program()));
    assert_eq!(beside(&hook), before);
    let home: BTreeSet<_> = tree(&hook.root().join("home")).into_iter().map(|(path, _)| path).collect();
    let segments = home.iter().filter(|path| path.extension().is_some_and(|kind| kind == "frames")).count();
    // The home itself, `.local`, `share`, `rutter`, `inbox`, `lost`; midnight comes also to tests.
    assert!((1..=2).contains(&segments) && home.len() == 6 + segments, "{home:?}");
}

#[test]
fn h3_no_call_starts_a_program_locks_a_file_or_speaks_to_anybody() {
    if !has_strace() {
        return;
    }
    for payload in fixtures::each_event().values() {
        let (trace, _) = traced_as_it_is(&Hook::new(), &[], payload);
        let calls: Vec<_> = trace.iter().filter_map(|line| call_of(line)).collect();
        assert_eq!(calls.iter().filter(|call| call.starts_with("execve")).count(), 1);
        for never in
            ["fork", "vfork", "socket", "connect", "bind", "flock", "kill", "setsid", "unlink", "rename", "link", "symlink", "ftruncate"]
        {
            assert!(!calls.iter().any(|call| call.trim_end_matches("at").trim_end_matches("at2") == never), "{never}");
        }
        let others = |line: &&String| line.contains("flags=CLONE") && !line.contains("CLONE_THREAD") || line.contains("F_SETLK");
        assert_eq!(trace.iter().find(others), None);
    }
}

#[test]
fn s3_what_is_recorded_is_its_owner_s_alone_whatever_the_umask() {
    for umask in ["000", "002", "022", "077", "0177", "0277", "0777"] {
        let hook = Hook::new();
        assert_eq!(hook.script(&[], &format!(r#"umask {umask}; all "$0" claude-code"#)), "", "{umask}");
        assert_eq!(hook.records().len(), 32);
        for (path, mode) in tree(&hook.root().join("home/.local")) {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(format!("{mode:o}"), format!("{expected:o}"), "{umask}: {}", path.display());
        }
    }
}

#[test]
fn s3_an_inbox_that_was_open_to_others_is_closed() {
    let hook = Hook::new();
    let open =
        r#"mkdir -p "$STORE/inbox"; : >"$STORE/inbox/lost"; chmod 777 "$STORE/inbox"; chmod 666 "$STORE/inbox/lost"; all "$0" claude-code"#;
    assert_eq!(hook.script(&[], open), "");
    assert!(tree(&hook.inbox()).iter().all(|(path, mode)| *mode == if path.is_dir() { 0o700 } else { 0o600 }), "{:?}", tree(&hook.inbox()));
}
