//! How large the vault is, how it grows, and what the agent is about to delete.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;

use agents::claude_code::retention;
use agents::transcripts::Agent;
use serde::Serialize;
use session::Moment;

use super::chunks;
use super::copy::{has_news, is_kept, is_same, name_of};
use super::excluded::Excluded;
use super::hall::Hall;
use super::kept::{Chunk, Kept};
use super::shelf::{Shelf, enter, strange};
use super::{Hash, VaultError};
use crate::Tracker;
use crate::directory::{Seen, path_of};
use crate::holdings::{self, Holding};

/// The file that says when somebody copied last, in microseconds since 1970.
const COPIED: &str = "copied";

/// The file that says for how many conversations there was no room, where there are some.
const LEFT_OUT: &str = "left-out";

/// How much of such a file is read.
const LONGEST_NOTE: u64 = 64;

const DAY: i64 = 86_400_000_000;

/// The vault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VaultView {
    /// Whether transcripts are copied by themselves.
    pub enabled: bool,
    /// Where it is.
    pub directory: PathBuf,
    /// How much room it takes, in bytes.
    pub size: u64,
    /// How much it may take; `null` where nobody says.
    pub max_bytes: Option<u64>,
    /// Conversations in it.
    pub conversations: u64,
    /// Files of theirs.
    pub files: u64,
    /// How long all of these are, in bytes.
    pub content: u64,
    /// Conversations that the agent does not have any more.
    pub only_here: u64,
    /// What was added in the last 7 days and is there still, in bytes.
    pub added_7_days: u64,
    /// The same of 30 days.
    pub added_30_days: u64,
    /// When somebody copied last; `null` where nobody has.
    pub copied_at: Option<String>,
    /// Conversations that were written to more than a day ago, and are not in it as they are now; what is not to be recorded is none of them.
    pub behind: u64,
    /// Conversations for which there was no room when somebody copied last.
    pub left_out: u64,
    /// What the agent is about to delete.
    pub leaving: LeavingView,
    /// What in it is damaged, as far as that can be seen without reading all of it.
    pub damaged: Vec<String>,
}

/// What the agent is about to delete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeavingView {
    /// After how many days the agent deletes what nobody has written to.
    pub after_days: u64,
    /// Within how many days from now on.
    pub within_days: u64,
    /// Conversations.
    pub conversations: u64,
    /// How long all their files are, in bytes.
    pub bytes: u64,
    /// How many of them are in the vault as they are now.
    pub safe: u64,
    /// The ids of those that are not.
    pub unsafe_ids: Vec<String>,
}

impl Tracker {
    /// Returns how the vault stands, and what the agent deletes within so many days. Nothing is changed, and nobody waits for anybody.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn vault_view(&self, within_days: u64) -> Result<VaultView, VaultError> {
        let vault = self.vault()?;
        let at_vault = || VaultError::at(&vault);
        let hall = enter(&vault)?;
        let shelf = Shelf::open(&hall).map_err(at_vault())?;
        let listed = chunks::list(&hall).map_err(at_vault())?;
        let (all, now) = (listed.all, self.clock.now().moment);
        let added = |days: i64| all.iter().filter(|(_, seen)| age(seen, now) <= days * DAY).map(|(_, seen)| seen.size).sum();
        let there: HashSet<Hash> = all.iter().map(|(hash, _)| *hash).collect();
        let held = holdings::find_files(&self.config.transcript_roots()?).holdings;
        let settings = std::fs::read(self.config.locations()?.settings()).unwrap_or_default();
        let has_all = |kept: &Kept| kept.chunks().all(|chunk| there.contains(&chunk.hash));
        let missing = shelf.kept.values().filter(|kept| !has_all(kept)).flat_map(|kept| damaged_files(kept, &there));
        let strangers = listed.strange.iter().map(|path| strange(path));
        let damaged = shelf.damages().into_iter().chain(strangers).chain(missing).collect();
        let names: HashSet<String> = held.iter().map(name_of).collect();
        let excluded = Excluded(self.config.excluded_everywhere());
        let is_settled = |holding: &&Holding| holding.modified() / 1_000 <= now.micros().saturating_sub(DAY);
        let is_behind = |holding: &&Holding| has_news(&shelf, holding) && !excluded.has(holding);
        Ok(VaultView {
            enabled: self.config.is_vault_on(),
            size: all.iter().map(|(_, seen)| seen.size).sum::<u64>() + shelf.bytes(),
            max_bytes: self.config.vault_limit(),
            conversations: shelf.kept.len() as u64,
            files: shelf.kept.values().map(|kept| kept.files.len() as u64).sum(),
            content: shelf.kept.values().flat_map(|kept| &kept.files).filter_map(|file| file.newest()).map(|last| last.length).sum(),
            only_here: shelf.kept.keys().filter(|name| !names.contains(*name)).count() as u64,
            added_7_days: added(7),
            added_30_days: added(30),
            copied_at: copied_at(&hall, now).map(|at| at.to_string()),
            behind: held.iter().filter(is_settled).filter(is_behind).count() as u64,
            left_out: left_out(&hall),
            leaving: leaving(&held, &shelf, &there, retention::days(&settings), within_days, now),
            damaged,
            directory: vault,
        })
    }
}

fn damaged_files<'k>(kept: &'k Kept, there: &'k HashSet<Hash>) -> impl Iterator<Item = String> + 'k {
    let is_missing = |chunk: &Chunk| !there.contains(&chunk.hash);
    let damaged = kept.files.iter().filter(move |file| file.versions.iter().flat_map(|version| &version.chunks).any(is_missing));
    damaged.map(|file| format!("{}: a part of it is missing", path_of(&kept.root, &file.steps).display()))
}

/// Returns how long ago a file was written, in microseconds.
fn age(seen: &Seen, now: Moment) -> i64 {
    now.micros().saturating_sub(seen.modified / 1_000)
}

fn leaving(held: &[Holding], shelf: &Shelf, there: &HashSet<Hash>, after_days: u64, within_days: u64, now: Moment) -> LeavingView {
    let mut view = LeavingView { after_days, within_days, ..LeavingView::default() };
    let days = i64::try_from(after_days.saturating_sub(within_days)).unwrap_or(i64::MAX);
    let last = now.micros().saturating_sub(days.saturating_mul(DAY));
    // Of the others nobody knows when they delete.
    let is_leaving = |holding: &&Holding| holding.agent == Agent::ClaudeCode && is_kept(holding) && holding.aged_since() / 1_000 <= last;
    for holding in held.iter().filter(is_leaving) {
        let kept = shelf.kept.get(&name_of(holding));
        let has = |chunk: Chunk| there.contains(&chunk.hash);
        let is_safe = kept.is_some_and(|kept| holding.files.iter().all(|file| is_same(kept, &file.steps, &file.seen, has)));
        view.conversations += 1;
        view.bytes += holding.size();
        if is_safe { view.safe += 1 } else { view.unsafe_ids.push(holding.id.clone()) }
    }
    view
}

/// Writes down when somebody copied, if that is to be known, and for how many conversations there was no room.
pub(super) fn note_copied(hall: &Hall, at: Option<i64>, left_out: u64) -> io::Result<()> {
    if let Some(at) = at {
        hall.write(COPIED, format!("{at}\n").as_bytes())?;
    }
    match left_out {
        0 => hall.remove(LEFT_OUT),
        left_out if self::left_out(hall) == left_out => Ok(()),
        left_out => hall.write(LEFT_OUT, format!("{left_out}\n").as_bytes()),
    }
}

fn note(hall: &Hall, name: &str) -> Option<String> {
    Some(String::from_utf8(hall.read(name, LONGEST_NOTE).ok()?).ok()?.trim().to_owned())
}

fn copied_at(hall: &Hall, now: Moment) -> Option<Moment> {
    Moment::from_micros(note(hall, COPIED)?.parse().ok()?, now.offset().seconds()).ok()
}

fn left_out(hall: &Hall) -> u64 {
    note(hall, LEFT_OUT).and_then(|said| said.parse().ok()).unwrap_or(0)
}
