//! What a conversation has on the disk: its transcript, and a folder of its name with everything else (sub-agents' transcripts, long outputs).

use std::ffi::OsStr;

use super::is_id;

/// One of the two things that a conversation has in the folder of its project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'n> {
    /// `<id>.jsonl`.
    Transcript(&'n str),
    /// `<id>/`. Without a transcript beside it only where [`is_drawn`] says so: other folders may be there, `memory` for one.
    Folder(&'n str),
}

/// Returns what an entry of a project's folder is; none where it is of no conversation.
pub fn piece(name: &OsStr, is_directory: bool) -> Option<Piece<'_>> {
    let name = name.to_str()?;
    let id = if is_directory { name } else { name.strip_suffix(".jsonl")? };
    let piece = if is_directory { Piece::Folder(id) } else { Piece::Transcript(id) };
    is_id(id).then_some(piece)
}

/// Reports whether an id has the form that the client draws: a UUID.
pub fn is_drawn(id: &str) -> bool {
    let parts: Vec<&str> = id.split('-').collect();
    let is_hexadecimal = |part: &&str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(is_hexadecimal)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn only_ids_are_pieces_of_a_conversation() {
        assert_eq!(piece(OsStr::new("c.jsonl"), false), Some(Piece::Transcript("c")));
        assert_eq!(piece(OsStr::new("c"), true), Some(Piece::Folder("c")));
        for (name, is_directory) in [("c", false), ("..", true), (".", true), (".jsonl", false), ("-x", true), ("a b.jsonl", false)] {
            assert_eq!(piece(OsStr::new(name), is_directory), None, "{name}");
        }
        assert_eq!(piece(OsStr::from_bytes(b"\xff.jsonl"), false), None);
    }

    #[test]
    fn a_folder_that_was_not_drawn_is_known() {
        assert!(is_drawn("0b1c2d3e-0000-4000-8000-00000000000a"));
        for other in ["memory", "0b1c2d3e-0000-4000-8000", "0b1c2d3e-0000-4000-8000-00000000000g", "agent-1"] {
            assert!(!is_drawn(other), "{other}");
        }
    }
}
