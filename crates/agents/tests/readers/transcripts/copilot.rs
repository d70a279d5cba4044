//! What GitHub Copilot CLI writes: a capture, and files of clients that put less on record.

use agents::transcripts::{Agent, Carried};
use serde_json::{Value, json};
use session::transcript::{Facts, Refusal, Usage};

use super::{calls, captures_of, names, read, sum};

fn capture() -> Facts {
    let (_, bytes) = captures_of(Agent::Copilot).remove(0);
    let pass = read(Agent::Copilot, &bytes, &Carried::default());
    assert_eq!((pass.length, pass.unfinished, pass.facts.counts.broken), (bytes.len() as u64, 0, 0));
    pass.facts
}

#[test]
fn a_run_of_1_0_102_that_was_continued_is_two_turns_and_seven_responses() {
    let facts = capture();
    assert_eq!(sum([&facts]), "2 turns, 7 responses of 4624+196+0+1536 (35)");
    assert!(facts.responses.iter().all(|response| response.is_final && facts.name(response.model) == Some("fake-model")));
    assert_eq!(
        calls(&facts),
        [
            ("bash", "ls -1; cat README.md", false, false),
            ("create", "/home/dev/demo/hello.txt", true, false),
            ("view", "/home/dev/demo/README.md", false, false),
            ("edit", "/home/dev/demo/README.md", true, false),
            ("bash", "cat missing; exit 3", false, true)
        ]
    );
    assert_eq!((names(&facts, &facts.cwds), names(&facts, &facts.branches)), (vec!["/home/dev/demo"], vec!["main"]));
    assert_eq!(names(&facts, &facts.versions), ["1.0.102"]);
    assert_eq!(facts.name(facts.titles[0].text), Some("please edit the project, naïve café ☕"));
}

#[test]
fn the_clients_own_total_runs_over_resumes_and_is_the_same() {
    let facts = capture();
    let mut used = Usage::default();
    facts.responses.iter().for_each(|response| used.add(&response.usage));
    assert_eq!(facts.own_totals.iter().map(|total| total.usage).collect::<Vec<_>>(), [used]);
}

fn events(events: &[(&str, Value)]) -> Facts {
    let line = |(number, (kind, data)): (usize, &(&str, Value))| {
        format!("{}\n", json!({ "type": kind, "data": data, "id": format!("e{number}"), "timestamp": "2026-01-01T00:00:00Z" }))
    };
    let text: String = events.iter().enumerate().map(line).collect();
    read(Agent::Copilot, text.as_bytes(), &Carried::default()).facts
}

fn start(version: &str) -> (&'static str, Value) {
    ("session.start", json!({ "sessionId": "s", "copilotVersion": version, "selectedModel": "m", "context": { "cwd": "/p" } }))
}

#[test]
fn without_records_what_came_back_is_a_lower_bound() {
    let message = |id: &str, tokens: u64| ("assistant.message", json!({ "messageId": id, "content": "", "outputTokens": tokens }));
    let facts = events(&[start("1.0.12"), message("m1", 7), message("m2", 9), message("m2", 9)]);
    assert_eq!(sum([&facts]), "0 turns, 2 responses of 0+16+0+0 (0)");
    assert!(facts.responses.iter().all(|response| !response.is_final && facts.name(response.model) == Some("m")));
}

#[test]
fn with_records_a_message_says_nothing_of_its_own() {
    let usage = json!({ "usage": { "apiCallId": "1", "inputTokens": 10, "cacheReadTokens": 4, "cacheWriteTokens": 3, "outputTokens": 5 } });
    let facts = events(&[
        start("1.0.102"),
        ("assistant.message", json!({ "messageId": "m0", "apiCallId": "1", "outputTokens": 2 })),
        ("session.usage_record", usage.clone()),
        ("session.usage_record", usage),
        ("assistant.message", json!({ "messageId": "m1", "outputTokens": 5 })),
    ]);
    let [response] = facts.responses[..] else { panic!("{:?}", facts.responses) };
    assert_eq!(response.usage, Usage { input: 3, output: 5, cache_read: 4, cache_write: 3, ..Usage::default() });
    assert!(response.is_final);
}

#[test]
fn failures_say_so_in_every_generation() {
    let complete = |id: &str, rest: Value| {
        let mut data = json!({ "toolCallId": id, "success": true });
        data.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        ("tool.execution_complete", data)
    };
    let facts = events(&[
        complete("1", json!({ "result": { "content": "a\n<exited with exit code 0>" } })),
        complete("2", json!({ "result": { "content": "a\n<exited with exit code 3>" } })),
        complete("3", json!({ "shellExecution": { "exitCode": 2 } })),
        complete("4", json!({ "success": false, "error": { "code": "rejected", "message": "no" } })),
        complete("5", json!({ "result": { "content": "<p>exit code 3>\nno" } })),
        ("abort", json!({ "reason": "user" })),
    ]);
    let said: Vec<_> = facts.answers.iter().map(|answer| (answer.is_error, answer.refusal)).collect();
    assert_eq!(said, [(false, None), (true, None), (true, None), (true, Some(Refusal::Rejected)), (false, None)]);
    assert_eq!(facts.counts.interrupts, 1);
}

#[test]
fn what_the_client_puts_in_a_persons_place_is_no_turn() {
    let facts = events(&[
        start("1.0.102"),
        ("user.message", json!({ "content": "go", "messageId": "u1" })),
        ("user.message", json!({ "content": "a skill", "messageId": "u2", "source": "skill-a" })),
        ("user.message", json!({ "content": "for a sub-agent", "messageId": "u3", "parentToolCallId": "c1" })),
    ]);
    assert_eq!((facts.turns.len(), facts.counts.meta), (1, 2));
}
