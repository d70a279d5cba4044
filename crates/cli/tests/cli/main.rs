//! The program from the outside: exit code, stdout and stderr of every command, in a home of its own.
//!
//! One file for each command; beside them
//!
//! | file | holds |
//! |---|---|
//! | `looks` | emoji, colours and their absence |
//! | `shapes` | the keys of what `--json` prints |
//! | `usage` | help, version, wrong command lines |
//! | `hostile` | text, names and arguments that mean harm |
//! | `privacy` | modes of everything that is written |
//! | `canaries` | secrets in every place of a payload, and in nothing of ours |
//! | `surroundings` | disks, locks, damaged and foreign files |
//! | `walk` | the first format's walk; documents that must follow the program |
//! | `index` | transcripts: sessions from before, files that grow, move and vanish, commands killed while they read |
//! | `vault`, `agents`, `holdings` | what agents have on the disk, copies of it, the trash, what hostile names and links do to them: nothing |
//! | `checkpoint`, `checkpoint_redis` | checkpoints wherever they are kept; what only Redis can do to them |
//! | `projects_kept_apart` | conversations of one project, and `--project` where none is meant |
//! | `kill` | commands killed at random |
//! | `kill_drain` | a command killed at each of its steps while it takes in |
//! | `record` | entries, documents, the handoff, and scripts of older tools |
//! | `groups` | sessions by branch, ticket, tag and others, and what was used by them |
//! | `templates` | what sessions begin with: whole or not at all, and what foreign ones must not do |
//! | `gate/` | commits and the hooks of git |
//! | `reuse` | numbers of processes that are given again |
//! | `readme` | the tour of the README |
//! | `labelled` | every labelled kind of secret, in every field that is written down |
//! | `machine` | what tests ask of the machine: wrappers, trees, other programs |

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod agents;
mod banner;
mod canaries;
mod chain;
mod checkpoint;
mod checkpoint_redis;
mod completions;
mod config;
mod current;
mod doctor;
mod end;
mod export;
mod extract;
mod files;
mod found;
mod gate;
mod groups;
mod head;
mod holdings;
mod hooks;
mod hostile;
mod import;
mod index;
mod init;
mod kill;
mod kill_drain;
mod labelled;
mod list;
mod looks;
mod machine;
mod makefile;
mod man;
mod markers;
mod other_agents;
mod privacy;
mod projects_kept_apart;
mod readme;
mod rebuild;
mod record;
mod recover;
mod reopen;
mod resume;
mod reuse;
mod search;
mod search_kept;
mod shapes;
mod show;
mod start;
mod stats;
mod surroundings;
mod sync_status;
mod tag;
mod templates;
mod tools;
mod transition;
mod usage;
mod usage_report;
mod vault;
mod walk;
mod work;

use std::path::Path;

use serde_json::{Value, json};
use testkit::TestEnv;

/// Returns an empty home and an empty project.
fn env() -> TestEnv {
    TestEnv::new(env!("CARGO_BIN_EXE_rutter"))
}

/// Starts a session at 17:30:03 on 16 February 2026 and returns its id.
fn started(env: &TestEnv, description: &str) -> String {
    started_at(env, "2026-02-16T17:30:03", description)
}

/// Starts a session at a time of its own and returns its id.
fn started_at(env: &TestEnv, at: &str, description: &str) -> String {
    env.answer(["start", "--quiet", "--at", at, "-d", description])
}

/// Calls the hook as the agent does in a directory.
fn says(env: &TestEnv, directory: &Path, event: &str, conversation: &str, rest: Value) {
    let mut payload = json!({"session_id": conversation, "cwd": directory, "hook_event_name": event});
    payload.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    let outcome = env.raw_with(directory, ["hook", "claude-code"], payload.to_string().as_bytes());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
}

/// Lets an agent begin a conversation in a directory and take a prompt.
fn prompted(env: &TestEnv, directory: &Path, conversation: &str, source: &str, prompt: &str) {
    says(env, directory, "SessionStart", conversation, json!({"source": source}));
    says(env, directory, "UserPromptSubmit", conversation, json!({"prompt": prompt, "prompt_id": format!("{conversation}-p")}));
}

/// Leaves the transcript of a conversation, so that it can be resumed.
fn transcript(env: &TestEnv, conversation: &str) {
    let folder = env.path(".claude/projects/-p");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{conversation}.jsonl")), "{}\n").unwrap();
}

/// Reports the three operations of a worker: a build, its metadata, a compaction.
fn worked(env: &TestEnv) {
    env.answer(["transition", "abc123", "--source", "build"]);
    env.answer(["transition", "def456", "--source", "metadata_generation", "--old", "abc123"]);
    env.answer(["transition", "ghi789", "--source", "compact", "--old", "def456"]);
}

/// Runs the program with `--json`, expects it to succeed, and returns the objects of its answer.
fn objects<'a>(env: &TestEnv, arguments: impl IntoIterator<Item = &'a str>) -> Vec<Value> {
    let answer = env.answer(std::iter::once("--json").chain(arguments));
    answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Runs the program with `--json`, expects it to succeed with one object, and returns it.
fn object<'a>(env: &TestEnv, arguments: impl IntoIterator<Item = &'a str>) -> Value {
    let mut objects = objects(env, arguments);
    assert_eq!(objects.len(), 1, "{objects:?}");
    objects.remove(0)
}
