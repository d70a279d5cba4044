//! One file talks to the terminal, so that one file decides what goes to stdout, in which colour, and as JSON.

use super::tree::{File, Finding, Tree};
use super::words::words;

/// The file that may print.
const UI: &str = "crates/cli/src/ui.rs";

const MACROS: &[&str] = &["println!", "print!", "eprintln!", "eprint!", "dbg!"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.product().filter(|file| is_bound(file)).flat_map(findings).collect()
}

fn is_bound(file: &File) -> bool {
    file.room() != Some("xtask") && file.path != UI && !file.is_test_program()
}

fn findings(file: &File) -> impl Iterator<Item = Finding> {
    MACROS.iter().flat_map(move |name| {
        let places = words(file.product_code(), name);
        places.map(move |at| file.finding(at, format!("`{name}` outside {UI}; return the answer, or hand it to the `Ui`")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ui_tests_and_test_programs_may_print() {
        let text = "//! x\nfn f() { println!() }\n";
        let inline = "//! x \"println!\" println!\n#[cfg(test)]\nmod tests { fn f() { dbg!(1) } }\n";
        let tree = Tree::of(&[
            (UI, text),
            ("xtask/src/main.rs", text),
            ("crates/cli/tests/list.rs", text),
            ("crates/testkit/src/bin/agent.rs", text),
            ("crates/tracker/src/chain.rs", inline),
        ]);
        assert!(check(&tree).is_empty());
    }

    #[test]
    fn nobody_else_may() {
        let tree = Tree::of(&[("crates/tracker/src/chain.rs", "fn f() {\n    eprintln!(\"x\");\n    dbg!(1);\n}\n")]);
        let found: Vec<_> = check(&tree).iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("crates/tracker/src/chain.rs:2: `eprintln!` outside"), "{found:?}");
    }
}
