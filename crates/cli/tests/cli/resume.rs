use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use testkit::{Interactive, Key, TestEnv};

use crate::{env, object, prompted, says, transcript};

/// Leaves a program that writes down where and with what it was started, in a directory of `PATH` or elsewhere.
fn fake_agent(directory: &Path) {
    fs::create_dir_all(directory).unwrap();
    let program = directory.join("claude");
    fs::write(&program, "#!/bin/sh\nprintf '%s\\n' \"$PWD\" \"$@\" > \"$HOME/started\"\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Returns a home with a fake agent, and a directory of its project with a name that a shell would not take as it is.
fn with_agent() -> (TestEnv, PathBuf) {
    let mut env = env();
    fake_agent(&env.path("bin"));
    let path = format!("{}:/usr/bin:/bin", env.path("bin").display());
    env.set("PATH", &path);
    let directory = env.project().join("it's a \"dir\" $HOME");
    fs::create_dir(&directory).unwrap();
    (env, directory)
}

/// Lets an agent work in a directory and go, so that it can be resumed.
fn worked_in(env: &TestEnv, directory: &Path, conversation: &str, prompt: &str) {
    prompted(env, directory, conversation, "startup", prompt);
    says(env, directory, "SessionEnd", conversation, json!({"reason": "other"}));
    transcript(env, conversation);
}

/// Returns where the fake agent was started, and its arguments, and forgets it.
fn started(env: &TestEnv) -> Vec<String> {
    let text = fs::read_to_string(env.path("started")).unwrap_or_default();
    drop(fs::remove_file(env.path("started")));
    text.lines().map(str::to_owned).collect()
}

fn words(directory: &Path, arguments: &[&str]) -> Vec<String> {
    std::iter::once(directory.to_str().unwrap()).chain(arguments.iter().copied()).map(str::to_owned).collect()
}

#[test]
fn the_agent_is_started_where_it_stopped() {
    let (env, directory) = with_agent();
    worked_in(&env, &directory, "c", "Fix the login");
    assert_eq!(env.answer(["-C", directory.to_str().unwrap(), "resume"]), "");
    assert_eq!(started(&env), words(&directory, &["--resume", "c"]));
    // By its own id from anywhere, with arguments of its own.
    let outcome = env.raw_with(&env.home(), ["resume", "c", "--", "--model", "opus", "a b"], b"");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    assert_eq!(started(&env), words(&directory, &["--resume", "c", "--model", "opus", "a b"]));
    env.answer(["-C", directory.to_str().unwrap(), "resume", "1"]);
    assert_eq!(started(&env).len(), 3);
}

#[test]
fn the_line_that_is_printed_is_one_for_a_shell() {
    let (env, directory) = with_agent();
    worked_in(&env, &directory, "c", "Fix the login");
    let line = env.answer(["resume", "c", "--print", "--", "it's", ""]);
    assert!(env.comparable(&line).ends_with(r#"/project/it'\''s a "dir" $HOME' && claude --resume c 'it'\''s' ''"#), "{line}");
    assert_eq!(started(&env), [""; 0], "nothing was started");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &line]).env_clear().env("HOME", env.home()).env("PATH", format!("{}:/usr/bin:/bin", env.path("bin").display()));
    assert!(shell.status().unwrap().success());
    assert_eq!(started(&env), words(&directory, &["--resume", "c", "it's", ""]));
    assert_eq!(env.answer(["--color", "always", "resume", "c", "--print", "--", "it's", ""]), line);
    let plan = object(&env, ["resume", "c"]);
    let keys: Vec<_> = plan.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["agent", "agent_session", "session", "directory", "command", "running"]);
    assert_eq!((&plan["command"], &plan["running"]), (&json!(["claude", "--resume", "c"]), &json!(null)));
    assert_eq!(started(&env), [""; 0], "nothing was started");
}

#[test]
fn a_directory_that_would_drive_a_terminal_is_not_printed() {
    let (env, _) = with_agent();
    let directory = env.project().join("a\u{1b}[31m");
    fs::create_dir(&directory).unwrap();
    worked_in(&env, &directory, "c", "Fix the login");
    insta::assert_snapshot!(env.run(["resume", "c", "--print"]), @r"
    [exit 1]
    [err] error: `/project/a\u{1b}[31m` cannot be printed as part of a line
    [err] hint: run `rutter resume c`
    ");
    env.answer(["resume", "c"]);
    assert_eq!(started(&env), words(&directory, &["--resume", "c"]));
}

#[test]
fn what_cannot_be_resumed_says_why() {
    let (env, directory) = with_agent();
    insta::assert_snapshot!(env.run(["resume"]), @"
    [exit 1]
    [err] error: there is nothing to resume in /project
    [err] hint: run `rutter chain --all-projects` to see what there is, or start an agent
    ");
    insta::assert_snapshot!(env.run(["resume", "nobody"]), @"
    [exit 1]
    [err] error: no session matches `nobody`
    [err] hint: run `rutter list --all-projects` to see the ids
    [err] hint: run `rutter index` first for what only `rutter agents list` shows
    ");
    worked_in(&env, &directory, "c", "Fix the login");
    fs::remove_dir(&directory).unwrap();
    insta::assert_snapshot!(env.run(["resume", "c"]), @r#"
    [exit 3]
    [err] error: c worked in `/project/it's a "dir" $HOME`, which is gone
    [err] hint: bring that directory back, then run `rutter resume c`
    "#);
    fs::remove_dir_all(env.path(".claude/projects")).unwrap();
    insta::assert_snapshot!(env.run(["resume", "c"]), @"
    [exit 1]
    [err] error: c cannot be resumed: its transcript is gone
    [err] hint: run `rutter recover c` for one that can be resumed
    ");
    env.answer(["transition", "x", "--source", "build", "--agent", "aider"]);
    insta::assert_snapshot!(env.run(["resume"]), @"
    [exit 1]
    [err] error: nobody here knows how to start `aider` with x
    [err] hint: start that agent as its own manual says
    ");
    assert_eq!(started(&env), [""; 0]);
}

#[test]
fn a_program_that_is_not_in_path_is_no_program() {
    let mut env = env();
    fake_agent(&env.project());
    env.set("PATH", ".::relative:/nowhere");
    worked_in(&env, &env.project(), "c", "Fix the login");
    insta::assert_snapshot!(env.run(["resume"]), @"
    [exit 3]
    [err] error: there is no program `claude` in PATH
    [err] hint: install it, or put the directory that it is in into PATH; `rutter resume c --print` prints what to run
    ");
    assert_eq!(started(&env), [""; 0]);
    // One that cannot be run.
    let bin = env.path("bin");
    fake_agent(&bin);
    fs::write(bin.join("claude"), "#!/nowhere/sh\n").unwrap();
    env.set("PATH", bin.to_str().unwrap());
    insta::assert_snapshot!(env.run(["resume"]), @"
    [exit 3]
    [err] error: cannot start `/home/bin/claude` in `/project`
    [err]   cause: No such file or directory (os error 2)
    ");
}

#[test]
fn what_runs_already_is_started_twice_only_when_asked() {
    let (env, directory) = with_agent();
    prompted(&env, &directory, "c", "startup", "Fix the login");
    transcript(&env, "c");
    // The hook's parent is this test, which runs.
    let said = env.run(["resume", "c"]).replace(&std::process::id().to_string(), "<pid>");
    insta::assert_snapshot!(said, @"
    [exit 1]
    [err] error: c runs already, as process <pid>
    [err] hint: go to it, or run `rutter resume c --anyway` to have it twice
    ");
    assert_eq!(env.raw(["resume", "c", "--print"]).code, 1);
    assert_eq!(object(&env, ["resume", "c"])["running"], std::process::id());
    assert_eq!(started(&env), [""; 0]);
    let outcome = env.raw(["resume", "c", "--anyway"]);
    assert!(outcome.code == 0 && outcome.stderr.starts_with("note: c runs already"), "{outcome:?}");
    assert_eq!(started(&env), words(&directory, &["--resume", "c"]));
}

/// Starts the program in a terminal.
fn in_terminal(env: &TestEnv, directory: &Path, arguments: &[&str]) -> Interactive {
    let mut command = env.command(directory);
    command.args(arguments).process_group(0);
    let terminal = Interactive::start(command);
    terminal.wait_for("the question", |screen| screen.contains("or q to leave"));
    terminal
}

fn answered(terminal: Interactive, text: &str) -> i32 {
    if !text.is_empty() {
        terminal.type_text(text);
    }
    terminal.press(Key::Enter);
    terminal.wait().code().unwrap()
}

#[test]
fn a_person_chooses_among_those_of_all_projects() {
    let (env, directory) = with_agent();
    let other = env.home().join("other");
    fs::create_dir(&other).unwrap();
    worked_in(&env, &directory, "c", "Fix the login");
    worked_in(&env, &other, "d", "Write the notes");
    // Enter takes that of this worktree, though the other one is newer.
    let terminal = in_terminal(&env, &directory, &["resume"]);
    let screen = terminal.screen();
    assert!(screen.contains("1  #00001  Fix the login  it's a \"dir\" $HOME") && screen.contains("to resume here"), "{screen}");
    assert!(screen.contains("2  #00001  Write the notes  other, "), "{screen}");
    assert_eq!(answered(terminal, ""), 0);
    assert_eq!(started(&env), words(&directory, &["--resume", "c"]));
    assert_eq!(answered(in_terminal(&env, &directory, &["resume"]), "2"), 0);
    assert_eq!(started(&env), words(&other, &["--resume", "d"]));
    // A part of a description, then Enter.
    let terminal = in_terminal(&env, &env.home(), &["resume"]);
    terminal.type_text("LOGIN");
    terminal.press(Key::Enter);
    terminal.wait_for("one line", |screen| screen.contains("[1]"));
    assert_eq!(answered(terminal, ""), 0);
    assert_eq!(started(&env), words(&directory, &["--resume", "c"]));
}

#[test]
fn who_leaves_starts_nothing() {
    let (env, directory) = with_agent();
    worked_in(&env, &directory, "c", "Fix the login");
    assert_eq!(answered(in_terminal(&env, &directory, &["resume"]), "q"), 1);
    let terminal = in_terminal(&env, &directory, &["resume"]);
    terminal.type_text("no such thing");
    terminal.press(Key::Enter);
    terminal.wait_for("another question", |screen| screen.contains("nothing fits") && screen.matches("or q to leave").count() == 2);
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait().code(), Some(1));
    assert_eq!(started(&env), [""; 0]);
}
