//! What is said in transcripts, in words: the same for every agent, whatever its files look like.

use std::path::PathBuf;

use agents::TranscriptBuffers;
use agents::transcripts::{Agent, Carried, Heard, Role, Said};

fn fixture(below: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(below)
}

fn hear(agent: Agent, path: &std::path::Path, place: u64, carried: &Carried) -> (Vec<Said>, u64, Carried) {
    let (mut said, mut length, mut last) = (Vec::new(), 0, carried.clone());
    let mut take = |heard: Heard| {
        said.extend(heard.said);
        length += heard.length;
        last = heard.carried;
    };
    agent.hear(path, place, carried, &mut TranscriptBuffers::default(), &mut take).unwrap();
    (said, length, last)
}

fn all(agent: Agent, below: &str) -> Vec<Said> {
    hear(agent, &fixture(below), 0, &Carried::default()).0
}

/// Role, tool, file, and the first line of what is said.
fn lines(said: &[Said]) -> String {
    let line = |said: &Said| {
        let first: String = said.text.lines().next().unwrap_or_default().chars().take(60).collect();
        [said.role.as_str(), &said.tool, &said.files.join(", "), &first].join(" | ")
    };
    said.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn check(agent: Agent, below: &str, conversation: &str, wanted: &str) {
    let said = all(agent, below);
    assert_eq!(lines(&said), wanted.trim(), "{below}");
    for each in &said {
        assert!(each.conversation == conversation && each.at_millis.is_some() && !each.turn.is_empty(), "{each:?}");
    }
    let prompts = said.iter().filter(|said| said.role == Role::Prompt).count();
    assert!(prompts > 0 && said.iter().all(|said| !said.text.contains("environment_context")), "{below}");
}

#[test]
fn what_is_said_to_codex_and_by_it_is_told() {
    let below = "codex/0.169.0/rollout-2026-11-20T09-41-54-01a1f855-7d9a-7770-bcea-54c469e3a29f.jsonl";
    check(
        Agent::Codex,
        below,
        "01a1f855-7d9a-7770-bcea-54c469e3a29f",
        "
prompt |  |  | please edit the project, naïve café ☕
thinking |  |  | **Thinking about the step**
answer |  |  | I will look at the project first.
tool_input | exec_command |  | ls -1 && cat README.md
tool_output | exec_command |  | Chunk ID: 315359
tool_input | exec_command | hello.txt, README.md | apply_patch <<'EOF'
tool_output | exec_command | hello.txt, README.md | Wall time: 0.0000 seconds
answer |  |  | Done: 2 tool outputs so far.
prompt |  |  | now fail something
tool_input | exec_command |  | cat missing-file; exit 3
tool_output | exec_command |  | Chunk ID: d935fa
answer |  |  | Done: 3 tool outputs so far.
",
    );
}

/// Returns the prompts of a rollout.
fn prompts(lines: &[&str]) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rollout-a.jsonl");
    std::fs::write(&path, lines.iter().map(|line| format!("{{{line}}}\n")).collect::<String>()).unwrap();
    let said = hear(Agent::Codex, &path, 0, &Carried::default()).0;
    said.into_iter().filter(|said| said.role == Role::Prompt).map(|said| said.text).collect()
}

#[test]
fn what_an_older_codex_puts_in_a_persons_place_is_no_prompt() {
    for below in [
        "codex/0.77.0/rollout-2026-11-20T09-51-14-01a1f85e-06cd-7672-8362-bf159ccdf441.jsonl",
        "codex/0.130.0/rollout-2026-11-20T09-51-00-01a1f85d-d31c-79a2-92bf-4c17371eaf90.jsonl",
    ] {
        let said = all(Agent::Codex, below);
        let prompts: Vec<&str> = said.iter().filter(|said| said.role == Role::Prompt).map(|said| said.text.as_str()).collect();
        assert_eq!(prompts, ["please edit the project, naïve café ☕", "edit with compaction"], "{below}");
    }
}

#[test]
fn what_somebody_typed_into_codex_is_a_prompt_once_in_every_generation() {
    let sent = |text: &str| {
        format!(
            r#""type":"response_item","payload":{{"type":"message","role":"user","content":[{{"type":"input_text","text":"{text}"}}]}}"#
        )
    };
    let typed = |text: &str| format!(r#""type":"event_msg","payload":{{"type":"user_message","message":"{text}"}}"#);
    let check =
        |lines: &[String], wanted: &[&str]| assert_eq!(prompts(&lines.iter().map(String::as_str).collect::<Vec<_>>()), wanted, "{lines:?}");
    check(&[sent("one"), sent("two")], &["one", "two"]);
    check(&[sent("one"), typed("one"), sent("unheard of"), typed("two"), sent("two")], &["one", "two"]);
    check(&[typed("one"), sent("one"), sent("one"), typed("one")], &["one", "one"]);
    // Somebody goes on with a client that has no such events.
    let other = r#""type":"event_msg","payload":{"type":"item_completed","item":{}}"#.to_owned();
    check(&[sent("one"), typed("one"), other, sent("two")], &["one", "two"]);
    check(&[sent("Warning: apply_patch was requested via shell. Use the tool"), sent("one")], &["one"]);
}

#[test]
fn the_turn_of_codex_is_known_from_where_it_starts() {
    let said = all(Agent::Codex, "codex/0.130.0/rollout-2026-11-20T09-51-00-01a1f85d-d31c-79a2-92bf-4c17371eaf90.jsonl");
    let turns: Vec<(Role, &str)> = said.iter().map(|said| (said.role, said.turn.as_str())).collect();
    let (one, two) = ("01a1f85d-d32b-77c0-8f9d-f9aa762442e3", "01a1f85d-d4b4-7540-bf3e-4dfe28dbf2e6");
    let second = turns.iter().position(|(_, turn)| *turn == two).unwrap();
    assert_eq!(turns[second].0, Role::Summary);
    assert!(turns[..second].iter().all(|(_, turn)| *turn == one) && turns[second..].iter().all(|(_, turn)| *turn == two), "{turns:?}");
}

/// Half of a character, as a client leaves it that cuts a string in it.
const HALF: &str = "half\\ud83d";

#[test]
fn what_holds_half_of_a_character_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let lines = [
        (Agent::ClaudeCode, "c.jsonl", format!(r#"{{"type":"user","uuid":"u","sessionId":"c","message":{{"content":"{HALF}"}}}}"#)),
        (
            Agent::Codex,
            "rollout-a.jsonl",
            format!(r#"{{"type":"response_item","payload":{{"type":"message","role":"user","content":"{HALF}"}}}}"#),
        ),
        (Agent::Gemini, "session-a.jsonl", format!(r#"{{"id":"u","type":"user","content":"{HALF}"}}"#)),
        (Agent::Gemini, "session-a.json", format!(r#"{{"sessionId":"s","messages":[{{"id":"u","type":"user","content":"{HALF}"}}]}}"#)),
        (Agent::Copilot, "events.jsonl", format!(r#"{{"type":"user.message","id":"e","data":{{"messageId":"u","content":"{HALF}"}}}}"#)),
    ];
    for (agent, name, line) in lines {
        let path = directory.path().join(name);
        std::fs::write(&path, line + "\n").unwrap();
        let said = hear(agent, &path, 0, &Carried::default()).0;
        assert_eq!(said.iter().map(|said| said.text.as_str()).collect::<Vec<_>>(), ["half\u{fffd}"], "{name}");
        let mut facts = Vec::new();
        let mut take = |pass: agents::transcripts::Pass| facts.push(pass.facts);
        agent
            .read_file(&path, None, agents::transcripts::Wanted::Everything, &mut TranscriptBuffers::default(), &|_| {}, &mut take)
            .unwrap();
        assert_eq!((facts[0].counts.lines, facts[0].counts.broken), (1, 0), "{name}");
        // Older rollouts tell what was typed in another row.
        if agent != Agent::Codex {
            assert_eq!(facts[0].turns.len(), 1, "{name}");
            assert_eq!(
                facts[0].titles.iter().filter_map(|title| facts[0].name(title.text)).collect::<Vec<_>>(),
                ["half\u{fffd}"],
                "{name}"
            );
        }
    }
}

#[test]
fn what_is_said_to_gemini_and_by_it_is_told() {
    let said = all(Agent::Gemini, "gemini/0.61.0/demo/chats/session-2026-11-20T09-43-6f362f6f.jsonl");
    let text = lines(&said);
    for line in [
        "prompt |  |  | please edit the project, naïve café ☕",
        "thinking |  |  | Looking around",
        "answer |  |  | Let me look first.",
        "tool_input | write_file | hello.txt | hello.txt",
        "tool_output | list_directory |  | Directory listing for /home/dev/demo:",
        "prompt |  |  | second prompt",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("session_context"));
    let said = all(Agent::Gemini, "gemini/0.22.4/chats/session-2026-11-20T09-51-eb623340.json");
    assert!(lines(&said).starts_with("prompt |  |  | please edit the project, naïve café ☕\nthinking |  |  | Looking around\nanswer"));
    assert!(said.iter().any(|said| said.role == Role::ToolOutput && said.text.contains("Directory listing")));
}

#[test]
fn what_is_said_to_copilot_and_by_it_is_told() {
    let said = all(Agent::Copilot, "copilot/1.0.102/events.jsonl");
    let text = lines(&said);
    for line in [
        "prompt |  |  | please edit the project, naïve café ☕",
        "answer |  |  | Let me look first.",
        "tool_input | bash |  | ls -1; cat README.md",
        "tool_output | bash |  | README.md",
        "tool_input | create | /home/dev/demo/hello.txt | /home/dev/demo/hello.txt",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(said.iter().all(|said| said.cwd == "/home/dev/demo" && said.conversation == "1d6ae405-5d76-4d5d-b8df-54b22161769c"));
}

#[test]
fn what_is_said_to_opencode_and_by_it_is_told() {
    let said = all(Agent::Opencode, "opencode/1.18.33/opencode.db");
    let text = lines(&said);
    for line in [
        "prompt |  |  | \"please edit the project, naïve café ☕\"",
        "answer |  |  | Let me look first.",
        "tool_input | bash |  | ls -1; cat README.md",
        "tool_output | write | /home/dev/demo/hello.txt | Wrote file successfully.",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(said.iter().all(|said| said.cwd == "/home/dev/demo" && said.conversation.starts_with("ses_")));
}

#[test]
fn who_goes_on_in_a_file_that_grew_hears_what_who_begins_anew_hears() {
    for (agent, below) in [
        (Agent::Codex, "codex/0.169.0/rollout-2026-11-20T09-41-54-01a1f855-7d9a-7770-bcea-54c469e3a29f.jsonl"),
        (Agent::Gemini, "gemini/0.61.0/demo/chats/session-2026-11-20T09-43-6f362f6f.jsonl"),
        (Agent::Copilot, "copilot/1.0.102/events.jsonl"),
    ] {
        let bytes = std::fs::read(fixture(below)).unwrap();
        let whole = all(agent, below);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(PathBuf::from(below).file_name().unwrap());
        for cut in (0..bytes.len()).step_by(bytes.len() / 23) {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let (mut said, length, carried) = hear(agent, &path, 0, &Carried::default());
            std::fs::write(&path, &bytes).unwrap();
            said.extend(hear(agent, &path, length, &carried).0);
            // Gemini's place says which project it is of, and this one is another place.
            let told = |said: &[Said]| said.iter().map(|said| Said { cwd: String::new(), ..said.clone() }).collect::<Vec<_>>();
            assert_eq!(told(&said), told(&whole), "{below}, cut at {cut}");
        }
    }
}

#[test]
fn what_is_said_in_claude_code_is_told_by_whoever_said_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c1.jsonl");
    let record = |kind: &str, number: u32, rest: &str| {
        format!(
            r#"{{"type":"{kind}","uuid":"u{number}","sessionId":"c1","cwd":"/w","timestamp":"2026-03-01T10:00:0{number}.000Z",{rest}}}"#
        )
    };
    let lines_written = [
        record("user", 1, r#""promptId":"p1","message":{"role":"user","content":"Mend it"}"#),
        record("user", 2, r#""isMeta":true,"message":{"role":"user","content":"<local-command-caveat>no"}"#),
        record(
            "assistant",
            3,
            r#""message":{"content":[{"type":"thinking","thinking":"How?","signature":"c2ln"},{"type":"text","text":"So."},{"type":"tool_use","id":"t1","name":"Edit","input":{"file_path":"/w/a.rs","old_string":"one","new_string":"two"}}]}"#,
        ),
        record(
            "user",
            4,
            r#""message":{"content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"done"},{"type":"image","source":{"data":"aaaa"}}]},{"type":"text","text":"Wait"}]}"#,
        ),
        record("user", 5, r#""isCompactSummary":true,"message":{"content":"It was mended"}"#),
        record("user", 6, r#""forkedFrom":{"sessionId":"c0","messageUuid":"u1"},"message":{"content":"Mend it"}"#),
        "no json".to_owned(),
    ];
    std::fs::write(&path, lines_written.join("\n") + "\n").unwrap();
    let said = hear(Agent::ClaudeCode, &path, 0, &Carried::default()).0;
    assert_eq!(
        lines(&said),
        "prompt |  |  | Mend it
thinking |  |  | How?
answer |  |  | So.
tool_input | Edit | /w/a.rs | /w/a.rs
tool_output | Edit | /w/a.rs | done
prompt |  |  | Wait
summary |  |  | It was mended
prompt |  |  | Mend it"
    );
    assert_eq!(said[4].turn, "p1");
    assert!(!said.iter().any(|said| said.text.contains("aaaa") || said.text.contains("c2ln")));
    // What was copied is known by what it was copied from.
    assert_eq!((said[0].key, said[7].conversation.as_str()), (said[7].key, "c0"));
}
