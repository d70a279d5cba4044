//! What was heard of processes that are known by their numbers alone: most of what an agent says names no more of its process.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Process, When};

/// When something was last heard of each number. It is given out again after a restart, so that each boot has its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u32, When)>", into = "Vec<(u32, When)>")]
pub struct Numbered(BTreeMap<(Option<Uuid>, u32), When>);

impl Numbered {
    /// Notes that something was heard of a number, unless something later is known.
    pub(crate) fn note(&mut self, pid: u32, when: When) {
        let held = self.0.entry((boot_of(&when), pid)).or_insert(when);
        if held.is_before(&when) {
            *held = when;
        }
    }

    /// Returns when something was last heard of the number that a process has.
    pub fn of(&self, process: &Process) -> Option<When> {
        let heard = |boot| self.0.get(&(boot, process.pid)).copied();
        heard(Some(process.boot)).or_else(|| heard(None))
    }
}

fn boot_of(when: &When) -> Option<Uuid> {
    when.at.boot.map(|boot| boot.id)
}

impl From<Vec<(u32, When)>> for Numbered {
    fn from(listed: Vec<(u32, When)>) -> Self {
        Self(listed.into_iter().map(|(pid, when)| ((boot_of(&when), pid), when)).collect())
    }
}

impl From<Numbered> for Vec<(u32, When)> {
    fn from(Numbered(held): Numbered) -> Self {
        held.into_iter().map(|((_, pid), when)| (pid, when)).collect()
    }
}
