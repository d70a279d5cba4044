//! Files by their paths: which there are, packed ones, ones that are too much.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use agents::TranscriptBuffers;
use agents::transcripts::{Agent, Carried, FileRead, Growth, Pass, Place, Wanted};
use session::transcript::Facts;

use super::{captures_of, read};

fn read_file(agent: Agent, path: &Path) -> std::io::Result<Vec<Pass>> {
    go_on(agent, path, None).map(|(passes, _)| passes)
}

fn go_on(agent: Agent, path: &Path, from: Option<&Place>) -> std::io::Result<(Vec<Pass>, FileRead)> {
    let mut passes = Vec::new();
    let mut take = |pass| passes.push(pass);
    let read = agent.read_file(path, from, Wanted::Everything, &mut TranscriptBuffers::default(), &|_| {}, &mut take)?;
    Ok((passes, read))
}

fn pack(bytes: &[u8], into: &Path) {
    fs::write(into, zstd::stream::encode_all(bytes, 3).unwrap()).unwrap();
}

#[test]
fn every_agent_is_known_by_its_name_and_none_by_another() {
    for agent in Agent::ALL {
        assert_eq!(Agent::of(agent.name()), Some(agent));
    }
    assert_eq!((Agent::of("claude"), Agent::of("")), (None, None));
}

#[test]
fn transcripts_are_where_the_agent_was_told_to_keep_them() {
    let roots = |agent: Agent, set: Option<(&str, &str)>| {
        let variable = |name: &str| set.filter(|(own, _)| *own == name).map(|(_, value)| OsString::from(value));
        agent.roots(Path::new("/home/ada"), &variable)
    };
    let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
    assert_eq!(roots(Agent::ClaudeCode, None), paths(&["/home/ada/.claude/projects"]));
    assert_eq!(roots(Agent::ClaudeCode, Some(("CLAUDE_CONFIG_DIR", "/c"))), paths(&["/c/projects"]));
    assert_eq!(roots(Agent::Codex, Some(("CODEX_HOME", ""))), paths(&["/home/ada/.codex/sessions", "/home/ada/.codex/archived_sessions"]));
    assert_eq!(roots(Agent::Codex, Some(("CODEX_HOME", "/c"))), paths(&["/c/sessions", "/c/archived_sessions"]));
    assert_eq!(roots(Agent::Gemini, None), paths(&["/home/ada/.gemini/tmp"]));
    assert_eq!(roots(Agent::Copilot, Some(("COPILOT_HOME", "/c"))), paths(&["/c/session-state"]));
}

#[test]
fn only_transcripts_are_found_and_no_link_is_followed() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let touch = |path: &str| {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), "").unwrap();
    };
    let found = |agent: Agent, below: &str| {
        let walked = agent.walk(&root.join(below), 2);
        let files = walked.files.iter().map(|file| file.path.strip_prefix(root.join(below)).unwrap().to_str().unwrap().to_owned());
        files.collect::<Vec<_>>()
    };
    for path in ["x/2026/11/20/rollout-a.jsonl", "x/2026/11/20/notes.jsonl", "x/rollout-b.jsonl.zst", "x/1/2/3/4/5/6/rollout-deep.jsonl"] {
        touch(path);
    }
    symlink(root.join("x/2026"), root.join("x/link")).unwrap();
    symlink(root.join("x/rollout-b.jsonl.zst"), root.join("x/rollout-c.jsonl.zst")).unwrap();
    assert_eq!(found(Agent::Codex, "x"), ["2026/11/20/rollout-a.jsonl", "rollout-b.jsonl.zst"]);
    for path in
        ["g/demo/chats/session-a.jsonl", "g/demo/chats/session-b.json", "g/demo/chats/a/b.jsonl", "g/demo/logs.json", "g/session-c.json"]
    {
        touch(path);
    }
    assert_eq!(found(Agent::Gemini, "g"), ["demo/chats/a/b.jsonl", "demo/chats/session-a.jsonl", "demo/chats/session-b.json"]);
    ["c/1/events.jsonl", "c/1/other.jsonl", "c/1/files/events.jsonl"].into_iter().for_each(touch);
    assert_eq!(found(Agent::Copilot, "c"), ["1/events.jsonl"]);
    assert!(Agent::Codex.walk(&root.join("nowhere"), 1).is_missing);
}

#[test]
fn a_file_is_known_by_what_stands_in_it_whatever_it_is_called() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("some.txt");
    let recognise = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        Agent::recognise(&path).unwrap()
    };
    for agent in [Agent::ClaudeCode, Agent::Codex, Agent::Gemini, Agent::Copilot] {
        for (name, bytes) in captures_of(agent) {
            assert_eq!(recognise(&bytes), agent, "{name}");
            // A first line that is cut off, as that of a file somebody shortened.
            assert_eq!(recognise(&[b"{\"cut", &b"\n"[..], &bytes].concat()), agent, "{name}");
        }
    }
    assert_eq!(recognise(&zstd::stream::encode_all(&b"{}"[..], 3).unwrap()), Agent::Codex);
    let pretty = "{\n  \"sessionId\": \"s\",\n  \"projectHash\": \"h\",\n  \"messages\": []\n}";
    assert_eq!(recognise(pretty.as_bytes()), Agent::Gemini);
    for unknown in [&b""[..], b"\0\0", b"words", b"{\"type\":\"user\",\"sessionId\":\"s\"}"] {
        assert_eq!(recognise(unknown), Agent::ClaudeCode);
    }
}

#[test]
fn a_packed_rollout_says_what_it_said_before() {
    let directory = tempfile::tempdir().unwrap();
    for (number, (name, bytes)) in captures_of(Agent::Codex).into_iter().enumerate() {
        let path = directory.path().join(format!("rollout-{number}.jsonl.zst"));
        pack(&bytes, &path);
        assert_eq!(Agent::Codex.growth(&path), Growth::Replaced);
        let passes = read_file(Agent::Codex, &path).unwrap();
        let plain = read(Agent::Codex, &bytes, &Carried::default());
        assert_eq!(passes.iter().map(|pass| &pass.facts).collect::<Vec<_>>(), [&plain.facts], "{name}");
    }
}

#[test]
fn a_long_file_comes_in_slices_that_say_what_the_whole_says() {
    let row = |number: usize| {
        let text = "x".repeat(1 << 20);
        let used = format!("{{\"input_tokens\":{number},\"output_tokens\":{number}}}");
        format!(
            "{{\"type\":\"event_msg\",\"payload\":{{\"type\":\"token_count\",\"x\":\"{text}\",\"info\":{{\"total_token_usage\":{used},\"last_token_usage\":{{\"input_tokens\":1,\"output_tokens\":1}}}}}}}}\n"
        )
    };
    let bytes: Vec<u8> = (1..41).flat_map(|number| row(number / 2).into_bytes()).collect();
    let directory = tempfile::tempdir().unwrap();
    let (plain, packed) = (directory.path().join("rollout-a.jsonl"), directory.path().join("rollout-a.jsonl.zst"));
    fs::write(&plain, &bytes).unwrap();
    pack(&bytes, &packed);
    let whole = read(Agent::Codex, &bytes, &Carried::default());
    for path in [plain, packed] {
        let passes = read_file(Agent::Codex, &path).unwrap();
        assert!((3..5).contains(&passes.len()), "{}", passes.len());
        assert_eq!(passes.iter().map(|pass| pass.length).sum::<u64>(), bytes.len() as u64);
        let facts = passes.into_iter().map(|pass| pass.facts).reduce(|mut whole, next: Facts| {
            whole.append(next);
            whole
        });
        assert_eq!(facts.unwrap().split_usage(), whole.facts.clone().split_usage());
    }
}

#[test]
fn a_file_goes_on_only_where_it_is_what_it_was_and_with_what_is_understood() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rollout-a.jsonl");
    let (_, bytes) = captures_of(Agent::Codex).remove(0);
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let (_, first) = go_on(Agent::Codex, &path, None).unwrap();
    assert!(!first.goes_on && first.place.bytes > 0);
    fs::write(&path, &bytes).unwrap();
    let check = |place: &Place, goes_on: bool| {
        let (passes, read) = go_on(Agent::Codex, &path, Some(place)).unwrap();
        let length = if goes_on { bytes.len() as u64 - place.bytes } else { bytes.len() as u64 };
        assert_eq!((read.goes_on, passes[0].length, read.place.bytes), (goes_on, length, bytes.len() as u64));
    };
    check(&first.place, true);
    check(&Place { carried: Carried::from_bytes(b"?".to_vec()), ..first.place.clone() }, false);
    check(&Place { mark: 1, ..first.place.clone() }, false);
    check(&Place { bytes: bytes.len() as u64 + 1, ..first.place }, false);
}

#[test]
fn a_bomb_is_refused_and_damage_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rollout-a.jsonl.zst");
    // A window that nobody needs: whoever packs so wants memory.
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(&[b' '; 64]).unwrap();
    fs::write(&path, encoder.finish().unwrap()).unwrap();
    assert!(read_file(Agent::Codex, &path).is_err());
    let (_, bytes) = captures_of(Agent::Codex).remove(0);
    let packed = zstd::stream::encode_all(&bytes[..], 3).unwrap();
    for strange in [&packed[..packed.len() / 2], &b"not packed"[..], &[&packed[..], b"more"].concat()] {
        fs::write(&path, strange).unwrap();
        assert!(read_file(Agent::Codex, &path).is_err());
    }
}

/// Five gigabytes in some hundred kilobytes.
#[test]
#[ignore = "half a minute"]
fn a_bomb_of_any_length_ends_in_bounded_memory() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rollout-a.jsonl.zst");
    let mut encoder = zstd::stream::write::Encoder::new(fs::File::create(&path).unwrap(), 1).unwrap();
    let block = vec![b' '; 1 << 20];
    (0..5 << 10).for_each(|_| encoder.write_all(&block).unwrap());
    encoder.finish().unwrap();
    let error = read_file(Agent::Codex, &path).unwrap_err();
    assert_eq!(error.to_string(), "it unpacks to too much");
}

#[test]
fn a_link_in_the_place_of_a_file_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rollout-a.jsonl");
    fs::write(directory.path().join("other"), "{}\n").unwrap();
    symlink(directory.path().join("other"), &path).unwrap();
    for agent in Agent::ALL {
        assert!(read_file(agent, &path).is_err(), "{agent:?}");
        assert!(read_file(agent, directory.path()).is_err(), "{agent:?}");
    }
}
