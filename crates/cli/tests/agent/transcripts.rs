//! What the transcripts say that the agent left behind, held against its hooks and against what its model was asked and answered: turns, tool
//! calls, tokens.
//!
//! Where they differ there is a reason. All reasons are named here, and each is recognised by what nothing else leaves behind; what differs
//! without one fails.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use testkit::{Exchange, Kind, wait_for};

use crate::stage::{SOON, Stage};
use crate::truth::{blocks, text};

/// Why a prompt that a hook reported begins no turn that somebody typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum NoTurn {
    /// The agent asks itself: a task in the background has ended.
    NobodyTyped,
    /// It was typed while a turn went on, and belongs to that: it is kept as something attached, without a record of its own.
    Queued,
}

/// Why tokens that were sent are not in a transcript, or not as they were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unwritten {
    /// The summary of a compaction: only its text is kept.
    Summary,
    /// The agent was killed while it was sent: what had come is not written before all has.
    Killed,
    /// A person interrupted it: what had come is written with the figures of its beginning.
    Interrupted,
}

/// Input, output, written to and read from a cache.
pub(crate) type Tokens = [u64; 4];

pub(crate) const NO_TOKENS: Tokens = [0; 4];

/// The conversation and the words of a prompt.
type Prompt = (String, String);

/// What is written of a response: its tokens, and whether it says that it is complete.
type Written = (Tokens, bool);

impl Stage {
    /// Compares transcripts with hooks and with the ledger of the model's stand-in, and what `rutter` says of all of them.
    #[track_caller]
    pub(crate) fn compare_transcripts(&self) {
        self.compare_prompts();
        self.compare_outcomes();
        self.compare_tokens();
        // Hooks know everything that transcripts tell of: there is nothing to be taken in.
        let indexed = self.objects(["index"]).remove(0);
        assert_eq!((&indexed["sessions"], &indexed["broken_lines"]), (&0.into(), &0.into()), "{indexed}");
    }

    /// The records of each transcript.
    fn transcripts(&self) -> Vec<(String, Vec<Value>)> {
        let files = self.home.transcript_files().into_iter().map(|file| file.to_string_lossy().into_owned());
        files.map(|file| (file.clone(), self.home.transcript(&file))).collect()
    }

    /// The turns of all sessions, as hooks told of them.
    fn turns(&self) -> Vec<Value> {
        self.sessions().iter().flat_map(|session| self.timeline(session)).collect()
    }

    /// The records of each transcript, as soon as every prompt is among them that a hook reported: the agent writes when it comes to it, also one that has
    /// ended its turn.
    fn written_transcripts(&self) -> Vec<(String, Vec<Value>)> {
        let payloads = self.home.payloads();
        let reported = || payloads.iter().filter(|payload| payload["hook_event_name"] == "UserPromptSubmit");
        wait_for("every prompt that a hook reported to be in a transcript", SOON, || {
            let transcripts = self.transcripts();
            let kinds: [fn(&Value) -> bool; 3] = [is_typed, is_notification, is_queued];
            let mut all: Vec<_> = kinds.into_iter().flat_map(|is_it| prompts(&transcripts, is_it)).collect();
            let is_there = reported().all(|payload| take(&mut all, &(text(&payload["session_id"]), text(&payload["prompt"]))));
            is_there.then_some(transcripts)
        })
    }

    /// Every prompt that a hook reported is a turn, and every turn was reported.
    #[track_caller]
    fn compare_prompts(&self) {
        let transcripts = self.written_transcripts();
        let said = |is_it| prompts(&transcripts, is_it);
        let (mut typed, mut untyped, mut queued) = (said(is_typed), said(is_notification), said(is_queued));
        let (mut begun, mut reasons) = (Vec::new(), Vec::new());
        for payload in self.home.payloads().iter().filter(|payload| payload["hook_event_name"] == "UserPromptSubmit") {
            let prompt = (text(&payload["session_id"]), text(&payload["prompt"]));
            if take(&mut typed, &prompt) {
                begun.push(prompt.0);
            } else if take(&mut untyped, &prompt) {
                begun.push(prompt.0);
                reasons.push(NoTurn::NobodyTyped);
            } else if take(&mut queued, &prompt) {
                reasons.push(NoTurn::Queued);
            } else {
                panic!("no transcript has {prompt:?}");
            }
        }
        assert_eq!((typed, untyped, queued), (Vec::new(), Vec::new(), Vec::new()), "turns that no hook reported");
        tell("prompts that are no typed turns", &reasons);
        let turns = self.turns().into_iter().filter(|turn| turn["prompt_id"].is_string());
        assert_eq!(counted(turns.map(|turn| text(&turn["agent_session"]))), counted(begun.into_iter()), "turns of each conversation");
        self.compare_readings(&transcripts);
    }

    /// What `rutter` finds in a transcript by itself is what the agent calls so.
    #[track_caller]
    fn compare_readings(&self, transcripts: &[(String, Vec<Value>)]) {
        if transcripts.is_empty() {
            return;
        }
        let files = transcripts.iter().map(|(file, _)| file.as_str());
        let views = self.objects(std::iter::once("transcript").chain(files));
        for (view, (file, records)) in views.iter().zip(transcripts) {
            let count = |is_it: fn(&Value) -> bool| records.iter().filter(|record| is_it(record)).count();
            let said = ["turns", "task_notifications", "synthetic_messages"].map(|key| view[key].as_u64().unwrap() as usize);
            assert_eq!(said, [count(is_typed), count(is_notification), count(is_synthetic)], "{file}");
        }
    }

    /// Every call that hooks know is in a transcript, comes out as it says there, and counts once.
    #[track_caller]
    fn compare_outcomes(&self) {
        let mut records: Vec<_> = self.transcripts().into_iter().flat_map(|(_, records)| records).collect();
        // Others repeat what was sent to the model.
        records.retain(|record| record["type"] == "user" || record["type"] == "assistant");
        let made: BTreeSet<_> =
            records.iter().flat_map(blocks).filter(|block| block["type"] == "tool_use").map(|block| text(&block["id"])).collect();
        let heard: Vec<_> = self.turns().iter().flat_map(|turn| turn["tool_calls"].as_array().unwrap().clone()).collect();
        assert_eq!(heard.iter().map(|call| text(&call["id"])).collect::<BTreeSet<_>>(), made, "calls of hooks, calls of transcripts");
        let answers = answers(&records);
        let outcomes = heard.iter().map(|call| outcome(&text(&call["outcome"]), answers.get(&text(&call["id"])), call));
        let expected = counted(outcomes.map(str::to_owned));
        let total = self.objects(["tools", "--all-projects"]).remove(0)["total"].clone();
        let said = ["succeeded", "failed", "refused", "unfinished"].map(|key| (key.to_owned(), total[key].as_u64().unwrap() as usize));
        assert_eq!(said.into_iter().filter(|(_, count)| *count > 0).collect::<BTreeMap<_, _>>(), expected, "{total}");
        assert_eq!(total["calls"], made.len());
    }

    /// Every token that was sent is counted once, unless there is a reason.
    #[track_caller]
    fn compare_tokens(&self) {
        let mut written = BTreeMap::new();
        self.transcripts().iter().flat_map(|(_, records)| records).for_each(|record| note(&mut written, record));
        let (mut sum, mut unfinished, mut responses, mut reasons) = (NO_TOKENS, 0, 0, Vec::new());
        for exchange in self.api.exchanges() {
            let Some(message) = exchange.message_id.clone() else { continue };
            let held = written.remove(&message);
            reasons.extend(reason(&exchange, held));
            if let Some((tokens, is_complete)) = held {
                add(&mut sum, tokens);
                responses += 1;
                unfinished += u64::from(!is_complete);
            }
        }
        assert_eq!(written, BTreeMap::new(), "responses that nobody sent");
        tell("responses that are not written, or not as they were sent", &reasons);
        let total = self.objects(["usage", "--all-projects"]).pop().unwrap();
        let said = ["input", "output", "cache_write", "cache_read"].map(|key| total[key].as_u64().unwrap());
        assert_eq!((said, &total["responses"], &total["unfinished"]), (sum, &responses.into(), &unfinished.into()), "{total:#}");
    }
}

/// Why a response is not in a transcript as it was sent; none where it is.
#[track_caller]
fn reason(exchange: &Exchange, held: Option<Written>) -> Option<Unwritten> {
    let sent = tokens_of(&exchange.usage);
    let [input, _, written, read] = sent;
    match (&exchange.kind, exchange.is_complete, held) {
        (Kind::Turn { .. }, true, Some(held)) if held == (sent, true) => None,
        (Kind::Compaction, _, None) => Some(Unwritten::Summary),
        (Kind::Turn { .. }, false, None) => Some(Unwritten::Killed),
        (Kind::Turn { .. }, false, Some(held)) if held == ([input, 1, written, read], false) => Some(Unwritten::Interrupted),
        _ => panic!("written is {held:?} of {exchange:#?}"),
    }
}

/// Notes the tokens of a response; its records all say the same.
#[track_caller]
fn note(written: &mut BTreeMap<String, Written>, record: &Value) {
    if record["type"] != "assistant" || is_synthetic(record) {
        return;
    }
    let message = &record["message"];
    let said = (tokens_of(&message["usage"]), message["stop_reason"].is_string());
    let held = written.entry(text(&message["id"])).or_insert(said);
    assert_eq!(*held, said, "{record:#}");
}

/// How a call came out, of what a hook says and of what came back.
#[track_caller]
fn outcome(heard: &str, answer: Option<&(bool, Option<String>)>, call: &Value) -> &'static str {
    let answer = answer.map(|(is_error, denial)| (*is_error, denial.as_deref()));
    match (heard, answer) {
        ("succeeded", Some((false, None))) => "succeeded",
        ("failed", Some((true, None))) => "failed",
        // A hook told of what was refused, or of the batch in which it was.
        ("refused", Some((true, _))) => "refused",
        // The agent was killed: it could write nothing, and said so when it was started again.
        ("unfinished", None | Some((true, Some("interrupted")))) => "unfinished",
        // No hook tells of a person's no, nor of one who interrupts.
        ("unfinished", Some((true, Some("user-rejected")))) => "refused",
        // The agent was told to end, and so was the command: no hook tells of its failure any more.
        ("unfinished", Some((true, None))) => "failed",
        _ => panic!("{answer:?} came back of {call:#}"),
    }
}

/// What came back from each call: whether it is an error, and how it was refused.
fn answers(records: &[Value]) -> BTreeMap<String, (bool, Option<String>)> {
    let of = |record: &Value| {
        let denial = record["toolDenialKind"].as_str().map(str::to_owned);
        let results = blocks(record).into_iter().filter(|block| block["type"] == "tool_result");
        results.map(|block| (text(&block["tool_use_id"]), (block["is_error"] == true, denial.clone()))).collect::<Vec<_>>()
    };
    records.iter().flat_map(of).collect()
}

/// The prompts of a kind. One that a fork took over is one with its original: what hooks said of it may have been said of either.
fn prompts(transcripts: &[(String, Vec<Value>)], is_it: fn(&Value) -> bool) -> Vec<Vec<Prompt>> {
    let mut by_record: BTreeMap<String, Vec<Prompt>> = BTreeMap::new();
    for record in transcripts.iter().flat_map(|(_, records)| records).filter(|record| is_it(record)) {
        by_record.entry(text(&record["uuid"])).or_default().push(prompt_of(record));
    }
    let mut prompts: Vec<_> = by_record.into_values().collect();
    // What only one conversation has is its own.
    prompts.sort_by_key(Vec::len);
    prompts
}

/// A turn, as the agent itself calls it: somebody typed it, or it came with `-p`.
fn is_typed(record: &Value) -> bool {
    record["type"] == "user" && (record["promptSource"] == "typed" || record["promptSource"] == "sdk")
}

fn is_notification(record: &Value) -> bool {
    record["type"] == "user" && record["origin"]["kind"] == "task-notification"
}

fn is_queued(record: &Value) -> bool {
    record["attachment"]["type"] == "queued_command"
}

/// The agent speaks in its model's place.
fn is_synthetic(record: &Value) -> bool {
    record["type"] == "assistant" && record["message"]["model"] == "<synthetic>"
}

fn prompt_of(record: &Value) -> Prompt {
    let content = &record["message"]["content"];
    let words = content.as_str().or_else(|| record["attachment"]["prompt"].as_str()).map(str::to_owned);
    let in_blocks = || blocks(record).iter().filter_map(|block| block["text"].as_str()).collect::<String>();
    (text(&record["sessionId"]), words.unwrap_or_else(in_blocks))
}

pub(crate) fn tokens_of(usage: &Value) -> Tokens {
    let names = ["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
    names.map(|name| usage[name].as_u64().unwrap_or_else(|| panic!("no {name}: {usage}")))
}

pub(crate) fn add(sum: &mut Tokens, tokens: Tokens) {
    sum.iter_mut().zip(tokens).for_each(|(sum, tokens)| *sum += tokens);
}

fn take(held: &mut Vec<Vec<Prompt>>, wanted: &Prompt) -> bool {
    let place = held.iter().position(|each| each.contains(wanted));
    place.map(|place| held.remove(place)).is_some()
}

fn counted(all: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    all.for_each(|each| *counts.entry(each).or_insert(0) += 1);
    counts
}

/// Reasons for whoever runs the tests with `--no-capture`.
#[expect(clippy::print_stderr, reason = "a reason that was found is worth a look")]
pub(crate) fn tell(what: &str, reasons: &[impl std::fmt::Debug]) {
    if !reasons.is_empty() {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        eprintln!("{test}: {what}: {reasons:?}");
    }
}
