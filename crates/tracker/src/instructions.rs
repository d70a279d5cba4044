//! A block in a project's own instructions to agents, `CLAUDE.md` or `AGENTS.md`, for who wants it there: when and how to record.
//!
//! The mark in front says how many line feeds were put before it, so that taking the block out gives the bytes back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{HooksError, Tracker};

const BEGIN: &str = "<!-- rutter:begin";
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
        self.change(&path, |text| put(text, agents::claude_code::DUTIES))?;
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
        // Who links to the file from elsewhere keeps the link.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if after.is_empty() {
            fs::remove_file(&target).map_err(failed)?;
            return Ok(true);
        }
        let temporary = target.with_extension("rutter-tmp");
        let write = || {
            fs::write(&temporary, &after)?;
            if let Ok(found) = fs::metadata(&target) {
                fs::set_permissions(&temporary, found.permissions())?;
            }
            fs::rename(&temporary, &target)
        };
        write().inspect_err(|_| drop(fs::remove_file(&temporary))).map_err(failed)?;
        Ok(true)
    }
}

/// The files that agents read, in the order in which they are asked.
const NAMES: [&str; 2] = ["CLAUDE.md", "AGENTS.md"];

fn read(path: &Path) -> io::Result<String> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() && found.len() <= LARGEST => fs::read_to_string(path),
        Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file of a few pages")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// Returns the text with our block at its end, in place of an older one.
fn put(text: &str, duties: &str) -> String {
    let without = take_out(text);
    let feeds = match without.as_str() {
        "" => 0,
        text if text.ends_with('\n') => 1,
        _ => 2,
    };
    format!("{without}{}{BEGIN} {feeds} -->\n# Recording with rutter\n\n{}\n{END}\n", "\n".repeat(feeds), duties.trim_end())
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
            let with = put(text, "duties\n");
            assert!(with.contains("duties"), "{text:?}");
            assert_eq!(put(&with, "duties\n"), with, "{text:?}");
            assert_eq!(take_out(&with), text);
            assert_eq!(take_out(&put(&put(text, "older"), "newer")), text);
        }
        assert_eq!(take_out(&format!("{}mine\n", put("# Mine\n", "duties"))), "# Mine\nmine\n");
    }
}
