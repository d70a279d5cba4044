use std::path::PathBuf;

use testkit::TestEnv;

use crate::env;
use crate::machine::{assert_private, open_to_all, through};

fn under(env: &TestEnv, mask: &str, arguments: &[&str]) {
    let script = format!("umask {mask}; exec \"$0\" \"$@\"");
    let output = through(env, ["sh", "-c", &script]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{mask} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Everything of ours in a home: the store with its directories, the mirror with its own.
fn ours(env: &TestEnv) -> [PathBuf; 2] {
    [env.path(".local"), env.path(".claude")]
}

#[test]
fn s3_everything_is_for_its_owner_alone_whatever_the_umask() {
    for mask in ["000", "002", "022", "077"] {
        let env = env();
        let export = env.path("export.json");
        let commands: [&[&str]; 8] = [
            &["init"],
            &["start", "-d", "Fix the login"],
            &["work", "add", "IMPL", "Check the token"],
            &["tag", "+a"],
            &["export", "-o", export.to_str().unwrap()],
            &["end"],
            &["rebuild"],
            &["doctor"],
        ];
        for command in commands {
            under(&env, mask, command);
            assert_private(&ours(&env));
        }
        assert_private(&[export]);
    }
}

#[test]
fn s3_what_was_open_is_closed_again() {
    let env = env();
    env.answer(["start", "--quiet"]);
    let store = env.path(".local/share/rutter");
    let held = ["", "/rutter.db", "/rutter.lock"].map(|below| env.path(&format!(".local/share/rutter{below}")));
    held.iter().for_each(|path| open_to_all(path));
    env.answer(["start", "--quiet"]);
    assert_private(&[store]);
}

#[test]
fn s3_what_sqlite_keeps_beside_the_store_is_closed_again() {
    let env = env();
    env.answer(["start", "--quiet"]);
    let held = ["-wal", "-shm"].map(|suffix| env.path(&format!(".local/share/rutter/rutter.db{suffix}")));
    held.iter().for_each(|path| open_to_all(path));
    env.answer(["start", "--quiet"]);
    assert_private(&[env.path(".local")]);
}

#[test]
fn s3_the_configuration_is_for_its_owner_alone() {
    let env = env();
    under(&env, "000", &["config", "ui.ascii", "1"]);
    assert_private(&[env.path(".config")]);
}

#[test]
fn s3_a_store_that_is_set_aside_stays_private() {
    let env = env();
    under(&env, "000", &["start"]);
    for suffix in ["-wal", "-shm"] {
        std::fs::remove_file(env.path(&format!(".local/share/rutter/rutter.db{suffix}"))).unwrap();
    }
    std::fs::write(env.path(".local/share/rutter/rutter.db"), "no database at all").unwrap();
    under(&env, "000", &["start"]);
    assert!(env.path(".local/share/rutter/rutter.db.broken-1").exists());
    assert_private(&ours(&env));
}
