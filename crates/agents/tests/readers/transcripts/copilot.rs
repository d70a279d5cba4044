//! What GitHub Copilot CLI writes: a capture, and files of clients that put less on record.

use agents::transcripts::{Agent, Carried};
use serde_json::{Value, json};
use session::transcript::{Facts, Refusal, Usage};

use super::{calls, captures_of, contents, ledger, names, read, sum};

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

fn written(events: &[(&str, Value)]) -> String {
    let line = |(number, (kind, data)): (usize, &(&str, Value))| {
        format!("{}\n", json!({ "type": kind, "data": data, "id": format!("e{number}"), "timestamp": "2026-01-01T00:00:00Z" }))
    };
    events.iter().enumerate().map(line).collect()
}

fn events(events: &[(&str, Value)]) -> Facts {
    read(Agent::Copilot, written(events).as_bytes(), &Carried::default()).facts
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

fn ended(models: &[(&str, [u64; 5])]) -> (&'static str, Value) {
    let usage = |[input, output, read, write, reasoning]: [u64; 5]| {
        json!({ "usage": { "inputTokens": input, "outputTokens": output, "cacheReadTokens": read, "cacheWriteTokens": write,
            "reasoningTokens": reasoning } })
    };
    let metrics: serde_json::Map<String, Value> = models.iter().map(|(model, used)| ((*model).to_owned(), usage(*used))).collect();
    ("session.shutdown", json!({ "modelMetrics": metrics }))
}

fn wrote(id: &str, tokens: u64) -> (&'static str, Value) {
    ("assistant.message", json!({ "messageId": id, "content": "", "outputTokens": tokens }))
}

/// What is still a lower bound.
fn unknown(facts: &Facts) -> usize {
    ledger([facts]).responses().filter(|response| !response.is_final).count()
}

#[test]
fn without_records_the_totals_of_a_client_that_ended_well_count() {
    let first = [start("1.0.12"), wrote("m1", 7), wrote("m2", 9), ended(&[("m", [100, 20, 40, 10, 3])])];
    let facts = events(&first);
    // What was sent holds what was read from and written to caches; there were 4 more than the messages say.
    assert_eq!((sum([&facts]).as_str(), unknown(&facts)), ("0 turns, 2 responses of 50+20+10+40 (3)", 0));
    // They run over resumes, and what comes after the last of them is a lower bound.
    let second = [start("1.0.12"), wrote("m3", 5), ended(&[("m", [130, 25, 40, 10, 3])]), start("1.0.12"), wrote("m4", 6)];
    let facts = events(&[&first[..], &second].concat());
    assert_eq!((sum([&facts]).as_str(), unknown(&facts)), ("0 turns, 4 responses of 80+31+10+40 (3)", 1));
    // A client that counts from nothing again counts on.
    let again = [start("1.0.12"), wrote("m3", 5), ended(&[("m", [30, 5, 0, 0, 0])])];
    let facts = events(&[&first[..], &again].concat());
    assert_eq!((sum([&facts]).as_str(), unknown(&facts)), ("0 turns, 3 responses of 80+25+10+40 (3)", 0));
}

#[test]
fn what_a_model_used_without_a_message_counts_and_a_name_too_many_counts_once() {
    let facts = events(&[start("1.0.12"), wrote("m1", 7), ended(&[("m", [10, 7, 0, 0, 0]), ("small", [20, 3, 0, 0, 0])])]);
    assert_eq!((sum([&facts]).as_str(), unknown(&facts)), ("0 turns, 2 responses of 30+10+0+0 (0)", 0));
    let models: Vec<_> = facts.responses.iter().map(|response| facts.name(response.model).unwrap()).collect();
    assert_eq!(models, ["m", "small"]);
    let facts = events(&[start("1.0.12"), wrote("m1", 7), ended(&[("m-2026", [10, 7, 0, 0, 0])])]);
    assert_eq!(sum([&facts]), "0 turns, 2 responses of 10+7+0+0 (0)");
    // Where calls are on record, the totals say the same again.
    let record = ("session.usage_record", json!({ "usage": { "apiCallId": "1", "inputTokens": 10, "outputTokens": 7 } }));
    let message = ("assistant.message", json!({ "messageId": "m1", "apiCallId": "1", "outputTokens": 7 }));
    let facts = events(&[start("1.0.102"), message, record, ended(&[("m", [10, 7, 0, 0, 0])])]);
    assert_eq!(sum([&facts]), "0 turns, 1 responses of 10+7+0+0 (0)");
}

#[test]
fn totals_that_come_in_a_later_pass_are_of_the_same_messages() {
    let lines = [start("1.0.12"), wrote("m1", 7), wrote("m2", 9), ended(&[("m", [100, 20, 40, 10, 3])])];
    let text = written(&lines);
    for (cut, _) in text.match_indices('\n') {
        let first = read(Agent::Copilot, &text.as_bytes()[..=cut], &Carried::default());
        let second = read(Agent::Copilot, &text.as_bytes()[cut + 1..], &first.carried);
        let both = contents(&ledger([&first.facts, &second.facts]));
        assert_eq!(both, contents(&ledger([&events(&lines)])), "cut at {cut}");
    }
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
