//! What of transcripts stays in what can be searched when they change or go, and what goes.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use testkit::{BEGINNING, TestEnv, Transcript};

use crate::other_agents::place_all;
use crate::search::{FILE, finds_nothing, snippets, with_text, write};
use crate::{env, objects, started};

/// Writes a conversation in a directory: a prompt and a call.
fn conversation(env: &TestEnv, id: &str, directory: &Path, word: &str) -> PathBuf {
    fs::create_dir_all(directory).unwrap();
    let mut transcript = Transcript::new(id, directory, BEGINNING);
    transcript.prompt(&format!("please {word}"));
    transcript.tool(1, 50, "Bash", &json!({"command": format!("cargo {word}")}), false);
    write(env, &transcript)
}

fn said(env: &TestEnv, words: &[&str]) -> usize {
    snippets(env, &[words, &["--all-projects", "--in", "transcripts", "--limit", "1000"]].concat()).len()
}

fn says_nothing(env: &TestEnv, word: &str) {
    finds_nothing(env, &[word, "--all-projects", "--in", "transcripts"]);
}

/// Returns the texts of all blocks of the file, and its bytes.
fn kept(env: &TestEnv) -> Vec<u8> {
    let mut all = fs::read(env.path(FILE)).unwrap();
    all.extend(fs::read(env.path(&format!("{FILE}-wal"))).unwrap_or_default());
    let file = rusqlite::Connection::open(env.path(FILE)).unwrap();
    let mut blocks = file.prepare("SELECT bytes FROM blocks").unwrap();
    for block in blocks.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap() {
        all.extend(zstd::decode_all(&block.unwrap()[..]).unwrap());
    }
    all
}

fn is_kept(env: &TestEnv, text: &str) -> bool {
    kept(env).windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn of_transcripts_that_are_gone_all_stays_but_what_is_excluded_since() {
    let env = with_text();
    let [hidden, beside] = ["hidden", "hidden-not"].map(|name| env.path(name));
    conversation(&env, "c1", &env.project(), "alpha");
    conversation(&env, "c2", &hidden.join("deep"), "bravo");
    conversation(&env, "c3", &beside, "charlie");
    env.answer(["index"]);
    fs::remove_dir_all(env.path(".claude/projects")).unwrap();
    env.answer(["config", "record.exclude", hidden.to_str().unwrap()]);
    assert_eq!([said(&env, &["alpha"]), said(&env, &["charlie"])], [2, 2]);
    says_nothing(&env, "bravo");
    assert!(!is_kept(&env, "cargo bravo") && is_kept(&env, "cargo charlie"));
    // The directory goes, and with it what the setting leads to.
    fs::remove_dir_all(&hidden).unwrap();
    assert_eq!([said(&env, &["alpha"]), said(&env, &["charlie"])], [2, 2]);
    env.answer(["config", "record.prompts", "false"]);
    assert_eq!([said(&env, &["alpha"]), said(&env, &["charlie"])], [1, 1]);
    assert!(is_kept(&env, "cargo alpha"));
    env.answer(["config", "record.prompts", "true"]);
    assert_eq!(said(&env, &["alpha"]), 1, "what is gone cannot be read again");
}

#[test]
fn what_may_be_kept_again_is_read_again() {
    let env = with_text();
    let hidden = env.path("hidden");
    env.answer(["config", "record.exclude", hidden.to_str().unwrap()]);
    env.answer(["config", "record.prompts", "false"]);
    conversation(&env, "c1", &env.project(), "alpha");
    conversation(&env, "c2", &hidden, "bravo");
    assert_eq!(said(&env, &["alpha"]), 1);
    says_nothing(&env, "bravo");
    env.answer(["config", "record.prompts", "true"]);
    assert_eq!(said(&env, &["alpha"]), 2);
    env.answer(["config", "record.exclude", env.path("other").to_str().unwrap()]);
    assert_eq!([said(&env, &["alpha"]), said(&env, &["bravo"])], [2, 2]);
}

#[test]
fn what_was_said_just_now_is_found_although_somebody_has_looked_just_before() {
    let env = with_text();
    conversation(&env, "c1", &env.project(), "alpha");
    assert_eq!(said(&env, &["alpha"]), 2);
    // Among so many files nobody would look again for a minute.
    let looked = env.path(FILE).with_file_name("search-looked");
    let noted = fs::read_to_string(&looked).unwrap();
    let at: i64 = noted.split_whitespace().next().unwrap().parse().unwrap();
    let note = || fs::write(&looked, format!("{at} 1000000 0\n")).unwrap();
    note();
    conversation(&env, "c2", &env.project(), "bravo alpha");
    assert_eq!(said(&env, &["alpha"]), 2, "there is an answer, and somebody has looked");
    note();
    assert_eq!(said(&env, &["bravo"]), 2);
}

#[test]
fn that_somebody_has_looked_is_said_of_the_file_that_is_there() {
    let env = with_text();
    started(&env, "Mend alpha");
    conversation(&env, "c1", &env.project(), "alpha");
    assert_eq!(said(&env, &["alpha"]), 2);
    let looked = env.path(FILE).with_file_name("search-looked");
    let noted = fs::read_to_string(&looked).unwrap();
    assert_eq!(noted.split_whitespace().skip(1).collect::<Vec<_>>(), ["1", "0"], "one file, and nothing left: {noted}");
    fs::remove_file(env.path(FILE)).unwrap();
    assert_eq!(objects(&env, ["search", "alpha"]).len(), 3, "the session's own words, and both of the transcript");
    fs::remove_file(&looked).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&looked).status().unwrap();
    assert!(made.success() && said(&env, &["alpha"]) == 2);
}

#[test]
fn a_transcript_that_is_written_anew_keeps_what_it_said_and_says_the_rest() {
    let env = with_text();
    let path = conversation(&env, "c1", &env.project(), "alpha");
    env.answer(["index"]);
    let before = fs::read_to_string(&path).unwrap();
    // A line less, and what comes behind is as long as it was, and more: nothing may be taken for read.
    let rest: String = before.lines().skip(1).map(|line| format!("{line}\n")).collect();
    let other = before.replace("alpha", "bravo").replace("\"uuid\":\"", "\"uuid\":\"f");
    fs::write(&path, format!("{rest}{other}")).unwrap();
    let indexed: serde_json::Value = serde_json::from_str(&env.answer(["--json", "index"])).unwrap();
    assert_eq!([said(&env, &["alpha"]), said(&env, &["bravo"])], [2, 2], "{indexed}");
}

#[test]
fn a_file_that_was_written_anew_is_as_long_as_it_is_for_whoever_searches() {
    let env = with_text();
    let path = conversation(&env, "c1", &env.project(), "alpha");
    env.answer(["index"]);
    let before = fs::read_to_string(&path).unwrap();
    fs::write(&path, before.replace("alpha", "bravo").repeat((9 << 20) / before.len())).unwrap();
    let outcome = env.raw(["search", "bravo", "--in", "transcripts"]);
    assert!(outcome.stderr.contains("of transcripts") || outcome.stderr.contains("not read"), "{}{}", outcome.stdout, outcome.stderr);
    env.answer(["index"]);
    assert!(said(&env, &["bravo"]) >= 2);
}

#[test]
fn a_conversation_that_is_deleted_for_good_is_not_found_any_more() {
    let env = with_text();
    for (id, word) in [("c1", "alpha"), ("c2", "bravo")] {
        conversation(&env, id, &env.project(), word);
    }
    env.answer(["index"]);
    env.answer(["agents", "delete", "c1"]);
    assert_eq!([said(&env, &["alpha"]), said(&env, &["bravo"])], [2, 2], "it can be put back");
    env.answer(["agents", "trash", "--empty"]);
    says_nothing(&env, "alpha");
    assert!(!is_kept(&env, "cargo alpha") && said(&env, &["bravo"]) == 2);
}

#[test]
fn what_is_on_the_disk_again_or_in_a_fork_is_found_also_when_the_trash_was_emptied() {
    let env = with_text();
    let path = conversation(&env, "c1", &env.project(), "alpha");
    let line = fs::read_to_string(&path).unwrap();
    // A fork says the same again, and something of its own.
    let fork = line.replace("\"sessionId\":\"c1\"", "\"sessionId\":\"c2\",\"forkedFrom\":{\"sessionId\":\"c1\"}");
    fs::write(path.with_file_name("c2.jsonl"), &fork).unwrap();
    env.answer(["index"]);
    let found = said(&env, &["alpha"]);
    env.answer(["agents", "delete", "c1"]);
    env.answer(["agents", "trash", "--empty"]);
    assert_eq!(said(&env, &["alpha"]), found, "the fork still says it");
    fs::remove_file(path.with_file_name("c2.jsonl")).unwrap();
    fs::write(&path, &line).unwrap();
    env.answer(["agents", "delete", "c1"]);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, &line).unwrap();
    env.answer(["agents", "trash", "--empty"]);
    assert!(said(&env, &["alpha"]) > 0, "it is here again");
    env.answer(["agents", "delete", "c1"]);
    env.answer(["agents", "trash", "--empty"]);
    says_nothing(&env, "alpha");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, &line).unwrap();
    assert!(said(&env, &["alpha"]) > 0, "put back by hand");
}

#[test]
fn what_is_forgotten_while_somebody_reads_is_gone_from_the_log_when_he_does_not() {
    let env = with_text();
    let mut transcript = Transcript::new("c1", &env.project(), BEGINNING);
    transcript.prompt("please");
    transcript.tool(1, 50, "Bash", &json!({"command": "cargo quagmire"}), false);
    write(&env, &transcript);
    env.answer(["index"]);
    env.answer(["agents", "delete", "c1"]);
    let reader = rusqlite::Connection::open(env.path(FILE)).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM blocks").unwrap();
    reader.query_row("SELECT count(*) FROM blocks", [], |_| Ok(())).unwrap();
    env.answer(["agents", "trash", "--empty"]);
    drop(reader);
    env.raw(["search", "quagmire"]);
    let bytes = || {
        [FILE.to_owned(), format!("{FILE}-wal")].iter().flat_map(|name| fs::read(env.path(name)).unwrap_or_default()).collect::<Vec<u8>>()
    };
    assert!(!bytes().windows(8).any(|window| window == b"quagmire"), "of the words nothing is left");
}

#[test]
fn the_text_of_sub_agents_goes_with_their_parent() {
    let env = with_text();
    let path = conversation(&env, "c1", &env.project(), "alpha");
    let below = path.with_extension("").join("subagents");
    fs::create_dir_all(&below).unwrap();
    let line = fs::read_to_string(&path).unwrap().replace("alpha", "bravo").replace("\"sessionId\":\"c1\"", "\"sessionId\":\"other\"");
    fs::write(below.join("agent-a1.jsonl"), line.replace("\"uuid\":\"", "\"uuid\":\"f")).unwrap();
    env.answer(["index"]);
    assert_eq!(said(&env, &["bravo"]), 2);
    env.answer(["agents", "delete", "c1"]);
    env.answer(["agents", "trash", "--empty"]);
    says_nothing(&env, "bravo");
}

#[test]
fn another_configuration_hides_text_and_throws_none_away() {
    let mut env = with_text();
    let path = conversation(&env, "c1", &env.project(), "alpha");
    env.answer(["index"]);
    fs::remove_file(path).unwrap();
    let elsewhere = env.path("elsewhere");
    env.set("XDG_CONFIG_HOME", elsewhere.to_str().unwrap());
    says_nothing(&env, "cargo");
    env.set("XDG_CONFIG_HOME", "");
    assert_eq!(said(&env, &["cargo"]), 1);
}

#[test]
fn what_an_excluded_link_led_to_stays_excluded_while_that_is_away() {
    let env = with_text();
    started(&env, "Look at it");
    let (real, link) = (env.path("disk/real"), env.path("link"));
    fs::create_dir_all(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    env.answer(["config", "record.exclude", link.to_str().unwrap()]);
    let real = fs::canonicalize(&real).unwrap();
    conversation(&env, "c1", &real, "alpha");
    conversation(&env, "c2", &env.project(), "bravo");
    assert_eq!(said(&env, &["bravo"]), 2);
    fs::rename(env.path("disk"), env.path("away")).unwrap();
    conversation(&env, "c3", &env.project(), "charlie");
    assert_eq!(said(&env, &["charlie"]), 2);
    says_nothing(&env, "alpha");
    env.answer(["index"]);
    says_nothing(&env, "alpha");
}

#[test]
fn a_large_file_keeps_no_small_one_from_being_read() {
    let env = with_text();
    let path = conversation(&env, "c1", &env.project(), "alpha");
    let line = fs::read_to_string(&path).unwrap();
    fs::write(path.with_file_name("c9.jsonl"), line.repeat((9 << 20) / line.len())).unwrap();
    conversation(&env, "c2", &env.project(), "bravo");
    assert_eq!(said(&env, &["bravo"]), 2);
}

#[test]
fn a_long_prompt_is_found_once_and_an_open_phrase_takes_nothing_along() {
    let env = with_text();
    let mut transcript = Transcript::new("c1", &env.project(), BEGINNING);
    transcript.prompt(&format!("gamma {}", "never closed ".repeat(5_500)));
    write(&env, &transcript);
    env.answer(["index"]);
    assert_eq!(snippets(&env, &["gamma", "--role", "prompt"]).len(), 1);
    assert_eq!(snippets(&env, &["\"never closed", "--not", "zebra", "--role", "prompt"]).len(), 1);
}

#[test]
fn nobody_is_sent_to_a_conversation_whose_transcript_is_gone() {
    let env = with_text();
    let path = conversation(&env, "c1", &env.project(), "alpha");
    env.answer(["index"]);
    let hits = || objects(&env, ["search", "alpha"]);
    assert!(
        hits().iter().all(|hit| hit["resume"].as_str().is_some_and(|resume| resume.starts_with("rutter resume SESSION-"))),
        "{:?}",
        hits()
    );
    fs::remove_file(path).unwrap();
    assert!(hits().len() > 1 && hits().iter().all(|hit| hit["resume"].is_null()), "{:?}", hits());
}

#[test]
fn a_prompt_that_the_store_and_its_transcript_tell_of_is_found_once() {
    let env = with_text();
    let mut transcript = Transcript::new("c1", &env.project(), BEGINNING);
    transcript.prompt("please gamma\n");
    write(&env, &transcript);
    env.answer(["index"]);
    let hits = objects(&env, ["search", "gamma", "--role", "prompt"]);
    assert_eq!(hits.len(), 1, "{hits:?}");
}

#[test]
fn a_prompt_that_only_a_transcript_tells_of_has_no_id() {
    let env = env();
    conversation(&env, "c1", &env.project(), "alpha");
    env.answer(["index"]);
    let hits = objects(&env, ["search", "alpha", "--in", "prompts"]);
    assert_eq!((hits.len(), &hits[0]["turn"]), (1, &json!(null)), "{hits:?}");
}

#[test]
fn the_words_of_every_agent_are_narrowed_by_agent_and_by_every_file_of_a_patch() {
    let env = with_text();
    let _database = place_all(&env);
    env.answer(["index"]);
    let found = |words: &[&str]| said(&env, words);
    for agent in ["codex", "gemini", "opencode", "copilot"] {
        let hits = objects(&env, ["search", "please", "--agent", agent, "--role", "prompt", "--in", "transcripts"]);
        assert!(!hits.is_empty() && hits.iter().all(|hit| hit["agent"] == agent), "{agent}: {hits:?}");
        assert!(hits[0]["resume"].as_str().unwrap().starts_with("rutter resume SESSION-"), "{hits:?}");
    }
    let patched = objects(&env, ["search", "patch", "--agent", "codex", "--role", "tool_input", "--in", "transcripts"]);
    let path = patched.iter().find_map(|hit| hit["file"].as_str()).unwrap_or_else(|| panic!("{patched:?}"));
    let name = Path::new(path).file_name().unwrap().to_str().unwrap();
    assert!(found(&["patch", "--file", path]) > 0 && found(&["patch", "--file", name]) > 0);
    says_nothing_about(&env, "nowhere.rs");
}

fn says_nothing_about(env: &TestEnv, file: &str) {
    finds_nothing(env, &["patch", "--file", file, "--all-projects"]);
}

#[test]
fn who_and_what_nobody_has_heard_of_is_wrong_usage() {
    let env = with_text();
    insta::assert_snapshot!(env.run(["search", "alpha", "--agent", "nobody"]), @"
    [exit 2]
    [err] error: no agent is called `nobody`
    [err] hint: `rutter stats --by agent` shows those that are known here
    ");
    insta::assert_snapshot!(env.run(["search", "alpha", "--role", "answers"]), @"
    [exit 2]
    [err] error: invalid value 'answers' for '--role <ROLE>'
    [err]   [possible values: prompt, answer, thinking, tool_input, tool_output, summary, log, decision, test, blocker, todo, settled, session]
    [err]
    [err]   tip: a similar value exists: 'answer'
    [err]
    [err] For more information, try '--help'.
    ");
}

#[test]
fn the_best_comes_first_when_that_is_asked_for_and_nothing_that_has_what_is_not_wanted() {
    let env = with_text();
    let mut transcript = Transcript::new("c1", &env.project(), BEGINNING);
    transcript.prompt("alpha alpha alpha");
    transcript.prompt(&format!("alpha {}", "and many other words besides ".repeat(20)));
    transcript.tool(1, 50, "Read", &json!({"file_path": "/a/b/c/d/e/f/g/h/alpha.rs"}), false);
    write(&env, &transcript);
    env.answer(["index"]);
    let first = |words: &[&str]| snippets(&env, &[&["alpha", "--in", "transcripts"], words].concat()).remove(0);
    assert_eq!(first(&["--rank"]), "alpha alpha alpha");
    assert!(first(&[]).contains("alpha.rs"), "the newest: {}", first(&[]));
    for end in ["alpha.rs", "h/alpha.rs", "c/d/e/f/g/h/alpha.rs", "/a/b/c/d/e/f/g/h/alpha.rs"] {
        assert!(!snippets(&env, &["alpha", "--in", "transcripts", "--file", end]).is_empty(), "{end}");
    }
    let not = ["--not", "besides", "--not", "alpha rs"];
    assert_eq!(snippets(&env, &[&["alpha", "--in", "transcripts"], &not[..]].concat()), ["alpha alpha alpha"]);
    assert_eq!(snippets(&env, &["alpha", "--in", "transcripts", "--not", "besid*", "--not", "\"alpha rs\""]), ["alpha alpha alpha"]);
    assert_eq!(env.raw(["search", "alpha", "--not", ""]).code, 2);
    assert_eq!(snippets(&env, &["alpha -besides -\"alpha rs\"", "--in", "transcripts"]), ["alpha alpha alpha"]);
    finds_nothing(&env, &["alpha", "--in", "transcripts", "--since", "2026-02-17"]);
    assert_eq!(snippets(&env, &["alpha", "--in", "transcripts", "--since", "2020-01-01", "--until", "2026-02-16"]).len(), 3);
}
