use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use testkit::{BEGINNING, TestEnv, Transcript};

use crate::machine::{skip, through};
use crate::other_agents::{self, used};
use crate::{env, objects};

fn projects(env: &TestEnv) -> PathBuf {
    env.path(".claude/projects")
}

/// A conversation with one prompt, one tool call and two responses: 150 tokens out.
fn conversation(env: &TestEnv, id: &str, day: i64) -> Transcript {
    let mut transcript = Transcript::new(id, &env.project(), BEGINNING + day * 86_400);
    transcript.prompt(&format!("Mend the {id}"));
    transcript.tool(1, 50, "Bash", &json!({"command": "cargo test"}), false).answer(2, 100);
    transcript
}

/// Input, output, what went to and came from caches, and how many responses, over everything.
fn total(env: &TestEnv) -> [u64; 5] {
    let rows = objects(env, ["usage", "--all-projects"]);
    let total = rows.last().unwrap();
    assert_eq!(total["key"], "total", "{total}");
    ["input", "output", "cache_write", "cache_read", "responses"].map(|key| total[key].as_u64().unwrap())
}

fn responses(count: u64, output: u64) -> [u64; 5] {
    [count * 100, output, count * 1_000, count * 10_000, count]
}

/// All sessions, without what is drawn by chance and what depends on when they were recorded.
fn sessions(env: &TestEnv) -> Vec<Value> {
    let mut sessions = objects(env, ["list", "--all-projects", "--all", "--limit", "1000"]);
    let id = |text: &Value| text.as_str().map(|id| id.rsplit_once('-').unwrap().0.to_owned());
    for session in &mut sessions {
        session["key"] = Value::Null;
        session["id"] = json!(id(&session["id"]));
        session["parent"] = json!(id(&session["parent"]));
    }
    sessions
}

#[test]
fn conversations_from_before_become_sessions_of_their_own_time() {
    let env = env();
    conversation(&env, "first", 0).write(&projects(&env));
    let mut second = conversation(&env, "second", 1);
    second.line(&json!({"type": "ai-title", "aiTitle": "The second one", "sessionId": "second"}).to_string());
    // A prompt that nobody answered any more.
    second.prompt("And another thing").write(&projects(&env));
    insta::assert_snapshot!(env.run(["index"]), @"
    [exit 0]
    [out] 2 transcripts: read 5.3 KB of 2 files
    [out] Took in 2 sessions that nobody had recorded
    ");
    insta::assert_snapshot!(env.run(["index"]), @"
    [exit 0]
    [out] 2 transcripts: nothing new
    ");
    let told = |session: &Value| {
        let keys = ["id", "number", "description", "status", "end_reason", "end_evidence", "started_at", "ended_at", "agent_sessions"];
        keys.map(|key| session[key].to_string()).join(" ")
    };
    insta::assert_snapshot!(sessions(&env).iter().map(told).collect::<Vec<_>>().join("\n"), @r#"
    "SESSION-20260103-100000" 2 "The second one" "ABANDONED" "its transcript ends in the middle of a turn" "transcript" "2026-01-03T10:00:00.000000+00:00" "2026-01-03T10:00:05.000000+00:00" ["second"]
    "SESSION-20260102-100000" 1 "Mend the first" "COMPLETED" "its transcript ends with an answer" "transcript" "2026-01-02T10:00:00.000000+00:00" "2026-01-02T10:00:04.000000+00:00" ["first"]
    "#);
    assert_eq!(total(&env), responses(4, 300));
    let rebuilt = &objects(&env, ["rebuild"])[0];
    assert_eq!(rebuilt["identical"], true, "{rebuilt}");
}

#[test]
fn a_report_needs_no_index_and_says_the_same() {
    let env = env();
    for day in 0..5 {
        conversation(&env, &format!("c{day}"), day).write(&projects(&env));
    }
    let without = total(&env);
    assert!(!env.path(".local/share/rutter/index.db").exists());
    env.answer(["index"]);
    assert_eq!((without, total(&env)), (responses(10, 750), responses(10, 750)));
}

#[test]
fn what_a_session_used_is_counted_wherever_it_was() {
    let env = env();
    conversation(&env, "first", 0).write(&projects(&env));
    conversation(&env, "second", 1).answer(3, 7).write(&projects(&env));
    env.answer(["index"]);
    let rows = |arguments: &[&str]| {
        let rows = objects(&env, arguments.iter().copied());
        rows.iter().map(|row| (row["key"].as_str().unwrap().to_owned(), row["output"].as_u64().unwrap())).collect::<Vec<_>>()
    };
    let elsewhere = env.path("elsewhere").to_string_lossy().into_owned();
    fs::create_dir(&elsewhere).unwrap();
    let second = sessions(&env)[0]["description"].clone();
    assert_eq!(second, "Mend the second");
    assert_eq!(rows(&["usage", "-s", "2"]), [("2026-01-03".to_owned(), 157), ("total".to_owned(), 157)]);
    assert_eq!(rows(&["usage", "branch", "-s", "1"]).last().unwrap().1, 150);
    let id = objects(&env, ["show", "2"])[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(rows(&["-C", &elsewhere, "usage", "-s", &id]).last().unwrap().1, 157);
    assert_eq!(rows(&["-C", &elsewhere, "usage"]), [("total".to_owned(), 0)]);
}

#[test]
fn what_only_the_index_has_is_kept_before_it_is_thrown_away() {
    let mut env = env();
    conversation(&env, "first", 0).write(&projects(&env));
    env.answer(["index"]);
    let second = conversation(&env, "second", 1).write(&projects(&env));
    env.set("RUTTER_STORE_WAIT_SECONDS", "0");
    let lock = fs::File::options().write(true).open(env.path(".local/share/rutter/rutter.lock")).unwrap();
    lock.lock().unwrap();
    // The store has no room for a copy just now.
    assert_eq!(total(&env), responses(4, 300));
    fs::remove_file(second).unwrap();
    let refused = env.raw(["index", "--again"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    lock.unlock().unwrap();
    env.answer(["index", "--again"]);
    assert_eq!(total(&env), responses(4, 300));
}

#[test]
fn what_hooks_know_is_not_doubled() {
    let env = env();
    conversation(&env, "known", 0).write(&projects(&env));
    let payload =
        json!({"session_id": "known", "cwd": env.project(), "hook_event_name": "UserPromptSubmit", "prompt": "Mend", "prompt_id": "p"});
    assert_eq!(env.raw_with(&env.project(), ["hook", "claude-code"], payload.to_string().as_bytes()).code, 0);
    let before = sessions(&env);
    assert_eq!(objects(&env, ["index"])[0]["sessions"], 0);
    assert_eq!((before.len(), sessions(&env).len()), (1, 1));
}

#[test]
fn a_conversation_from_before_that_goes_on_is_the_same_session() {
    let env = env();
    conversation(&env, "resumed", 0).write(&projects(&env));
    env.answer(["index"]);
    let payload =
        json!({"session_id": "resumed", "cwd": env.project(), "hook_event_name": "UserPromptSubmit", "prompt": "Go on", "prompt_id": "p"});
    assert_eq!(env.raw_with(&env.project(), ["hook", "claude-code"], payload.to_string().as_bytes()).code, 0);
    let told = sessions(&env);
    assert_eq!((told.len(), &told[0]["status"], &told[0]["agent_sessions"]), (1, &"ACTIVE".into(), &json!(["resumed"])), "{told:#?}");
}

#[test]
fn what_only_a_transcript_tells_of_is_shown_turn_by_turn() {
    let env = env();
    let mut transcript = conversation(&env, "one", 0);
    transcript.prompt("And the other").tool(3, 5, "Bash", &json!({"command": "cargo bench"}), true).answer(4, 5).write(&projects(&env));
    env.answer(["index"]);
    let shown = &objects(&env, ["show", "one"])[0];
    let told = |turn: &Value| {
        let calls: Vec<_> =
            turn["tool_calls"].as_array().unwrap().iter().map(|call| format!("{} {}", call["about"], call["outcome"])).collect();
        format!("{} {} {}", turn["prompts"], turn["outcome"], calls.join(", "))
    };
    let timeline: Vec<_> = shown["timeline"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(timeline, [r#"["Mend the one"] "completed" "cargo test" "succeeded""#, r#"[] "completed" "cargo bench" "failed""#]);
    assert_eq!((&shown["turns"], &shown["tool_calls"], &shown["usage"]["output"]), (&2.into(), &2.into(), &160.into()));
    // What the store alone still knows is told as well.
    fs::remove_dir_all(projects(&env)).unwrap();
    for file in ["index.db", "index.db-wal", "index.db-shm"] {
        drop(fs::remove_file(env.path(".local/share/rutter").join(file)));
    }
    let listed = &objects(&env, ["list"])[0];
    assert_eq!((&listed["turns"], &listed["tool_calls"], &listed["usage"]["output"]), (&2.into(), &2.into(), &160.into()));
    assert_eq!(total(&env), responses(4, 160));
}

#[test]
fn a_damaged_page_of_the_index_is_no_reason_to_fail() {
    let env = env();
    for day in 0..30 {
        conversation(&env, &format!("c{day}"), day).write(&projects(&env));
    }
    env.answer(["index"]);
    let index = env.path(".local/share/rutter/index.db");
    let connection = rusqlite::Connection::open(&index).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    for page in 1..fs::metadata(&index).unwrap().len() / 32_768 {
        let mut bytes = fs::read(&index).unwrap();
        let at = usize::try_from(page * 32_768).unwrap();
        bytes[at..at + 3_000].fill(0xde);
        fs::write(&index, bytes).unwrap();
        assert_eq!((total(&env), env.raw(["tools", "--json"]).code), (responses(60, 4_500), 0), "page {page}");
        let connection = rusqlite::Connection::open(&index).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }
}

#[test]
fn a_secret_where_words_are_cut_is_not_stored_either() {
    let env = env();
    let secret = &testkit::FAKE_SECRETS[0].value();
    for (number, before) in (0..40).map(|step| 950 + step * 2).enumerate() {
        let words = format!("{} {secret}", "x".repeat(before));
        let mut transcript = Transcript::new(&format!("cut{number}"), &env.project(), BEGINNING);
        transcript.prompt(&words).tool(1, 5, "Bash", &json!({"command": words}), false).write(&projects(&env));
    }
    env.answer(["index"]);
    let half = &secret[..secret.len() - 6];
    for file in fs::read_dir(env.path(".local/share/rutter")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(half.len()).any(|window| window == half.as_bytes()), "in {}", file.display());
    }
}

#[test]
fn a_copied_conversation_descends_from_its_original_and_counts_once() {
    let env = env();
    let original = conversation(&env, "original", 0);
    original.write(&projects(&env));
    let mut copy = Transcript::new("copy", &env.project(), BEGINNING + 86_400);
    for line in original.text.lines() {
        let mut record: Value = serde_json::from_str(line).unwrap();
        record["sessionId"] = "copy".into();
        record["forkedFrom"] = json!({"sessionId": "original", "messageUuid": record["uuid"]});
        copy.line(&record.to_string());
    }
    copy.prompt("Another way").answer(9, 7).write(&projects(&env));
    env.answer(["index"]);
    let told = sessions(&env);
    assert_eq!((told.len(), &told[0]["agent_sessions"], &told[0]["parent"]), (2, &json!(["copy"]), &told[1]["id"]), "{told:#?}");
    assert_eq!(told[0]["started_at"], "2026-01-03T10:00:00.000000+00:00");
    assert_eq!(total(&env), responses(3, 157));
    let chain = objects(&env, ["chain"]);
    let moved = chain.iter().find(|row| row["new"] == "copy" && row["worktree"].is_null()).unwrap();
    assert_eq!((&moved["source"], &moved["from"], &moved["evidence"]), (&"fork".into(), &"original".into(), &"transcript".into()));
}

#[test]
fn only_what_is_new_is_read() {
    let env = env();
    let mut transcript = conversation(&env, "grows", 0);
    transcript.write(&projects(&env));
    env.answer(["index"]);
    let length = transcript.text.len();
    for round in 0..30_u64 {
        transcript.answer(10 + round, 1);
        let path = transcript.write(&projects(&env));
        // Half a line is left for the next time.
        let half = transcript.text.len() - 20;
        fs::write(&path, &transcript.text[..half]).unwrap();
        let half = objects(&env, ["index"])[0].clone();
        fs::write(&path, &transcript.text).unwrap();
        let rest = objects(&env, ["index"])[0].clone();
        let read = half["bytes"].as_u64().unwrap() + rest["bytes"].as_u64().unwrap();
        assert!(half["read"] == 1 && rest["read"] == 1 && read < 2_000, "{half} {rest} of {length}");
        assert_eq!(total(&env), responses(3 + round, 151 + round));
    }
}

#[test]
fn files_that_move_shrink_or_are_replaced_or_vanish_lose_nothing_and_double_nothing() {
    let env = env();
    let transcript = conversation(&env, "one", 0);
    let path = transcript.write(&projects(&env));
    conversation(&env, "two", 1).write(&projects(&env));
    env.answer(["index"]);
    let whole = responses(4, 300);
    assert_eq!(total(&env), whole);
    // Moved to another folder, as the client does with worktrees.
    let elsewhere = projects(&env).join("-elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    let moved = elsewhere.join("one.jsonl");
    fs::rename(&path, &moved).unwrap();
    let view = objects(&env, ["index"])[0].clone();
    assert_eq!((&view["bytes"], &view["gone"], total(&env)), (&0.into(), &0.into(), whole), "{view}");
    // Cut in the middle of its last record: what was spent is spent.
    fs::write(&moved, &transcript.text[..transcript.text.len() - 100]).unwrap();
    assert_eq!(total(&env), whole);
    // Written anew with the same and more.
    let mut longer = transcript.clone();
    longer.answer(3, 5);
    fs::remove_file(&moved).unwrap();
    fs::write(&moved, &longer.text).unwrap();
    let more = responses(5, 305);
    assert_eq!(total(&env), more);
    // Something else in its place.
    fs::write(&moved, "{\"type\":\"mode\"}\n").unwrap();
    assert_eq!(total(&env), more);
    fs::remove_file(&moved).unwrap();
    assert_eq!(total(&env), more);
    // And the index is only a cache.
    env.answer(["index"]);
    let told = sessions(&env);
    let index = env.path(".local/share/rutter/index.db");
    for file in ["index.db", "index.db-wal", "index.db-shm"] {
        drop(fs::remove_file(index.with_file_name(file)));
    }
    assert_eq!(total(&env), more);
    assert_eq!(objects(&env, ["index", "--again"])[0]["sessions"], 0);
    assert_eq!((total(&env), sessions(&env)), (more, told));
    // What is left where everything is gone is what the store knows.
    fs::remove_dir_all(projects(&env)).unwrap();
    env.answer(["index", "--again"]);
    assert_eq!(total(&env), more);
}

#[test]
fn a_damaged_index_is_made_anew() {
    let env = env();
    conversation(&env, "one", 0).write(&projects(&env));
    env.answer(["index"]);
    let index = env.path(".local/share/rutter/index.db");
    drop(fs::remove_file(index.with_extension("db-wal")));
    fs::write(&index, b"this is no database, and long enough to be taken for one".repeat(100)).unwrap();
    assert_eq!(total(&env), responses(2, 150));
    assert_eq!(objects(&env, ["index"])[0]["read"], 0);
}

#[test]
fn what_is_excluded_is_counted_and_its_words_are_not_kept() {
    let env = env();
    fs::create_dir_all(env.path(".config/rutter")).unwrap();
    fs::write(env.path(".config/rutter/config.toml"), format!("[record]\nexclude = {:?}\n", env.project())).unwrap();
    conversation(&env, "hidden", 0).write(&projects(&env));
    assert_eq!(objects(&env, ["index"])[0]["sessions"], 0);
    assert_eq!(total(&env), responses(2, 150));
    for file in fs::read_dir(env.path(".local/share/rutter")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let bytes = fs::read(&file).unwrap();
        for words in ["cargo test", "Mend the hidden"] {
            assert!(!bytes.windows(words.len()).any(|window| window == words.as_bytes()), "{words} in {}", file.display());
        }
    }
}

#[test]
fn secrets_in_transcripts_are_not_stored() {
    let env = env();
    let secret = &testkit::FAKE_SECRETS[0].value();
    let mut transcript = Transcript::new("secret", &env.project(), BEGINNING);
    transcript.prompt(&format!("Use {secret} to log in"));
    transcript.tool(1, 5, "Bash", &json!({"command": format!("curl -H 'Authorization: Bearer {secret}' https://example.org")}), true);
    transcript.write(&projects(&env));
    env.answer(["index"]);
    for file in fs::read_dir(env.path(".local/share/rutter")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "in {}", file.display());
    }
}

/// The calls a kill can come between.
pub(crate) const CALLS: &str = "write,pwrite64,ftruncate,rename,unlink,mkdir,fsync,fdatasync,openat,read,pread64,fcntl,close,munmap,futex";

/// Returns the bytes of the index as it is, log and all.
fn index_file(env: &TestEnv) -> Vec<u8> {
    let path = env.path(".local/share/rutter/index.db");
    let index = rusqlite::Connection::open(&path).unwrap();
    index.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    fs::read(path).unwrap()
}

#[test]
fn what_an_index_lost_that_is_behind_the_store_has_still() {
    let env = env();
    let mut transcript = conversation(&env, "c", 0);
    let path = transcript.write(&projects(&env));
    env.answer(["index"]);
    // So often that its parts are made one on the way.
    let mut states = vec![index_file(&env)];
    for number in 3..20 {
        transcript.answer(number, 10).write(&projects(&env));
        env.answer(["index"]);
        states.push(index_file(&env));
    }
    let wanted = total(&env);
    let sessions = sessions(&env);
    fs::remove_file(path).unwrap();
    for (number, state) in states.iter().enumerate().rev() {
        for suffix in ["db-wal", "db-shm"] {
            drop(fs::remove_file(env.path(&format!(".local/share/rutter/index.{suffix}"))));
        }
        fs::write(env.path(".local/share/rutter/index.db"), state).unwrap();
        // The first one looks, the second one has written what the first one found.
        assert_eq!((total(&env), total(&env)), (wanted, wanted), "{number}");
        env.answer(["index"]);
        assert_eq!((total(&env), &self::sessions(&env)), (wanted, &sessions), "{number}");
    }
    env.answer(["index", "--again"]);
    assert_eq!(total(&env), wanted);
}

/// So many kills.
const KILLS: usize = 200;

/// A command that reads transcripts, killed: the next one goes on, and says what one says that was never killed.
#[test]
fn killed_while_it_reads_the_next_one_continues_to_the_same_rows() {
    let has_strace = Command::new("strace").args(["-o", "/dev/null", "true"]).output().is_ok_and(|output| output.status.success());
    if !has_strace {
        return skip("no `strace` on this machine, or it may not trace");
    }
    let env = TestEnv::in_memory(env!("CARGO_BIN_EXE_rutter"));
    for day in 0..40 {
        conversation(&env, &format!("c{day}"), day).write(&projects(&env));
    }
    let _database = other_agents::place_all(&env);
    let trace = env.project().with_file_name("trace");
    let index = |options: &[String]| {
        let fixed = ["strace", "-f", "-qq", "-o"].map(str::to_owned).into_iter().chain([trace.to_string_lossy().into_owned()]);
        through(&env, fixed.chain(options.iter().cloned())).args(["index", "--json"]).output().unwrap()
    };
    let filter = ["-e".to_owned(), format!("trace={CALLS}")];
    assert!(index(&filter).status.success());
    let places = places(&fs::read_to_string(&trace).unwrap());
    let wanted = (sessions(&env), used(&env));
    let own = [("claude-code".to_owned(), [8_000, 6_000, 800_000, 80])];
    assert_eq!(wanted.1, own.into_iter().chain(other_agents::expected()).collect::<Vec<_>>());
    let (mut killed, step) = (0, (places.len() / KILLS).max(1));
    for (name, count) in places.iter().step_by(step).take(KILLS) {
        for made in [".local/share/rutter", ".claude/memory"] {
            drop(fs::remove_dir_all(env.path(made)));
        }
        let inject = [&filter[..], &["-e".to_owned(), format!("inject={name}:signal=KILL:when={count}")]].concat();
        killed += usize::from(!index(&inject).status.success());
        env.answer(["index"]);
        assert!((sessions(&env), used(&env)) == wanted, "{name} {count}");
    }
    println!("killed at {killed} of {} calls: the same rows each time", places.len());
    assert!(killed * 10 > places.len().min(KILLS) * 8, "{killed}");
}

/// Returns all calls of a trace, by name and number within their thread.
pub(crate) fn places(trace: &str) -> Vec<(String, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let Some((name, _)) = call.trim_start().split_once('(').filter(|(name, _)| CALLS.split(',').any(|each| each == *name)) else {
            continue;
        };
        let count = counts.entry((thread, name)).or_insert(0);
        *count += 1;
        found.push((name.to_owned(), *count));
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn a_directory_that_is_no_directory_of_transcripts_is_empty() {
    let env = env();
    fs::create_dir_all(env.path(".claude")).unwrap();
    fs::write(projects(&env), "a file").unwrap();
    assert!(env.raw(["index"]).stdout.starts_with("0 transcripts"), "{:?}", env.raw(["index"]));
    let link = Path::new("/dev/zero");
    fs::remove_file(projects(&env)).unwrap();
    fs::create_dir_all(projects(&env).join("-x")).unwrap();
    std::os::unix::fs::symlink(link, projects(&env).join("-x/endless.jsonl")).unwrap();
    assert!(env.raw(["index"]).stdout.starts_with("0 transcripts"));
}
