//! Checkpoints in Redis: what other programs write and read there, and what becomes of us when it is wiped, held, killed or locked.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use testkit::{Outcome, Redis, RedisReply, TestEnv};

use crate::checkpoint::no_redis;
use crate::machine::{skip, tree};
use crate::{env, object, worked};

const SAVE: [&str; 7] = ["checkpoint", "save", "b-7", "--session", "ghi789", "--path", "/srv/shop"];
const LOAD: [&str; 3] = ["checkpoint", "load", "b-7"];
const DROP: [&str; 3] = ["checkpoint", "drop", "b-7"];

fn at(redis: &Redis) -> TestEnv {
    let mut env = env();
    env.set("RUTTER_REDIS_URL", &redis.url());
    env
}

fn text(reply: RedisReply) -> String {
    match reply {
        RedisReply::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn other_programs_read_what_we_save_under_their_key_and_for_an_hour() {
    let Some(redis) = Redis::any() else { return no_redis() };
    let env = at(&redis);
    let build = format!("rutter-test-{}-a", std::process::id());
    let key = format!("claude:session:{build}");
    env.answer(["checkpoint", "save", &build, "--session", "ghi789", "--path", "/srv/shop", "--file", "src/cart.ts"]);
    let mut kept: Value = serde_json::from_str(&text(redis.call(&["GET", &key]))).unwrap();
    let saved_at = kept.as_object_mut().unwrap().remove("savedAt").unwrap();
    assert!(saved_at.as_str().unwrap().ends_with('Z') && saved_at.as_str().unwrap().len() == "2026-02-16T16:30:03.123Z".len());
    assert_eq!(kept, json!({"sessionId": "ghi789", "buildId": build, "projectPath": "/srv/shop", "filesCreated": ["src/cart.ts"]}));
    let RedisReply::Number(left) = redis.call(&["PTTL", &key]) else { panic!() };
    assert!((3_540_000..=3_600_000).contains(&left), "{left}");
    env.answer(["checkpoint", "save", &build, "--session", "jkl012", "--path", "/srv/shop", "--ttl", "90s"]);
    let RedisReply::Number(left) = redis.call(&["PTTL", &key]) else { panic!() };
    assert!((30_000..=90_000).contains(&left), "a new one lasts as long as it says: {left}");
    assert_eq!(object(&env, ["checkpoint", "drop", &build]), json!({"build_id": build, "dropped": true}));
    assert_eq!(redis.call(&["EXISTS", &key]), RedisReply::Number(0));
}

#[test]
fn we_read_what_other_programs_wrote_and_change_nothing_of_it() {
    let Some(redis) = Redis::any() else { return no_redis() };
    let env = at(&redis);
    let build = format!("rutter-test-{}-b", std::process::id());
    let key = format!("claude:session:{build}");
    let theirs =
        format!(r#"{{"retries":{{"n":2}},"sessionId":"abc123","buildId":"{build}","projectPath":"/srv/p","filesCreated":["a","b"]}}"#);
    redis.call(&["SET", &key, &theirs, "EX", "3600"]);
    let loaded = object(&env, ["checkpoint", "load", &build]);
    let expires_at = loaded["expires_at"].as_str().unwrap().to_owned();
    let expected = json!({"build_id": build, "session_id": "abc123", "project_path": "/srv/p", "files_created": ["a", "b"], "saved_at": null, "expires_at": expires_at});
    assert_eq!(loaded, expected);
    assert_eq!(text(redis.call(&["GET", &key])), theirs);
    redis.call(&["PERSIST", &key]);
    assert_eq!(object(&env, ["checkpoint", "load", &build])["expires_at"], Value::Null);
    redis.call(&["PEXPIREAT", &key, "1"]);
    assert_eq!(env.raw(["checkpoint", "load", &build]).code, 1);
    redis.call(&["SET", &key, r#"{"sessionId":"least"}"#]);
    assert_eq!(object(&env, ["checkpoint", "load", &build])["files_created"], json!([]));
    redis.call(&["DEL", &key]);
}

#[test]
fn what_is_no_checkpoint_is_said_to_be_none_and_not_that_there_is_nothing() {
    let Some(redis) = Redis::private() else { return no_redis() };
    let env = at(&redis);
    let key = "claude:session:b-7";
    for (write, why) in [
        (&["SET", key, "no JSON"][..], "it is no JSON object with a text `sessionId`"),
        (&["SET", key, ""], "it is no JSON object with a text `sessionId`"),
        (&["SET", key, r#"{"sessionId":"s","buildId":"b-8"}"#], "its `buildId` is that of another build"),
        (&["SETRANGE", key, "16777216", "x"], "it is too long"),
        (&["RPUSH", key, "x"], "it is not text"),
    ] {
        redis.call(&["DEL", key]);
        redis.call(write);
        let outcome = env.raw(LOAD);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{write:?}");
        assert!(outcome.stderr.contains(why), "{}", outcome.stderr);
    }
    insta::assert_snapshot!(env.run(LOAD).replace(redis.address(), "HOST:PORT"), @"
    [exit 3]
    [err] error: what is kept for build `b-7` at `HOST:PORT` is no checkpoint: it is not text
    [err] hint: another program wrote it; `rutter checkpoint drop b-7` removes it
    ");
    assert_eq!(env.raw(DROP).code, 0);
    assert_eq!(env.raw(LOAD).code, 1);
}

#[test]
fn a_redis_that_is_gone_is_one_clear_message() {
    let Some(mut redis) = Redis::private() else { return no_redis() };
    let env = at(&redis);
    redis.kill();
    let said = |words: &[&str]| env.run(words).replace(redis.address(), "HOST:PORT");
    insta::assert_snapshot!(said(&SAVE), @"
    [exit 3]
    [err] error: cannot reach Redis at `HOST:PORT`
    [err]   cause: Connection refused (os error 111)
    [err] hint: run `rutter doctor` once it should answer
    ");
    assert_eq!((said(&LOAD), said(&DROP)), (said(&SAVE), said(&SAVE)));
    assert!(tree(&env.home()).keys().all(|path| !path.ends_with("checkpoints.db")), "nothing is kept elsewhere instead");
    let doctor = env.raw(["doctor"]);
    assert_eq!(doctor.code, 1);
    assert!(doctor.stdout.contains(&format!("problem checkpoints: cannot reach Redis at `{}`", redis.address())), "{}", doctor.stdout);
    redis.start();
    assert!(env.raw(["doctor"]).stdout.contains(&format!("ok      checkpoints: Redis at {} answers", redis.address())));
    assert_eq!(env.raw(LOAD).code, 1);
}

#[test]
fn a_redis_that_does_not_answer_is_not_waited_for_and_nothing_is_claimed() {
    let Some(redis) = Redis::private() else { return no_redis() };
    let env = at(&redis);
    redis.hold(true);
    let said = |words: &[&str]| env.run(words).replace(redis.address(), "HOST:PORT");
    insta::assert_snapshot!(said(&LOAD), @"
    [exit 3]
    [err] error: cannot reach Redis at `HOST:PORT`
    [err]   cause: no answer within 2 s
    [err] hint: run `rutter doctor` once it should answer
    ");
    assert_eq!((said(&SAVE), said(&DROP)), (said(&LOAD), said(&LOAD)));
    redis.hold(false);
    assert_eq!(env.raw(LOAD).code, 1, "what was said to have failed was not done later");
    assert_eq!(env.raw(SAVE).code, 0);
    assert_eq!(env.answer(LOAD), "ghi789");
}

#[test]
fn a_redis_that_is_lost_in_the_middle_leaves_open_what_it_did_and_that_is_said() {
    let lost = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = lost.local_addr().unwrap().to_string();
    // Answers the first command, and is gone at the second one.
    std::thread::spawn(move || {
        for stream in lost.incoming().map_while(Result::ok) {
            let mut words = [0; 4_096];
            let mut stream = stream;
            drop(stream.read(&mut words).and_then(|_| stream.write_all(b"+PONG\r\n")).and_then(|()| stream.read(&mut words)));
        }
    });
    let mut env = env();
    env.set("RUTTER_REDIS_URL", &format!("redis://{address}"));
    insta::assert_snapshot!(env.run(SAVE).replace(&address, "HOST:PORT").lines().filter(|line| !line.contains("cause")).collect::<Vec<_>>().join("\n"), @"
    [exit 3]
    [err] error: Redis at `HOST:PORT` did not say whether it has done that; it may have or not
    [err] hint: do it again: twice does no harm
    ");
    assert_eq!(env.raw(DROP).code, 3);
}

/// What everything but checkpoints answers, in the order of work.
fn answers(env: &TestEnv) -> Vec<String> {
    worked(env);
    let start = env.run(["start", "--quiet", "-d", "Fix the login"]);
    let rest = ["list", "head", "chain", "show", "stats", "entries", "current", "recover ghi789", "sync-status", "log done", "end"];
    let run = |words: &str| env.run(words.split(' ')).lines().filter(|line| !line.contains("Duration")).collect::<Vec<_>>().join("\n");
    std::iter::once(start).chain(rest.into_iter().map(run)).collect()
}

#[test]
fn d12_redis_wiped_and_killed_changes_no_answer_but_that_of_checkpoint() {
    let Some(mut redis) = Redis::private() else { return no_redis() };
    let expected = answers(&env());
    let wiped = at(&redis);
    let is_over = AtomicBool::new(false);
    let (mut there, mut gone) = (0, 0);
    std::thread::scope(|scope| {
        let wiper = scope.spawn(|| {
            let mut wipes = 0;
            while !is_over.load(Ordering::Relaxed) {
                redis.call(&["FLUSHALL"]);
                wipes += 1;
            }
            wipes
        });
        assert_eq!(answers(&wiped), expected);
        for _ in 0..40 {
            assert_eq!(wiped.raw(SAVE).code, 0);
            match wiped.raw(["checkpoint", "load", "b-7", "--json"]) {
                Outcome { code: 0, stdout, .. } => {
                    let loaded: Value = serde_json::from_str(&stdout).unwrap();
                    assert_eq!((&loaded["session_id"], &loaded["project_path"]), (&json!("ghi789"), &json!("/srv/shop")));
                    assert!(loaded["expires_at"].is_string());
                    there += 1;
                }
                Outcome { code: 1, stdout, .. } => {
                    assert_eq!(stdout, "");
                    gone += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        is_over.store(true, Ordering::Relaxed);
        println!("{} wipes; of 40 loads {there} found all of it, {gone} nothing", wiper.join().unwrap());
    });
    redis.kill();
    let killed = at(&redis);
    assert_eq!(answers(&killed), expected);
    for words in [&SAVE[..], &LOAD, &DROP] {
        assert_eq!(killed.raw(words).code, 3);
    }
}

/// Fails when a word is in what was said, or in a file of the home that was not written by hand.
fn assert_unsaid(env: &TestEnv, word: &str, outcome: &Outcome) {
    assert!(!outcome.stdout.contains(word) && !outcome.stderr.contains(word), "{outcome:?}");
    let has = |bytes: &[u8]| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    let leaks: Vec<_> = tree(&env.home()).into_iter().filter(|(path, (_, bytes))| !path.ends_with("password") && has(bytes)).collect();
    assert!(leaks.is_empty(), "{:?}", leaks.iter().map(|(path, _)| path).collect::<Vec<_>>());
}

#[test]
fn the_password_is_never_said() {
    const WORD: &str = "pa55-hunter2";
    let Some(mut redis) = Redis::with_password(WORD) else { return no_redis() };
    let host = redis.address().to_owned();
    let urls = [
        (redis.url(), 0),
        (format!("redis://default:{WORD}@{host}"), 0),
        (format!("redis://ada:{WORD}@{host}"), 3),
        (format!("redis://:{WORD}x@{host}"), 3),
        (format!("redis://:{WORD}@{host}/99"), 3),
        (format!("redis://{host}"), 3),
        (format!("redis://{host}/1"), 3),
        (format!("rediss://:{WORD}@{host}"), 3),
        (format!("rediss://:{WORD}@{host}#insecure"), 3),
        (format!("redis://:{WORD}@127.0.0.1:1"), 3),
        (format!("http://:{WORD}@{host}"), 3),
        (format!("redis://:{WORD}@{host}:x"), 3),
        (format!("redis://:{WORD}/@{host}"), 3),
        (WORD.to_owned(), 3),
    ];
    let check = |redis: &Redis| {
        for (url, code) in &urls {
            let mut env = env();
            env.set("RUTTER_REDIS_URL", url);
            for words in [&SAVE[..], &LOAD, &DROP] {
                let outcome = env.raw(words);
                let expected = if redis.try_call(&["PING"]).is_some() { *code } else { 3 };
                assert_eq!(outcome.code, expected, "{url} {words:?}: {}", outcome.stderr);
                assert_unsaid(&env, WORD, &outcome);
            }
            for words in [
                &["config"][..],
                &["config", "--json"],
                &["config", "redis.url"],
                &["doctor"],
                &["doctor", "--json"],
                &["list"],
                &["init", "--yes"],
            ] {
                assert_unsaid(&env, WORD, &env.raw(words));
            }
        }
    };
    check(&redis);
    let env = env();
    let refused = env.raw(["config", "redis.url", &format!("{WORD}@cache")]);
    assert_eq!(refused.code, 2);
    assert_unsaid(&env, WORD, &refused);
    redis.kill();
    check(&redis);
}

#[test]
fn the_password_may_be_in_a_file() {
    let Some(redis) = Redis::with_password("pa55-hunter2") else { return no_redis() };
    let mut env = env();
    let file = env.path("password");
    env.set("RUTTER_REDIS_URL", &format!("redis://{}", redis.address()));
    let said = |env: &TestEnv| env.run(SAVE).replace(redis.address(), "HOST:PORT");
    insta::assert_snapshot!(said(&env), @"
    [exit 3]
    [err] error: Redis at `HOST:PORT` does not let us in: NOAUTH Authentication required.
    [err] hint: look at RUTTER_REDIS_URL and RUTTER_REDIS_PASSWORD_FILE, or at the rights of that user
    ");
    env.set("RUTTER_REDIS_PASSWORD_FILE", &file.to_string_lossy());
    insta::assert_snapshot!(said(&env), @"
    [exit 3]
    [err] error: cannot read the password of Redis in `/home/password`
    [err]   cause: No such file or directory (os error 2)
    [err] hint: correct RUTTER_REDIS_PASSWORD_FILE in the environment, or `redis.password_file` in the configuration file
    ");
    for (text, code) in
        [("pa55-hunter2\n", 0), ("pa55-hunter2", 0), ("pa55-hunter2\r\nmore", 0), ("wrong", 3), ("", 3), ("\npa55-hunter2", 3)]
    {
        std::fs::write(&file, text).unwrap();
        let outcome = env.raw(SAVE);
        assert_eq!(outcome.code, code, "{text:?}: {}", outcome.stderr);
        assert_unsaid(&env, "pa55-hunter2", &outcome);
    }
    std::fs::write(&file, "pa55-hunter2\n").unwrap();
    crate::machine::open_to_all(&file);
    let doctor = env.raw(["doctor"]).stdout;
    assert!(doctor.contains("warning checkpoints:") && doctor.contains("others can read its password"), "{doctor}");
}

#[test]
fn behind_tls_only_a_certificate_that_somebody_vouches_for_will_do() {
    let Some((redis, port, certificate)) = Redis::behind_tls() else { return skip("no `redis-server` with TLS, or no `openssl`") };
    let mut env = env();
    env.set("RUTTER_REDIS_URL", &format!("rediss://localhost:{port}"));
    insta::assert_snapshot!(env.run(SAVE).replace(&port.to_string(), "PORT"), @"
    [exit 3]
    [err] error: cannot reach Redis at `localhost:PORT`
    [err]   cause: invalid peer certificate: UnknownIssuer
    [err] hint: run `rutter doctor` once it should answer
    ");
    env.set("SSL_CERT_FILE", &certificate.to_string_lossy());
    assert_eq!(env.raw(SAVE).code, 0);
    assert_eq!(env.answer(LOAD), "ghi789");
    assert_eq!(redis.call(&["EXISTS", "claude:session:b-7"]), RedisReply::Number(1));
    env.set("RUTTER_REDIS_URL", &format!("rediss://127.0.0.1:{port}"));
    assert_eq!(env.raw(LOAD).code, 3, "the certificate is of another name");
}
