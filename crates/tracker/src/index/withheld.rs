//! What people do not want to be recorded, taken out of what was found.

use std::path::{Path, PathBuf};

use agents::claude_code::locations::folder_name;
use session::transcript::{Facts, Name, TitleKind};

use crate::Tracker;

/// Directories in which agents are not recorded.
pub(crate) struct Excluded(Vec<PathBuf>);

impl Excluded {
    /// Asks the configuration.
    pub(crate) fn by(tracker: &Tracker) -> Self {
        Self(tracker.config.excluded_everywhere())
    }

    /// Returns all of them.
    pub(crate) fn all(&self) -> &[PathBuf] {
        &self.0
    }

    /// Reports whether a directory is one of them, or below one. One that nobody knows may be.
    pub(crate) fn has(&self, cwd: &str) -> bool {
        self.0.iter().any(|excluded| cwd.is_empty() || Path::new(cwd).starts_with(excluded))
    }

    /// Reports whether a transcript lies in the folder that Claude Code has for one of them. What is below one may be called like what is beside it,
    /// and is known by what the transcript says.
    pub(crate) fn has_folder_of(&self, transcript: &Path) -> bool {
        let folders = || transcript.components().map(|part| part.as_os_str().to_string_lossy());
        self.0.iter().any(|excluded| folders().any(|folder| folder == folder_name(excluded)))
    }
}

/// What people do not want to be recorded.
pub(crate) struct Withheld {
    prompts: bool,
    excluded: Excluded,
}

impl Withheld {
    /// Asks the configuration.
    pub(crate) fn by(tracker: &Tracker) -> Self {
        Self { prompts: !tracker.config.is_on_in_file("record.prompts"), excluded: Excluded::by(tracker) }
    }

    /// Takes words that are not to be recorded out of what was found. What was used is counted all the same.
    pub(super) fn apply(&self, path: &Path, mut facts: Facts) -> Facts {
        let is_excluded = |cwd: &Name| self.excluded.has(facts.name(*cwd).unwrap_or_default());
        // A title may stand in a part by itself: nobody knows then where it was given.
        let is_unknown = facts.cwds.is_empty() && self.excluded.has("");
        if self.excluded.has_folder_of(path) || is_unknown || facts.cwds.iter().any(is_excluded) {
            facts.titles.clear();
            facts.calls.iter_mut().for_each(|call| call.about = Name::default());
            facts.edits.clear();
        } else if self.prompts {
            facts.titles.retain(|title| title.kind != TitleKind::Prompt);
        }
        facts
    }
}
