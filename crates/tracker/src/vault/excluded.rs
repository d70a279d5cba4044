//! What is not to be recorded, and so not to be copied either.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use agents::TranscriptBuffers;
use agents::claude_code::locations::folder_name;
use agents::transcripts::{Agent, Pass, Wanted};

use super::source::open;
use crate::directory::path_of;
use crate::holdings::{HeldFile, Holding};

/// Directories in which agents are not recorded.
pub(super) struct Excluded(pub(super) Vec<PathBuf>);

impl Excluded {
    /// Reports whether a conversation is of one of them, or below. One that does not say where it was may be, and is.
    pub(super) fn has(&self, holding: &Holding) -> bool {
        if self.0.is_empty() {
            return false;
        }
        if holding.agent != Agent::ClaudeCode {
            return self.is_said_by(holding);
        }
        let folder = holding.place.first().map(|folder| folder.as_os().to_string_lossy()).unwrap_or_default();
        // What is below one may be called like what is beside it.
        let is_of = |excluded: &PathBuf| folder == folder_name(excluded);
        self.0.iter().any(is_of) || holding.files.iter().any(|file| self.says(holding, file))
    }

    /// Reports whether a file of Claude Code's says so, or cannot be read.
    fn says(&self, holding: &Holding, file: &HeldFile) -> bool {
        file.has_lines() && open(&holding.root, &file.steps).and_then(|open| names_directory(open, &self.0)).unwrap_or(true)
    }

    /// Reports whether a transcript says so, or none says anything.
    fn is_said_by(&self, holding: &Holding) -> bool {
        let (mut buffers, mut is_known) = (TranscriptBuffers::default(), false);
        let paths = holding.files.iter().map(|file| path_of(&holding.root, &file.steps));
        for path in paths.filter(|path| holding.agent.is_transcript(path)) {
            let mut is_excluded = false;
            let mut take = |pass: Pass| {
                for cwd in pass.facts.cwds.iter().filter_map(|cwd| pass.facts.name(*cwd)) {
                    is_known = true;
                    is_excluded |= self.0.iter().any(|excluded| Path::new(cwd).starts_with(excluded));
                }
            };
            let read = holding.agent.read_file(&path, None, Wanted::Everything, &mut buffers, &|_| {}, &mut take);
            if is_excluded || read.is_err() {
                return true;
            }
        }
        !is_known
    }
}

/// Reports whether a transcript says that the agent was in one of some directories, or below one.
fn names_directory(mut transcript: impl Read, directories: &[PathBuf]) -> io::Result<bool> {
    const PART: usize = 1 << 20;
    let texts = directories.iter().filter_map(|directory| serde_json::to_string(&directory.to_string_lossy()).ok());
    let wanted: Vec<Vec<u8>> = texts.map(|text| format!("\"cwd\":{}", &text[..text.len() - 1]).into_bytes()).collect();
    let longest = wanted.iter().map(Vec::len).max().unwrap_or(0) + 1;
    let mut bytes = Vec::new();
    loop {
        let kept = bytes.len().min(longest);
        bytes.drain(..bytes.len() - kept);
        let read = transcript.by_ref().take(PART as u64).read_to_end(&mut bytes)?;
        // What comes next may not be read yet.
        let ends = |end: usize| bytes.get(end).map_or(read == 0, |byte| matches!(byte, b'"' | b'/'));
        let is_there = |text: &Vec<u8>| bytes.windows(text.len()).enumerate().any(|(at, part)| part == text && ends(at + text.len()));
        if wanted.iter().any(is_there) {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_a_transcript_names_is_found_wherever_it_stands() {
        let directories = [PathBuf::from("/srv/customer")];
        let says = |before: usize, cwd: &str| {
            let text = format!("{}\n{{\"cwd\":\"{cwd}\",\"x\":1}}\n", "x".repeat(before));
            names_directory(text.as_bytes(), &directories).unwrap()
        };
        for before in [0, 5, (1 << 20) - 23, (1 << 20) - 22, (1 << 20) - 21, (1 << 20) - 12, (1 << 20) - 1, 3 << 20] {
            assert!(says(before, "/srv/customer") && says(before, "/srv/customer/a"), "{before}");
            assert!(!says(before, "/srv/customers") && !says(before, "/srv"), "{before}");
        }
    }
}
