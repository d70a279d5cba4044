use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use testkit::TestEnv;

use crate::machine::{bytes, skip, tree};
use crate::{env, object, objects};

/// Texts that would drive a terminal, leave a line, or end a string.
const TEXTS: [&str; 12] = [
    "two\nlines\r\nand a return",
    "\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7} \u{1b}[2J",
    "\u{9b}31m C1 \u{90}dcs\u{9c} \u{85}",
    "bidi \u{202e}gnp.exe\u{202c} \u{2066}isolate\u{2069} \u{200f}\u{061c}",
    "quotes \" ' ` $(id) ; rm -rf / | & \\ \\n %s {} {{",
    "emoji 🆔👩‍👩‍👧 漢字 é e\u{301}",
    "tab\tbackspace\u{8}\u{8}delete\u{7f}bell\u{7}",
    "\u{2028}line\u{2029}paragraph\u{feff}",
    "--json",
    " | SESSION-20260216-173003-09RZ | ENDED | COMPLETED",
    "{\"session_id\": \"x\"}",
    "../../../etc/passwd",
];

/// Names that are no session: paths, nothing, flags, escapes.
fn names() -> Vec<OsString> {
    let long = "S".repeat(10_000);
    let plain = ["../../x", "", " ", "/etc/passwd", &long, "--", ".", "*", "%", "_", "SESSION-20260216-173003-09RZ/../x", "0", "-1", "١"];
    let bytes: [&[u8]; 3] = [b"\xff\xfe", b"\x1b[31m\xc2\x9b", b"\xe2\x80\xae"];
    plain.iter().map(OsString::from).chain(bytes.map(|bytes| OsStr::from_bytes(bytes).to_owned())).collect()
}

/// Fails if output for people holds anything that drives a terminal.
fn assert_harmless(output: &Output, of: &dyn std::fmt::Debug) {
    for stream in [&output.stdout, &output.stderr] {
        let text = std::str::from_utf8(stream).unwrap_or_else(|error| panic!("{of:?}: {error}"));
        let is_harmful = |each: char| {
            (each.is_control() && each != '\n')
                || matches!(each, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert_eq!(text.chars().find(|each| is_harmful(*each)), None, "{of:?}: {:?}", text.chars().take(2_000).collect::<String>());
    }
}

/// Runs a command that must print nothing harmful, and returns its exit code.
fn code<S: AsRef<OsStr>>(env: &TestEnv, arguments: &[S]) -> i32 {
    let output = bytes(env, arguments);
    let typed: Vec<_> = arguments.iter().map(|argument| argument.as_ref().to_string_lossy().chars().take(60).collect::<String>()).collect();
    assert_harmless(&output, &typed);
    let code = output.status.code().unwrap_or(-1);
    assert!((0..=3).contains(&code), "{code}: {typed:?}: {}", String::from_utf8_lossy(&output.stderr));
    code
}

/// Everything beside the home, with something worth keeping in it.
fn outside(env: &TestEnv) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let root = env.home().parent().unwrap().to_owned();
    let sentinel = root.join("sentinel");
    if !sentinel.exists() {
        std::fs::create_dir(&sentinel).unwrap();
        std::fs::write(sentinel.join("passwd"), "do not touch").unwrap();
    }
    // A session's documents are where they belong.
    let is_ours = |path: &Path| path.starts_with(env.home()) || path.starts_with(env.project()) || path == root;
    tree(&root).into_iter().filter(|(path, _)| !is_ours(path)).collect()
}

#[test]
fn s7_no_stored_text_drives_the_terminal_and_json_has_it_all() {
    for text in TEXTS {
        let env = env();
        let before = outside(&env);
        assert_eq!(code(&env, &["start", &format!("--description={text}"), &format!("--meta={text}={text}")]), 0);
        assert_eq!(code(&env, &["work", "add", "IMPL", &format!("--meta=k={text}"), "--", text]), 0);
        for command in
            [&["show"][..], &["banner"], &["list"], &["stats"], &["work", "list"], &["current", "--why"], &["doctor"], &["rebuild"]]
        {
            assert_eq!(code(&env, command), 0, "{command:?}");
            assert_harmless(&bytes(&env, std::iter::once(&"--json").chain(command)), &command);
        }
        let (session, work) = (object(&env, ["show"]), object(&env, ["work", "list"]));
        assert_eq!((session["description"].as_str(), work["description"].as_str()), (Some(text.trim()), Some(text)));
        assert_eq!(work["metadata"]["k"], text);
        assert_eq!(code(&env, &["end"]), 0);
        assert_eq!(outside(&env), before, "{text:?}");
    }
}

#[test]
fn s7_the_log_keeps_every_record_on_one_line() {
    let env = env();
    for text in TEXTS {
        assert_eq!(code(&env, &["start", &format!("--description={text}")]), 0);
    }
    let log = std::fs::read_to_string(env.path(".claude/memory/logs/sessions.log")).unwrap();
    assert_eq!(log.lines().count(), TEXTS.len());
    assert!(log.lines().all(|line| line.split(" | ").nth(2) == Some("CREATED")), "{log}");
    assert!(!log.chars().any(|each| each.is_control() && each != '\n'), "{log:?}");
    assert_eq!(code(&env, &["init"]), 0);
    assert_eq!(objects(&env, ["list", "--limit", "99"]).len(), TEXTS.len(), "our own log is not taken in as somebody else's");
}

#[test]
fn s7_exports_are_text_that_imports_again() {
    let (here, there) = (env(), env());
    for text in TEXTS {
        here.answer(["start", "--quiet", &format!("--description={text}")]);
    }
    assert_harmless(&bytes(&here, ["export"]), &"export");
    let file = here.path("x.json");
    assert_eq!(code(&here, &[OsStr::new("export"), OsStr::new("-o"), file.as_os_str()]), 0);
    assert_eq!(code(&there, &[OsStr::new("import"), file.as_os_str()]), 0);
    let described = |env: &TestEnv| -> Vec<_> {
        objects(env, ["list", "--all-projects", "--limit", "99"]).iter().map(|session| session["description"].clone()).collect()
    };
    assert_eq!(described(&there), described(&here));
}

#[test]
fn s7_names_that_fit_nothing_are_repeated_harmlessly() {
    let env = env();
    env.answer(["start", "--quiet"]);
    let before = outside(&env);
    let commands: [&[&str]; 9] =
        [&["show"], &["banner"], &["stats"], &["reopen"], &["work", "list"], &["export"], &["work", "done"], &["chain"], &["recover"]];
    for name in names() {
        for command in commands {
            let mut arguments: Vec<_> = command.iter().map(OsString::from).collect();
            arguments.extend(["--".into(), name.clone()]);
            assert_eq!(code(&env, &arguments), 1, "{command:?} {name:?}");
            if command != ["work", "done"] && command != ["reopen"] {
                let mut flag = OsString::from("--session=");
                flag.push(&name);
                code(&env, &[&[flag], &arguments[..command.len()]].concat());
            }
        }
        assert_eq!(code(&env, &["end".into(), "--".into(), name.clone()]), 1, "{name:?}");
        let mut flag = OsString::from("--session=");
        flag.push(&name);
        assert_eq!(code(&env, &["resume".into(), flag]), 1, "{name:?}");
        let tagged = code(&env, &["tag".into(), name.clone(), "+a".into()]);
        assert!(tagged == 1 || tagged == 2 || name == "--" || name == "-1", "{name:?}");
    }
    assert_eq!(object(&env, ["show"])["status"], "ACTIVE", "nothing was ended");
    assert_eq!(outside(&env), before);
}

#[test]
fn s7_errors_are_short_also_where_what_was_typed_is_long() {
    let env = env();
    let long = "x".repeat(10_000);
    for arguments in
        [&["show", &long][..], &["work", "done", &long], &["list", "--since", &long], &["--project", &long, "list"], &["config", &long]]
    {
        let output = bytes(&env, arguments);
        assert!(output.stderr.len() < 1_000, "{}: {} bytes", arguments[0], output.stderr.len());
    }
}

#[test]
fn s7_arguments_of_any_bytes_are_taken_as_far_as_they_are_text() {
    let env = env();
    let bytes_of = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    assert_eq!(code(&env, &["start".into(), "-d".into(), bytes_of(b"caf\xe9 \xff\xfe ok")]), 0);
    assert_eq!(object(&env, ["show"])["description"], "caf\u{fffd} \u{fffd}\u{fffd} ok");
    assert_eq!(code(&env, &["work".into(), "add".into(), "IMPL".into(), bytes_of(b"\xc3(")]), 0);
    assert_eq!(code(&env, &["start".into(), "--meta".into(), bytes_of(b"\xff=\xfe")]), 0);
    for bad in [
        &["start".into(), "--type".into(), bytes_of(b"\xff\x1b[31m")][..],
        &[bytes_of(b"\xff\x1b[31m")],
        &["--color".into(), bytes_of(b"\x1b")],
    ] {
        assert_eq!(code(&env, bad), 2, "{bad:?}");
    }
    assert_eq!(code(&env, &["config".into(), bytes_of(b"\xff\x1b[31m")]), 1);
    assert_eq!(code(&env, &["-C".into(), bytes_of(b"\xff\x1b[31m"), "list".into()]), 2);
    assert_eq!(code(&env, &["export".into(), "-o".into(), bytes_of(b"/no/\xff\x1b[31m")]), 3);
    assert_eq!(code(&env, &["import".into(), bytes_of(b"/no/\xff\x1b[31m")]), 3);
    assert_eq!(code(&env, &["man".into(), "--out".into(), bytes_of(b"/no/\xff\x1b[31m")]), 3);
}

#[test]
fn stdin_may_be_long_hold_nul_or_be_no_text() {
    let env = env();
    let long = "word and word\n".repeat(75_000);
    let odd: [(&[u8], &str); 3] = [(long.as_bytes(), long.trim_end()), (b"a\0b\0", "a\0b\0"), (b"\xff\xfe\n", "\u{fffd}\u{fffd}")];
    for (given, kept) in odd {
        for arguments in [&["start", "-d", "-"][..], &["work", "add", "IMPL", "-", "-s", "1"]] {
            let outcome = env.raw_with(&env.project(), arguments.iter().copied(), given);
            assert_eq!(outcome.code, 0, "{}", outcome.stderr);
            assert!(!outcome.stderr.contains('\0') && outcome.stderr.len() < 2_000, "{} bytes", outcome.stderr.len());
        }
        assert_eq!(object(&env, ["show", "--quiet"])["description"].as_str(), Some(kept));
        assert_eq!(objects(&env, ["work", "list", "1"]).pop().unwrap()["description"].as_str(), Some(kept));
    }
    for command in ["list", "show", "stats", "doctor", "rebuild"] {
        assert_eq!(code(&env, &[command]), 0, "{command}");
    }
}

#[test]
fn more_on_stdin_than_anybody_wants_to_keep_is_refused() {
    let env = env();
    let outcome = env.raw_with(&env.project(), ["start", "-d", "-"], &vec![b'x'; (16 << 20) + 1]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (2, "error: the text on stdin is longer than 16 MiB\n"));
    assert!(objects(&env, ["list"]).is_empty());
}

#[test]
fn s7_tags_and_pairs_that_mean_harm_are_refused_or_shown_harmlessly() {
    let env = env();
    env.answer(["start", "--quiet"]);
    for text in TEXTS {
        let has_space = text.contains(char::is_whitespace) || text.contains(char::is_control);
        let expected = if has_space || text.starts_with('-') { 2 } else { 0 };
        assert_eq!(code(&env, &["tag", &format!("+{text}")]), expected, "{text:?}");
        assert_eq!(code(&env, &["start", "--quiet", "--project", "p", &format!("--tag={text}")]), expected, "{text:?}");
        code(&env, &["list", &format!("--tag={text}"), &format!("--owner={text}"), &format!("--agent={text}")]);
    }
    let bidi = "\u{202e}gpj";
    code(&env, &["tag", &format!("+{bidi}")]);
    for command in [&["show"][..], &["tag", "+z"], &["list"]] {
        code(&env, command);
    }
}

#[test]
fn s1_a_hostile_project_is_a_name_and_never_a_path_to_write_to() {
    let long = "p".repeat(10_000);
    for name in TEXTS.into_iter().chain(["../../x", "/etc", "..", ".", "~", "a/../../b", &long]) {
        let mut env = env();
        let before = outside(&env);
        assert_eq!(code(&env, &["start", &format!("--project={name}")]), 0, "{name:?}");
        assert!(!object(&env, ["list", &format!("--project={name}")])["project"].is_null(), "{name:?}");
        env.set("RUTTER_PROJECT", name);
        for command in [&["start"][..], &["show"], &["list"], &["stats", "--all-projects"], &["config"], &["doctor"], &["rebuild"]] {
            assert_eq!(code(&env, command), 0, "{name:?} {command:?}");
        }
        let mut home: Vec<_> = std::fs::read_dir(env.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        home.sort();
        assert_eq!(home, [".claude", ".local"], "{name:?}");
        assert_eq!(outside(&env), before, "{name:?}");
    }
}

#[test]
fn s7_what_the_machine_says_is_foreign_too() {
    let mut env = env();
    let hostile = "\u{1b}[31m\u{9b}\u{202e}";
    for variable in ["RUTTER_OWNER", "RUTTER_SESSION", "CURRENT_SESSION", "RUTTER_ASCII", "USER", "TZ", "LANG", "TERM"] {
        env.set(variable, hostile);
    }
    let directory = env.project().join(format!("d{hostile}\n"));
    std::fs::create_dir(&directory).unwrap();
    for command in ["start", "show", "list", "current", "config", "doctor", "rebuild", "export"] {
        let output = env.command(&directory).arg(command).output().unwrap();
        assert_harmless(&output, &command);
        assert_eq!(output.status.code(), Some(0), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    for (variable, value) in [("RUTTER_STORE_WAIT_SECONDS", hostile), ("RUTTER_MIRROR", hostile), ("RUTTER_HOME", hostile)] {
        env.set(variable, value);
        assert_eq!(code(&env, &["list"]), 3, "{variable}");
    }
}

#[test]
fn s12_a_repository_s_own_git_is_never_run() {
    let mut env = env();
    for program in ["git", "bin/git"].map(|name| env.project().join(name)) {
        std::fs::create_dir_all(program.parent().unwrap()).unwrap();
        std::fs::write(&program, format!("#!/bin/sh\n: >'{}'\n", env.path("trapped").display())).unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    std::fs::create_dir_all(env.project().join(".git/refs")).unwrap();
    std::fs::create_dir_all(env.project().join(".git/objects")).unwrap();
    std::fs::write(env.project().join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    std::fs::write(env.project().join(".git/config"), "").unwrap();
    for path in [".:/usr/bin:/bin", ":/usr/bin:/bin", "/usr/bin:/bin:", "bin:./bin", ".", ""] {
        env.set("PATH", path);
        assert_eq!(code(&env, &["start"]), 0, "{path:?}");
        assert!(!env.path("trapped").exists(), "{path:?}");
    }
    // What somebody put into the `PATH` by its whole name is theirs.
    env.set("PATH", &env.project().join("bin").to_string_lossy());
    assert_eq!(code(&env, &["start"]), 0);
    assert!(env.path("trapped").exists(), "it would have been seen");
}

#[test]
fn s12_a_repository_has_its_say_in_words_only() {
    let env = env();
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.current_dir(env.project()).env("HOME", env.home()).env("GIT_CONFIG_NOSYSTEM", "1");
        git.args(["-c", "user.name=eve", "-c", "user.email=eve@example.org"]).args(arguments).output()
    };
    if git(&["init", "-q", "-b", "\u{202e}branch"]).is_err() {
        return skip("no `git` on this machine");
    }
    let committed = git(&["commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", "\u{1b}[31msubject\u{9b}"]).unwrap();
    assert!(committed.status.success(), "{}", String::from_utf8_lossy(&committed.stderr));
    let trap = env.project().join("trapped");
    let program = env.project().join("trap.sh");
    std::fs::write(&program, format!("#!/bin/sh\ntouch '{}'\n", trap.display())).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    for key in ["core.fsmonitor", "core.pager", "pager.log", "gpg.program", "core.sshCommand", "core.editor", "diff.external", "alias.log"]
    {
        let value = if key == "alias.log" { format!("!{}", program.display()) } else { program.display().to_string() };
        git(&["config", key, &value]).unwrap();
    }
    git(&["config", "log.showSignature", "true"]).unwrap();
    for command in [&["start"][..], &["show"], &["list"], &["stats"], &["doctor"]] {
        assert_eq!(code(&env, command), 0, "{command:?}");
    }
    let description = object(&env, ["show"])["description"].as_str().unwrap().to_owned();
    assert!(description.contains("branch") && description.contains("subject"), "{description:?}");
    assert!(!trap.exists());
}
