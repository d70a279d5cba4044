//! What is found on the way, put together to conversations.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use agents::claude_code::transcript::is_drawn;
use agents::transcripts::{Agent, Stored};

use super::{HeldFile, Holding, Layout, is_own};
use crate::directory::StepName;

/// How many sub-agents may have started one another.
const DEEPEST: usize = 32;

/// Something that a conversation has.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    /// The conversation, as far as the part itself tells.
    pub(super) id: String,
    /// The conversation that has it as a sub-agent's.
    pub(super) parent: Option<String>,
    /// The steps from the root to it.
    pub(super) steps: Vec<StepName>,
    /// Its files: itself, or those below it.
    pub(super) files: Vec<HeldFile>,
    /// How many links, pipes and the like lie below it.
    pub(super) others: u64,
    /// When its directory was last written to, if it is one, in nanoseconds since 1970.
    pub(super) modified: Option<i64>,
    /// Whether it is a conversation of an older program.
    pub(super) is_of_older: bool,
}

/// Puts parts together to conversations: what a sub-agent has is its parent's.
pub(super) fn together(agent: Agent, root: &Arc<Path>, parts: Vec<Part>) -> Vec<Holding> {
    let parents: HashMap<String, String> = parts.iter().filter_map(|part| Some((part.id.clone(), part.parent.clone()?))).collect();
    let mut all: BTreeMap<(Vec<StepName>, String, bool), Gathered> = BTreeMap::new();
    for mut part in parts {
        // A client that moves conversations from folder to folder has each once for each folder.
        let place = if agent == Agent::ClaudeCode { part.steps[..part.steps.len() - 1].to_vec() } else { Vec::new() };
        let id = if parents.is_empty() { std::mem::take(&mut part.id) } else { eldest(&parents, &part.id).to_owned() };
        all.entry((place, id, part.is_of_older)).or_default().take(part);
    }
    let mut holdings = Vec::with_capacity(all.len());
    for ((place, id, is_of_older), Gathered { mut pieces, mut files, others, folders_modified }) in all {
        pieces.sort();
        files.sort_by(|one, other| one.steps.cmp(&other.steps));
        let layout = if is_of_older { Layout::Directories } else { Layout::Files };
        let holding = Holding { id, agent, root: Arc::clone(root), layout, place, pieces, files, others, folders_modified, stored: None };
        holdings.extend(Some(holding).filter(is_conversation));
    }
    holdings
}

/// What several parts have together.
#[derive(Default)]
struct Gathered {
    pieces: Vec<Vec<StepName>>,
    files: Vec<HeldFile>,
    others: u64,
    folders_modified: i64,
}

impl Gathered {
    fn take(&mut self, part: Part) {
        // Mostly there is one piece with one file.
        self.pieces.reserve_exact(1);
        self.pieces.push(part.steps);
        if self.files.is_empty() {
            self.files = part.files;
        } else {
            self.files.extend(part.files);
        }
        self.others += part.others;
        self.folders_modified = self.folders_modified.max(part.modified.unwrap_or(0));
    }
}

/// Returns the conversations of a database: what a sub-agent has is its parent's.
pub(super) fn of_database(agent: Agent, root: &Arc<Path>, stored: Vec<Stored>) -> Vec<Holding> {
    let is_child = |one: &&Stored| !one.parent.is_empty();
    let parents: HashMap<String, String> = stored.iter().filter(is_child).map(|one| (one.id.clone(), one.parent.clone())).collect();
    let mut all: BTreeMap<String, Stored> = BTreeMap::new();
    for one in stored {
        let id = eldest(&parents, &one.id).to_owned();
        let is_eldest = id == one.id;
        match all.get_mut(&id) {
            None => drop(all.insert(id.clone(), Stored { id, ..one })),
            Some(held) => {
                held.bytes = held.bytes.saturating_add(one.bytes);
                held.updated = held.updated.max(one.updated);
                if is_eldest {
                    (held.created, held.directory) = (one.created, one.directory);
                }
            }
        }
    }
    let holding = |(id, stored): (String, Stored)| Holding {
        id,
        agent,
        root: Arc::clone(root),
        layout: Layout::Database,
        place: Vec::new(),
        pieces: Vec::new(),
        files: Vec::new(),
        others: 0,
        folders_modified: 0,
        stored: Some(Box::new(stored)),
    };
    all.into_iter().map(holding).collect()
}

/// Returns the conversation that started it all; where they go round in a circle, some one of them.
fn eldest<'p>(parents: &'p HashMap<String, String>, id: &'p str) -> &'p str {
    let mut eldest = id;
    for _ in 0..DEEPEST {
        match parents.get(eldest) {
            Some(parent) if parent != id && parent != eldest => eldest = parent,
            _ => break,
        }
    }
    eldest
}

/// Folders may be there that no conversation has: only one with a transcript is taken for one, or one whose id was drawn.
fn is_conversation(holding: &Holding) -> bool {
    let has_something = !holding.files.is_empty() || holding.others > 0;
    let is_known = || is_drawn(&holding.id) || holding.files.iter().any(|file| is_own(holding.agent, &file.steps, &holding.id));
    // What a sub-agent left whose parent is gone.
    let is_left = || holding.agent != Agent::ClaudeCode && holding.agent != Agent::Copilot && holding.agent != Agent::Gemini;
    holding.layout == Layout::Directories || (has_something && (is_known() || is_left()))
}
