//! Conversations of agents that rutter has no hooks for: what lies on the disk is found, counted and resumed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use serde_json::Value;
use testkit::TestEnv;

use crate::{env, object, objects};

fn captured(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../agents/tests/fixtures").join(path)
}

/// Puts a captured file where its agent has it, as if it had worked in the project here.
fn place(env: &TestEnv, from: &str, to: &str) {
    let to = env.path(to);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    let text = fs::read_to_string(captured(from)).unwrap();
    fs::write(to, text.replace("/home/dev/demo", env.project().to_str().unwrap())).unwrap();
}

const CODEX: &str = "01a1f855-7d9a-7770-bcea-54c469e3a29f";
const COPILOT: &str = "1d6ae405-5d76-4d5d-b8df-54b22161769c";

const DATABASE: &str = ".local/share/opencode/opencode.db";

/// Returns a home in which four agents have worked.
fn with_all() -> TestEnv {
    let env = env();
    let _database = place_all(&env);
    env
}

/// Lets four agents have worked in a home. opencode goes on as long as its database is held: what it wrote lies in the log.
pub(crate) fn place_all(env: &TestEnv) -> Connection {
    let rollout = format!("rollout-2026-11-20T09-41-54-{CODEX}.jsonl");
    place(env, &format!("codex/0.169.0/{rollout}"), &format!(".codex/sessions/2026/11/20/{rollout}"));
    fs::create_dir_all(env.path(".gemini/tmp/demo")).unwrap();
    fs::write(env.path(".gemini/tmp/demo/.project_root"), env.project().to_str().unwrap()).unwrap();
    let chat = "session-2026-11-20T09-43-6f362f6f.jsonl";
    place(env, &format!("gemini/0.61.0/demo/chats/{chat}"), &format!(".gemini/tmp/demo/chats/{chat}"));
    let database = env.path(DATABASE);
    fs::create_dir_all(database.parent().unwrap()).unwrap();
    fs::copy(captured("opencode/1.18.33/opencode.db"), &database).unwrap();
    let database = Connection::open(&database).unwrap();
    let project = env.project();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.execute("UPDATE session SET directory = ?1", [project.to_str().unwrap()]).unwrap();
    database.execute("UPDATE message SET data = replace(data, '/home/dev/demo', ?1)", [project.to_str().unwrap()]).unwrap();
    place(env, "copilot/1.0.102/events.jsonl", &format!(".copilot/session-state/{COPILOT}/events.jsonl"));
    database
}

/// Returns what each agent used: input, output, read from a cache, responses.
pub(crate) fn used(env: &TestEnv) -> Vec<(String, [u64; 4])> {
    let rows = objects(env, ["usage", "session", "--all-projects"]);
    let mut used: Vec<(String, [u64; 4])> = Vec::new();
    for row in rows.iter().filter(|row| row["key"] != "total") {
        let agent = row["agent"].as_str().unwrap_or("-").to_owned();
        let numbers = ["input", "output", "cache_read", "responses"].map(|key| row[key].as_u64().unwrap());
        match used.iter_mut().find(|(held, _)| *held == agent) {
            Some((_, held)) => (0..4).for_each(|place| held[place] += numbers[place]),
            None => used.push((agent, numbers)),
        }
    }
    used.sort();
    used
}

pub(crate) fn expected() -> Vec<(String, [u64; 4])> {
    // What the model said that it was sent and sent back when these were captured.
    [
        ("codex", [2_384, 218, 4_096, 5]),
        ("copilot", [4_624, 196, 1_536, 7]),
        ("gemini", [2_702, 175, 2_048, 5]),
        ("opencode", [8_344, 396, 2_816, 12]),
    ]
    .map(|(agent, numbers)| (agent.to_owned(), numbers))
    .to_vec()
}

#[test]
fn every_agent_s_conversations_become_sessions_and_are_counted() {
    let env = with_all();
    insta::assert_snapshot!(env.run(["index"]), @"
    [exit 0]
    [out] 4 transcripts: read 573.9 KB of 4 files
    [out] Took in 5 sessions that nobody had recorded
    ");
    let told = |session: &Value| {
        let keys = ["agent", "description", "status", "started_at", "turns", "tool_calls", "agent_sessions"];
        keys.map(|key| session[key].to_string()).join(" ")
    };
    let sessions = objects(&env, ["list", "--all-projects", "--all"]);
    insta::assert_snapshot!(sessions.iter().map(told).collect::<Vec<_>>().join("\n"), @r#"
    "copilot" "please edit the project, naïve café ☕" "COMPLETED" "2026-11-20T09:47:08.605000+00:00" 2 5 ["1d6ae405-5d76-4d5d-b8df-54b22161769c"]
    "opencode" "Edit the demo project (fork #1)" "COMPLETED" "2026-11-20T09:45:13.733000+00:00" 1 4 ["ses_e07a77d06ffeApdz3BU3Ny4Z1Z"]
    "opencode" "Edit the demo project" "COMPLETED" "2026-11-20T09:44:45.576000+00:00" 2 5 ["ses_e07a7e758fferHpuSOTpK3LfR0"]
    "gemini" "please edit the project, naïve café ☕" "COMPLETED" "2026-11-20T09:43:42.302000+00:00" 2 4 ["6f362f6f-5c75-44c6-bbfb-d580cd1b6111"]
    "codex" "please edit the project, naïve café ☕" "COMPLETED" "2026-11-20T09:41:54.856000+00:00" 2 3 ["01a1f855-7d9a-7770-bcea-54c469e3a29f"]
    "#);
    assert_eq!(used(&env), expected());
    insta::assert_snapshot!(env.run(["index"]), @"
    [exit 0]
    [out] 4 transcripts: nothing new
    ");
}

#[test]
fn a_report_without_an_index_says_the_same_of_every_agent() {
    let env = with_all();
    let rows = objects(&env, ["usage", "--all-projects"]);
    let expected = |place: usize| expected().iter().map(|(_, numbers)| numbers[place]).sum::<u64>();
    for (place, key) in ["input", "output", "cache_read", "responses"].into_iter().enumerate() {
        assert_eq!(rows.last().unwrap()[key], expected(place), "{key}");
    }
    assert!(!env.path(".local/share/rutter/index.db").exists());
}

#[test]
fn what_is_deleted_stays_counted_and_what_goes_on_is_counted_once() {
    let env = with_all();
    let chat = env.path(".gemini/tmp/demo/chats/session-2026-11-20T09-43-6f362f6f.jsonl");
    let whole = fs::read(&chat).unwrap();
    let cut = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(place, _)| place + 1).nth(4).unwrap();
    fs::write(&chat, &whole[..cut]).unwrap();
    env.answer(["index"]);
    fs::write(&chat, &whole).unwrap();
    env.answer(["index"]);
    assert_eq!(used(&env), expected());
    // The client packs what is old; another one deletes it.
    let rollout = env.path(&format!(".codex/sessions/2026/11/20/rollout-2026-11-20T09-41-54-{CODEX}.jsonl"));
    let packed = zstd::encode_all(&fs::read(&rollout).unwrap()[..], 3).unwrap();
    fs::write(rollout.with_extension("jsonl.zst"), packed).unwrap();
    fs::remove_file(&rollout).unwrap();
    fs::remove_dir_all(env.path(".copilot/session-state").join(COPILOT)).unwrap();
    env.answer(["index"]);
    assert_eq!(used(&env), expected());
    env.answer(["index", "--again"]);
    assert_eq!(used(&env), expected());
}

#[test]
fn transcripts_that_grow_come_out_the_same_wherever_they_were_cut() {
    let env = with_all();
    let paths = [
        format!(".codex/sessions/2026/11/20/rollout-2026-11-20T09-41-54-{CODEX}.jsonl"),
        ".gemini/tmp/demo/chats/session-2026-11-20T09-43-6f362f6f.jsonl".to_owned(),
        format!(".copilot/session-state/{COPILOT}/events.jsonl"),
    ];
    let whole = paths.map(|path| (env.path(&path), fs::read(env.path(&path)).unwrap()));
    for step in 0..=24 {
        for (path, bytes) in &whole {
            fs::write(path, &bytes[..bytes.len() * step / 24]).unwrap();
        }
        env.answer(["index"]);
    }
    assert_eq!(used(&env), expected());
    let told = |env: &TestEnv| {
        let told =
            |session: &Value| ["agent", "turns", "tool_calls", "usage", "agent_sessions"].map(|key| session[key].to_string()).join(" ");
        objects(env, ["list", "--all-projects", "--all"]).iter().map(told).collect::<Vec<_>>()
    };
    let in_steps = told(&env);
    for made in [".local/share/rutter", ".claude/memory"] {
        fs::remove_dir_all(env.path(made)).unwrap();
    }
    env.answer(["index"]);
    assert_eq!(in_steps, told(&env));
}

#[test]
fn a_database_that_is_written_to_is_copied_and_read_with_its_log() {
    let env = env();
    let _database = place_all(&env);
    let log = fs::read(env.path(&format!("{DATABASE}-wal"))).unwrap();
    assert!(!log.is_empty());
    env.answer(["index"]);
    assert_eq!(used(&env), expected());
    assert_eq!(fs::read(env.path(&format!("{DATABASE}-wal"))).unwrap(), log);
    assert_eq!(fs::read_dir(env.path(".local/share/rutter/scratch")).unwrap().count(), 0);
}

#[test]
fn a_database_that_goes_on_is_counted_once_and_keeps_what_was_deleted() {
    let env = with_all();
    env.answer(["index"]);
    let database = Connection::open(env.path(DATABASE)).unwrap();
    let sessions: Vec<String> = database
        .prepare("SELECT id FROM session ORDER BY id")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    database.execute("UPDATE session SET title = 'Called otherwise' WHERE id = ?1", [&sessions[0]]).unwrap();
    env.answer(["index"]);
    assert_eq!(used(&env), expected());
    for table in ["part", "message"] {
        database.execute(&format!("DELETE FROM {table} WHERE session_id = ?1"), [&sessions[0]]).unwrap();
    }
    database.execute("DELETE FROM session WHERE id = ?1", [&sessions[0]]).unwrap();
    env.answer(["index"]);
    assert_eq!(used(&env), expected());
    assert_eq!(objects(&env, ["list", "--all-projects", "--all", "--agent", "opencode"]).len(), 2);
}

#[test]
fn each_agent_is_resumed_by_its_own_command() {
    let env = with_all();
    env.answer(["index"]);
    let mut commands = Vec::new();
    for session in objects(&env, ["list", "--all-projects", "--all"]) {
        let id = session["agent_sessions"][0].as_str().unwrap();
        let resume = object(&env, ["resume", id, "--print"]);
        assert_eq!((&resume["agent"], resume["directory"].as_str()), (&session["agent"], env.project().to_str()));
        commands.push(resume["command"].to_string());
    }
    insta::assert_snapshot!(commands.join("\n"), @r#"
    ["copilot","--resume","1d6ae405-5d76-4d5d-b8df-54b22161769c"]
    ["opencode","--session","ses_e07a77d06ffeApdz3BU3Ny4Z1Z"]
    ["opencode","--session","ses_e07a7e758fferHpuSOTpK3LfR0"]
    ["gemini","--resume","6f362f6f-5c75-44c6-bbfb-d580cd1b6111"]
    ["codex","resume","01a1f855-7d9a-7770-bcea-54c469e3a29f"]
    "#);
    fs::remove_dir_all(env.path(".codex")).unwrap();
    insta::assert_snapshot!(env.run(["resume", CODEX, "--print"]), @"
    [exit 1]
    [err] error: <key> cannot be resumed: its transcript is gone
    [err] hint: run `rutter recover <key>` for one that can be resumed
    ");
}

#[test]
fn what_is_withheld_is_withheld_of_every_agent() {
    let env = with_all();
    env.answer(["config", "record.prompts", "false"]);
    env.answer(["index"]);
    let told = objects(&env, ["list", "--all-projects", "--all"]).iter().map(Value::to_string).collect::<String>();
    assert!(!told.contains("please edit"), "{told}");
}

#[test]
fn what_an_agent_changed_is_known_by_its_transcript() {
    let env = with_all();
    env.answer(["index"]);
    let mut written = Vec::new();
    for session in objects(&env, ["list", "--all-projects", "--all"]) {
        let files = objects(&env, ["files", session["id"].as_str().unwrap()]);
        let told: Vec<String> = files.iter().map(|file| format!("{} {}", file["path"], file["by"])).collect();
        written.push(format!("{} {}", session["agent"], told.join(", ")));
    }
    insta::assert_snapshot!(written.join("\n"), @r#"
    "copilot" "README.md" "tool", "hello.txt" "tool"
    "opencode" "/home/dev/demo/README.md" "tool", "/home/dev/demo/hello.txt" "tool"
    "opencode" "/home/dev/demo/README.md" "tool", "/home/dev/demo/hello.txt" "tool"
    "gemini" "README.md" "tool", "hello.txt" "tool"
    "codex" "README.md" "tool", "hello.txt" "tool"
    "#);
    insta::assert_snapshot!(env.run(["tools", "--all-projects"]), @"
    [exit 0]
    [out] Tools
    [out]                      calls  failed  refused  unfinished  retries      p50      p95
    [out]   bash                   3       1        -           -        -   276 ms   305 ms
    [out]   exec_command           3       1        -           -        -     0 ms     0 ms
    [out]   edit                   2       -        -           -        -    11 ms    91 ms
    [out]   read                   2       -        -           -        -    98 ms   283 ms
    [out]   write                  2       -        -           -        -    13 ms    18 ms
    [out]   list_directory         1       -        -           -        -  ~126 ms  ~126 ms
    [out]   replace                1       -        -           -        -  ~146 ms  ~146 ms
    [out]   run_shell_command      1       1        -           -        -  ~142 ms  ~142 ms
    [out]   write_file             1       -        -           -        -  ~146 ms  ~146 ms
    [out]   total                 16       3        -           -        -   ~98 ms  ~305 ms
    [out]
    [out] Slowest commands
    [out]                               calls  failed      p50  longest
    [out]   ls -1; cat README.md            2       0   276 ms   305 ms
    [out]   cat missing; exit 3             1       1   265 ms   265 ms
    [out]   cat README.md; cat missing      1       1  ~142 ms  ~142 ms
    [out]   apply_patch <<'EOF'             1       0     0 ms     0 ms
    [out]   cat missing-file; exit 3        1       1     0 ms     0 ms
    [out]   ls -1 && cat README.md          1       0     0 ms     0 ms
    [out]
    [out] Commands that fail most
    [out]                               calls  failed      p50  longest
    [out]   cat README.md; cat missing      1       1  ~142 ms  ~142 ms
    [out]   cat missing-file; exit 3        1       1     0 ms     0 ms
    [out]   cat missing; exit 3             1       1   265 ms   265 ms
    [out]
    [out] ~ not all measured by the agent: waiting for permission is part of it
    ");
}

#[test]
fn a_file_that_is_no_transcript_is_none() {
    let env = env();
    let path = |name: &str| env.project().join(name).to_str().unwrap().to_owned();
    fs::write(path("noise"), [0x80, 0xff, 0, 1, 2]).unwrap();
    fs::write(path("package.json"), "{\n  \"name\": \"shop\"\n}\n").unwrap();
    let database = Connection::open(path("other.db")).unwrap();
    database.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
    for name in ["noise", "package.json", "other.db"] {
        assert_eq!(env.raw(["transcript", &path(name)]).code, 1, "{name}");
    }
    insta::assert_snapshot!(env.run(["transcript", &path("noise")]), @"
    [exit 1]
    [err] error: `/project/noise` is no transcript of an agent that is known here
    [err] hint: files of claude-code, codex, gemini, opencode and copilot are; see `rutter transcript --help`
    ");
    fs::write(path("empty.jsonl"), "").unwrap();
    assert_eq!(env.raw(["transcript", &path("empty.jsonl")]).code, 0);
    insta::assert_snapshot!(env.run(["transcript", &path("nowhere")]), @"
    [exit 3]
    [err] error: cannot read `/project/nowhere`
    [err]   cause: No such file or directory (os error 2)
    ");
}

#[test]
fn a_chat_whose_folder_is_a_hash_is_in_the_directory_that_has_it_or_in_no_project() {
    let env = env();
    let folder = |directory: &Path| {
        let script = format!("printf %s '{}' | sha256sum | cut -c 1-64", directory.display());
        String::from_utf8(Command::new("sh").args(["-c", &script]).output().unwrap().stdout).unwrap().trim().to_owned()
    };
    let chat = "gemini/0.22.4/chats/session-2026-11-20T09-51-eb623340.json";
    place(&env, chat, &format!(".gemini/tmp/{}/chats/session-2026-11-20T09-51-eb623340.json", folder(&env.project())));
    let lost = env.path(&format!(".gemini/tmp/{}/chats", folder(Path::new("/nobody/knows"))));
    fs::create_dir_all(&lost).unwrap();
    let text = fs::read_to_string(captured(chat)).unwrap().replace("eb623340-", "eb623341-");
    fs::write(lost.join("session-2026-11-20T09-51-eb623341.json"), text).unwrap();
    // What another agent did there is what tells of the directory.
    let rollout = format!("rollout-2026-11-20T09-41-54-{CODEX}.jsonl");
    place(&env, &format!("codex/0.169.0/{rollout}"), &format!(".codex/sessions/2026/11/20/{rollout}"));
    env.answer(["index"]);
    let told: Vec<_> = objects(&env, ["list", "--all-projects", "--all"])
        .iter()
        .filter(|session| session["agent"] == "gemini")
        .map(|session| {
            format!(
                "{} {} {}",
                session["agent_sessions"][0].as_str().unwrap().split('-').next().unwrap(),
                session["project"],
                session["worktree"]
            )
        })
        .collect();
    let mut expected = [format!("eb623340 \"project\" \"{}\"", env.project().display()), "eb623341 null null".to_owned()];
    expected.sort();
    let mut told = told;
    told.sort();
    assert_eq!(told, expected);
}

#[test]
fn a_figure_that_cannot_be_is_absent_and_counts_as_a_broken_line() {
    let env = env();
    let rollout = format!("rollout-2026-11-20T09-41-54-{CODEX}.jsonl");
    place(&env, &format!("codex/0.169.0/{rollout}"), &format!(".codex/sessions/2026/11/20/{rollout}"));
    let chat = ".gemini/tmp/demo/chats/session-2026-11-20T09-43-6f362f6f.jsonl";
    place(&env, "gemini/0.61.0/demo/chats/session-2026-11-20T09-43-6f362f6f.jsonl", chat);
    place(&env, "copilot/1.0.102/events.jsonl", &format!(".copilot/session-state/{COPILOT}/events.jsonl"));
    let projects = env.path(".claude/projects");
    testkit::Transcript::new("c", &env.project(), testkit::BEGINNING).prompt("Mend it").answer(1, 50).write(&projects);
    let sound = used(&env);
    let total = |used: &[(String, [u64; 4])]| used.iter().map(|(_, numbers)| numbers[0] + numbers[1] + numbers[2]).sum::<u64>();
    let drown = |path: &str, key: &str, from: &str| {
        let text = fs::read_to_string(env.path(path)).unwrap();
        let place = text.rfind(&format!("\"{key}\":{from}")).unwrap_or_else(|| panic!("{path} has no {key}"));
        let behind = &text[place + key.len() + 3..];
        let rest = behind.trim_start_matches(|each: char| each.is_ascii_digit());
        fs::write(env.path(path), format!("{}\"{key}\":18446744073709551615{rest}", &text[..place])).unwrap();
    };
    drown(&format!(".codex/sessions/2026/11/20/{rollout}"), "cached_input_tokens", "");
    drown(chat, "cached", "");
    drown(&format!(".copilot/session-state/{COPILOT}/events.jsonl"), "outputTokens", "");
    let claude = env.path(".claude/projects");
    let file = walk_one(&claude);
    let text = fs::read_to_string(&file).unwrap().replace("\"output_tokens\":50", "\"output_tokens\":18446744073709551615");
    fs::write(&file, text).unwrap();
    let indexed = object(&env, ["index"]);
    assert!(indexed["broken_lines"].as_u64().unwrap() >= 2, "{indexed}");
    let told = used(&env);
    assert!(total(&told) <= total(&sound) && total(&told) > total(&sound) / 2, "{told:?} {sound:?}");
    let told = object(&env, ["transcript", file.to_str().unwrap()]);
    assert_eq!(
        (&told["tokens_total"]["output"], &told["tokens_total"]["input"], &told["parse_errors"]),
        (&0.into(), &100.into(), &1.into())
    );
}

/// Returns the one transcript below a directory of folders.
fn walk_one(projects: &Path) -> PathBuf {
    let folder = fs::read_dir(projects).unwrap().next().unwrap().unwrap().path();
    fs::read_dir(folder).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn a_database_that_is_a_link_is_not_read_and_that_is_said() {
    let env = env();
    let _database = place_all(&env);
    let elsewhere = env.path("elsewhere.db");
    fs::rename(env.path(DATABASE), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, env.path(DATABASE)).unwrap();
    let indexed = object(&env, ["index"]);
    assert_eq!((indexed["unreadable"].as_array().unwrap().len(), &indexed["files"]), (1, &3.into()), "{indexed}");
    assert!(indexed["unreadable"][0].as_str().unwrap().ends_with("opencode.db: it is a link, which is not followed"), "{indexed}");
    let listed = env.raw(["agents", "list", "--agent", "opencode"]);
    assert!(listed.stderr.contains("opencode.db: it is a link, which is not followed"), "{listed:?}");
}

#[test]
fn all_that_is_in_a_database_is_named() {
    let env = env();
    let database = captured("opencode/1.18.33/opencode.db");
    let page = env.answer(["transcript", database.to_str().unwrap()]);
    let named = objects(&env, ["transcript", database.to_str().unwrap()])[0]["session_ids"].as_array().unwrap().clone();
    assert_eq!(named.len(), 2);
    assert!(named.iter().all(|id| page.contains(&format!("\n    {}\n", id.as_str().unwrap()))), "{page}");
    assert!(page.contains("Agent sessions: 2, together here"), "{page}");
}

#[test]
fn a_database_to_which_nobody_wrote_is_not_copied_again() {
    let env = env();
    let _database = place_all(&env);
    // Where there is no store nothing is kept.
    env.answer(["start", "--quiet", "-d", "Look"]);
    let list = || objects(&env, ["agents", "list", "--agent", "opencode"]);
    let (before, path) = (list(), env.path(DATABASE));
    assert_eq!(before.len(), 2);
    // It is what it was, as far as the file system says so; what is in it would be of no use.
    let found = fs::metadata(&path).unwrap();
    let noise = vec![b'x'; usize::try_from(found.len()).unwrap()];
    fs::write(&path, &noise).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(found.modified().unwrap()).unwrap();
    assert_eq!(list(), before);
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1))
        .unwrap();
    fs::write(env.path(&format!("{DATABASE}-wal")), "").unwrap();
    let outcome = env.raw(["agents", "list", "--agent", "opencode", "--json"]);
    assert!(outcome.stdout.is_empty() && outcome.stderr.contains("opencode.db"), "{outcome:?}");
}
