//! How large the vault is, how it grows, and what the agent is about to delete.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use agents::claude_code::retention;
use serde::Serialize;
use session::Moment;

use super::chunks;
use super::copy::is_same;
use super::kept::{Chunk, Kept};
use super::shelf::Shelf;
use super::{Hash, VaultError};
use crate::Tracker;
use crate::directory::path_of;
use crate::holdings::{self, Holding};

/// The file that says when somebody copied last, in microseconds since 1970.
const COPIED: &str = "copied";

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
        let shelf = Shelf::open(&vault).map_err(at_vault())?;
        let all = chunks::list(&vault).map_err(at_vault())?;
        let now = self.clock.now().moment;
        let added = |days: i64| all.iter().filter(|(_, _, found)| age(found, now) <= days * DAY).map(|(_, _, found)| found.len()).sum();
        let there: HashSet<Hash> = all.iter().map(|(hash, ..)| *hash).collect();
        let locations = self.config.locations()?;
        let held = holdings::find(&locations.projects(), crate::index::threads()).holdings;
        let settings = std::fs::read(locations.settings()).unwrap_or_default();
        let has_all = |kept: &Kept| kept.chunks().all(|chunk| there.contains(&chunk.hash));
        let missing = shelf.kept.values().filter(|kept| !has_all(kept)).flat_map(|kept| damaged_files(kept, &there));
        let broken = shelf.damaged.iter().map(|(path, damage)| format!("{}: {damage}", path.display()));
        Ok(VaultView {
            enabled: self.config.is_vault_on(),
            size: all.iter().map(|(_, _, found)| found.len()).sum::<u64>() + shelf.bytes(),
            max_bytes: self.config.vault_limit(),
            conversations: shelf.kept.len() as u64,
            files: shelf.kept.values().map(|kept| kept.files.len() as u64).sum(),
            content: shelf.kept.values().flat_map(|kept| &kept.files).filter_map(|file| file.newest()).map(|last| last.length).sum(),
            only_here: shelf.kept.values().filter(|kept| is_gone(kept, &held)).count() as u64,
            added_7_days: added(7),
            added_30_days: added(30),
            copied_at: copied_at(&vault, now).map(|at| at.to_string()),
            leaving: leaving(&held, &shelf, &there, retention::days(&settings), within_days, now),
            damaged: broken.chain(missing).collect(),
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
fn age(found: &std::fs::Metadata, now: Moment) -> i64 {
    use std::os::unix::fs::MetadataExt;
    now.micros() - found.mtime().saturating_mul(1_000_000)
}

/// Reports whether the agent does not have a conversation any more where it was.
fn is_gone(kept: &Kept, held: &[Holding]) -> bool {
    let folder = kept.files.first().and_then(|file| file.steps.first());
    !held.iter().any(|holding| holding.id == kept.id && holding.root == kept.root && holding.place.first() == folder)
}

fn leaving(held: &[Holding], shelf: &Shelf, there: &HashSet<Hash>, after_days: u64, within_days: u64, now: Moment) -> LeavingView {
    let mut view = LeavingView { after_days, within_days, ..LeavingView::default() };
    let days = i64::try_from(after_days.saturating_sub(within_days)).unwrap_or(i64::MAX);
    let last = now.micros().saturating_sub(days.saturating_mul(DAY));
    for holding in held.iter().filter(|holding| holding.aged_since() / 1_000 <= last) {
        let Some(folder) = holding.place.first() else { continue };
        let kept = shelf.kept.get(&Kept::name(holding.agent(), &holding.id, &holding.root, folder));
        let has = |chunk: Chunk| there.contains(&chunk.hash);
        let is_safe = kept.is_some_and(|kept| holding.files.iter().all(|file| is_same(kept, &file.steps, &file.seen, has)));
        view.conversations += 1;
        view.bytes += holding.size();
        if is_safe { view.safe += 1 } else { view.unsafe_ids.push(holding.id.clone()) }
    }
    view
}

/// Writes down when somebody copied.
pub(super) fn note_copied(vault: &Path, at: i64) -> io::Result<()> {
    store::write_private(&vault.join(COPIED), format!("{at}\n").as_bytes())
}

fn copied_at(vault: &Path, now: Moment) -> Option<Moment> {
    let said = std::fs::read_to_string(vault.join(COPIED)).ok()?;
    Moment::from_micros(said.trim().parse().ok()?, now.offset().seconds()).ok()
}
