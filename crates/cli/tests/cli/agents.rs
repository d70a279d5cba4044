use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};
use testkit::TestEnv;

use crate::machine::{skip, tree};
use crate::vault::{conversation, files, projects, seconds_now, told, write};
use crate::{env, object, objects, prompted};

/// Returns the ids of a list.
fn ids(views: &[Value]) -> Vec<&str> {
    views.iter().map(|view| view["id"].as_str().unwrap()).collect()
}

#[test]
fn conversations_are_listed_what_was_used_last_first() {
    let env = env();
    insta::assert_snapshot!(told(&env, &["agents", "list"]), @"
    [exit 0]
    [out] No conversations of agents here
    ");
    conversation(&env, "c");
    write(&projects(&env).join("-p/d.jsonl"), "{}\n", 1_767_500_000);
    write(&projects(&env).join("user_12/history.json"), r#"{"turns": [1, 2, 3]}"#, 1_767_300_000);
    let listed = objects(&env, ["agents", "list"]);
    assert_eq!(ids(&listed), ["d", "c", "user_12"]);
    assert_eq!((&listed[1]["turns"], &listed[2]["turns"], &listed[1]["files"]), (&1.into(), &3.into(), &5.into()));
    assert_eq!(ids(&objects(&env, ["agents", "list", "--limit", "1"])), ["d"]);
    insta::assert_snapshot!(told(&env, &["agents", "info", "c"]), @"
    [exit 0]
    [out] Agent session: c (claude-code)
    [out] Session:       none
    [out] Owner:         unknown
    [out] Directory:     /project
    [out] Created:       <time>
    [out] Modified:      <time>
    [out] Size:          6.9 KB in 5 files
    [out] Turns:         1
    [out] Used:          200 input, 150 output, 2000 cache write, 20000 cache read tokens, $0.02, 2 responses
    [out] Models:        claude-sonnet-4-5-20250929
    [out] Location:      /home/.claude/projects/-project/c.jsonl
    ");
    assert_eq!(env.raw(["agents", "info", "e"]).code, 1);
}

#[test]
fn a_directory_with_several_names_is_listed_once() {
    let mut env = env();
    conversation(&env, "c");
    symlink(projects(&env), env.path("linked")).unwrap();
    let names = [env.path("linked"), projects(&env).join("../projects"), env.path("nowhere")].map(|path| path.display().to_string());
    env.set("RUTTER_AGENTS_ROOTS", &names.join(":"));
    assert_eq!(ids(&objects(&env, ["agents", "list"])), ["c"]);
}

#[test]
fn the_keys_of_a_conversation_are_all_there() {
    let env = env();
    conversation(&env, "c");
    let keys: Vec<_> = object(&env, ["agents", "info", "c"]).as_object().unwrap().keys().cloned().collect();
    let expected = "id agent owner session project cwd transcript created_at modified_at size_bytes files turns exists models active usage";
    assert_eq!(keys.join(" "), expected);
}

#[test]
fn what_is_deleted_goes_into_the_trash_and_comes_back_byte_for_byte() {
    let env = env();
    let folder = conversation(&env, "c");
    symlink("/nowhere", folder.join("tool-results/link")).unwrap();
    conversation(&env, "d");
    let before = files(&projects(&env));
    insta::assert_snapshot!(told(&env, &["agents", "delete", "c", "--dry-run"]), @"
    [exit 0]
    [out] Would delete 1 conversation, 6.9 KB
    [out]   c  6.9 KB  /home/.claude/projects/-project
    ");
    assert_eq!(files(&projects(&env)), before);
    // One is unknown: none goes.
    assert_eq!((env.raw(["agents", "delete", "c", "x"]).code, files(&projects(&env)) == before), (1, true));
    insta::assert_snapshot!(told(&env, &["agents", "delete", "c"]), @"
    [exit 0]
    [out] Deleted 1 conversation, 6.9 KB; `rutter agents restore ID` puts one back
    [out]   c  6.9 KB  /home/.claude/projects/-project
    ");
    assert!(!folder.exists() && !folder.with_extension("jsonl").exists());
    let trashed = objects(&env, ["agents", "trash"]);
    assert_eq!(
        (trashed.len(), &trashed[0]["id"], &trashed[0]["files"], &trashed[0]["why"]),
        (1, &"c".into(), &5.into(), &"agents delete".into())
    );
    insta::assert_snapshot!(told(&env, &["agents", "restore", "c"]), @"
    [exit 0]
    [out] Put back 5 files from the trash
    [out]   /home/.claude/projects/-project/c/subagents/agent-1.jsonl
    [out]   /home/.claude/projects/-project/c/subagents/agent-1.meta.json
    [out]   /home/.claude/projects/-project/c/tool-results/empty.txt
    [out]   /home/.claude/projects/-project/c/tool-results/out.txt
    [out]   /home/.claude/projects/-project/c.jsonl
    ");
    assert_eq!(files(&projects(&env)), before);
    assert_eq!(fs::read_link(folder.join("tool-results/link")).unwrap(), Path::new("/nowhere"));
    assert!(objects(&env, ["agents", "trash"]).is_empty());
    insta::assert_snapshot!(told(&env, &["agents", "restore", "c"]), @"
    [exit 1]
    [err] error: neither the trash nor the vault has agent session `c`
    [err] hint: run `rutter agents trash` to see what was deleted
    ");
}

#[test]
fn the_trash_on_another_file_system_keeps_every_byte_too() {
    let mut env = env();
    let memory = Path::new("/dev/shm");
    if !memory.is_dir() || fs::metadata(memory).unwrap().dev() == fs::metadata(env.home()).unwrap().dev() {
        return skip("no second file system on this machine");
    }
    let other = tempfile_in(memory);
    env.set("RUTTER_HOME", other.to_str().unwrap());
    let folder = conversation(&env, "c");
    symlink("/nowhere", folder.join("tool-results/link")).unwrap();
    let before = files(&projects(&env));
    env.answer(["agents", "delete", "c"]);
    assert!(files(&projects(&env)).is_empty());
    // Somebody who put it back was killed while it was being copied.
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    fs::write(folder.with_file_name(".rutter-moved.new"), "half").unwrap();
    env.answer(["agents", "restore", "c"]);
    assert_eq!(files(&projects(&env)), before);
    assert_eq!(fs::read_link(folder.join("tool-results/link")).unwrap(), Path::new("/nowhere"));
    fs::remove_dir_all(other).unwrap();
}

#[test]
fn one_that_cannot_be_moved_stops_none_of_the_others_and_all_is_told() {
    let mut env = env();
    let memory = Path::new("/dev/shm");
    if !memory.is_dir() || fs::metadata(memory).unwrap().dev() == fs::metadata(env.home()).unwrap().dev() {
        return skip("no second file system on this machine");
    }
    let other = memory.join(format!("rutter-trash-pipe-{}", std::process::id()));
    env.set("RUTTER_HOME", other.to_str().unwrap());
    for id in ["b", "c", "d"] {
        conversation(&env, id);
    }
    // No pipe is copied to another file system.
    let pipe = conversation(&env, "c").join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let outcome = env.raw(["agents", "delete", "b", "c", "d"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("1 conversation not deleted"), "{outcome:?}");
    assert!(outcome.stdout.contains("Deleted 2 conversations") && outcome.stdout.contains("Not deleted c: "), "{outcome:?}");
    assert_eq!(ids(&objects(&env, ["agents", "list"])), ["c"]);
    assert!(pipe.exists());
    fs::remove_dir_all(other).unwrap();
}

#[test]
fn a_conversation_in_which_an_agent_runs_is_never_deleted() {
    let env = env();
    prompted(&env, &env.project(), "r", "startup", "Mend");
    env.answer(["current"]);
    for id in ["c", "r"] {
        conversation(&env, id);
    }
    let before = files(&projects(&env));
    for named in [&["r"][..], &["c", "r"]] {
        let outcome = env.raw(["agents", "delete"].iter().chain(named));
        assert!(outcome.code == 1 && outcome.stderr.contains("agent session `r` is running"), "{outcome:?}");
    }
    assert_eq!((files(&projects(&env)), objects(&env, ["agents", "trash"]).len()), (before, 0));
}

fn tempfile_in(directory: &Path) -> std::path::PathBuf {
    let path = directory.join(format!("rutter-trash-{}", std::process::id()));
    drop(fs::remove_dir_all(&path));
    path
}

#[test]
fn what_was_put_in_its_place_meanwhile_is_left_alone() {
    let env = env();
    let folder = conversation(&env, "c");
    let before = files(&projects(&env));
    env.answer(["agents", "delete", "c"]);
    write(&folder.join("tool-results/out.txt"), "new", 1_767_400_003);
    let outcome = env.raw(["agents", "restore", "c"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("1 file left alone"), "{outcome:?}");
    assert_eq!((fs::read_to_string(folder.join("tool-results/out.txt")).unwrap().as_str(), files(&projects(&env)).len()), ("new", 5));
    // It is in the trash still.
    fs::remove_file(folder.join("tool-results/out.txt")).unwrap();
    env.answer(["agents", "restore", "c"]);
    assert_eq!(files(&projects(&env)), before);
}

/// The entries of the trash, with what they hold.
fn entries(env: &TestEnv) -> Vec<PathBuf> {
    let trash = env.path(".local/share/rutter/trash");
    let all = fs::read_dir(trash).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.is_dir()).collect()
}

#[test]
fn nothing_in_the_trash_is_destroyed_that_was_not_put_back() {
    let env = env();
    let folder = conversation(&env, "c");
    symlink("/nowhere", folder.join("link")).unwrap();
    symlink("/nowhere", folder.join("other")).unwrap();
    let deep: PathBuf = (0..20).map(|number| number.to_string()).collect();
    write(&folder.join(&deep).join("deep.txt"), "deep", 1_767_400_005);
    env.answer(["agents", "delete", "c"]);
    // An agent that had it open wrote on; somebody else has a part of it in its place, and another link.
    let out = entries(&env)[0].join("0/tool-results/out.txt");
    let out = if out.exists() { out } else { entries(&env)[0].join("1/tool-results/out.txt") };
    let before = fs::read(&out).unwrap();
    fs::write(&out, [before.as_slice(), b"more"].concat()).unwrap();
    write(&folder.join("tool-results/out.txt"), &before, 1_767_400_003);
    symlink("/elsewhere", folder.join("other")).unwrap();
    let outcome = env.raw(["agents", "restore", "c"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("2 files left alone"), "{outcome:?}");
    assert_eq!(fs::read_link(folder.join("link")).unwrap(), Path::new("/nowhere"));
    assert_eq!(fs::read_to_string(folder.join(&deep).join("deep.txt")).unwrap(), "deep");
    // What was not put back is in the trash still; what was put back is not.
    assert_eq!(fs::read(&out).unwrap(), [before.as_slice(), b"more"].concat());
    assert_eq!(fs::read_link(out.parent().unwrap().parent().unwrap().join("other")).unwrap(), Path::new("/nowhere"));
    assert_eq!((files(&entries(&env)[0]).len(), entries(&env).len()), (2, 1));
    fs::remove_file(folder.join("tool-results/out.txt")).unwrap();
    fs::remove_file(folder.join("other")).unwrap();
    env.answer(["agents", "restore", "c"]);
    assert!(entries(&env).is_empty() && fs::read(folder.join("tool-results/out.txt")).unwrap().ends_with(b"more"));
}

#[test]
fn the_hint_leads_to_the_conversation_that_was_to_be_put_back() {
    let env = env();
    let folder = conversation(&env, "c");
    let before = files(&projects(&env));
    env.answer(["agents", "delete", "c"]);
    let at = objects(&env, ["agents", "trash"])[0]["deleted_at"].as_str().unwrap().to_owned();
    write(&folder.with_extension("jsonl"), "another\n", 1_767_400_009);
    let outcome = env.raw(["agents", "restore", "c"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    let hint = outcome.stderr.lines().find(|line| line.starts_with("hint")).unwrap().to_owned();
    // Deleting it would take along what was put back a moment ago.
    assert!(!hint.contains("delete") && hint.starts_with("hint: move what is there away, and run `rutter "), "{hint}");
    fs::rename(folder.with_extension("jsonl"), env.path("another.jsonl")).unwrap();
    env.answer(hint.split('`').nth(1).unwrap().split(' ').skip(1));
    assert_eq!(files(&projects(&env)), before);
    // Or by the time that is listed.
    env.answer(["agents", "delete", "c"]);
    write(&folder.with_extension("jsonl"), "a third\n", 1_767_400_010);
    env.answer(["agents", "delete", "c"]);
    let listed = objects(&env, ["agents", "trash"]);
    let of = |files: u64| listed.iter().find(|one| one["files"] == files).unwrap()["deleted_at"].as_str().unwrap().to_owned();
    assert_eq!(env.raw(["agents", "restore", "c", "--entry", &at]).code, 1);
    env.answer(["agents", "restore", "c", "--entry", &of(5)]);
    assert_eq!(files(&projects(&env)), before);
}

#[test]
fn what_one_command_deleted_in_several_folders_comes_back_together() {
    let env = env();
    let id = "0b1c2d3e-0000-4000-8000-00000000000a";
    conversation(&env, id);
    write(&projects(&env).join(format!("-worktree/{id}/subagents/agent-2.jsonl")), "{}\n", 1_767_400_006);
    let before = files(&projects(&env));
    env.answer(["vault", "copy"]);
    env.answer(["agents", "delete", id]);
    assert_eq!((objects(&env, ["agents", "trash"]).len(), files(&projects(&env)).len()), (2, 0));
    env.answer(["agents", "restore", id]);
    assert_eq!((files(&projects(&env)), entries(&env).len()), (before.clone(), 0));
    env.answer(["agents", "delete", id]);
    env.answer(["agents", "restore", id, "--from", "vault"]);
    assert_eq!(files(&projects(&env)), before);
}

#[test]
fn what_is_damaged_in_the_trash_is_said_and_not_put_back() {
    let env = env();
    conversation(&env, "c");
    env.answer(["agents", "delete", "c"]);
    let trash = env.path(".local/share/rutter/trash");
    let held = files(&trash).into_keys().find(|path| path.ends_with("tool-results/out.txt")).unwrap();
    fs::write(&held, vec![b'x'; 4_500]).unwrap();
    let outcome = env.raw(["agents", "restore", "c"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("nothing was put back"), "{outcome:?}");
    assert!(files(&projects(&env)).is_empty());
}

#[test]
fn what_was_in_the_trash_for_too_long_goes_with_the_next_deletion() {
    let env = env();
    for id in ["c", "d", "e"] {
        conversation(&env, id);
    }
    env.answer(["agents", "delete", "c"]);
    let record = files(&env.path(".local/share/rutter/trash")).into_keys().find(|path| path.ends_with("deleted.json")).unwrap();
    let mut deleted: Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
    let days = |days: u64| (seconds_now(&env) - days * 86_400) * 1_000_000;
    for (age, left) in [(29, 2), (31, 2)] {
        deleted["deleted_at"] = days(age).into();
        fs::write(&record, deleted.to_string()).unwrap();
        env.answer(["agents", "list"]);
        assert!(record.exists());
        env.answer(["agents", "delete", if age == 29 { "d" } else { "e" }]);
        assert_eq!(objects(&env, ["agents", "trash"]).len(), left, "{age}");
    }
    env.answer(["agents", "trash", "--empty", "--older-than", "1d"]);
    assert_eq!(objects(&env, ["agents", "trash"]).len(), 2);
    env.answer(["agents", "trash", "--empty"]);
    assert!(objects(&env, ["agents", "trash"]).is_empty());
}

#[test]
fn what_is_in_use_is_never_cleaned_up_and_an_owner_is_compared_whole() {
    let mut env = env();
    for (owner, id) in [("user_12", "c"), ("user_123", "user_12_c")] {
        env.set("RUTTER_OWNER", owner);
        prompted(&env, &env.project(), id, "startup", "Mend");
        env.answer(["current"]);
    }
    for id in ["c", "user_12_c", "user_12_d", "head"] {
        conversation(&env, id);
    }
    env.answer(["transition", "head", "--source", "build"]);
    conversation(&env, "recent");
    let path = projects(&env).join("-p/recent.jsonl");
    write(&path, "{}\n", seconds_now(&env) - 300);
    let listed = objects(&env, ["agents", "list", "--owner", "user_12"]);
    assert_eq!(ids(&listed), ["c"]);
    let why = |id: &str| object(&env, ["agents", "info", id])["active"].clone();
    assert_eq!((why("head"), why("recent"), why("c")), (json!("head"), json!("recent"), Value::Null));
    assert_eq!(ids(&objects(&env, ["agents", "clean", "--older-than", "1m", "--owner", "user_12", "--dry-run"])), ["c"]);
    insta::assert_snapshot!(told(&env, &["agents", "clean", "--owner", "user_12"]), @"
    [exit 0]
    [out] Deleted 1 conversation, 6.9 KB; `rutter agents restore ID` puts one back
    [out]   c  6.9 KB  /home/.claude/projects/-project
    ");
    let gone = objects(&env, ["agents", "clean", "--older-than", "1m"]);
    assert_eq!((ids(&gone), why("user_12_c")), (vec!["user_12_d"], json!("running")));
    let listed = objects(&env, ["agents", "list"]);
    assert_eq!(ids(&listed), ["recent", "head", "recent", "user_12_c"]);
}

#[test]
fn who_cleans_up_for_an_owner_compares_it_whole() {
    let mut env = env();
    for (owner, id) in [("user_1", "a"), ("user_12", "b"), ("user_123", "c"), ("other", "runs")] {
        env.set("RUTTER_OWNER", owner);
        prompted(&env, &env.project(), id, "startup", "Mend");
        env.answer(["current"]);
        conversation(&env, id);
    }
    let wanted = |dry: &[&str]| objects(&env, [&["agents", "clean", "--older-than", "1m", "--owner", "user_12"], dry].concat());
    assert_eq!(ids(&wanted(&["--dry-run"])), ["b"]);
    assert_eq!(ids(&wanted(&[])), ["b"]);
    assert_eq!(objects(&env, ["agents", "list"]).len(), 3);
}

#[test]
fn links_and_hostile_names_lead_nowhere() {
    let env = env();
    let sentinel = env.path("sentinel");
    write(&sentinel.join("a/mine.jsonl"), "mine", 1);
    write(&sentinel.join("mine.jsonl"), "mine", 1);
    conversation(&env, "c");
    let root = projects(&env);
    symlink(&sentinel, root.join("linked")).unwrap();
    symlink(sentinel.join("mine.jsonl"), root.join("-project-l.jsonl")).unwrap();
    let folder = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir() && !path.is_symlink()).unwrap();
    symlink(sentinel.join("mine.jsonl"), folder.join("l.jsonl")).unwrap();
    symlink(&sentinel, folder.join("0b1c2d3e-0000-4000-8000-00000000000a")).unwrap();
    symlink(&sentinel, folder.join("c/out")).unwrap();
    let before = tree(&sentinel);
    assert_eq!(ids(&objects(&env, ["agents", "list"])), ["c"]);
    env.answer(["vault", "copy"]);
    assert_eq!(object(&env, ["vault"])["files"], 5);
    for id in ["..", ".", "", "/", "../../sentinel", "linked", "mine", "l", "0b1c2d3e-0000-4000-8000-00000000000a", "c/out", "-rf", "c\n"] {
        for command in ["info", "delete", "restore"] {
            let outcome = env.raw(["agents", command, "--", id]);
            assert!(outcome.code == 1, "{command} {id:?}: {outcome:?}");
        }
    }
    env.answer(["agents", "clean", "--older-than", "1d"]);
    env.answer(["agents", "trash", "--empty"]);
    // A folder becomes a link between the copy and the way back.
    fs::remove_dir_all(&folder).unwrap();
    symlink(&sentinel, &folder).unwrap();
    assert_ne!(env.raw(["agents", "restore", "c"]).code, 0);
    assert_eq!(tree(&sentinel), before);
}

#[test]
fn a_hundred_conversations_are_listed_well_under_half_a_second() {
    let env = env();
    for number in 0..100 {
        conversation(&env, &format!("c{number}"));
    }
    env.answer(["agents", "list"]);
    let since = Instant::now();
    assert_eq!(objects(&env, ["agents", "list"]).len(), 100);
    let took = since.elapsed();
    println!("100 conversations with 500 files: {took:?}");
    assert!(took.as_millis() < 500, "{took:?}");
}
