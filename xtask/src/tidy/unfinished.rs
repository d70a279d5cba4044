//! Nothing is left for later in the text: what is not done is either not needed or written down where somebody looks.

use super::tree::{File, Finding, Tree};
use super::words::words;

/// Put together from pieces, so that this file does not find itself.
const MARKS: &[&str] =
    &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX"), concat!("to", "do!("), concat!("unimplemented", "!(")];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().filter(|file| !file.is_foreign() && !file.path.ends_with(".snap")).flat_map(findings).collect()
}

fn findings(file: &File) -> impl Iterator<Item = Finding> {
    MARKS.iter().flat_map(move |mark| {
        // An id that begins with the word is none.
        let is_mark = move |at: &usize| !file.text[at + mark.len()..].starts_with("-2");
        words(&file.text, mark)
            .filter(is_mark)
            .map(move |at| file.finding(at, format!("`{mark}` is left here; do it now, or delete the mark")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_words_are_no_marks() {
        let text = format!("{0}Write, S-{1}X, unimplemented, {0}_LIST, {0}-20260216-173105-K2N4\n", MARKS[0], MARKS[2]);
        assert!(check(&Tree::of(&[("docs/guide.md", &text)])).is_empty());
    }

    #[test]
    fn every_mark_is_found_in_code_and_prose() {
        let text: String = MARKS.iter().map(|mark| format!("// {mark}\n")).collect();
        assert_eq!(check(&Tree::of(&[("crates/cli/src/ui.rs", &text), ("docs/guide.md", &text)])).len(), 2 * MARKS.len());
    }

    #[test]
    fn what_was_recorded_elsewhere_keeps_its_marks() {
        assert!(check(&Tree::of(&[("crates/testkit/fixtures/codex/1.0/a.jsonl", MARKS[0])])).is_empty());
    }
}
