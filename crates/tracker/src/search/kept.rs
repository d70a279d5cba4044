//! What of transcripts people let be kept.

use std::path::{Path, PathBuf};

use agents::claude_code::locations::folder_name;
use agents::transcripts::{Role, Said};
use store::{Document, SearchIn};

use super::places::Whereabouts;
use crate::Tracker;

/// Up to which length a text is kept, in bytes. It is redacted before it is cut: half a secret looks like none.
const LONGEST: usize = 60_000;

/// What people let be kept.
pub(super) struct Kept {
    has_prompts: bool,
    excluded: Vec<PathBuf>,
}

impl Kept {
    pub(super) fn by(tracker: &Tracker) -> Self {
        Self { has_prompts: tracker.config.is_on_in_file("record.prompts"), excluded: tracker.config.excluded_everywhere() }
    }

    /// Returns what it is known by: where that changes, everything is read again.
    pub(super) fn name(&self) -> String {
        let excluded: Vec<_> = self.excluded.iter().map(|path| path.to_string_lossy()).collect();
        format!("on {} {:016x}", self.has_prompts, agents::transcript_id(excluded.join(":")))
    }

    /// Reports whether nothing of a file may be kept, by the folder that it is in.
    pub(super) fn is_file_excluded(&self, path: &Path) -> bool {
        let is_of = |folder: &str, excluded: &Path| {
            folder.strip_prefix(&*folder_name(excluded)).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        let folders: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        self.excluded.iter().any(|excluded| folders.iter().any(|folder| is_of(folder, excluded)))
    }

    /// Reports whether something may be kept that was said. Where nobody knows where it was said, it may have been in an excluded directory.
    pub(super) fn lets(&self, said: &Said) -> bool {
        let is_excluded = |excluded: &PathBuf| said.cwd.is_empty() || Path::new(&said.cwd).starts_with(excluded);
        let is_prompt = matches!(said.role, Role::Prompt | Role::Summary);
        !self.excluded.iter().any(is_excluded) && (self.has_prompts || !is_prompt)
    }
}

/// Returns what is kept of something that was said, redacted; it was said at the latest when its file was changed last.
pub(super) fn document(agent: &str, said: Said, changed_millis: i64, place: Whereabouts) -> Document {
    let mut text = redacted(&said.text);
    text.truncate(text.floor_char_boundary(LONGEST));
    Document {
        key: said.key,
        at_millis: said.at_millis.unwrap_or(changed_millis),
        among: SearchIn::Transcripts,
        agent: agent.to_owned(),
        conversation: id(&said.conversation),
        session: String::new(),
        turn: id(&said.turn),
        role: said.role.as_str().to_owned(),
        tool: redacted(&said.tool),
        file: redacted(&said.file),
        project: place.project,
        directory: place.directory,
        text,
    }
}

/// An id that looks like one is none of a person's words.
fn id(said: &str) -> String {
    let is_plain = said.len() <= 64 && said.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if is_plain { said.to_owned() } else { redacted(said) }
}

fn redacted(said: &str) -> String {
    if said.is_empty() { String::new() } else { redact::text(said).as_str().to_owned() }
}
