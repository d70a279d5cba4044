//! Groups counted: sessions, work, time, tool calls, and what was used.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::Value;
use session::{Session, SessionKey, Status};
use store::Progress;

use super::grouped::{GroupOfSessions, Grouped};
use super::kind::GroupKind;
use crate::usage::{StoreOwners, Sum, UsageBy, WantedUsage, report, usage_object};
use crate::{Listing, Prices, ProjectError, Tracker};

/// The work items of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GroupWorkView {
    /// All of them.
    pub total: u64,
    /// Those that are completed.
    pub completed: u64,
}

/// A group, counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupStatsView {
    /// What its sessions have in common: `branch`, `ticket`, …
    pub by: &'static str,
    /// What it is called; `null` for sessions that have nothing of the kind, `total` for all of them.
    pub key: Option<String>,
    /// Whether it is all of them together, and no group that is called so.
    pub is_total: bool,
    /// More about it: where a project is.
    pub label: Option<String>,
    /// How many sessions.
    pub sessions: u64,
    /// How many of them go on.
    pub active: u64,
    /// How many of them were completed.
    pub completed: u64,
    /// How many of them failed.
    pub failed: u64,
    /// How many of them were abandoned.
    pub abandoned: u64,
    /// How long the ended ones took on average; `null` where none has ended.
    pub average_duration_seconds: Option<f64>,
    /// Which part of the ended ones was completed, 0 to 1; `null` where none has ended.
    pub completion_rate: Option<f64>,
    /// Their work items.
    pub work_items: GroupWorkView,
    /// How many turns were taken.
    pub turns: u64,
    /// How many tools were called.
    pub tool_calls: u64,
    /// What was used; `null` where that is not known.
    pub usage: Option<Value>,
    /// When the newest of them began.
    pub newest_at: Option<String>,
}

/// What is known of one session beyond its row.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    turns: u64,
    tool_calls: u64,
    used: Sum,
}

impl Tracker {
    /// Counts the sessions that are asked for in groups; the last row is all of them together, each once. Returns also how many are in more
    /// than one group.
    ///
    /// # Errors
    /// When the project cannot be determined or the store cannot answer.
    pub fn group_stats(
        &mut self,
        listing: &Listing,
        by: GroupKind,
        progress: &mut Progress<'_>,
    ) -> Result<(Vec<GroupStatsView>, Grouped), ProjectError> {
        let ledger = self.ledger_if_any(progress);
        let grouped = self.grouped_beside(listing, by, ledger.as_ref())?;
        let all: BTreeMap<SessionKey, Session> =
            grouped.groups.iter().flat_map(|group| &group.sessions).map(|session| (session.key, session.clone())).collect();
        let all: Vec<Session> = all.into_values().collect();
        let mut known: HashMap<SessionKey, Known> = HashMap::new();
        for (session, view) in all.iter().zip(self.whole_views(&all)?) {
            known.insert(session.key, Known { turns: view.turns, tool_calls: view.tool_calls, used: Sum::default() });
        }
        if let Some(ledger) = &ledger {
            // Every token once: what two conversations share is of one session.
            let used = self.used_by_session(ledger)?;
            for session in &all {
                if let (Some(known), Some(sum)) = (known.get_mut(&session.key), used.get(session.id.as_str())) {
                    known.used = *sum;
                }
            }
        }
        let mut rows: Vec<_> = grouped.groups.iter().map(|group| self.counted(by, group, &known)).collect();
        let together = GroupOfSessions { key: Some("total".to_owned()), label: None, sessions: all };
        rows.push(GroupStatsView { is_total: true, ..self.counted(by, &together, &known) });
        Ok((rows, grouped))
    }

    fn used_by_session(&self, ledger: &session::transcript::Ledger) -> Result<HashMap<String, Sum>, ProjectError> {
        // Whose prices do not read is told so by `usage`, and by `doctor`.
        let prices = self.config.prices().unwrap_or_else(|_| Prices::known());
        let mut owners = StoreOwners::of_everything(self);
        let zone = self.clock.zone();
        let wanted =
            WantedUsage { by: UsageBy::Session, since: None, until: None, zone, models: Vec::new(), session: None, all_projects: true };
        let report = report(ledger, &prices, &wanted, &mut owners);
        match owners.trouble {
            Some(trouble) => Err(trouble.into()),
            None => Ok(report.rows.into_iter().filter_map(|row| Some((row.owner.key?, row.all))).collect()),
        }
    }

    fn counted(&self, by: GroupKind, group: &GroupOfSessions, known: &HashMap<SessionKey, Known>) -> GroupStatsView {
        let sessions = &group.sessions;
        let now = self.now();
        let count = |status: Status| group.count(status) as u64;
        let ended: Vec<u64> = sessions.iter().filter(|session| session.ended().is_some()).map(|each| each.duration_micros(&now)).collect();
        let of_ended = |part: f64| (!ended.is_empty()).then(|| part / ended.len() as f64);
        let mut together = Known::default();
        for each in sessions.iter().filter_map(|session| known.get(&session.key)) {
            together.turns += each.turns;
            together.tool_calls += each.tool_calls;
            together.used.add_sum(&each.used);
        }
        GroupStatsView {
            by: by.as_str(),
            key: group.key.clone(),
            is_total: false,
            label: group.label.clone(),
            sessions: sessions.len() as u64,
            active: count(Status::Active),
            completed: count(Status::Completed),
            failed: count(Status::Failed),
            abandoned: count(Status::Abandoned),
            average_duration_seconds: of_ended(ended.iter().sum::<u64>() as f64 / 1e6),
            completion_rate: of_ended(count(Status::Completed) as f64),
            work_items: GroupWorkView {
                total: sessions.iter().map(|session| u64::from(session.work.total)).sum(),
                completed: sessions.iter().map(|session| u64::from(session.work.completed)).sum(),
            },
            turns: together.turns,
            tool_calls: together.tool_calls,
            usage: (together.used.responses > 0).then(|| usage_object(&together.used)),
            newest_at: sessions
                .iter()
                .max_by_key(|session| session.started.moment.micros())
                .map(|session| session.started.moment.to_string()),
        }
    }
}
