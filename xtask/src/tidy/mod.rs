//! The house rules as code: each rule looks at the tree and says what is wrong, where, and what to do.
//!
//! | file | holds |
//! |---|---|
//! | `tree`, `source` | the files as the rules see them; Rust text with comments, strings and inline tests told apart |
//! | `scan`, `words`, `functions` | the little reading of Rust this takes; no parser, so a broken file cannot stop it |
//! | all others | one group of rules each |
//!
//! The rules also run as a test, so a green `cargo test` means a tidy tree.

mod alone;
mod arrows;
mod budgets;
mod commands;
mod documents;
mod exits;
mod functions;
mod headers;
mod migrations;
mod names;
mod printing;
mod redaction;
mod scan;
mod source;
mod sql;
mod tree;
mod unfinished;
mod words;

use anyhow::{Result, bail};

use crate::run;
use tree::{Finding, Tree};

/// A house rule.
struct Rule {
    /// Named behind each finding.
    name: &'static str,
    /// Looks at the tree.
    check: fn(&Tree) -> Vec<Finding>,
}

const RULES: &[Rule] = &[
    Rule { name: "arrows", check: arrows::check },
    Rule { name: "file-budget", check: budgets::files },
    Rule { name: "function-budget", check: budgets::functions },
    Rule { name: "headers", check: headers::check },
    Rule { name: "printing", check: printing::check },
    Rule { name: "exits", check: exits::check },
    Rule { name: "sql", check: sql::check },
    Rule { name: "redaction", check: redaction::check },
    Rule { name: "names", check: names::check },
    Rule { name: "unfinished", check: unfinished::check },
    Rule { name: "migrations", check: migrations::check },
    Rule { name: "commands", check: commands::check },
    Rule { name: "documents", check: documents::check },
    Rule { name: "alone", check: alone::check },
];

/// Checks the workspace and prints what it finds, a line each.
pub(crate) fn tidy() -> Result<()> {
    let tree = Tree::load(run::root())?;
    let lines = check(&tree);
    lines.iter().for_each(|line| println!("{line}"));
    if !lines.is_empty() {
        bail!("the house rules are broken in {} places", lines.len());
    }
    println!("{} rules, {} files, nothing found", RULES.len(), tree.files.len());
    Ok(())
}

/// Applies every rule; the lines are in the order of the files.
fn check(tree: &Tree) -> Vec<String> {
    let mut found: Vec<_> = RULES.iter().flat_map(|rule| (rule.check)(tree).into_iter().map(|finding| (finding, rule.name))).collect();
    found.sort();
    found.into_iter().map(|(finding, rule)| format!("{finding} [{rule}]")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_tidy() {
        let lines = check(&Tree::load(run::root()).unwrap());
        assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
    }

    #[test]
    fn findings_are_sorted_and_name_their_rule() {
        let tree =
            Tree::of(&[("crates/tracker/src/b.rs", "fn b() {}\n"), ("crates/tracker/src/a.rs", "//! A.\nfn a() { print!(\"\") }\n")]);
        let lines: Vec<_> = check(&tree).into_iter().filter(|line| line.starts_with("crates/")).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("crates/tracker/src/a.rs:2: ") && lines[0].ends_with(" [printing]"), "{}", lines[0]);
        assert!(lines[1].starts_with("crates/tracker/src/b.rs:1: ") && lines[1].ends_with(" [headers]"), "{}", lines[1]);
    }
}
