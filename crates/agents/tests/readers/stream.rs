//! What a run of the client prints: as captured, as older programs print it, cut, huge.

use std::fs;

use agents::claude_code::stream::{Output, OutputReader, Place};
use proptest::prelude::*;

fn read(output: &[u8]) -> Output {
    let mut reader = OutputReader::default();
    reader.push(output);
    reader.finish()
}

fn captured(name: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/fixtures/claude-code/2.1.328/stream-json/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Returns id, place, and whether it is early.
fn told(output: &str) -> Option<(String, &'static str, bool)> {
    read(output.as_bytes()).told.map(|told| (told.id, told.place.as_str(), told.is_early))
}

/// Expects an id at its usual place, for certain.
fn check(output: &str, id: &str) {
    assert_eq!(told(output), Some((id.to_owned(), "session_id", false)), "{output}");
}

#[test]
fn of_every_captured_run_the_conversation_is_told() {
    let runs = [
        ("chosen", "partial-messages.jsonl", "62db6e24", 0),
        ("printed at once", "output-format-json.json", "e0cd0565", 0),
        ("an array on one line", "output-format-json-verbose.json", "4c4f3cf2", 0),
        ("of an id that nobody knows", "resume-unknown-id.jsonl", "99999999", 0),
        ("forked", "fork-flag.jsonl", "f3baaa70", 0),
        ("of several prompts", "two-turns-stream-input.jsonl", "d29fe51f", 0),
        ("with subagents", "subagents-parallel.jsonl", "25fa33c7", 0),
        ("killed", "killed-during-stream.jsonl", "7e48728c", 0),
        ("ended from outside", "sigterm.jsonl", "25f24fc0", 0),
        ("continued: the first lines carry an id that is thrown away", "continue.jsonl", "ec51036c", 1),
        ("cleared: the one before, and not that of the reset", "clear.jsonl", "7570a93a", 1),
    ];
    for (what, name, id, others) in runs {
        let output = read(&captured(name));
        let told = output.told.unwrap();
        assert!(told.id.starts_with(id) && told.place == Place::Top && !told.is_early, "{what}: {told:?}");
        assert_eq!((output.others.len(), output.skipped), (others, 0), "{what}: {:?}", output.others);
        assert!(output.lines > 0, "{what}");
    }
    assert_eq!(read(&captured("output-format-json.json")).lines, 1);
    let others = read(&captured("clear.jsonl")).others;
    assert!(others[0].starts_with("6d655278"), "{others:?}");
}

#[test]
fn a_run_that_was_cut_before_the_conversation_began_tells_an_id_that_is_not_sure() {
    let continued = captured("continue.jsonl");
    let first: Vec<_> = continued.split_inclusive(|byte| *byte == b'\n').take(2).collect();
    let told = read(&first.concat()).told.unwrap();
    assert!(told.id.starts_with("631e00d6") && told.is_early, "{told:?}");
}

#[test]
fn a_conversation_that_was_cleared_counts_until_the_next_one_begins() {
    let cleared = concat!(
        r#"{"type":"system","subtype":"init","session_id":"a"}"#,
        "\n",
        r#"{"type":"conversation_reset","session_id":"a","new_conversation_id":"nobody"}"#,
        "\n",
        r#"{"type":"system","subtype":"hook_started","session_id":"b"}"#,
        "\n"
    );
    check(cleared, "a");
    assert_eq!(read(cleared.as_bytes()).others, ["b"]);
    check(&format!("{cleared}{}", r#"{"type":"system","subtype":"init","session_id":"b"}"#), "b");
}

#[test]
fn each_place_tells_and_the_best_one_wins_wherever_it_stands() {
    let (top, message, metadata) =
        (r#"{"session_id": "t"}"#, r#"{"message": {"session_id": "m"}}"#, r#"{"metadata": {"session_id": "d"}}"#);
    let place = |output: &str| told(output).map(|(id, place, _)| (id, place));
    assert_eq!(place(top), Some(("t".to_owned(), "session_id")));
    assert_eq!(place(message), Some(("m".to_owned(), "message.session_id")));
    assert_eq!(place(metadata), Some(("d".to_owned(), "metadata.session_id")));
    for lines in [[top, message, metadata], [metadata, message, top], [message, top, metadata]] {
        check(&lines.join("\n"), "t");
        let output = read(lines.join("\n").as_bytes());
        assert_eq!((output.others.len(), output.lines, output.skipped), (2, 3, 0));
    }
    assert_eq!(place(&format!("{metadata}\n{message}")), Some(("m".to_owned(), "message.session_id")));
    assert_eq!(place(r#"{"metadata": {"session_id": "d"}, "message": {"session_id": "m"}, "session_id": "t"}"#).unwrap().0, "t");
}

#[test]
fn what_looks_like_an_id_elsewhere_is_none() {
    for output in [
        "",
        "{}",
        "[]",
        "\n\n",
        r#"{"message": "session_id", "metadata": ["session_id", "x"]}"#,
        r#"{"text": "{\"session_id\": \"x\"}"}"#,
        r#"{"message": {"content": [{"session_id": "x"}]}}"#,
        r#"{"message": [{"session_id": "x"}]}"#,
        r#"{"result": {"session_id": "x"}}"#,
        r#"{"new_conversation_id": "x"}"#,
        r#"{"session_id": 7}"#,
        r#"{"session_id": null}"#,
        r#"{"session_id": {"session_id": "x"}}"#,
        r#"{"session_id": "../x"}"#,
        r#"{"session_id": "-rf"}"#,
        r#"{"session_id": ""}"#,
        r#"{"session_id": "a b"}"#,
    ] {
        assert_eq!(told(output), None, "{output}");
    }
    check(r#"{"session\u005fid": "\u0061b", "type": "x"}"#, "ab");
}

#[test]
fn lines_that_are_no_object_are_counted_and_passed_over() {
    let check = |output: &str, id: &str, lines: u64, skipped: u64| {
        let read = read(output.as_bytes());
        let told = read.told.map(|told| told.id).unwrap_or_default();
        assert_eq!((told.as_str(), read.lines, read.skipped), (id, lines, skipped), "{output}");
    };
    let good = r#"{"session_id": "good"}"#;
    for bad in
        ["npm WARN old", "7", "\"session_id\"", "{session_id: 1}", "{\"session_id\" \"x\"}", "}{", "{\"a\": [1}", "{\"a\": ?}", "\u{7f}"]
    {
        check(&format!("{bad}\n{good}\n"), "good", 2, 1);
        check(&format!("{good}\n{bad}\n{good}"), "good", 3, 1);
    }
    for cut in [
        r#"{"session_id": "cu"#,
        r#"{"session_id": "cut""#,
        r#"{"session_id": "cut","#,
        r#"{"session_id":"#,
        "{",
        r#"{"a":[{"b":1}"#,
        r#"{"a":1"#,
    ] {
        check(&format!("{good}\n{cut}"), "good", 2, 1);
        check(&format!("{cut}\n{good}\n"), "good", 2, 1);
        check(&format!("{cut}\r\n{good}\r\n"), "good", 2, 1);
    }
}

#[test]
fn an_array_an_indented_object_and_objects_side_by_side_are_read_alike() {
    check(r#"[{"session_id": "a"}, {"session_id": "b"}]"#, "b");
    check("[\n{\"session_id\": \"a\"},\n{\"session_id\": \"b\"}\n]", "b");
    check("[\n  {\n    \"session_id\": \"a\",\n    \"list\": [\n      {\"x\": 1}\n    ]\n  }\n]\n", "a");
    check("{\n\"list\": [\n{\n\"x\": 1\n}\n],\n\"session_id\": \"a\"\n}", "a");
    check(r#"{"session_id": "a"}{"session_id": "b"}"#, "b");
    check("\u{feff}{\"session_id\": \"a\"}\r\n", "a");
    check(r#"{"x": [-1.5e+3, true, false, null, [], {}], "session_id": "a"}"#, "a");
}

#[test]
fn a_gibibyte_without_a_line_feed_is_no_trouble_and_what_comes_behind_is_read() {
    let letters = vec![b'x'; 1 << 20];
    let mut reader = OutputReader::default();
    reader.push(br#"{"text": ""#);
    (0..1_024).for_each(|_| reader.push(&letters));
    reader.push(b"\", \"session_id\": \"a\"}\n");
    let output = reader.finish();
    assert_eq!((output.told.unwrap().id.as_str(), output.lines, output.skipped), ("a", 1, 0));
}

#[test]
fn any_number_of_ids_brackets_and_keys_takes_little_memory() {
    let mut reader = OutputReader::default();
    for number in 0..5_000 {
        reader.push(format!("{{\"session_id\": \"id-{number}\"}}\n").as_bytes());
    }
    reader.push(&[b"{\"a\":".as_slice(), &[b'['; 1 << 20], b"\n"].concat());
    reader.push(&[b"{\"session_id".as_slice(), &[b'x'; 1 << 20], b"\": 1, \"session_id\": \"", &[b'y'; 1 << 20], b"\"}\n"].concat());
    let output = reader.finish();
    assert_eq!((output.told.unwrap().id.as_str(), output.others.len()), ("id-4999", 1_000));
    assert_eq!((output.lines, output.skipped), (5_002, 1));
}

/// Lines as they may come: whole, of other programs, cut.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let line = prop_oneof![
        "[a-c]".prop_map(|id| format!(r#"{{"type":"assistant","session_id":"{id}"}}"#)),
        "[d-f]".prop_map(|id| format!(r#"{{"subtype":"hook_started","session_id":"{id}"}}"#)),
        "[g-i]".prop_map(|id| format!(r#"{{"message":{{"session_id":"{id}"}}}}"#)),
        "[^\n]{0,12}",
        ("[a-c]", 0_usize..40)
            .prop_map(|(id, cut)| format!(r#"{{"type":"x","session_id":"{id}","y":[1,"é"]}}"#).chars().take(cut).collect()),
    ];
    proptest::collection::vec(line, 0..12)
}

proptest! {
    #[test]
    fn it_does_not_matter_in_which_pieces_output_comes(lines in lines(), sizes in proptest::collection::vec(1_usize..9, 1..40)) {
        let output = lines.join("\n").into_bytes();
        let mut reader = OutputReader::default();
        let (mut rest, mut sizes) = (output.as_slice(), sizes.into_iter().cycle());
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
            reader.push(piece);
            rest = behind;
        }
        prop_assert_eq!(reader.finish(), read(&output));
    }

    #[test]
    fn whole_lines_alone_tell_what_a_parser_of_each_line_would(lines in lines()) {
        let whole: Vec<_> = lines.iter().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()).collect();
        let objects = whole.iter().filter(|value| value.is_object());
        let id = |value: &serde_json::Value| value["session_id"].as_str().map(str::to_owned);
        let expected = objects.filter(|value| value["subtype"].is_null()).filter_map(id).next_back();
        let told = read(lines.join("\n").as_bytes()).told.filter(|told| told.place == Place::Top && !told.is_early);
        prop_assert_eq!(told.map(|told| told.id), expected);
    }
}
