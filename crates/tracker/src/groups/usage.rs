//! What was used, by groups of sessions: what a session used is in each of its groups, and once in the total.

use std::collections::BTreeMap;

use session::SessionId;
use session::transcript::Ledger;

use super::kind::GroupKind;
use super::sort::Sorter;
use crate::Tracker;
use crate::usage::{Owner, UsageError, UsageReport, UsageRow};

impl Tracker {
    /// Lays the rows of a report by sessions together in groups. What was used in a session that nobody knows is in none.
    pub(crate) fn by_groups(&self, report: UsageReport, by: GroupKind, ledger: &Ledger) -> Result<UsageReport, UsageError> {
        let mut sorter = Sorter::new(self, by, Some(ledger))?;
        let mut groups: BTreeMap<Option<String>, UsageRow> = BTreeMap::new();
        for row in &report.rows {
            let id = row.owner.key.as_deref().and_then(|key| key.parse::<SessionId>().ok());
            let session = id.map(|id| self.store.reads().session_by_id(&id)).transpose()?.flatten();
            let owners = match &session {
                Some(session) => sorter.groups_of(session)?,
                None => vec![Owner::default()],
            };
            for owner in owners {
                match groups.get_mut(&owner.key) {
                    Some(group) => lay(group, row),
                    None => drop(groups.insert(owner.key.clone(), UsageRow { owner, own: None, block: None, ..row.clone() })),
                }
            }
        }
        Ok(UsageReport { rows: groups.into_values().collect(), total: UsageRow { own: None, ..report.total } })
    }
}

/// Lays a row beside what is in a group already.
fn lay(group: &mut UsageRow, row: &UsageRow) {
    group.all.add_sum(&row.all);
    group.sidechain.add_sum(&row.sidechain);
    group.models.extend(row.models.iter().cloned());
    group.models.sort();
    group.models.dedup();
    for (model, responses) in &row.unknown {
        match group.unknown.iter_mut().find(|(known, _)| known == model) {
            Some((_, sum)) => *sum += responses,
            None => group.unknown.push((model.clone(), *responses)),
        }
    }
    group.unknown.sort();
    if group.agent != row.agent {
        group.agent = None;
    }
    group.extent = match (group.extent, row.extent) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::Sum;

    fn row(agent: &str, model: &str, responses: u64, extent: Option<(i64, i64)>) -> UsageRow {
        let all = Sum { responses, ..Sum::default() };
        let (models, unknown) = (vec![model.to_owned()], vec![(model.to_owned(), responses)]);
        UsageRow { agent: Some(agent.to_owned()), all, models, unknown, extent, ..UsageRow::default() }
    }

    #[test]
    fn rows_are_laid_together_whatever_is_in_them() {
        let mut group = row("claude-code", "b", 1, Some((5, 6)));
        lay(&mut group, &row("claude-code", "a", 2, None));
        lay(&mut group, &row("claude-code", "b", 3, Some((1, 2))));
        assert_eq!((group.all.responses, group.extent, group.agent.as_deref()), (6, Some((1, 6)), Some("claude-code")));
        assert_eq!((group.models.join(" "), group.unknown.clone()), ("a b".to_owned(), vec![("a".to_owned(), 2), ("b".to_owned(), 4)]));
        lay(&mut group, &row("codex", "a", 1, None));
        assert_eq!(group.agent, None);
    }
}
