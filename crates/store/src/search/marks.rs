//! Words by which documents are narrowed. FTS5 lays them over the words that are sought, so that a common word in a rare place is found as quickly
//! as a rare one.

use xxhash_rust::xxh3::xxh3_64;

use super::document::{Document, SearchIn};

/// How many of the last parts of a path it is found by.
const PATH_PARTS: usize = 24;

/// Returns the marks of a document.
pub(super) fn of(document: &Document) -> String {
    let mut marks = vec![among(document.among), kind('r', &document.role)];
    let Document { agent, conversation, session, tool, files, project, directory, .. } = document;
    for (letter, said) in [('a', agent), ('s', session), ('t', &tool.to_lowercase()), ('k', project), ('d', directory)] {
        marks.extend((!said.is_empty()).then(|| kind(letter, said)));
    }
    if !conversation.is_empty() {
        marks.push(self::conversation(agent, conversation));
    }
    let ends = |file: &'_ String| {
        let within = file.rmatch_indices('/').map(|(slash, _)| &file[slash + 1..]).take(PATH_PARTS);
        within.chain([file.as_str()]).filter(|end| !end.is_empty()).map(|end| kind('f', end)).collect::<Vec<_>>()
    };
    let mut ends: Vec<String> = files.iter().flat_map(ends).collect();
    ends.sort_unstable();
    ends.dedup();
    marks.extend(ends);
    marks.join(" ")
}

/// Returns the mark of those that are found among something.
pub(super) fn among(among: SearchIn) -> String {
    match among {
        SearchIn::Entries => "e",
        SearchIn::Sessions => "s",
        SearchIn::Prompts => "p",
        SearchIn::Transcripts => "t",
    }
    .to_owned()
}

/// Returns the mark of those of a conversation.
pub(super) fn conversation(agent: &str, id: &str) -> String {
    kind('c', &format!("{agent} {id}"))
}

/// Returns a mark of some kind. What is said is not a part of it: it may be long, and in any script.
pub(super) fn kind(letter: char, said: &str) -> String {
    format!("{letter}{:011x}", xxh3_64(said.as_bytes()) >> 20)
}
