//! Which conversation something in the client's directory of files is of: a session's file tells, and what lies elsewhere is called after it.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::Path;

use super::told::Session;
use crate::claude_code::transcript::is_id;
use crate::transcripts::holding::{Entry, Whose};

/// Up to which length the file of a session is read.
const LONGEST: u64 = 4 << 20;

/// Returns what something is that lies some steps below the client's directory.
pub(crate) fn entry<'n>(steps: &[&'n OsStr], is_directory: bool) -> Entry<'n> {
    match (steps, is_directory) {
        ([storage], true) if *storage == "storage" => Entry::Within,
        ([storage, session] | [storage, session, _], true) if *storage == "storage" && *session == "session" => Entry::Within,
        ([storage, session, _, name], false) if *storage == "storage" && *session == "session" => {
            let id = name.to_str().and_then(|name| name.strip_suffix(".json")).filter(|id| is_id(id));
            id.map_or(Entry::Nothing, Entry::Transcript)
        }
        _ => Entry::Nothing,
    }
}

/// Returns what else a session may have: its messages, what it changed, what it has to do; and of each message its parts.
pub(crate) fn beside(id: &str, steps: &[&OsStr]) -> Vec<Vec<OsString>> {
    let below = |names: &[&str]| std::iter::once("storage").chain(names.iter().copied()).map(OsString::from).collect::<Vec<_>>();
    match steps {
        [storage, session, _, _] if *storage == "storage" && *session == "session" => {
            let file = format!("{id}.json");
            vec![below(&["message", id]), below(&["session_diff", &file]), below(&["todo", &file])]
        }
        [storage, message, of, name] if *storage == "storage" && *message == "message" && *of == id => {
            let message = Path::new(name).file_stem().and_then(OsStr::to_str).filter(|message| is_id(message));
            message.map(|message| below(&["part", message])).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Reads what a session's file says.
pub(crate) fn whose(session: &mut dyn Read) -> io::Result<Whose> {
    let mut bytes = Vec::new();
    session.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(Session::read(&bytes).map_or_else(|_| Whose::default(), |session| Whose::of(&session.id, &session.parent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_session_has_elsewhere_is_called_after_it() {
        let besides = |id: &str, path: &str| {
            let steps: Vec<&OsStr> = path.split('/').map(OsStr::new).collect();
            let joined = |steps: Vec<OsString>| steps.join(OsStr::new("/")).into_string().unwrap();
            beside(id, &steps).into_iter().map(joined).collect::<Vec<_>>()
        };
        let expected = ["storage/message/s", "storage/session_diff/s.json", "storage/todo/s.json"];
        assert_eq!(besides("s", "storage/session/p/s.json"), expected);
        assert_eq!(besides("s", "storage/message/s/m.json"), ["storage/part/m"]);
        for other in ["storage/message/t/m.json", "storage/message/s/-rf.json", "storage/part/m/p.json"] {
            assert!(besides("s", other).is_empty(), "{other}");
        }
    }

    #[test]
    fn a_session_s_file_says_whose_it_is() {
        let read = |text: &str| whose(&mut text.as_bytes()).unwrap();
        assert_eq!(read(r#"{"id": "s", "parentID": "p"}"#), Whose { id: Some("s".to_owned()), parent: Some("p".to_owned()) });
        assert_eq!(read(r#"{"id": "../s"}"#), Whose::default());
        assert_eq!(read("no JSON"), Whose::default());
    }
}
