use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use testkit::{BEGINNING, TestEnv, Transcript};

use crate::index::{CALLS, places};
use crate::machine::{skip, through, tree};
use crate::{env, objects, prompted, started};

/// Below the home in which the store is.
pub(crate) const FILE: &str = ".local/share/rutter/search.db";

/// So that nobody mistakes this file for a leak.
fn secret() -> String {
    ["gh", "p_", "16C7e42F292c6912E7710c838347Ae178B4a"].concat()
}

pub(crate) fn with_text() -> TestEnv {
    let env = env();
    env.answer(["config", "index.transcript_text", "true"]);
    env
}

pub(crate) fn write(env: &TestEnv, transcript: &Transcript) -> PathBuf {
    transcript.write(&env.path(".claude/projects"))
}

/// A conversation about a parser: a prompt, a tool call with its result, an answer.
fn parser(env: &TestEnv, id: &str) -> Transcript {
    let mut transcript = Transcript::new(id, &env.project(), BEGINNING);
    transcript.prompt("Mend the parser of getUserName, please");
    transcript.tool(1, 50, "Bash", &json!({"command": "cargo test parse_tree"}), false);
    transcript
}

pub(crate) fn snippets(env: &TestEnv, words: &[&str]) -> Vec<String> {
    let hits = objects(env, ["search"].into_iter().chain(words.iter().copied()));
    hits.iter().map(|hit| hit["snippet"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn finds_nothing(env: &TestEnv, words: &[&str]) {
    let outcome = env.raw(["search"].into_iter().chain(words.iter().copied()));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{words:?}: {}", outcome.stderr);
}

/// Returns every file of the store's home, in one.
fn everything(env: &TestEnv) -> Vec<u8> {
    tree(&env.home()).into_iter().filter(|(path, _)| path.to_string_lossy().contains("search")).flat_map(|(_, (_, bytes))| bytes).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn what_was_written_down_is_found_newest_first() {
    let env = env();
    started(&env, "Mend the login");
    env.answer(["log", "-c", "bugfix", "The token of the login expired too early", "--at", "2026-02-16T17:40"]);
    env.answer(["decision", "Tokens live for an hour", "-r", "The login asks again otherwise", "--at", "2026-02-16T17:50"]);
    env.answer(["work", "add", "IMPL", "Refresh the token"]);
    insta::assert_snapshot!(env.run(["search", "login", "token*"]), @"
    [exit 0]
    [out] 2026-02-16 17:50  SESSION-#1  decision
    [out]     Tokens live for an hour The login asks again otherwise
    [out] 2026-02-16 17:40  SESSION-#1  log
    [out]     The token of the login expired too early bugfix
    [out] 2026-02-16 17:30  SESSION-#1  session
    [out]     Mend the login SESSION-#1 SESSION IMPL-#2 Refresh the token
    ");
    insta::assert_snapshot!(env.run(["search", "--in", "entries", "\"the login\" -hour"]), @"
    [exit 0]
    [out] 2026-02-16 17:40  SESSION-#1  log
    [out]     The token of the login expired too early bugfix
    ");
    insta::assert_snapshot!(env.run(["search", "nowhere"]), @"
    [exit 1]
    [err] error: nothing fits
    [err] hint: `--all-projects` searches everywhere
    [err] hint: transcripts are not searched; `rutter config index.transcript_text true` has their text kept, redacted
    ");
    insta::assert_snapshot!(env.run(["search", "--", "-"]), @"
    [exit 2]
    [err] error: there is no word in `-` to search for
    [err] hint: a word has letters or digits; put words that belong together in quotes
    ");
}

#[test]
fn a_prompt_is_found_with_the_session_and_how_to_resume_it() {
    let env = env();
    prompted(&env, &env.project(), "c1", "startup", "Mend the naïve parser");
    write(&env, &parser(&env, "c1"));
    let hits = objects(&env, ["search", "naive"]);
    let prompt = hits.iter().find(|hit| hit["where"] == "prompts").unwrap();
    let session = prompt["session"].as_str().unwrap();
    assert_eq!(prompt["resume"], json!(format!("rutter resume {session}")));
    assert_eq!((&prompt["agent_session"], &prompt["agent"], &prompt["turn"]), (&json!("c1"), &json!("claude-code"), &json!("c1-p")));
    assert_eq!((&prompt["snippet"], &prompt["role"]), (&json!("Mend the naïve parser"), &json!("prompt")));
    let keys: Vec<&String> = prompt.as_object().unwrap().keys().collect();
    let wanted = ["where", "session", "agent_session", "agent", "turn", "at", "snippet", "resume", "role", "tool", "file"];
    assert_eq!(keys, wanted.iter().collect::<Vec<_>>());
    assert_eq!(snippets(&env, &["naive", "--in", "prompts", "--session", session]).len(), 1);
}

#[test]
fn another_project_is_searched_only_when_asked_for() {
    let env = env();
    let other = env.path("other");
    fs::create_dir_all(&other).unwrap();
    prompted(&env, &other, "c1", "startup", "Mend the parser");
    prompted(&env, &env.project(), "c2", "startup", "Mend the printer");
    finds_nothing(&env, &["parser"]);
    assert_eq!(snippets(&env, &["parser", "--all-projects", "--in", "prompts"]), ["Mend the parser"]);
    assert_eq!(snippets(&env, &["mend", "--in", "prompts"]), ["Mend the printer"]);
    assert_eq!(snippets(&env, &["parser", "--project", other.to_str().unwrap(), "--in", "prompts"]), ["Mend the parser"]);
}

#[test]
fn transcripts_are_searched_once_that_is_allowed() {
    let env = env();
    write(&env, &parser(&env, "c1"));
    env.answer(["index"]);
    finds_nothing(&env, &["parse_tree"]);
    assert!(!contains(&everything(&env), "parse_tree"));
    env.answer(["config", "index.transcript_text", "true"]);
    env.answer(["index"]);
    let hits = objects(&env, ["search", "parse_tree", "--in", "transcripts"]);
    assert_eq!(hits.len(), 1, "{hits:?}");
    assert_eq!((&hits[0]["role"], &hits[0]["tool"], &hits[0]["agent_session"]), (&json!("tool_input"), &json!("Bash"), &json!("c1")));
    assert!(hits[0]["session"].is_string() && hits[0]["resume"].as_str().unwrap().starts_with("rutter resume SESSION-"));
    for words in [&["getUserName"][..], &["\"user name\""], &["parser", "--role", "prompt"], &["cargo", "--tool", "bash"]] {
        assert_eq!(snippets(&env, &[words, &["--in", "transcripts"]].concat()).len(), 1, "{words:?}");
    }
    finds_nothing(&env, &["cargo", "--tool", "Read"]);
    finds_nothing(&env, &["cargo", "--agent", "codex"]);
    finds_nothing(&env, &["cargo", "--until", "2020-01-01", "--in", "transcripts"]);
}

#[test]
fn what_a_transcript_says_since_is_found_without_being_asked_for() {
    let env = with_text();
    let mut transcript = parser(&env, "c1");
    write(&env, &transcript);
    env.answer(["index"]);
    transcript.prompt("And now the printer");
    write(&env, &transcript);
    env.answer(["index"]);
    assert_eq!(snippets(&env, &["printer", "--in", "transcripts"]), ["And now the printer"]);
    assert_eq!(snippets(&env, &["parser", "--in", "transcripts"]).len(), 1);
    fs::remove_dir_all(env.path(".claude/projects")).unwrap();
    assert_eq!(snippets(&env, &["printer", "--in", "transcripts"]).len(), 1, "what is gone is still found");
}

#[test]
fn text_that_is_not_allowed_any_more_is_removed_at_the_next_run() {
    let env = with_text();
    write(&env, &parser(&env, "c1"));
    env.answer(["index"]);
    assert_eq!(snippets(&env, &["parse_tree", "--in", "transcripts"]).len(), 1);
    let length = fs::metadata(env.path(FILE)).unwrap().len();
    env.answer(["config", "index.transcript_text", "false"]);
    finds_nothing(&env, &["parse_tree"]);
    finds_nothing(&env, &["parse_tree", "--in", "transcripts"]);
    assert!(fs::metadata(env.path(FILE)).unwrap().len() <= length);
}

#[test]
fn a_secret_is_neither_found_nor_kept() {
    let env = with_text();
    let secret = secret();
    let mut transcript = Transcript::new("c1", &env.project(), BEGINNING);
    transcript.prompt(&format!("Use the key {secret} for it"));
    transcript.tool(1, 50, "Bash", &json!({"command": format!("curl -H 'Authorization: Bearer {secret}'")}), false);
    write(&env, &transcript);
    started(&env, &format!("With {secret}"));
    env.answer(["log", "-c", "testing", &format!("Tried the key {secret}")]);
    prompted(&env, &env.project(), "c2", "startup", &format!("Again the key {secret}"));
    env.answer(["index"]);
    assert!(snippets(&env, &["key", "--limit", "100"]).len() >= 3);
    finds_nothing(&env, &[&secret]);
    finds_nothing(&env, &[&format!("{}*", &secret[..10])]);
    let kept = everything(&env);
    assert!(
        kept.len() > 1_000 && !contains(&kept, &secret) && !contains(&kept, &secret[..14]) && !contains(&kept, &secret.to_lowercase()[4..])
    );
}

#[test]
fn what_only_its_name_says_to_be_a_secret_is_not_found_in_a_call_either() {
    let env = with_text();
    let mut transcript = Transcript::new("c1", &env.project(), BEGINNING);
    transcript.prompt("Look up the orders");
    let environment = json!({"API_TOKEN": "pT9x2KqLm4Vb7Zr1Wn8YcGM", "password": "fP7wkq2Lx9ZmGM", "region": "north"});
    let pairs = json!([{"name": "DB_PASSWORD", "value": "zQ4ntr8Vw2LkJd"}]);
    transcript.tool(1, 50, "mcp__orders__query", &json!({"env": environment, "variables": pairs, "sql": "orders of today"}), false);
    write(&env, &transcript);
    env.answer(["index"]);
    assert_eq!(snippets(&env, &["north", "today"]).len(), 1);
    for secret in ["pT9x2KqLm4Vb7Zr1Wn8YcGM", "fP7wkq2Lx9ZmGM", "zQ4ntr8Vw2LkJd"] {
        finds_nothing(&env, &[secret]);
        finds_nothing(&env, &[&format!("{}*", &secret[..6])]);
    }
}

#[test]
fn a_secret_at_the_place_where_a_long_text_is_cut_is_not_found() {
    let env = with_text();
    let token = format!("gho_{}", "K36Zabcdefghijklmnopqrstuvwxyz0123456789");
    let mut transcript = Transcript::new("c1", &env.project(), BEGINNING);
    // What is masked makes room, so that what lies where the text is cut is kept.
    let masked = format!("password={}\n", "q7Wn8YcGMpT9x2KqLm4Vb7Zr1".repeat(400)).repeat(12);
    let filler = "word ".repeat((131_072 - 20 - masked.len()) / 5);
    transcript.prompt(&format!("{masked}{filler}{}{token} end", " ".repeat((131_072 - 20 - masked.len()) % 5)));
    write(&env, &transcript);
    env.answer(["index"]);
    assert_eq!(snippets(&env, &["word", "--in", "transcripts"]).len(), 1);
    finds_nothing(&env, &["gho*"]);
}

#[test]
fn prompts_and_directories_that_are_not_recorded_are_not_searched() {
    let env = with_text();
    env.answer(["config", "record.prompts", "false"]);
    write(&env, &parser(&env, "c1"));
    let hidden = env.path("hidden");
    fs::create_dir_all(&hidden).unwrap();
    env.answer(["config", "record.exclude", hidden.to_str().unwrap()]);
    let mut transcript = Transcript::new("c2", &hidden, BEGINNING);
    transcript.tool(1, 50, "Bash", &json!({"command": "cargo test hidden_one"}), false);
    write(&env, &transcript);
    env.answer(["index"]);
    finds_nothing(&env, &["getUserName", "--all-projects"]);
    finds_nothing(&env, &["hidden_one", "--all-projects"]);
    assert_eq!(snippets(&env, &["cargo", "--all-projects", "--in", "transcripts"]).len(), 1);
}

#[test]
fn whatever_is_typed_is_an_answer_or_wrong_usage() {
    let env = env();
    started(&env, "Mend the login");
    let long = "a".repeat(100_000);
    let typed = [
        "\"",
        "'",
        "NEAR(a b)",
        "text:a",
        "a AND",
        "OR",
        "NOT",
        "{a b}: c",
        "^a",
        "a + b",
        "*",
        "--",
        "-a",
        "(",
        ")",
        "a\"b\"c*",
        "\u{feff}",
        &long,
    ];
    for typed in typed {
        let outcome = env.raw(["search", "--", typed]);
        assert!((0..=2).contains(&outcome.code), "{typed:.20}: {} {}", outcome.code, outcome.stderr);
    }
}

#[test]
fn the_file_is_for_nobody_else_and_is_made_anew_where_it_is_damaged_or_gone() {
    use std::os::unix::fs::PermissionsExt;
    let env = env();
    started(&env, "Mend the login");
    assert_eq!(snippets(&env, &["login"]).len(), 1);
    let file = env.path(FILE);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&file, "no database ".repeat(1_000)).unwrap();
    assert_eq!(snippets(&env, &["login"]).len(), 1);
    fs::remove_file(&file).unwrap();
    assert_eq!(snippets(&env, &["login"]).len(), 1);
    env.answer(["tag", "current", "+urgent"]);
    assert_eq!(snippets(&env, &["urgent", "login"]).len(), 1);
}

#[test]
fn hits_are_shown_without_anything_that_drives_a_terminal() {
    let env = env();
    started(&env, "One \u{1b}[31mred\u{202e} login");
    let outcome = env.raw(["search", "red"]);
    assert!(!outcome.stdout.contains('\u{1b}') && !outcome.stdout.contains('\u{202e}'), "{}", outcome.stdout);
    let coloured = env.raw(["--color", "always", "search", "login"]);
    assert!(coloured.stdout.contains("\u{1b}[1mlogin\u{1b}[0m"), "{}", coloured.stdout);
    let hit: Value = serde_json::from_str(env.answer(["--json", "search", "login"]).lines().next().unwrap()).unwrap();
    assert!(!hit["snippet"].as_str().unwrap().contains("**"));
}

/// So many kills.
const KILLS: usize = 24;

#[test]
fn text_is_found_once_whenever_whoever_read_it_was_killed() {
    let has_strace = Command::new("strace").args(["-o", "/dev/null", "true"]).output().is_ok_and(|output| output.status.success());
    if !has_strace {
        return skip("no `strace` on this machine, or it may not trace");
    }
    let env = TestEnv::in_memory(env!("CARGO_BIN_EXE_rutter"));
    env.answer(["config", "index.transcript_text", "true"]);
    for number in 0..12 {
        let mut transcript = Transcript::new(&format!("c{number}"), &env.project(), BEGINNING + number * 86_400);
        transcript.prompt(&format!("Mend number{number}"));
        transcript.tool(1, 50, "Bash", &json!({"command": "cargo test"}), false);
        write(&env, &transcript);
    }
    let trace = env.project().with_file_name("trace");
    let index = |options: &[String]| {
        let fixed = ["strace", "-f", "-qq", "-o"].map(str::to_owned).into_iter().chain([trace.to_string_lossy().into_owned()]);
        through(&env, fixed.chain(options.iter().cloned())).args(["index", "--json"]).output().unwrap()
    };
    let filter = ["-e".to_owned(), format!("trace={CALLS}")];
    assert!(index(&filter).status.success());
    let places = places(&fs::read_to_string(&trace).unwrap());
    let found = || ["mend", "cargo"].map(|word| snippets(&env, &[word, "--in", "transcripts", "--limit", "100"]));
    let wanted = found();
    assert_eq!(wanted.each_ref().map(Vec::len), [12, 12]);
    let mut killed = 0;
    for (name, count) in places.iter().step_by((places.len() / KILLS).max(1)).take(KILLS) {
        drop(fs::remove_dir_all(env.path(".local")));
        let inject = [&filter[..], &["-e".to_owned(), format!("inject={name}:signal=KILL:when={count}")]].concat();
        killed += usize::from(!index(&inject).status.success());
        env.answer(["index"]);
        assert_eq!(found(), wanted, "{name} {count}");
    }
    println!("killed at {killed} of {} calls: the same text each time", places.len());
    assert!(killed * 10 > places.len().min(KILLS) * 8, "{killed}");
}
