//! What a run of the client prints (`claude -p --output-format stream-json`, or `json`), read for the conversation's id.
//!
//! | file | holds |
//! |---|---|
//! | `scan` | bytes to objects, of which only what tells an id is kept |
//!
//! An id stands at one of three places of an object: the client writes the first, older programs around it the others. Where ids differ, the
//! last one is right: with `--continue` the output begins with lines of hooks that carry an id which nobody will ever resume, and `/clear`
//! begins another conversation in mid-stream. Its `conversation_reset` names a `new_conversation_id`, which is nobody's.

mod scan;

use scan::{Object, Scan};

use super::transcript::is_id;

/// As many other ids are kept.
const MOST_OTHERS: usize = 1_000;

/// Where in an object an id was found, the best place first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `session_id`
    Top,
    /// `session_id` of `message`
    Message,
    /// `session_id` of `metadata`
    Metadata,
}

impl Place {
    /// All of them, the best first.
    pub const ALL: [Self; 3] = [Self::Top, Self::Message, Self::Metadata];

    /// Returns the way to it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Top => "session_id",
            Self::Message => "message.session_id",
            Self::Metadata => "metadata.session_id",
        }
    }
}

/// The id of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The id.
    pub id: String,
    /// Where it stands.
    pub place: Place,
    /// Whether only lines from before a conversation's beginning have it; it may be the one that is thrown away.
    pub is_early: bool,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The conversation, if anything tells it.
    pub told: Option<Told>,
    /// Other ids that were told, each once, in the order of their first appearance; at most a thousand.
    pub others: Vec<String>,
    /// How many objects there were, and lines that were none.
    pub lines: u64,
    /// How many lines were no JSON object: cut, or of something else that prints.
    pub skipped: u64,
}

/// Reads output as it comes, in pieces of any size: JSON lines, an array, or one object. The memory it takes is bounded, whatever is pushed.
#[derive(Debug, Default)]
pub struct OutputReader {
    scan: Scan,
    ids: Ids,
}

impl OutputReader {
    /// Reads on.
    pub fn push(&mut self, bytes: &[u8]) {
        self.scan.push(bytes, &mut |object| self.ids.take(&object));
    }

    /// Returns what was told. What is not complete by now is cut.
    pub fn finish(self) -> Output {
        let (read, skipped) = self.scan.finish();
        let told = self.ids.told();
        let others = self.ids.seen.into_iter().filter(|id| told.as_ref().is_none_or(|told| told.id != *id)).collect();
        Output { told, others, lines: read + skipped, skipped }
    }
}

/// The ids of what was read so far.
#[derive(Debug, Default)]
struct Ids {
    /// For each place the last id of a line that belongs to a conversation.
    sure: [Option<String>; 3],
    /// For each place the last id of a line from before one.
    early: [Option<String>; 3],
    seen: Vec<String>,
}

impl Ids {
    fn take(&mut self, object: &Object) {
        let last = if is_early(object) { &mut self.early } else { &mut self.sure };
        for (place, id) in object.ids.iter().enumerate() {
            let Some(id) = id.as_deref().filter(|id| is_id(id)) else { continue };
            // Most lines repeat the id of the line before.
            if last[place].as_deref() == Some(id) {
                continue;
            }
            if self.seen.len() < MOST_OTHERS && !self.seen.iter().any(|seen| seen == id) {
                self.seen.push(id.to_owned());
            }
            last[place] = Some(id.to_owned());
        }
    }

    fn told(&self) -> Option<Told> {
        let candidates = Place::ALL.into_iter().flat_map(|place| [(place, false), (place, true)]);
        let held = |place: Place, is_early: bool| if is_early { &self.early } else { &self.sure }[place as usize].clone();
        candidates.into_iter().find_map(|(place, is_early)| held(place, is_early).map(|id| Told { id, place, is_early }))
    }
}

/// Reports whether a line is from before the conversation: hooks of its start, or the end of the one before it.
fn is_early(object: &Object) -> bool {
    let is_of_hook = object.subtype.as_deref().is_some_and(|subtype| subtype.starts_with("hook_"));
    is_of_hook || object.kind.as_deref() == Some("conversation_reset")
}
