//! From an agent session that may be superseded or gone to one that can be resumed.

use std::collections::BTreeSet;

use serde::Serialize;
use session::{Standing, Text, Transition};

use super::transcripts::Hindrance;
use super::transition::ChainError;
use crate::Tracker;

/// What is to be said of an agent session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It can be resumed.
    Valid,
    /// Another one continues it.
    Superseded,
    /// Its transcript is gone.
    Vanished,
    /// Its transcript is on another machine.
    Elsewhere,
    /// Nobody ever reported it.
    Unknown,
}

/// Which agent session is to be resumed instead of the one that was asked about, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recovery {
    /// The one to resume; `null` where a fresh one has to begin.
    pub id: Option<String>,
    /// What is to be said of the one that was asked about.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

impl Tracker {
    /// Returns the agent session to resume: the one asked about if it is valid, else the newest that continues it, else the newest of
    /// the project.
    ///
    /// # Errors
    /// When the project cannot be determined, or the store cannot answer.
    pub fn recover(&self, id: &str) -> Result<Recovery, ChainError> {
        let chain = self.chain_around(id)?;
        let own = chain.iter().filter(|held| held.new.id.as_str() == id).max_by_key(|held| held.seq);
        let (verdict, reason) = self.judge(id, own, &chain)?;
        if matches!(verdict, Verdict::Valid | Verdict::Elsewhere) {
            return Ok(Recovery { id: Some(id.to_owned()), verdict, reason });
        }
        let newest = match self.newest_valid(&continuing(id, &chain))? {
            None => self.newest_valid(&chain.iter().collect::<Vec<_>>())?,
            newest => newest,
        };
        if (newest.is_none() || verdict == Verdict::Unknown) && self.has_said_that_something_waits() {
            return Err(ChainError::Waits { id: id.to_owned() });
        }
        let reason = match &newest {
            Some(newest) => format!("{reason}; {newest} is the newest that can be resumed"),
            None => format!("{reason}, and nothing else can be resumed: begin afresh"),
        };
        Ok(Recovery { id: newest, verdict, reason })
    }

    /// Returns the transitions of the project an agent session is in; where it is in none, those of the project here.
    fn chain_around(&self, id: &str) -> Result<Vec<Transition>, ChainError> {
        let reads = self.store.reads();
        let here = self.project_here()?.map(|project| project.key);
        let known = reads.transitions_to(id)?;
        let projects: Vec<_> = known.iter().map(|held| held.project).collect();
        let project = here.filter(|here| projects.is_empty() || projects.contains(here) || self.config.project().is_some());
        let project = project.or_else(|| projects.first().copied());
        Ok(project.map(|project| reads.transitions(project)).transpose()?.unwrap_or_default())
    }

    fn judge(&self, id: &str, own: Option<&Transition>, chain: &[Transition]) -> Result<(Verdict, String), ChainError> {
        let Some(own) = own else { return self.judge_outside(id) };
        match self.hindrance(&own.new, own.machine.as_ref()) {
            Some(hindrance @ Hindrance::Elsewhere(_)) => return Ok((Verdict::Elsewhere, hindrance.to_string())),
            Some(hindrance @ Hindrance::Vanished) => return Ok((Verdict::Vanished, hindrance.to_string())),
            Some(Hindrance::Unseen(reason)) => return Err(ChainError::Unseen { id: id.to_owned(), reason }),
            None => {}
        }
        let next = chain.iter().filter(|held| continues(held, id, chain)).max_by_key(|held| held.seq);
        Ok(match next {
            Some(next) => (Verdict::Superseded, format!("{} continues it since {}", next.new.id, next.when.at.moment)),
            None => (Verdict::Valid, "it can be resumed".to_owned()),
        })
    }

    /// A conversation that was never the head of anything may be known all the same.
    fn judge_outside(&self, id: &str) -> Result<(Verdict, String), ChainError> {
        let rows = self.store.reads().conversations_by_id(id)?;
        let Some(row) = rows.first() else { return Ok((Verdict::Unknown, "nobody ever reported it".to_owned())) };
        let machine: Option<&Text> = row.arrival.as_ref().and_then(|arrival| arrival.value.machine.as_ref());
        Ok(match self.hindrance(&row.agent_session(), machine) {
            None => (Verdict::Valid, "it can be resumed".to_owned()),
            Some(hindrance @ Hindrance::Elsewhere(_)) => (Verdict::Elsewhere, hindrance.to_string()),
            Some(hindrance @ Hindrance::Vanished) => (Verdict::Vanished, hindrance.to_string()),
            Some(Hindrance::Unseen(reason)) => return Err(ChainError::Unseen { id: id.to_owned(), reason }),
        })
    }

    /// Returns the newest agent session among transitions that can be resumed here: heads before side branches.
    fn newest_valid(&self, transitions: &[&Transition]) -> Result<Option<String>, ChainError> {
        let mut candidates: Vec<_> = transitions.iter().filter(|held| held.standing != Standing::Apart).collect();
        candidates.sort_by_key(|held| std::cmp::Reverse((held.standing == Standing::Moved, held.seq)));
        let mut seen = BTreeSet::new();
        candidates.retain(|held| seen.insert(&held.new));
        let transcripts = self.transcripts();
        for held in candidates {
            let id = || held.new.id.as_str().to_owned();
            match transcripts.hindrance(&held.new, held.machine.as_ref()) {
                None => return Ok(Some(id())),
                Some(Hindrance::Unseen(reason)) => return Err(ChainError::Unseen { id: id(), reason }),
                Some(Hindrance::Elsewhere(_) | Hindrance::Vanished) => {}
            }
        }
        Ok(None)
    }
}

/// Reports whether a transition continues an agent session under another id, so that the old id is out of date. A fork leaves its origin
/// to be resumed beside it, and so does a clear. Whoever went back to the old one since has made it the newest again.
fn continues(held: &Transition, id: &str, chain: &[Transition]) -> bool {
    let is_other = held.new.id.as_str() != id && held.from().is_some_and(|from| from.id.as_str() == id);
    let is_it = is_other && held.standing == Standing::Moved && !matches!(held.source(), "fork" | "clear" | "subagent");
    let is_move_to_it = |other: &&Transition| other.standing == Standing::Moved && other.new.id.as_str() == id;
    is_it && !chain.iter().rev().take_while(|other| other.seq > held.seq).any(|other| is_move_to_it(&other))
}

/// Returns the transitions that lead on from an agent session, however far.
fn continuing<'t>(id: &str, chain: &'t [Transition]) -> Vec<&'t Transition> {
    let (mut known, mut found) = (BTreeSet::from([id]), Vec::new());
    // In their order, so that whatever continues comes after what it continues.
    for held in chain {
        let is_on_the_way = held.from().is_some_and(|from| known.contains(from.id.as_str()) && continues(held, from.id.as_str(), chain));
        if is_on_the_way {
            known.insert(held.new.id.as_str());
            found.push(held);
        }
    }
    found
}
