//! What a tool is called with, of agents that write it as an object: what it is about, and which files it changes.

use session::transcript::EditKind;

use super::patch;
use crate::skim::{Broken, Raw, Skim};

/// Up to which length it is told.
const LONGEST: usize = 16 << 10;

/// What of the arguments may say what a call is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments<'b> {
    command: Raw<'b>,
    path: Raw<'b>,
    patch: Raw<'b>,
}

impl<'b> Arguments<'b> {
    /// Reads them: an object, or the text of a patch by itself.
    pub(crate) fn read(value: &mut Skim<'b>) -> Result<Self, Broken> {
        let mut read = Self::default();
        if value.peek()? == b'"' {
            value.text_into(&mut read.patch)?;
            return Ok(read);
        }
        value.object(|key, value| match key {
            b"command" | b"cmd" => value.text_into(&mut read.command),
            b"path" | b"file_path" | b"filePath" | b"absolute_path" | b"dir_path" => value.text_into(&mut read.path),
            b"patch" | b"patchText" | b"input" => value.text_into(&mut read.patch),
            _ => value.skip(),
        })?;
        Ok(read)
    }

    /// Returns what a call is about: the command of a shell, else a file.
    pub(crate) fn about(&self, is_shell: bool) -> String {
        if is_shell { self.command.text(LONGEST) } else { self.path.text(LONGEST) }
    }

    /// Returns the files of a patch.
    pub(crate) fn edits(&self) -> Vec<(EditKind, String)> {
        let text = self.patch.text(usize::MAX);
        patch::files(&text).into_iter().map(|(kind, path)| (kind, path.to_owned())).collect()
    }
}
