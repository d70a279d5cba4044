//! The branches that transcripts tell of: each record of an agent has the one that was checked out.

use std::collections::{BTreeSet, HashMap};

use session::transcript::{Ledger, Name};

use crate::usage::Owners;

/// What agents write where no branch is checked out.
const DETACHED: &str = "HEAD";

/// The branches of sessions, by their ids.
pub(super) type Branches = HashMap<String, BTreeSet<String>>;

/// Returns the branches on which responses were made, by the sessions that they were made in.
pub(super) fn branches_told(ledger: &Ledger, owners: &mut dyn Owners) -> Branches {
    let mut spans: HashMap<(Name, Name), Vec<i64>> = HashMap::new();
    for response in ledger.responses().filter(|response| response.branch != Name::default()) {
        spans.entry((response.conversation, response.branch)).or_default().push(response.at.unwrap_or(i64::MAX));
    }
    let mut talks: HashMap<Name, Vec<(i64, String)>> = HashMap::new();
    let mut branches = Branches::new();
    for ((conversation, branch), times) in spans {
        let sessions = talks.entry(conversation).or_insert_with(|| {
            let owners = owners.sessions(ledger.name(conversation));
            owners.into_iter().filter_map(|(since, owner)| Some((since, owner.key?))).collect()
        });
        let Some(branch) = ledger.name(branch).filter(|branch| *branch != DETACHED) else { continue };
        for at in times {
            let session = sessions.iter().rev().find(|(since, _)| *since <= at).or(sessions.first());
            if let Some((_, session)) = session.filter(|(_, session)| !branches.get(session).is_some_and(|held| held.contains(branch))) {
                branches.entry(session.clone()).or_default().insert(branch.to_owned());
            }
        }
    }
    branches
}
