//! Sessions laid into their groups, the newest group first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use session::transcript::Ledger;
use session::{Session, SessionKey, Status};
use store::{Progress, StoreError};

use super::kind::GroupKind;
use super::sort::Sorter;
use crate::usage::{Owner, call_by_name};
use crate::{Listing, Note, ProjectError, SessionView, Tracker};

/// Sessions in groups.
#[derive(Clone, Debug)]
pub struct Grouped {
    /// What they have in common.
    pub by: GroupKind,
    /// The groups, the one with the newest session first; last those that have nothing of the kind.
    pub groups: Vec<GroupOfSessions>,
    /// How many sessions there are in all of them together.
    pub sessions: usize,
    /// How many of them are in more than one group.
    pub in_several: usize,
}

/// Sessions that have something in common.
#[derive(Clone, Debug)]
pub struct GroupOfSessions {
    /// What it is called; none for sessions that have nothing of the kind.
    pub key: Option<String>,
    /// More about it: where a project is.
    pub label: Option<String>,
    /// Its sessions, newest first.
    pub sessions: Vec<Session>,
}

impl GroupOfSessions {
    /// Counts its sessions that stand somewhere.
    pub fn count(&self, status: Status) -> usize {
        self.sessions.iter().filter(|session| session.status() == status).count()
    }
}

/// A group, as everybody sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupedView {
    /// What its sessions have in common: `branch`, `ticket`, …
    pub by: &'static str,
    /// What it is called; `null` for sessions that have nothing of the kind.
    pub key: Option<String>,
    /// More about it: where a project is.
    pub label: Option<String>,
    /// How many sessions are in it.
    pub sessions: usize,
    /// How many of them go on.
    pub active: usize,
    /// How many of them were completed.
    pub completed: usize,
    /// How many of them failed.
    pub failed: usize,
    /// How many of them were abandoned.
    pub abandoned: usize,
    /// When its newest session began.
    pub newest_at: Option<String>,
    /// The newest of its sessions.
    pub listed: Vec<SessionView>,
}

impl Tracker {
    /// Lays the sessions that are asked for into groups.
    ///
    /// # Errors
    /// When the project cannot be determined or the store cannot answer.
    pub fn grouped(&mut self, listing: &Listing, by: GroupKind, progress: &mut Progress<'_>) -> Result<Grouped, ProjectError> {
        let ledger = if by.is_told_in_transcripts() { self.ledger_if_any(progress) } else { None };
        self.grouped_beside(listing, by, ledger.as_ref())
    }

    /// Lays sessions into groups by all that is recorded, and what transcripts say.
    pub(super) fn grouped_beside(&self, listing: &Listing, by: GroupKind, ledger: Option<&Ledger>) -> Result<Grouped, ProjectError> {
        let sessions = self.store.reads().sessions(&self.wanted(listing)?, None)?;
        let mut sorter = Sorter::new(self, by, ledger)?;
        let (mut in_several, count) = (0, sessions.len());
        let mut groups: BTreeMap<Option<String>, (Owner, Vec<Session>)> = BTreeMap::new();
        for session in sessions {
            let owners = sorter.groups_of(&session)?;
            in_several += usize::from(owners.len() > 1);
            for owner in owners {
                groups.entry(owner.key.clone()).or_insert_with(|| (owner, Vec::new())).1.push(session.clone());
            }
        }
        let (mut owners, sessions): (Vec<_>, Vec<_>) = groups.into_values().unzip();
        call_by_name(&mut owners.iter_mut().collect::<Vec<_>>());
        let group = |(Owner { key, label }, sessions)| GroupOfSessions { key, label, sessions };
        let mut groups: Vec<_> = owners.into_iter().zip(sessions).map(group).collect();
        groups.sort_by_key(|group| (group.key.is_none(), Reverse(newest(group))));
        Ok(Grouped { by, groups, sessions: count, in_several })
    }

    /// Returns what transcripts say, where they can be read; else a note that says why they cannot.
    pub(super) fn ledger_if_any(&mut self, progress: &mut Progress<'_>) -> Option<Ledger> {
        match self.ledger_of_usage(progress) {
            Ok(ledger) => Some(ledger),
            Err(error) => {
                self.note(Note::NoTranscripts { reason: error.to_string() });
                None
            }
        }
    }

    /// Returns the public shapes of groups, with up to `limit` sessions of each.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn grouped_views(&mut self, grouped: &Grouped, limit: usize) -> Result<Vec<GroupedView>, StoreError> {
        let mut known: BTreeMap<SessionKey, SessionView> = BTreeMap::new();
        let listed = grouped.groups.iter().flat_map(|group| group.sessions.iter().take(limit));
        let mut seen = BTreeSet::new();
        let unique: Vec<Session> = listed.filter(|session| seen.insert(session.key)).cloned().collect();
        for (session, view) in unique.iter().zip(self.whole_views(&unique)?) {
            known.insert(session.key, view);
        }
        Ok(grouped.groups.iter().map(|group| view(grouped.by, group, limit, &known)).collect())
    }
}

fn newest(group: &GroupOfSessions) -> Option<i64> {
    group.sessions.first().map(|session| session.started.moment.micros())
}

fn view(by: GroupKind, group: &GroupOfSessions, limit: usize, known: &BTreeMap<SessionKey, SessionView>) -> GroupedView {
    GroupedView {
        by: by.as_str(),
        key: group.key.clone(),
        label: group.label.clone(),
        sessions: group.sessions.len(),
        active: group.count(Status::Active),
        completed: group.count(Status::Completed),
        failed: group.count(Status::Failed),
        abandoned: group.count(Status::Abandoned),
        newest_at: group.sessions.first().map(|session| session.started.moment.to_string()),
        listed: group.sessions.iter().take(limit).filter_map(|session| known.get(&session.key).cloned()).collect(),
    }
}
