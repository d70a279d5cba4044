//! What people do not want to be recorded, taken out of what was found.

use std::path::{Path, PathBuf};

use agents::claude_code::locations::folder_name;
use session::transcript::{Facts, Name, TitleKind};

use crate::Tracker;

/// What people do not want to be recorded.
pub(crate) struct Withheld {
    prompts: bool,
    directories: Vec<PathBuf>,
}

impl Withheld {
    /// Asks the configuration.
    pub(crate) fn by(tracker: &Tracker) -> Self {
        let directories = tracker.config.excluded_everywhere();
        Self { prompts: !tracker.config.is_on_in_file("record.prompts"), directories }
    }

    /// Takes words that are not to be recorded out of what was found. What was used is counted all the same.
    pub(super) fn apply(&self, path: &Path, mut facts: Facts) -> Facts {
        let folder = path.components().map(|part| part.as_os_str().to_string_lossy());
        let is_of = |folder: &str, excluded: &Path| {
            folder.strip_prefix(&*folder_name(excluded)).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        let folders: Vec<_> = folder.collect();
        let is_in_folder = self.directories.iter().any(|excluded| folders.iter().any(|folder| is_of(folder, excluded)));
        let is_excluded =
            |cwd: &Name| facts.name(*cwd).is_some_and(|cwd| self.directories.iter().any(|excluded| Path::new(cwd).starts_with(excluded)));
        // A title may stand in a part by itself: nobody knows then where it was given.
        let is_unknown = facts.cwds.is_empty() && !self.directories.is_empty();
        if is_in_folder || is_unknown || facts.cwds.iter().any(is_excluded) {
            facts.titles.clear();
            facts.calls.iter_mut().for_each(|call| call.about = Name::default());
            facts.edits.clear();
        } else if self.prompts {
            facts.titles.retain(|title| title.kind != TitleKind::Prompt);
        }
        facts
    }
}
