//! Records as clients of all generations wrote them: what each of them does that no other does.

use std::slice::from_ref;

use serde_json::{Value, json};
use session::transcript::{Facts, Ledger, TitleKind, Usage};

use super::{contents, ledger, pass, total};

/// A record of a response, as every client writes it.
fn response(message: &str, request: &str, usage: Value) -> Value {
    json!({
        "type": "assistant", "uuid": format!("{message}-{request}-{usage}"), "sessionId": "c1", "cwd": "/p", "gitBranch": "main",
        "timestamp": "2026-01-01T00:00:00.000Z", "isSidechain": false, "requestId": request,
        "message": { "id": message, "role": "assistant", "model": "m", "stop_reason": null, "content": [], "usage": usage },
    })
}

fn prompt(uuid: &str, content: Value) -> Value {
    json!({
        "type": "user", "uuid": uuid, "sessionId": "c1", "cwd": "/p", "timestamp": "2026-01-01T00:00:00.000Z", "isSidechain": false,
        "message": { "role": "user", "content": content },
    })
}

fn usage(input: u64, output: u64) -> Value {
    json!({ "input_tokens": input, "output_tokens": output })
}

/// Returns a value with other members, in whatever depth: `/message/id`.
fn with<const N: usize>(mut value: Value, members: [(&str, Value); N]) -> Value {
    for (path, member) in members {
        let (parent, key) = path.rsplit_once('/').unwrap();
        value.pointer_mut(parent).unwrap()[key] = member;
    }
    value
}

fn without(mut value: Value, path: &str) -> Value {
    let (parent, key) = path.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
    value
}

fn aside(value: Value, agent: &str) -> Value {
    with(value, [("/isSidechain", json!(true)), ("/agentId", json!(agent))])
}

/// A sub-agent's message within a record of its parent.
fn embedded(inner: Value, agent: &str) -> Value {
    json!({
        "type": "progress", "uuid": "p1", "sessionId": "c1", "timestamp": "2026-01-01T00:00:00.000Z", "isSidechain": false,
        "data": { "type": "agent_progress", "agentId": agent, "message": inner },
    })
}

fn text(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

fn facts(records: &[Value]) -> Facts {
    let pass = pass(text(records).as_bytes());
    assert_eq!((pass.facts.counts.broken, pass.facts.counts.lines), (0, records.len() as u64));
    pass.facts
}

/// Lays files together, each by itself.
fn files(files: &[&[Value]]) -> Ledger {
    ledger(&files.iter().map(|records| facts(records)).collect::<Vec<_>>())
}

fn used(ledger: &Ledger) -> (usize, u64, u64) {
    let total = total(ledger);
    (ledger.responses().count(), total.input, total.output)
}

fn one(usage: Value) -> Usage {
    facts(&[response("a", "r", usage)]).responses[0].usage
}

#[test]
fn the_rows_of_a_response_are_one_and_the_greatest_counts() {
    // 1.0: the early rows are partial, the last one is greater, and only it says that it is the end.
    let grown = [
        response("a", "r", usage(7, 1)),
        response("a", "r", usage(7, 1)),
        with(response("a", "r", usage(7, 90)), [("/message/stop_reason", json!("end_turn"))]),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let records = order.map(|place: usize| grown[place].clone());
        let facts = facts(&records);
        assert_eq!((facts.responses.len(), facts.responses[0].usage.output, facts.responses[0].is_final), (1, 90, true));
        assert_eq!(used(&files(&[&records[..1], &records[1..]])), (1, 7, 90));
    }
    // Between them, a record of something else, and of another response.
    let mixed = [&grown[0], &prompt("u", json!("x")), &response("b", "r", usage(1, 1)), &grown[2]].map(Value::clone);
    assert_eq!(used(&files(&[&mixed])), (2, 8, 91));
}

#[test]
fn placeholders_are_a_lower_bound() {
    // 2.1.12 to 2.1.25: all rows are the same and tiny, none says that it is the end.
    let facts = facts(&[response("a", "r", usage(7, 1)), response("a", "r", usage(7, 1))]);
    assert_eq!((facts.responses.len(), facts.responses[0].usage.output, facts.responses[0].is_final), (1, 1, false));
}

#[test]
fn sidechains_count_wherever_they_are_written() {
    let (main, sub) = (response("a", "r1", usage(1, 10)), aside(response("b", "r2", usage(2, 20)), "ag"));
    // 1.0: within the file. 2.0 and later: beside it. With the parent's id in each case.
    let (within, beside) = (files(&[&[main.clone(), sub.clone()]]), files(&[&[main], from_ref(&sub)]));
    assert_eq!((used(&within), contents(&within)), ((2, 3, 30), contents(&beside)));
    let facts = facts(&[sub, aside(prompt("u", json!("do this")), "ag")]);
    assert_eq!((facts.turns.len(), facts.counts.sidechain), (0, 2));
    assert!(facts.responses[0].is_sidechain && facts.name(facts.responses[0].subagent) == Some("ag"));
}

#[test]
fn what_is_embedded_counts_where_it_is_the_only_record() {
    let (own, later) = (aside(response("b", "r2", usage(2, 5)), "ag"), aside(response("b", "r2", usage(2, 20)), "ag"));
    let parent = [response("a", "r1", usage(1, 10)), embedded(own.clone(), "ag"), embedded(own, "ag")];
    let alone = files(&[&parent]);
    assert_eq!(used(&alone), (2, 3, 15));
    let found = alone.responses().find(|response| response.is_embedded).unwrap();
    assert!(found.is_sidechain && alone.name(found.subagent) == Some("ag") && alone.name(found.conversation) == Some("c1"));
    // With the sub-agent's own file it is a copy.
    for order in [[&parent[..], from_ref(&later)], [from_ref(&later), &parent[..]]] {
        let both = files(&order);
        assert_eq!(used(&both), (2, 3, 30));
        assert!(both.responses().all(|response| !response.is_embedded));
    }
    // Other progress is nobody's response; nor is a prompt or an error in it.
    let other = with(parent[1].clone(), [("/data/type", json!("bash_progress"))]);
    let user = with(parent[1].clone(), [("/data/message/type", json!("user"))]);
    let error = with(parent[1].clone(), [("/data/message/message/model", json!("<synthetic>"))]);
    assert!(facts(&[other, user, error]).responses.is_empty());
    // Without any id, each is one.
    let nameless = |output: u64| {
        without(without(embedded(response("", "", usage(0, output)), "ag"), "/data/message/message/id"), "/data/message/uuid")
    };
    assert_eq!(used(&files(&[&[nameless(3), nameless(4)]])), (2, 0, 7));
}

#[test]
fn a_side_question_that_repeats_a_message_is_not_paid_twice() {
    let main = response("a", "r1", usage(1, 10));
    let again = [aside(response("a", "r2", usage(1, 10)), "q"), aside(response("a", "r3", usage(1, 10)), "q")];
    for order in [[from_ref(&main), &again[..1], &again[1..]], [&again[..], from_ref(&main), &[]]] {
        let ledger = files(&order);
        assert_eq!(used(&ledger), (1, 1, 10));
        assert!(ledger.responses().all(|response| !response.is_sidechain));
    }
    // Where the parent's file is gone, it is one response all the same.
    assert_eq!(used(&files(&[&again])), (1, 1, 10));
    // It may know more than a parent whose file ends too early; no token gets lost.
    let more = aside(response("a", "r2", usage(1, 50)), "q");
    assert_eq!(used(&files(&[from_ref(&main), from_ref(&more)])), (1, 1, 50));
    assert_eq!(used(&files(&[&[more], &[main]])), (1, 1, 50));
    // Two requests of the main thread are two responses, as a client writes them that tries again.
    assert_eq!(used(&files(&[&[response("a", "r1", usage(1, 10)), response("a", "r2", usage(1, 10))]])), (2, 2, 20));
}

#[test]
fn ids_that_are_missing_do_not_make_strangers_one() {
    let plain = |message: &str, output: u64| without(response(message, "", usage(0, output)), "/requestId");
    // Other endpoints send no request id: the message's id is enough.
    assert_eq!(used(&files(&[&[plain("a", 1), plain("a", 9), plain("b", 4)]])), (2, 0, 13));
    assert_eq!(used(&files(&[&[with(plain("a", 1), [("/requestId", json!(null))]), plain("a", 9)]])), (1, 0, 9));
    // Without a message's id the record's counts, else the line itself.
    let nameless = |output: u64| without(plain("", output), "/message/id");
    assert_eq!(used(&files(&[&[nameless(1), nameless(1), nameless(2)]])), (2, 0, 3));
    let of_record = |output: u64| with(nameless(output), [("/uuid", json!("u"))]);
    assert_eq!(used(&files(&[&[of_record(1), of_record(9)]])), (1, 0, 9));
    let bare = |output: u64| without(nameless(output), "/uuid");
    assert_eq!(used(&files(&[&[bare(1), bare(2)], &[bare(1)]])), (2, 0, 3));
}

#[test]
fn an_error_of_the_client_is_no_response() {
    let error = with(response("a", "r", usage(0, 0)), [("/message/model", json!("<synthetic>"))]);
    let facts = facts(&[error.clone(), without(error, "/requestId")]);
    assert_eq!((facts.responses.len(), facts.counts.synthetic), (0, 2));
    assert!(self::facts(&[without(response("a", "r", json!(1)), "/message/usage")]).responses.is_empty());
}

#[test]
fn numbers_are_read_however_they_are_written() {
    for (written, count) in
        [(json!(7), 7), (json!("7"), 7), (json!(7.0), 7), (json!(7.9), 7), (json!(-7), 0), (json!(null), 0), (json!([7]), 0)]
    {
        assert_eq!(
            one(json!({ "input_tokens": written, "output_tokens": 1 })),
            Usage { input: count, output: 1, ..Usage::default() },
            "{written}"
        );
    }
    let large = one(json!({ "input_tokens": u64::MAX, "output_tokens": u64::MAX }));
    assert_eq!((large.input, large.total()), (u64::MAX, u64::MAX));
}

#[test]
fn a_cache_is_written_as_a_sum_or_in_parts() {
    let split = json!({ "ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4 });
    let in_parts = Usage { cache_write_5m: 3, cache_write_1h: 4, ..Usage::default() };
    assert_eq!(one(json!({ "cache_creation_input_tokens": 7 })), Usage { cache_write: 7, ..Usage::default() });
    assert_eq!(one(json!({ "cache_creation_input_tokens": 7, "cache_creation": split })), Usage { cache_write: 7, ..in_parts });
    assert_eq!(one(json!({ "cache_creation": split })), Usage { cache_write: 7, ..in_parts });
    assert_eq!(one(json!({ "cache_creation_input_tokens": null, "cache_creation": split })), Usage { cache_write: 7, ..in_parts });
    let more = one(
        json!({ "cache_read_input_tokens": 5, "output_tokens_details": { "thinking_tokens": 6 }, "server_tool_use": { "web_search_requests": 2 } }),
    );
    assert_eq!(more, Usage { cache_read: 5, reasoning: 6, searches: 2, ..Usage::default() });
}

#[test]
fn keys_come_in_any_order_with_strangers_among_them_and_twice() {
    let line = |members: &[&str]| format!("{{{}}}\n", members.join(","));
    let message =
        r#""message":{"usage":{"output_tokens":5,"input_tokens":2,"new":{"a":[1]}},"content":[],"model":"m","id":"a","what":null}"#;
    let mut members = vec![
        r#""type":"assistant""#,
        r#""sessionId":"c1""#,
        message,
        r#""requestId":"r""#,
        r#""isSidechain":false"#,
        r#""new":[{"usage":1}]"#,
    ];
    let wanted = pass(line(&members).as_bytes()).facts.responses;
    assert_eq!((wanted.len(), wanted[0].usage.output), (1, 5));
    for _ in 0..members.len() {
        members.rotate_left(1);
        let facts = pass(line(&members).as_bytes()).facts;
        assert_eq!((&facts.responses[0].usage, facts.responses[0].message), (&wanted[0].usage, wanted[0].message));
    }
    // Of keys that come twice the last one counts, where it says anything.
    let twice = ["\"requestId\":\"q\"", "\"message\":{\"id\":\"b\",\"usage\":{\"output_tokens\":1}}"];
    let all: Vec<&str> = twice.iter().chain(&members).copied().chain(["\"message\":7", "\"requestId\":null"]).collect();
    let facts = pass(line(&all).as_bytes()).facts;
    assert_eq!((facts.responses.len(), facts.responses[0].usage, facts.responses[0].request), (1, wanted[0].usage, wanted[0].request));
    let content = r#""content":[{"type":"tool_use","id":"t1","name":"Bash"}],"content":[{"type":"tool_use","id":"t2","name":"Bash"}]"#;
    let twice = pass(format!("{{\"type\":\"assistant\",\"message\":{{{content}}}}}\n").as_bytes()).facts;
    assert_eq!(twice.calls.iter().map(|call| call.id).collect::<Vec<_>>(), [agents::transcript_id("t2")]);
}

#[test]
fn a_compaction_is_its_boundary_and_the_summary_is_nobodys_prompt() {
    let summary = with(prompt("u1", json!("This session is being continued")), [("/isCompactSummary", json!(true))]);
    let boundary = json!({
        "type": "system", "subtype": "compact_boundary", "uuid": "b1", "sessionId": "c1",
        "compactMetadata": { "trigger": "auto", "preTokens": 9, "postTokens": 3 },
    });
    // Older clients write only the summary.
    let old = facts(from_ref(&summary));
    assert_eq!((old.turns.len(), old.compactions.len(), old.counts.compact_summaries), (0, 0, 1));
    let new = facts(&[boundary.clone(), summary]);
    let found = &new.compactions[0];
    assert_eq!((found.tokens_before, found.tokens_after, new.name(found.trigger), new.turns.len()), (Some(9), Some(3), Some("auto"), 0));
    assert_eq!(files(&[from_ref(&boundary), from_ref(&boundary)]).compactions().count(), 1);
}

#[test]
fn only_what_a_person_typed_is_a_turn() {
    let result = json!({ "type": "tool_result", "tool_use_id": "t1", "content": "x", "is_error": true });
    let typed = [
        prompt("u1", json!("fix it")),
        prompt("u2", json!([{ "type": "text", "text": "and this" }])),
        prompt("u3", json!([{ "type": "image" }])),
    ];
    let untyped = [
        prompt("v1", json!([result])),
        prompt("v2", json!([result, { "type": "text", "text": "rather so" }])),
        prompt("v3", json!("<command-name>/clear</command-name>")),
        prompt("v4", json!([{ "type": "text", "text": "[Request interrupted by user for tool use]" }])),
        prompt("v5", json!("<bash-input>ls</bash-input>")),
        prompt("v6", json!("<task-notification>done</task-notification>")),
        prompt("v7", json!("Caveat: The messages below were generated by the user while running local commands.")),
        with(prompt("v8", json!("skills")), [("/isMeta", json!(true))]),
        json!({ "type": "queue-operation", "operation": "enqueue", "content": "typed early", "sessionId": "c1", "timestamp": "2026-01-01T00:00:00Z" }),
        json!({ "type": "user", "uuid": "v9", "sessionId": "c1" }),
    ];
    let facts = facts(&[&untyped[..], &typed[..]].concat());
    assert_eq!(facts.turns.iter().map(|turn| turn.record).collect::<Vec<_>>(), ["u1", "u2", "u3"].map(agents::transcript_id));
    let counts = facts.counts;
    assert_eq!((counts.steering, counts.slash_commands, counts.interrupts, counts.bash_inputs), (1, 1, 1, 1));
    assert_eq!((counts.task_notifications, counts.other_wrapped, counts.meta), (1, 1, 1));
    assert_eq!(facts.answers.iter().filter(|answer| answer.is_error).count(), 2);
    let title = facts.titles.iter().find(|title| title.kind == TitleKind::Prompt).unwrap();
    assert_eq!(facts.name(title.text), Some("fix it"));
}

#[test]
fn the_copy_that_says_where_it_is_from_is_a_copy_whatever_comes_first() {
    let own = response("a", "r", usage(1, 1));
    let branched = with(own.clone(), [("/sessionId", json!("c2")), ("/forkedFrom", json!({ "sessionId": "c1" }))]);
    let forked = with(own.clone(), [("/sessionId", json!("c2")), ("/requestSessionId", json!("c1"))]);
    let again = with(branched.clone(), [("/requestSessionId", json!("c2"))]);
    for record in [&branched, &forked, &again] {
        let text = text(from_ref(record));
        // The same with its members in the opposite order.
        let mut members: Vec<_> = record.as_object().unwrap().iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        members.reverse();
        for line in [text, format!("{{{}}}\n", members.join(","))] {
            let facts = pass(line.as_bytes()).facts;
            assert!(facts.responses[0].is_copied && facts.name(facts.responses[0].conversation) == Some("c1"), "{line}");
            let ledger = ledger([&facts, &self::facts(from_ref(&own))]);
            assert!(ledger.responses().all(|response| !response.is_copied));
        }
    }
    let own = with(own, [("/requestSessionId", json!("c1"))]);
    assert!(!facts(&[own]).responses[0].is_copied);
}

#[test]
fn a_total_of_its_own_grows() {
    let total = |cost: f64, models: &[&str]| {
        let models: serde_json::Map<_, _> =
            models.iter().map(|model| ((*model).to_owned(), json!({ "outputTokens": 1, "costUSD": cost }))).collect();
        json!({ "type": "cost-state", "sessionId": "c1", "modelUsage": models })
    };
    // A second process of the same session knows less; it is no reason to forget.
    let facts = facts(&[total(0.5, &["m"]), total(2.0, &["m", "n"]), total(1.0, &["m"])]);
    let costs: Vec<_> = facts.own_totals.iter().map(|total| (facts.name(total.model).unwrap(), total.cost_micros)).collect();
    assert_eq!(costs, [("m", 2_000_000), ("n", 2_000_000)]);
}
