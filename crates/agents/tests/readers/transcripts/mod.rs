//! Transcripts: captured ones, those of older clients as they were, and what is left of them when something went wrong.
//!
//! | file | holds |
//! |---|---|
//! | `codex` | what Codex says, in files of every generation |
//! | `gemini`, `opencode`, `copilot` | what these say |
//! | `said` | what is said, in words, whoever the agent is |
//! | `whole` | files by their paths: packed ones, ones that are replaced, and where all of them are |
//! | `captured` | what Claude Code of the pinned version wrote, compared with a plain reader |
//! | `plain` | that reader |
//! | `generations` | records as clients of all generations wrote them |
//! | `passes` | files that grow, and are read in parts |
//! | `mutated` | lines that something happened to |
//! | `mutated_rows` | rows and files of opencode that something happened to |
//! | `long` | lines that are too long to be held |

mod captured;
mod codex;
mod copilot;
mod gemini;
mod generations;
mod long;
mod mutated;
mod mutated_rows;
mod opencode;
mod passes;
mod plain;
mod said;
mod whole;

use std::fs;
use std::path::{Path, PathBuf};

use agents::TranscriptBuffers;
use agents::transcripts::{Agent, Carried, Pass, Wanted};
use session::transcript::{Facts, Ledger, Name, Usage};

/// Reads a whole transcript of Claude Code.
fn pass(bytes: &[u8]) -> Pass {
    read(Agent::ClaudeCode, bytes, &Carried::default())
}

/// Reads a transcript from where a pass ended.
fn read(agent: Agent, mut bytes: &[u8], carried: &Carried) -> Pass {
    agent.read(&mut bytes, Wanted::Everything, carried, &mut TranscriptBuffers::default()).unwrap()
}

/// Returns all captured transcripts of Claude Code, by name: the run, and the file in it.
fn captures() -> Vec<(String, Vec<u8>)> {
    captures_of(Agent::ClaudeCode)
}

/// Returns all captured transcripts of an agent that are lines, by name.
fn captures_of(agent: Agent) -> Vec<(String, Vec<u8>)> {
    let root = match agent {
        Agent::ClaudeCode => "../testkit/fixtures/claude-code/2.1.328/transcripts".to_owned(),
        other => format!("tests/fixtures/{}", other.name()),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let mut paths = Vec::new();
    find(&root, &mut paths);
    paths.sort();
    let name = |path: &Path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    let mut captures: Vec<_> = paths.iter().map(|path| (name(path), fs::read(path).unwrap())).collect();
    if agent == Agent::Codex {
        captures.extend(codex::made());
    }
    captures
}

fn find(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            find(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "jsonl") {
            found.push(path);
        }
    }
}

fn ledger<'f>(parts: impl IntoIterator<Item = &'f Facts>) -> Ledger {
    let mut ledger = Ledger::default();
    parts.into_iter().for_each(|part| ledger.add(part));
    ledger
}

fn total(ledger: &Ledger) -> Usage {
    let mut total = Usage::default();
    ledger.responses().for_each(|response| total.add(&response.usage));
    total
}

/// Turns, responses, tokens: input, output, written to a cache, read from a cache, and how many of the output were reasoning.
fn sum<'f>(files: impl IntoIterator<Item = &'f Facts>) -> String {
    let ledger = ledger(files);
    let Usage { input, output, cache_write, cache_read, reasoning, .. } = total(&ledger);
    let (turns, responses) = (ledger.turns().count(), ledger.responses().count());
    format!("{turns} turns, {responses} responses of {input}+{output}+{cache_write}+{cache_read} ({reasoning})")
}

/// Returns what a list of facts says.
fn names<'f>(facts: &'f Facts, list: &[Name]) -> Vec<&'f str> {
    list.iter().filter_map(|name| facts.name(*name)).collect()
}

/// Returns all calls once, in order: the tool, what it is about, whether it changes that, whether it failed.
fn calls(facts: &Facts) -> Vec<(&str, &str, bool, bool)> {
    let failed = |id: u64| facts.answers.iter().any(|answer| answer.call == id && answer.is_error);
    let say = |name| facts.name(name).unwrap_or("");
    let mut seen = std::collections::BTreeSet::new();
    let calls = facts.calls.iter().filter(|call| seen.insert(call.id));
    calls.map(|call| (say(call.tool), say(call.about), call.is_edit, failed(call.id))).collect()
}

/// Returns all that a ledger says, in an order of its own, with strings for their places.
fn contents(ledger: &Ledger) -> Vec<String> {
    let say = |name: Name| ledger.name(name).unwrap_or("-").to_owned();
    let responses = ledger.responses().map(|each| {
        let names = [each.model, each.conversation, each.subagent, each.cwd, each.branch, each.tier].map(say);
        let marks = [each.is_final, each.is_sidechain, each.is_embedded, each.is_copied];
        format!("response {:?} {:?} {names:?} {:?} {marks:?}", (each.message, each.request), each.at, each.usage)
    });
    let turns = ledger.turns().map(|each| {
        let names = [each.conversation, each.cwd, each.branch].map(say);
        format!("turn {} {} {:?} {names:?} {}", each.record, each.prompt, each.at, each.is_copied)
    });
    let calls = ledger.calls().map(|(each, answer)| {
        let names = [each.tool, each.conversation, each.subagent, each.cwd, each.about].map(say);
        let marks = [each.is_edit, each.is_sidechain, each.is_copied];
        format!("call {} {:?} {names:?} {marks:?} {answer:?}", each.id, each.at)
    });
    let edits = ledger.edits().map(|each| format!("edit {:?} {:?} {}", (each.call, each.place), each.kind, say(each.file)));
    let compactions = ledger.compactions().map(|each| {
        let names = [each.conversation, each.trigger].map(say);
        format!("compaction {} {:?} {names:?} {:?} {:?}", each.record, each.at, each.tokens_before, each.tokens_after)
    });
    let own =
        ledger.own_totals().map(|each| format!("own {:?} {:?} {}", [each.conversation, each.model].map(say), each.usage, each.cost_micros));
    let mut all: Vec<String> = responses.chain(turns).chain(calls).chain(edits).chain(compactions).chain(own).collect();
    all.sort();
    all
}
