//! The store's copy of what the index says. Agents delete transcripts, and an index may be thrown away: what both together would lose is in the
//! store. It is replaced and never added to, part by part.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use agents::transcripts::{Agent, Growth};
use session::transcript::Facts;
use store::{Durability, Index, IndexedFile, KeptPart, StoreError};

use crate::Tracker;

/// How many parts are copied at a time.
const CHUNK: usize = 4_096;

impl Tracker {
    /// Takes into the index what only the store knows: it is new, or behind, as after a power cut. Finds out where the store has lost what the index
    /// says. Reports whether anything was taken into the index.
    pub(super) fn take_back_what_is_kept(&mut self, index: &mut Index) -> Result<bool, StoreError> {
        let reads = self.store.reads();
        let order = reads.count_kept_parts()?.cmp(&index.kept()?);
        if order == Ordering::Equal {
            return Ok(false);
        }
        // It may have lost some things and have others.
        let parts = reads.kept_parts()?;
        index.write(|turn| {
            if order == Ordering::Less {
                turn.note_nothing_kept()?;
            }
            parts.iter().try_for_each(|part| turn.take_back(part, &conversations(part)))
        })?;
        Ok(true)
    }

    /// Finds out whether the store has what it is thought to have, and not only as much: another store may have come in its place. Where it has not,
    /// everything is laid together, and kept anew.
    pub(super) fn compare_with_what_is_kept(&mut self, index: &mut Index) -> Result<(), StoreError> {
        let parts = self.store.reads().kept_parts()?;
        if parts.len() as u64 != index.kept()? || index.has_kept(&parts)? {
            return Ok(());
        }
        index.write(|turn| {
            turn.note_nothing_kept()?;
            parts.iter().try_for_each(|part| turn.take_back(part, &conversations(part)))
        })
    }

    /// Copies to the store what is new in the index.
    pub(super) fn keep_what_is_new(&mut self, index: &mut Index) -> Result<(), StoreError> {
        let mut parts = index.to_keep(CHUNK)?;
        if !parts.is_empty() {
            self.forget_what_is_told_again(index)?;
        }
        while !parts.is_empty() {
            // Whoever writes next makes the last ones durable: until then they can be read again.
            let durability = if parts.len() < CHUNK { Durability::Bulk } else { Durability::Normal };
            store::write(&mut *self.store, durability, |turn| {
                for (_, part, is_first) in &parts {
                    if *is_first && part.part > 0 {
                        turn.forget_parts(&part.path, part.born, Some(part.part))?;
                    }
                    turn.keep_part(part)?;
                }
                Ok::<_, StoreError>(())
            })?;
            index.write(|turn| parts.iter().try_for_each(|(id, ..)| turn.note_kept(*id)))?;
            parts = index.to_keep(CHUNK)?;
        }
        Ok(())
    }

    /// Forgets what was read of files before they were read from their beginnings again, where all of it was found again.
    fn forget_what_is_told_again(&mut self, index: &mut Index) -> Result<(), StoreError> {
        let mut by_path: BTreeMap<String, Vec<IndexedFile>> = BTreeMap::new();
        for file in index.files()? {
            // One that was packed meanwhile says what it said.
            let path = file.read.path.strip_suffix(".zst").unwrap_or(&file.read.path).to_owned();
            by_path.entry(path).or_default().push(file);
        }
        by_path.retain(|_, files| files.len() > 1);
        let mut told_again = Vec::new();
        for mut files in by_path.into_values() {
            files.sort_unstable_by_key(|file| (file.read.born, file.id));
            let Some(newest) = files.pop() else { continue };
            told_again.extend(told_within(index, &newest, files)?);
        }
        for chunk in told_again.chunks(CHUNK) {
            store::write(&mut *self.store, Durability::Bulk, |turn| {
                chunk.iter().try_for_each(|file| turn.forget_parts(&file.read.path, file.read.born, None))
            })?;
            index.write(|turn| chunk.iter().try_for_each(|file| turn.forget(file.id)))?;
            index.settle();
        }
        Ok(())
    }
}

/// Returns which of some files say nothing that the newest one does not.
fn told_within(index: &Index, newest: &IndexedFile, files: Vec<IndexedFile>) -> Result<Vec<IndexedFile>, StoreError> {
    // What is written anew each time has the title that holds.
    let with_titles = Agent::of(&newest.read.agent).is_none_or(|agent| agent.growth(Path::new(&newest.read.path)) == Growth::Appended);
    let all = ToldIds::of(&index.facts_of(newest.id)?, with_titles);
    let mut within = Vec::new();
    for file in files {
        let parts = index.facts_of(file.id)?;
        // What this build cannot read may say anything.
        if parts.iter().all(Option::is_some) && ToldIds::of(&parts, with_titles).is_within(&all) {
            within.push(file);
        }
    }
    Ok(within)
}

fn conversations(part: &KeptPart) -> Vec<String> {
    part.facts().iter().flatten().flat_map(super::write::conversations).collect()
}

/// What a file tells of, by ids.
#[derive(Default)]
struct ToldIds {
    /// Responses, and how much they used.
    responses: HashMap<(u64, u64), u64>,
    others: BTreeSet<u64>,
    /// What the agent says of its totals.
    own: HashMap<(u64, u64), u64>,
}

impl ToldIds {
    fn of(parts: &[Option<[Facts; 2]>], with_titles: bool) -> Self {
        let mut told = Self::default();
        for facts in parts.iter().flatten().flatten() {
            let words = |kind: &str, name: session::transcript::Name| {
                agents::transcript_id(format!("{kind} {}", facts.name(name).unwrap_or_default()))
            };
            told.others.extend(facts.titles.iter().filter(|_| with_titles).map(|title| words("title", title.text)));
            told.others.extend(facts.origins.iter().map(|name| words("origin", *name)));
            told.others.extend(facts.conversations.iter().map(|(name, _)| words("conversation", *name)));
            for total in &facts.own_totals {
                let place = (words("own", total.conversation), words("model", total.model));
                let held = told.own.entry(place).or_default();
                *held = (*held).max(total.cost_micros);
            }
            for response in &facts.responses {
                let held = told.responses.entry((response.message, response.request)).or_default();
                *held = (*held).max(response.usage.total());
            }
            told.others.extend(facts.turns.iter().map(|turn| turn.record));
            told.others.extend(facts.calls.iter().map(|call| call.id));
            told.others.extend(facts.answers.iter().map(|answer| !answer.call));
            told.others.extend(facts.edits.iter().map(|edit| words(&format!("edit {} {}", edit.call, edit.place), edit.file)));
            told.others.extend(facts.compactions.iter().map(|compaction| compaction.record));
        }
        told
    }

    fn is_within(&self, other: &Self) -> bool {
        let is_there = |(key, total): (&(u64, u64), &u64)| other.responses.get(key).is_some_and(|held| held >= total);
        let is_said = |(place, total): (&(u64, u64), &u64)| other.own.get(place).is_some_and(|held| held >= total);
        self.responses.iter().all(is_there) && self.own.iter().all(is_said) && self.others.is_subset(&other.others)
    }
}
