//! What every agent has on the disk: listed, deleted, cleaned up, copied and put back; and what others may have planted among it.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use testkit::TestEnv;

use crate::machine::tree;
use crate::vault::{Tree, conversation, files, lose, projects, seconds_now, told, write};
use crate::{env, object, objects};

const CODEX: &str = "01a1f855-7d9a-7770-bcea-54c469e3a29f";
const PARENT: &str = "01a1f856-4db5-7250-8c4e-3b449a6a84bd";
const CHILD: &str = "01a1f856-4e64-73f1-b541-f6f791e50766";
const GEMINI: &str = "6f362f6f-5c75-44c6-bbfb-d580cd1b6111";
const OLD_GEMINI: &str = "eb623340-f9e8-4a1d-a0fe-89b9f3106710";
const COPILOT: &str = "1d6ae405-5d76-4d5d-b8df-54b22161769c";
const OLD_OPENCODE: &str = "ses_e07a13f86fferMw1vETTIrsmVp";
const OPENCODE: &str = "ses_e07a7e758fferHpuSOTpK3LfR0";

/// All that have files of their own.
const IN_FILES: [(&str, &str); 6] =
    [("codex", CODEX), ("codex", PARENT), ("gemini", GEMINI), ("gemini", OLD_GEMINI), ("opencode", OLD_OPENCODE), ("copilot", COPILOT)];

const DAY: u64 = 86_400;

fn captured(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../agents/tests/fixtures").join(path)
}

/// Copies what was captured, with times of its own that are long past.
fn place(from: &Path, to: &Path, second: &mut u64) {
    if from.is_dir() {
        let mut below: Vec<_> = fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).collect();
        below.sort();
        return below.iter().for_each(|path| place(path, &to.join(path.file_name().unwrap()), second));
    }
    *second += 1;
    write(to, fs::read(from).unwrap(), *second);
}

/// Returns a home in which all agents have worked, weeks ago.
fn with_all() -> TestEnv {
    let env = env();
    let mut second = seconds_now(&env) - 50 * DAY;
    let mut put = |from: &str, to: &str| place(&captured(from), &env.path(to), &mut second);
    for (time, id, day) in [("09-41-54", CODEX, "20"), ("09-42-48", PARENT, "20"), ("09-42-48", CHILD, "21")] {
        let name = format!("rollout-2026-11-20T{time}-{id}.jsonl");
        put(&format!("codex/0.169.0/{name}"), &format!(".codex/sessions/2026/11/{day}/{name}"));
    }
    put("gemini/0.61.0/demo", ".gemini/tmp/demo");
    put("gemini/0.61.0/demo/chats/session-2026-11-20T09-43-6f362f6f.jsonl", &format!(".gemini/tmp/demo/chats/{GEMINI}/sub.jsonl"));
    put("gemini/0.22.4/chats", ".gemini/tmp/c6604f1e/chats");
    put("opencode/1.0.185/storage", ".local/share/opencode/storage");
    put("opencode/1.18.33/opencode.db", ".local/share/opencode/opencode.db");
    put("copilot/1.0.102", &format!(".copilot/session-state/{COPILOT}"));
    env
}

/// Everything that is of an agent's.
fn all_files(env: &TestEnv) -> Tree {
    let roots = [".claude/projects", ".codex", ".gemini", ".copilot", ".local/share/opencode"];
    roots.iter().flat_map(|root| files(&env.path(root))).collect()
}

fn ids(views: &[Value]) -> Vec<&str> {
    views.iter().map(|view| view["id"].as_str().unwrap()).collect()
}

fn vault(env: &TestEnv) -> PathBuf {
    env.path(".local/share/rutter/vault")
}

fn trash(env: &TestEnv) -> PathBuf {
    env.path(".local/share/rutter/trash")
}

#[test]
fn conversations_of_every_agent_are_listed_with_what_is_known_of_each() {
    let env = with_all();
    let listed = objects(&env, ["agents", "list"]);
    let told = |view: &Value| {
        let keys = ["agent", "id", "files", "size_bytes", "turns", "models", "usage"];
        keys.map(|key| view[key].to_string()).join(" ")
    };
    let mut lines: Vec<String> = listed.iter().map(told).collect();
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"));
    for agent in ["claude-code", "codex", "gemini", "opencode", "copilot"] {
        let of_agent: Vec<_> = listed.iter().filter(|view| view["agent"] == agent).cloned().collect();
        assert_eq!(objects(&env, ["agents", "list", "--agent", agent]), of_agent, "{agent}");
    }
    assert_eq!(env.raw(["agents", "list", "--agent", "claude"]).code, 2);
}

#[test]
fn what_a_conversation_used_is_in_the_list_as_the_index_has_it_and_read_for_one() {
    let env = with_all();
    let info: Vec<Value> = IN_FILES.iter().map(|(_, id)| object(&env, ["agents", "info", id])["usage"].clone()).collect();
    assert!(info.iter().all(|usage| usage["responses"].as_u64().unwrap() > 0), "{info:?}");
    assert!(objects(&env, ["agents", "list"]).iter().all(|view| view["usage"].is_null()));
    env.answer(["index"]);
    let listed = objects(&env, ["agents", "list"]);
    for ((_, id), usage) in IN_FILES.iter().zip(&info) {
        let view = listed.iter().find(|view| view["id"] == *id).unwrap();
        let mut told = view["usage"].clone();
        // Of a tree of files the index may be behind.
        told["at_least"] = usage["at_least"].clone();
        assert_eq!(told, *usage, "{id}");
        let keys: Vec<_> = usage.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys.join(" "), "input output cache_write cache_read reasoning cost_usd at_least responses");
    }
    // One that went on is told of as far as it was read.
    let path = fs::read_dir(env.path(".codex/sessions/2026/11/20")).unwrap().map(|entry| entry.unwrap().path());
    let path = path.into_iter().find(|path| path.to_str().unwrap().contains(CODEX)).unwrap();
    let mut text = fs::read_to_string(&path).unwrap();
    text.push_str("{}\n");
    fs::write(&path, text).unwrap();
    let view = objects(&env, ["agents", "list"]).into_iter().find(|view| view["id"] == CODEX).unwrap();
    assert_eq!((&view["usage"]["at_least"], &view["usage"]["responses"]), (&true.into(), &info[0]["responses"]));
}

#[test]
fn what_an_agent_has_in_a_database_is_told_of_and_only_the_agent_deletes_it() {
    let env = with_all();
    let before = all_files(&env);
    insta::assert_snapshot!(told(&env, &["agents", "info", OPENCODE]));
    insta::assert_snapshot!(told(&env, &["agents", "delete", CODEX, OPENCODE]), @"
    [exit 1]
    [err] error: agent session `ses_e07a7e758fferHpuSOTpK3LfR0` is in a database of its agent's, with others
    [err] hint: run `opencode session delete ses_e07a7e758fferHpuSOTpK3LfR0`: its agent deletes it, and for good; nothing was deleted
    ");
    env.answer(["vault", "copy"]);
    assert_eq!(env.raw(["agents", "restore", OPENCODE, "--from", "vault"]).code, 1);
    env.answer(["agents", "clean", "--agent", "opencode", "--dry-run"]);
    let clean = objects(&env, ["agents", "clean", "--agent", "opencode"]);
    assert_eq!(ids(&clean), [OLD_OPENCODE]);
    env.answer(["agents", "restore", OLD_OPENCODE]);
    assert_eq!(all_files(&env), before);
}

#[test]
fn every_agent_s_conversation_comes_back_from_the_trash_byte_for_byte() {
    let env = with_all();
    let before = all_files(&env);
    for (agent, id) in IN_FILES {
        let deleted = objects(&env, ["agents", "delete", id]);
        let files = deleted[0]["files"].as_u64().unwrap() as usize;
        assert_eq!((deleted.len(), deleted[0]["agent"].as_str().unwrap(), all_files(&env).len()), (1, agent, before.len() - files));
        assert!(!ids(&objects(&env, ["agents", "list"])).contains(&id));
        env.answer(["agents", "restore", id]);
        assert_eq!(all_files(&env), before, "{agent} {id}");
        assert!(objects(&env, ["agents", "trash"]).is_empty());
    }
    let gone = objects(&env, ["agents", "clean"]);
    assert_eq!(gone.len(), IN_FILES.len(), "{gone:?}");
    IN_FILES.iter().for_each(|(_, id)| drop(env.answer(["agents", "restore", *id])));
    assert_eq!(all_files(&env), before);
    // What a sub-agent wrote is its parent's, and nobody's own.
    assert_eq!(env.raw(["agents", "delete", CHILD]).code, 1);
    assert_eq!(object(&env, ["agents", "info", PARENT])["files"], 2);
}

#[test]
fn every_agent_s_conversation_comes_back_from_the_vault_where_the_agent_finds_it() {
    let env = with_all();
    let before = all_files(&env);
    env.answer(["vault", "copy"]);
    for (agent, id) in IN_FILES {
        env.answer(["agents", "delete", id]);
        env.answer(["agents", "trash", "--empty"]);
        env.answer(["agents", "restore", id]);
        assert_eq!(all_files(&env), before, "{agent} {id}");
    }
    assert_eq!((env.raw(["vault", "verify"]).code, &object(&env, ["vault", "copy"])["copied"]), (0, &6.into()));
    assert_eq!(object(&env, ["vault", "copy"])["copied"], 0);
    // One that its agent archived is the same, and costs nothing; it comes back where it was last.
    let name = format!("rollout-2026-11-20T09-41-54-{CODEX}.jsonl");
    let (day, archive) = (env.path(".codex/sessions/2026/11/20").join(&name), env.path(".codex/archived_sessions").join(&name));
    fs::create_dir_all(archive.parent().unwrap()).unwrap();
    fs::rename(&day, &archive).unwrap();
    assert_eq!(object(&env, ["vault", "copy"])["grown"], 0);
    let bytes = fs::read(&archive).unwrap();
    fs::remove_file(&archive).unwrap();
    env.answer(["agents", "restore", CODEX]);
    let there = [&day, &archive].map(|path| fs::read(path).ok());
    assert_eq!(there.iter().flatten().collect::<Vec<_>>(), [&bytes]);
}

#[test]
fn what_is_not_to_be_recorded_is_not_copied_whichever_agent_was_there() {
    let env = with_all();
    env.answer(["config", "record.exclude", "/home/dev/demo"]);
    let view = object(&env, ["vault", "copy"]);
    assert_eq!((&view["copied"], &view["excluded"]), (&0.into(), &6.into()), "{view}");
}

#[test]
fn a_chat_that_was_written_to_a_moment_ago_is_never_cleaned_up() {
    let env = with_all();
    let path = env.path(".gemini/tmp/demo/chats/session-2026-11-20T09-43-6f362f6f.jsonl");
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds_now(&env) - 300);
    File::options().write(true).open(path).unwrap().set_modified(now).unwrap();
    assert_eq!(object(&env, ["agents", "info", GEMINI])["active"], "recent");
    assert_eq!(ids(&objects(&env, ["agents", "clean", "--agent", "gemini", "--older-than", "1m"])), [OLD_GEMINI]);
}

/// Lets a program hold a file open until it is told to end.
fn hold(path: &Path) -> std::process::Child {
    let file = File::options().append(true).open(path).unwrap();
    Command::new("cat").stdin(std::process::Stdio::piped()).stdout(file).spawn().unwrap()
}

fn let_go(mut child: std::process::Child) {
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn what_a_process_has_open_is_running_and_is_neither_cleaned_up_nor_deleted() {
    if !Path::new("/proc/self/fd").exists() {
        return;
    }
    let env = with_all();
    let before = all_files(&env);
    // It is the file that counts, and not by which path it was opened; and a sub-agent's is its parent's.
    let day = env.path(".codex/sessions/2026/11");
    let rollout = |day: &Path, id: &str| {
        fs::read_dir(day).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.to_str().unwrap().contains(id)).unwrap()
    };
    symlink(&day, env.path("linked")).unwrap();
    let held = [hold(&rollout(&env.path("linked/20"), CODEX)), hold(&rollout(&day.join("21"), CHILD))];
    let active = |id: &str| object(&env, ["agents", "info", id])["active"].clone();
    assert_eq!((active(CODEX), active(PARENT), active(COPILOT)), ("running".into(), "running".into(), Value::Null));
    insta::assert_snapshot!(told(&env, &["agents", "delete", GEMINI, CODEX]), @"
    [exit 1]
    [err] error: agent session `<key>` is running
    [err] hint: end the agent first; nothing was deleted
    ");
    assert!(objects(&env, ["agents", "clean", "--agent", "codex"]).is_empty());
    assert_eq!(all_files(&env), before);
    held.into_iter().for_each(let_go);
    assert_eq!(objects(&env, ["agents", "clean", "--agent", "codex"]).len(), 2);
}

#[test]
fn a_fresh_folder_that_holds_only_links_is_as_old_as_itself() {
    let env = env();
    let folder = projects(&env).join("-p/0b1c2d3e-0000-4000-8000-00000000000a");
    fs::create_dir_all(&folder).unwrap();
    symlink("/nowhere", folder.join("link")).unwrap();
    assert!(objects(&env, ["agents", "clean"]).is_empty() && folder.exists());
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds_now(&env) - 40 * DAY);
    File::open(&folder).unwrap().set_modified(old).unwrap();
    assert_eq!(objects(&env, ["agents", "clean"]).len(), 1);
    assert!(!folder.exists());
}

#[test]
fn a_transcript_that_only_grew_comes_back_as_it_was_then_or_not_at_all() {
    let env = env();
    let (path, beside) = (projects(&env).join("-p/c.jsonl"), projects(&env).join("-p/c/x.txt"));
    write(&path, "{\"one\":1}\n", 1_767_400_000);
    write(&beside, "x", 1_767_400_001);
    env.answer(["vault", "copy"]);
    let first = object(&env, ["vault"])["copied_at"].as_str().unwrap().to_owned();
    let then = files(&projects(&env));
    write(&path, "{\"one\":1}\n{\"two\":2}\n", 1_767_400_002);
    env.answer(["vault", "copy"]);
    let last = files(&projects(&env));
    for (options, expected) in [(vec!["--as-of", first.as_str()], &then), (vec![], &last)] {
        fs::remove_dir_all(projects(&env)).unwrap();
        env.answer(["agents", "restore", "c"].into_iter().chain(options));
        assert_eq!(files(&projects(&env)), *expected);
    }
    fs::remove_dir_all(projects(&env)).unwrap();
    let outcome = env.raw(["agents", "restore", "c", "--as-of", "2026-01-01"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("nothing was put back"), "{outcome:?}");
    assert!(outcome.stderr.contains("run `rutter agents restore c --as-of 20"), "{outcome:?}");
    assert!(files(&projects(&env)).is_empty());
}

#[test]
fn of_one_id_in_two_folders_that_is_not_the_same_the_one_comes_back_that_is_meant() {
    let env = env();
    let [one, two] = ["-p/c.jsonl", "-q/c.jsonl"].map(|path| projects(&env).join(path));
    write(&one, "{\"one\":1}\n", 1_767_400_000);
    write(&two, "{\"two\":2}\n", 1_767_400_001);
    let before = files(&projects(&env));
    env.answer(["vault", "copy"]);
    fs::remove_dir_all(projects(&env)).unwrap();
    let outcome = env.raw(["agents", "restore", "c"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("from 2 places, and is not the same everywhere"), "{outcome:?}");
    assert!(files(&projects(&env)).is_empty());
    let hint = outcome.stderr.lines().find(|line| line.starts_with("hint")).unwrap();
    let entry = |folder: &str| {
        let part = hint.split("; ").find(|part| part.contains(folder)).unwrap();
        part.rsplit_once(" is of ").unwrap().0.rsplit(' ').next().unwrap().to_owned()
    };
    env.answer(["agents", "restore", "c", "--entry", &entry("/-p,")]);
    assert!(one.exists() && !two.exists());
    env.answer(["agents", "restore", "c", "--entry", &entry("/-q,")]);
    assert_eq!(files(&projects(&env)), before);
    assert_eq!(env.raw(["agents", "restore", "c", "--entry", "../x"]).code, 1);
    // The beginning of it that lies elsewhere is not another one.
    write(&one, "{\"two\":2}\n", 1_767_400_000);
    write(&two, "{\"two\":2}\n{\"three\":3}\n", 1_767_400_005);
    let both = env.path("both");
    fs::rename(projects(&env), &both).unwrap();
    fs::remove_dir_all(vault(&env)).unwrap();
    fs::rename(&both, projects(&env)).unwrap();
    env.answer(["vault", "copy"]);
    fs::remove_dir_all(projects(&env)).unwrap();
    env.answer(["agents", "restore", "c"]);
    assert!(!one.exists() && fs::read_to_string(&two).unwrap().contains("three"));
}

#[test]
fn links_in_the_vault_lead_nowhere() {
    for (number, planted) in ["chunks", "kept", "damaged", "copied", "lock"].into_iter().enumerate() {
        let env = env();
        let sentinel = env.path("sentinel");
        write(&sentinel.join("mine.txt"), "mine", 1);
        write(&sentinel.join("mine.new"), "mine", 1);
        let before = tree(&sentinel);
        let folder = conversation(&env, "c");
        if number % 2 == 0 {
            env.answer(["vault", "copy"]);
            drop(fs::rename(vault(&env).join(planted), env.path("taken")));
        } else {
            fs::create_dir_all(vault(&env)).unwrap();
        }
        let target = if matches!(planted, "copied" | "lock") { sentinel.join("mine.txt") } else { sentinel.clone() };
        symlink(&target, vault(&env).join(planted)).unwrap();
        write(&folder.join("more.txt"), "more", 1_767_400_009);
        for command in [&["vault", "copy"][..], &["vault"], &["vault", "verify"], &["agents", "restore", "c"], &["doctor"]] {
            let outcome = env.raw(command);
            assert!(outcome.code != 70, "{planted}: {outcome:?}");
            assert_eq!(tree(&sentinel), before, "{planted} {command:?}");
        }
    }
}

#[test]
fn links_in_the_place_of_chunks_and_of_what_is_being_written_lead_nowhere() {
    let env = env();
    let sentinel = env.path("sentinel");
    write(&sentinel.join("mine.txt"), "mine", 1);
    let before = tree(&sentinel);
    let folder = conversation(&env, "c");
    env.answer(["vault", "copy"]);
    let (mine, all) = (sentinel.join("mine.txt"), files(&vault(&env)));
    for path in all.keys().filter(|path| path.extension().is_some_and(|extension| extension == "zst" || extension == "json")) {
        // The names under which it is written first, of this build and of earlier ones.
        let mut fresh = path.as_os_str().to_owned();
        fresh.push(".new");
        symlink(&mine, fresh).unwrap();
        drop(symlink(&mine, path.with_extension("new")));
        fs::remove_file(path).unwrap();
        symlink(&mine, path).unwrap();
    }
    assert_eq!(env.raw(["vault", "verify"]).code, 1);
    let outcome = env.raw(["vault", "copy"]);
    assert!(outcome.code == 0 && outcome.stdout.contains("Damaged: "), "{outcome:?}");
    assert_eq!(tree(&sentinel), before);
    // The manifest was set aside; what it had is copied again, and comes back.
    let held = files(&projects(&env));
    lose(&folder);
    env.answer(["agents", "restore", "c"]);
    assert_eq!((files(&projects(&env)), tree(&sentinel)), (held, before));
}

#[test]
fn nobody_waits_for_a_pipe_in_vault_or_trash() {
    let env = env();
    let pipe = |path: &Path| {
        drop(fs::remove_file(path));
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    let folder = conversation(&env, "c");
    let before = files(&projects(&env));
    env.answer(["vault", "copy"]);
    for path in files(&vault(&env)).into_keys().filter(|path| !path.ends_with("lock")) {
        pipe(&path);
    }
    for command in [&["vault"][..], &["vault", "verify"], &["agents", "restore", "c", "--from", "vault"], &["doctor"], &["vault", "copy"]] {
        let outcome = env.raw(command);
        assert!(matches!(outcome.code, 0 | 1), "{command:?}: {outcome:?}");
    }
    assert_eq!(env.raw(["vault", "verify"]).code, 1);
    env.answer(["agents", "delete", "c"]);
    let entry = fs::read_dir(trash(&env)).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    pipe(&entry.join("deleted.json"));
    assert!(objects(&env, ["agents", "trash"]).is_empty());
    env.answer(["agents", "trash", "--empty"]);
    assert!(entry.join("1").exists());
    env.answer(["agents", "restore", "c", "--from", "vault"]);
    assert_eq!((files(&projects(&env)), folder.exists()), (before, true));
}

#[test]
fn a_directory_that_is_called_like_a_file_of_the_vault_is_named_and_stops_nothing() {
    let env = env();
    conversation(&env, "c");
    env.answer(["vault", "copy"]);
    let chunk = files(&vault(&env).join("chunks")).into_keys().next().unwrap();
    let planted = [vault(&env).join("kept/x.json"), vault(&env).join("kept/x.new"), chunk.with_file_name("x.new")];
    planted.iter().for_each(|path| fs::create_dir_all(path.join("below")).unwrap());
    fs::remove_file(&chunk).unwrap();
    fs::create_dir(&chunk).unwrap();
    fs::create_dir_all(chunk.with_file_name(format!("{}.new", chunk.file_name().unwrap().to_str().unwrap()))).unwrap();
    let outcome = env.raw(["vault", "copy"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    for path in &planted {
        assert!(outcome.stdout.contains(&format!("{}: it is no file", path.display())), "{path:?} {outcome:?}");
        assert!(path.join("below").exists());
    }
    assert!(chunk.is_file());
    let outcome = env.raw(["vault", "verify"]);
    assert!(outcome.code == 1 && outcome.stdout.contains("it is no file"), "{outcome:?}");
    assert_eq!(env.raw(["doctor"]).code, 1);
}

#[test]
fn what_is_put_back_from_the_vault_leaves_a_link_alone_and_says_so() {
    let env = env();
    let folder = conversation(&env, "c");
    env.answer(["vault", "copy"]);
    let sentinel = env.path("sentinel");
    write(&sentinel.join("mine.txt"), "mine", 1);
    let before = tree(&sentinel);
    lose(&folder);
    symlink(sentinel.join("mine.txt"), folder.with_extension("jsonl")).unwrap();
    symlink(&sentinel, &folder).unwrap();
    let outcome = env.raw(["agents", "restore", "c"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("5 files left alone"), "{outcome:?}");
    fs::remove_file(&folder).unwrap();
    let outcome = env.raw(["agents", "restore", "c"]);
    assert!(outcome.code == 1 && outcome.stderr.contains("1 file left alone"), "{outcome:?}");
    assert_eq!(tree(&sentinel), before);
}

#[test]
fn what_a_killed_emptying_of_the_trash_left_goes_with_the_next_one() {
    let env = env();
    for id in ["c", "d", "e"] {
        conversation(&env, id);
        env.answer(["agents", "delete", id]);
    }
    let entries = || -> Vec<PathBuf> {
        let all = fs::read_dir(trash(&env)).unwrap().map(|entry| entry.unwrap().path());
        all.filter(|path| path.is_dir()).collect()
    };
    // Killed on the way, of this build and of an earlier one; and somebody's own directory, which is not ours.
    let all = entries();
    fs::rename(&all[0], all[0].with_extension("gone")).unwrap();
    fs::remove_file(all[1].join("deleted.json")).unwrap();
    fs::create_dir(trash(&env).join("notes")).unwrap();
    assert_eq!(objects(&env, ["agents", "trash"]).len(), 1);
    env.answer(["agents", "trash", "--empty", "--older-than", "1d"]);
    assert_eq!((objects(&env, ["agents", "trash"]).len(), entries().len()), (1, 2));
    env.answer(["agents", "trash", "--empty"]);
    assert_eq!(entries(), [trash(&env).join("notes")]);
}

#[test]
fn doctor_says_when_the_vault_is_wanting() {
    let env = env();
    let found = || {
        let said = env.raw(["doctor", "--json"]).stdout;
        let all: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let vault = all.into_iter().find(|finding| finding["check"] == "vault");
        vault.map(|finding| (finding["severity"].as_str().unwrap().to_owned(), finding["hint"].as_str().unwrap_or_default().to_owned()))
    };
    assert_eq!(found(), None);
    let path = projects(&env).join("-p/c.jsonl");
    write(&path, "{\"sessionId\":\"c\"}\n", seconds_now(&env) - 28 * DAY);
    let said = |severity: &str, hint: &str| Some((severity.to_owned(), hint.to_owned()));
    assert_eq!(found(), said("warning", "rutter vault on"));
    env.answer(["vault", "on"]);
    assert_eq!(found(), said("ok", ""));
    write(&path, "{\"sessionId\":\"c\"}\n{}\n", seconds_now(&env) - 2 * DAY);
    assert_eq!(found(), said("warning", "rutter vault copy"));
    env.answer(["config", "vault.max_bytes", "1"]);
    assert_eq!(env.raw(["vault", "copy"]).code, 1);
    assert_eq!(found(), said("warning", "rutter config vault.max_bytes SIZE"));
    env.answer(["config", "vault.max_bytes", "none"]);
    env.answer(["vault", "copy"]);
    assert_eq!(found(), said("ok", ""));
    let kept = files(&vault(&env).join("kept")).into_keys().next().unwrap();
    fs::write(kept, "damaged").unwrap();
    assert_eq!(found(), said("problem", "rutter vault verify"));
}

#[test]
fn doctor_says_what_the_vault_does_not_have() {
    let env = with_all();
    let said = || env.answer(["doctor"]).lines().filter(|line| line.contains("no database is copied")).count();
    assert_eq!(said(), 0);
    env.answer(["vault", "on"]);
    assert_eq!(said(), 1);
    fs::remove_file(env.path(".local/share/opencode/opencode.db")).unwrap();
    assert_eq!(said(), 0);
}

#[test]
fn what_all_of_it_takes_on_the_disk_is_said() {
    let env = env();
    for (id, length) in [("c", 1_000), ("d", 2_000)] {
        write(&projects(&env).join(format!("-p/{id}.jsonl")), vec![b'x'; length], 1_767_400_000);
    }
    let first = |words: &[&str]| env.answer(words).lines().next().unwrap().to_owned();
    assert_eq!(first(&["agents", "list", "--limit", "1"]), "2 conversations, 3.0 KB");
    env.answer(["agents", "clean"]);
    assert_eq!(first(&["agents", "trash"]), "2 conversations, 3.0 KB");
}
