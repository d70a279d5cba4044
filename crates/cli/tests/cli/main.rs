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
//! | `kill` | commands killed at random |
//! | `kill_drain` | a command killed at each of its steps while it takes in |
//! | `readme` | the tour of the README |
//! | `machine` | what tests ask of the machine: wrappers, trees, other programs |

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod banner;
mod canaries;
mod completions;
mod config;
mod current;
mod doctor;
mod end;
mod export;
mod hooks;
mod hostile;
mod import;
mod init;
mod kill;
mod kill_drain;
mod list;
mod looks;
mod machine;
mod man;
mod privacy;
mod readme;
mod rebuild;
mod reopen;
mod shapes;
mod show;
mod start;
mod stats;
mod surroundings;
mod tag;
mod usage;
mod walk;
mod work;

use serde_json::Value;
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
