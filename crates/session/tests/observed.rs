//! What the fold promises of agents' conversations: whatever order their hooks' events come in, turns, tool calls and what they count for
//! come out the same.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use jiff::{Timestamp, tz::Offset};
use proptest::prelude::*;
use session::{
    Activity, Author, Boot, Change, ConversationKey, Doing, Event, EventId, Evidence, Happened, Metadata, Moment, Observed, Opened, Opener,
    Outcome, Process, Reading, Revision, Rows, SessionKey, Started, Subject, Text, Tool, fold,
};
use uuid::Uuid;

/// What happens next; numbers choose among conversations, prompts, calls and sessions.
#[derive(Clone, Debug)]
enum Step {
    Start(u8, u8),
    Leave(u8, u8),
    Vanish(u8, u8),
    Prompt(u8, u8),
    Ask(u8, u8, u8),
    Succeed(u8, u8, u8),
    Fail(u8, u8, u8),
    Refuse(u8, u8, u8),
    Over(u8, u8),
    Stop(u8, u8),
    Break(u8, u8),
    Assign(u8, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let (which, of) = (0..2_u8, 0..3_u8);
    let call = (which.clone(), of.clone(), 0..4_u8);
    prop_oneof![
        (which.clone(), 0..2_u8).prop_map(|(c, p)| Step::Start(c, p)),
        (which.clone(), 0..2_u8).prop_map(|(c, p)| Step::Leave(c, p)),
        (which.clone(), 0..2_u8).prop_map(|(c, p)| Step::Vanish(c, p)),
        (which.clone(), of.clone()).prop_map(|(c, p)| Step::Prompt(c, p)),
        call.clone().prop_map(|(c, p, t)| Step::Ask(c, p, t)),
        call.clone().prop_map(|(c, p, t)| Step::Succeed(c, p, t)),
        call.clone().prop_map(|(c, p, t)| Step::Fail(c, p, t)),
        call.prop_map(|(c, p, t)| Step::Refuse(c, p, t)),
        (which.clone(), of.clone()).prop_map(|(c, p)| Step::Over(c, p)),
        (which.clone(), of.clone()).prop_map(|(c, p)| Step::Stop(c, p)),
        (which.clone(), of).prop_map(|(c, p)| Step::Break(c, p)),
        (which, 0..3_u8).prop_map(|(c, s)| Step::Assign(c, s)),
    ]
}

/// Turns steps into a log; the boot clock goes on with each, and the wall clock says whatever it likes.
fn log(steps: &[(Step, i64)]) -> Vec<Event> {
    let opened = (0..3).map(|session| event(100 + u128::from(session), 1, 0, Subject::Session(session_key(session)), opened(session)));
    let rest = steps.iter().enumerate().map(|(at, (step, wall))| {
        let (conversation, change) = change(step, at as u64);
        let about = Subject::Conversation(ConversationKey::of("a", &format!("c{conversation}")));
        event(1_000 + at as u128, at as u64 + 1, *wall, about, change)
    });
    opened.chain(rest).collect()
}

fn event(id: u128, place: u64, wall: i64, about: Subject, change: Change) -> Event {
    let moment = Moment::new(Timestamp::from_second(wall).unwrap(), Offset::UTC);
    Event {
        id: EventId::new(Uuid::from_u128(id)),
        about,
        at: Reading { moment, boot: Some(Boot { id: Uuid::from_u128(1), micros: place * 1_000 }) },
        recorded_at: moment,
        by: Author { owner: Text::redacted("me") },
        evidence: Evidence::Hook,
        revision: Revision(place),
        change,
        payload: None,
    }
}

fn change(step: &Step, place: u64) -> (u8, Change) {
    let (conversation, prompt, what) = match *step {
        Step::Assign(conversation, session) => {
            return (conversation, Change::Assigned { session: session_key(session), from: Revision(place + 1) });
        }
        Step::Vanish(conversation, pid) => {
            return (conversation, Change::Gone { process: process(pid), reason: Text::redacted("process gone") });
        }
        Step::Start(conversation, pid) => (conversation, None, started(pid)),
        Step::Leave(conversation, _) => (conversation, None, Happened::Left { reason: Text::redacted("other") }),
        Step::Prompt(conversation, prompt) => (conversation, Some(prompt), Happened::Prompted { text: None, is_typed: true }),
        Step::Ask(conversation, prompt, call) => (conversation, Some(prompt), Happened::ToolAsked(tool(prompt, call))),
        Step::Succeed(conversation, prompt, call) => (conversation, Some(prompt), Happened::ToolSucceeded(tool(prompt, call))),
        Step::Fail(conversation, prompt, call) => (conversation, Some(prompt), Happened::ToolFailed(tool(prompt, call))),
        Step::Refuse(conversation, prompt, call) => (conversation, Some(prompt), Happened::ToolRefused(tool(prompt, call))),
        Step::Over(conversation, prompt) => (conversation, Some(prompt), Happened::ToolsOver(vec![tool(prompt, 0), tool(prompt, 1)])),
        Step::Stop(conversation, prompt) => (conversation, Some(prompt), Happened::Stopped),
        Step::Break(conversation, prompt) => (conversation, Some(prompt), Happened::Broke { error: Text::redacted("rate_limit") }),
    };
    let pid = match *step {
        Step::Start(_, pid) | Step::Leave(_, pid) => Some(u32::from(pid)),
        _ => None,
    };
    let observed = Observed {
        agent: Text::redacted("a"),
        conversation: Text::redacted(format!("c{conversation}")),
        name: Text::redacted("x"),
        cwd: Some(Text::redacted(format!("/{place}"))),
        transcript: None,
        prompt: prompt.map(|prompt| Text::redacted(format!("p{prompt}"))),
        subagent: None,
        title: None,
        pid,
        fingerprint: place,
        what,
    };
    (conversation, Change::Observed(Box::new(observed)))
}

fn process(pid: u8) -> Process {
    Process { boot: Uuid::from_u128(1), namespace: 1, pid: pid.into(), started: pid.into() }
}

fn started(pid: u8) -> Happened {
    let process = process(pid);
    Happened::Started(Box::new(Started {
        source: Text::redacted("startup"),
        model: None,
        process: Some(process),
        machine: None,
        ancestors: Vec::new(),
        variables: Vec::new(),
    }))
}

/// A call belongs to one prompt.
fn tool(prompt: u8, call: u8) -> Tool {
    Tool { call: Text::redacted(format!("t{prompt}{call}")), name: Text::redacted("Bash"), about: None, duration_ms: None, error: None }
}

fn session_key(session: u8) -> SessionKey {
    SessionKey::new(Uuid::from_u128(7_000 + u128::from(session)))
}

fn opened(session: u8) -> Change {
    Change::Opened(Box::new(Opened {
        id: format!("SESSION-19700101-000000-000{session}").parse().unwrap(),
        number: None,
        project: None,
        worktree: None,
        opener: Opener::Agent,
        owner: Text::redacted("me"),
        agent: None,
        parent: None,
        description: None,
        tags: Vec::new(),
        metadata: Metadata::default(),
        original: None,
    }))
}

/// What sessions count is what lies in them, and everything lies where its conversation was at the time.
fn assert_consistent(rows: &Rows) {
    let mut counted: std::collections::BTreeMap<SessionKey, Activity> =
        rows.sessions.keys().map(|key| (*key, Activity::default())).collect();
    for turn in rows.turns.values() {
        assert_eq!(turn.session, rows.conversations[&turn.conversation].session_at(&turn.first));
        if let Some(count) = turn.session.and_then(|key| counted.get_mut(&key)) {
            count.turns += u32::from(turn.is_prompted());
        }
    }
    for call in rows.tool_calls.values() {
        assert_eq!(call.session, rows.conversations[&call.conversation].session_at(&call.first));
        let Some(count) = call.session.and_then(|key| counted.get_mut(&key)) else { continue };
        count.tool_calls += 1;
        count.failed += u32::from(call.outcome() == Some(Outcome::Failed));
        count.refused += u32::from(matches!(call.outcome(), Some(Outcome::Refused | Outcome::NotRun)));
    }
    let held: std::collections::BTreeMap<_, _> = rows.sessions.iter().map(|(key, session)| (*key, session.activity)).collect();
    assert_eq!(held, counted);
}

fn steps() -> impl Strategy<Value = Vec<(Step, i64)>> {
    // The wall clock jumps by a century at will.
    prop::collection::vec((step(), -3_000_000_000..3_000_000_000_i64), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn d7_every_order_of_what_hooks_say_gives_the_same_rows(steps in steps(), shuffle in any::<prop::sample::Selector>()) {
        let log = log(&steps);
        let (rows, _) = fold(&log);
        assert_consistent(&rows);
        let shuffled = shuffle.try_select_all(&log);
        prop_assert_eq!(rows, fold(&shuffled).0);
    }

    #[test]
    fn redelivery_of_what_hooks_say_is_harmless(steps in steps(), again in prop::collection::vec(any::<prop::sample::Index>(), 0..10)) {
        let log = log(&steps);
        let mut repeated = log.clone();
        for index in again {
            repeated.insert(index.index(repeated.len() + 1), index.get(&log).clone());
        }
        prop_assert_eq!(fold(&log).0, fold(&repeated).0);
    }
}

/// Puts events into an order that the generator chose.
trait SelectAll {
    fn try_select_all(&self, log: &[Event]) -> Vec<Event>;
}

impl SelectAll for prop::sample::Selector {
    fn try_select_all(&self, log: &[Event]) -> Vec<Event> {
        let mut rest = log.to_vec();
        let mut order = Vec::new();
        while !rest.is_empty() {
            let chosen = self.select(0..rest.len());
            order.push(rest.remove(chosen));
        }
        order
    }
}

/// Folds steps that follow each other and returns what the conversation does in the end.
fn doing(steps: &[Step]) -> Option<Doing> {
    let steps: Vec<_> = steps.iter().cloned().map(|step| (step, 0)).collect();
    let rows = fold(&log(&steps)).0;
    rows.conversations.into_values().next().and_then(|conversation| conversation.doing).map(|doing| doing.value)
}

#[test]
fn a_conversation_does_what_was_said_last() {
    assert_eq!(doing(&[Step::Start(0, 0)]), Some(Doing::Idle));
    assert_eq!(doing(&[Step::Start(0, 0), Step::Prompt(0, 0), Step::Ask(0, 0, 0)]), Some(Doing::Working));
    assert_eq!(doing(&[Step::Prompt(0, 0), Step::Stop(0, 0)]), Some(Doing::Done));
    assert_eq!(doing(&[Step::Prompt(0, 0), Step::Leave(0, 0)]), Some(Doing::Left(Text::redacted("other"))));
}

#[test]
fn what_says_more_of_a_call_replaces_what_says_less() {
    let outcome = |steps: &[Step]| {
        let steps: Vec<_> = steps.iter().cloned().map(|step| (step, 0)).collect();
        fold(&log(&steps)).0.tool_calls.into_values().find(|call| call.call.as_str() == "t00").and_then(|call| call.outcome())
    };
    assert_eq!(outcome(&[Step::Ask(0, 0, 0)]), None);
    assert_eq!(outcome(&[Step::Ask(0, 0, 0), Step::Over(0, 0)]), Some(Outcome::NotRun));
    assert_eq!(outcome(&[Step::Over(0, 0), Step::Refuse(0, 0, 0)]), Some(Outcome::Refused));
    assert_eq!(outcome(&[Step::Fail(0, 0, 0), Step::Over(0, 0)]), Some(Outcome::Failed));
}

#[test]
fn what_came_before_the_first_session_belongs_to_it_and_what_comes_later_to_the_next() {
    let steps = [Step::Ask(0, 0, 0), Step::Assign(0, 1), Step::Ask(0, 0, 1), Step::Assign(0, 2), Step::Ask(0, 1, 0)];
    let rows = fold(&log(&steps.map(|step| (step, 0)))).0;
    let calls = [0, 1, 2].map(|session| rows.sessions[&session_key(session)].activity.tool_calls);
    assert_eq!(calls, [0, 2, 1]);
}
