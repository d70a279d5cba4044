//! Calls counted in groups: a pure function of the calls, whatever their order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::commands::{self, CommandView};
use super::{CallFact, CallOutcome, CallOwner, Durations};

/// What calls are grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolsBy {
    /// The tool.
    #[default]
    Tool,
    /// Our session, else the agent's.
    Session,
    /// The project.
    Project,
    /// The day.
    Day,
}

/// Calls that have something in common, counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToolRow {
    /// What they have in common; `null` where it is not known, `total` for all calls.
    pub key: Option<String>,
    /// More about it: the name of a project, what a session is about.
    pub label: Option<String>,
    /// How many.
    pub calls: u64,
    /// How many of them succeeded.
    pub succeeded: u64,
    /// How many ran and failed.
    pub failed: u64,
    /// How many were refused before they ran.
    pub refused: u64,
    /// How many have no end that anybody saw.
    pub unfinished: u64,
    /// How many repeat a call that had failed.
    pub retries: u64,
    /// How long they took.
    #[serde(flatten)]
    pub durations: Durations,
}

/// All that is said about calls.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToolReport {
    /// What the rows stand for.
    pub by: ToolsBy,
    /// The groups: days in their order, of everything else those with most calls first.
    pub rows: Vec<ToolRow>,
    /// All calls.
    pub total: ToolRow,
    /// The ten commands that took longest.
    pub slowest: Vec<CommandView>,
    /// The ten commands that failed most often.
    pub most_failing: Vec<CommandView>,
}

/// Counts calls.
pub fn tool_report(calls: &[CallFact], by: ToolsBy) -> ToolReport {
    let mut groups: BTreeMap<Option<CallOwner>, Vec<&CallFact>> = BTreeMap::new();
    for call in calls {
        groups.entry(group(call, by)).or_default().push(call);
    }
    let mut rows: Vec<_> = groups.into_iter().map(|(owner, calls)| row(owner, &calls)).collect();
    if by == ToolsBy::Day {
        rows.sort_by_key(|row| row.key.is_none());
    } else {
        rows.sort_by_key(|row| (row.key.is_none(), Reverse(row.calls)));
    }
    let total = CallOwner { key: "total".to_owned(), label: None };
    let commands = commands::commands(calls);
    ToolReport {
        by,
        rows,
        total: row(Some(total), &calls.iter().collect::<Vec<_>>()),
        slowest: commands::slowest(&commands),
        most_failing: commands::most_failing(&commands),
    }
}

fn group(call: &CallFact, by: ToolsBy) -> Option<CallOwner> {
    let plain = |key: &str| CallOwner { key: key.to_owned(), label: None };
    match by {
        ToolsBy::Tool => Some(plain(&call.tool)),
        ToolsBy::Session => call.session.clone(),
        ToolsBy::Project => call.project.clone(),
        ToolsBy::Day => call.day.as_deref().map(plain),
    }
}

fn row(owner: Option<CallOwner>, calls: &[&CallFact]) -> ToolRow {
    let count = |fits: &dyn Fn(&CallFact) -> bool| calls.iter().filter(|call| fits(call)).count() as u64;
    let came_out = |outcome| count(&|call| call.outcome == outcome);
    let (key, label) = owner.map_or((None, None), |owner| (Some(owner.key), owner.label));
    ToolRow {
        key,
        label,
        calls: calls.len() as u64,
        succeeded: came_out(CallOutcome::Succeeded),
        failed: came_out(CallOutcome::Failed),
        refused: came_out(CallOutcome::Refused),
        unfinished: came_out(CallOutcome::Unfinished),
        retries: count(&|call| call.is_retry),
        durations: Durations::of(calls.iter().filter_map(|call| call.took)),
    }
}

/// Marks the calls that repeat one that failed: the same tool with the same words, in the same conversation, next after the failure. To be
/// called before any are left out, for the failure may lie before what is asked for.
pub fn mark_retries(calls: &mut [CallFact]) {
    let mut order: Vec<usize> = (0..calls.len()).collect();
    // What has no time cannot be said to come after anything.
    order.retain(|&place| calls[place].at.is_some() && !calls[place].agent_session.is_empty());
    order.sort_by_key(|&place| (calls[place].at, calls[place].id));
    let mut last: HashMap<(&str, &str, &str), CallOutcome> = HashMap::new();
    let mut retries = Vec::new();
    for place in order {
        let call = &calls[place];
        let Some(about) = call.about.as_deref() else { continue };
        let before = last.insert((&call.agent_session, &call.tool, about), call.outcome);
        retries.extend((before == Some(CallOutcome::Failed)).then_some(place));
    }
    for place in retries {
        calls[place].is_retry = true;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::tools::Took;

    const OUTCOMES: [CallOutcome; 4] = [CallOutcome::Succeeded, CallOutcome::Failed, CallOutcome::Refused, CallOutcome::Unfinished];
    const BYS: [ToolsBy; 4] = [ToolsBy::Tool, ToolsBy::Session, ToolsBy::Project, ToolsBy::Day];

    fn call(id: u64, tool: &str, about: &str, outcome: CallOutcome) -> CallFact {
        CallFact {
            id,
            agent_session: "c".to_owned(),
            session: None,
            project: None,
            day: None,
            at: Some(i64::try_from(id).unwrap()),
            tool: tool.to_owned(),
            about: Some(about.to_owned()).filter(|about| !about.is_empty()),
            is_shell: tool == "Bash",
            outcome,
            took: Some(Took { is_measured: true, micros: id * 1_000_000 }),
            is_retry: false,
        }
    }

    fn retries(calls: &[(&str, &str, CallOutcome)]) -> Vec<bool> {
        let mut calls: Vec<_> = (1..).zip(calls).map(|(id, (tool, about, outcome))| call(id, tool, about, *outcome)).collect();
        mark_retries(&mut calls);
        calls.iter().map(|call| call.is_retry).collect()
    }

    #[test]
    fn a_retry_is_the_same_called_next_after_it_failed() {
        use CallOutcome::{Failed, Refused, Succeeded, Unfinished};
        assert_eq!(retries(&[("Bash", "make", Failed), ("Bash", "make", Failed), ("Bash", "make", Succeeded)]), [false, true, true]);
        assert_eq!(retries(&[("Bash", "make", Succeeded), ("Bash", "make", Succeeded)]), [false, false]);
        assert_eq!(retries(&[("Bash", "make", Failed), ("Read", "a", Succeeded), ("Bash", "make", Succeeded)]), [false, false, true]);
        assert_eq!(retries(&[("Bash", "make", Failed), ("Bash", "ls", Succeeded), ("Edit", "make", Succeeded)]), [false; 3]);
        assert_eq!(retries(&[("Bash", "make", Refused), ("Bash", "make", Unfinished), ("Bash", "make", Succeeded)]), [false; 3]);
        assert_eq!(retries(&[("Bash", "", Failed), ("Bash", "", Failed)]), [false, false]);
        let mut apart = [call(1, "Bash", "make", Failed), CallFact { agent_session: "d".to_owned(), ..call(2, "Bash", "make", Failed) }];
        mark_retries(&mut apart);
        assert!(!apart[1].is_retry);
        let mut timeless = [call(1, "Bash", "make", Failed), CallFact { at: None, ..call(2, "Bash", "make", Failed) }];
        mark_retries(&mut timeless);
        assert!(!timeless[1].is_retry);
    }

    #[test]
    fn commands_are_ranked_by_their_longest_call_and_by_their_failures() {
        let mut calls: Vec<_> = (1..=12).map(|id| call(id, "Bash", &format!("sleep {id:02}"), CallOutcome::Succeeded)).collect();
        calls.extend((20..=22).map(|id| call(id, "Bash", "make", CallOutcome::Failed)));
        calls.extend([call(1, "Bash", "false", CallOutcome::Failed), call(90, "Read", "x", CallOutcome::Failed)]);
        let report = tool_report(&calls, ToolsBy::Tool);
        let names = |views: &[CommandView]| views.iter().map(|view| view.command.clone()).collect::<Vec<_>>();
        assert_eq!(report.slowest.len(), 10);
        assert_eq!(names(&report.slowest)[..3], ["make", "sleep 12", "sleep 11"]);
        assert_eq!(names(&report.most_failing), ["make", "false"]);
        assert_eq!((report.slowest[0].calls, report.slowest[0].durations.longest()), (3, Some(22.0)));
    }

    #[test]
    fn nothing_is_counted_as_nothing() {
        let report = tool_report(&[], ToolsBy::Day);
        assert!(report.rows.is_empty() && report.slowest.is_empty() && report.total.calls == 0);
        assert_eq!(serde_json::to_value(&report.total).unwrap()["p50_seconds"], serde_json::Value::Null);
    }

    fn owners() -> impl Strategy<Value = Option<CallOwner>> {
        proptest::option::of("[ab]".prop_map(|key| CallOwner { label: Some(format!("about {key}")), key }))
    }

    fn calls() -> impl Strategy<Value = Vec<CallFact>> {
        let took = proptest::option::of((any::<bool>(), 0_u64..50).prop_map(|(is_measured, micros)| Took { is_measured, micros }));
        let place = (owners(), owners(), "[cd]", proptest::option::of("2026-02-1[67]"));
        let what = ("Bash|Read", proptest::option::of("[xy]"), select(&OUTCOMES[..]), took);
        let call = (place, what, proptest::option::of(0_i64..20)).prop_map(
            |((session, project, agent_session, day), (tool, about, outcome, took), at)| CallFact {
                id: 0,
                agent_session,
                session,
                project,
                day,
                at,
                is_shell: tool == "Bash",
                tool,
                about,
                outcome,
                took,
                is_retry: false,
            },
        );
        proptest::collection::vec(call, 0..30).prop_map(|calls| (1..).zip(calls).map(|(id, call)| CallFact { id, ..call }).collect())
    }

    proptest! {
        #[test]
        fn the_groups_add_up_to_the_total(mut calls in calls(), by in select(&BYS[..])) {
            mark_retries(&mut calls);
            let report = tool_report(&calls, by);
            let numbers: [fn(&ToolRow) -> u64; 7] = [
                |row| row.calls,
                |row| row.succeeded,
                |row| row.failed,
                |row| row.refused,
                |row| row.unfinished,
                |row| row.retries,
                |row| row.durations.count(),
            ];
            for number in numbers {
                prop_assert_eq!(report.rows.iter().map(number).sum::<u64>(), number(&report.total));
            }
            for row in &report.rows {
                prop_assert_eq!(row.calls, row.succeeded + row.failed + row.refused + row.unfinished);
                prop_assert!(row.durations.percentile(50) <= row.durations.percentile(95));
                prop_assert!(row.durations.percentile(95) <= report.total.durations.longest());
            }
            prop_assert_eq!(report.total.calls, calls.len() as u64);
        }

        #[test]
        fn the_order_of_calls_does_not_matter(
            (mut one, mut other) in calls().prop_flat_map(|calls| (Just(calls.clone()), Just(calls).prop_shuffle())),
            by in select(&BYS[..]),
        ) {
            mark_retries(&mut one);
            mark_retries(&mut other);
            prop_assert_eq!(tool_report(&one, by), tool_report(&other, by));
        }

        #[test]
        fn every_percentile_is_the_duration_of_a_call_that_enough_others_do_not_exceed(mut micros in proptest::collection::vec(0_u64..40, 1..60), percent in 1_usize..=100) {
            let durations = Durations::of(micros.iter().map(|&micros| Took { is_measured: true, micros }));
            let found = (durations.percentile(percent).unwrap() * 1e6).round() as u64;
            micros.sort_unstable();
            prop_assert!(micros.contains(&found));
            let at_most = micros.iter().filter(|&&each| each <= found).count();
            let below = micros.iter().filter(|&&each| each < found).count();
            prop_assert!(at_most * 100 >= percent * micros.len() && below * 100 < percent * micros.len());
        }
    }
}
