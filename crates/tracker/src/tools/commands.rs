//! Shell commands, by what they say: the slowest, and those that fail most.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::{CallFact, CallOutcome, Durations};

/// So many are shown.
const SHOWN: usize = 10;

/// A command, however often it was called.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommandView {
    /// The command, as it was recorded.
    pub command: String,
    /// How often it was called.
    pub calls: u64,
    /// How often it failed.
    pub failed: u64,
    /// How long it took.
    #[serde(flatten)]
    pub durations: Durations,
}

/// Returns the commands of some calls, in the order of what they say.
pub(super) fn commands(calls: &[CallFact]) -> Vec<CommandView> {
    let mut groups: BTreeMap<&str, Vec<&CallFact>> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.is_shell) {
        if let Some(about) = call.about.as_deref() {
            groups.entry(about).or_default().push(call);
        }
    }
    let view = |(command, calls): (&str, Vec<&CallFact>)| CommandView {
        command: command.to_owned(),
        calls: calls.len() as u64,
        failed: calls.iter().filter(|call| call.outcome == CallOutcome::Failed).count() as u64,
        durations: Durations::of(calls.iter().filter_map(|call| call.took)),
    };
    groups.into_iter().map(view).collect()
}

/// Returns those whose longest call was the longest.
pub(super) fn slowest(commands: &[CommandView]) -> Vec<CommandView> {
    let mut timed: Vec<_> = commands.iter().filter_map(|command| Some((command.durations.longest()?, command))).collect();
    timed.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    timed.into_iter().take(SHOWN).map(|(_, command)| command.clone()).collect()
}

/// Returns those that failed most often; of as many failures those first that were called less often.
pub(super) fn most_failing(commands: &[CommandView]) -> Vec<CommandView> {
    let mut failing: Vec<_> = commands.iter().filter(|command| command.failed > 0).cloned().collect();
    failing.sort_by_key(|command| (Reverse(command.failed), command.calls));
    failing.truncate(SHOWN);
    failing
}
