//! Before and after. Neither is the wall clock's: within one boot the boot clock knows, and across two of them, or where there is none,
//! it says nothing. What is assumed there depends on what is asked, so that there are three questions:
//!
//! | question | where no clock knows |
//! |---|---|
//! | [`When::is_before`], of two observations of one conversation | the one that was recorded first |
//! | [`Reading::is_known_before`] | no |
//! | [`Reading::is_after_or_unknown`] | yes |

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use uuid::Uuid;

use crate::{Boot, Event, EventId, Moment, Reading, Revision, Stamp};

/// When something was observed, and what decides where the clocks cannot.
///
/// Stored as a list, because every row has several: microseconds and offset of the wall clock, revision, event id, and, where there is
/// one, the boot's id and its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Listed", try_from = "Listed")]
pub struct When {
    /// What the clocks of the observer said.
    pub at: Reading,
    /// Its place among the changes of its subject.
    pub stamp: Stamp,
}

impl When {
    /// Returns when an event happened.
    pub fn of(event: &Event) -> Self {
        Self { at: event.at, stamp: event.stamp() }
    }

    /// Reports whether this comes before another one: by the boot clock within one boot, else in the order in which they were recorded.
    ///
    /// Hooks that run side by side may reach the inbox in another order than they were started in; their boot clocks know. Across a
    /// restart the inbox keeps the order by itself.
    pub fn is_before(&self, other: &Self) -> bool {
        self.at.by_boot_clock(&other.at).unwrap_or(Ordering::Equal).then(self.stamp.cmp(&other.stamp)).is_lt()
    }

    /// Reports whether the boot clock says that this comes before another one. Of another boot, or without one, it says nothing.
    pub fn is_known_before(&self, other: &Self) -> bool {
        self.at.by_boot_clock(&other.at).is_some_and(|order| order.then(self.stamp.cmp(&other.stamp)).is_lt())
    }
}

impl Reading {
    /// Reports whether this is before another one and a boot clock knows it.
    pub fn is_known_before(&self, other: &Self) -> bool {
        self.by_boot_clock(other).is_some_and(Ordering::is_lt)
    }

    /// Reports whether this is after another one, or no boot clock knows that it is not.
    pub fn is_after_or_unknown(&self, other: &Self) -> bool {
        self.by_boot_clock(other).is_none_or(Ordering::is_gt)
    }

    /// Compares two readings by the boot clock, where both are of one boot.
    fn by_boot_clock(&self, other: &Self) -> Option<Ordering> {
        match (self.boot, other.boot) {
            (Some(own), Some(others)) if own.id == others.id => Some(own.micros.cmp(&others.micros)),
            _ => None,
        }
    }
}

/// Sorts what was observed: by the boot clock within a boot, and boots by what was recorded first of each.
pub fn in_order<T>(items: &mut [T], when: impl Fn(&T) -> When) {
    let mut boots: BTreeMap<Option<Uuid>, Stamp> = BTreeMap::new();
    let boot_of = |when: &When| when.at.boot.map(|boot| boot.id);
    for when in items.iter().map(&when) {
        let first = boots.entry(boot_of(&when)).or_insert(when.stamp);
        *first = when.stamp.min(*first);
    }
    items.sort_by_key(|item| {
        let when = when(item);
        (boots.get(&boot_of(&when)).copied(), when.at.boot.map(|boot| boot.micros), when.stamp)
    });
}

/// The value that was observed last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest<T> {
    /// The value.
    pub value: T,
    /// When it was observed.
    pub when: When,
}

impl<T> Latest<T> {
    /// Takes a value that was observed now, unless a later one is known.
    pub fn observe(held: &mut Option<Self>, when: When, value: T) {
        if held.as_ref().is_none_or(|held| !when.is_before(&held.when)) {
            *held = Some(Self { value, when });
        }
    }

    /// Returns the value, if any was observed.
    pub fn get(held: &Option<Self>) -> Option<&T> {
        held.as_ref().map(|held| &held.value)
    }
}

/// A [`When`] as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Listed {
    WithBoot(i64, i32, Revision, EventId, Uuid, u64),
    Without(i64, i32, Revision, EventId),
}

impl From<When> for Listed {
    fn from(when: When) -> Self {
        let (moment, stamp) = (when.at.moment, when.stamp);
        let (micros, offset) = (moment.micros(), moment.offset().seconds());
        match when.at.boot {
            Some(boot) => Self::WithBoot(micros, offset, stamp.revision, stamp.event, boot.id, boot.micros),
            None => Self::Without(micros, offset, stamp.revision, stamp.event),
        }
    }
}

impl TryFrom<Listed> for When {
    type Error = jiff::Error;

    fn try_from(listed: Listed) -> Result<Self, jiff::Error> {
        let (micros, offset, revision, event, boot) = match listed {
            Listed::WithBoot(micros, offset, revision, event, id, since) => {
                (micros, offset, revision, event, Some(Boot { id, micros: since }))
            }
            Listed::Without(micros, offset, revision, event) => (micros, offset, revision, event, None),
        };
        let moment = Moment::from_micros(micros, offset)?;
        Ok(Self { at: Reading { moment, boot }, stamp: Stamp { revision, event } })
    }
}
