//! What runs say in their `result` lines of what they used, held against what their model's stand-in sent.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use testkit::{Exchange, PrintRun};

use crate::stage::Stage;
use crate::transcripts::{NO_TOKENS, Tokens, add, tell, tokens_of};
use crate::truth::text;

/// Why the `result` lines of a conversation do not tell everything that it used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Untold {
    /// It took place in a terminal, or in the shell of another agent, at least for a while: nobody saw a stream.
    NoStream,
    /// A run was ended before it could say.
    Killed,
    /// It begins with what the conversation had used that it is a copy of.
    BeginsWithParent,
}

impl Stage {
    /// Remembers what a run printed; again is not twice.
    pub(crate) fn note_run(&self, run: &PrintRun) {
        let mut runs = self.runs.borrow_mut();
        if runs.iter().all(|held| held.stream != run.stream) {
            runs.push(run.clone());
        }
    }

    /// Compares all `result` lines with what was sent.
    #[track_caller]
    pub(crate) fn compare_results(&self) {
        let sent: BTreeMap<_, _> = self.api.exchanges().into_iter().filter_map(|each| Some((each.message_id.clone()?, each))).collect();
        let mut reasons = Vec::new();
        let mut conversations: BTreeMap<String, Vec<PrintRun>> = BTreeMap::new();
        for run in self.runs.borrow().iter() {
            compare_turns(run, &sent);
            conversations.entry(run.session_id()).or_default().push(run.clone());
        }
        let seen: BTreeSet<_> = conversations.keys().cloned().collect();
        let all: BTreeSet<_> = self.home.payloads().iter().map(|payload| text(&payload["session_id"])).collect();
        reasons.extend(all.difference(&seen).map(|_| Untold::NoStream));
        let totals: BTreeMap<_, _> = conversations.iter().map(|(id, runs)| (id.clone(), total(runs))).collect();
        for (id, runs) in &conversations {
            reasons.extend(self.compare_conversation(id, runs, &sent, &totals));
        }
        tell("results that do not tell everything", &reasons);
    }

    /// Compares the running total of a conversation, and what each result adds to it, with what was sent.
    #[track_caller]
    fn compare_conversation(
        &self,
        id: &str,
        runs: &[PrintRun],
        sent: &BTreeMap<String, Exchange>,
        totals: &BTreeMap<String, Option<Tokens>>,
    ) -> Vec<Untold> {
        let payloads = self.home.payloads();
        let begun = |source: &str| payloads.iter().filter(|each| each["session_id"] == id && each["source"] == source).count();
        if begun("startup") + begun("resume") + begun("fork") > runs.len() {
            return vec![Untold::NoStream];
        }
        let mut reasons = Vec::new();
        let (mut all, mut told) = (NO_TOKENS, NO_TOKENS);
        let killed: BTreeSet<_> = runs.iter().flat_map(|run| turns(run).1).collect();
        for (message, exchange) in sent.iter().filter(|(_, exchange)| exchange.session.as_deref() == Some(id) && exchange.is_complete) {
            if killed.contains(message) {
                reasons.push(Untold::Killed);
            } else {
                add(&mut all, tokens_of(&exchange.usage));
            }
        }
        runs.iter().flat_map(|run| run.lines("result")).for_each(|result| add(&mut told, used(&result["model_usage_since_last_result"])));
        assert_eq!(told, all, "{id}: what results add, what was sent");
        let Some(total) = total(runs) else { return reasons };
        if total != all {
            assert!(begun("fork") > 0, "{id}: {total:?} is not {all:?}");
            let is_parents = |parent: &&Tokens| std::array::from_fn(|place| parent[place] + all[place]) == total;
            assert!(totals.values().flatten().any(|parent| is_parents(&parent)), "{id}: {total:?} begins with nobody's");
            reasons.push(Untold::BeginsWithParent);
        }
        reasons
    }
}

/// What a `result` line says is what was sent to the main thread since the one before.
#[track_caller]
fn compare_turns(run: &PrintRun, sent: &BTreeMap<String, Exchange>) {
    for (result, messages) in turns(run).0 {
        let mut sum = NO_TOKENS;
        messages.iter().for_each(|message| add(&mut sum, tokens_of(&sent[message].usage)));
        assert_eq!(tokens_of(&result["usage"]), sum, "{result:#}");
    }
}

/// The `result` lines of a run, each with the responses of the main thread since the one before; and those after the last one.
fn turns(run: &PrintRun) -> (Vec<(&Value, BTreeSet<String>)>, BTreeSet<String>) {
    let (mut turns, mut messages) = (Vec::new(), BTreeSet::new());
    for line in &run.stream {
        if line["type"] == "result" {
            turns.push((line, std::mem::take(&mut messages)));
        } else if line["type"] == "assistant" && line["parent_tool_use_id"].is_null() && line["message"]["model"] != "<synthetic>" {
            messages.insert(text(&line["message"]["id"]));
        }
    }
    (turns, messages)
}

/// What the last `result` line of a conversation says of all that it used; none where there is none.
fn total(runs: &[PrintRun]) -> Option<Tokens> {
    let last = runs.iter().rev().find_map(PrintRun::result)?;
    Some(used(&last["modelUsage"]))
}

/// What was used with all models.
fn used(models: &Value) -> Tokens {
    let mut sum = NO_TOKENS;
    for model in models.as_object().unwrap().values() {
        let names = ["inputTokens", "outputTokens", "cacheCreationInputTokens", "cacheReadInputTokens"];
        add(&mut sum, names.map(|name| model[name].as_u64().unwrap()));
    }
    sum
}

#[test]
fn of_a_run_that_keeps_no_transcript_only_hooks_and_its_result_tell() {
    let Some(stage) = Stage::set() else { return };
    let run = stage.run("Go. @@tools", &["--no-session-persistence"]);
    assert_eq!(stage.home.transcript_files(), Vec::<std::path::PathBuf>::new());
    stage.compare_results();
    assert_ne!(total(&[run]), Some(NO_TOKENS));
    let tools = stage.objects(["tools", "--all-projects"]).remove(0)["total"].clone();
    assert_eq!((&tools["calls"], &tools["succeeded"]), (&2.into(), &2.into()));
    assert_eq!((&stage.only_session()["turns"], stage.api.tool_ids().len()), (&1.into(), 2));
    assert_eq!(stage.objects(["usage", "--all-projects"]).pop().unwrap()["responses"], 0);
}
