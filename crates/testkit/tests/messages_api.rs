//! The stand-in for the Messages API from the outside, without an agent.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Exchange, Kind, MessagesApi, Step, bash, say};

const SOON: Duration = Duration::from_secs(10);

fn asking(prompt: &str, is_stream: bool) -> Value {
    json!({ "model": "m", "stream": is_stream, "system": "cwd: /home/ada", "messages": [{ "role": "user", "content": prompt }] })
}

fn send(api: &MessagesApi, path: &str, body: &Value) -> TcpStream {
    let mut connection = TcpStream::connect(api.url().trim_start_matches("http://")).unwrap();
    let body = body.to_string();
    write!(connection, "POST {path} HTTP/1.1\r\nx-claude-code-session-id: s\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    connection
}

/// Returns everything that comes until the end of the message, of the time or of the connection.
fn read(connection: &mut TcpStream, until: &str) -> String {
    connection.set_read_timeout(Some(SOON)).unwrap();
    let (mut text, mut bytes) = (String::new(), [0; 4096]);
    while !text.contains(until) {
        match connection.read(&mut bytes) {
            Ok(read) if read > 0 => text.push_str(&String::from_utf8_lossy(&bytes[..read])),
            _ => break,
        }
    }
    text
}

fn ask(api: &MessagesApi, prompt: &str) -> String {
    read(&mut send(api, "/v1/messages?beta=true", &asking(prompt, true)), "\r\n0\r\n\r\n")
}

#[test]
fn a_reply_comes_as_events_in_their_order() {
    let api = MessagesApi::start();
    let text = ask(&api, "Go. @@fail");
    let events: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("event: ")).filter(|event| !event.ends_with("delta")).collect();
    assert_eq!(events, ["message_start", "ping", "content_block_start", "content_block_stop", "message_stop"]);
    assert!(text.contains("event: message_delta") && text.contains("input_json_delta"));
    let exchange = &api.exchanges()[0];
    assert_eq!((exchange.session.as_deref(), exchange.tool_ids().len(), exchange.is_complete), (Some("s"), 1, true));
    assert!(text.contains(exchange.message_id.as_ref().unwrap()));
}

#[test]
fn a_reply_that_is_not_streamed_comes_whole() {
    let api = MessagesApi::start();
    let text = read(&mut send(&api, "/v1/messages", &asking("hello", false)), "\"type\":\"text\",\"text\":\"ok\"");
    assert!(text.starts_with("HTTP/1.1 200") && text.contains(r#""stop_reason":"end_turn""#), "{text}");
}

#[test]
fn tokens_are_counted_and_probes_answered() {
    let api = MessagesApi::start();
    assert!(read(&mut send(&api, "/v1/messages/count_tokens", &json!({})), "input_tokens").contains("input_tokens"));
    assert_eq!(api.exchanges()[0].kind, Kind::TokenCount);
    assert_eq!((api.turns(), api.complaints()), (Vec::new(), Vec::new()));
}

#[test]
fn an_error_may_come_a_few_times_or_always() {
    let api = MessagesApi::start();
    for (prompt, statuses) in [("@@retry529-2", ["529", "529", "200"]), ("@@e400", ["400"; 3])] {
        for status in statuses {
            let text = read(&mut send(&api, "/v1/messages", &asking(prompt, false)), "\"}");
            assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{prompt}: {text}");
        }
    }
}

#[test]
fn a_stream_stalls_until_it_is_released() {
    let api = MessagesApi::start();
    let mut connection = send(&api, "/v1/messages", &asking("@@hang", true));
    let stalled = |seen: &[Exchange]| seen.iter().any(|exchange| exchange.blocks.len() == 1);
    assert!(!api.wait_until(SOON, stalled)[0].is_complete);
    api.release();
    assert!(read(&mut connection, "message_stop").contains("message_stop"));
}

#[test]
fn a_stream_that_stalls_ends_with_the_server() {
    let api = MessagesApi::start();
    let mut connection = send(&api, "/v1/messages", &asking("@@hang", true));
    api.wait_until(SOON, |seen| !seen.is_empty());
    drop(api);
    assert!(!read(&mut connection, "message_stop").contains("message_stop"));
}

#[test]
fn a_stream_may_be_cut() {
    let api = MessagesApi::start();
    let text = ask(&api, "@@drop");
    assert!(text.contains("This stream is about") && !text.contains("message_stop"), "{text}");
    assert!(!api.exchanges()[0].is_complete);
}

#[test]
fn a_test_may_bring_scripts_of_its_own() {
    let api = MessagesApi::start();
    let late = Step::of([say("second")]).delay(Duration::from_millis(1)).stop_reason("max_tokens");
    api.add("mine", [Step::of([bash("cat {cwd}/x")]), late]);
    assert!(ask(&api, "@@mine").contains("cat /home/ada/x"));
    let mut body = asking("@@mine", true);
    body["messages"].as_array_mut().unwrap().push(json!({ "role": "assistant", "content": "x" }));
    assert!(read(&mut send(&api, "/v1/messages", &body), "message_stop").contains("max_tokens"));
}

#[test]
fn what_is_not_understood_is_complained_about() {
    let api = MessagesApi::start();
    assert!(read(&mut send(&api, "/v1/elsewhere", &json!({})), "\"}").starts_with("HTTP/1.1 404"));
    assert!(ask(&api, "@@nonsense").contains("message_stop"));
    assert_eq!(api.complaints(), ["POST /v1/elsewhere: {}", "no script is called `nonsense`"]);
    assert_eq!(api.exchanges()[0].kind, Kind::Unknown);
}
