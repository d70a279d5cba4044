//! `rutter checkpoint`, wherever checkpoints are kept.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use testkit::{Redis, TestEnv};

use crate::machine::{skip, tree};
use crate::{env, object, started};

/// Says that a test had no Redis.
pub(crate) fn no_redis() {
    skip("no `redis-server` on this machine; its package is called redis-server");
}

/// Does something where checkpoints are kept in a file, and where they are in Redis.
fn everywhere(work: impl Fn(&TestEnv)) {
    work(&env());
    let Some(redis) = Redis::private() else { return no_redis() };
    let mut env = env();
    env.set("RUTTER_REDIS_URL", &redis.url());
    work(&env);
}

#[test]
fn what_a_worker_and_a_person_read() {
    let env = env();
    insta::assert_snapshot!(env.run(["checkpoint", "save", "b-7", "--session", "ghi789", "--path", ".", "--file", "a.ts", "--file", "b c.ts"]), @"
    [exit 0]
    [out] Saved b-7 until <time>
    ");
    insta::assert_snapshot!(env.run(["checkpoint", "load", "b-7"]), @"
    [exit 0]
    [out] ghi789
    ");
    insta::assert_snapshot!(env.run(["checkpoint", "load", "b-7", "--json"]), @r#"
    [exit 0]
    [out] {"build_id":"b-7","session_id":"ghi789","project_path":"/project","files_created":["a.ts","b c.ts"],"saved_at":"<time>","expires_at":"<time>"}
    "#);
    insta::assert_snapshot!(env.run(["checkpoint", "drop", "b-7"]), @"
    [exit 0]
    [out] Dropped b-7
    ");
    insta::assert_snapshot!(env.run(["checkpoint", "drop", "b-7"]), @"
    [exit 0]
    [err] note: b-7 had no checkpoint, or it had expired
    ");
    insta::assert_snapshot!(env.run(["checkpoint", "drop", "b-7", "--json"]), @r#"
    [exit 0]
    [out] {"build_id":"b-7","dropped":false}
    [err] note: b-7 had no checkpoint, or it had expired
    "#);
    insta::assert_snapshot!(env.run(["checkpoint", "load", "b-7"]), @"
    [exit 1]
    [err] error: build `b-7` has no checkpoint, or it has expired
    [err] hint: begin the build afresh
    ");
    insta::assert_snapshot!(env.run(["checkpoint", "save", "b 7", "--session", "ghi789", "--path", "."]), @r"
    [exit 2]
    [err] error: a build id has 1 to 255 ASCII characters, no blanks, and none of `* ? [ ] { } \`
    [err] hint: hash what does not fit, with `sha256sum` for one
    ");
    insta::assert_snapshot!(env.run(["checkpoint", "save", "b-7", "--session", "ghi789", "--path", ".", "--ttl", "soon"]), @"
    [exit 2]
    [err] error: `soon` is not a length of time; try `24h`, `90m` or `7d`
    ");
    let missing = env.raw(["checkpoint", "save", "b-7", "--path", "."]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("--session <ID>"), "{}", missing.stderr);
}

#[test]
fn on_a_terminal_everything_is_shown() {
    let env = env();
    env.answer(["checkpoint", "save", "b-7", "--session", "ghi789", "--path", ".", "--file", "a.ts"]);
    let program = env.command(&env.project()).get_program().to_string_lossy().into_owned();
    let mut script = env.command_of(Path::new("script"), &env.project());
    let Ok(output) = script.args(["-qec", &format!("{program} --color never checkpoint load b-7"), "/dev/null"]).output() else {
        return skip("no `script` on this machine");
    };
    let said = env.comparable(&String::from_utf8_lossy(&output.stdout).replace('\r', ""));
    insta::assert_snapshot!(said, @"
    Build:   b-7
    Session: ghi789
    Path:    /project
    Saved:   <time>
    Expires: <time>
    Files:   1 file
      a.ts
    ");
}

/// An agent that says which session it is, writes down how it was called, and is gone in the middle where it is told to be.
const AGENT: &str = r#"#!/bin/sh
echo "$*" >> calls
test "$2" = "Describe what you built." && test -e away && kill -9 "$PPID" && exit 1
echo '{"type":"system","subtype":"init","session_id":"abc'"$(wc -l < calls)"'"}'
"#;

#[test]
fn the_worker_of_the_guide_goes_on_where_another_stopped() {
    let guide = include_str!("../../../../docs/guides/checkpoints.md");
    let worker = guide.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    everywhere(|env| {
        let write = |name: &str, text: &str| {
            let path = env.project().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        };
        write("claude", AGENT);
        write("worker", worker);
        write("away", "");
        let programs = Path::new(env!("CARGO_BIN_EXE_rutter")).parent().unwrap().to_string_lossy().into_owned();
        let run = || {
            let mut worker = env.command_of(Path::new("./worker"), &env.project());
            let path = format!("{}:{programs}:/usr/local/bin:/usr/bin:/bin", env.project().display());
            worker.arg("b-7").env("PATH", path).output().unwrap()
        };
        let first = run();
        assert!(!first.status.success(), "{first:?}");
        assert_eq!(env.answer(["checkpoint", "load", "b-7"]), "abc1");
        std::fs::remove_file(env.project().join("away")).unwrap();
        let second = run();
        assert!(second.status.success(), "{second:?}");
        assert_eq!(env.raw(["checkpoint", "load", "b-7"]).code, 1, "it is done");
        let calls = std::fs::read_to_string(env.project().join("calls")).unwrap();
        let resumed: Vec<_> = calls.lines().map(|call| call.split_once("--resume ").map_or("", |(_, id)| id)).collect();
        assert_eq!(resumed, ["", "abc1", "abc1", "abc3"], "{calls}");
    });
}

#[test]
fn what_a_killed_worker_saved_is_taken_up_by_another() {
    everywhere(|env| {
        let script = r#""$0" checkpoint save b-7 --session ghi789 --path /srv/shop --file src/cart.ts && cat"#;
        let mut worker = crate::machine::through(env, ["sh", "-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(worker.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert!(said.starts_with("Saved b-7 until "), "{said}");
        worker.kill().unwrap();
        drop(worker.wait());
        let elsewhere = env.home();
        let loaded = env.raw_with(&elsewhere, ["checkpoint", "load", "b-7", "--json"], b"");
        let loaded: Value = serde_json::from_str(&loaded.stdout).unwrap();
        assert_eq!(
            (&loaded["session_id"], &loaded["project_path"], &loaded["files_created"]),
            (&json!("ghi789"), &json!("/srv/shop"), &json!(["src/cart.ts"]))
        );
    });
}

#[test]
fn two_savers_at_once_leave_what_one_of_them_saved_whole() {
    const ROUNDS: usize = 12;
    everywhere(|env| {
        let save = |who: &str| {
            let file = |number: usize| format!("--file={who}-{number}");
            let mut words: Vec<String> = ["checkpoint", "save", "b-7", "--session", who].map(str::to_owned).to_vec();
            words.extend([format!("--path=/srv/{who}")].into_iter().chain((0..20).map(file)));
            env.answer(&words);
        };
        let is_whole = |loaded: &Value| {
            let who = loaded["session_id"].as_str().unwrap();
            let files: Vec<_> = (0..20).map(|number| json!(format!("{who}-{number}"))).collect();
            loaded["project_path"] == format!("/srv/{who}") && loaded["files_created"] == json!(files)
        };
        save("first");
        std::thread::scope(|scope| {
            for who in ["ada", "grace"] {
                scope.spawn(move || (0..ROUNDS).for_each(|_| save(who)));
            }
            for _ in 0..ROUNDS {
                let loaded = object(env, ["checkpoint", "load", "b-7"]);
                assert!(is_whole(&loaded), "{loaded}");
            }
        });
        save("last");
        assert_eq!(object(env, ["checkpoint", "load", "b-7"])["session_id"], "last");
    });
}

#[test]
fn s1_hostile_ids_are_refused_and_leave_nothing() {
    everywhere(|env| {
        env.answer(["checkpoint", "save", "b-7", "--session", "s", "--path", "/srv"]);
        let before = tree(&env.home());
        let long = "x".repeat(10_240);
        let hostile = ["", " ", "a b", "a\nb", "*", "b-*", "b-?", "[b]-7", "{b-7}", "b\\7", "\u{1b}[31m", "é", "\u{202e}7", &long];
        for id in hostile {
            for command in [&["save", "--session=s", "--path=/srv"][..], &["load"], &["drop"]] {
                let outcome = env.raw(["checkpoint"].iter().chain(command).copied().chain(["--", id]));
                assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{command:?} {id:?}: {}", outcome.stderr);
                assert!(outcome.stderr.len() < 400 && !outcome.stderr.contains('\u{1b}'), "{id:?}: {}", outcome.stderr);
            }
        }
        assert_eq!(tree(&env.home()), before);
        assert_eq!(env.answer(["checkpoint", "load", "b-7"]), "s");
        let odd = ["-rf", "../../etc/passwd", "a:b", "$(touch x)", "'", "%00", "#"];
        for id in odd {
            env.answer(["checkpoint", "save", "--session=s", "--path=/srv", "--", &id.replace(' ', "-")]);
            assert_eq!(env.answer(["checkpoint", "load", "--", &id.replace(' ', "-")]), "s");
        }
        assert_eq!(env.answer(["checkpoint", "load", "b-7"]), "s");
    });
}

#[test]
fn s10_a_secret_is_refused_and_not_repeated() {
    let token = ["gh", "p_", &"a1B2".repeat(9)].concat();
    everywhere(|env| {
        let (path, file) = (format!("--path=/srv/{token}"), format!("--file={token}"));
        let id = format!("--session={token}");
        for words in [[&id, "--path=/srv", "--file=a"], ["--session=s", &path, "--file=a"], ["--session=s", "--path=/srv", &file]] {
            let outcome = env.raw(["checkpoint", "save", "b-7"].into_iter().chain(words));
            assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{}", outcome.stderr);
            assert!(outcome.stderr.contains("has the looks of a secret") && !outcome.stderr.contains(&token), "{}", outcome.stderr);
        }
        assert_eq!(env.raw(["checkpoint", "load", "b-7"]).code, 1);
    });
}

#[test]
fn checkpoints_wait_for_no_store_and_make_none() {
    let env = env();
    env.answer(["checkpoint", "save", "b-7", "--session", "s", "--path", "."]);
    assert!(!env.path(".local/share/rutter/rutter.db").exists());
    started(&env, "Fix the login");
    crate::machine::assert_private(&[env.path(".local/share/rutter")]);
    let store = env.path(".local/share/rutter/rutter.db");
    std::fs::remove_file(&store).unwrap();
    std::fs::create_dir(&store).unwrap();
    assert_eq!(env.raw(["list"]).code, 3);
    assert_eq!(env.answer(["checkpoint", "load", "b-7"]), "s");
    assert_eq!(env.raw(["checkpoint", "save", "b-8", "--session", "s", "--path", "."]).code, 0);
}

#[test]
fn a_file_that_is_not_of_this_build_is_left_alone() {
    let env = env();
    let file = env.path(".local/share/rutter/checkpoints.db");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    rusqlite::Connection::open(&file).unwrap().execute_batch("PRAGMA user_version = 2; CREATE TABLE newer (a)").unwrap();
    let before = std::fs::read(&file).unwrap();
    for words in [&["save", "b-7", "--session=s", "--path=."][..], &["load", "b-7"], &["drop", "b-7"]] {
        let outcome = env.raw(["checkpoint"].iter().chain(words));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{}", outcome.stderr);
    }
    assert_eq!(std::fs::read(&file).unwrap(), before);
}
