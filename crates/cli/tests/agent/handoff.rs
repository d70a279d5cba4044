//! What one session leaves and the next one is told: looked up in what the model's API received.

use serde_json::json;
use testkit::{Step, bash, say, tool};

use crate::stage::Stage;

impl Stage {
    /// Adds the script `leave`: the agent writes a file, commits it, decides, fails a test, is blocked, and leaves something to do.
    fn let_agent_leave_something(&self) {
        let rutter = env!("CARGO_BIN_EXE_rutter");
        self.api.add(
            "leave",
            [
                Step::of([tool("Write", json!({ "file_path": "{cwd}/hash.txt", "content": "sha-256\n" }))]),
                Step::of([bash("git add hash.txt && git commit -q -m 'Choose a hash'")]),
                Step::of([bash(&format!("{rutter} decision 'Use SHA-256 for hashing' -r 'Security and speed balance' --alternative MD5"))]),
                Step::of([bash("sh -c 'exit 1'")]),
                Step::of([bash(&format!("{rutter} test 'Unit tests of the hash' --passed 41 --failed 1 --failure hash::empty"))]),
                Step::of([bash(&format!("{rutter} blocker 'No credentials for staging'"))]),
                Step::of([bash(&format!("{rutter} todo 'Write the migration guide'"))]),
                Step::of([say("That is how far I came.")]),
            ],
        );
    }

    /// Returns which of the words the first request with a prompt had in it.
    fn first_request_says(&self, prompt: &str, words: &[&str]) -> Vec<bool> {
        let text = self.api.first_told(prompt).expect("the prompt reached the model");
        words.iter().map(|word| text.contains(word)).collect()
    }
}

const LEFT: [&str; 6] = [
    "Use SHA-256 for hashing, because Security and speed balance (instead of: MD5)",
    "Write the migration guide",
    "No credentials for staging",
    "Unit tests of the hash: 41 passed, 1 failed (hash::empty)",
    "created hash.txt [verified]",
    "Choose a hash [verified]",
];

#[test]
fn the_next_session_s_first_request_has_the_handoff() {
    let Some(stage) = Stage::set_with_documents() else { return };
    stage.home.init_git();
    stage.let_agent_leave_something();
    stage.run("Begin here. @@leave", &["--allowedTools=Bash,Write"]);
    stage.run("Go on there. @@ok", &[]);
    assert_eq!(stage.first_request_says("Begin here.", &["rutter-handoff"]), [false]);
    assert_eq!(stage.first_request_says("Go on there.", &LEFT), [true; 6]);
    // What it was told is what a person can look up.
    let sessions = stage.sessions();
    let received = stage.rutter(["handoff", "--received", sessions[1]["id"].as_str().unwrap()]);
    assert!(LEFT.iter().all(|left| received.contains(left)), "{received}");
    let documents = stage.home.project().join("archive/sessions");
    let handoff = std::fs::read_to_string(documents.join("SESSION-00001-HANDOFF.md")).unwrap();
    assert!(handoff.contains("Write the migration guide") && handoff.contains("Use SHA-256 for hashing"), "{handoff}");
    let files = std::fs::read_to_string(documents.join("SESSION-00001-FILES.txt")).unwrap();
    assert!(files.contains("hash.txt"), "{files}");
}

#[test]
fn what_is_no_longer_so_is_said_to_be_contradicted() {
    let Some(stage) = Stage::set_with_documents() else { return };
    stage.home.init_git();
    stage.let_agent_leave_something();
    stage.run("Begin here. @@leave", &["--allowedTools=Bash,Write"]);
    // Whoever looks first keeps what was left.
    stage.rutter(["list"]);
    std::fs::write(stage.home.project().join("hash.txt"), "md5\n").unwrap();
    let mut git = stage.home.program(std::path::Path::new("git"));
    assert!(git.args(["commit", "--quiet", "--amend", "-am", "Choose another"]).status().unwrap().success());
    stage.run("Go on there. @@ok", &[]);
    let gone = ["created hash.txt [CONTRADICTED: it was changed since]", "Choose a hash [CONTRADICTED: no branch has it any more]"];
    assert_eq!(stage.first_request_says("Go on there.", &gone), [true; 2]);
    assert!(stage.rutter(["handoff", "1"]).contains("created hash.txt [CONTRADICTED: it was changed since]"));
}

/// Lets an agent leave something, does something to its conversation, waits for a hook, and goes on.
fn go_on_after(command: &str, hook: &str, times: usize) -> Option<Stage> {
    let stage = Stage::set_with_documents()?;
    stage.home.init_git();
    stage.let_agent_leave_something();
    let agent = stage.home.interactive(&["--allowedTools=Bash,Write"]);
    agent.submit("Begin here. @@leave");
    stage.wait_for_hooks("Stop", 1);
    agent.submit(command);
    stage.wait_for_hooks(hook, times);
    agent.submit("Go on there. @@ok");
    stage.wait_for_hooks("Stop", 2);
    assert!(agent.exit().success());
    Some(stage)
}

#[test]
fn after_a_compaction_the_same_session_is_told_of_itself() {
    let Some(stage) = go_on_after("/compact", "PostCompact", 1) else { return };
    assert_eq!(stage.first_request_says("Go on there.", &LEFT[..4]), [true; 4]);
    assert_eq!(stage.sessions().len(), 1);
}

#[test]
fn after_a_clear_only_the_name_of_the_handoff_is_told() {
    let Some(stage) = go_on_after("/clear", "SessionStart", 2) else { return };
    let id = stage.sessions()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(stage.first_request_says("Go on there.", &["rutter handoff 1", id.as_str()]), [true; 2]);
    assert_eq!(stage.first_request_says("Go on there.", &LEFT), [false; 6]);
}

#[test]
fn a_handoff_that_is_switched_off_is_not_told() {
    let Some(stage) = Stage::set_with_documents() else { return };
    stage.home.init_git();
    stage.let_agent_leave_something();
    stage.rutter(["config", "handoff.deliver", "off"]);
    stage.run("Begin here. @@leave", &["--allowedTools=Bash,Write"]);
    stage.run("Go on there. @@ok", &[]);
    assert_eq!(stage.first_request_says("Go on there.", &["rutter-handoff", "rutter-session"]), [false, true]);
}
