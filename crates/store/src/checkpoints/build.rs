//! Ids of builds: strings of other programs, of which some cannot be a part of a key.

use std::fmt;

/// A longer one is no id.
const LONGEST: usize = 255;

/// The id of a build, fit to be a part of a key: 1 to 255 visible ASCII characters, and none that stands for others in a pattern of keys.
///
/// Other programs build the same key from the same id, so nothing is escaped: what does not fit is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildId(String);

/// It cannot be the id of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a build id has 1 to {LONGEST} ASCII characters, no blanks, and none of `* ? [ ] {{ }} \\`")]
pub struct BadBuildId;

impl BuildId {
    /// Reads an id.
    ///
    /// # Errors
    /// When it cannot be a part of a key.
    pub fn read(text: &str) -> Result<Self, BadBuildId> {
        let is_fit = |each: u8| each.is_ascii_graphic() && !br"*?[]{}\".contains(&each);
        let is_id = (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_fit);
        is_id.then(|| Self(text.to_owned())).ok_or(BadBuildId)
    }

    /// Returns the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BuildId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_programs_call_a_build_is_an_id() {
        for id in ["42", "build-7", "01HZX3K9", "3f1c9a0e-5b7d-4c11-9d0a-2f6b8e7a1c55", "app/main:7@x+y=z~#%,.'\"$();&|", &"x".repeat(255)]
        {
            assert_eq!(BuildId::read(id).unwrap().as_str(), id);
        }
    }

    #[test]
    fn what_cannot_be_a_key_is_no_id() {
        let long = "x".repeat(10_240);
        for id in ["", " ", "a b", "a\n", "a\0b", "*", "a*", "a?", "[a]", "{a}", "a\\b", "\u{7f}", "\u{1b}[31m", "é", "\u{fffd}", &long] {
            assert_eq!(BuildId::read(id), Err(BadBuildId), "{id:?}");
        }
    }
}
