//! A block in a project's own instructions to agents, `CLAUDE.md` or `AGENTS.md`, for who wants it there: when and how to record.
//!
//! The mark in front says how many line feeds were put before it, so that taking the block out gives the bytes back.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::foreign_place::ForeignPlace;
use crate::{HooksError, Tracker};

const BEGIN: &str = "<!-- rutter:begin";
/// What the mark says where the file was made for it.
const MADE: &str = " made -->";

const END: &str = "<!-- rutter:end -->";

/// Larger files are nobody's instructions.
const LARGEST: u64 = 4 << 20;

impl Tracker {
    /// Puts a block into the project's instructions to agents, or brings it up to date, and returns the file.
    ///
    /// # Errors
    /// When the file cannot be read or written; it is as it was then.
    pub fn put_instructions(&self) -> Result<PathBuf, HooksError> {
        let path = self.instructions();
        let is_made = fs::symlink_metadata(&path).is_err();
        self.change(&path, |text| put(text, agents::claude_code::DUTIES, is_made))?;
        Ok(path)
    }

    /// Takes our block out of the project's instructions, and returns the files that had one.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn take_instructions_out(&self) -> Result<Vec<PathBuf>, HooksError> {
        let mut changed = Vec::new();
        for name in NAMES {
            let path = self.place.worktree.join(name);
            if path.exists() && self.change(&path, take_out)? {
                changed.push(path);
            }
        }
        Ok(changed)
    }

    /// Returns the file that agents read in this project; the first there is.
    fn instructions(&self) -> PathBuf {
        let found = NAMES.iter().map(|name| self.place.worktree.join(name)).find(|path| path.exists());
        found.unwrap_or_else(|| self.place.worktree.join(NAMES[0]))
    }

    /// Changes a file in one step; reports whether there was anything to change. A file in which nothing is left was ours.
    fn change(&self, path: &Path, change: impl Fn(&str) -> String) -> Result<bool, HooksError> {
        let failed = |source: io::Error| HooksError::File { path: path.to_owned(), source };
        let before = read(path).map_err(failed)?;
        let after = change(&before);
        if after == before {
            return Ok(false);
        }
        // A link is kept where it stays within the worktree; any other leads to what is none of the project's.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let outside = || failed(io::Error::new(io::ErrorKind::InvalidInput, "it is a link that leads out of the worktree"));
        let worktree = fs::canonicalize(&self.place.worktree).map_err(failed)?;
        let below = target.strip_prefix(&worktree).map_err(|_| outside())?;
        if after.is_empty() && before.contains(MADE) {
            fs::remove_file(&target).map_err(failed)?;
            return Ok(true);
        }
        let mode = fs::metadata(&target).ok().map(|found| found.permissions().mode() & 0o7777);
        let name = below.file_name().ok_or_else(outside)?.to_string_lossy();
        let place = ForeignPlace::make_parent_of(&worktree, below).map_err(failed)?;
        place.replace(&name, after.as_bytes(), mode).map_err(failed)?;
        Ok(true)
    }
}

/// The files that agents read, in the order in which they are asked.
const NAMES: [&str; 2] = ["CLAUDE.md", "AGENTS.md"];

fn read(path: &Path) -> io::Result<String> {
    match fs::metadata(path) {
        Err(_) if fs::symlink_metadata(path).is_ok() => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a link that leads nowhere")),
        Ok(found) if found.is_file() && found.len() <= LARGEST => fs::read_to_string(path),
        Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file of a few pages")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// Returns the text with our block at its end, in place of an older one.
fn put(text: &str, duties: &str, is_made: bool) -> String {
    let without = take_out(text);
    let made = if is_made || text.contains(MADE) { MADE } else { " -->" };
    let feeds = match without.as_str() {
        "" => 0,
        text if text.ends_with('\n') => 1,
        _ => 2,
    };
    format!("{without}{}{BEGIN} {feeds}{made}\n# Recording with rutter\n\n{}\n{END}\n", "\n".repeat(feeds), duties.trim_end())
}

/// Returns the text without our block.
fn take_out(text: &str) -> String {
    let Some(begin) = text.find(BEGIN) else { return text.to_owned() };
    let Some(length) = text[begin..].find(END) else { return text.to_owned() };
    let feeds: usize = text[begin + BEGIN.len()..].split_whitespace().next().and_then(|feeds| feeds.parse().ok()).unwrap_or(0);
    let before = text[..begin].strip_suffix("\n".repeat(feeds).as_str()).unwrap_or(&text[..begin]);
    let behind = &text[begin + length + END.len()..];
    format!("{before}{}", behind.strip_prefix('\n').unwrap_or(behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taking_the_block_out_gives_the_bytes_back() {
        for text in ["", "# Mine\n", "# Mine", "# Mine\n\n", "one\r\ntwo\r\n", "\n"] {
            let with = put(text, "duties\n", false);
            assert!(with.contains("duties"), "{text:?}");
            assert_eq!(put(&with, "duties\n", false), with, "{text:?}");
            assert_eq!(take_out(&with), text);
            assert_eq!(take_out(&put(&put(text, "older", true), "newer", false)), text);
        }
        assert_eq!(take_out(&format!("{}mine\n", put("# Mine\n", "duties", false))), "# Mine\nmine\n");
    }
}
