//! S10: forty secrets, each in another place of what an agent says, and no byte of one in anything of ours.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use testkit::{SeededDice, TestEnv};
use tracker::Dice;

use crate::env;
use crate::machine::tree;

/// So many bytes in a row of a secret are a leak.
const LEAK: usize = 10;

/// How a secret begins, in halves so that nobody mistakes this file for a leak, how many letters are drawn behind it, and the name
/// without which nobody could tell what it is.
const LOOKS: [([&str; 2], usize, &str); 20] = [
    (["gh", "p_"], 36, ""),
    (["sk-ant", "-api03-"], 95, ""),
    (["", ""], 20, "DB_PASSWORD"),
    (["xox", "b-123456789012-123456789012-"], 24, ""),
    (["gl", "pat-"], 20, ""),
    (["sk_li", "ve_"], 24, ""),
    (["", ""], 40, "AWS_SECRET_ACCESS_KEY"),
    (["n", "pm_"], 36, ""),
    (["h", "f_"], 34, ""),
    (["gs", "k_"], 52, ""),
    (["", ""], 40, "CLOUDFLARE_API_TOKEN"),
    (["github_", "pat_1234567890abcdefABCDEF_"], 59, ""),
    (["lin_", "api_"], 40, ""),
    (["", ""], 32, "JWT_SECRET"),
    (["pp", "lx-"], 48, ""),
    (["hv", "s."], 95, ""),
    (["sh", "pat_"], 0, ""),
    (["", ""], 32, "MISTRAL_API_KEY"),
    (["AI", "za"], 35, ""),
    (["nf", "p_"], 36, ""),
];

/// A secret and the ways in which it is written.
struct Canary {
    core: String,
    whole: String,
    name: &'static str,
}

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn draw(dice: &mut SeededDice, letters: &[u8], length: usize) -> String {
    let mut bytes = vec![0; length];
    dice.fill(&mut bytes);
    bytes.into_iter().map(|byte| char::from(letters[usize::from(byte) % letters.len()])).collect()
}

fn canaries() -> Vec<Canary> {
    let mut dice = SeededDice::new(40);
    let canary = |number: usize| {
        let (start, length, name) = LOOKS[number % LOOKS.len()];
        let core = if length > 0 { draw(&mut dice, LETTERS, length) } else { draw(&mut dice, b"0123456789abcdef", 32) };
        Canary { whole: start.concat() + &core, core, name }
    };
    (0..40).map(canary).collect()
}

impl Canary {
    /// Writes it in one of five ways, and returns what of that nobody may find.
    fn written(&self, way: usize) -> (String, Vec<String>) {
        let said = if self.name.is_empty() { self.whole.clone() } else { format!("{}={}", self.name, self.whole) };
        match way {
            0 => (format!("here it is: {said}\n"), vec![self.core.clone()]),
            1 => (format!("echo {} | base64 -d > .env", base64(said.as_bytes())), vec![self.core.clone(), base64(said.as_bytes())]),
            2 => {
                let hex: String = said.bytes().map(|byte| format!("{byte:02x}")).collect();
                (format!("00000000: {hex}\n"), vec![self.core.clone(), hex])
            }
            3 => {
                let inner = json!({self.name_or("value"): self.whole}).to_string();
                (json!({"content": inner}).to_string(), vec![self.core.clone()])
            }
            _ => {
                let all: String = self.whole.bytes().map(|byte| format!("%{byte:02X}")).collect();
                let text = format!("GET https://api.example.org/items?page=2&{}={all}&limit=10 200 OK", self.name_or("value"));
                (text, vec![self.core.clone(), all])
            }
        }
    }

    fn name_or<'n>(&'n self, other: &'n str) -> &'n str {
        if self.name.is_empty() { other } else { self.name }
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = |three: &[u8]| -> String {
        let bits = three.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - three.len()));
        (0..4).map(|place| if place > three.len() { '=' } else { char::from(DIGITS[(bits >> (18 - 6 * place) & 63) as usize]) }).collect()
    };
    bytes.chunks(3).map(digits).collect()
}

/// Where a payload can carry a text: an event, and its fields with the text in one of them.
type Carrier = fn(&str) -> (&'static str, Value);

/// Places that carry any text.
const TEXTS: [Carrier; 30] = [
    |text| ("UserPromptSubmit", json!({"prompt": text, "prompt_id": "p1"})),
    |text| ("UserPromptSubmit", json!({"prompt": "a title comes with it", "session_title": text, "prompt_id": "p2"})),
    |text| ("UserPromptExpansion", json!({"command_name": "deploy", "command_args": text, "prompt": "/deploy"})),
    |text| ("SessionStart", json!({"source": "startup", "model": text})),
    |text| ("SessionStart", json!({"source": text})),
    |text| ("SessionStart", json!({"source": "resume", "initial_user_message": text})),
    |text| ("PreToolUse", json!({"tool_name": "Bash", "tool_use_id": "t1", "tool_input": {"command": text, "description": "none"}})),
    |text| ("PreToolUse", json!({"tool_name": "Write", "tool_use_id": "t2", "tool_input": {"file_path": "/tmp/a", "content": text}})),
    |text| ("PreToolUse", json!({"tool_name": "Edit", "tool_use_id": "t3", "tool_input": {"old_string": "x", "new_string": text}})),
    |text| ("PreToolUse", json!({"tool_name": "Todo", "tool_use_id": "t4", "tool_input": {"todos": [{"content": ["a", text]}]}})),
    |text| ("PreToolUse", json!({"tool_name": "Task", "tool_use_id": "t5", "tool_input": {"a": {"b": {"c": {"d": [[[text]]]}}}}})),
    |text| ("PreToolUse", json!({"tool_name": "WebFetch", "tool_use_id": "t6", "tool_input": {"url": "https://x.org", "prompt": text}})),
    |text| ("PreToolUse", json!({"tool_name": "mcp__a__b", "tool_use_id": "t7", "tool_input": text, "mcp_server_name": "a"})),
    |text| ("PermissionRequest", json!({"tool_name": "Bash", "tool_input": {"command": "ls"}, "permission_suggestions": [text]})),
    |text| ("PermissionDenied", json!({"tool_name": "Bash", "tool_use_id": "t8", "reason": text})),
    |text| ("PostToolUse", json!({"tool_name": "Bash", "tool_use_id": "t1", "tool_response": {"stdout": text, "stderr": ""}})),
    |text| ("PostToolUse", json!({"tool_name": "Bash", "tool_use_id": "t2", "tool_response": {"stdout": "", "stderr": text}})),
    |text| ("PostToolUse", json!({"tool_name": "Read", "tool_use_id": "t3", "tool_response": text})),
    |text| ("PostToolUse", json!({"tool_name": "Edit", "tool_use_id": "t4", "tool_response": {"structuredPatch": [{"lines": [text]}]}})),
    |text| ("PostToolUseFailure", json!({"tool_name": "Bash", "tool_use_id": "t5", "error": text, "is_interrupt": false})),
    |text| ("PostToolBatch", json!({"tool_calls": [{"tool_name": "Bash", "tool_use_id": "t6", "tool_response": text}]})),
    |text| ("Notification", json!({"message": text, "title": "none", "notification_type": "idle_prompt"})),
    |text| ("Stop", json!({"stop_hook_active": false, "last_assistant_message": text})),
    |text| ("StopFailure", json!({"error": "unknown", "error_details": text, "last_assistant_message": text})),
    |text| ("SubagentStop", json!({"agent_id": "a1", "agent_type": text, "last_assistant_message": "done"})),
    |text| ("PreCompact", json!({"trigger": "manual", "custom_instructions": text})),
    |text| ("PostCompact", json!({"trigger": "manual", "compact_summary": text})),
    |text| ("SessionEnd", json!({"reason": text})),
    |text| ("Stop", json!({"a_field_of_a_later_version": {"list": [1, text, null]}})),
    |text| ("AnEventOfALaterVersion", json!({"what": text})),
];

/// Places where a secret stands by itself: names, paths, ids, words of the agent.
const WORDS: [Carrier; 10] = [
    |word| ("PreToolUse", json!({"tool_name": "Bash", "tool_use_id": "t9", "tool_input": {word: "a value under it"}})),
    |word| ("PostToolUse", json!({"tool_name": "Bash", "tool_use_id": "t9", "tool_response": {"deep": [{"er": {word: {word: 1}}}]}})),
    |word| ("PreToolUse", json!({"tool_name": word, "tool_use_id": "t10", "tool_input": {}})),
    |word| ("PreToolUse", json!({"tool_name": "Bash", "tool_use_id": word, "tool_input": {}})),
    |word| ("UserPromptSubmit", json!({"prompt": "an id", "prompt_id": word})),
    |word| ("CwdChanged", json!({"cwd": format!("/home/ada/{word}/src"), "old_cwd": format!("/home/{word}")})),
    |word| ("Stop", json!({"transcript_path": format!("/home/ada/.claude/projects/{word}.jsonl")})),
    |word| ("Stop", json!({"session_id": word})),
    |word| ("Stop", json!({"hook_event_name": word})),
    |word| ("Stop", json!({word: word, "agent_id": word})),
];

/// Calls the hook with a payload and returns everything that it said.
fn say(env: &TestEnv, payload: &Value) -> Vec<u8> {
    let hook = testkit::with_hook(Path::new(env!("CARGO_BIN_EXE_rutter"))).with_file_name("rutter-hook");
    let mut command = env.command_of(&hook, &env.project());
    let mut child = command.arg("claude-code").stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(payload.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    [output.stdout, output.stderr].concat()
}

/// Everything that `rutter` has on a disk and says, by name.
fn everything(env: &TestEnv) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let export = env.path("export.json").to_string_lossy().into_owned();
    let mut commands: Vec<Vec<String>> = [
        "events --json --all-projects",
        "events --all-projects",
        "list --json --all-projects --all",
        "stats --json --all-projects",
        "current",
        "doctor",
        "rebuild --json",
    ]
    .into_iter()
    .map(|words| words.split(' ').map(str::to_owned).collect())
    .collect();
    for line in env.answer(["list", "--json", "--all-projects", "--all"]).lines() {
        let id = serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
        commands.extend([vec!["show".to_owned(), id.clone()], vec!["show".to_owned(), id, "--json".to_owned()]]);
    }
    commands.push(["export", "-o", &export].map(str::to_owned).to_vec());
    for words in commands {
        let said = env.raw(&words);
        assert!(said.code <= 1, "{words:?}: {}", said.stderr);
        all.insert(words.join(" "), [said.stdout, said.stderr].concat().into_bytes());
    }
    let files = tree(&env.home()).into_iter().map(|(path, (_, content))| (path.to_string_lossy().into_owned(), content));
    all.extend(files);
    all
}

#[test]
fn s10_no_byte_of_forty_canaries_is_in_anything_of_ours() {
    let mut env = env();
    env.set("HOOK_DEBUG", "true");
    let canaries = canaries();
    let (mut wanted, mut said) = (BTreeMap::new(), Vec::new());
    for (number, canary) in canaries.iter().enumerate() {
        let (text, pieces) =
            if number < TEXTS.len() { canary.written(number % 5) } else { (canary.whole.clone(), vec![canary.core.clone()]) };
        // What has no looks of its own is told by its name, and in a word there is none.
        let text = if number >= TEXTS.len() && !canary.name.is_empty() { format!("{}={}", canary.name, canary.whole) } else { text };
        let (event, fields) = TEXTS.iter().chain(&WORDS).nth(number).unwrap()(&text);
        let mut payload = json!({"session_id": format!("conversation {}", number % 4), "cwd": env.project(), "hook_event_name": event});
        payload.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        wanted.insert(number, pieces);
        said.extend(say(&env, &payload));
        if number % 10 == 5 {
            env.answer(["list"]);
        }
    }
    assert!(String::from_utf8_lossy(&said).contains("bytes in"), "debugging says something");
    let mut all = everything(&env);
    all.insert("what the hook said".to_owned(), said);
    for name in ["rutter.db", "rutter.db-wal", ".frames", "sessions.log", "export.json"] {
        assert!(all.keys().any(|held| held.ends_with(name)), "{name}: {:?}", all.keys());
    }
    let heard = all["events --json --all-projects"].split(|byte| *byte == b'\n').count();
    assert!(heard > canaries.len(), "{heard} events");
    let windows: BTreeMap<_, HashSet<&[u8]>> =
        wanted.iter().map(|(number, pieces)| (number, pieces.iter().flat_map(|piece| piece.as_bytes().windows(LEAK)).collect())).collect();
    let any: HashSet<&[u8]> = windows.values().flatten().copied().collect();
    let mut leaks = Vec::new();
    for (name, content) in &all {
        for window in content.windows(LEAK).filter(|window| any.contains(window)) {
            let whose: Vec<_> = windows.iter().filter(|(_, held)| held.contains(window)).map(|(number, _)| number).collect();
            leaks.push(format!("canary {whose:?} in {name}: {}", String::from_utf8_lossy(window)));
        }
    }
    let bytes: usize = all.values().map(Vec::len).sum();
    println!("{} canaries, {} places, {bytes} bytes looked at, {} leaks", canaries.len(), all.len(), leaks.len());
    assert!(leaks.is_empty(), "{leaks:#?}");
}
