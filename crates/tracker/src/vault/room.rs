//! What goes where there is a limit: what a file was before it was written anew, the oldest first.
//!
//! What a file was last never goes by itself, whether the agent still has it or not: it may be the only copy there is. Where there is no room
//! for another one, it is not copied, and that is said.

use std::collections::HashSet;

use super::Hash;
use super::kept::{Kept, KeptFile};

/// Returns the chunks that never go by themselves: those of what each file was last.
pub(super) fn staying<'k>(all: impl Iterator<Item = &'k Kept>) -> HashSet<Hash> {
    let newest = all.flat_map(|kept| &kept.files).filter_map(KeptFile::newest);
    newest.flat_map(|version| &version.chunks).map(|chunk| chunk.hash).collect()
}

/// Takes the older half of all versions that were written over out of some conversations. Returns those that changed.
pub(super) fn thin_out<'k>(all: impl Iterator<Item = (&'k String, &'k Kept)>) -> Vec<(String, Kept)> {
    let all: Vec<_> = all.collect();
    let mut times: Vec<i64> = all.iter().flat_map(|(_, kept)| written_over(kept)).collect();
    times.sort_unstable();
    let Some(last) = times.get(times.len().saturating_sub(1) / 2).copied() else { return Vec::new() };
    let thinned = |kept: &Kept| {
        let mut kept = kept.clone();
        for file in &mut kept.files {
            let newest = file.versions.pop();
            file.versions.retain(|version| version.copied_at > last);
            file.versions.extend(newest);
        }
        kept
    };
    let changed = all.into_iter().filter(|(_, kept)| written_over(kept).any(|copied_at| copied_at <= last));
    changed.map(|(name, kept)| (name.clone(), thinned(kept))).collect()
}

/// Returns when versions were copied that were written over since.
fn written_over(kept: &Kept) -> impl Iterator<Item = i64> + '_ {
    kept.files.iter().flat_map(|file| file.versions.iter().rev().skip(1)).map(|version| version.copied_at)
}
