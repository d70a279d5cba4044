//! What happened, and whether `rutter` says the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use testkit::PrintRun;

use crate::stage::Stage;

/// An event as both sides know it: its name, the agent's conversation, the call it is about.
type Told = (String, String, Option<String>);

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

impl Stage {
    /// Compares all that `rutter` says with all that happened, after so many prompts.
    #[track_caller]
    pub(crate) fn compare(&self, prompts: u64) {
        assert_eq!(self.api.complaints(), Vec::<String>::new());
        let tools = self.compare_events();
        self.compare_calls();
        let turns: u64 = self.sessions().iter().map(|session| session["turns"].as_u64().unwrap()).sum();
        assert_eq!(turns, prompts, "{:#?}", self.sessions());
        self.assert_quiet_transcripts();
        self.compare_transcripts();
        self.compare_results();
        let rebuilt = self.objects(["rebuild"]).remove(0);
        assert_eq!((&rebuilt["identical"], &rebuilt["unreadable_events"]), (&true.into(), &0.into()), "{rebuilt}");
        say(tools, prompts);
    }

    /// Every event once, with the session that has its conversation. Returns how many were about tools.
    fn compare_events(&self) -> usize {
        let events = self.objects(["events", "--all-projects"]);
        let observed: Vec<_> = events.iter().filter(|event| !event["data"].is_null()).collect();
        let recorded = self.home.payloads();
        let sent = recorded.iter().map(|sent| told(&sent["hook_event_name"], &sent["session_id"], call_of(sent)));
        let said = observed.iter().map(|event| told(&event["kind"], &event["session_id"], &event["tool_use_id"]));
        assert_eq!(counted(said), counted(sent));
        let owners = self.owners();
        for event in &observed {
            assert_eq!(Some(&text(&event["session"])), owners.get(&text(&event["session_id"])), "{event:#}");
        }
        observed.iter().filter(|event| !event["tool_use_id"].is_null()).count()
    }

    /// Which session has which conversation: one for each.
    fn owners(&self) -> BTreeMap<String, String> {
        let mut owners = BTreeMap::new();
        for session in self.sessions() {
            for conversation in session["agent_sessions"].as_array().unwrap() {
                assert_eq!(owners.insert(text(conversation), text(&session["id"])), None, "{conversation} belongs to two");
            }
        }
        owners
    }

    /// Every call that the model made once, come out as the transcript says, marked with the sub-agent that it was made by.
    fn compare_calls(&self) {
        let sessions = self.sessions();
        let calls: Vec<_> = sessions.iter().flat_map(|session| self.calls(session)).collect();
        let ids: Vec<_> = calls.iter().map(|call| text(&call["id"])).collect();
        let unique: BTreeSet<_> = ids.iter().cloned().collect();
        assert_eq!((unique.len(), &unique), (ids.len(), &self.api.tool_ids().into_iter().collect()), "{calls:#?}");
        let (results, agents) = (self.results(), self.subagents());
        for call in &calls {
            let id = text(&call["id"]);
            let is_good = results.get(&id).copied();
            assert_eq!(call["outcome"] == "succeeded", is_good == Some(true), "{is_good:?} {call:#}");
            assert_eq!(call["subagent"].as_str(), agents.get(&id).map(String::as_str), "{call:#}");
        }
        let counted: u64 = sessions.iter().map(|session| session["tool_calls"].as_u64().unwrap()).sum();
        assert_eq!(counted, calls.len() as u64);
    }

    /// What a run showed in its stream: no warning, no failure of a hook, and each call in the session of the run's conversation.
    #[track_caller]
    pub(crate) fn compare_stream(&self, run: &PrintRun) {
        assert_quiet(run);
        self.note_run(run);
        let shown = run.lines("assistant").into_iter().flat_map(blocks).filter(|block| block["type"] == "tool_use");
        let shown: Vec<_> = shown.map(|block| text(&block["id"])).collect();
        let held: BTreeSet<_> = self.calls(&self.session_of(&run.session_id())).iter().map(|call| text(&call["id"])).collect();
        assert!(shown.iter().all(|id| held.contains(id)), "{shown:?} {held:?}");
    }

    fn calls(&self, session: &Value) -> Vec<Value> {
        self.timeline(session).iter().flat_map(|turn| turn["tool_calls"].as_array().unwrap().clone()).collect()
    }

    /// Which calls have a result in a transcript, and whether it is a good one.
    fn results(&self) -> BTreeMap<String, bool> {
        let blocks = self.records().into_iter().flat_map(|record| blocks(&record));
        let results = blocks.filter(|block| block["type"] == "tool_result");
        results.map(|block| (text(&block["tool_use_id"]), block["is_error"] != true)).collect()
    }

    /// Which calls were made by a sub-agent, and by which.
    fn subagents(&self) -> BTreeMap<String, String> {
        let made = |record: &Value| {
            let agent = record["agentId"].as_str().filter(|_| record["isSidechain"] == true)?.to_owned();
            let calls = blocks(record).into_iter().filter(|block| block["type"] == "tool_use");
            Some(calls.map(|block| (text(&block["id"]), agent.clone())).collect::<Vec<_>>())
        };
        self.records().iter().filter_map(made).flatten().collect()
    }

    /// Nothing of our hooks is to be seen: the agent notes what a hook prints, and that it failed.
    #[track_caller]
    fn assert_quiet_transcripts(&self) {
        let noted = ["hook_non_blocking_error", "hook_blocking_error", "hook_cancelled", "hook_error_during_execution"];
        for record in self.records() {
            assert!(!noted.iter().any(|kind| record["attachment"]["type"] == *kind), "{record:#}");
        }
    }

    fn records(&self) -> Vec<Value> {
        self.home.transcript("")
    }
}

/// Nothing of our hooks is to be seen in a run: no warning, no failure.
#[track_caller]
pub(crate) fn assert_quiet(run: &PrintRun) {
    assert_eq!(run.stderr, "");
    let responses = run.stream.iter().filter(|line| line["subtype"] == "hook_response");
    for response in responses {
        assert_eq!((&response["outcome"], &response["stderr"]), (&"success".into(), &"".into()), "{response:#}");
    }
}

/// Returns the one call that a payload is about; that of a batch may be about several.
fn call_of(payload: &Value) -> &Value {
    match payload["tool_calls"].as_array().map(Vec::as_slice) {
        Some([call]) => &call["tool_use_id"],
        _ => &payload["tool_use_id"],
    }
}

/// Figures for whoever runs the tests with `--no-capture`.
#[expect(clippy::print_stderr, reason = "a figure that was measured is worth a look")]
fn say(tools: usize, prompts: u64) {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    eprintln!("{test}: {tools} of {tools} tool events with the right session, {prompts} turns");
}

fn told(kind: &Value, conversation: &Value, call: &Value) -> Told {
    (text(kind), text(conversation), call.as_str().map(str::to_owned))
}

fn counted(all: impl Iterator<Item = Told>) -> BTreeMap<Told, usize> {
    let mut counts = BTreeMap::new();
    all.for_each(|each| *counts.entry(each).or_insert(0) += 1);
    counts
}

/// Returns the blocks of a record of a transcript.
pub(crate) fn blocks(record: &Value) -> Vec<Value> {
    record["message"]["content"].as_array().cloned().unwrap_or_default()
}
