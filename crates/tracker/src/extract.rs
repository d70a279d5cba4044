//! The agent session of a run whose output somebody has. Needs no store: scripts ask where there may be none.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use agents::claude_code::stream::{OutputReader, Place};
use agents::claude_code::transcript;
use serde::Serialize;

use crate::Config;

/// So much is read at once.
const CHUNK: usize = 64 << 10;

/// Which agent session output is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Extracted {
    /// Its id; `null` where nothing tells it.
    pub id: Option<String>,
    /// Where it was found: `session_id`, `message.session_id`, `metadata.session_id`, or `file_system`.
    pub place: Option<&'static str>,
    /// Other ids that the output tells.
    pub other_ids: Vec<String>,
    /// How many lines there were, blank ones aside; of an array, elements.
    pub lines: u64,
    /// How many of them were no JSON object.
    pub skipped: u64,
    /// Whether the output ends before the agent session begins, so that the id may be one that is thrown away.
    #[serde(skip)]
    pub is_early: bool,
}

/// The agent session that was written last in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// Its id.
    pub id: String,
    /// The directory that it was found for.
    pub directory: PathBuf,
}

/// Reads what a run of an agent printed, to its end: where ids differ, the last one is right.
///
/// # Errors
/// When it cannot be read.
pub fn extract(mut output: impl Read) -> io::Result<Extracted> {
    let mut reader = OutputReader::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        match output.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => reader.push(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let output = reader.finish();
    Ok(Extracted {
        is_early: output.told.as_ref().is_some_and(|told| told.is_early),
        place: output.told.as_ref().map(|told| told.place).map(Place::as_str),
        id: output.told.map(|told| told.id),
        other_ids: output.others,
        lines: output.lines,
        skipped: output.skipped,
    })
}

impl Extracted {
    /// Returns the same with an id that the file system tells.
    #[must_use]
    pub fn guessed(self, newest: &Newest) -> Self {
        Self { id: Some(newest.id.clone()), place: Some("file_system"), ..self }
    }
}

impl Config {
    /// Returns the agent session of a directory whose transcript was written last, if there is one.
    ///
    /// # Errors
    /// When nobody could look.
    pub fn newest_agent_session(&self, directory: &Path) -> io::Result<Option<Newest>> {
        let Ok(locations) = self.locations() else { return Ok(None) };
        let directory = std::fs::canonicalize(directory)?;
        let id = transcript::newest(&locations.projects(), &directory)?;
        Ok(id.map(|id| Newest { id, directory }))
    }
}
