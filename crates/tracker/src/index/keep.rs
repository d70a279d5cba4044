//! The store's copy of what the index says. Agents delete transcripts, and an index may be thrown away: what both together would lose is in the
//! store. It is replaced and never added to, part by part.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use session::transcript::Facts;
use store::{Durability, FileId, Index, KeptPart, StoreError};

use crate::Tracker;

/// How many parts are copied at a time.
const CHUNK: usize = 4_096;

impl Tracker {
    /// Takes into a new index what only the store knows; finds out where the store has lost what the index says.
    pub(super) fn take_back_what_is_kept(&mut self, index: &mut Index) -> Result<(), StoreError> {
        let reads = self.store.reads();
        if index.is_empty()? {
            let parts = reads.kept_parts()?;
            return index.write(|turn| parts.iter().try_for_each(|part| turn.take_back(part, &conversations(part))));
        }
        if reads.count_kept_parts()? < index.kept()? {
            index.write(|turn| turn.note_nothing_kept())?;
        }
        Ok(())
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
                for (_, part) in &parts {
                    // The first one says everything where parts were made one.
                    if part.part == 0 {
                        turn.forget_parts(&part.path, part.born)?;
                    }
                    turn.keep_part(part)?;
                }
                Ok::<_, StoreError>(())
            })?;
            index.write(|turn| parts.iter().try_for_each(|(id, _)| turn.note_kept(*id)))?;
            parts = index.to_keep(CHUNK)?;
        }
        Ok(())
    }

    /// Forgets what was read of files before they were read from their beginnings again, where all of it was found again.
    fn forget_what_is_told_again(&mut self, index: &mut Index) -> Result<(), StoreError> {
        let mut by_path: BTreeMap<String, Vec<(i64, FileId)>> = BTreeMap::new();
        for file in index.files()? {
            by_path.entry(file.read.path).or_default().push((file.read.born, file.id));
        }
        by_path.retain(|_, files| files.len() > 1);
        let mut told_again = Vec::new();
        for (path, mut files) in by_path {
            files.sort_unstable();
            let Some((_, newest)) = files.pop() else { continue };
            told_again.extend(told_within(index, newest, files)?.into_iter().map(|(born, file)| (path.clone(), born, file)));
        }
        for chunk in told_again.chunks(CHUNK) {
            store::write(&mut *self.store, Durability::Bulk, |turn| {
                chunk.iter().try_for_each(|(path, born, _)| turn.forget_parts(path, *born))
            })?;
            index.write(|turn| chunk.iter().try_for_each(|(_, _, file)| turn.forget(*file)))?;
            index.settle();
        }
        Ok(())
    }
}

/// Returns which of some files say nothing that the newest one does not.
fn told_within(index: &Index, newest: FileId, files: Vec<(i64, FileId)>) -> Result<Vec<(i64, FileId)>, StoreError> {
    let all = ToldIds::of(&index.facts_of(newest)?);
    let mut within = Vec::new();
    for (born, file) in files {
        let parts = index.facts_of(file)?;
        // What this build cannot read may say anything.
        if parts.iter().all(Option::is_some) && ToldIds::of(&parts).is_within(&all) {
            within.push((born, file));
        }
    }
    Ok(within)
}

fn conversations(part: &KeptPart) -> Vec<String> {
    part.facts().iter().flatten().flat_map(super::update::conversations).collect()
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
    fn of(parts: &[Option<[Facts; 2]>]) -> Self {
        let mut told = Self::default();
        for facts in parts.iter().flatten().flatten() {
            let words = |kind: &str, name: session::transcript::Name| {
                agents::transcript_id(format!("{kind} {}", facts.name(name).unwrap_or_default()))
            };
            told.others.extend(facts.titles.iter().map(|title| words("title", title.text)));
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
