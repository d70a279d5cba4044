//! Only `main` ends the program, and one file says which codes it ends with: a library that exits cannot be reused.

use super::tree::{File, Finding, Tree};
use super::words::words;

/// The files that may.
const ENDS: &[&str] = &["crates/cli/src/main.rs", "crates/cli/src/exit.rs", "crates/hook/src/main.rs"];

const NEEDLES: &[&str] = &["process::exit", "ExitCode"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.product().filter(|file| is_bound(file)).flat_map(findings).collect()
}

fn is_bound(file: &File) -> bool {
    file.room() != Some("xtask") && !ENDS.contains(&file.path.as_str()) && !file.is_test_program()
}

fn findings(file: &File) -> impl Iterator<Item = Finding> {
    NEEDLES.iter().flat_map(move |needle| {
        let places = words(file.product_code(), needle);
        places.map(move |at| file.finding(at, format!("`{needle}` outside main.rs and exit.rs of the cli; return an error instead")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn main_and_exit_may_end_the_program() {
        let text = "use std::process::ExitCode;\n";
        assert!(check(&Tree::of(&[(ENDS[0], text), (ENDS[1], text), ("xtask/src/main.rs", text)])).is_empty());
    }

    #[test]
    fn nobody_else_may() {
        let tree = Tree::of(&[("crates/cli/src/commands/list.rs", "fn f() { std::process::exit(1) }\nfn g() -> ExitCode { x }\n")]);
        assert_eq!(check(&tree).len(), 2);
    }

    #[test]
    fn a_longer_name_is_another_name() {
        assert!(check(&Tree::of(&[("crates/cli/src/failure.rs", "struct ExitCodeless; fn exit() {}\n")])).is_empty());
    }
}
