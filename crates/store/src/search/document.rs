//! What can be found, and blocks of it as bytes.

use serde::{Deserialize, Serialize};

use super::marks;
use super::parts::parts;

/// How much text a block has about: what is found is unpacked with everything beside it.
const BLOCK: usize = 24 << 10;

/// How well blocks are packed.
const LEVEL: i32 = 3;

/// Stands between the parts of two words, so that no phrase goes from one to the next. What is written in it is not taken for it.
pub(super) const BETWEEN: char = '\u{e000}';

/// Among what a document is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchIn {
    /// What somebody wrote down.
    Entries,
    /// What sessions are about.
    Sessions,
    /// What was asked of agents, as hooks told.
    Prompts,
    /// What stands in transcripts.
    Transcripts,
}

impl SearchIn {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Entries, Self::Sessions, Self::Prompts, Self::Transcripts];

    /// Returns the word people type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::Sessions => "sessions",
            Self::Prompts => "prompts",
            Self::Transcripts => "transcripts",
        }
    }
}

/// Something that can be found. Everything in it is redacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// What it is known by, so that the same twice is there once.
    pub key: u64,
    /// When it was, in milliseconds since 1970.
    pub at_millis: i64,
    /// Among what it is found.
    pub among: SearchIn,
    /// The agent; empty where none had a part in it.
    pub agent: String,
    /// The agent's id of its conversation.
    pub conversation: String,
    /// The key of the session it belongs to, where it says so itself.
    pub session: String,
    /// The agent's id of the prompt it follows.
    pub turn: String,
    /// What it is: `prompt`, `answer`, `tool_output`, `decision`.
    pub role: String,
    /// The tool.
    pub tool: String,
    /// The files that it is about.
    pub files: Vec<String>,
    /// Where the agent worked.
    pub cwd: String,
    /// The key of its project, where it says so itself.
    pub project: String,
    /// The place of its project, where only that is known.
    pub directory: String,
    /// What it says.
    pub text: String,
}

/// Documents, packed, and what they are found by.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    pub(super) blocks: Vec<Block>,
    /// How long their text is together, in bytes.
    pub bytes: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) bytes: Vec<u8>,
    pub(super) entries: Vec<Entry>,
}

/// What one document is found by.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: u64,
    pub(super) at_millis: i64,
    /// Where it begins in its block.
    pub(super) place: usize,
    pub(super) text: String,
    pub(super) parts: String,
    pub(super) marks: String,
}

impl Packed {
    /// Packs documents.
    pub fn of(documents: Vec<Document>) -> Self {
        let mut packed = Self::default();
        let mut block: Vec<Document> = Vec::new();
        let mut length = 0;
        for document in documents {
            length += document.text.len();
            block.push(document);
            if length >= BLOCK {
                packed.add(std::mem::take(&mut block));
                length = 0;
            }
        }
        packed.add(block);
        packed
    }

    fn add(&mut self, documents: Vec<Document>) {
        if documents.is_empty() {
            return;
        }
        let (bytes, places) = pack(documents.iter());
        let entries = documents.into_iter().zip(places).map(|(document, place)| {
            self.bytes += document.text.len();
            let (key, at_millis, marks) = (document.key, document.at_millis, marks::of(&document));
            // What cannot be a word would end the text for SQLite, or stand for what it is not.
            let text = document.text.replace(['\0', BETWEEN], " ");
            Entry { key, at_millis, place, parts: parts(&text), text, marks }
        });
        let entries = entries.collect();
        self.blocks.push(Block { bytes, entries });
    }
}

/// Packs documents one behind the other, and returns where each begins.
pub(super) fn pack<'d>(documents: impl Iterator<Item = &'d Document>) -> (Vec<u8>, Vec<usize>) {
    let (mut plain, mut places) = (Vec::new(), Vec::new());
    for document in documents {
        places.push(plain.len());
        plain.extend(postcard::to_allocvec(document).unwrap_or_default());
    }
    (zstd::bulk::compress(&plain, LEVEL).unwrap_or_default(), places)
}

/// Unpacks a block; empty where it is damaged.
pub(super) fn unpack(bytes: &[u8]) -> Vec<u8> {
    const LONGEST: usize = 64 << 20;
    let length = zstd::bulk::Decompressor::upper_bound(bytes).filter(|length| *length <= LONGEST);
    length.and_then(|length| zstd::bulk::decompress(bytes, length).ok()).unwrap_or_default()
}

/// Reads the document that begins at a place of a block; none where it is damaged.
pub(super) fn read(block: &[u8], place: usize) -> Option<Document> {
    postcard::take_from_bytes(block.get(place..)?).ok().map(|(document, _)| document)
}
