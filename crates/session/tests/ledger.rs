//! Facts of many files, laid together: nothing counts twice, nothing gets lost, and no order matters.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use session::transcript::{
    Answer, Call, Compaction, Counts, Edit, EditKind, Extent, Facts, Ledger, Name, OwnTotal, Refusal, Response, Title, TitleKind,
    TypedTurn, Usage,
};

/// Few ids and few strings, so that most of what is drawn meets.
const NAMES: [&str; 4] = ["", "b", "a", "c"];

fn names() -> impl Strategy<Value = Name> {
    (0..NAMES.len() as u32).prop_map(Name)
}

fn moments() -> impl Strategy<Value = Option<i64>> {
    prop::option::of(0_i64..4)
}

fn usages() -> impl Strategy<Value = Usage> {
    let tokens = || prop_oneof![6 => 0_u64..5, 1 => Just(u64::MAX)];
    (tokens(), tokens(), tokens(), [0_u64..3, 0..3, 0..3], 0_u64..3).prop_map(
        |(input, output, cache_write, [five, hour, reasoning], searches)| Usage {
            input,
            output,
            cache_write,
            cache_write_5m: five,
            cache_write_1h: hour,
            cache_read: searches,
            reasoning,
            searches,
        },
    )
}

prop_compose! {
    fn responses()(
        message in 1_u64..4, request in 0_u64..3, at in moments(), [model, conversation, subagent] in [names(), names(), names()],
        [cwd, branch, tier] in [names(), names(), names()], usage in usages(), marks in any::<[bool; 4]>(),
    ) -> Response {
        let [is_final, is_sidechain, is_embedded, is_copied] = marks;
        Response { message, request, at, model, conversation, subagent, cwd, branch, tier, usage, is_final, is_sidechain, is_embedded, is_copied }
    }
}

prop_compose! {
    fn turns()(record in 1_u64..4, prompt in 0_u64..3, at in moments(), [conversation, cwd, branch] in [names(), names(), names()], is_copied: bool) -> TypedTurn {
        TypedTurn { record, prompt, at, conversation, cwd, branch, is_copied }
    }
}

prop_compose! {
    fn calls()(
        id in 1_u64..4, at in moments(), [tool, conversation, subagent] in [names(), names(), names()], [cwd, about] in [names(), names()],
        [is_edit, is_sidechain, is_copied] in any::<[bool; 3]>(),
    ) -> Call {
        Call { id, tool, at, conversation, subagent, cwd, about, is_edit, is_sidechain, is_copied }
    }
}

prop_compose! {
    fn answers()(call in 1_u64..4, at in moments(), duration_ms in prop::option::of(0_u64..3), is_error: bool, refusal in 0..3) -> Answer {
        Answer { call, at, duration_ms, is_error, refusal: [None, Some(Refusal::Rejected), Some(Refusal::Interrupted)][refusal as usize] }
    }
}

prop_compose! {
    fn edits()(call in 1_u64..4, place in 0_u32..2, is_new: bool, file in names()) -> Edit {
        Edit { call, place, kind: if is_new { EditKind::Add } else { EditKind::Delete }, file }
    }
}

prop_compose! {
    fn compactions()(record in 1_u64..3, at in moments(), [conversation, trigger] in [names(), names()], before in prop::option::of(0_u64..2), after in prop::option::of(0_u64..2)) -> Compaction {
        Compaction { record, at, conversation, trigger, tokens_before: before, tokens_after: after }
    }
}

prop_compose! {
    fn own_totals()([conversation, model] in [names(), names()], usage in usages(), cost_micros in 0_u64..3) -> OwnTotal {
        OwnTotal { conversation, model, usage, cost_micros }
    }
}

prop_compose! {
    /// A part as readers make them: whatever its strings are numbered.
    fn parts()(
        responses in prop::collection::vec(responses(), 0..6), turns in prop::collection::vec(turns(), 0..4), calls in prop::collection::vec(calls(), 0..4),
        answers in prop::collection::vec(answers(), 0..4), compactions in prop::collection::vec(compactions(), 0..3),
        own_totals in prop::collection::vec(own_totals(), 0..3), edits in prop::collection::vec(edits(), 0..3), turned in 0_usize..3,
    ) -> Facts {
        let mut names = NAMES.map(str::to_owned).to_vec();
        names[1..].rotate_left(turned);
        Facts { names, responses, turns, calls, answers, edits, compactions, own_totals, ..Facts::default() }
    }
}

fn laid<'f>(parts: impl IntoIterator<Item = &'f Facts>) -> Ledger {
    let mut ledger = Ledger::default();
    parts.into_iter().for_each(|part| ledger.add(part));
    ledger
}

fn contents(ledger: &Ledger) -> Vec<String> {
    // By their places they are only told apart within one ledger.
    let say = |shown: String| {
        let places = (0..=NAMES.len() as u32).rev();
        places.fold(shown, |shown, place| shown.replace(&format!("Name({place})"), ledger.name(Name(place)).unwrap_or("-")))
    };
    let mut all: Vec<String> = ledger.responses().map(|each| say(format!("{each:?}"))).collect();
    all.extend(ledger.turns().map(|each| say(format!("{each:?}"))));
    all.extend(ledger.calls().map(|each| say(format!("{each:?}"))));
    all.extend(ledger.edits().map(|each| say(format!("{each:?}"))));
    all.extend(ledger.compactions().map(|each| say(format!("{each:?}"))));
    all.extend(ledger.own_totals().map(|each| say(format!("{each:?}"))));
    all.sort();
    all
}

fn total(ledger: &Ledger) -> u64 {
    ledger.responses().map(|response| response.usage.total()).fold(0, u64::saturating_add)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn neither_order_nor_repetition_matters(parts in prop::collection::vec(parts(), 1..6), seed: u64, again in any::<prop::sample::Index>()) {
        let wanted = contents(&laid(&parts));
        let mut mixed: Vec<&Facts> = parts.iter().chain([again.get(&parts)]).collect();
        let mut left = seed;
        for place in (1..mixed.len()).rev() {
            mixed.swap(place, (left % (place as u64 + 1)) as usize);
            left /= place as u64 + 1;
        }
        prop_assert_eq!(contents(&laid(mixed)), wanted);
    }

    #[test]
    fn parts_that_were_made_one_or_split_say_the_same(parts in prop::collection::vec(parts(), 1..6)) {
        let wanted = contents(&laid(&parts));
        let halves: Vec<Facts> = parts.iter().flat_map(|part| <[Facts; 2]>::from(part.clone().split_usage())).collect();
        prop_assert_eq!(contents(&laid(&halves)), wanted.clone());
        let whole = parts.into_iter().reduce(|mut whole, next| { whole.append(next); whole }).unwrap();
        prop_assert_eq!(contents(&laid([&whole])), wanted);
    }

    #[test]
    fn another_part_never_takes_tokens_away(parts in prop::collection::vec(parts(), 1..6)) {
        let mut ledger = Ledger::default();
        for part in &parts {
            let before = total(&ledger);
            ledger.add(part);
            prop_assert!(total(&ledger) >= before.max(total(&laid([part]))));
        }
    }

    #[test]
    fn usage_alone_is_the_same_usage(parts in prop::collection::vec(parts(), 1..4)) {
        let mut usage = Ledger::default();
        parts.iter().for_each(|part| usage.add_usage(&part.clone().split_usage().0));
        let of_responses = |ledger: &Ledger| -> Vec<String> { contents(ledger).into_iter().filter(|line| line.starts_with("Response")).collect() };
        prop_assert_eq!(of_responses(&usage), of_responses(&laid(&parts)));
        prop_assert_eq!(contents(&usage).len(), of_responses(&usage).len());
    }

    #[test]
    fn usage_that_was_told_and_made_a_ledger_again_goes_on_as_it_would_have(parts in prop::collection::vec(parts(), 1..6), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(parts.len());
        let (mut wanted, mut before) = (Ledger::default(), Ledger::default());
        parts.iter().for_each(|part| wanted.add_usage(part));
        parts[..cut].iter().for_each(|part| before.add_usage(part));
        let mut ledger = Ledger::of_usage(before.names(), before.agents(), before.usage().copied());
        prop_assert_eq!(contents(&ledger), contents(&before));
        parts[cut..].iter().for_each(|part| ledger.add_usage(part));
        prop_assert_eq!(contents(&ledger), contents(&wanted));
    }

    /// The main thread's requests are a response each. What is aside counts only where there is none of them, and then once for a message.
    #[test]
    fn a_sidechain_adds_no_response_to_one_of_the_main_thread(parts in prop::collection::vec(parts(), 1..4)) {
        let mut wanted: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        for record in parts.iter().flat_map(|part| &part.responses) {
            let main = wanted.entry(record.message).or_default();
            if !record.is_sidechain {
                main.insert(record.request);
            }
        }
        let count: usize = wanted.values().map(|main| main.len().max(1)).sum();
        prop_assert_eq!(laid(&parts).responses().count(), count);
    }
}

#[test]
fn the_original_says_whose_a_response_is() {
    let names = || ["", "fork", "original", "m"].map(str::to_owned).to_vec();
    let copy = Response {
        message: 1,
        request: 1,
        conversation: Name(1),
        at: Some(1),
        is_copied: true,
        is_final: true,
        usage: Usage { output: 9, ..Usage::default() },
        ..Response::default()
    };
    let own = Response {
        conversation: Name(2),
        at: Some(2),
        is_copied: false,
        is_final: false,
        usage: Usage { output: 3, ..Usage::default() },
        ..copy
    };
    let parts = [copy, own].map(|response| Facts { names: names(), responses: vec![response], ..Facts::default() });
    for order in [[&parts[0], &parts[1]], [&parts[1], &parts[0]]] {
        let ledger = laid(order);
        let found = ledger.responses().next().unwrap();
        assert_eq!((ledger.name(found.conversation), found.usage.output, found.is_copied), (Some("original"), 9, false));
        // The copy is of the end, the original's file was cut before.
        assert!(found.is_final && !own.is_final);
    }
}

/// Records of one thing that differ from another in one place each.
fn variants() -> Vec<Facts> {
    let names = || ["", "b", "a"].map(str::to_owned).to_vec();
    let (one, at) = (Name(1), Some(1));
    let usage = Usage { input: u64::MAX, ..Usage::default() };
    let response = Response { message: 1, usage, at, ..Response::default() };
    let turn = TypedTurn { record: 1, at, ..TypedTurn::default() };
    let call = Call { id: 1, at, ..Call::default() };
    let answer = Answer { call: 1, at, ..Answer::default() };
    let compaction = Compaction { record: 1, at, ..Compaction::default() };
    let total = OwnTotal { usage, ..OwnTotal::default() };
    let part = || Facts { names: names(), ..Facts::default() };
    let base = Facts {
        responses: vec![response],
        turns: vec![turn],
        calls: vec![call],
        answers: vec![answer],
        compactions: vec![compaction],
        own_totals: vec![total.clone()],
        ..part()
    };
    let usages = [
        Usage { output: 1, ..usage },
        Usage { cache_write: 1, ..usage },
        Usage { cache_write: 2, ..usage },
        Usage { cache_write_5m: 1, ..usage },
        Usage { cache_write_1h: 1, ..usage },
        Usage { cache_read: 1, ..usage },
        Usage { reasoning: 1, ..usage },
        Usage { searches: 1, ..usage },
        Usage { input: u64::MAX - 1, output: 1, ..usage },
    ];
    let mut responses = vec![
        Response { at: None, ..response },
        Response { at: Some(2), ..response },
        Response { model: one, ..response },
        Response { conversation: one, ..response },
        Response { subagent: one, ..response },
        Response { cwd: one, ..response },
        Response { branch: one, ..response },
        Response { tier: one, ..response },
        Response { is_final: true, ..response },
        Response { is_sidechain: true, ..response },
        Response { is_embedded: true, ..response },
        Response { is_copied: true, ..response },
    ];
    responses.extend(usages.map(|usage| Response { usage, ..response }));
    let turns = [
        TypedTurn { prompt: 1, ..turn },
        TypedTurn { at: Some(2), ..turn },
        TypedTurn { conversation: one, ..turn },
        TypedTurn { cwd: one, ..turn },
        TypedTurn { branch: one, ..turn },
        TypedTurn { is_copied: true, ..turn },
    ];
    let calls = [
        Call { tool: one, ..call },
        Call { at: Some(2), ..call },
        Call { conversation: one, ..call },
        Call { subagent: one, ..call },
        Call { cwd: one, ..call },
        Call { about: one, ..call },
        Call { is_edit: true, ..call },
        Call { is_sidechain: true, ..call },
        Call { is_copied: true, ..call },
    ];
    let answers = [
        Answer { at: None, ..answer },
        Answer { duration_ms: Some(1), ..answer },
        Answer { is_error: true, ..answer },
        Answer { refusal: Some(Refusal::Rejected), ..answer },
        Answer { refusal: Some(Refusal::Interrupted), ..answer },
    ];
    let compactions = [
        Compaction { at: None, ..compaction },
        Compaction { conversation: one, ..compaction },
        Compaction { trigger: one, ..compaction },
        Compaction { tokens_before: Some(1), ..compaction },
        Compaction { tokens_after: Some(1), ..compaction },
    ];
    let mut all = vec![base];
    all.extend(responses.into_iter().map(|each| Facts { responses: vec![each], ..part() }));
    all.extend(turns.map(|each| Facts { turns: vec![each], ..part() }));
    all.extend(calls.map(|each| Facts { calls: vec![each], ..part() }));
    all.extend(answers.map(|each| Facts { answers: vec![each], ..part() }));
    all.extend(compactions.map(|each| Facts { compactions: vec![each], ..part() }));
    all.extend(usages.map(|usage| Facts { own_totals: vec![OwnTotal { usage, ..total.clone() }], ..part() }));
    all.push(Facts { own_totals: vec![OwnTotal { cost_micros: 1, ..total }], ..part() });
    all
}

#[test]
fn whatever_two_records_differ_in_neither_is_kept_because_it_came_first() {
    let variants = variants();
    for (place, one) in variants.iter().enumerate() {
        for other in &variants[place + 1..] {
            let both = [&variants[0], one, other];
            assert_eq!(contents(&laid(both)), contents(&laid([other, one, &variants[0]])), "{one:?}\n{other:?}");
        }
    }
}

#[test]
fn what_is_appended_adds_up() {
    let title = |kind, text| Title { kind, text: Name(text) };
    let counts: Counts = serde_json::from_value(
        serde_json::to_value(Counts::default())
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .map(|key| (key.clone(), serde_json::Value::from(1)))
            .collect(),
    )
    .unwrap();
    let part = |first: i64, words: [&str; 3]| Facts {
        names: ["", words[0], words[1], words[2]].map(str::to_owned).to_vec(),
        titles: vec![title(TitleKind::Prompt, 1), title(TitleKind::Agent, 2)],
        conversations: vec![(Name(3), 2)],
        cwds: vec![Name(1), Name(3)],
        extent: Extent { first: Some(first), last: Some(first + 1) },
        counts,
        ..Facts::default()
    };
    let mut whole = part(5, ["first", "old", "c"]);
    whole.append(part(3, ["second", "new", "c"]));
    whole.append(Facts::default());
    let say = |name: &Name| whole.name(*name).unwrap().to_owned();
    assert_eq!(
        whole.titles.iter().map(|title| (title.kind, say(&title.text))).collect::<Vec<_>>(),
        [(TitleKind::Prompt, "first".to_owned()), (TitleKind::Agent, "new".to_owned())]
    );
    assert_eq!(whole.conversations.iter().map(|(name, count)| (say(name), *count)).collect::<Vec<_>>(), [("c".to_owned(), 4)]);
    assert_eq!(whole.cwds.iter().map(say).collect::<Vec<_>>(), ["first", "c", "second"]);
    assert_eq!(whole.extent, Extent { first: Some(3), last: Some(6) });
    let counted = serde_json::to_value(whole.counts).unwrap();
    assert!(counted.as_object().unwrap().values().all(|count| *count == 2), "{counted}");
}
