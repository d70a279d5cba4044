//! `store-id`, `get-id`, `cleanup-ids`.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use testkit::TestEnv;

use crate::machine::{skip, through};
use crate::{env, object, objects, started};

fn names(env: &TestEnv) -> Vec<String> {
    let entries = fs::read_dir(env.markers()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn an_id_is_stored_and_got_without_a_store() {
    let env = env();
    insta::assert_snapshot!(env.run(["get-id"]), @"
    [exit 0]
    [out] unknown
    ");
    insta::assert_snapshot!(env.run(["store-id", "5f0c9d1e"]), @"
    [exit 0]
    [out] /markers/claude_session_project
    ");
    insta::assert_snapshot!(env.run(["get-id"]), @"
    [exit 0]
    [out] 5f0c9d1e
    ");
    let file = env.markers().join("claude_session_project");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o600);
    let text = fs::read_to_string(file).unwrap();
    assert!(text.starts_with("5f0c9d1e\n20") && text.ends_with('\n') && text.lines().count() == 2 && !text.contains(['+', 'Z']), "{text}");
    assert!(!env.path(".local").exists(), "a store is not needed for this");
}

#[test]
fn a_marker_is_that_of_the_project_that_is_meant() {
    let mut env = env();
    env.answer(["store-id", "one", "--project", "My Project"]);
    env.answer(["store-id", "two", "--project", "../other"]);
    assert_eq!(names(&env), ["claude_session_My Project", "claude_session_other"]);
    env.set("RUTTER_PROJECT", "My Project");
    assert_eq!((env.answer(["get-id"]), env.answer(["get-id", "--project", "other"])), ("one".into(), "two".into()));
    assert_eq!(env.answer(["get-id", "--project", "nobody"]), "unknown");
}

#[test]
fn below_a_directory_that_is_known_as_a_project_its_marker_is_meant() {
    let env = env();
    started(&env, "Fix the login");
    let below = env.project().join("src/deep");
    fs::create_dir_all(&below).unwrap();
    env.answer(["store-id", "one"]);
    assert_eq!(env.raw_with(&below, ["get-id"], b"").stdout, "one\n");
}

#[test]
fn the_shape_of_a_marker() {
    let env = env();
    let absent = object(&env, ["get-id"]);
    assert_eq!(absent, serde_json::json!({"project": "project", "session_id": "unknown", "stored_at": null, "file": null}));
    let stored = object(&env, ["store-id", "one"]);
    assert_eq!((&stored["project"], &stored["session_id"]), (&"project".into(), &"one".into()));
    assert!(stored["stored_at"].as_str().unwrap().ends_with("+00:00"), "{stored}");
    assert_eq!(object(&env, ["get-id"]), stored);
    assert_eq!(object(&env, ["cleanup-ids"]), serde_json::json!({"cleaned": 0}));
}

#[test]
fn stale_markers_are_cleaned_and_counted() {
    let env = env();
    for number in 0..11 {
        fs::write(env.markers().join(format!("claude_session_{number}")), "x\n2026-01-01T00:00:00\n").unwrap();
    }
    insta::assert_snapshot!(env.run(["get-id", "--project", "0"]), @"
    [exit 0]
    [out] unknown
    [err] note: removed /markers/claude_session_0: it was stale
    ");
    fs::write(env.markers().join("claude_session_0"), "x\n2026-01-01T00:00:00\n").unwrap();
    insta::assert_snapshot!(env.run(["cleanup-ids"]), @"
    [exit 0]
    [out] 11
    [err] warning: 11 stale markers were removed from /markers; something leaves them there
    ");
    env.answer(["store-id", "one"]);
    assert_eq!((env.answer(["cleanup-ids"]), env.answer(["cleanup-ids", "--ttl", "1h"])), ("0".into(), "0".into()));
    assert_eq!(env.answer(["cleanup-ids", "--ttl", "1us"]), "1");
    insta::assert_snapshot!(env.run(["cleanup-ids", "--ttl", "soon"]), @"
    [exit 2]
    [err] error: `soon` is not a length of time; try `24h`, `90m` or `7d`
    ");
}

#[test]
fn what_cannot_be_stored_says_why() {
    let env = env();
    insta::assert_snapshot!(env.run(["store-id", "a\nb"]), @"
    [exit 2]
    [err] error: the id cannot stand in a marker: it has a line break or another control character
    ");
    insta::assert_snapshot!(env.run(["store-id", "a", "--project", ""]), @"
    [exit 2]
    [err] error: the project has no name
    [err] hint: name it, as in `--project shop`
    ");
    assert_eq!(names(&env), [""; 0]);
}

#[test]
fn s2_where_the_name_is_taken_there_is_no_marker_and_doctor_says_so() {
    let env = env();
    started(&env, "Fix the login");
    assert!(objects(&env, ["doctor"]).iter().all(|finding| finding["severity"] == "ok"));
    symlink("/etc/passwd", env.markers().join("claude_session_project")).unwrap();
    insta::assert_snapshot!(env.run(["store-id", "one"]), @"
    [exit 3]
    [err] error: `/markers/claude_session_project` is a link
    [err] hint: set RUTTER_MARKER_DIR, or `rutter config marker.directory DIR`, to a directory of your own
    ");
    insta::assert_snapshot!(env.run(["get-id"]), @"
    [exit 0]
    [out] unknown
    [err] note: `/markers/claude_session_project` is a link
    ");
    let said = env.run(["doctor"]);
    assert!(said.starts_with("[exit 0]\n"), "{said}");
    let expected = "[out] warning marker: `/markers/claude_session_project` is a link; other scripts find no marker, and events that name no agent session may stay without one\n\
                    [out]          hint: rutter config marker.directory DIR, with a directory of your own\n";
    assert!(said.contains(expected), "{said}");
    started(&env, "Nothing else changes");
}

#[test]
fn s2_a_directory_in_which_others_can_rename_is_not_used_and_doctor_says_so() {
    let env = env();
    started(&env, "Fix the login");
    fs::set_permissions(env.markers(), Permissions::from_mode(0o777)).unwrap();
    insta::assert_snapshot!(env.run(["store-id", "one"]), @"
    [exit 3]
    [err] error: cannot keep markers in `/markers`
    [err]   cause: others can rename what is in it
    [err] hint: run `chmod go-w /markers` if it is yours, or set RUTTER_MARKER_DIR to one that is
    ");
    insta::assert_snapshot!(env.run(["get-id"]), @"
    [exit 0]
    [out] unknown
    [err] note: cannot keep markers in `/markers`: others can rename what is in it
    ");
    let said = env.run(["doctor"]);
    assert!(said.contains("[out] warning marker: cannot keep markers in `/markers`: others can rename what is in it; "), "{said}");
}

#[test]
fn where_the_store_does_not_open_the_directory_says_which_marker_is_meant() {
    let env = env();
    env.answer(["store-id", "one"]);
    fs::create_dir_all(env.path(".local/share/rutter/rutter.db")).unwrap();
    let outcome = env.raw(["get-id"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "one\n"));
    assert!(outcome.stderr.starts_with("warning: cannot open the store at"), "{}", outcome.stderr);
}

#[test]
fn a_marker_is_on_the_disk_before_it_has_its_name() {
    let env = env();
    let trace = env.path("trace");
    let calls = "trace=openat,fchmod,write,fsync,rename,renameat,renameat2";
    let strace = ["strace", "-f", "-qq", "-o", trace.to_str().unwrap(), "-e", calls];
    let Ok(output) = through(&env, strace).args(["store-id", "5f0c9d1e"]).output() else {
        return skip("no `strace` on this machine");
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let trace = fs::read_to_string(trace).unwrap();
    let place = |what: &str| trace.find(what).unwrap_or_else(|| panic!("{what} is not in {trace}"));
    let made = place("\".rutter-marker-");
    let flags = trace[made..].lines().next().unwrap();
    for flag in ["O_EXCL", "O_NOFOLLOW", "O_CLOEXEC", "0600"] {
        assert!(flags.contains(flag), "{flags}");
    }
    let after = |from: usize, what: &str| from + trace[from..].find(what).unwrap_or_else(|| panic!("no {what} after that: {trace}"));
    after(after(after(made, "write("), "fsync("), "renameat2(");
}

#[test]
fn a_sync_that_fails_leaves_what_was_there_and_nothing_else() {
    let env = env();
    env.answer(["store-id", "before"]);
    let inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=1"];
    let Ok(output) = through(&env, inject).args(["store-id", "after"]).output() else {
        return skip("no `strace` on this machine");
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot use the marker") && said.contains("Input/output error"), "{said}");
    assert_eq!((env.answer(["get-id"]), names(&env)), ("before".into(), vec!["claude_session_project".to_owned()]));
}
