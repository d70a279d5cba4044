//! What of transcripts people let be kept.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use agents::transcripts::{Role, Said};
use store::{Document, SearchIn};

use super::places::Whereabouts;
use crate::Tracker;
use crate::index::Excluded;

/// Up to which length a text is kept, in bytes. It is redacted before it is cut: half a secret looks like none.
const LONGEST: usize = 60_000;

/// What people let be kept.
pub(super) struct Kept {
    has_prompts: bool,
    excluded: Excluded,
}

impl Kept {
    pub(super) fn by(tracker: &Tracker) -> Self {
        Self { has_prompts: tracker.config.is_on_in_file("record.prompts"), excluded: Excluded::by(tracker) }
    }

    /// Returns what it is known by: `on true`, and a hash of each excluded directory.
    pub(super) fn name(&self) -> String {
        let excluded = self.excluded.all().iter().map(|path| agents::transcript_id(path.as_os_str().as_bytes()));
        excluded.fold(format!("on {}", self.has_prompts), |name, excluded| format!("{name} {excluded:016x}"))
    }

    /// Reports whether something may be kept that was not when it was known by another name.
    pub(super) fn lets_more_than(&self, name: &str) -> bool {
        let own = self.name();
        let own: Vec<&str> = own.split(' ').skip(2).collect();
        let mut held = name.split(' ').skip(1);
        let had_prompts = held.next() == Some("true");
        self.has_prompts && !had_prompts || held.any(|excluded| !own.contains(&excluded))
    }

    /// Reports whether nothing of a file may be kept, by the folder that it is in.
    pub(super) fn is_file_excluded(&self, path: &Path) -> bool {
        self.excluded.has_folder_of(path)
    }

    /// Reports whether something may be kept that was said. Where nobody knows where it was said, it may have been in an excluded directory.
    pub(super) fn lets(&self, cwd: &str, role: &str) -> bool {
        let is_prompt = [Role::Prompt, Role::Summary].iter().any(|prompt| prompt.as_str() == role);
        !self.excluded.has(cwd) && (self.has_prompts || !is_prompt)
    }
}

/// Returns what is kept of something that was said, redacted; it was said at the latest when its file was changed last.
pub(super) fn document(agent: &str, said: Said, changed_millis: i64, place: Whereabouts) -> Document {
    let text = cut(&redacted(&said.text)).to_owned();
    // Agents number what they say anew in each conversation, and copies say it at the same time.
    let when = said.at_millis.map_or_else(|| said.conversation.clone(), |at| at.to_string());
    Document {
        key: agents::transcript_id(format!("{:016x} {when}", said.key)),
        at_millis: said.at_millis.unwrap_or(changed_millis),
        among: SearchIn::Transcripts,
        agent: agent.to_owned(),
        conversation: id(&said.conversation),
        session: String::new(),
        turn: id(&said.turn),
        role: said.role.as_str().to_owned(),
        tool: redacted(&said.tool),
        files: said.files.iter().map(|file| redacted(file)).collect(),
        cwd: redacted(&said.cwd),
        project: place.project,
        directory: place.directory,
        text,
    }
}

/// Returns as much of a text as is kept.
pub(super) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

/// An id that looks like one is none of a person's words.
fn id(said: &str) -> String {
    let is_plain = said.len() <= 64 && said.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if is_plain { said.to_owned() } else { redacted(said) }
}

fn redacted(said: &str) -> String {
    if said.is_empty() { String::new() } else { redact::text(said).as_str().to_owned() }
}
