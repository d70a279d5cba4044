//! What agents' databases say of the conversations in them, kept for as long as nobody writes to them: to ask one that its agent has open means to copy
//! all of it, log and all.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use agents::transcripts::{Agent, FoundFile, Stored};
use serde::{Deserialize, Serialize};

use crate::index::Scratch;

/// Where it is kept, in the store's home.
const NAME: &str = "databases.json";

/// The form of what is kept; of another build it is none.
const VERSION: u32 = 1;

/// Up to which length it is read.
const LONGEST: u64 = 256 << 20;

#[derive(Default, Serialize, Deserialize)]
struct Kept {
    version: u32,
    /// What was found, by the directory of the databases.
    roots: BTreeMap<String, KeptRoot>,
}

#[derive(Serialize, Deserialize)]
struct KeptRoot {
    databases: Vec<Look>,
    conversations: Vec<Conversation>,
}

/// What the file system said of a database and its log: device, inode, length, modification time.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Look {
    path: String,
    place: (u64, u64),
    size: u64,
    changed: i64,
}

#[derive(Serialize, Deserialize)]
struct Conversation {
    database: String,
    id: String,
    parent: String,
    directory: String,
    created: i64,
    updated: i64,
    bytes: u64,
}

/// Finds the conversations in the databases of a directory, and where nobody could look. What was said of databases that are what they were is said again.
pub(super) fn stored(agent: Agent, root: &Path, scratch: Option<&Scratch>) -> (Vec<Stored>, Vec<(PathBuf, io::Error)>) {
    let ask = || agent.stored(root, scratch.map(Scratch::path));
    let Some((name, home)) = root.to_str().zip(scratch.map(Scratch::home)) else { return ask() };
    // Before they are asked: who writes meanwhile makes others of them.
    let Some(looks) = agent.databases(root).iter().map(Look::of).collect::<Option<Vec<_>>>().filter(|looks| !looks.is_empty()) else {
        return ask();
    };
    let mut kept = read(&home.join(NAME)).unwrap_or_default();
    if let Some(known) = kept.roots.get(name).filter(|known| known.databases == looks) {
        return (known.conversations.iter().map(Conversation::stored).collect(), Vec::new());
    }
    let (found, troubles) = ask();
    let conversations: Option<Vec<_>> = found.iter().map(Conversation::of).collect();
    if let Some(conversations) = conversations.filter(|_| troubles.is_empty()) {
        kept.version = VERSION;
        kept.roots.insert(name.to_owned(), KeptRoot { databases: looks, conversations });
        // Who cannot keep it asks again.
        drop(serde_json::to_vec(&kept).map(|bytes| store::write_private(&home.join(NAME), &bytes)));
    }
    (found, troubles)
}

fn read(path: &Path) -> Option<Kept> {
    let mut bytes = Vec::new();
    // Neither a link nor a pipe is ours.
    fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
    fs::File::open(path).ok()?.take(LONGEST).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok().filter(|kept: &Kept| kept.version == VERSION)
}

impl Look {
    fn of(found: &FoundFile) -> Option<Self> {
        let path = found.path.to_str()?.to_owned();
        Some(Self { path, place: (found.device, found.inode), size: found.size, changed: found.changed_nanos })
    }
}

impl Conversation {
    fn of(stored: &Stored) -> Option<Self> {
        let Stored { database, id, parent, directory, created, updated, bytes } = stored;
        Some(Self {
            database: database.to_str()?.to_owned(),
            id: id.clone(),
            parent: parent.clone(),
            directory: redact::mask(directory).into_owned(),
            created: *created,
            updated: *updated,
            bytes: *bytes,
        })
    }

    fn stored(&self) -> Stored {
        Stored {
            database: PathBuf::from(&self.database),
            id: self.id.clone(),
            parent: self.parent.clone(),
            directory: self.directory.clone(),
            created: self.created,
            updated: self.updated,
            bytes: self.bytes,
        }
    }
}
