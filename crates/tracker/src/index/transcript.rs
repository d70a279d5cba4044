//! What one file says by itself, without any store.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use agents::TranscriptBuffers;
use agents::transcripts::{Agent, Pass, Wanted};
use serde::Serialize;
use session::transcript::{Facts, Name, Response, TitleKind, Usage};

use super::pass::redact_names;

/// Tokens, in the words of the agent's files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TokensView {
    /// Sent, and neither read from nor written to a cache.
    pub input: u64,
    /// Came back.
    pub output: u64,
    /// Written to a cache.
    pub cache_creation: u64,
    /// Of these, for five minutes.
    pub cache_creation_5m: u64,
    /// Of these, for an hour.
    pub cache_creation_1h: u64,
    /// Read from a cache.
    pub cache_read: u64,
    /// Searches on the web.
    pub web_search_requests: u64,
}

/// Messages of sub-agents within records of their parents.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EmbeddedView {
    /// How many there are.
    pub messages: u64,
    /// How many of them have no record of their own.
    pub not_in_own_rows: u64,
    /// What these used; nothing where there are none.
    pub tokens: serde_json::Value,
}

/// How a file was edited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EditedView {
    /// How often the agent called for it.
    pub calls: u64,
    /// Whether it succeeded at least once.
    pub ok: bool,
    /// Whether the outcome of a call is not in the file.
    pub unanswered: bool,
}

/// What a transcript says.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names are the figures; what they count is told in docs/reference/json.md")]
pub struct TranscriptView {
    pub file: String,
    pub agent: String,
    pub lines: u64,
    pub parse_errors: u64,
    pub too_long_lines: u64,
    pub unfinished_bytes: u64,
    pub session_id: Option<String>,
    pub session_ids: Vec<String>,
    pub copied_from: Vec<String>,
    pub subagents: Vec<String>,
    pub first: Option<String>,
    pub last: Option<String>,
    pub versions: Vec<String>,
    pub cwds: Vec<String>,
    pub git_branches: Vec<String>,
    pub titles: Vec<String>,
    pub turns: u64,
    pub slash_commands: u64,
    pub bash_inputs: u64,
    pub interrupts: u64,
    pub task_notifications: u64,
    pub other_wrapped: u64,
    pub meta_rows: u64,
    pub steering_text: u64,
    pub compactions: u64,
    pub compaction_triggers: BTreeMap<String, u64>,
    pub compact_summaries: u64,
    pub sidechain_rows: u64,
    pub synthetic_messages: u64,
    pub assistant_messages: u64,
    pub responses_without_stop_reason: u64,
    pub tokens_total: TokensView,
    pub tokens_by_model: BTreeMap<String, TokensView>,
    pub reasoning_by_model: BTreeMap<String, u64>,
    pub tokens_sidechain_by_model: BTreeMap<String, TokensView>,
    pub tokens_with_embedded: TokensView,
    pub embedded_agent: EmbeddedView,
    pub tool_calls: BTreeMap<String, u64>,
    pub tool_calls_total: u64,
    pub tool_calls_sidechain: u64,
    pub tool_calls_unanswered: u64,
    pub tool_errors: u64,
    pub files_edited: BTreeMap<String, EditedView>,
    pub files_edited_ok: Vec<String>,
}

/// Why it cannot be told what a file says.
#[derive(Debug, thiserror::Error)]
pub enum TranscriptError {
    /// It cannot be read.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is nothing in it that an agent writes.
    #[error("`{path}` is no transcript of an agent that is known here")]
    Unknown {
        /// The file.
        path: PathBuf,
    },
}

impl TranscriptView {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is no transcript.
    pub fn read(path: &Path) -> Result<Self, TranscriptError> {
        let view = Self::of_file(path).map_err(|source| TranscriptError::Unreadable { path: path.to_owned(), source })?;
        view.ok_or_else(|| TranscriptError::Unknown { path: path.to_owned() })
    }

    fn of_file(path: &Path) -> io::Result<Option<Self>> {
        // Whoever names a link means what it leads to.
        let found = std::fs::canonicalize(path)?;
        let agent = Agent::recognise(&found)?;
        let mut whole: Option<Pass> = None;
        let mut take = |pass: Pass| match &mut whole {
            None => whole = Some(pass),
            Some(whole) => {
                whole.facts.append(pass.facts);
                whole.unfinished = pass.unfinished;
            }
        };
        agent.read_file(&found, None, Wanted::Everything, &mut TranscriptBuffers::default(), &|_| {}, &mut take)?;
        let is_database_of_another = whole.is_none() && found.metadata()?.len() > 0;
        let Pass { mut facts, unfinished, .. } = whole.unwrap_or_default();
        let counts = facts.counts;
        let is_noise = counts.lines > 0 && counts.lines == counts.broken + counts.too_long && facts.responses.is_empty();
        // The first line may be one that is being written.
        if is_database_of_another || is_noise || counts.lines == 0 && unfinished > 0 && !begins_with_object(&found)? {
            return Ok(None);
        }
        redact_names(&mut facts);
        if agent != Agent::ClaudeCode {
            tell_once(&mut facts);
        }
        // What will never be finished is a broken line.
        if unfinished > 0 {
            facts.counts.lines += 1;
            facts.counts.broken += 1;
        }
        let file = path.to_string_lossy().into_owned();
        Ok(Some(Self { file, agent: agent.name().to_owned(), unfinished_bytes: unfinished, ..Self::of(&facts) }))
    }

    fn of(facts: &Facts) -> Self {
        let counts = facts.counts;
        let texts = |names: &[Name]| names.iter().filter_map(|name| facts.name(*name)).map(str::to_owned).collect::<Vec<_>>();
        let commonest = facts.conversations.iter().rev().max_by_key(|(_, records)| records);
        let mut session_ids = texts(&facts.conversations.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        session_ids.sort_unstable();
        let own = || facts.responses.iter().filter(|response| !response.is_embedded);
        let said = facts.titles.iter().filter(|title| title.kind > TitleKind::Prompt);
        let mut triggers = BTreeMap::new();
        for trigger in facts.compactions.iter().filter_map(|compaction| facts.name(compaction.trigger)) {
            *triggers.entry(trigger.to_owned()).or_default() += 1;
        }
        let view = Self {
            compaction_triggers: triggers,
            lines: counts.lines,
            parse_errors: counts.broken,
            too_long_lines: counts.too_long,
            session_id: commonest.and_then(|(name, _)| facts.name(*name)).map(str::to_owned),
            session_ids,
            copied_from: texts(&facts.origins),
            subagents: subagents(facts),
            first: facts.extent.first.map(moment),
            last: facts.extent.last.map(moment),
            versions: texts(&facts.versions),
            cwds: texts(&facts.cwds),
            git_branches: texts(&facts.branches),
            titles: said.filter_map(|title| facts.name(title.text)).map(str::to_owned).collect(),
            turns: facts.turns.len() as u64,
            slash_commands: counts.slash_commands,
            bash_inputs: counts.bash_inputs,
            interrupts: counts.interrupts,
            task_notifications: counts.task_notifications,
            other_wrapped: counts.other_wrapped,
            meta_rows: counts.meta,
            steering_text: counts.steering,
            compactions: facts.compactions.len() as u64,
            compact_summaries: counts.compact_summaries,
            sidechain_rows: counts.sidechain,
            synthetic_messages: counts.synthetic,
            assistant_messages: own().count() as u64,
            responses_without_stop_reason: own().filter(|response| !response.is_final).count() as u64,
            tokens_total: sum(own()),
            tokens_by_model: by_model(facts, own()),
            reasoning_by_model: reasoning(facts),
            tokens_sidechain_by_model: by_model(facts, own().filter(|response| response.is_sidechain)),
            tokens_with_embedded: sum(facts.responses.iter()),
            embedded_agent: embedded(facts),
            ..Self::default()
        };
        view.with_tools(facts)
    }

    fn with_tools(mut self, facts: &Facts) -> Self {
        let failed: BTreeSet<u64> = facts.answers.iter().filter(|answer| answer.is_error).map(|answer| answer.call).collect();
        let answered: BTreeSet<u64> = facts.answers.iter().map(|answer| answer.call).collect();
        let mut seen = BTreeSet::new();
        for call in facts.calls.iter().filter(|call| seen.insert(call.id)) {
            let is_answered = answered.contains(&call.id);
            *self.tool_calls.entry(facts.name(call.tool).unwrap_or_default().to_owned()).or_default() += 1;
            self.tool_calls_total += 1;
            self.tool_calls_sidechain += u64::from(call.is_sidechain);
            self.tool_calls_unanswered += u64::from(!is_answered);
            if let Some(path) = facts.name(call.about).filter(|_| call.is_edit) {
                self.edited(path, is_answered, failed.contains(&call.id));
            }
        }
        for edit in &facts.edits {
            self.edited(facts.name(edit.file).unwrap_or_default(), answered.contains(&edit.call), failed.contains(&edit.call));
        }
        self.tool_errors = facts.answers.iter().filter(|answer| answer.is_error).count() as u64;
        self.files_edited_ok = self.files_edited.iter().filter(|(_, edited)| edited.ok).map(|(path, _)| path.clone()).collect();
        self
    }

    /// Notes that a call edits a file.
    fn edited(&mut self, path: &str, is_answered: bool, has_failed: bool) {
        let edited = self.files_edited.entry(path.to_owned()).or_default();
        edited.calls += 1;
        edited.ok |= is_answered && !has_failed;
        edited.unanswered |= !is_answered;
    }
}

fn begins_with_object(path: &Path) -> io::Result<bool> {
    let mut first = [0];
    Ok(std::fs::File::open(path)?.read(&mut first)? == 1 && first[0] == b'{')
}

/// Leaves of prompts, answers and edits that a file tells of more than once the last, in the place of the first.
fn tell_once(facts: &mut Facts) {
    last_of_each(&mut facts.turns, |turn| turn.record);
    last_of_each(&mut facts.answers, |answer| answer.call);
    last_of_each(&mut facts.edits, |edit| (edit.call, edit.place));
}

fn last_of_each<T: Copy, K: Ord>(all: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let mut places = BTreeMap::new();
    let mut kept: Vec<T> = Vec::with_capacity(all.len());
    for each in all.iter() {
        let place = *places.entry(key(each)).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(held) => *held = *each,
            None => kept.push(*each),
        }
    }
    *all = kept;
}

/// Returns the sub-agents that something in a file was done by.
fn subagents(facts: &Facts) -> Vec<String> {
    let of_responses = facts.responses.iter().map(|response| response.subagent);
    let names: BTreeSet<&str> =
        of_responses.chain(facts.calls.iter().map(|call| call.subagent)).filter_map(|name| facts.name(name)).collect();
    names.into_iter().map(str::to_owned).collect()
}

fn reasoning(facts: &Facts) -> BTreeMap<String, u64> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for response in facts.responses.iter().filter(|response| response.usage.reasoning > 0) {
        let sum = sums.entry(facts.name(response.model).unwrap_or("unknown").to_owned()).or_default();
        *sum = sum.saturating_add(response.usage.reasoning);
    }
    sums
}

fn sum<'f>(responses: impl Iterator<Item = &'f Response>) -> TokensView {
    let mut sum = Usage::default();
    responses.for_each(|response| sum.add(&response.usage));
    tokens(&sum)
}

fn embedded(facts: &Facts) -> EmbeddedView {
    let alone = || facts.responses.iter().filter(|response| response.is_embedded);
    let not_in_own_rows = alone().count() as u64;
    let tokens = if not_in_own_rows > 0 { serde_json::json!(sum(alone())) } else { serde_json::json!({}) };
    EmbeddedView { messages: facts.counts.embedded, not_in_own_rows, tokens }
}

fn tokens(usage: &Usage) -> TokensView {
    TokensView {
        input: usage.input,
        output: usage.output,
        cache_creation: usage.cache_write,
        cache_creation_5m: usage.cache_write_5m,
        cache_creation_1h: usage.cache_write_1h,
        cache_read: usage.cache_read,
        web_search_requests: usage.searches,
    }
}

fn by_model<'f>(facts: &'f Facts, responses: impl Iterator<Item = &'f Response>) -> BTreeMap<String, TokensView> {
    let mut sums: BTreeMap<&str, Usage> = BTreeMap::new();
    responses.for_each(|response| sums.entry(facts.name(response.model).unwrap_or("unknown")).or_default().add(&response.usage));
    sums.into_iter().map(|(model, usage)| (model.to_owned(), tokens(&usage))).collect()
}

/// Returns a moment as the files have it.
fn moment(millis: i64) -> String {
    let digits = if millis % 1_000 == 0 { 0 } else { 3 };
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| millis.to_string(), |at| format!("{at:.digits$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(path: &str) -> TranscriptView {
        TranscriptView::read(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../agents/tests/fixtures").join(path)).unwrap()
    }

    /// Turns, responses, tool calls, those that failed, compactions; tokens: input, output, read from a cache; reasoning.
    fn check(path: &str, agent: &str, counts: [u64; 5], tokens: [u64; 4], edited: &[&str]) -> TranscriptView {
        let view = captured(path);
        assert_eq!(view.agent, agent, "{path}");
        let said = [view.turns, view.assistant_messages, view.tool_calls_total, view.tool_errors, view.compactions];
        assert_eq!(said, counts, "{path}");
        let total = view.tokens_total;
        assert_eq!([total.input, total.output, total.cache_read, view.reasoning_by_model.values().sum()], tokens, "{path}");
        assert_eq!(view.files_edited_ok, edited, "{path}");
        assert_eq!((view.parse_errors, view.unfinished_bytes), (0, 0), "{path}");
        view
    }

    #[test]
    fn a_file_of_any_agent_says_whose_it_is_and_what_was_done() {
        let both = ["README.md", "hello.txt"];
        let rollout = "codex/0.169.0/rollout-2026-11-20T09-41-54-01a1f855-7d9a-7770-bcea-54c469e3a29f.jsonl";
        check(rollout, "codex", [2, 5, 3, 1, 0], [2_384, 218, 4_096, 35], &both);
        let old = "codex/0.77.0/rollout-2026-11-20T09-51-14-01a1f85e-06cd-7672-8362-bf159ccdf441.jsonl";
        check(old, "codex", [2, 6, 3, 0, 1], [3_654, 260, 4_096, 42], &both);
        let chat = "gemini/0.61.0/demo/chats/session-2026-11-20T09-43-6f362f6f.jsonl";
        check(chat, "gemini", [2, 5, 4, 1, 0], [2_702, 175, 2_048, 45], &both);
        let object = "gemini/0.22.4/chats/session-2026-11-20T09-51-eb623340.json";
        check(object, "gemini", [1, 2, 4, 1, 0], [1_388, 70, 512, 18], &["/home/dev/demo/README.md", "hello.txt"]);
        let paths = ["/home/dev/demo/README.md", "/home/dev/demo/hello.txt"];
        check("copilot/1.0.102/events.jsonl", "copilot", [2, 7, 5, 1, 0], [4_624, 196, 1_536, 35], &paths);
    }

    #[test]
    fn a_database_says_what_all_its_sessions_did_once() {
        let view = captured("opencode/1.18.33/opencode.db");
        assert_eq!((view.agent.as_str(), view.turns, view.assistant_messages), ("opencode", 3, 12));
        assert_eq!((view.tokens_total.input, view.tokens_total.output, view.tokens_total.cache_read), (8_344, 396, 2_816));
        assert_eq!((view.session_ids.len(), view.copied_from.len()), (2, 1));
    }

    #[test]
    fn a_sub_agent_is_named_beside_the_session_that_has_it() {
        let view = captured("codex/0.169.0/rollout-2026-11-20T09-42-48-01a1f856-4e64-73f1-b541-f6f791e50766.jsonl");
        assert_eq!(view.session_id.as_deref(), Some("01a1f856-4db5-7250-8c4e-3b449a6a84bd"));
        assert_eq!((view.subagents, view.turns), (vec!["01a1f856-4e64-73f1-b541-f6f791e50766".to_owned()], 0));
    }
}
