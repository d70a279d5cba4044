use std::path::PathBuf;

use testkit::TestEnv;

use crate::machine::{Sqlite, own_mounts, skip, through, tree, with_own_mounts};
use crate::{env, objects, started};

fn database(env: &TestEnv) -> PathBuf {
    env.path(".local/share/rutter/rutter.db")
}

/// Moves everything into the one file, as a checkpoint does, and leaves nothing beside it. Returns nothing without `sqlite3`.
fn settle(env: &TestEnv) -> Option<()> {
    Sqlite::run(&database(env), "PRAGMA wal_checkpoint(TRUNCATE);")
}

/// Runs a script in a mount table of its own and returns what it printed, made comparable.
fn script(env: &TestEnv, way: &[&str], script: &str) -> String {
    let output = with_own_mounts(env, way, script);
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    env.comparable(&text)
}

#[test]
fn a_home_that_cannot_be_written_can_still_be_read() {
    let Some(way) = own_mounts() else { return };
    let env = env();
    started(&env, "Fix the login");
    let before = tree(&env.home());
    let said = script(
        &env,
        way,
        r#"exec 2>&1; mount --bind "$HOME" "$HOME" && mount -o remount,ro,bind "$HOME" || exit 9
        "$0" start; echo "exit $?"; "$0" current; echo "exit $?"; "$0" end; echo "exit $?"; "$0" config ui.ascii 1; echo "exit $?""#,
    );
    insta::assert_snapshot!(said, @"
    error: the store at `/home/.local/share/rutter/rutter.db` cannot be written
      cause: Read-only file system (os error 30)
    hint: nothing was recorded; make the directory writable, or set RUTTER_HOME to one that is
    exit 3
    SESSION-#1
    exit 0
    error: the store at `/home/.local/share/rutter/rutter.db` cannot be written
      cause: Read-only file system (os error 30)
    hint: nothing was recorded; make the directory writable, or set RUTTER_HOME to one that is
    exit 3
    error: cannot use the configuration at `/home/.config/rutter/config.toml`
      cause: Read-only file system (os error 30)
    exit 3
    ");
    assert_eq!(tree(&env.home()), before);
}

#[test]
fn a_home_that_was_never_written_and_cannot_be_says_so() {
    let Some(way) = own_mounts() else { return };
    let said = script(
        &env(),
        way,
        r#"exec 2>&1; mount --bind "$HOME" "$HOME" && mount -o remount,ro,bind "$HOME" || exit 9
        "$0" init; echo "exit $?"; "$0" start; echo "exit $?"; "$0" list; echo "exit $?"; "$0" doctor | head -n 1"#,
    );
    insta::assert_snapshot!(said, @"
    error: the store at `/home/.local/share/rutter` cannot be written
      cause: Read-only file system (os error 30)
    hint: nothing was recorded; make the directory writable, or set RUTTER_HOME to one that is
    exit 3
    error: the store at `/home/.local/share/rutter` cannot be written
      cause: Read-only file system (os error 30)
    hint: nothing was recorded; make the directory writable, or set RUTTER_HOME to one that is
    exit 3
    No sessions here yet; `--all-projects` looks everywhere.
    exit 0
    warning store: there is none yet at /home/.local/share/rutter/rutter.db
    ");
}

#[test]
fn a_mirror_that_cannot_be_written_is_a_warning() {
    let Some(way) = own_mounts() else { return };
    let env = env();
    started(&env, "Fix the login");
    let said = script(
        &env,
        way,
        r#"exec 2>&1; mount --bind "$HOME/.claude" "$HOME/.claude" && mount -o remount,ro,bind "$HOME/.claude" || exit 9
        "$0" start --quiet; echo "exit $?""#,
    );
    insta::assert_snapshot!(said, @"
    SESSION-#1
    warning: the files in /home/.claude/memory are behind: cannot use `/home/.claude/memory/.rutter.lock`: Read-only file system (os error 30); the store has everything
    exit 0
    ");
    env.answer(["end", "2"]);
    let log = std::fs::read_to_string(env.path(".claude/memory/logs/sessions.log")).unwrap();
    assert_eq!(log.lines().count(), 3, "the next command finished what could not be written");
}

#[test]
fn d4_a_full_disk_costs_only_what_did_not_fit() {
    let Some(way) = own_mounts() else { return };
    let env = env();
    let said = script(
        &env,
        way,
        r#"exec 2>&1; mount -t tmpfs -o size=1m none "$HOME" || exit 9
        "$0" start --quiet -d before; echo "exit $?"
        dd if=/dev/zero of="$HOME/fill" bs=4096 2>/dev/null
        "$0" start --quiet -d during; echo "exit $?"; "$0" list; echo "exit $?"; "$0" doctor >/dev/null; echo "doctor exit $?"
        rm "$HOME/fill"; "$0" start --quiet -d after; echo "exit $?"; "$0" list; "$0" doctor | grep -v ^ok; "$0" rebuild"#,
    );
    insta::assert_snapshot!(said, @"
    SESSION-#1
    exit 0
    error: no room left on the disk that holds `/home/.local/share/rutter/rutter.db`
    hint: nothing was recorded; make room and try again
    exit 3
    Recent Sessions (last 10):

    [~] SESSION-#1
       Started: <time>
       Status: ACTIVE
       Description: before
    exit 0
    doctor exit 0
    SESSION-#2
    exit 0
    Recent Sessions (last 10):

    [~] SESSION-#2
       Started: <time>
       Status: ACTIVE
       Description: after

    [~] SESSION-#1
       Started: <time>
       Status: ACTIVE
       Description: before
    5 events: 2 sessions and 0 work items, as they were
    The files are written again
    ");
}

#[test]
fn d4_whatever_room_is_left_an_answer_means_that_it_is_kept() {
    let Some(way) = own_mounts() else { return };
    for pages in [0, 1, 2, 4, 8, 12, 16, 24, 32, 36, 48, 96] {
        let env = env();
        // Room for so many pages, then starts until one fails; then all that were acknowledged must be there.
        let body = r#"mount -t tmpfs -o size=1m none "$HOME" || exit 9
            "$0" start --quiet >/dev/null 2>&1; dd if=/dev/zero of="$HOME/room" bs=4096 count=PAGES 2>/dev/null
            dd if=/dev/zero of="$HOME/fill" bs=4096 2>/dev/null; rm "$HOME/room"; code=0; said=0
            while [ $code = 0 ] && [ $said -lt 60 ]; do id=$("$0" start --quiet 2>"$HOME/../error"); code=$?; [ $code = 0 ] && said=$((said + 1)); done
            rm "$HOME/fill"; held=$("$0" list --limit 999 --json | wc -l); echo "code $code unkept $((1 + said - held))"; cat "$HOME/../error"
            "$0" rebuild --json | grep -o '"identical":[a-z]*'"#;
        let said = script(&env, way, &body.replace("PAGES", &pages.to_string()));
        assert!(
            said.starts_with("code 3 unkept 0\nerror: no room left on the disk") || said.starts_with("code 0 unkept 0\n"),
            "{pages}: {said}"
        );
        assert!(said.ends_with("\"identical\":true\n"), "{pages}: {said}");
    }
}

#[test]
fn a_store_locked_by_another_program_is_read_and_not_written() {
    let mut env = env();
    started(&env, "Fix the login");
    env.set("RUTTER_STORE_WAIT_SECONDS", "0.3");
    let Some(holder) = Sqlite::holding(&database(&env), "BEGIN EXCLUSIVE;") else { return };
    insta::assert_snapshot!(env.run(["start"]), @"
    [exit 3]
    [err] error: the store at `/home/.local/share/rutter/rutter.db` is locked by another program; waited 0.3 s
    [err] hint: nothing was recorded; end the program that holds it, or try again
    ");
    insta::assert_snapshot!(env.run(["current"]), @"
    [exit 0]
    [out] SESSION-#1
    ");
    drop(holder);
    env.answer(["start", "--quiet"]);
    assert_eq!(objects(&env, ["list"]).len(), 2);
}

#[test]
fn a_line_that_does_not_move_is_left_after_a_while() {
    let mut env = env();
    started(&env, "Fix the login");
    env.set("RUTTER_STORE_WAIT_SECONDS", "0");
    let lock = std::fs::File::open(env.path(".local/share/rutter/rutter.lock")).unwrap();
    lock.lock().unwrap();
    insta::assert_snapshot!(env.run(["end"]), @"
    [exit 3]
    [err] error: the store at `/home/.local/share/rutter/rutter.db` is locked by another program; waited 0.0 s
    [err] hint: nothing was recorded; end the program that holds it, or try again
    ");
    assert_eq!(env.raw(["list"]).code, 0);
    drop(lock);
    env.answer(["end"]);
}

#[test]
fn d5_a_store_cut_short_is_set_aside_and_kept_byte_for_byte() {
    for length in [50, 100, 512, 4_095, 4_096, 20_000, 40_000] {
        let env = env();
        (0..8).for_each(|number| drop(started(&env, &format!("Session {number}"))));
        if settle(&env).is_none() {
            return;
        }
        let bytes = std::fs::read(database(&env)).unwrap();
        assert!(bytes.len() > 40_000, "{}", bytes.len());
        let cut = &bytes[..length];
        std::fs::write(database(&env), cut).unwrap();
        let listed = env.raw(["list"]);
        assert_eq!(listed.code, 3, "{length}: {}", listed.stderr);
        assert!(listed.stderr.contains("is damaged") && listed.stderr.contains("hint: run `rutter rebuild`"), "{}", listed.stderr);
        assert_eq!(std::fs::read(database(&env)).unwrap(), cut, "reading leaves a damaged file as it is");
        let outcome = env.raw(["start", "--quiet"]);
        assert_eq!(outcome.code, 0, "{length}: {}", outcome.stderr);
        assert!(outcome.stderr.starts_with("warning: the store was damaged and is kept as "), "{length}: {}", outcome.stderr);
        assert_eq!(std::fs::read(env.path(".local/share/rutter/rutter.db.broken-1")).unwrap(), cut, "{length}");
        assert_eq!(env.raw(["list"]).code, 0);
        assert_eq!(env.raw(["doctor"]).code, 0);
    }
}

#[test]
fn d5_a_store_without_a_byte_is_an_empty_one() {
    let env = env();
    started(&env, "Fix the login");
    if settle(&env).is_none() {
        return;
    }
    std::fs::write(database(&env), "").unwrap();
    assert_eq!(env.raw(["list"]).code, 0);
    let outcome = env.raw(["start", "--quiet"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
}

#[test]
fn d5_what_is_only_in_the_log_beside_a_store_without_a_byte_is_not_lost() {
    for bytes in ["", "x"] {
        let mut env = env();
        env.set("RUTTER_MIRROR", "off");
        let id = started(&env, "Fix the login");
        let log = std::fs::read(database(&env).with_extension("db-wal")).unwrap();
        assert!(!log.is_empty());
        std::fs::write(database(&env), bytes).unwrap();
        env.raw(["list"]);
        let said = env.raw(["start", "--quiet"]);
        let is_kept = tree(&env.path(".local")).values().any(|(_, content)| *content == log);
        let is_known = env.raw(["show", &id]).code == 0;
        assert!(is_kept || is_known, "{bytes:?}: {}", said.stderr);
    }
}

#[test]
fn another_programs_database_is_left_alone() {
    let env = env();
    std::fs::create_dir_all(database(&env).parent().unwrap()).unwrap();
    if Sqlite::run(&database(&env), "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);").is_none() {
        return;
    }
    let before = std::fs::read(database(&env)).unwrap();
    insta::assert_snapshot!(env.run(["start"]), @"
    [exit 3]
    [err] error: `/home/.local/share/rutter/rutter.db` is another program's database
    [err] hint: set RUTTER_HOME to a directory of rutter's own
    ");
    insta::assert_snapshot!(env.run(["list"]), @"
    [exit 3]
    [err] error: `/home/.local/share/rutter/rutter.db` is another program's database
    [err] hint: set RUTTER_HOME to a directory of rutter's own
    ");
    assert_eq!(env.raw(["rebuild"]).code, 3);
    assert_eq!(std::fs::read(database(&env)).unwrap(), before);
}

#[test]
fn d6_a_store_of_a_newer_version_is_read_and_never_written() {
    let env = env();
    let id = started(&env, "Fix the login");
    if Sqlite::run(&database(&env), "PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE);").is_none() {
        return;
    }
    let before = std::fs::read(database(&env)).unwrap();
    assert_eq!(env.answer(["current"]), id);
    assert_eq!(objects(&env, ["list"]).len(), 1);
    insta::assert_snapshot!(env.run(["start"]), @"
    [exit 3]
    [err] error: the store at `/home/.local/share/rutter/rutter.db` has schema 99; this build writes up to 5
    [err] hint: a newer rutter made it: upgrade this one; reading works until then
    ");
    for command in [&["end"][..], &["work", "add", "IMPL", "x"], &["rebuild"], &["tag", "+a"], &["init"]] {
        assert_eq!(env.raw(command).code, 3, "{command:?}");
    }
    assert_eq!(std::fs::read(database(&env)).unwrap(), before);
}

#[test]
fn a_mirror_root_that_is_a_file_is_one_warning() {
    let mut env = env();
    let file = env.path("file");
    std::fs::write(&file, "mine").unwrap();
    env.set("RUTTER_MIRROR", file.to_str().unwrap());
    insta::assert_snapshot!(env.run(["start", "--quiet"]), @"
    [exit 0]
    [out] SESSION-#1
    [err] warning: the files in /home/file are behind: cannot use `/home/file/sessions`: not a directory; the store has everything
    ");
    insta::assert_snapshot!(env.run(["init"]), @r#"
    [exit 0]
    [out] Store:  /home/.local/share/rutter/rutter.db
    [out] Files:  /home/file
    [out] Config: /home/.config/rutter/config.toml
    [out]
    [out] Begin with: rutter start -d "what you are about to do"
    [out] To undo:    rm -r '/home/.local/share/rutter'
    [out]             and what rutter wrote below /home/file; what other scripts wrote there stays theirs
    [err] warning: the files in /home/file are behind: cannot use `/home/file/sessions`: not a directory; the store has everything
    "#);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(objects(&env, ["list"]).len(), 1);
}

#[test]
fn a_home_that_is_a_file_says_so() {
    let mut env = env();
    std::fs::write(env.path("file"), "mine").unwrap();
    let home = env.path("file");
    env.set("RUTTER_HOME", home.to_str().unwrap());
    insta::assert_snapshot!(env.run(["start"]), @"
    [exit 3]
    [err] error: cannot open the store at `/home/file`
    [err]   cause: not a directory
    [err] hint: look at the directory and its permissions, then run `rutter doctor`
    ");
    insta::assert_snapshot!(env.run(["list"]), @"
    [exit 3]
    [err] error: cannot open the store at `/home/file/rutter.db`
    [err]   cause: Not a directory (os error 20)
    [err] hint: look at the directory and its permissions, then run `rutter doctor`
    ");
}

#[test]
fn without_a_home_the_variables_say_where() {
    let mut env = env();
    let run = |env: &TestEnv, arguments: &[&str]| {
        let output = through(env, ["env", "-u", "HOME"]).args(arguments).output().unwrap();
        let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        env.comparable(&format!("[exit {}]\n{stdout}{stderr}", output.status.code().unwrap()))
    };
    insta::assert_snapshot!(run(&env, &["start"]), @"
    [exit 3]
    error: neither `HOME` nor `RUTTER_HOME` is set
    hint: set HOME, or RUTTER_HOME and RUTTER_MIRROR
    ");
    let store = env.path("store");
    env.set("RUTTER_HOME", store.to_str().unwrap());
    insta::assert_snapshot!(run(&env, &["start", "--quiet"]), @"
    [exit 0]
    SESSION-#1
    ");
    insta::assert_snapshot!(run(&env, &["config", "mirror.root"]), @"
    [exit 0]
    off
    ");
}

#[test]
fn a_configuration_that_does_not_read_is_named() {
    let env = env();
    std::fs::create_dir_all(env.path(".config/rutter")).unwrap();
    let file = env.path(".config/rutter/config.toml");
    std::fs::write(&file, "[store\nhome = 1\n").unwrap();
    insta::assert_snapshot!(env.run(["start"]), @"
    [exit 3]
    [err] error: cannot use the configuration at `/home/.config/rutter/config.toml`
    [err]   cause: TOML parse error at line 1, column 7
    [err]            |
    [err]          1 | [store
    [err]            |       ^
    [err]          unclosed table, expected `]`
    ");
    std::fs::write(&file, "[store]\nwait_seconds = \"long\"\n").unwrap();
    insta::assert_snapshot!(env.run(["list"]), @"
    [exit 3]
    [err] error: `long` is not a value for `store.wait_seconds`: it is a number of seconds up to 86400
    [err] hint: correct RUTTER_STORE_WAIT_SECONDS in the environment, or `store.wait_seconds` in the configuration file
    ");
    std::fs::write(&file, "[store]\nhome = [1]\n").unwrap();
    insta::assert_snapshot!(env.run(["config", "store.home", "/x"]), @"
    [exit 3]
    [err] error: cannot use the configuration at `/home/.config/rutter/config.toml`
    [err]   cause: `store.home` is no text, number or boolean
    ");
    std::fs::write(&file, "[mirror]\nroot = \"off\"\n[of-another-version]\nx = 1\n").unwrap();
    assert_eq!(env.raw(["start", "--quiet"]).stderr, "");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let env = env();
    // More than fits into a pipe.
    (0..10).for_each(|_| drop(started(&env, &"x".repeat(30_000))));
    let words = ["sh", "-c", r#"{ "$0" list --json; echo "exit $?" >&2; } | head -c 1"#];
    let output = through(&env, words).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "exit 0\n");
}

#[test]
fn an_answer_that_cannot_be_written_says_what_was_recorded() {
    if !std::path::Path::new("/dev/full").exists() {
        return skip("no /dev/full on this machine");
    }
    let env = env();
    let words = ["sh", "-c", r#""$0" start --quiet >/dev/full; echo "exit $?" >&2"#];
    let output = through(&env, words).output().unwrap();
    insta::assert_snapshot!(env.comparable(&String::from_utf8_lossy(&output.stderr)), @"
    error: cannot write the answer to stdout; any change was recorded
      cause: No space left on device (os error 28)
    exit 3
    ");
    assert_eq!(objects(&env, ["list"]).len(), 1);
}

#[test]
fn d4_a_sync_that_fails_is_not_said_to_have_recorded_nothing() {
    let env = env();
    started(&env, "before");
    let inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=1"];
    let Ok(output) = through(&env, inject).args(["start", "-d", "during", "--quiet"]).output() else {
        return skip("no `strace` on this machine");
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("may have been recorded or not") && !said.contains("nothing was recorded"), "{said}");
}

#[test]
fn in_a_directory_that_is_gone_nothing_is_recorded() {
    let env = env();
    let gone = |words: &str| {
        let script = format!("mkdir \"$HOME/gone\" && cd \"$HOME/gone\" && rmdir \"$HOME/gone\" && exec \"$0\" {words}");
        let program = env.command(&env.project()).get_program().to_owned();
        let output = env.command_of(std::path::Path::new("/bin/sh"), &env.project()).arg("-c").arg(script).arg(program).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for words in ["start", "transition a --source build", "store-id x", "head"] {
        let (code, said) = gone(words);
        assert!(code == Some(3) && said.contains("the current directory is gone"), "{words}: {said}");
    }
    for words in ["-C \"$HOME/../project\" transition a --source build", "--project shop transition a --source build"] {
        let (code, said) = gone(words);
        assert_eq!(code, Some(0), "{words}: {said}");
    }
}

#[test]
fn who_waits_for_a_locked_store_waits_once() {
    let mut env = env();
    started(&env, "Fix the login");
    env.set("RUTTER_STORE_WAIT_SECONDS", "1");
    let store = rusqlite::Connection::open(database(&env)).unwrap();
    store.execute_batch("BEGIN IMMEDIATE;").unwrap();
    let directory = env.project();
    crate::prompted(&env, &directory, "c", "startup", "Go");
    let since = std::time::Instant::now();
    assert_eq!(env.raw(["start"]).code, 3);
    assert!(since.elapsed().as_millis() < 1_900, "{:?}", since.elapsed());
}
