//! The registry of running processes, as captured, and as somebody hostile would leave it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use agents::claude_code::registry::{Running, RunningStatus, parse, read};

fn captured(name: &str) -> Running {
    let path = format!("{}/tests/fixtures/claude-code/2.1.328/registry/{name}.json", env!("CARGO_MANIFEST_DIR"));
    parse(&fs::read(path).unwrap()).unwrap()
}

fn check(name: &str, status: RunningStatus, waiting_for: Option<&str>) {
    let running = captured(name);
    assert_eq!((running.status, running.waiting_for.as_deref()), (status, waiting_for), "{name}");
}

#[test]
fn a_captured_entry_is_read_whole() {
    let expected = Running {
        pid: 3464,
        process_start: Some(277_077),
        session_id: Some("285ce30a-7661-447b-ae43-8e530eeda783".to_owned()),
        cwd: Some(PathBuf::from("/home/dev/demo")),
        status: RunningStatus::Busy,
        waiting_for: None,
    };
    assert_eq!(captured("busy"), expected);
}

#[test]
fn every_captured_status_is_known() {
    check("idle", RunningStatus::Idle, None);
    check("busy", RunningStatus::Busy, None);
    check("after-escape", RunningStatus::Idle, None);
    check("waiting-permission", RunningStatus::Waiting, Some("permission prompt"));
    check("waiting-question", RunningStatus::Waiting, Some("input needed"));
    check("after-rename-and-clear", RunningStatus::Idle, None);
    check("stale-after-kill", RunningStatus::Busy, None);
    assert_ne!(captured("after-rename-and-clear").session_id, captured("idle").session_id);
}

#[test]
fn an_entry_needs_only_its_process() {
    let running = parse(br#"{"pid": 7, "status": "dreaming", "procStart": 12, "cwd": 3, "pidDomain": "?"}"#).unwrap();
    assert_eq!((running.status, running.process_start, running.cwd), (RunningStatus::Other, Some(12), None));
    for broken in ["", "[]", "{}", "null", r#"{"pid": -1}"#, r#"{"pid": 4294967296}"#, r#"{"pid": "7"}"#, r#"{"pid": 7"#] {
        assert_eq!(parse(broken.as_bytes()), None, "{broken}");
    }
}

#[test]
fn only_small_files_named_after_their_own_process_are_read() {
    let home = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
    put("12.json", r#"{"pid": 12}"#);
    put("3.json", r#"{"pid": 3}"#);
    for name in ["12.key", "012.json", "+5.json", "-5.json", " 5.json", "5.json.bak", "x.json", ".json", "99999999999.json"] {
        put(name, r#"{"pid": 5}"#);
    }
    put("6.json", r#"{"pid": 7}"#);
    put("8.json", &format!(r#"{{"pid": 8, "x": "{}"}}"#, "x".repeat(64 << 10)));
    fs::create_dir(home.path().join("9.json")).unwrap();
    put("elsewhere", r#"{"pid": 10}"#);
    symlink(home.path().join("elsewhere"), home.path().join("10.json")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, home.path().join("11.json"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let pids: Vec<_> = read(home.path()).unwrap().iter().map(|running| running.pid).collect();
    assert_eq!(pids, [3, 12]);
}

#[test]
fn no_registry_is_nobody_running() {
    assert_eq!(read(Path::new("/nowhere/at/all")).unwrap(), []);
}
