//! The stand-in for the Responses API from the outside, without an agent.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{ResponsesApi, shell, words};

const KEY: &str = "authorization: Bearer sk-fake-key-of-a-test\r\n";

/// Posts a body and returns everything that comes until the answer is over.
fn ask(api: &ResponsesApi, line: &str, key: &str, body: &Value) -> String {
    let url = api.url();
    let address = url.trim_start_matches("http://").trim_end_matches("/v1");
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let body = body.to_string();
    write!(connection, "{line} HTTP/1.1\r\n{key}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let (mut text, mut bytes) = (String::new(), [0; 4096]);
    while !text.contains("\r\n0\r\n\r\n") && !text.contains("not so") {
        match connection.read(&mut bytes) {
            Ok(read) if read > 0 => text.push_str(&String::from_utf8_lossy(&bytes[..read])),
            _ => break,
        }
    }
    text
}

fn told(items: &[Value]) -> Value {
    json!({ "model": "m", "stream": true, "prompt_cache_key": "t", "input": items })
}

fn prompt(text: &str) -> Value {
    json!({ "type": "message", "role": "user", "content": [{ "type": "input_text", "text": text }] })
}

#[test]
fn steps_follow_each_other_as_the_model_is_answered() {
    let api = ResponsesApi::start();
    api.add("work", [vec![shell("ls")], vec![words("Done.")]]);
    let first = ask(&api, "POST /v1/responses", KEY, &told(&[prompt("Go. @@work")]));
    assert!(
        first.starts_with("HTTP/1.1 200") && first.contains("response.completed") && first.contains("\"call_id\":\"call_100\""),
        "{first}"
    );
    let call = json!({ "type": "function_call", "call_id": "call_100" });
    let output = json!({ "type": "function_call_output", "call_id": "call_100", "output": "" });
    let second = ask(&api, "POST /v1/responses", KEY, &told(&[prompt("Go. @@work"), call, output]));
    assert!(second.contains("Done."), "{second}");
    let replies = api.replies();
    assert_eq!((replies.len(), replies[0].thread.as_str(), replies[1].was_told("Go. @@work")), (2, "t", true));
    assert!(replies.iter().all(|reply| reply.cached < reply.input && reply.reasoning < reply.output), "{replies:?}");
    assert_eq!(api.complaints(), [""; 0]);
}

#[test]
fn what_no_client_may_ask_is_complained_of() {
    let api = ResponsesApi::start();
    let call = json!({ "type": "function_call", "call_id": "c" });
    let output = json!({ "type": "custom_tool_call_output", "call_id": "d" });
    for (line, key, body) in [
        ("GET /v1/models", KEY, json!({})),
        ("POST /v1/responses", "", told(&[prompt("x")])),
        ("POST /v1/responses", "authorization: Bearer sk-of-somebody\r\n", told(&[prompt("x")])),
        ("POST /v1/responses", KEY, json!({ "model": "m", "input": [] })),
        ("POST /v1/responses", KEY, told(&[prompt("x"), call.clone()])),
        ("POST /v1/responses", KEY, told(&[prompt("x"), call, output])),
    ] {
        let answer = ask(&api, line, key, &body);
        assert!(answer.starts_with("HTTP/1.1 400"), "{line} {body}: {answer}");
    }
    assert_eq!((api.complaints().len(), api.replies().len()), (6, 0), "{:?}", api.complaints());
    ask(&api, "POST /v1/responses", KEY, &told(&[prompt("@@nothing")]));
    assert_eq!(api.complaints().pop().unwrap(), "script `nothing` has no step 0");
}
