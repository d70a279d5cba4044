//! The project stands alone: its text leads to no place that whoever reads it does not have.

use super::tree::{File, Finding, Tree};

/// What may not be mentioned. Put together from pieces, so that this file does not find itself.
const OUTSIDE: &[&str] = &[concat!("../sha", "red"), concat!("DEVEL", "OPERS.md")];

/// A directory of one machine, where it begins a path.
const MACHINE: &str = concat!("/wo", "rk/");

/// Where packages come from is for each machine to configure.
const REGISTRIES: &[&str] = &[concat!("crates", ".io"), concat!("pypi", ".org"), concat!("pythonhosted", ".org"), concat!("npmjs", ".")];

/// How cargo spells the default registry in every lock file, whatever is configured.
const DEFAULT_REGISTRY: &str = concat!("registry+https://github.com/rust-lang/", "crates", ".io-index");

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().flat_map(findings).collect()
}

fn findings(file: &File) -> impl Iterator<Item = Finding> {
    let outside = OUTSIDE.iter().flat_map(|needle| places(file, needle));
    let registries = REGISTRIES.iter().flat_map(|needle| places(file, needle)).filter(|(at, _)| !is_default_registry(&file.text, *at));
    let machine = places(file, MACHINE).filter(|(at, _)| begins_path(&file.text, *at));
    outside.chain(registries).chain(machine).map(|(at, needle)| file.finding(at, format!("mentions `{needle}`; {ADVICE}")))
}

const ADVICE: &str = "whoever reads this does not have it: say it here, or leave it out";

fn places<'t>(file: &'t File, needle: &'t str) -> impl Iterator<Item = (usize, &'t str)> {
    file.text.match_indices(needle)
}

fn is_default_registry(text: &str, at: usize) -> bool {
    let start = text[..at].rfind('"').map_or(0, |quote| quote + 1);
    text[start..].starts_with(DEFAULT_REGISTRY)
}

/// Somewhere inside a longer path it is a name like any other.
fn begins_path(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    !before.is_some_and(|letter| letter.is_alphanumeric() || "._~-})*".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn every_needle_is_found() {
        for needle in OUTSIDE.iter().chain(REGISTRIES).chain([&MACHINE]) {
            assert_eq!(count("docs/guide.md", &format!("See `{needle}`.\n")), 1, "{needle}");
        }
    }

    #[test]
    fn a_directory_of_that_name_may_lie_anywhere_else() {
        assert_eq!(count("docs/guide.md", &format!("~{MACHINE} /home/ada{MACHINE}x ${{HOME}}{MACHINE}\n")), 0);
        assert_eq!(count("docs/guide.md", &format!("{MACHINE}x\nfile://{MACHINE}x\n")), 2);
    }

    #[test]
    fn a_lock_file_names_the_default_registry_and_no_other() {
        assert_eq!(count("Cargo.lock", &format!("source = \"{DEFAULT_REGISTRY}\"\n")), 0);
        assert_eq!(count("Cargo.lock", &format!("source = \"registry+https://mirror.{}/\"\n", REGISTRIES[0])), 1);
    }
}
