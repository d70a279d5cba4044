//! What Gemini CLI writes: captures of two generations, and chats as they are resumed and changed.

use agents::TranscriptBuffers;
use agents::transcript_id;
use agents::transcripts::{Agent, Carried, Pass, Wanted};
use serde_json::{Value, json};
use session::transcript::{Facts, Refusal, Usage};

use super::long::check_memory;
use super::{calls, ledger, names, read, sum};

/// Reads a captured file as it lies there.
fn capture(path: &str) -> Facts {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/gemini").join(path);
    let mut passes: Vec<Pass> = Vec::new();
    let mut buffers = TranscriptBuffers::default();
    Agent::Gemini.read_file(&path, None, Wanted::Everything, &mut buffers, &|_| {}, &mut |pass| passes.push(pass)).unwrap();
    assert_eq!((passes.len(), passes[0].unfinished, passes[0].facts.counts.broken), (1, 0, 0));
    passes.remove(0).facts
}

#[test]
fn a_run_of_0_61_that_was_resumed_is_two_turns_and_five_responses() {
    let facts = capture("0.61.0/demo/chats/session-2026-11-20T09-43-6f362f6f.jsonl");
    // Output of 130, and thoughts of 45.
    assert_eq!(sum([&facts]), "2 turns, 5 responses of 2702+175+0+2048 (45)");
    assert_eq!(
        calls(&facts),
        [
            ("list_directory", ".", false, false),
            ("write_file", "hello.txt", true, false),
            ("replace", "README.md", true, false),
            ("run_shell_command", "cat README.md; cat missing", false, true)
        ]
    );
    assert_eq!((names(&facts, &facts.cwds), facts.titles.len()), (vec!["/home/dev/demo"], 1));
    assert_eq!(facts.name(facts.titles[0].text), Some("please edit the project, naïve café ☕"));
    assert_eq!(names(&facts, &[facts.conversations[0].0]), ["6f362f6f-5c75-44c6-bbfb-d580cd1b6111"]);
    assert!(facts.responses.iter().all(|response| facts.name(response.model) == Some("gemini-2.5-flash")));
}

#[test]
fn a_run_of_0_22_says_of_four_responses_what_it_recorded_of_two() {
    let facts = capture("0.22.4/chats/session-2026-11-20T09-51-eb623340.json");
    // Input of 1,900 with 512 from a cache, output of 52, thoughts of 18.
    assert_eq!(sum([&facts]), "1 turns, 2 responses of 1388+70+0+512 (18)");
    let tools: Vec<&str> = calls(&facts).iter().map(|call| call.0).collect();
    assert_eq!(tools, ["list_directory", "write_file", "replace", "run_shell_command"]);
    // Three requests are one message with the tokens of the first.
    assert_eq!(facts.responses.iter().map(|response| response.is_final).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_message_of_an_older_client_is_a_lower_bound_where_it_may_be_several_requests() {
    let directory = tempfile::tempdir().unwrap();
    let is_final = |ending: &str, calls: &[&str]| {
        let path = directory.path().join(format!("session-2026-01-01T00-00-a.{ending}"));
        let mut one = message("a", Some((10, 5)));
        let call = |(number, at): (usize, &&str)| json!({ "id": format!("c{number}"), "name": "ls", "status": "success", "timestamp": at });
        one["toolCalls"] = calls.iter().enumerate().map(call).collect();
        let chat = if ending == "json" { json!({ "sessionId": "s", "messages": [one] }) } else { one };
        std::fs::write(&path, format!("{chat}\n")).unwrap();
        let mut found = Vec::new();
        let mut take = |pass: Pass| found.push(pass.facts.responses[0].is_final);
        Agent::Gemini.read_file(&path, None, Wanted::Usage, &mut TranscriptBuffers::default(), &|_| {}, &mut take).unwrap();
        found[0]
    };
    let (one, other) = ("2026-01-01T00:00:01.000Z", "2026-01-01T00:00:02.000Z");
    for (calls, is_one) in [(&[][..], true), (&[one], true), (&[one, one], true), (&[one, other], false), (&["", ""], false)] {
        assert_eq!(is_final("json", calls), is_one, "{calls:?}");
        assert!(is_final("jsonl", calls), "{calls:?}");
    }
}

fn chat(lines: &[Value]) -> Facts {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let facts = read(Agent::Gemini, text.as_bytes(), &Carried::default()).facts;
    assert_eq!((facts.counts.lines, facts.counts.broken), (lines.len() as u64, 0));
    facts
}

fn message(id: &str, tokens: Option<(u64, u64)>) -> Value {
    let mut message = json!({ "id": id, "type": "gemini", "timestamp": "2026-01-01T00:00:00Z", "model": "m", "content": "" });
    if let Some((input, output)) = tokens {
        message["tokens"] = json!({ "input": input, "output": output, "cached": 1, "thoughts": 2, "tool": 3 });
    }
    message
}

#[test]
fn what_an_update_lacks_is_kept_and_what_was_taken_back_was_paid_for() {
    let head = json!({ "sessionId": "s", "kind": "main" });
    let facts = chat(&[
        head.clone(),
        message("a", Some((10, 5))),
        message("a", None),
        json!({ "$rewindTo": "a" }),
        json!({ "$set": { "messages": [message("a", None), message("b", None)] } }),
        message("b", Some((20, 7))),
    ]);
    let [one, other] = facts.responses[..] else { panic!("{:?}", facts.responses) };
    assert_eq!(one.usage, Usage { input: 12, output: 7, cache_read: 1, reasoning: 2, ..Usage::default() });
    assert_eq!((other.usage.input, other.message != one.message), (22, true));
    // A message is known by its id within its chat.
    let elsewhere = chat(&[json!({ "sessionId": "t" }), message("a", Some((10, 5)))]);
    assert_eq!(ledger([&facts, &elsewhere, &chat(&[head, message("a", Some((10, 5)))])]).responses().count(), 3);
    assert_eq!(one.message, transcript_id("s/a"));
}

#[test]
fn a_line_of_more_messages_than_anybody_wrote_is_read_in_bounded_memory() {
    let typed = format!("{},", json!({ "id": "u", "type": "user", "content": "go" }));
    let many = ["{\"sessionId\":\"s\",\"messages\":[", &typed, &"{},".repeat(3 << 20), &typed, "{}]}\n"].concat();
    check_memory(64, "many messages", || {
        let facts = read(Agent::Gemini, many.as_bytes(), &Carried::default()).facts;
        assert_eq!((facts.counts.broken, facts.turns.len()), (0, 1));
    });
}

#[test]
fn only_what_a_person_typed_is_a_turn_however_often_it_is_written() {
    let user = |id: &str, content: Value| json!({ "id": id, "type": "user", "content": content });
    let typed = user("u1", json!([{ "text": "go" }]));
    let facts = chat(&[
        json!({ "sessionId": "s" }),
        user("u0", json!([{ "text": "<session_context>\nThis is" }])),
        typed.clone(),
        user("u2", json!([{ "functionResponse": { "response": {} } }])),
        user("u4", json!([{ "functionResponse": { "response": {} } }, { "text": "what the tool shows" }])),
        user("u3", json!("old words")),
        json!({ "$set": { "messages": [typed] } }),
    ]);
    assert_eq!(ledger([&facts]).turns().count(), 2);
}

#[test]
fn a_sub_agent_is_its_parents_and_types_nothing() {
    let lines = [
        json!({ "sessionId": "child", "kind": "subagent" }),
        message("a", Some((10, 5))),
        json!({ "id": "u", "type": "user", "content": "go" }),
    ];
    let directory = tempfile::tempdir().unwrap();
    let chats = directory.path().join("demo/chats/parent");
    std::fs::create_dir_all(&chats).unwrap();
    std::fs::write(chats.join("child.jsonl"), lines.map(|line| format!("{line}\n")).concat()).unwrap();
    let root = directory.path();
    assert_eq!(Agent::Gemini.walk(root, 1).files.len(), 1);
    let mut found = Vec::new();
    let (mut buffers, path) = (TranscriptBuffers::default(), chats.join("child.jsonl"));
    Agent::Gemini.read_file(&path, None, Wanted::Everything, &mut buffers, &|_| {}, &mut |pass| found.push(pass.facts)).unwrap();
    let (facts, response) = (&found[0], found[0].responses[0]);
    assert_eq!((facts.name(response.conversation), facts.name(response.subagent)), (Some("parent"), Some("child")));
    assert!(response.is_sidechain && facts.turns.is_empty() && facts.counts.sidechain == 3);
}

#[test]
fn what_was_cancelled_failed_and_was_refused() {
    let call = |id: &str, status: &str| json!({ "id": id, "name": "replace", "args": { "file_path": "a" }, "status": status });
    let mut message = message("a", None);
    message["toolCalls"] = json!([call("1", "success"), call("2", "error"), call("3", "cancelled"), call("4", "executing")]);
    let facts = chat(&[message]);
    let said: Vec<_> = facts.answers.iter().map(|answer| (answer.is_error, answer.refusal)).collect();
    assert_eq!(said, [(false, None), (true, None), (true, Some(Refusal::Rejected))]);
    assert_eq!(facts.calls.len(), 4);
}
