//! Switching off the filters that a repository brings with it. To compare a file, git runs the filter that attributes name for it; one
//! that is configured in the repository itself is a program of whoever made the repository. Those that the user configured stay.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use super::{Git, Trouble};
use crate::Place;

/// A configuration that is longer is not looked through, but taken for one that has filters.
const LONGEST_CONFIG: u64 = 1024 * 1024;

/// More than these are no filters that anybody uses.
const MOST_FILTERS: usize = 200;

impl Git<'_> {
    /// Returns the same git, for which the repository's own filters do nothing.
    pub(crate) fn without_filters(mut self, place: &Place) -> Result<Self, Trouble> {
        if may_have_filters(place) {
            let names = filters_of_repository(&self)?;
            self.settings.extend(names.iter().flat_map(|name| switched_off(name)));
        }
        Ok(self)
    }
}

/// Reports whether the words can be found in the files that git reads as the repository's configuration.
fn may_have_filters(place: &Place) -> bool {
    let directories = [place.common.as_deref(), place.git_dir.as_deref()];
    let files = directories.into_iter().flatten().flat_map(|each| [each.join("config"), each.join("config.worktree")]);
    files.into_iter().any(|file| mentions_filters(&file))
}

fn mentions_filters(file: &Path) -> bool {
    let Ok(found) = std::fs::metadata(file) else { return false };
    if !found.is_file() || found.len() > LONGEST_CONFIG {
        return true;
    }
    let text = std::fs::read(file).map(|text| text.to_ascii_lowercase()).unwrap_or_default();
    let has = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
    has(b"filter") || has(b"include")
}

fn filters_of_repository(git: &Git<'_>) -> Result<BTreeSet<Vec<u8>>, Trouble> {
    let names = match git.ask(&["config", "-z", "--show-scope", "--name-only", "--get-regexp", r"^filter\."], &[]) {
        Ok(answer) => names(&answer),
        // Nothing fits.
        Err(Trouble::Failed(Some(1))) => BTreeSet::new(),
        Err(trouble) => return Err(trouble),
    };
    if names.len() > MOST_FILTERS { Err(Trouble::TooMuch) } else { Ok(names) }
}

/// Returns the names of filters that are configured neither by the user nor for the machine.
fn names(answer: &[u8]) -> BTreeSet<Vec<u8>> {
    let words: Vec<_> = answer.split(|byte| *byte == 0).collect();
    let foreign = words.chunks_exact(2).filter(|pair| !matches!(pair[0], b"system" | b"global" | b"command"));
    let name = |key: &[u8]| {
        let rest = key.get(b"filter.".len()..)?;
        Some(rest[..rest.iter().rposition(|byte| *byte == b'.')?].to_vec())
    };
    foreign.filter_map(|pair| name(pair[1])).collect()
}

fn switched_off(name: &[u8]) -> [(OsString, OsString); 4] {
    [("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")].map(|(what, value)| {
        let key = [b"filter.".as_slice(), name, b".", what.as_bytes()].concat();
        (OsString::from_vec(key), value.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_the_user_stay() {
        let answer = b"global\0filter.lfs.clean\0local\0filter.evil.clean\0local\0filter.a.b.process\0worktree\0filter.w.smudge\0";
        let expected: BTreeSet<_> = [&b"evil"[..], b"a.b", b"w"].into_iter().map(<[u8]>::to_vec).collect();
        assert_eq!(names(answer), expected);
        assert_eq!(names(b""), BTreeSet::new());
    }
}
