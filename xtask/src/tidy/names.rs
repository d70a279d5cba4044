//! No drawers for odds and ends: if a function has no home, its noun is missing.

use std::collections::BTreeSet;

use super::source::Source;
use super::tree::{File, Finding, Tree};
use super::words::{leading_name, words};

const DRAWERS: &[&str] = &["util", "utils", "common", "helpers", "misc", "manager"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let ours = || tree.files.iter().filter(|file| !file.is_foreign());
    let places: BTreeSet<_> = ours().flat_map(drawers_in_path).collect();
    let paths = places.into_iter().map(|path| Finding::in_file(path, advice(stem(path))));
    paths.chain(ours().flat_map(modules)).collect()
}

/// Returns each directory or file of a path that is a drawer.
fn drawers_in_path(file: &File) -> impl Iterator<Item = &str> {
    let ends = file.path.match_indices('/').map(|(at, _)| at).chain([file.path.len()]);
    ends.map(|end| &file.path[..end]).filter(|path| DRAWERS.contains(&stem(path)))
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name)
}

/// Modules without a file of their own.
fn modules(file: &File) -> impl Iterator<Item = Finding> {
    let code = file.source.as_ref().map_or("", Source::code);
    words(code, "mod").filter_map(move |at| {
        let name = leading_name(code[at + 3..].trim_start());
        DRAWERS.contains(&name).then(|| file.finding(at, advice(name)))
    })
}

fn advice(name: &str) -> String {
    format!("nothing may be called `{name}`; name it after the one thing in it, and move the rest to where it belongs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_pass() {
        let text = "mod palette;\n// mod util;\nfn misc() {}\n";
        assert!(check(&Tree::of(&[("crates/cli/src/palette.rs", text), ("docs/commonplace.md", "")])).is_empty());
    }

    #[test]
    fn drawers_are_found_as_file_directory_and_module() {
        let tree = Tree::of(&[
            ("crates/cli/src/util.rs", ""),
            ("crates/cli/tests/common/mod.rs", ""),
            ("crates/cli/tests/common/home.rs", ""),
            ("crates/cli/src/ui.rs", "mod helpers {}\n"),
        ]);
        let found: Vec<_> = check(&tree).iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("crates/cli/src/util.rs:1: nothing may be called `util`"), "{found:?}");
        assert!(found[1].starts_with("crates/cli/tests/common:1: nothing may be called `common`"), "{found:?}");
        assert!(found[2].starts_with("crates/cli/src/ui.rs:1: nothing may be called `helpers`"), "{found:?}");
    }

    #[test]
    fn what_was_recorded_elsewhere_keeps_its_names() {
        assert!(check(&Tree::of(&[("crates/testkit/fixtures/codex/1.0/util.rs", "mod common;\n")])).is_empty());
    }
}
