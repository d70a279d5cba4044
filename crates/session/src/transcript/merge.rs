//! What several records say of one response, laid together.
//!
//! Readers do so within a part, [`super::Facts::append`] over parts of a file, [`super::Ledger`] over files. The rule is one, and takes records in any
//! order: wherever a file is cut into parts, the same comes of it.

use std::cmp::Ordering;

use super::{Name, OwnTotal, Response, Usage};

impl Usage {
    /// Orders by how much was used, classes one after the other where the sums are the same. What says more is the later record.
    pub fn order(&self, other: &Self) -> Ordering {
        weight(self).cmp(&weight(other))
    }
}

fn weight(usage: &Usage) -> impl Ord + use<> {
    (
        (usage.total(), usage.output, usage.cache_write_1h, usage.cache_write_5m),
        (usage.reasoning, usage.searches, usage.cache_read, usage.cache_write, usage.input),
    )
}

impl Response {
    /// Returns what two records say of one response: the greater usage, and of the original whose it is. `order` orders strings by what they say.
    #[must_use]
    pub fn merged(self, other: Self, order: &impl Fn(Name, Name) -> Ordering) -> Self {
        let usage = if self.usage.order(&other.usage).is_lt() { other.usage } else { self.usage };
        let original = if self.order_by_origin(&other, order).is_gt() { other } else { self };
        let tier = if order(self.tier, other.tier).is_lt() { other.tier } else { self.tier };
        Self { usage, tier, is_final: self.is_final || other.is_final, request: self.request.max(other.request), ..original }
    }

    /// Orders records of one response: the original first. What one of them says of the main thread stays there, whatever comes later.
    fn order_by_origin(&self, other: &Self, order: &impl Fn(Name, Name) -> Ordering) -> Ordering {
        let standing = |each: &Self| (each.is_sidechain, each.is_copied, each.is_embedded, moment(each.at));
        let texts = |each: &Self| [each.conversation, each.subagent, each.model, each.cwd, each.branch];
        standing(self).cmp(&standing(other)).then_with(|| order_all(order, texts(self), texts(other)))
    }
}

impl OwnTotal {
    /// Reports whether it is the later of two running totals: the one that says more.
    pub(super) fn is_later_than(&self, other: &Self) -> bool {
        self.cost_micros.cmp(&other.cost_micros).then_with(|| self.usage.order(&other.usage)).is_gt()
    }

    /// Keeps it among others, of a conversation and a model the latest.
    pub fn keep_latest(self, among: &mut Vec<Self>) {
        match among.iter_mut().find(|held| (held.conversation, held.model) == (self.conversation, self.model)) {
            Some(held) if self.is_later_than(held) => *held = self,
            Some(_) => {}
            None => among.push(self),
        }
    }
}

/// Orders moments; what has none comes last.
pub(super) fn moment(at: Option<i64>) -> (bool, Option<i64>) {
    (at.is_none(), at)
}

/// Orders by the first strings that differ.
pub(super) fn order_all<const N: usize>(order: &impl Fn(Name, Name) -> Ordering, ones: [Name; N], others: [Name; N]) -> Ordering {
    ones.into_iter().zip(others).map(|(one, other)| order(one, other)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
