//! What is counted, in which group, and what is never taken for nothing.

use proptest::collection::vec;
use proptest::prelude::*;
use tracker::session::transcript::{Facts, Ledger, Name, OwnTotal, Response, Usage};
use tracker::{Cost, Owner, Owners, Prices, UsageBy, UsageReport, UsageView, WantedUsage, read_zone, report_usage};

const ALL: [UsageBy; 9] = [
    UsageBy::Day,
    UsageBy::Week,
    UsageBy::Month,
    UsageBy::Session,
    UsageBy::Project,
    UsageBy::Model,
    UsageBy::Branch,
    UsageBy::Chain,
    UsageBy::Block,
];

/// What is asked for is one session, or everything. Projects are directories, called by their last part; a conversation `a>b` belongs to `b` from noon of the first of March on.
struct ByName(Option<&'static str>);

const NOON: i64 = 1_772_366_400_000;

impl Owners for ByName {
    fn project(&mut self, cwd: Option<&str>) -> Owner {
        let label = cwd.and_then(|cwd| cwd.rsplit('/').next()).map(str::to_owned);
        Owner { key: cwd.map(str::to_owned), label }
    }

    fn is_wanted(&mut self, cwd: Option<&str>) -> bool {
        cwd == Some("/src/shop")
    }

    fn sessions(&mut self, conversation: Option<&str>) -> Vec<(i64, Owner)> {
        let owner = |key: &str| Owner { key: Some(key.to_owned()), label: None };
        match conversation.and_then(|conversation| conversation.split_once('>')) {
            Some((first, second)) => vec![(0, owner(first)), (NOON, owner(second))],
            None => vec![(i64::MIN, Owner { key: conversation.map(str::to_owned), label: None })],
        }
    }

    fn wanted_since(&mut self, conversation: Option<&str>) -> Option<Vec<(i64, bool)>> {
        let wanted = self.0?;
        let sessions = self.sessions(conversation);
        Some(sessions.into_iter().map(|(since, owner)| (since, owner.key.as_deref() == Some(wanted))).collect())
    }

    fn chain(&mut self, conversation: Option<&str>) -> Owner {
        Owner { key: conversation.map(|conversation| conversation[..1].to_owned()), label: None }
    }
}

/// Facts, one response at a time.
#[derive(Default)]
struct Part(Facts);

impl Part {
    fn name(&mut self, text: &str) -> Name {
        let names = &mut self.0.names;
        if names.is_empty() {
            names.push(String::new());
        }
        let place = names.iter().position(|name| name == text).unwrap_or_else(|| {
            names.push(text.to_owned());
            names.len() - 1
        });
        Name(u32::try_from(place).unwrap())
    }

    /// Adds a response of a model in a conversation; what else there is to say of it is in `response`.
    fn add(&mut self, model: &str, conversation: &str, cwd: &str, branch: &str, response: Response) -> &mut Self {
        let [model, conversation, cwd, branch] = [model, conversation, cwd, branch].map(|text| self.name(text));
        self.0.responses.push(Response { model, conversation, cwd, branch, ..response });
        self
    }

    fn ledger(&self) -> Ledger {
        let mut ledger = Ledger::default();
        ledger.add(&self.0);
        let is_codex = |name: Name| self.0.name(name) == Some("codex");
        for (agent, of_codex) in [("codex", true), ("claude-code", false)] {
            let responses = self.0.responses.iter().copied().filter(|response| is_codex(response.conversation) == of_codex).collect();
            ledger.note_agent(agent, &Facts { names: self.0.names.clone(), responses, ..Facts::default() });
        }
        ledger
    }
}

fn wanted(by: UsageBy) -> WantedUsage {
    let zone = read_zone("Europe/Berlin").unwrap();
    WantedUsage { by, since: None, until: None, zone, models: Vec::new(), session: None, all_projects: true }
}

fn counted(ledger: &Ledger, wanted: &WantedUsage) -> UsageReport {
    report_usage(ledger, &Prices::known(), wanted, &mut ByName(None))
}

fn millis(at: &str) -> i64 {
    at.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn response(message: u64, at: &str, output: u64) -> Response {
    let usage = Usage { input: 10, output, cache_read: 1_000, ..Usage::default() };
    Response { message, at: Some(millis(at)), usage, is_final: true, ..Response::default() }
}

/// Two projects, two models, one of which nobody knows, two days.
fn shop() -> Part {
    let mut part = Part::default();
    part.add("claude-opus-4-5-20251101", "a>b", "/src/shop", "main", response(1, "2026-03-01T10:40:00Z", 100));
    part.add("claude-opus-4-5-20251101", "a>b", "/src/shop", "login", response(2, "2026-03-01T23:30:00Z", 200));
    part.add("mystery-1", "c", "/src/shop", "main", Response { is_final: false, ..response(3, "2026-03-02T09:00:00Z", 300) });
    part.add(
        "claude-haiku-4-5-20251001",
        "codex",
        "/src/other",
        "",
        Response { is_sidechain: true, ..response(4, "2026-03-02T11:00:00Z", 400) },
    );
    part
}

fn keys(report: &UsageReport) -> Vec<&str> {
    report.rows.iter().map(|row| row.owner.key.as_deref().unwrap_or("-")).collect()
}

#[test]
fn responses_are_counted_in_the_group_they_belong_to() {
    let ledger = shop().ledger();
    for (by, expected) in [
        (UsageBy::Day, vec!["2026-03-01", "2026-03-02"]),
        (UsageBy::Week, vec!["2026-W09", "2026-W10"]),
        (UsageBy::Month, vec!["2026-03"]),
        (UsageBy::Session, vec!["a", "b", "c", "codex"]),
        (UsageBy::Project, vec!["shop", "other"]),
        (UsageBy::Model, vec!["claude-opus-4-5-20251101", "claude-haiku-4-5-20251001", "mystery-1"]),
        (UsageBy::Branch, vec!["login", "main", "-"]),
        (UsageBy::Chain, vec!["a", "c"]),
        (UsageBy::Block, vec!["2026-03-01T11:00:00+01:00", "2026-03-02T00:00:00+01:00", "2026-03-02T10:00:00+01:00"]),
    ] {
        assert_eq!(keys(&counted(&ledger, &wanted(by))), expected, "{by:?}");
    }
}

#[test]
fn a_cost_that_nobody_knows_is_none_and_a_sum_with_it_is_a_lower_bound() {
    let report = counted(&shop().ledger(), &wanted(UsageBy::Model));
    let views = UsageView::all_of(&report, &read_zone("UTC").unwrap(), 0);
    let told: Vec<_> =
        views.iter().map(|view| (view.key.as_deref().unwrap(), view.cost_usd, view.cost_at_least, view.output_at_least)).collect();
    // 20 in at 5, 300 out at 25, 2,000 read at 0.5; 10 in at 1, 400 out at 5, 1,000 read at 0.1.
    insta::assert_debug_snapshot!(told, @r#"
    [
        (
            "claude-opus-4-5-20251101",
            Some(
                0.0086,
            ),
            false,
            false,
        ),
        (
            "claude-haiku-4-5-20251001",
            Some(
                0.00211,
            ),
            false,
            false,
        ),
        (
            "mystery-1",
            None,
            false,
            true,
        ),
        (
            "total",
            Some(
                0.01071,
            ),
            true,
            true,
        ),
    ]
    "#);
    assert_eq!(views[3].unknown_models[0].model, "mystery-1");
    assert_eq!((views[3].unpriced, views[3].unfinished, views[3].responses, views[3].sidechain.responses), (1, 1, 4, 1));
}

#[test]
fn only_what_was_asked_for_is_counted() {
    let ledger = shop().ledger();
    let here = WantedUsage { all_projects: false, ..wanted(UsageBy::Day) };
    let some = WantedUsage { models: vec!["Haiku".into(), "mystery".into()], ..wanted(UsageBy::Day) };
    let early = WantedUsage { until: Some(millis("2026-03-02T09:00:00Z")), ..wanted(UsageBy::Day) };
    let late = WantedUsage { since: Some(millis("2026-03-02T09:00:00Z")), ..wanted(UsageBy::Block) };
    for (wanted, expected) in [(here, 600), (some, 700), (early, 300), (late.clone(), 700)] {
        assert_eq!(counted(&ledger, &wanted).total.all.usage.output, expected, "{wanted:?}");
    }
    assert_eq!(keys(&counted(&ledger, &late)), ["2026-03-02T10:00:00+01:00"]);
}

#[test]
fn of_one_session_only_what_was_done_while_a_conversation_belonged_to_it_is_counted() {
    let ledger = shop().ledger();
    let of = |session| report_usage(&ledger, &Prices::known(), &wanted(UsageBy::Session), &mut ByName(Some(session)));
    let all = counted(&ledger, &wanted(UsageBy::Session));
    for session in ["a", "b", "c", "codex"] {
        let row = all.rows.iter().find(|row| row.owner.key.as_deref() == Some(session)).unwrap();
        let report = of(session);
        assert_eq!((keys(&report), report.total.all), (vec![session], row.all));
    }
    assert_eq!(of("nobody").rows, []);
}

#[test]
fn projects_of_the_same_name_are_two() {
    let mut part = shop();
    part.add("claude-opus-4-5", "d", "/old/shop", "main", response(5, "2026-03-02T11:00:00Z", 1));
    assert_eq!(keys(&counted(&part.ledger(), &wanted(UsageBy::Project))), ["/src/shop", "other", "/old/shop"]);
}

#[test]
fn what_the_agent_says_itself_stands_beside_what_was_counted() {
    let mut part = shop();
    let total = |part: &mut Part, conversation: &str, cost_micros| {
        let [conversation, model] = [conversation, "mystery-1"].map(|text| part.name(text));
        let usage = Usage { input: 10, output: 350, cache_read: 1_000, ..Usage::default() };
        part.0.own_totals.push(OwnTotal { conversation, model, usage, cost_micros });
    };
    total(&mut part, "c", 2_000_000);
    total(&mut part, "a>b", 9_000_000);
    let views = |wanted: &WantedUsage| UsageView::all_of(&counted(&part.ledger(), wanted), &wanted.zone, 0);
    let rows = views(&wanted(UsageBy::Session));
    let told: Vec<_> = rows.iter().map(|row| (row.key.as_deref().unwrap(), row.own_cost_usd)).collect();
    // What is said of a conversation that belonged to two sessions cannot be cut in two.
    assert_eq!(told, [("a", None), ("b", None), ("c", Some(2.0)), ("codex", None), ("total", None)]);
    let difference = rows[2].difference.as_ref().unwrap();
    assert_eq!((difference.output, difference.input, difference.cost_usd), (-50, 0, None));
    assert_eq!(views(&WantedUsage { since: Some(0), ..wanted(UsageBy::Session) })[2].own_cost_usd, None);
}

#[test]
fn a_block_goes_on_for_five_hours() {
    let report = counted(&shop().ledger(), &wanted(UsageBy::Block));
    let active = |now: &str| {
        let views = UsageView::all_of(&report, &read_zone("UTC").unwrap(), millis(now));
        views.iter().filter(|view| view.block.as_ref().is_some_and(|block| block.active)).count()
    };
    assert_eq!(["2026-03-02T13:59:59Z", "2026-03-02T14:00:00Z", "2026-03-02T08:59:59Z"].map(active), [1, 0, 0]);
}

const MODELS: [&str; 4] = ["claude-opus-4-5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "mystery-1", "claude-haiku-4-5[1m]"];
const TALKS: [&str; 3] = ["a>b", "c", "codex"];
const PLACES: [&str; 3] = ["/src/shop", "/src/other", ""];

/// A response, and where its names are in the lists above.
fn any_response() -> impl Strategy<Value = (Response, [usize; 3])> {
    let ids = (0..12_u64, 0..3_u64);
    let at = prop::option::weighted(0.9, (0..40_i64 * 24 * 60).prop_map(|minutes| millis("2026-03-10T00:00:00Z") + minutes * 60_000));
    let tokens = (0..5_u64, 0..300_000_u64, 0..3_000_u64, 0..400_000_u64);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (ids, at, tokens, flags, (0..4_usize, 0..3_usize, 0..3_usize)).prop_map(|(ids, at, tokens, flags, places)| {
        let usage = Usage {
            input: tokens.0,
            output: tokens.2,
            cache_write: tokens.1,
            cache_write_1h: tokens.1 / 3,
            cache_read: tokens.3,
            searches: tokens.0 / 4,
            ..Usage::default()
        };
        let response = Response {
            message: ids.0,
            request: ids.1,
            at,
            usage,
            is_final: flags.0,
            is_sidechain: flags.1,
            is_copied: flags.2,
            ..Response::default()
        };
        (response, [places.0, places.1, places.2])
    })
}

fn part_of(responses: &[(Response, [usize; 3])]) -> Facts {
    let mut part = Part::default();
    for (response, [model, talk, place]) in responses {
        part.add(MODELS[*model], TALKS[*talk], PLACES[*place], TALKS[*place], *response);
    }
    part.0
}

proptest! {
    #[test]
    fn groups_add_up_to_the_total_whatever_they_are(responses in vec(any_response(), 0..60)) {
        let mut ledger = Ledger::default();
        ledger.add(&part_of(&responses));
        let mut outputs = Vec::new();
        for by in ALL {
            let report = counted(&ledger, &wanted(by));
            let sum = |of: fn(&tracker::UsageRow) -> u64| report.rows.iter().map(of).sum::<u64>();
            let all = report.total.all;
            prop_assert_eq!(sum(|row| row.all.responses), all.responses);
            prop_assert_eq!(sum(|row| row.all.usage.total()), all.usage.total());
            prop_assert_eq!(sum(|row| row.all.unpriced), all.unpriced);
            prop_assert_eq!(sum(|row| row.all.unfinished), all.unfinished);
            prop_assert_eq!(sum(|row| row.sidechain.usage.output), report.total.sidechain.usage.output);
            prop_assert_eq!(report.rows.iter().map(|row| row.all.cost).sum::<Cost>(), all.cost);
            outputs.push(report.total);
        }
        let plain = |total: &tracker::UsageRow| (total.all, total.sidechain, total.models.clone(), total.unknown.clone(), total.extent);
        prop_assert!(outputs.windows(2).all(|pair| plain(&pair[0]) == plain(&pair[1])));
    }

    #[test]
    fn the_order_of_the_parts_does_not_matter(responses in vec(any_response(), 0..40), cut in 0..40_usize) {
        let (one, other) = responses.split_at(cut.min(responses.len()));
        let parts = [part_of(one), part_of(other)];
        let [mut there, mut back] = [Ledger::default(), Ledger::default()];
        parts.iter().for_each(|part| there.add(part));
        parts.iter().rev().for_each(|part| back.add(part));
        for by in ALL {
            prop_assert_eq!(counted(&there, &wanted(by)), counted(&back, &wanted(by)));
        }
    }

    #[test]
    fn an_unknown_model_never_costs_nothing(responses in vec(any_response(), 1..40)) {
        let mut ledger = Ledger::default();
        ledger.add(&part_of(&responses));
        let report = counted(&ledger, &wanted(UsageBy::Model));
        for row in report.rows {
            let is_unknown = row.owner.key.as_deref() == Some("mystery-1");
            prop_assert_eq!(row.all.known_cost().is_none(), is_unknown);
            prop_assert_eq!(row.unknown.iter().map(|(_, number)| *number).sum::<u64>(), if is_unknown { row.all.responses } else { 0 });
        }
    }

    #[test]
    fn no_zone_loses_a_response(responses in vec(any_response(), 0..40), zone in 0..6_usize) {
        let zone = read_zone(["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "-00:01", "+14:00"][zone]).unwrap();
        let mut ledger = Ledger::default();
        ledger.add(&part_of(&responses));
        let report = counted(&ledger, &WantedUsage { zone: zone.clone(), ..wanted(UsageBy::Day) });
        for row in report.rows.iter().filter(|row| row.owner.key.is_some()) {
            let (first, last) = row.extent.unwrap();
            for at in [first, last] {
                let day = jiff::Timestamp::from_millisecond(at).unwrap().to_zoned(zone.clone()).date().to_string();
                prop_assert_eq!(Some(&day), row.owner.key.as_ref());
            }
        }
    }
}
