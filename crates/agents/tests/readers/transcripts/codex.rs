//! What Codex writes: captures of three generations, and files as older clients and resumed ones left them.

use agents::transcript_id;
use agents::transcripts::{Agent, Carried, Pass};
use serde_json::{Value, json};
use session::transcript::{EditKind, Facts, Refusal, TitleKind};

use super::{captures_of, contents, ledger, names, read, sum};

fn pass(bytes: &[u8]) -> Pass {
    read(Agent::Codex, bytes, &Carried::default())
}

fn capture(ending: &str) -> Facts {
    let (_, bytes) = captures_of(Agent::Codex).into_iter().find(|(name, _)| name.ends_with(&format!("{ending}.jsonl"))).unwrap();
    let pass = pass(&bytes);
    assert_eq!((pass.length, pass.unfinished), (bytes.len() as u64, 0), "{ending}");
    assert_eq!((pass.facts.counts.broken, pass.facts.counts.too_long), (0, 0), "{ending}");
    pass.facts
}

fn check(ending: &str, wanted: &str) -> Facts {
    let facts = capture(ending);
    assert_eq!(sum([&facts]), wanted, "{ending}");
    assert!(facts.responses.iter().all(|response| response.is_final && facts.name(response.model) == Some("fake-model")));
    facts
}

/// Tool, first line of what it is about, whether it failed.
fn calls(facts: &Facts) -> Vec<(&str, &str, bool)> {
    super::calls(facts).into_iter().map(|call| (call.0, call.1.lines().next().unwrap_or(""), call.3)).collect()
}

fn edits(facts: &Facts) -> Vec<(EditKind, &str)> {
    facts.edits.iter().map(|edit| (edit.kind, facts.name(edit.file).unwrap())).collect()
}

#[test]
fn a_run_of_0_169_that_was_resumed_is_two_turns_and_five_responses() {
    let facts = check("e3a29f", "2 turns, 5 responses of 2384+218+0+4096 (35)");
    assert_eq!(names(&facts, &facts.cwds), ["/home/dev/demo"]);
    assert_eq!((names(&facts, &facts.branches), names(&facts, &facts.versions)), (vec!["main"], vec!["0.169.0"]));
    let id = "01a1f855-7d9a-7770-bcea-54c469e3a29f";
    assert_eq!(facts.conversations.iter().map(|(name, rows)| (facts.name(*name).unwrap(), *rows)).collect::<Vec<_>>(), [(id, 43)]);
    assert_eq!(
        calls(&facts),
        [
            ("exec_command", "ls -1 && cat README.md", false),
            ("exec_command", "apply_patch <<'EOF'", false),
            ("exec_command", "cat missing-file; exit 3", true)
        ]
    );
    assert_eq!(edits(&facts), [(EditKind::Add, "hello.txt"), (EditKind::Update, "README.md")]);
    let title = facts.titles.iter().find(|title| title.kind == TitleKind::Prompt).unwrap();
    assert_eq!((facts.titles.len(), facts.name(title.text)), (1, Some("please edit the project, naïve café ☕")));
    let first = &facts.turns[0];
    assert_eq!(first.prompt, transcript_id("01a1f855-7db5-7923-8711-3503ef099725"));
    assert_eq!(facts.responses[0].message, transcript_id("resp_e3a29f_001"));
    assert!(facts.origins.is_empty() && facts.turns.iter().all(|turn| !turn.is_copied));
    assert!(facts.answers.iter().all(|answer| answer.duration_ms.is_some()));
}

#[test]
fn a_fork_of_0_169_has_what_it_used_itself_whatever_its_running_total_says() {
    let facts = check("53988c", "1 turns, 3 responses of 1108+138+0+3072 (21)");
    assert_eq!(names(&facts, &facts.origins), ["01a1f855-7d9a-7770-bcea-54c469e3a29f"]);
    assert!(facts.responses.iter().all(|response| !response.is_copied && !response.is_sidechain));
    assert_eq!(calls(&facts).iter().map(|call| call.2).collect::<Vec<_>>(), [false, true], "its patch fails");
    assert_eq!(sum([&facts, &capture("e3a29f")]), "3 turns, 8 responses of 3492+356+0+7168 (56)");
}

#[test]
fn a_compaction_of_0_169_is_a_response_and_no_turn() {
    let facts = check("a5bfad", "1 turns, 3 responses of 2756+127+0+1024 (21)");
    assert_eq!(facts.compactions.len(), 1);
}

#[test]
fn a_sub_agent_of_0_169_is_its_parents() {
    let (parent, child) =
        (check("6a84bd", "1 turns, 3 responses of 1762+129+0+2048 (21)"), check("e50766", "0 turns, 1 responses of 1240+42+0+0 (7)"));
    let say = |facts: &Facts, name| facts.name(name).unwrap_or("-").to_owned();
    let [response] = child.responses[..] else { panic!("{:?}", child.responses) };
    assert_eq!(say(&child, response.conversation), say(&parent, parent.responses[0].conversation));
    assert_eq!(say(&child, response.subagent), "01a1f856-4e64-73f1-b541-f6f791e50766");
    assert!(response.is_sidechain && child.counts.sidechain == child.counts.lines && child.titles.is_empty());
    assert_eq!((parent.counts.sidechain, say(&parent, parent.responses[0].subagent)), (0, "-".to_owned()));
    assert_eq!(calls(&parent).iter().map(|call| call.0).collect::<Vec<_>>(), ["spawn_agent", "wait_agent"]);
    assert_eq!(sum([&parent, &child]), "1 turns, 4 responses of 3002+171+0+2048 (28)");
}

#[test]
fn a_session_of_0_169_that_a_person_compacted_is_two_turns() {
    let facts = check("b1b9ba", "2 turns, 3 responses of 3760+126+0+0 (21)");
    assert_eq!(facts.compactions.len(), 1);
}

#[test]
fn one_answer_without_a_tool_is_one_response() {
    for ending in ["e1934e", "997408"] {
        let facts = check(ending, "1 turns, 1 responses of 1240+42+0+0 (7)");
        assert!(facts.calls.is_empty() && facts.answers.is_empty());
    }
}

#[test]
fn a_run_of_0_130_that_was_resumed_and_compacted_counts_each_response_once() {
    let facts = check("1eaf90", "2 turns, 7 responses of 4854+300+0+4096 (49)");
    assert_eq!(facts.compactions.len(), 2);
    assert_eq!(edits(&facts), [(EditKind::Add, "hello.txt"), (EditKind::Update, "README.md")]);
    assert!(facts.turns.iter().all(|turn| turn.prompt != 0) && facts.answers.iter().all(|answer| !answer.is_error));
}

#[test]
fn a_run_of_0_77_whose_total_begins_again_counts_each_response_once() {
    let facts = check("cdf441", "2 turns, 6 responses of 3654+260+0+4096 (42)");
    assert_eq!(facts.compactions.len(), 1);
    assert_eq!(
        calls(&facts),
        [("shell", "ls -1 && cat README.md", false), ("shell", "apply_patch <<'EOF'", false), ("shell", "ls -1 && cat README.md", false)]
    );
    assert_eq!(edits(&facts), [(EditKind::Add, "hello.txt"), (EditKind::Update, "README.md")]);
}

#[test]
fn all_captures_together_hold_every_token_once() {
    let captures: Vec<_> = captures_of(Agent::Codex).into_iter().filter(|(name, _)| !name.starts_with("made/")).collect();
    let facts: Vec<Facts> = captures.iter().map(|(_, bytes)| pass(bytes).facts).collect();
    assert_eq!((facts.len(), sum(&facts)), (10, "13 turns, 33 responses of 23998+1424+0+18432 (231)".to_owned()));
}

/// Rows that are a file: each a second after the one before, unless it is copied.
struct Rollout {
    rows: Vec<Value>,
    at: i64,
}

impl Rollout {
    fn new(id: &str) -> Self {
        let mut rollout = Self { rows: Vec::new(), at: 0 };
        rollout.meta(json!({ "id": id, "cwd": "/p", "cli_version": "0.36.0", "git": { "branch": "main" } }));
        rollout.row("turn_context", json!({ "cwd": "/p", "model": "m" }));
        rollout
    }

    fn row(&mut self, kind: &str, payload: Value) -> &mut Self {
        self.at += 5_000;
        let at = format!("2026-01-01T00:{:02}:{:02}.{:03}Z", self.at / 60_000, self.at / 1_000 % 60, self.at % 1_000);
        self.rows.push(json!({ "timestamp": at, "type": kind, "payload": payload }));
        self
    }

    fn meta(&mut self, payload: Value) -> &mut Self {
        self.row("session_meta", payload)
    }

    fn event(&mut self, kind: &str, mut payload: Value) -> &mut Self {
        payload["type"] = json!(kind);
        self.row("event_msg", payload)
    }

    fn item(&mut self, kind: &str, mut payload: Value) -> &mut Self {
        payload["type"] = json!(kind);
        self.row("response_item", payload)
    }

    fn prompt(&mut self, text: &str) -> &mut Self {
        self.event("user_message", json!({ "message": text, "kind": "plain" }))
    }

    /// Writes a count, of input and output: the total, and what the last response used.
    fn count(&mut self, total: (u64, u64), last: (u64, u64)) -> &mut Self {
        let tokens = |(input, output): (u64, u64)| json!({ "input_tokens": input, "output_tokens": output });
        self.event("token_count", json!({ "info": { "total_token_usage": tokens(total), "last_token_usage": tokens(last) } }))
    }

    fn record(&mut self, id: &str, total: (u64, u64), used: (u64, u64)) -> &mut Self {
        let tokens = |(input, output): (u64, u64)| json!({ "input_tokens": input, "output_tokens": output });
        self.row("token_usage_record", json!({ "response_id": id, "usage": tokens(used), "thread_token_usage": tokens(total) }))
    }

    fn nothing_counted(&mut self) -> &mut Self {
        self.event("token_count", json!({ "info": null }))
    }

    /// Begins a file with the rows of another one, all written at once.
    fn resumed(id: &str, from: &Self) -> Self {
        let mut rollout = Self { rows: Vec::new(), at: from.at + 60_000 };
        rollout.meta(json!({ "id": id, "cwd": "/p", "cli_version": "0.36.0" }));
        let mut copies = Self { rows: Vec::new(), at: rollout.at + 1_000 };
        for (place, row) in from.rows.iter().enumerate() {
            copies.at = rollout.at + 1_000 + place as i64 - 5_000;
            copies.row(row["type"].as_str().unwrap(), row["payload"].clone());
        }
        rollout.rows.extend(copies.rows);
        rollout.at += 10_000;
        rollout
    }

    fn bytes(&self) -> Vec<u8> {
        self.rows.iter().flat_map(|row| format!("{row}\n").into_bytes()).collect()
    }

    fn facts(&self) -> Facts {
        let facts = pass(&self.bytes()).facts;
        assert_eq!((facts.counts.lines, facts.counts.broken), (self.rows.len() as u64, 0));
        facts
    }
}

fn original() -> Rollout {
    let mut original = Rollout::new("a");
    original.prompt("go").count((10, 1), (10, 1)).count((10, 1), (10, 1)).count((25, 3), (15, 2));
    original.item("function_call", json!({ "name": "shell", "call_id": "c1", "arguments": "{\"command\":[\"ls\",\"-l\"]}" }));
    original.prompt("on").count((45, 6), (20, 3));
    original
}

/// The original resumed, and that one resumed again, as 0.36 did it.
fn chain() -> [Rollout; 3] {
    let original = original();
    let mut second = Rollout::resumed("b", &original);
    second.prompt("go").count((30, 4), (30, 4)).count((30, 4), (30, 4)).count((65, 9), (35, 5));
    let mut third = Rollout::resumed("c", &second);
    third.prompt("go").count((40, 6), (40, 6));
    [original, second, third]
}

/// Files that no capture is like, for whoever wants many.
pub(super) fn made() -> Vec<(String, Vec<u8>)> {
    let files = chain().into_iter().chain([mixed()]).enumerate();
    files.map(|(number, file)| (format!("made/{number}.jsonl"), file.bytes())).collect()
}

/// A file that clients of several generations went on with.
fn mixed() -> Rollout {
    let mut mixed = Rollout::new("m");
    mixed.prompt("go").count((10, 1), (10, 1)).nothing_counted();
    // A newer client, with records and items.
    mixed.meta(json!({ "id": "m", "cwd": "/q", "cli_version": "0.169.0" })).event("task_started", json!({ "turn_id": "t2" }));
    mixed.event("item_completed", json!({ "turn_id": "t2", "item": { "type": "UserMessage", "id": "u2", "content": [{ "text": "go" }] } }));
    mixed.record("r1", (30, 3), (20, 2)).count((30, 3), (20, 2)).record("r2", (60, 6), (30, 3)).record("r3", (100, 10), (40, 4));
    mixed.count((60, 6), (30, 3)).count((100, 10), (40, 4)).count((100, 10), (40, 4));
    // An older one again, which knows nothing of records.
    mixed.prompt("go").count((150, 15), (50, 5));
    mixed
}

#[test]
fn rows_that_were_copied_count_once_with_their_originals_however_often() {
    let [first, second, third] = chain().map(|file| file.facts());
    assert_eq!(sum([&first]), "2 turns, 3 responses of 45+6+0+0 (0)");
    assert_eq!(sum([&second]), "3 turns, 5 responses of 110+15+0+0 (0)");
    assert_eq!(sum([&third]), "4 turns, 6 responses of 150+21+0+0 (0)");
    assert_eq!(sum([&first, &second]), sum([&second]));
    assert_eq!(contents(&ledger([&third, &first, &second])), contents(&ledger([&first, &second, &third])));
    assert_eq!(sum([&first, &second, &third]), sum([&third]));
}

#[test]
fn what_was_copied_belongs_to_the_original() {
    let [first, second, third] = chain().map(|file| file.facts());
    assert_eq!((names(&first, &first.origins), names(&second, &second.origins)), (vec![], vec!["a"]));
    assert_eq!(names(&third, &third.origins), ["b", "a"]);
    let copied = |facts: &Facts| facts.responses.iter().map(|response| response.is_copied).collect::<Vec<_>>();
    assert_eq!(copied(&second), [true, true, true, false, false]);
    assert_eq!(second.turns.iter().map(|turn| turn.is_copied).collect::<Vec<_>>(), [true, true, false]);
    let whose = |facts: &Facts| facts.responses.iter().map(|each| facts.name(each.conversation).unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(whose(&second), ["a", "a", "a", "b", "b"]);
    let together = ledger([&second, &first]);
    assert_eq!(together.responses().filter(|response| response.is_copied).count(), 0);
    assert_eq!((together.calls().count(), together.turns().filter(|turn| turn.is_copied).count()), (1, 0));
}

#[test]
fn a_client_that_begins_to_count_again_is_not_taken_for_a_repetition() {
    // The first response after the resume used exactly what the first one did.
    let mut file = Rollout::new("a");
    file.prompt("go").count((10, 1), (10, 1)).nothing_counted().count((10, 1), (10, 1)).count((10, 1), (10, 1));
    assert_eq!(sum([&file.facts()]), "1 turns, 2 responses of 20+2+0+0 (0)");
    // One whose first response is greater than all before.
    let mut file = Rollout::new("a");
    file.count((10, 1), (10, 1)).count((30, 3), (30, 3)).count((31, 4), (1, 1)).count((2, 1), (2, 1));
    assert_eq!(sum([&file.facts()]), "0 turns, 4 responses of 43+6+0+0 (0)");
}

#[test]
fn limits_alone_say_nothing_and_a_total_without_a_last_response_says_the_difference() {
    let mut file = Rollout::new("a");
    file.nothing_counted().count((10, 1), (10, 1)).nothing_counted().count((10, 1), (0, 0)).count((10, 1), (10, 1));
    assert_eq!(file.facts().responses.len(), 2);
    let mut file = Rollout::new("a");
    file.count((10, 1), (10, 1));
    file.event("token_count", json!({ "info": { "total_token_usage": { "input_tokens": 17, "output_tokens": 3 } } }));
    assert_eq!(sum([&file.facts()]), "0 turns, 2 responses of 17+3+0+0 (0)");
    // A total that somebody put right is no response.
    let mut file = Rollout::new("a");
    file.count((10, 1), (10, 1)).count((12, 1), (0, 0));
    assert_eq!(file.facts().responses.len(), 1);
}

#[test]
fn records_and_counts_of_one_response_are_one_whichever_comes_first() {
    assert_eq!(sum([&mixed().facts()]), "3 turns, 5 responses of 150+15+0+0 (0)");
    let mut file = Rollout::new("a");
    file.count((10, 1), (10, 1)).record("r1", (10, 1), (10, 1)).record("r1", (10, 1), (10, 1)).count((10, 1), (10, 1));
    assert_eq!(sum([&file.facts()]), "0 turns, 1 responses of 10+1+0+0 (0)");
}

#[test]
fn the_model_and_the_place_are_those_in_force() {
    let mut file = Rollout::new("a");
    file.count((10, 1), (10, 1)).row("turn_context", json!({ "cwd": "/q", "model": "n" })).count((20, 2), (10, 1));
    let facts = file.facts();
    let said: Vec<_> =
        facts.responses.iter().map(|each| [each.model, each.cwd, each.branch].map(|name| facts.name(name).unwrap())).collect();
    assert_eq!(said, [["m", "/p", "main"], ["n", "/q", "main"]]);
    assert_eq!(names(&facts, &facts.cwds), ["/p", "/q"]);
}

#[test]
fn only_what_a_person_typed_is_a_turn() {
    let mut file = Rollout::new("a");
    file.item("message", json!({ "role": "user", "content": [{ "type": "input_text", "text": "<environment_context>" }] }));
    file.event("user_message", json!({ "message": "# AGENTS.md", "kind": "user_instructions" }));
    file.prompt("# Context from my IDE setup:\n\n## Open tabs\n- a.rs\n\n## My request for Codex:\ndo it\n");
    // Both generations tell of it.
    file.event(
        "item_completed",
        json!({ "item": { "type": "UserMessage", "id": "u", "content": [{ "type": "text", "text": "do that" }] } }),
    );
    file.prompt("do that").prompt("do that");
    let facts = file.facts();
    assert_eq!((facts.turns.len(), facts.name(facts.titles[0].text)), (3, Some("do it\n")));
    assert!(facts.turns[0].record != facts.turns[1].record && facts.turns[1].record != facts.turns[2].record);
}

#[test]
fn tools_of_every_generation_say_what_they_are_about() {
    let patch = "*** Begin Patch\n*** Update File: a.rs\n@@\n-x\n+y\n*** Add File: b.rs\n+z\n*** End Patch";
    let mut file = Rollout::new("a");
    let arguments = |value: Value| json!(value.to_string());
    file.item("custom_tool_call", json!({ "name": "apply_patch", "call_id": "c1", "input": patch }));
    file.item("function_call", json!({ "name": "apply_patch", "call_id": "c2", "arguments": arguments(json!({ "input": patch })) }));
    let command = arguments(json!({ "command": ["zsh", "-lc", "make test"], "workdir": "/w" }));
    file.item("function_call", json!({ "name": "shell", "call_id": "c3", "arguments": command }));
    file.item("function_call", json!({ "name": "shell_command", "call_id": "c4", "arguments": arguments(json!({ "command": "make" })) }));
    file.item("local_shell_call", json!({ "call_id": "c5", "action": { "type": "exec", "command": ["ls", "-l"] } }));
    file.item("function_call", json!({ "name": "write_stdin", "call_id": "c6", "arguments": arguments(json!({ "chars": "secret" })) }));
    file.item("function_call", json!({ "name": "exec_command", "call_id": "c7", "arguments": "{\"cmd\": \"cut" }));
    let facts = file.facts();
    let about: Vec<_> = calls(&facts).into_iter().map(|call| (call.0, call.1)).collect();
    assert_eq!(about[..2], [("apply_patch", "a.rs"); 2]);
    assert_eq!(
        about[2..],
        [("shell", "make test"), ("shell_command", "make"), ("local_shell", "ls -l"), ("write_stdin", ""), ("exec_command", "")]
    );
    assert_eq!(edits(&facts), [(EditKind::Update, "a.rs"), (EditKind::Add, "b.rs")].repeat(2));
    assert_eq!(facts.calls.iter().map(|call| facts.name(call.cwd).unwrap()).filter(|cwd| *cwd == "/w").count(), 1);
}

#[test]
fn what_was_refused_and_what_was_interrupted_says_so() {
    let mut file = Rollout::new("a");
    file.item("function_call_output", json!({ "call_id": "c1", "output": "exec command rejected by user" }));
    file.item("function_call_output", json!({ "call_id": "c2", "output": "aborted by user after 1.2s" }));
    file.item("function_call_output", json!({ "call_id": "c3", "output": [{ "type": "input_text", "text": "Exit code: 2" }] }));
    file.item("function_call_output", json!({ "call_id": "c4", "output": { "content": "no", "success": false } }));
    file.event("turn_aborted", json!({ "reason": "interrupted" }));
    let facts = file.facts();
    let said: Vec<_> = facts.answers.iter().map(|answer| (answer.is_error, answer.refusal)).collect();
    assert_eq!(said, [(true, Some(Refusal::Rejected)), (true, Some(Refusal::Interrupted)), (true, None), (true, None)]);
    assert_eq!(facts.counts.interrupts, 1);
}

#[test]
fn what_nobody_carried_on_is_no_state() {
    let bytes = original().bytes();
    let whole = pass(&bytes);
    for strange in [&b""[..], b"{}", b"\xff\x00", b"{\"version\":99,\"state\":{}}", &vec![b' '; 1 << 20], &whole.carried.as_bytes()[1..]] {
        let carried = Carried::from_bytes(strange.to_vec());
        assert!(!Agent::Codex.can_go_on(&carried), "{}", String::from_utf8_lossy(&strange[..strange.len().min(40)]));
        assert_eq!(read(Agent::Codex, &bytes, &carried).facts, whole.facts);
    }
    assert!(whole.carried.as_bytes().len() < 2_000 && Agent::Codex.can_go_on(&whole.carried));
}

#[test]
fn what_is_carried_on_is_bounded_whatever_a_file_says() {
    let mut file = Rollout::new(&"i".repeat(100_000));
    file.row("turn_context", json!({ "cwd": "c".repeat(1_000_000), "model": "\u{1}".repeat(1_000_000) }));
    for number in 1..200 {
        file.record(&format!("r{number}"), (number, number), (1, 1));
    }
    let pass = pass(&file.bytes());
    assert!(pass.carried.as_bytes().len() < 64 << 10, "{}", pass.carried.as_bytes().len());
    assert!(Agent::Codex.can_go_on(&pass.carried));
}
