//! Every source file opens by saying what lives in it and why it is apart.

use super::tree::{Finding, Tree};

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let silent = tree.product().filter(|file| !file.text.starts_with("//!"));
    silent.map(|file| Finding::in_file(&file.path, "no header; begin with `//!`: what lives here, and why it is apart")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_needs_a_header_unless_it_is_a_test() {
        let tree = Tree::of(&[("crates/cli/src/ui.rs", "//! The four verbs.\n"), ("crates/cli/tests/list.rs", "use testkit;\n")]);
        assert!(check(&tree).is_empty());
    }

    #[test]
    fn another_comment_is_no_header() {
        let tree = Tree::of(&[("crates/cli/src/ui.rs", "// The four verbs.\n"), ("xtask/src/run.rs", "\n//! Running.\n")]);
        assert_eq!(check(&tree).len(), 2);
    }
}
