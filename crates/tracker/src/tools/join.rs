//! Calls of hooks and of transcripts, each once.
//!
//! Hooks say when a call was made, what came of it and how long it took; what they did not see a transcript fills in.

use std::collections::HashMap;

use agents::transcript_id;
use session::transcript::{Answer, Call, Ledger, Refusal};
use session::{Outcome, Reading, ToolCall, elapsed_micros};

use super::{CallOutcome, Took};

/// One call, before anybody knows whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JoinedCall<'a> {
    pub(super) id: u64,
    /// What hooks say of it.
    pub(super) heard: Option<&'a ToolCall>,
    /// The conversation that the transcript gives.
    pub(super) agent_session: Option<&'a str>,
    /// The directory that the transcript gives.
    pub(super) cwd: Option<&'a str>,
    pub(super) tool: &'a str,
    pub(super) about: Option<&'a str>,
    /// In microseconds since 1970.
    pub(super) at: Option<i64>,
    pub(super) outcome: CallOutcome,
    pub(super) took: Option<Took>,
}

/// Lays both over each other: first what hooks heard, in its order, then what only transcripts have, by ids.
pub(super) fn joined<'a>(heard: &'a [ToolCall], ledger: &'a Ledger) -> Vec<JoinedCall<'a>> {
    let mut told: HashMap<u64, (&Call, Option<&Answer>)> = ledger.calls().map(|(call, answer)| (call.id, (call, answer))).collect();
    let mut calls = Vec::with_capacity(heard.len().max(told.len()));
    for call in heard {
        let id = transcript_id(call.call.as_str());
        calls.push(of_hooks(id, call, told.remove(&id), ledger));
    }
    let mut rest: Vec<_> = told.into_values().collect();
    rest.sort_unstable_by_key(|(call, _)| call.id);
    calls.extend(rest.into_iter().map(|(call, answer)| of_transcript(call, answer, ledger)));
    calls
}

fn of_hooks<'a>(id: u64, heard: &'a ToolCall, told: Option<(&'a Call, Option<&'a Answer>)>, ledger: &'a Ledger) -> JoinedCall<'a> {
    let told = told.map(|(call, answer)| of_transcript(call, answer, ledger));
    let told = told.as_ref();
    // Of a call whose beginning no hook saw, the first that was heard is its end.
    let asked_at = heard.asked.map(|asked| asked.at.moment.micros()).or_else(|| told.and_then(|told| told.at));
    let outcome = match heard.outcome() {
        Some(Outcome::Succeeded) => CallOutcome::Succeeded,
        Some(Outcome::Failed) => CallOutcome::Failed,
        // Where hooks came too late, that a call did not run is only concluded; a transcript that has its result knows better.
        Some(Outcome::NotRun) if told.is_some_and(|told| told.outcome == CallOutcome::Succeeded) => CallOutcome::Succeeded,
        Some(Outcome::Refused | Outcome::NotRun) => CallOutcome::Refused,
        None => told.map_or(CallOutcome::Unfinished, |told| told.outcome),
    };
    JoinedCall {
        id,
        heard: Some(heard),
        agent_session: told.and_then(|told| told.agent_session),
        cwd: told.and_then(|told| told.cwd),
        tool: heard.tool.as_str(),
        about: heard.about.as_ref().map(session::Text::as_str).or_else(|| told.and_then(|told| told.about)),
        at: asked_at.or_else(|| Some(heard.first.at.moment.micros())),
        outcome,
        took: best([took_by_hooks(heard), told.and_then(|told| told.took)]).filter(|took| took.is_measured || has_run(outcome)),
    }
}

fn of_transcript<'a>(call: &'a Call, answer: Option<&'a Answer>, ledger: &'a Ledger) -> JoinedCall<'a> {
    let outcome = match answer {
        None => CallOutcome::Unfinished,
        Some(answer) => match (answer.refusal, answer.is_error) {
            (Some(Refusal::Rejected), _) => CallOutcome::Refused,
            (Some(Refusal::Interrupted), _) => CallOutcome::Unfinished,
            (None, true) => CallOutcome::Failed,
            (None, false) => CallOutcome::Succeeded,
        },
    };
    JoinedCall {
        id: call.id,
        heard: None,
        agent_session: ledger.name(call.conversation),
        cwd: ledger.name(call.cwd),
        tool: ledger.name(call.tool).unwrap_or_default(),
        about: ledger.name(call.about),
        at: call.at.map(|at| at.saturating_mul(1_000)),
        outcome,
        took: answer.and_then(|answer| took_by_transcript(call, answer, outcome)),
    }
}

/// Returns how long a call took by what hooks say: as the agent measured it, else from hook to hook.
fn took_by_hooks(call: &ToolCall) -> Option<Took> {
    let end = call.end.as_ref()?;
    if let Some(measured) = end.duration_ms {
        return Some(Took { is_measured: true, micros: measured.saturating_mul(1_000) });
    }
    let ran = matches!(end.outcome, Outcome::Succeeded | Outcome::Failed);
    let between = |asked: &Reading| Took { is_measured: false, micros: elapsed_micros(asked, &end.when.at) };
    call.asked.filter(|_| ran).map(|asked| between(&asked.at))
}

fn took_by_transcript(call: &Call, answer: &Answer, outcome: CallOutcome) -> Option<Took> {
    if let Some(measured) = answer.duration_ms {
        return Some(Took { is_measured: true, micros: measured.saturating_mul(1_000) });
    }
    let (began, ended) = call.at.zip(answer.at).filter(|_| has_run(outcome))?;
    let millis = u64::try_from(ended.checked_sub(began)?).ok()?;
    Some(Took { is_measured: false, micros: millis.saturating_mul(1_000) })
}

fn has_run(outcome: CallOutcome) -> bool {
    matches!(outcome, CallOutcome::Succeeded | CallOutcome::Failed)
}

/// Returns the first that is measured, else the first.
fn best(took: [Option<Took>; 2]) -> Option<Took> {
    let known = || took.into_iter().flatten();
    known().find(|took| took.is_measured).or_else(|| known().next())
}

#[cfg(test)]
mod tests {
    use session::transcript::{Facts, Name};
    use session::{CallEnd, ConversationKey, EventId, Moment, Revision, Stamp, Text, ToolCallKey, When};
    use uuid::Uuid;

    use super::*;

    fn when(second: i64) -> When {
        let moment = Moment::from_micros(second * 1_000_000, 0).unwrap();
        When { at: Reading { moment, boot: None }, stamp: Stamp { revision: Revision(1), event: EventId::new(Uuid::nil()) } }
    }

    /// A call of the shell, as hooks told of it: asked for at second 10, and over at second 20 where it has an outcome.
    fn heard(id: &str, outcome: Option<Outcome>, duration_ms: Option<u64>) -> ToolCall {
        let conversation = ConversationKey::of("claude-code", "c");
        ToolCall {
            key: ToolCallKey::of(conversation, id),
            conversation,
            session: None,
            call: Text::redacted(id),
            tool: Text::redacted("Bash"),
            about: None,
            prompt: None,
            subagent: None,
            first: when(10),
            asked: Some(when(10)),
            end: outcome.map(|outcome| CallEnd { outcome, when: when(20), duration_ms, error: None }),
        }
    }

    /// The same as a transcript tells it: asked for at second 11, answered at second 15.
    fn told(id: &str, answer: Option<Answer>) -> Facts {
        let names = ["", "Bash", "c", "make", "/p"].map(str::to_owned).to_vec();
        let id = transcript_id(id);
        let call = Call { id, tool: Name(1), at: Some(11_000), conversation: Name(2), about: Name(3), cwd: Name(4), ..Call::default() };
        let answers = answer.into_iter().map(|answer| Answer { call: id, at: Some(15_000), ..answer }).collect();
        Facts { names, calls: vec![call], answers, ..Facts::default() }
    }

    fn ledger(facts: &[Facts]) -> Ledger {
        let mut ledger = Ledger::default();
        facts.iter().for_each(|facts| ledger.add(facts));
        ledger
    }

    /// Expects what is known of one call: outcome, whether it was measured, seconds.
    fn check(heard: Option<ToolCall>, told: Option<Facts>, expected: (CallOutcome, Option<(bool, u64)>)) {
        let (heard, ledger) = (Vec::from_iter(heard), ledger(&Vec::from_iter(told)));
        let calls = joined(&heard, &ledger);
        assert_eq!(calls.len(), 1, "{calls:?}");
        let took = calls[0].took.map(|took| (took.is_measured, took.micros / 1_000_000));
        assert_eq!((calls[0].outcome, took), expected, "{calls:?}");
    }

    #[test]
    fn a_call_that_both_know_is_one_and_what_is_measured_comes_before_what_lies_between() {
        use CallOutcome::{Failed, Refused, Succeeded, Unfinished};
        let answer = Some(Answer::default());
        let measured = Some(Answer { duration_ms: Some(3_000), ..Answer::default() });
        let failed = Some(Answer { is_error: true, ..Answer::default() });
        let with = |outcome, duration_ms| Some(heard("t", Some(outcome), duration_ms));
        // Hooks alone.
        check(with(Outcome::Succeeded, Some(2_000)), None, (Succeeded, Some((true, 2))));
        check(with(Outcome::Failed, None), None, (Failed, Some((false, 10))));
        check(with(Outcome::Refused, None), None, (Refused, None));
        check(Some(heard("t", None, None)), None, (Unfinished, None));
        // A transcript alone.
        check(None, Some(told("t", answer)), (Succeeded, Some((false, 4))));
        check(None, Some(told("t", measured)), (Succeeded, Some((true, 3))));
        check(None, Some(told("t", failed)), (Failed, Some((false, 4))));
        check(None, Some(told("t", None)), (Unfinished, None));
        let refusal = |how| Some(told("t", Some(Answer { is_error: true, refusal: Some(how), ..Answer::default() })));
        check(None, refusal(Refusal::Rejected), (Refused, None));
        check(None, refusal(Refusal::Interrupted), (Unfinished, None));
        // Both.
        check(with(Outcome::Succeeded, Some(2_000)), Some(told("t", measured)), (Succeeded, Some((true, 2))));
        check(with(Outcome::Succeeded, None), Some(told("t", measured)), (Succeeded, Some((true, 3))));
        check(with(Outcome::Failed, None), Some(told("t", answer)), (Failed, Some((false, 10))));
        check(Some(heard("t", None, None)), Some(told("t", failed)), (Failed, Some((false, 4))));
        check(with(Outcome::NotRun, None), Some(told("t", answer)), (Succeeded, Some((false, 4))));
        check(with(Outcome::NotRun, None), Some(told("t", failed)), (Refused, None));
    }

    #[test]
    fn hooks_say_when_and_the_transcript_fills_in_what_they_did_not_see() {
        let (late, asked) = (ToolCall { asked: None, first: when(20), ..heard("t", None, None) }, heard("t", None, None));
        let ledger = ledger(&[told("t", None)]);
        let at = |call: ToolCall, ledger: &Ledger| joined(&[call], ledger)[0].at;
        assert_eq!((at(asked.clone(), &ledger), at(late.clone(), &ledger)), (Some(10_000_000), Some(11_000_000)));
        assert_eq!(at(late, &Ledger::default()), Some(20_000_000));
        let heard = [asked];
        let call = &joined(&heard, &ledger)[0];
        assert_eq!((call.about, call.agent_session, call.cwd), (Some("make"), Some("c"), Some("/p")));
    }

    #[test]
    fn calls_of_others_stay_apart() {
        let heard = [heard("a", None, None), heard("b", None, None)];
        let ledger = ledger(&[told("b", None), told("c", None), told("c", None)]);
        assert_eq!(joined(&heard, &ledger).len(), 3);
    }
}
