//! Numbers of processes that are given again, in a namespace of process ids where that can be forced.

use serde_json::Value;

use crate::env;
use crate::machine::{skip, with_own_mounts};

/// Returns how a shell script can be given process ids of its own here, or says that it cannot.
fn own_processes() -> Option<&'static [&'static str]> {
    const WAYS: [&[&str]; 2] = [&["unshare", "-pf", "--mount-proc"], &["unshare", "-rpf", "--mount-proc"]];
    let works = |way: &&&[&str]| {
        let script = "echo 4999 > /proc/sys/kernel/ns_last_pid; sleep 0 & test $! = 5000";
        let probe = std::process::Command::new(way[0]).args(&way[1..]).args(["sh", "-c", script]).output();
        probe.is_ok_and(|probe| probe.status.success())
    };
    let way = WAYS.iter().find(works).copied();
    if way.is_none() {
        skip("no `unshare -pf` on this machine; needs root or user namespaces");
    }
    way
}

#[test]
fn d9_a_number_that_is_given_again_neither_keeps_a_session_alive_nor_ends_another() {
    let Some(way) = own_processes() else { return };
    let env = env();
    let script = r#"exec 2>/dev/null
        agent() { echo 4999 > /proc/sys/kernel/ns_last_pid; sleep 1000 & test $! = 5000 || exit 9; }
        says() { printf '{"session_id":"%s","hook_event_name":"%s","cwd":"%s"%s}' "$1" "$2" "$PWD" "$3" | CLAUDE_PID=5000 "$0" hook claude-code >/dev/null; }
        look() { "$0" --json list --all-projects --all; echo; }
        agent; says one SessionStart ',"source":"startup"'; says one UserPromptSubmit ',"prompt":"p","prompt_id":"p1"'; look
        kill -9 5000; wait; agent; look
        says two SessionStart ',"source":"startup"'; says two UserPromptSubmit ',"prompt":"q","prompt_id":"q1"'; look
        says one SessionStart ',"source":"resume"'; look
        kill -9 5000; wait; look"#;
    let output = with_own_mounts(&env, way, script);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let row = |line: &str| {
        let session: Value = serde_json::from_str(line).unwrap();
        let [name, status, reason] = [&session["agent_sessions"][0], &session["status"], &session["end_reason"]];
        format!("{} {} {reason}", name.as_str().unwrap(), status.as_str().unwrap())
    };
    let of_look = |look: &str| {
        let mut rows: Vec<_> = look.lines().filter(|line| !line.is_empty()).map(row).collect();
        rows.sort();
        rows.join("; ")
    };
    let looks: Vec<_> = text.split("\n\n").map(of_look).collect();
    insta::assert_snapshot!(looks.join("\n"), @r#"
    one ACTIVE null
    one ABANDONED "process gone"
    one ABANDONED "process gone"; two ACTIVE null
    one ACTIVE null; two ABANDONED "newer start"
    one ABANDONED "process gone"; two ABANDONED "newer start"
    "#);
}
