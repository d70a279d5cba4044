//! The fragment of a Makefile, run by the real make with a program that only says what it was given.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{fs, io::Write};

use testkit::Home;
use tracker::fragment;

/// Says its arguments, one a line, and what is on stdin where an argument is `-`.
const STUB: &str =
    "#!/bin/sh\nfor word in \"$@\"; do printf '[%s]\\n' \"$word\"; done\ncase \"$2\" in -) printf '<'; cat; printf '>\\n';; esac\n";

/// A directory with the fragment and the program, or none where there is no make.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn directory(home: &Home, program: &str) -> Option<PathBuf> {
    if Command::new("make").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("SKIPPED: no make on this machine");
        return None;
    }
    let directory = home.path("made");
    fs::create_dir_all(&directory).unwrap();
    let program = directory.join(program);
    fs::write(&program, STUB).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(directory.join("rutter.mk"), fragment(program.to_str().unwrap())).unwrap();
    fs::write(directory.join("Makefile"), "include rutter.mk\n").unwrap();
    Some(directory)
}

fn make(directory: &Path, words: &[&str], stdin: &str) -> Output {
    let mut command = Command::new("make");
    command.args(words).current_dir(directory);
    for variable in ["MAKEFLAGS", "RUTTER", "CURRENT_SESSION", "SESSION", "MSG", "RATIONALE", "CATEGORY", "PASSED", "FAILED", "SKIPPED"] {
        command.env_remove(variable);
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A target that asks nothing may be gone before it is answered.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(directory: &Path, words: &[&str]) -> String {
    let output = make(directory, words, "");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_target_calls_its_command() {
    let home = Home::new();
    let Some(directory) = directory(&home, "rutter") else { return };
    let check = |words: &[&str], expected: &str| assert_eq!(said(&directory, words), expected, "{words:?}");
    check(&["track-init", "SESSION=00003"], "[start]\n[--number=00003]\n✅ Session 00003 tracking initialized\n");
    check(&["track-log", "MSG=done", "SESSION=3"], "[log]\n[-]\n[--session=3]\n<done>\n");
    check(&["track-log", "MSG=done", "CATEGORY=bugfix"], "[log]\n[-]\n[--category=bugfix]\n<done>\n");
    check(&["track-decision", "MSG=a", "RATIONALE=b c"], "[decision]\n[-]\n[--rationale=b c]\n<a>\n");
    check(&["track-test", "MSG=a", "PASSED=41", "FAILED=1"], "[test]\n[-]\n[--passed=41]\n[--failed=1]\n<a>\n");
    check(&["track-blocker", "MSG=a"], "[blocker]\n[-]\n<a>\n");
    check(&["track-todo", "MSG=a"], "[todo]\n[-]\n<a>\n");
    check(&["track-summary"], "[summary]\n");
    check(&["track-handoff", "SESSION=3"], "[handoff]\n[--write]\n[--session=3]\n");
    check(&["track-end", "SESSION=00003"], "[end]\n[--session=00003]\n✅ Session 00003 tracking complete\n");
    check(&["track-end", "CURRENT_SESSION=00004"], "[end]\n✅ Session 00004 tracking complete\n");
}

#[test]
fn what_is_typed_arrives_as_it_was_typed() {
    let home = Home::new();
    let Some(directory) = directory(&home, "rutter") else { return };
    let texts = [
        r#"it's "quoted" and `touch planted`"#,
        "; touch planted; rm -rf . #",
        "$(shell touch planted) $(touch planted) $HOME ${MSG} $$ $",
        "first line\nsecond line\\\nthird",
        "-- --help",
        "-",
        "%s \\n \\",
        "' || touch planted '",
        "ü ✅",
    ];
    for text in texts {
        let log = said(&directory, &["track-log", &format!("MSG={text}")]);
        assert_eq!(log, format!("[log]\n[-]\n<{text}>\n"));
        let words = ["track-decision", "MSG=a", &format!("RATIONALE={text}"), &format!("SESSION={text}")];
        assert_eq!(said(&directory, &words), format!("[decision]\n[-]\n[--rationale={text}]\n[--session={text}]\n<a>\n"));
        said(&directory, &["track-log", "MSG=a", &format!("CATEGORY={text}")]);
    }
    assert!(!directory.join("planted").exists());
}

#[test]
fn what_is_missing_is_named() {
    let home = Home::new();
    let Some(directory) = directory(&home, "rutter") else { return };
    for (words, missing) in [(&["track-log"][..], "MSG"), (&["track-decision", "MSG=a"], "RATIONALE"), (&["track-init"], "SESSION")] {
        let output = make(&directory, words, "");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.starts_with(&format!("error: {missing} is missing, as in `make {} {missing}=...`\n", words[0])), "{told}");
        assert!(!output.status.success() && output.stdout.is_empty());
    }
}

#[test]
fn a_new_session_is_asked_for_and_left_in_the_environment_file() {
    let home = Home::new();
    let Some(directory) = directory(&home, "rutter") else { return };
    let output = make(&directory, &["new-session"], "00003\n");
    let asked = "Enter session number (e.g., 00003): [start]\n[--number=00003]\n";
    let started = "✅ Session 00003 started. Source .session.env to set environment\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{asked}{started}"));
    assert_eq!(fs::read_to_string(directory.join(".session.env")).unwrap(), "export CURRENT_SESSION=00003\n");
    for number in ["", "3; touch planted", "$(touch planted)", "SESSION-20260216-173003-09RZ"] {
        assert!(!make(&directory, &["new-session"], &format!("{number}\n")).status.success(), "{number}");
    }
    assert!(!directory.join("planted").exists());
    assert_eq!(fs::read_to_string(directory.join(".session.env")).unwrap(), "export CURRENT_SESSION=00003\n");
}

#[test]
fn the_program_may_be_called_anything() {
    for program in ["with space", "it's", "a#b", r"a\#b", "$(shell touch planted)", "`touch planted`", "a;b", "-x", "ü"] {
        let home = Home::new();
        let Some(directory) = directory(&home, program) else { return };
        assert_eq!(said(&directory, &["track-summary"]), "[summary]\n", "{program}");
        assert!(!directory.join("planted").exists());
    }
}
