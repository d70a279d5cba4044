//! The documents that somebody who opens the repository looks for.

use super::tree::{Finding, Tree};

const REQUIRED: &[&str] =
    &["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "docs/glossary.md"];

/// How long README.md may be: it is read by people who do not know yet whether they want to.
const README_LINES: usize = 120;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let missing = REQUIRED.iter().filter(|path| tree.file(path).is_none());
    missing.map(|path| Finding::in_file(path, "this document is missing; write it")).chain(long_readme(tree)).collect()
}

fn long_readme(tree: &Tree) -> Option<Finding> {
    let lines = tree.file("README.md")?.text.lines().count();
    let what = format!("{lines} lines, over {README_LINES}; move the details to docs/ and link them");
    (lines > README_LINES).then(|| Finding::at("README.md", README_LINES + 1, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> Vec<(&'static str, &'static str)> {
        REQUIRED.iter().map(|path| (*path, "text\n")).collect()
    }

    #[test]
    fn a_complete_set_passes() {
        assert!(check(&Tree::of(&complete())).is_empty());
    }

    #[test]
    fn a_missing_document_is_named() {
        let found = check(&Tree::of(&complete()[1..]));
        assert_eq!(found[0].to_string(), "ARCHITECTURE.md:1: this document is missing; write it");
    }

    #[test]
    fn a_long_readme_is_found() {
        let long = "line\n".repeat(README_LINES + 1);
        let files: Vec<_> = complete().into_iter().map(|(path, text)| (path, if path == "README.md" { &long } else { text })).collect();
        assert_eq!(check(&Tree::of(&files)).len(), 1);
    }
}
